"""The whole story and the fault table on workers that keep one workflow, or three, in memory: every task then begins with a replay."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.client import Client

from cli.demo import DEMO_POLICY
from sandbox.engine import DevServer
from sandbox.stack import Stack
from tests.e2e import test_fault_table as fault_table
from tests.e2e import test_story as whole_story
from tests.workflows.bundles import failed_tasks

pytestmark = [pytest.mark.soak, pytest.mark.timeout(900)]


@pytest.fixture(params=[1, 3], ids="cache of {}".format)
async def stack(request: pytest.FixtureRequest, dev_server: DevServer, tmp_path: Path) -> AsyncIterator[Stack]:
    """A running stack whose worker has a small cache. No workflow task fails on it."""
    policy = DEMO_POLICY if "story" in request.node.name else fault_table.policy_that_pages_soon(tmp_path)
    namespace = f"cache-{uuid4().hex[:12]}"
    small = {"TIERLINE_WORKER__MAX_CACHED_WORKFLOWS": str(request.param)}
    async with Stack(dev_server, policy=policy, log_folder=tmp_path, namespace=namespace, settings=small) as running:
        yield running
    client = await Client.connect(dev_server.address, namespace=namespace)
    ids = {execution.id async for execution in client.list_workflows("WorkflowType != 'SlaAudit'")}
    assert [why for workflow_id in sorted(ids) for why in await failed_tasks(client, workflow_id)] == []


test_the_whole_story = whole_story.test_a_ticket_goes_from_l1_to_l4_and_back
test_the_story_with_a_killed_worker = (
    whole_story.test_a_worker_killed_between_the_escalation_and_the_engineers_work_changes_nothing
)
test_the_fault_table = fault_table.test_no_fault_loses_or_doubles_a_message_a_page_or_a_note

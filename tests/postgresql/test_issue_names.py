"""An issue is found by any of its names where PostgreSQL is the store of visibility, as with the dev server."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.service import RPCError, RPCStatusCode

from domain.issue_references import alias_reference
from domain.issues import Tracker
from telemetry.converter import data_converter
from telemetry.registration import register_search_attributes
from telemetry.search_attributes import REFERENCES, TRACKER_ISSUE
from tests.postgresql.server import TemporalServer
from tests.workflows.desk import until
from workflows import workflow_ids
from workflows.issue_names import issues_known_as

pytestmark = [pytest.mark.postgresql, pytest.mark.timeout(120)]


async def listed(client: Client, workflow_id: str, attributes: TypedSearchAttributes) -> WorkflowHandle[Any, Any]:
    """An issue's workflow that no worker runs: it only stands in the lists. The server knows new attributes after some seconds."""
    while True:
        try:
            return await client.start_workflow(
                "EngineeringIssue", id=workflow_id, task_queue="nobody", search_attributes=attributes
            )
        except RPCError as error:
            if error.status is not RPCStatusCode.INVALID_ARGUMENT:
                raise
            await asyncio.sleep(0.2)


async def test_an_issue_is_found_by_its_key_and_by_what_it_was_called(postgresql_server: TemporalServer) -> None:
    client = await Client.connect(postgresql_server.address, data_converter=data_converter)
    await register_search_attributes(client)
    run = uuid4().hex[:12]
    old, new, key, former = (f"{name}-{run}" for name in ("I_old", "I_new", "acme/payments#1", "acme/storefront#1"))
    attributes = TypedSearchAttributes(
        [
            SearchAttributePair(TRACKER_ISSUE, key),
            SearchAttributePair(REFERENCES, [alias_reference(Tracker.GITHUB, name) for name in (new, former)]),
        ]
    )
    async with asyncio.timeout(60):
        handle = await listed(client, workflow_ids.issue_id("github", old), attributes)
    names = [new, key, former, "I_other", "it's", 'a"b']
    expected = {name: frozenset({old}) for name in (new, key, former)}
    try:

        async def found() -> bool:
            return await issues_known_as(client, Tracker.GITHUB, names, rpc_timeout=timedelta(seconds=5)) == expected

        await until(found, "each of its names finds it")
        assert await issues_known_as(client, Tracker.JIRA, names, rpc_timeout=timedelta(seconds=5)) == {}
    finally:
        await handle.terminate("end of test")

"""Records the histories that ``test_replay.py`` replays: ``python -m tests.workflows.histories.record [NAME ...]``.

It plays scenarios on a dev server, against the recorded outside, under the demo's policy, and writes each workflow's history
beside this file. Run it when workflows changed in a way that no released version has to replay; otherwise guard the change with
``workflow.patched`` and leave the histories as they are.
"""

import asyncio
import json
import secrets
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError

from config.policy import load_policy
from domain.issue_messages import TicketLeft
from domain.issues import IssueCategory
from domain.messages import Accept, CustomerMessage, Escalate, LinkIssue, Note, PageChanged, Reply, Resolve
from domain.paging import PageStatus
from domain.policy import DigestRules
from domain.ticket import TicketStatus
from domain.tiers import Priority, Tier
from domain.vendor_case import VendorReply
from sandbox.engine import DevServer, find_dev_server
from telemetry.converter import data_converter
from telemetry.registration import register_search_attributes
from tests.domain.building import HELPDESK, LENA, SAM, an_opening
from tests.workflows.desk import PUBLIC_URL, Desk, OpenedTicket, until
from workflows import task_queues, workflow_ids
from workflows.engineering_issue import EngineeringIssueWorkflow, IssueStart
from workflows.schedules import digest_schedule_id, keep_digest_schedule
from workflows.vendor_case import VendorCaseWorkflow

FOLDER = Path(__file__).parent
POLICY = load_policy(FOLDER.parents[2] / "config" / "policies" / "demo.yaml")
CALM = POLICY.model_copy(update={"clocks": {}, "quiet_time": timedelta(seconds=1)})
"""The demo's policy with nothing that happens by itself but the closing, so that a history holds what its scenario is about."""
IDENTITY = "recorder"

Saver = Callable[[str, WorkflowHandle[Any, Any]], Awaitable[None]]


async def a_short_life(desk: Desk, save: Saver) -> None:
    """Answered, solved, closed."""
    ticket = await desk.opens(policy=CALM)
    await ticket.does(SAM, Reply(text="Which card is it?"))
    await ticket.does(HELPDESK, CustomerMessage(text="The blue one"))
    await ticket.does(SAM, Resolve(text="It works again"))
    await ticket.ends()
    await save("ticket-answered", ticket.handle)


async def nobody_takes_it(desk: Desk, save: Saver) -> None:
    """The ladder's timers hand it to engineering."""
    two_seconds = dict.fromkeys(Priority, timedelta(seconds=2))
    short = {kind: rules.model_copy(update={"targets": two_seconds}) for kind, rules in POLICY.clocks.items()}
    ticket = await desk.opens(policy=POLICY.model_copy(update={"clocks": short, "quiet_time": timedelta(seconds=1)}))
    await ticket.until(lambda view: view.tier is Tier.L3 and bool(view.pages[0].url), "engineering is paged")
    await ticket.does(SAM, Resolve(text="It works again"))
    await ticket.ends()
    await save("ticket-handed-up-by-its-clocks", ticket.handle)


async def with_engineering(desk: Desk, save: Saver) -> None:
    """Paged, acknowledged, done in Jira; both workflows end."""
    jira = desk.outside.jira
    ticket = await desk.opens(policy=CALM)
    await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
    view = await ticket.until(lambda view: bool(view.issues and view.pages[0].url), "engineering is at it")
    await ticket.hears(PageChanged(page_key=view.pages[0].key, status=PageStatus.ACKNOWLEDGED, by="Ada"))
    ref = view.issues[0].ref
    await until(lambda: desk.outside.tried("fetch") >= 1, "the issue was read")
    jira.person_writes(ref.id, "Found it: a stale certificate")
    await desk.hints(ref)
    await ticket.until_said("Found it")
    jira.moves(ref.id, IssueCategory.DONE, "Ada")
    await desk.hints(ref)
    await ticket.until(lambda view: view.status is not TicketStatus.OPEN, "it is resolved")
    await ticket.ends()
    await desk.issue(ref).result()
    await save("ticket-with-engineering", ticket.handle)
    await save("issue-of-one-ticket", desk.issue(ref))


async def lanes_in_trouble(desk: Desk, save: Saver) -> None:
    """Slack is down for two rounds, and Jira refuses."""
    desk.outside.chat.system.fails(times=4)
    desk.outside.jira.system.refuses("the project PAY takes no Bug", operation="open_issue")
    ticket = await desk.opens(policy=CALM)
    await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
    await ticket.until_said("Slack caught up")
    await ticket.does(SAM, Resolve(text="It works again"))
    await ticket.ends()
    await save("ticket-with-lanes-in-trouble", ticket.handle)


async def continued(desk: Desk, save: Saver) -> None:
    """Runs that hand over with Slack down and lines that wait."""
    desk.outside.chat.system.fails()
    ticket = await desk.opens(policy=CALM, continue_after=25)
    first = await ticket.run_id()
    await ticket.does(SAM, Accept())
    await ticket.until(lambda view: "slack" in view.late, "Slack is late")
    number = 0
    while await ticket.run_id() == first:
        number += 1
        await ticket.does(SAM, Note(text=f"note {number}"))
    desk.outside.chat.system.works()
    await ticket.until_said("Slack caught up")
    await ticket.does(SAM, Resolve(text="It works again"))
    await ticket.ends()
    await save("ticket-continued-1", desk.client.get_workflow_handle(ticket.handle.id, run_id=first))
    await save("ticket-continued-last", ticket.handle)


async def an_issue_of_two(desk: Desk, save: Saver) -> None:
    """Two tickets on one issue, whose workflow continues as new."""
    ref = desk.outside.github.has("Checkout is slow").ref
    handle = await desk.client.start_workflow(
        EngineeringIssueWorkflow.run,
        IssueStart(ref=ref, ticket_page=f"{PUBLIC_URL}/{{ticket}}", continue_after=20),
        id=workflow_ids.issue_id_of(ref),
        task_queue=task_queues.WORKFLOWS,
    )
    tickets: list[OpenedTicket] = []
    for name in ("T-1", "T-2"):
        ticket = await desk.opens(an_opening(ticket_id=name), CALM)
        await ticket.does(LENA, LinkIssue(reference=ref.key))
        await ticket.until(lambda view: bool(view.issues), "it is linked")
        tickets.append(ticket)
    for number in range(4):
        desk.outside.github.person_writes(ref.id, f"step {number}")
        await desk.hints(ref)
        for ticket in tickets:
            await ticket.until_said(f"step {number}")
    for ticket in tickets:
        name = ticket.handle.id.removeprefix("ticket/")
        await desk.links().leave_issue("github", ref.id, TicketLeft(id=f"{name}-left", ticket_id=name))
    await desk.issue(ref).result()
    await save("issue-continued-1", desk.client.get_workflow_handle(handle.id, run_id=handle.first_execution_run_id))
    await save("issue-continued-last", desk.issue(ref))


async def a_vendor(desk: Desk, save: Saver) -> None:
    """Reminded, overdue, answered; the ticket comes back."""
    hurried = POLICY.vendors["cardnet"].model_copy(update={"target": timedelta(seconds=2)})
    ticket = await desk.opens(policy=CALM.model_copy(update={"vendors": {"cardnet": hurried}}))
    await ticket.does(LENA, Escalate(to=Tier.L4, reason="their gateway", vendor="cardnet"))
    await ticket.until_said("is overdue")
    case = desk.client.get_workflow_handle_for(VendorCaseWorkflow.run, workflow_ids.case_id("T-1042", 1))
    await case.signal(VendorCaseWorkflow.answer, VendorReply(id="page-1", text="Restarted", solved=True))
    await ticket.until(lambda view: view.tier is Tier.L1, "it came back")
    await case.result()
    await ticket.does(SAM, Resolve(text="It works again"))
    await ticket.ends()
    await save("vendor-case-overdue", case)
    await save("ticket-with-a-vendor", ticket.handle)


async def a_digest(desk: Desk, save: Saver) -> None:
    """Posted at the second attempt."""
    desk.outside.chat.system.fails(times=1)
    rules = DigestRules(team="support", channel="C0LEADS", period=timedelta(days=7), cron="0 7 * * MON")
    await keep_digest_schedule(desk.client, rules)
    schedule = desk.client.get_schedule_handle(digest_schedule_id("support"))
    await schedule.trigger()

    async def started() -> bool:
        return bool((await schedule.describe()).info.recent_actions)

    await until(started, "the schedule started it")
    action = (await schedule.describe()).info.recent_actions[-1].action
    handle = desk.client.get_workflow_handle(action.workflow_id)  # type: ignore[attr-defined]
    await handle.result()
    await save("digest", handle)


SCENARIOS = (
    a_short_life,
    nobody_takes_it,
    with_engineering,
    lanes_in_trouble,
    continued,
    an_issue_of_two,
    a_vendor,
    a_digest,
)


def without_stack_traces(value: Any) -> Any:
    """The same without what tells of the machine that it was recorded on; a replay does not look at it."""
    if isinstance(value, dict):
        return {key: "" if key == "stackTrace" else without_stack_traces(inner) for key, inner in value.items()}
    return [without_stack_traces(inner) for inner in value] if isinstance(value, list) else value


async def save(name: str, handle: WorkflowHandle[Any, Any]) -> None:
    """Write a history."""
    history = json.loads((await handle.fetch_history()).to_json())
    events = [json.dumps(without_stack_traces(event), sort_keys=True) for event in history["events"]]
    lines = ",\n".join(events)
    text = f'{{"workflow_id": {json.dumps(handle.id)}, "events": [\n{lines}\n]}}\n'
    await asyncio.to_thread((FOLDER / f"{name}.json").write_text, text, encoding="utf-8")
    print(f"{name}: {len(events)} events, {len(text)} bytes")


async def record(scenario: Callable[[Desk, Saver], Awaitable[None]], address: str) -> None:
    """Play one scenario in a namespace of its own."""
    name = f"record-{secrets.token_hex(4)}"
    client = await Client.connect(address, namespace=name, identity=IDENTITY, data_converter=data_converter)
    await client.workflow_service.register_namespace(
        RegisterNamespaceRequest(namespace=name, workflow_execution_retention_period=Duration(seconds=86_400))
    )

    async def known() -> bool:
        try:
            await client.count_workflows()
        except RPCError:
            return False
        return True

    await until(known, "the namespace is known")
    await register_search_attributes(client)
    async with Desk(client) as desk:
        await scenario(desk, save)


async def main(names: list[str]) -> None:
    """Record every scenario, or those that are named."""
    with tempfile.TemporaryDirectory() as logs:
        async with DevServer(find_dev_server(), log_folder=Path(logs)) as server:
            for scenario in SCENARIOS:
                if not names or scenario.__name__ in names:
                    await record(scenario, server.address)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))

"""Ten thousand tickets on one issue: it is done, its worker is killed while it tells them, and each is told exactly once."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client, WorkflowHandle

from benchmarks import issue_rush
from cli.demo import DEMO_POLICY
from cli.narration import Narrator
from domain.engineering_rules import FanOutRules, IssueRules
from domain.issue_carry import IssueCarry
from domain.issue_intents import Stream
from domain.issue_messages import HintSource, IssueHint, TicketJoined
from domain.issue_view import IssueView
from domain.issues import IssueCategory, IssueRef, IssueSnapshot, Tracker
from domain.messages import IssueChanged
from domain.watched_issue import WatchedIssue
from sandbox.engine import DevServer
from sandbox.jira import changes
from sandbox.jira import state as jira
from sandbox.stack import Stack
from telemetry.converter import data_converter
from tests.soak import size
from workflows import task_queues, workflow_ids
from workflows.desk import TemporalWorkflowDesk
from workflows.engineering_issue import EngineeringIssueWorkflow, IssueMessageEnvelope, IssueStart

pytestmark = [pytest.mark.soak, pytest.mark.crowd, pytest.mark.timeout(1200)]
_TICKETS = size(small=2_000, full=10_000)
_JOINING = 100
"""Tickets that join while it is watched; the others were on it already."""
_RULES = IssueRules(tracker=Tracker.JIRA, fan_out=FanOutRules(per_second=_TICKETS // 10, batch=_TICKETS // 20))
_PAGE = "https://tierline.example/{ticket}"


@pytest.fixture
async def stack(dev_server: DevServer, tmp_path: Path) -> AsyncIterator[Stack]:
    """The outside and a worker."""
    running = Stack(dev_server, policy=DEMO_POLICY, log_folder=tmp_path, namespace=f"crowd-{uuid4().hex[:12]}")
    try:
        await running.prepare()
        running.start_worker()
        await running.until_worker_ready()
        yield running
    finally:
        await running.stop()


def _an_issue(stack: Stack) -> tuple[jira.Issue, IssueRef]:
    """An engineer's issue in the sandbox's Jira."""
    state = stack.sandbox.jira
    content = changes.IssueContent(
        issue_type=jira.ISSUE_TYPES[0],
        summary="Card payment fails",
        description=None,
        labels=(),
        priority=jira.PRIORITIES[2],
        components=(),
        assignee=None,
    )
    issue = changes.create_issue(state, jira.ADA, content, {})
    url = f"{stack.sandbox.http_url}/jira/browse/{issue.key}"
    return issue, IssueRef(tracker=Tracker.JIRA, id=issue.id, key=issue.key, url=url)


def _known(issue: jira.Issue, ref: IssueRef, now: datetime) -> IssueSnapshot:
    return IssueSnapshot(
        ref=ref,
        title=issue.summary,
        status=issue.status.name,
        category=IssueCategory.TO_DO,
        updated_at=now.replace(microsecond=0),
        project=issue.project.key,
        issue_type=issue.issue_type.name,
        priority=issue.priority.name,
    )


async def _watch(
    client: Client, issue: jira.Issue, ref: IssueRef, tickets: list[str]
) -> WorkflowHandle[EngineeringIssueWorkflow, None]:
    """The issue's workflow in a run that took all these tickets over from the one before."""
    now = datetime.now(UTC)
    roll = issue_rush.roll_of(tickets, now)
    known = _known(issue, ref, now)
    watched = WatchedIssue(ref=ref, watched_since=now, rules=_RULES, known=known, roll=roll, welcomed=roll.last)
    return await client.start_workflow(
        EngineeringIssueWorkflow.run,
        IssueStart(ref=ref, ticket_page=_PAGE, rules=_RULES, carry=IssueCarry(issue=watched)),
        id=workflow_ids.issue_id_of(ref),
        task_queue=task_queues.WORKFLOWS,
    )


async def _details(handle: WorkflowHandle[EngineeringIssueWorkflow, None]) -> str:
    """What an operator reads in the Temporal UI."""
    metadata: WorkflowMetadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    return str(metadata.current_details)


async def test_a_crowd_of_tickets_is_told_once_each_though_the_worker_is_killed(
    stack: Stack, dev_server: DevServer, tell: Narrator
) -> None:
    client = await Client.connect(dev_server.address, namespace=stack.namespace, data_converter=data_converter)
    tickets = issue_rush.names(_TICKETS)
    there, joining = tickets[:-_JOINING], tickets[-_JOINING:]
    await issue_rush.start_stand_ins(client, tickets)
    tell.tell("The test", "has a workflow for each ticket")

    # Given an issue with all of them on it, some of which join as it is watched.
    issue, ref = _an_issue(stack)
    handle = await _watch(client, issue, ref, there)

    async def view() -> IssueView:
        return await handle.query(EngineeringIssueWorkflow.issue)

    desk = TemporalWorkflowDesk(client, public_url="https://tierline.example", now=lambda: datetime.now(UTC))

    async def join(ticket: str) -> None:
        facts = issue_rush.facts_of(ticket)
        await desk.join_issue(
            TicketJoined(id=f"join/{ticket}", ticket_id=ticket, title="x", ref=ref, facts=facts), _RULES
        )

    await issue_rush.each(joining, join)

    async def all_know_the_issue() -> bool:
        seen = await view()
        return seen.ticket_count == _TICKETS and not seen.tellings

    await tell.wait_for("all of them know the issue", all_know_the_issue, patience_s=400)

    # When it is done, and the worker is killed while it tells them.
    changes.transition_issue(stack.sandbox.jira, jira.ADA, issue, jira.STATUSES[-1])
    hint = IssueHint(id="it is done", source=HintSource.WEBHOOK)
    await handle.signal(EngineeringIssueWorkflow.hear, IssueMessageEnvelope(message=hint))

    async def half_told() -> str | None:
        words = await _details(handle)
        told = re.search(rf"Told ([\d,]+) of {_TICKETS:,} tickets: {issue.key} is Done", words)
        return words if told and _TICKETS // 5 <= int(told[1].replace(",", "")) < _TICKETS else None

    words = await tell.wait_for("the UI shows how far it is", half_told, patience_s=300)
    stack.kill_worker()
    tell.tell("The test", f"killed the worker: {words}")
    stack.start_worker()
    await stack.until_worker_ready()

    async def all_told() -> bool:
        seen = await view()
        return not [each for each in seen.tellings if each.stream is Stream.NEWS]

    await tell.wait_for("all are told", all_told, patience_s=400)

    # Then each ticket heard once that it is done.
    heard = await issue_rush.heard(client, tickets)
    done = {
        ticket: [
            each.id
            for each in deliveries
            if isinstance(each.body, IssueChanged) and each.body.category is IssueCategory.DONE
        ]
        for ticket, deliveries in heard.items()
    }
    assert {ticket: ids for ticket, ids in done.items() if len(ids) != 1} == {}
    twice = {ticket: found for ticket, found in heard.items() if len({each.id for each in found}) != len(found)}
    assert twice == {}
    assert (await view()).ticket_count == _TICKETS
    assert len(stack.sandbox.jira.issues[issue.id].remote_links) <= _RULES.summary.linked

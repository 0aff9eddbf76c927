"""A ticket whose workflow ended before its time is found, paged for once, and goes on from what is known when it is reopened."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError

import workflows.ticket
from cli.past_run import carried_by, why_not_replayed
from domain.ended import EndedHow
from domain.issues import IssueCategory
from domain.messages import Accept, Command, Escalate, LinkIssue, Note, Resolve, ThreadChange, ThreadMessage
from domain.policy import ClockKind, ClockRules
from domain.tiers import Tier
from domain.vendor_case import VendorReply
from tests.domain.building import LENA, SAM, an_opening, targets, without_ladders
from tests.workflows.desk import Desk, OpenedTicket, until
from tests.workflows.outside import Outside
from workflows import workflow_ids
from workflows.ended import ended_workflows
from workflows.reopening import NotReopened, NotReplayed, reopen
from workflows.repair import repair
from workflows.ticket import TicketWorkflow
from workflows.vendor_case import VendorCaseWorkflow

SECOND = timedelta(seconds=1)
AT_ONCE = timedelta(0)


async def reopened(ticket: OpenedTicket) -> None:
    """An operator reopens it; nothing that the old run began can still be under way."""
    await reopen(ticket.desk.client, ticket.handle.id, carried_by, now=datetime.now(UTC), in_flight=AT_ONCE)


async def has_ended(ticket: OpenedTicket) -> None:
    """Wait until its workflow no longer runs."""

    async def ended() -> bool:
        return (await ticket.handle.describe()).status is not WorkflowExecutionStatus.RUNNING

    await until(ended, "the workflow has ended")


async def is_terminated(ticket: OpenedTicket) -> None:
    """By an operator's hand."""
    await ticket.handle.terminate("by hand")


async def test_a_terminated_ticket_goes_on_with_all_that_it_knew(desk: Desk, outside: Outside) -> None:
    ticket = await desk.opens(policy=without_ladders())
    await ticket.does(SAM, Accept(), command="slack-1")
    await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
    await ticket.until(lambda view: bool(view.issues), "the issue is there")
    await ticket.rests()
    lines = list(outside.chat.texts())
    await is_terminated(ticket)

    await reopened(ticket)

    view = await ticket.until_said("Reopened by an operator: its workflow was terminated on")
    assert (view.tier, view.issues[0].ref.key) == (Tier.L3, "PAY-1")
    assert (await ticket.does(SAM, Accept(), command="slack-1")).accepted
    await ticket.does(SAM, Note(text="it goes on"))
    await until(lambda: "sam: it goes on" in outside.chat.texts(), "the thread has what is new")
    await ticket.rests()
    new = outside.chat.texts()[len(lines) :]
    assert outside.chat.texts()[: len(lines)] == lines
    assert sum("Reopened by an operator" in line for line in new) == 1
    assert [line for line in new if "Reopened" not in line] == ["sam: it goes on"]
    assert len(outside.jira.issues) == 1


async def test_what_it_received_and_never_came_to_is_taken_in_by_the_next_run(
    namespace: Client, outside: Outside
) -> None:
    async with Desk(namespace, outside) as desk:
        ticket = await desk.opens(policy=without_ladders())
        await ticket.does(SAM, Note(text="before"))
        await ticket.rests()
    # Nobody is at work: these stand in the history alone.
    command = Command(id="slack-2", by=SAM, request=Accept())
    await ticket.handle.signal(TicketWorkflow.execute, command)
    answer = ThreadMessage(change=ThreadChange.POSTED, ts="2.0", by=LENA, text="seen it before")
    await ticket.hears(answer, delivery="webhook-1")
    await is_terminated(ticket)

    async with Desk(namespace, outside):
        await reopened(ticket)
        view = await ticket.until_said("seen it before")
        assert view.owner == SAM.name
        assert (await ticket.does(SAM, Accept(), command="slack-2")).accepted
        await ticket.hears(answer, delivery="webhook-1")
        await ticket.does(SAM, Note(text="the end"))
        texts = [entry.text for entry in (await ticket.view()).timeline]
        assert sum("seen it before" in text for text in texts) == 1
        assert texts.count("before") == 1


async def test_more_messages_than_a_run_can_begin_with_are_all_taken_in(namespace: Client, outside: Outside) -> None:
    async with Desk(namespace, outside) as desk:
        ticket = await desk.opens(policy=without_ladders())
        await ticket.rests()
    for number in range(30):
        noted = Command(id=f"slack-{number}", by=SAM, request=Note(text=f"note {number} " + "\U0001f4a5" * 4_000))
        await ticket.handle.signal(TicketWorkflow.execute, noted)
    await is_terminated(ticket)
    async with Desk(namespace, outside):
        await reopened(ticket)
        await ticket.until_said("note 29 ")
        numbers = [entry.text.split()[1] for entry in (await ticket.view()).timeline if entry.text.startswith("note ")]
    assert numbers == sorted(numbers, key=int)
    assert numbers[-1] == "29"


async def test_what_was_under_way_is_looked_for_before_it_is_done_again(namespace: Client, outside: Outside) -> None:
    """The issue was opened, and the ticket's workflow ended before it heard of that."""
    async with Desk(namespace, outside) as desk:
        ticket = await desk.opens(policy=without_ladders())
        await ticket.rests()
        with outside.jira.system.held():
            await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
            await until(lambda: outside.jira.system.waiting == 1, "the issue is there, its answer is not")
            await is_terminated(ticket)
        await reopened(ticket)
        view = await ticket.until(lambda view: bool(view.issues), "the ticket knows its issue")
    assert view.issues[0].ref.key == "PAY-1"
    assert len(outside.jira.issues) == 1


async def test_a_deadline_that_passed_meanwhile_acts_at_once_and_at_its_own_instant(desk: Desk) -> None:
    policy = without_ladders(clocks={ClockKind.FIRST_RESPONSE: ClockRules(targets=targets(3 * SECOND))})
    ticket = await desk.opens(policy=policy)
    due = (await ticket.view()).clocks[0].due_at
    assert due is not None
    await is_terminated(ticket)
    await until(lambda: datetime.now(UTC) > due + SECOND, "the deadline has passed")

    await reopened(ticket)

    view = await ticket.until(lambda view: view.clocks[0].breached_at is not None, "the breach is noted")
    assert view.clocks[0].breached_at == due


async def test_issues_hear_that_the_ticket_is_back(desk: Desk, outside: Outside) -> None:
    """While it was away the issue could not tell it, and took it off its roll."""
    ticket = await desk.opens(policy=without_ladders())
    await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
    ref = (await ticket.until(lambda view: bool(view.issues), "the issue is there")).issues[0].ref
    await ticket.rests()
    await is_terminated(ticket)
    outside.jira.moves(ref.id, IssueCategory.IN_PROGRESS)
    await desk.hints(ref)

    async def issue_is_over() -> bool:
        return (await desk.issue(ref).describe()).status is WorkflowExecutionStatus.COMPLETED

    await until(issue_is_over, "nobody is on the issue")
    await reopened(ticket)
    await ticket.until(lambda view: view.issues[0].category is IssueCategory.IN_PROGRESS, "the news arrived after all")


async def ends_by_a_fault(ticket: OpenedTicket, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules that raise a failure of Temporal's own kind end the workflow."""

    def failing(*_: Any) -> Any:
        raise ApplicationError("a fault of ours", non_retryable=True)

    with monkeypatch.context() as patched:
        patched.setattr(workflows.ticket, "decide", failing)
        await ticket.handle.signal(TicketWorkflow.execute, Command(id="bad", by=SAM, request=Accept()))
        await has_ended(ticket)


@pytest.mark.unreplayable("a workflow that failed does not fail again with the mended rules")
@pytest.mark.parametrize("how", list(EndedHow), ids=lambda how: how.value)
async def test_each_way_to_end_is_found_and_can_be_reopened(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, how: EndedHow
) -> None:
    run_timeout = 3 * SECOND if how is EndedHow.TIMED_OUT else None
    ticket = await desk.opens(policy=without_ladders(), run_timeout=run_timeout)
    await ticket.rests()
    match how:
        case EndedHow.TERMINATED:
            await is_terminated(ticket)
        case EndedHow.CANCELED:
            await ticket.handle.cancel()
        case EndedHow.FAILED:
            await ends_by_a_fault(ticket, monkeypatch)
        case EndedHow.TIMED_OUT:
            pass
    await has_ended(ticket)

    async def is_found() -> bool:
        found = await ended_workflows(desk.client, most=10)
        return [(one.name, one.ended.how) for one in found.workflows] == [("T-1042", how)]

    await until(is_found, "it is found")
    if how is EndedHow.FAILED:
        # The mended rules do not fail where the history does: the last run cannot be asked, and is taken back to before that.
        with pytest.raises(NotReplayed):
            await reopened(ticket)
        await repair(desk.client, ticket.handle.id, why_not_replayed)
    else:
        await reopened(ticket)
    await ticket.until_said("Reopened by an operator")
    assert (await ticket.does(SAM, Note(text="it goes on"))).accepted
    assert (await ended_workflows(desk.client, most=10)).workflows == ()


async def test_what_runs_or_came_to_its_own_end_is_not_reopened(desk: Desk) -> None:
    ticket = await desk.opens(policy=without_ladders(quiet_time=SECOND))
    await ticket.rests()
    with pytest.raises(NotReopened, match="it runs"):
        await reopened(ticket)
    await ticket.does(SAM, Resolve(text="solved"))
    await ticket.ends()
    with pytest.raises(NotReopened, match="came to its own end"):
        await reopened(ticket)
    with pytest.raises(NotReopened, match="no such workflow"):
        await reopen(desk.client, "ticket/T-NONE", carried_by, now=datetime.now(UTC))


async def test_a_ticket_that_ended_before_its_first_task_begins_again(namespace: Client, outside: Outside) -> None:
    ticket = await Desk(namespace, outside).opens(policy=without_ladders())
    await ticket.handle.signal(TicketWorkflow.execute, Command(id="slack-1", by=SAM, request=Accept()))
    await is_terminated(ticket)
    await reopened(ticket)
    async with Desk(namespace, outside):
        await ticket.until(lambda view: view.owner == SAM.name, "the command is carried out")


async def test_an_issue_keeps_its_tickets(desk: Desk, outside: Outside) -> None:
    ticket = await desk.opens(policy=without_ladders())
    await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
    ref = (await ticket.until(lambda view: bool(view.issues), "the issue is there")).issues[0].ref
    await ticket.rests()
    await until(lambda: outside.done("link_back") == ["tierline/T-1042"], "the ticket is on the issue")
    await desk.issue(ref).terminate("by hand")

    await reopen(desk.client, desk.issue(ref).id, carried_by, now=datetime.now(UTC), in_flight=AT_ONCE)

    assert (await desk.watched(ref)).tickets == ("T-1042",)
    outside.jira.moves(ref.id, IssueCategory.IN_PROGRESS)
    await desk.hints(ref)
    await ticket.until(lambda view: view.issues[0].category is IssueCategory.IN_PROGRESS, "the ticket hears of it")
    assert outside.done("link_back") == ["tierline/T-1042"]


async def test_an_issue_that_ended_before_its_time_comes_back_with_its_tickets_when_another_one_joins(
    desk: Desk, outside: Outside
) -> None:
    """Started as new it would know the newcomer alone."""
    first = await desk.opens(policy=without_ladders())
    await first.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
    ref = (await first.until(lambda view: bool(view.issues), "the issue is there")).issues[0].ref
    await first.rests()
    await OpenedTicket(desk, desk.issue(ref)).rests()
    await desk.issue(ref).terminate("by hand")

    second = await desk.opens(an_opening(ticket_id="T-2"), without_ladders())
    await second.does(LENA, LinkIssue(reference=ref.key))

    await until(lambda: "tierline/T-2" in outside.done("link_back"), "the newcomer is on the issue")
    assert (await desk.watched(ref)).tickets == ("T-1042", "T-2")


async def test_a_vendor_case_goes_on_and_is_not_asked_twice(desk: Desk, outside: Outside) -> None:
    ticket = await desk.opens(policy=without_ladders())
    await ticket.does(LENA, Escalate(to=Tier.L4, reason="their gateway refuses", vendor="cardnet"))
    await until(lambda: len(outside.mail.sent) == 1, "the vendor is asked")
    case = desk.client.get_workflow_handle_for(VendorCaseWorkflow.run, workflow_ids.case_id("T-1042", 1))
    await ticket.rests()
    await case.terminate("by hand")

    await reopen(desk.client, case.id, carried_by, now=datetime.now(UTC), in_flight=AT_ONCE)

    await case.signal(VendorCaseWorkflow.answer, VendorReply(id="reply-1", text="We fixed it", solved=True))
    await ticket.until_said("We fixed it")
    assert len(outside.mail.sent) == 1

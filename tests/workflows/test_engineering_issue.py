"""One engineering issue and its tickets: hints lead to the truth, news are told once, and it ends with its last ticket."""

import asyncio
from datetime import UTC, datetime, timedelta

from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError

from benchmarks import issue_rush
from domain.engineering_rules import FanOutRules, IssueRules, SummaryRules
from domain.issue_carry import IssueCarry
from domain.issue_messages import IssueMessage, IssueNote, TicketJoined, TicketLeft
from domain.issue_pages import PageWanted
from domain.issues import IssueCategory, IssueRef
from domain.messages import Delivery, Escalate, IssueChanged, LinkIssue, PageServed, Reopen
from domain.paging import PageDraft, page_key
from domain.reconcile import Answer, AskedIssue, IssueAnswer
from domain.ticket import TicketStatus
from domain.tiers import Priority, Tier
from domain.views import TicketView
from domain.watched_issue import WatchedIssue
from tests.domain.building import LENA, an_opening, without_ladders
from tests.workflows.desk import PUBLIC_URL, Desk, OpenedTicket, until
from tests.workflows.outside import Outside
from workflows import task_queues, workflow_ids
from workflows.engineering_issue import EngineeringIssueWorkflow, IssueMessageEnvelope, IssueStart
from workflows.issue_desk import TemporalIssueDesk


async def linked(desk: Desk, ref: IssueRef, ticket_id: str) -> OpenedTicket:
    """A ticket that a person linked to an issue, which knows of it."""
    ticket = await desk.opens(an_opening(ticket_id=ticket_id), without_ladders())
    await ticket.does(LENA, LinkIssue(reference=ref.key))
    await ticket.until(lambda view: bool(view.issues), "the issue was found")

    async def watched() -> bool:
        try:
            return ticket_id in (await desk.watched(ref)).tickets
        except RPCError:
            return False

    await until(watched, f"the issue's workflow knows {ticket_id}")
    return ticket


async def status_of(desk: Desk, ref: IssueRef) -> WorkflowExecutionStatus | None:
    """Whether the issue's workflow runs."""
    return (await desk.issue(ref).describe()).status


async def ended(desk: Desk, ref: IssueRef) -> None:
    """Wait until the issue's workflow is over."""

    async def over() -> bool:
        return await status_of(desk, ref) is not WorkflowExecutionStatus.RUNNING

    await until(over, "the issue's workflow ended")


def on_the_issue(view: TicketView) -> list[str]:
    """What the ticket's story repeats of the issue's comments."""
    return [entry.text for entry in view.timeline if entry.text.startswith("on ")]


async def test_an_escalation_opens_an_issue_that_shows_its_ticket(desk: Desk, outside: Outside) -> None:
    ticket = await desk.opens()
    await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
    await until(lambda: bool(outside.jira.links), "the issue shows the ticket")
    assert outside.jira.links == {"tierline/T-1042": f"{PUBLIC_URL}/api/v1/tickets/T-1042"}
    ref = (await ticket.view()).issues[0].ref
    assert (await desk.watched(ref)).tickets == ("T-1042",)


async def test_two_tickets_hear_the_same_news_once(desk: Desk, outside: Outside) -> None:
    ref = outside.jira.has("Card payment fails").ref
    tickets = [await linked(desk, ref, name) for name in ("T-1", "T-2")]
    outside.jira.person_writes(ref.id, "Found it: a stale certificate")
    outside.jira.moves(ref.id, IssueCategory.IN_PROGRESS, "Ada")
    for _ in range(3):
        await desk.hints(ref)
    for ticket in tickets:
        await ticket.until_said("PAY-1 moved from To Do to In Progress")
        view = await ticket.until_said("on PAY-1: Found it: a stale certificate")
        assert view.issues[0].assignee == "Ada"
    await desk.hints(ref)
    outside.jira.person_writes(ref.id, "Mended")
    await desk.hints(ref)
    for ticket in tickets:
        view = await ticket.until_said("on PAY-1: Mended")
        assert on_the_issue(view) == ["on PAY-1: Found it: a stale certificate", "on PAY-1: Mended"]


async def test_the_same_hint_is_taken_once(desk: Desk, outside: Outside) -> None:
    ref = outside.jira.has("Card payment fails").ref
    await linked(desk, ref, "T-1")
    await until(lambda: outside.tried("fetch") == 1, "the issue was read")
    for _ in range(5):
        await desk.hints(ref, "webhook-1")
    await desk.hints(ref, "webhook-2")
    await until(lambda: outside.tried("fetch") >= 2, "the issue was read again")
    await settled(desk, ref)
    assert outside.tried("fetch") <= 3


async def settled(desk: Desk, ref: IssueRef) -> None:
    """Wait until nothing of the issue's workflow is under way."""

    async def nothing_is_pending() -> bool:
        described = (await desk.issue(ref).describe()).raw_description
        return not described.pending_activities and not described.HasField("pending_workflow_task")

    await until(nothing_is_pending, "nothing is under way")


async def test_hints_during_a_fetch_lead_to_one_more(desk: Desk, outside: Outside) -> None:
    """The fetch under way may have read the issue before it changed; the one that waits sees all the changes."""
    ref = outside.jira.has("Card payment fails").ref
    ticket = await linked(desk, ref, "T-1")
    await until(lambda: outside.tried("fetch") == 1, "the issue was read")
    await settled(desk, ref)
    with outside.jira.system.held():
        await desk.hints(ref)
        await until(lambda: outside.jira.system.waiting == 1, "a fetch has read the issue")
        outside.jira.moves(ref.id, IssueCategory.IN_PROGRESS)
        for _ in range(4):
            await desk.hints(ref)
    await ticket.until_said("PAY-1 moved from To Do to In Progress")
    await settled(desk, ref)
    assert outside.tried("fetch") == 3


async def test_our_own_comment_is_not_told_back(desk: Desk, outside: Outside) -> None:
    ref = outside.jira.has("Card payment fails").ref
    ticket = await linked(desk, ref, "T-1")
    note = IssueNote(id="note-1", ticket_id="T-1", text="A second customer has it")
    for _ in range(2):
        await desk.issue(ref).signal(EngineeringIssueWorkflow.hear, IssueMessageEnvelope(message=note))
    await until(lambda: bool(outside.jira.written), "the engineers can read it")
    outside.jira.person_writes(ref.id, "Thank you")
    await desk.hints(ref)
    view = await ticket.until_said("on PAY-1: Thank you")
    assert on_the_issue(view) == ["on PAY-1: Thank you"]
    assert outside.jira.written == [("PAY-1", "A second customer has it")]


async def test_it_ends_when_its_last_ticket_has_left(desk: Desk, outside: Outside) -> None:
    ref = outside.jira.has("Card payment fails").ref
    await linked(desk, ref, "T-1")
    await linked(desk, ref, "T-2")
    links = desk.links()
    await links.leave_issue("jira", ref.id, TicketLeft(id="left-1", ticket_id="T-1"))
    assert (await desk.watched(ref)).tickets == ("T-2",)
    assert await status_of(desk, ref) is WorkflowExecutionStatus.RUNNING
    await links.leave_issue("jira", ref.id, TicketLeft(id="left-2", ticket_id="T-2"))
    await ended(desk, ref)
    # Leaving an issue that nobody watches any more is fine.
    await links.leave_issue("jira", ref.id, TicketLeft(id="left-3", ticket_id="T-2"))


async def test_a_second_life_tells_the_same_ticket_its_news(desk: Desk, outside: Outside) -> None:
    """Its messages are new ones, although the ticket knows those of the first life."""
    ref = outside.jira.has("Card payment fails").ref
    ticket = await linked(desk, ref, "T-1")
    outside.jira.moves(ref.id, IssueCategory.IN_PROGRESS)
    await desk.hints(ref)
    await ticket.until_said("moved from To Do to In Progress")
    links = desk.links()
    await links.leave_issue("jira", ref.id, TicketLeft(id="left-1", ticket_id="T-1"))
    await ended(desk, ref)

    read = outside.tried("fetch")
    await links.join_issue(
        TicketJoined(id="joined-again", ticket_id="T-1", title="Card payment fails", ref=ref), IssueRules()
    )
    await until(lambda: outside.tried("fetch") > read, "the issue was read anew")
    outside.jira.moves(ref.id, IssueCategory.TO_DO)
    await desk.hints(ref)
    await ticket.until_said("moved from In Progress to To Do")


async def test_a_second_life_writes_its_own_comments(desk: Desk, outside: Outside) -> None:
    ref = outside.jira.has("Card payment fails").ref
    await linked(desk, ref, "T-1")
    links = desk.links()
    joined = TicketJoined(id="again", ticket_id="T-1", title="Card payment fails", ref=ref)
    await links.tell_issue(joined, IssueNote(id="note-1", ticket_id="T-1", text="the first"), IssueRules())
    await until(lambda: len(outside.jira.written) == 1, "the first comment is written")
    await links.leave_issue("jira", ref.id, TicketLeft(id="left-1", ticket_id="T-1"))
    await ended(desk, ref)
    # The first attempt fails, so that the next one looks for a comment with its key before it writes.
    outside.jira.system.fails(operation="comment", times=1)
    await links.tell_issue(joined, IssueNote(id="note-2", ticket_id="T-1", text="the second"), IssueRules())
    await until(lambda: outside.tried("comment") == 3, "the second comment was tried twice")
    await until(lambda: len(outside.jira.written) == 2, "the second comment is written")


async def test_a_ticket_that_is_closed_already_leaves(desk: Desk, outside: Outside) -> None:
    ref = outside.jira.has("Card payment fails").ref
    joined = TicketJoined(id="joined", ticket_id="T-9", title="No such ticket", ref=ref)
    await desk.links().join_issue(joined, IssueRules())
    # The first news cannot be told to it.
    await ended(desk, ref)


async def test_an_issue_that_is_gone_is_told_and_let_go(desk: Desk, outside: Outside) -> None:
    ref = outside.jira.has("Card payment fails").ref
    ticket = await linked(desk, ref, "T-1")
    outside.jira.loses(ref.id)
    await desk.hints(ref)
    view = await ticket.until_said(
        "PAY-1 was deleted, or moved to where Tierline cannot see it (jira: the issue does not exist"
    )
    assert view.issues == ()
    await ended(desk, ref)


async def test_a_token_that_ran_out_loses_nothing_and_is_told_once(desk: Desk, outside: Outside) -> None:
    ref = outside.jira.has("Card payment fails").ref
    ticket = await linked(desk, ref, "T-1")
    await settled(desk, ref)
    outside.jira.system.refuses("refused the token: renew TIERLINE_JIRA__API_TOKEN", status=401)
    outside.jira.moves(ref.id, IssueCategory.IN_PROGRESS)
    await desk.hints(ref)
    await hears(desk, ref, IssueNote(id="note-1", ticket_id="T-1", text="A second customer has it"))

    async def told_in_the_ui() -> bool:
        return "renew TIERLINE_JIRA__API_TOKEN" in await details_of(desk, ref)

    def told_to_the_lead() -> list[str]:
        return [text for text in outside.chat.texts() if "has to wait: jira: refused the token" in text]

    await until(told_in_the_ui, "operators see why the tracker is late")
    tried = outside.tried("fetch")
    await until(lambda: outside.tried("fetch") >= tried + 2, "it is tried again and again")
    assert len(told_to_the_lead()) == 1

    outside.jira.system.works()
    view = await ticket.until_said("PAY-1 moved from To Do to In Progress")
    assert [issue.ref for issue in view.issues] == [ref]
    await until(lambda: outside.jira.written == [("PAY-1", "A second customer has it")], "the comment is written")
    await settled(desk, ref)
    assert "renew" not in await details_of(desk, ref)


async def hears(desk: Desk, ref: IssueRef, message: IssueMessage) -> None:
    """The issue's workflow hears a message."""
    await desk.issue(ref).signal(EngineeringIssueWorkflow.hear, IssueMessageEnvelope(message=message))


async def test_a_comment_that_the_tracker_refuses_is_given_back_to_its_ticket(desk: Desk, outside: Outside) -> None:
    ref = outside.jira.has("Card payment fails").ref
    ticket = await linked(desk, ref, "T-1")
    outside.jira.system.refuses("the account may not comment", operation="comment", status=403)
    await hears(desk, ref, IssueNote(id="note-1", ticket_id="T-1", text="A second customer has it"))
    await ticket.until_said("The engineers did not get this on PAY-1")
    await ticket.until_said("A second customer has it")


async def test_its_summary_counts_its_tickets_and_is_edited_in_place(desk: Desk, outside: Outside) -> None:
    ref = outside.jira.has("Card payment fails").ref
    rules = IssueRules(summary=SummaryRules(every=timedelta(seconds=1)))
    tickets = issue_rush.names(8)
    await issue_rush.start_stand_ins(desk.client, tickets)
    for ticket in tickets:
        await desk.links().join_issue(joined(ticket, ref), rules)
    await until(lambda: "8 tickets of 8 customers" in outside.jira.summaries.get(ref.id, ""), "all are counted")
    assert outside.tried("show_summary") <= 4, "once a second at the most"
    assert len(outside.jira.links) == 8


def joined(ticket: str, ref: IssueRef) -> TicketJoined:
    """A ticket joins, and says what it is."""
    facts = issue_rush.facts_of(ticket).model_copy(update={"customer": f"customer of {ticket}"})
    return TicketJoined(id=f"join/{ticket}", ticket_id=ticket, title="Card payment fails", ref=ref, facts=facts)


async def test_a_new_issue_overtakes_those_that_are_only_read_anew(desk: Desk, outside: Outside) -> None:
    ticket = await desk.opens()
    many = [outside.jira.has(f"Moved at once {number}").ref for number in range(40)]
    rules = IssueRules(summary=SummaryRules(linked=0))

    async def wants_to_open() -> bool:
        pending = (await ticket.handle.describe()).raw_description.pending_activities
        return any(each.activity_type.name == "tracker_open_issue" for each in pending)

    with outside.jira.system.held():
        await asyncio.gather(*(desk.links().join_issue(joined("T-7", ref), rules) for ref in many))
        await until(lambda: outside.jira.system.waiting > 0, "the tracker is busy")
        await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
        await until(wants_to_open, "the ticket wants an issue")
    await until(lambda: outside.tried("fetch") >= len(many), "all are read")
    order = [call.operation for call in outside.calls if call.system == "jira"]
    assert "open_issue" in order
    waited_behind = order[: order.index("open_issue")].count("fetch")
    assert waited_behind < len(many) * 3 / 4


async def test_many_tickets_on_one_page_are_noted_together(desk: Desk, outside: Outside) -> None:
    ref = outside.jira.has("Card payment fails").ref
    tickets = issue_rush.names(15)
    await issue_rush.start_stand_ins(desk.client, tickets)
    for ticket in tickets:
        await desk.links().join_issue(joined(ticket, ref), IssueRules())
    await hears(desk, ref, wants_a_page(tickets[0]))
    await until(lambda: len(outside.pager.raised) == 1, "the page is out")

    async def the_first_is_served() -> bool:
        heard = await issue_rush.heard(desk.client, tickets[:1])
        return any(isinstance(each.body, PageServed) for each in heard[tickets[0]])

    # Only then does the issue know where to write a note.
    await until(the_first_is_served, "the first ticket knows its page")
    for ticket in tickets[1:3]:
        await hears(desk, ref, wants_a_page(ticket))
    await until(lambda: bool(outside.pager.notes), "a note is written")
    with outside.pager.system.held():
        for ticket in tickets[3:]:
            await hears(desk, ref, wants_a_page(ticket))

        async def all_are_heard() -> bool:
            heard = await issue_rush.heard(desk.client, tickets[-1:])
            return any(isinstance(each.body, PageServed) for each in heard[tickets[-1]])

        await until(all_are_heard, "the last ticket knows its page")
    await until(lambda: "and 5 more" in outside.pager.notes[-1][1], "the page says for whom it is")
    assert len(outside.pager.raised) == 1
    assert len(outside.pager.notes) <= 5


def wants_a_page(ticket: str) -> PageWanted:
    """A ticket needs somebody."""
    draft = PageDraft(key=page_key(ticket, 1), title="Card payment fails", details="", service="PSVCPAY")
    return PageWanted(id=f"want/{ticket}", ticket_id=ticket, severity=Priority.P2, draft=draft)


async def test_whoever_reconciles_hears_what_was_missed_or_that_nothing_was(desk: Desk, outside: Outside) -> None:
    ref = outside.jira.has("Card payment fails").ref
    await linked(desk, ref, "T-1")
    await settled(desk, ref)
    outside.jira.moves(ref.id, IssueCategory.IN_PROGRESS)
    outside.jira.person_writes(ref.id, "Found it")
    changed_at = outside.jira.issues[ref.id].updated_at
    caught_up = await catches_up(desk, ref, changed_at, key="round-1")
    assert (caught_up.key, caught_up.answer) == ("PAY-1", Answer.MENDED)
    assert caught_up.changes == ("status: To Do → In Progress", "1 comment had not been told")
    await settled(desk, ref)
    before = await length_of(desk, ref)
    again = await catches_up(desk, ref, changed_at, key="round-2")
    assert (again.answer, again.changes) == (Answer.AGREES, ())
    await settled(desk, ref)
    assert await length_of(desk, ref) == before, "what the issue knew already is in no history"


async def catches_up(desk: Desk, ref: IssueRef, changed_at: datetime, *, key: str) -> IssueAnswer:
    """Whoever reconciles asks for what it has found to be read."""
    asked = AskedIssue(id=ref.id, key=ref.key, updated_at=changed_at)
    return await TemporalIssueDesk(desk.client).catch_up(ref.tracker, asked, key=key)


async def length_of(desk: Desk, ref: IssueRef) -> int:
    """Events of the run."""
    return (await desk.issue(ref).describe()).history_length


async def test_a_fan_out_goes_on_in_the_next_run_in_order_and_whoever_joins_meanwhile_hears_what_is_true(
    namespace: Client, outside: Outside
) -> None:
    ref = outside.jira.has("Card payment fails").ref
    rules = IssueRules(fan_out=FanOutRules(per_second=200, batch=3))
    tickets = issue_rush.names(30)
    there, late = tickets[:-1], tickets[-1]
    await issue_rush.start_stand_ins(namespace, tickets)
    async with Desk(namespace, outside) as desk:
        now = datetime.now(UTC)
        watched = WatchedIssue(ref=ref, watched_since=now, rules=rules, roll=issue_rush.roll_of(there, now))
        await namespace.start_workflow(
            EngineeringIssueWorkflow.run,
            IssueStart(ref=ref, ticket_page=PUBLIC_URL, continue_after=60, carry=IssueCarry(issue=watched)),
            id=workflow_ids.issue_id_of(ref),
            task_queue=task_queues.WORKFLOWS,
        )
        await desk.hints(ref)
        for category in (IssueCategory.IN_PROGRESS, IssueCategory.DONE):
            read = outside.tried("fetch")
            await until(lambda read=read: outside.tried("fetch") >= max(read, 1), "it was read")
            outside.jira.moves(ref.id, category)
            await desk.hints(ref)
        await until(lambda: outside.tried("fetch") >= 2, "news are under way")
        await desk.links().join_issue(joined(late, ref), rules)

        async def all_told() -> bool:
            view = await desk.watched(ref)
            known = view.known is not None and view.known.category is IssueCategory.DONE
            return known and view.ticket_count == 30 and not view.tellings

        await until(all_told, "all are told")

    heard = await issue_rush.heard(namespace, tickets)
    categories = {ticket: [_category(each) for each in deliveries] for ticket, deliveries in heard.items()}
    ways = {tuple(categories[ticket]) for ticket in there}
    assert len(ways) == 1, "the same news in the same order"
    (way,) = ways
    assert list(way) == sorted(set(way), key=list(IssueCategory).index), "each once, as they came"
    assert way[-1] is IssueCategory.DONE
    assert categories[late][-1] is IssueCategory.DONE
    assert all(len({each.id for each in found}) == len(found) for found in heard.values())
    runs = await namespace.count_workflows(f"WorkflowId = '{workflow_ids.issue_id_of(ref)}'")
    assert runs.count >= 2


def _category(delivery: Delivery) -> IssueCategory:
    assert isinstance(delivery.body, IssueChanged)
    return delivery.body.category


async def details_of(desk: Desk, ref: IssueRef) -> str:
    """The current details that operators read in the Temporal UI."""
    metadata: WorkflowMetadata = await desk.issue(ref).query(
        "__temporal_workflow_metadata", result_type=WorkflowMetadata
    )
    return str(metadata.current_details)


async def test_an_issue_that_is_done_resolves_its_tickets_and_hears_that_it_is_not(
    desk: Desk, outside: Outside
) -> None:
    ref = outside.jira.has("Card payment fails").ref
    tickets = [await linked(desk, ref, name) for name in ("T-1", "T-2")]
    outside.jira.moves(ref.id, IssueCategory.DONE, "Ada")
    await desk.hints(ref)
    for ticket in tickets:
        view = await ticket.until(lambda view: view.status is TicketStatus.RESOLVED, "it is resolved")
        assert any("Our engineers have fixed the problem behind your ticket." in entry.text for entry in view.timeline)
    await tickets[1].does(LENA, Reopen(reason="it still fails"))
    await until(lambda: bool(outside.jira.written), "the engineers hear of it")
    (written,) = outside.jira.written
    assert "T-2 is open again: support reopened it" in written[1]
    assert "it still fails" in written[1]
    assert (await tickets[0].view()).status is TicketStatus.RESOLVED


async def test_a_tracker_that_is_down_is_shown_and_caught_up_with(desk: Desk, outside: Outside) -> None:
    ref = outside.jira.has("Card payment fails").ref
    ticket = await linked(desk, ref, "T-1")
    await settled(desk, ref)
    outside.jira.system.fails()
    outside.jira.moves(ref.id, IssueCategory.IN_PROGRESS)
    await desk.hints(ref)

    async def late_is_shown() -> bool:
        return "Late: tracker (jira: 500 Server Error)" in await details_of(desk, ref)

    async def nothing_is_late() -> bool:
        return "Late" not in await details_of(desk, ref)

    await until(late_is_shown, "the operators see that the tracker is late")
    outside.jira.system.works()
    await ticket.until_said("PAY-1 moved from To Do to In Progress")
    await until(nothing_is_late, "the operators see that it caught up")


async def test_it_lives_longer_than_a_run(namespace: Client, outside: Outside) -> None:
    hints = 12
    ref = outside.jira.has("Card payment fails").ref
    async with Desk(namespace, outside) as desk:
        ticket = await desk.opens(an_opening(ticket_id="T-1"), without_ladders())
        await desk.client.start_workflow(
            EngineeringIssueWorkflow.run,
            IssueStart(ref=ref, ticket_page=f"{PUBLIC_URL}/{{ticket}}", continue_after=30),
            id=workflow_ids.issue_id_of(ref),
            task_queue=task_queues.WORKFLOWS,
        )
        await ticket.does(LENA, LinkIssue(reference=ref.key))
        await ticket.until(lambda view: bool(view.issues), "the issue was found")
        for number in range(hints):
            outside.jira.person_writes(ref.id, f"step {number}")
            await desk.hints(ref, f"webhook-{number}")
        view = await ticket.until_said(f"on PAY-1: step {hints - 1}")
        await desk.hints(ref, "webhook-0")
        assert on_the_issue(view) == [f"on PAY-1: step {number}" for number in range(hints)]

        async def continued() -> bool:
            count = await namespace.count_workflows(f"WorkflowId = '{workflow_ids.issue_id_of(ref)}'")
            return count.count >= 2

        await until(continued, "it is in another run")
        assert (await desk.watched(ref)).tickets == ("T-1",)

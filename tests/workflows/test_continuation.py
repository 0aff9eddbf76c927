"""A ticket lives longer than a run of its workflow: what a run hands to the next is complete."""

import asyncio

import pytest
from temporalio.client import Client

from domain.messages import Accept, CommandResult, CustomerMessage, Escalate, Note, PageChanged, Reply
from domain.ticket_carry import TicketCarry
from domain.tiers import Tier
from domain.turn import LONGEST_ENTRY, LONGEST_TIMELINE
from domain.views import TicketView
from telemetry.search_attributes import DUE_AT, TIER
from tests.domain.building import HELPDESK, LENA, SAM, Story, without_ladders
from tests.workflows.desk import Desk, OpenedTicket, until
from tests.workflows.outside import Outside
from workflows import ticket_commands
from workflows.ticket import REMEMBERED_ANSWERS

SHORT = 30
"""Events of history after which these runs hand over."""


async def runs_of(ticket: OpenedTicket) -> int:
    """How many runs the ticket has had, as far as visibility has heard."""
    count = await ticket.desk.client.count_workflows(f"WorkflowId = '{ticket.handle.id}'")
    return count.count


async def has_had(ticket: OpenedTicket, runs: int) -> None:
    """Wait until the ticket is in another run."""

    async def enough() -> bool:
        return await runs_of(ticket) >= runs

    await until(enough, f"the ticket has had {runs} runs")


def lines(view: TicketView, start: str) -> list[str]:
    """The lines of the story that begin so."""
    return [entry.text for entry in view.timeline if entry.text.startswith(start)]


def notes_in(outside: Outside) -> list[str]:
    """The notes in the card's thread."""
    return [text for text in outside.chat.texts() if text.startswith("sam: note")]


async def test_what_people_wrote_stays_in_order_and_once(desk: Desk, outside: Outside) -> None:
    ticket = await desk.opens(policy=without_ladders(), continue_after=SHORT)
    wanted = [f"note {number}" for number in range(15)]
    for text in wanted:
        assert (await ticket.does(SAM, Note(text=text))).accepted
    await has_had(ticket, 3)
    assert lines(await ticket.view(), "note") == wanted
    await until(lambda: f"sam: {wanted[-1]}" in outside.chat.texts(), "the last line is in the thread")
    assert notes_in(outside) == [f"sam: {text}" for text in wanted]
    assert outside.chat.texts().count("T-1042") == 1


async def test_ids_and_answers_are_remembered(desk: Desk) -> None:
    ticket = await desk.opens(policy=without_ladders(), continue_after=SHORT)
    first = await ticket.does(SAM, Accept(), command="slack-1")
    await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"), command="slack-2")
    raised = await ticket.does(LENA, Note(text="before"), command="slack-3", fingerprint="f-1")
    await ticket.hears(PageChanged(page_key="tierline/T-1042/page/1", note="On my way"), delivery="webhook-1")
    for number in range(10):
        await ticket.does(SAM, Note(text=f"note {number}"))
    await has_had(ticket, 2)
    assert await ticket.does(SAM, Accept(), command="slack-1") == first
    assert await ticket.does(LENA, Note(text="before"), command="slack-3", fingerprint="f-1") == raised
    with pytest.raises(ticket_commands.Differs):
        await ticket.does(LENA, Note(text="another"), command="slack-3", fingerprint="f-2")
    await ticket.hears(PageChanged(page_key="tierline/T-1042/page/1", note="On my way"), delivery="webhook-1")
    await ticket.does(SAM, Note(text="the end"))
    view = await ticket.view()
    assert lines(view, "before") == ["before"]
    assert lines(view, "in PagerDuty") == []  # nobody was paged, so the delivery belonged to no page
    assert lines(view, "the end") == ["the end"]


async def test_commands_in_flight_are_all_answered_and_done_once(desk: Desk) -> None:
    ticket = await desk.opens(policy=without_ladders(), continue_after=SHORT)
    for group in range(5):
        answers = await asyncio.gather(*(ticket.does(SAM, Note(text=f"note {group}.{number}")) for number in range(8)))
        assert all(answer.accepted for answer in answers)
    await has_had(ticket, 2)
    noted = lines(await ticket.view(), "note")
    assert sorted(noted) == sorted(f"note {group}.{number}" for group in range(5) for number in range(8))


async def test_a_ticket_with_nothing_due_is_carried_over(desk: Desk) -> None:
    """Its search attribute for the next deadline was taken back."""
    ticket = await desk.opens(policy=without_ladders(clocks={}), continue_after=SHORT)
    for number in range(12):
        await ticket.does(SAM, Note(text=f"note {number}"))
    await has_had(ticket, 2)
    assert (await ticket.does(SAM, Accept())).accepted
    found = (await ticket.handle.describe()).typed_search_attributes
    assert (found.get(DUE_AT), found.get(TIER)) == (None, "L1")


async def test_an_outage_is_carried_over(desk: Desk, outside: Outside) -> None:
    outside.chat.system.fails()
    ticket = await desk.opens(policy=without_ladders(), continue_after=SHORT)
    await ticket.until(lambda view: "slack" in view.late, "Slack is late")
    for number in range(12):
        await ticket.does(SAM, Note(text=f"note {number}"))
    await has_had(ticket, 2)
    await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
    view = await ticket.until(lambda view: bool(view.issues), "Jira has the issue all the same")
    assert "slack" in view.late

    outside.chat.system.works()
    view = await ticket.until_said("Slack caught up")
    assert view.late == ()
    await until(lambda: len(notes_in(outside)) >= 12, "the thread caught up")
    assert notes_in(outside) == [f"sam: note {number}" for number in range(12)]
    await until(lambda: outside.chat.cards["T-1042"].tier is Tier.L3, "the card shows the newest")
    await until(lambda: outside.chat.cards["T-1042"].troubles == (), "the card shows no trouble")
    assert len(outside.jira.issues) == 1


async def test_a_long_round_of_one_lane_does_not_hold_the_next_run_up(
    desk: Desk, outside: Outside, monkeypatch: object
) -> None:
    """Between two attempts of a round there may be half a minute: what is urgent does not wait for that."""
    outside.chat.system.fails()
    ticket = await desk.opens(policy=without_ladders(), continue_after=SHORT)
    await ticket.until(lambda view: "slack" in view.late, "Slack is late")
    before = await ticket.run_id()
    number = 0
    while await ticket.run_id() == before:
        number += 1
        await ticket.does(SAM, Note(text=f"note {number}"))
        assert number < 40
    started = asyncio.get_running_loop().time()
    await ticket.does(SAM, Reply(text="We look into it", awaits_customer=False))
    await until(lambda: len(outside.mail.sent) == 1, "the customer is written to")
    assert asyncio.get_running_loop().time() - started < 5


async def test_an_activity_under_way_ends_in_its_run_and_its_result_counts(desk: Desk, outside: Outside) -> None:
    ticket = await desk.opens(policy=without_ladders(), continue_after=SHORT)
    await ticket.rests()
    with outside.jira.system.held():
        await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
        await until(lambda: outside.jira.system.waiting == 1, "the issue is there, its answer is not")
        for number in range(6):
            await ticket.does(SAM, Note(text=f"note {number}"))
    view = await ticket.until(lambda view: bool(view.issues), "the ticket knows its issue")
    await has_had(ticket, 2)
    assert view.issues[0].ref.key == "PAY-1"
    assert len(outside.jira.issues) == 1
    await until(lambda: outside.done("link_back") == ["tierline/T-1042"], "the ticket is on the issue's workflow")


async def test_a_customer_who_wrote_during_the_hand_over_is_heard(namespace: Client, outside: Outside) -> None:
    """Messages wait for the worker; the one that comes back finds a history that is long enough already."""
    async with Desk(namespace, outside) as desk:
        ticket = await desk.opens(policy=without_ladders(), continue_after=SHORT)
        for number in range(3):
            await ticket.does(SAM, Note(text=f"note {number}"))
    waiting = asyncio.gather(*(ticket.does(HELPDESK, CustomerMessage(text=f"line {number}")) for number in range(8)))
    async with Desk(namespace, outside):
        answers = await waiting
        view = await ticket.view()
    assert all(answer.accepted for answer in answers)
    assert sorted(lines(view, "The customer wrote")) == [f"The customer wrote: line {number}" for number in range(8)]


def test_the_fullest_ticket_fits_into_one_payload() -> None:
    """Temporal ends a workflow whose payload is above 2 MB; a character may take three bytes."""
    story = Story(without_ladders())
    for number in range(LONGEST_TIMELINE + 10):
        story.does(SAM, Note(text=f"{number} " + "界" * LONGEST_ENTRY))
    answers = tuple((f"{'x' * 190}-{n}", (story_answer())) for n in range(REMEMBERED_ANSWERS))
    carry = TicketCarry(ticket=story.ticket, seen=tuple(f"{'y' * 290}-{n}" for n in range(500)), answers=answers)
    assert len(carry.model_dump_json().encode()) < 1_700_000


def story_answer() -> CommandResult:
    """An answer of the usual length."""
    return CommandResult(ticket_id="T-1042", accepted=True, message="z" * 200)

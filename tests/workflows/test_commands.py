"""What people ask of a ticket: commands that are done once, or refused without a trace."""

import asyncio
from datetime import timedelta

import pytest
from temporalio.client import Client

from domain.messages import Accept, Cancel, Command, Escalate, Note, PageChanged, Reply
from domain.paging import PageStatus, page_key
from domain.tiers import Tier
from domain.views import TicketView
from tests.domain.building import EVE, LENA, SAM, TOM, without_ladders
from tests.workflows.desk import Desk
from tests.workflows.outside import Outside
from workflows import ticket_commands
from workflows.ticket import TicketWorkflow


async def test_a_command_is_done_and_answered(desk: Desk) -> None:
    ticket = await desk.opens()
    answer = await ticket.does(SAM, Accept())
    assert answer.accepted
    assert answer.message == "T-1042 is yours"
    assert (await ticket.view()).owner == "sam"


async def test_a_refusal_reaches_the_caller_and_leaves_no_history(desk: Desk) -> None:
    ticket = await desk.opens(policy=without_ladders())
    await ticket.until_said("Opened")
    await ticket.rests()
    before = await ticket.events()
    with pytest.raises(ticket_commands.NotAllowed) as refusal:
        await ticket.does(EVE, Escalate(to=Tier.L3, reason="I want it"))
    assert str(refusal.value) == "eve may not escalate: it takes the role lead, engineer or operator"
    assert await ticket.events() == before


async def test_the_same_command_twice_is_done_once_and_answered_twice(desk: Desk) -> None:
    ticket = await desk.opens()
    request = Reply(text="Which card is it?")
    answers = await asyncio.gather(*(ticket.does(SAM, request, command="slack-trigger-1") for _ in range(3)))
    assert len(set(answers)) == 1
    view = await ticket.view()
    assert sum("Which card is it?" in entry.text for entry in view.timeline) == 1
    assert [mail.text for mail in desk.outside.mail.sent].count("Which card is it?") <= 1


async def test_another_command_under_the_id_of_the_first_is_not_carried_out(desk: Desk) -> None:
    ticket = await desk.opens(policy=without_ladders())
    first = await ticket.does(SAM, Note(text="first"), command="api-1", fingerprint="f-1")
    with pytest.raises(ticket_commands.Differs):
        await ticket.does(SAM, Note(text="second"), command="api-1", fingerprint="f-2")
    assert await ticket.does(SAM, Note(text="first"), command="api-1", fingerprint="f-1") == first
    said = texts(await ticket.view())
    assert ("first" in said, "second" in said) == (True, False)


async def test_of_two_commands_with_one_id_that_come_together_one_is_carried_out(
    namespace: Client, outside: Outside
) -> None:
    ticket = await Desk(namespace, outside).opens(policy=without_ladders())
    asked = [Command(id="api-1", by=SAM, request=Note(text=text), fingerprint=text) for text in ("first", "second")]
    for command in asked:
        await ticket.handle.signal(TicketWorkflow.execute, command)
    async with Desk(namespace, outside):
        assert (await ticket_commands.carry_out(ticket.handle, asked[0])).accepted
        with pytest.raises(ticket_commands.Differs):
            await ticket_commands.carry_out(ticket.handle, asked[1])
        assert "second" not in texts(await ticket.view())


async def test_a_command_that_another_one_overtook_is_answered_with_a_refusal(
    namespace: Client, outside: Outside
) -> None:
    ticket = await Desk(namespace, outside).opens()
    # Both are sent before the ticket has seen either, so neither was refused beforehand.
    asked = [Command(id=by.id, by=by, request=Accept()) for by in (SAM, TOM)]
    for command in asked:
        await ticket.handle.signal(TicketWorkflow.execute, command)
    async with Desk(namespace, outside):
        taken, refused = [await ticket_commands.carry_out(ticket.handle, command) for command in asked]
    assert (taken.accepted, taken.message) == (True, "T-1042 is yours")
    assert (refused.accepted, refused.message) == (False, "T-1042 was taken by sam already")


async def test_a_command_of_a_closed_ticket_is_answered_the_same_when_it_comes_again(desk: Desk) -> None:
    ticket = await desk.opens(policy=without_ladders(quiet_time=timedelta(seconds=1)))
    first = await ticket.does(LENA, Cancel(reason="sent twice"), command="slack-1")
    assert first.accepted
    await ticket.ends()
    assert await ticket.does(LENA, Cancel(reason="sent twice"), command="slack-1") == first
    with pytest.raises(ticket_commands.Over):
        await ticket.does(LENA, Cancel(reason="sent twice"), command="slack-2")


async def test_a_command_that_was_sent_while_no_worker_ran_is_carried_out(namespace: Client, outside: Outside) -> None:
    async with Desk(namespace, outside) as desk:
        ticket = await desk.opens(policy=without_ladders())
        await ticket.rests()
    waiting = asyncio.create_task(ticket.does(SAM, Note(text="is anybody there?")))
    async with Desk(namespace, outside):
        assert (await waiting).accepted


async def test_many_commands_at_once_are_each_answered(desk: Desk) -> None:
    ticket = await desk.opens(policy=without_ladders())
    answers = await asyncio.gather(*(ticket.does(SAM, Note(text=f"note {number}")) for number in range(30)))
    assert all(answer.accepted for answer in answers)
    noted = [text for text in texts(await ticket.view()) if text.startswith("note ")]
    assert sorted(noted) == sorted(f"note {number}" for number in range(30))


async def test_the_same_delivery_is_taken_once(desk: Desk) -> None:
    ticket = await desk.opens()
    await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
    view = await ticket.until(lambda view: bool(view.pages and view.pages[0].url), "somebody is paged")
    note = PageChanged(page_key=view.pages[0].key, by="Ada", note="On my way")
    for _ in range(3):
        await ticket.hears(note, delivery="webhook-1")
    await ticket.hears(note, delivery="webhook-2")
    view = await ticket.until(lambda view: texts(view).count("in PagerDuty: On my way") >= 2, "both deliveries came")
    await ticket.rests()
    assert texts(await ticket.view()).count("in PagerDuty: On my way") == 2


async def test_messages_that_come_before_the_first_task_are_taken(namespace: Client, outside: Outside) -> None:
    idle = Desk(namespace, outside)
    ticket = await idle.opens()
    key = page_key("T-1042", 1)
    await ticket.hears(PageChanged(page_key=key, status=PageStatus.ACKNOWLEDGED, by="Ada"), delivery="early")
    async with Desk(namespace, outside):
        await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
        view = await ticket.until_said("Paged the on-call")
    assert view.pages[0].status is PageStatus.TRIGGERED  # the early one belonged to no page


def texts(view: TicketView) -> list[str]:
    """The lines of the ticket's story."""
    return [entry.text for entry in view.timeline]

"""What people ask of a ticket: updates that are done once, or refused without a trace."""

import asyncio

import pytest
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from domain.messages import Accept, Escalate, PageChanged, Reply
from domain.paging import PageStatus, page_key
from domain.tiers import Tier
from domain.views import TicketView
from tests.domain.building import EVE, LENA, SAM, TOM, without_ladders
from tests.workflows.desk import Desk
from tests.workflows.outside import Outside


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
    with pytest.raises(WorkflowUpdateFailedError) as refusal:
        await ticket.does(EVE, Escalate(to=Tier.L3, reason="I want it"))
    assert isinstance(refusal.value.cause, ApplicationError)
    assert refusal.value.cause.type == "Refused"
    assert refusal.value.cause.message == "eve may not escalate: it takes the role lead, engineer or operator"
    assert await ticket.events() == before


async def test_the_same_command_twice_is_done_once_and_answered_twice(desk: Desk) -> None:
    ticket = await desk.opens()
    request = Reply(text="Which card is it?")
    answers = await asyncio.gather(*(ticket.does(SAM, request, command="slack-trigger-1") for _ in range(3)))
    assert len(set(answers)) == 1
    view = await ticket.view()
    assert sum("Which card is it?" in entry.text for entry in view.timeline) == 1
    assert [mail.text for mail in desk.outside.mail.sent].count("Which card is it?") <= 1


async def test_a_command_that_another_one_overtook_is_answered_with_a_refusal(
    namespace: Client, outside: Outside
) -> None:
    ticket = await Desk(namespace, outside).opens()
    # Without a worker both wait for the first task, whose validators see the ticket before either.
    both = asyncio.gather(ticket.does(SAM, Accept(), command="a"), ticket.does(TOM, Accept(), command="b"))
    async with Desk(namespace, outside):
        answers = await both
    refused, taken = sorted(answers, key=lambda answer: answer.accepted)
    assert (taken.accepted, taken.message) == (True, "T-1042 is yours")
    # Which of the two the server put first is its own choice.
    winner = "sam" if answers[0].accepted else "tom"
    assert (refused.accepted, refused.message) == (False, f"T-1042 was taken by {winner} already")


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

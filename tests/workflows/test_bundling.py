"""A ticket replays however its messages and results were bundled: the worker that loses its cache hears the same in other bundles."""

import random

import pytest
from temporalio.client import Client

import worker
from domain.messages import Command, CommandResult, Escalate, Note
from domain.tiers import Tier
from tests.domain.building import LENA, SAM, an_opening, the_tiers, without_ladders
from tests.replaying import Played
from tests.workflows.bundles import Bundles
from tests.workflows.changed_tickets import TicketThatTakesUpdates
from tests.workflows.desk import Desk, OpenedTicket
from tests.workflows.outside import Outside
from worker import WORKFLOWS
from workflows.ticket import TicketWorkflow


async def with_two_empty_tasks(desk: Desk, ticket_id: str) -> OpenedTicket:
    """A ticket whose last two tasks each took a result that led to nothing: the note is on the page first, then in the thread."""
    ticket = await desk.opens(an_opening(ticket_id=ticket_id), without_ladders(tiers=the_tiers()))
    await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
    await ticket.until(
        lambda view: bool(view.pages and view.pages[0].url and view.issues), "the page and the issue are there"
    )
    await ticket.rests()
    with desk.outside.chat.system.held():
        await ticket.does(SAM, Note(text="the terminals were rebooted"))
        await ticket.waits_for(activities=1)
    await ticket.rests()
    return ticket


async def test_a_command_after_a_restart_replays(namespace: Client, outside: Outside) -> None:
    """A deploy, a command, and another restart: what killed every ticket while commands were updates."""
    async with Desk(namespace, outside) as desk:
        tickets = [await with_two_empty_tasks(desk, f"T-{number}") for number in range(4)]
    async with Desk(namespace, outside):
        for ticket in tickets:
            await ticket.does(LENA, Escalate(to=Tier.L4, vendor="cardnet", reason="theirs"))
            await ticket.rests()
    async with Desk(namespace, outside):
        for ticket in tickets:
            assert (await ticket.does(SAM, Note(text="still here"))).accepted


@pytest.mark.unreplayable("commands are updates here, as they were")
async def test_commands_as_updates_do_not_replay(
    namespace: Client, outside: Outside, monkeypatch: pytest.MonkeyPatch, played: Played
) -> None:
    """The check itself is checked: put the old way back, and the same story leaves tickets that are dead."""
    others = [defined for defined in WORKFLOWS if defined is not TicketWorkflow]
    monkeypatch.setattr(worker, "WORKFLOWS", [TicketThatTakesUpdates, *others])
    async with Desk(namespace, outside) as desk:
        tickets = [await with_two_empty_tasks(desk, f"T-{number}") for number in range(4)]
    async with Desk(namespace, outside):
        for ticket in tickets:
            escalation = Escalate(to=Tier.L4, vendor="cardnet", reason="theirs")
            asked = Command(id="update-1", by=LENA, request=escalation)
            await ticket.handle.execute_update("execute_by_update", asked, result_type=CommandResult)
            await ticket.rests()
    failures = await played.replay(namespace, instead={TicketWorkflow: TicketThatTakesUpdates})
    assert failures
    assert all("TMPRL1100" in failure for failure in failures)


@pytest.mark.parametrize("cached", [1, 3])
async def test_lives_in_any_bundles_replay_and_show_the_same(namespace: Client, outside: Outside, cached: int) -> None:
    await Bundles(namespace, outside, random.Random(), cached=cached).play(lives=3, steps=12)

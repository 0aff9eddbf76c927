"""Tickets whose history today's code cannot follow: they are found, taken back to before the fault, and nothing outside is done twice."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import Client

import worker
from cli.past_run import why_not_replayed
from domain.messages import Accept, Command, Escalate, Note, Reply
from domain.tiers import Tier
from tests.domain.building import LENA, SAM, without_ladders
from tests.workflows.changed_tickets import TicketThatNotesEscalations, TicketThatWaitsFirst
from tests.workflows.desk import Desk, OpenedTicket, until
from tests.workflows.outside import Outside
from workflows.repair import Stuck, repair, stuck_workflow, stuck_workflows
from workflows.ticket import TicketWorkflow

pytestmark = pytest.mark.unreplayable("these are the histories that are repaired")

SECOND = timedelta(seconds=1)


def another_version(patched: pytest.MonkeyPatch, ticket: type[Any]) -> None:
    """Workers that start from now on have another code for tickets."""
    others = [kind for kind in worker.WORKFLOWS if kind is not TicketWorkflow]
    patched.setattr(worker, "WORKFLOWS", (ticket, *others))


async def stuck(ticket: OpenedTicket) -> Stuck:
    """Wait until its task has failed more than once."""
    found: Stuck | None = None

    async def is_stuck() -> bool:
        nonlocal found
        found = await stuck_workflow(ticket.desk.client, ticket.handle.id)
        return found is not None

    await until(is_stuck, "the ticket stands still")
    assert found is not None
    return found


async def looked_for(ticket: OpenedTicket) -> int:
    """How many activities of the present run look for what an earlier attempt may have done."""
    history = await ticket.handle.fetch_history()
    return sum(b"tried again" in event.user_metadata.summary.data for event in history.events)


async def lived(desk: Desk, outside: Outside) -> OpenedTicket:
    """A ticket with an issue, a mail to the customer and a thread."""
    ticket = await desk.opens(policy=without_ladders(), task_timeout=SECOND)
    await ticket.does(SAM, Accept(), command="slack-1")
    await ticket.does(SAM, Note(text="before"))
    await ticket.rests()
    await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"), command="slack-2")
    await ticket.until(lambda view: bool(view.issues), "the issue is there")
    await ticket.rests()
    await ticket.does(LENA, Reply(text="We look into it", awaits_customer=False), command="slack-3")
    await until(lambda: len(outside.mail.sent) == 1, "the customer is written to")
    await ticket.does(LENA, Note(text="after"), command="slack-4")
    await until(lambda: "lena: after" in outside.chat.texts(), "the thread has it")
    await ticket.rests()
    assert await looked_for(ticket) == 0
    return ticket


@pytest.mark.parametrize("version", [TicketThatNotesEscalations, TicketThatWaitsFirst], ids=["late", "early"])
async def test_it_is_found_and_goes_on_and_nothing_outside_is_done_twice(
    namespace: Client, outside: Outside, version: type[Any]
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        another_version(patched, version)
        async with Desk(namespace, outside) as desk:
            ticket = await lived(desk, outside)
    lines = Counter(outside.chat.texts())
    asked = Note(text="written afterwards")
    async with Desk(namespace, outside) as desk:
        waiting = Command(id="slack-6", by=SAM, request=Note(text="written while it stood still"))
        await ticket.handle.signal(TicketWorkflow.execute, waiting)
        found = await stuck(ticket)
        assert (found.diverged, "[TMPRL1100]" in found.why) == (True, True)
        assert [one.workflow_id for one in await stuck_workflows(namespace)] == ["ticket/T-1042"]

        await repair(namespace, "ticket/T-1042", why_not_replayed)

        view = await ticket.until_said("Repaired by an operator")
        assert (await ticket.does(LENA, Note(text="after"), command="slack-4")).accepted
        assert (await ticket.does(SAM, asked, command="slack-5")).accepted
        await until(lambda: "sam: written afterwards" in outside.chat.texts(), "the thread goes on")
        await ticket.rests()
        view = await ticket.view()
        assert await stuck_workflow(namespace, "ticket/T-1042") is None
        assert await looked_for(ticket) > 0
    assert (view.tier, view.issues[0].ref.key) == (Tier.L3, "PAY-1")
    assert [entry.text for entry in view.timeline].count("after") == 1
    assert len(outside.jira.issues) == 1
    assert len(outside.mail.sent) == 1
    new = Counter(outside.chat.texts()) - lines
    assert not lines - Counter(outside.chat.texts())
    assert {text for text in new if "Repaired" not in text} == {
        "sam: written while it stood still",
        "sam: written afterwards",
    }
    assert set(new.values()) == {1}


async def test_an_attempt_whose_outcome_would_be_cut_off_is_not_made_again_unseen(
    namespace: Client, outside: Outside
) -> None:
    """The issue is being opened when somebody escalates the next thing: taken back to that moment, Temporal would open it once more."""
    with pytest.MonkeyPatch.context() as patched:
        another_version(patched, TicketThatNotesEscalations)
        async with Desk(namespace, outside) as desk:
            ticket = await desk.opens(policy=without_ladders(), task_timeout=SECOND)
            await ticket.rests()
            with outside.chat.system.held():
                await ticket.does(SAM, Note(text="on its way"), command="slack-1")
                await until(lambda: outside.chat.system.waiting == 1, "the line is there, its answer is not")
                await ticket.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"), command="slack-2")
            await ticket.until(lambda view: bool(view.issues), "the issue is there")
            await ticket.rests()
    async with Desk(namespace, outside) as desk:
        await ticket.handle.signal(TicketWorkflow.execute, Command(id="slack-3", by=SAM, request=Accept()))
        await stuck(ticket)
        await repair(namespace, "ticket/T-1042", why_not_replayed)
        await ticket.until_said("Repaired by an operator")
        await ticket.rests()
    assert outside.chat.texts().count("sam: on its way") == 1
    assert len(outside.jira.issues) == 1

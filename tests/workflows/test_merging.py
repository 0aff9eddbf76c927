"""Merging and splitting between real workflows."""

from temporalio.service import RPCError

from domain.messages import Escalate, Merge, Split
from domain.ticket import TicketStatus
from domain.tiers import Tier
from tests.domain.building import LENA, a_policy, an_opening, without_ladders
from tests.workflows.desk import Desk, OpenedTicket, until
from workflows import workflow_ids


async def test_a_ticket_is_merged_and_its_issue_keeps_the_survivor(desk: Desk) -> None:
    away = await desk.opens(policy=a_policy())
    into = await desk.opens(an_opening(ticket_id="T-1001"), policy=without_ladders())
    await away.does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
    ref = (await away.until(lambda view: bool(view.issues), "an issue is opened")).issues[0].ref
    await until(lambda: _is_on(desk, ref, "T-1042"), "the ticket is on its issue")

    answer = await away.does(LENA, Merge(into="T-1001", reason="the same outage"))
    assert answer.message == "T-1042 is being merged into T-1001"
    facts = await away.ends()
    survivor = await into.until_said("T-1042 was merged into this ticket by lena")

    assert facts.status == "closed"
    assert (survivor.status, survivor.merged_in, survivor.issues[0].ref.id) == (TicketStatus.OPEN, ("T-1042",), ref.id)
    view = await away.view()
    assert {clock.outcome for clock in view.clocks if clock.stopped_at == view.closed_at} == {"merged"}
    await until(lambda: _only_on(desk, ref, "T-1001"), "the survivor alone is on the issue")


async def test_a_ticket_cannot_be_merged_into_one_that_is_not_there(desk: Desk) -> None:
    ticket = await desk.opens(policy=without_ladders())
    await ticket.does(LENA, Merge(into="T-9999"))
    view = await ticket.until_said("Not merged into T-9999: there is no open ticket T-9999")
    assert view.status is TicketStatus.OPEN


async def test_a_ticket_is_split_off_once_and_a_taken_number_is_told(desk: Desk) -> None:
    ticket = await desk.opens(policy=without_ladders())
    await desk.opens(an_opening(ticket_id="T-1001"), policy=without_ladders())
    await ticket.does(LENA, Split(title="Invoices", description="They are late.", clocks="opening"))
    await ticket.does(LENA, Split(title="Other", description="x", ticket_id="T-1001"))
    view = await ticket.until_said("T-1001 could not be opened")
    handle = desk.client.get_workflow_handle(workflow_ids.ticket_id("T-1042S1"))
    new = await OpenedTicket(desk, handle).until_said("Split off T-1042")
    assert (view.split_into, new.split_from, new.customer) == (("T-1042S1",), "T-1042", view.customer)


async def test_a_split_tickets_line_in_temporal_names_no_customer_and_no_secret(desk: Desk) -> None:
    ticket = await desk.opens(policy=without_ladders())
    await ticket.does(LENA, Split(title="Grace Hopper, grace@navy.example, password: hunter2", description="x"))
    await ticket.until_said("Split: T-1042S1 is opened")
    handle = desk.client.get_workflow_handle(workflow_ids.ticket_id("T-1042S1"))
    await OpenedTicket(desk, handle).until_said("Split off T-1042")

    summary = await (await handle.describe()).static_summary()

    assert summary == "T-1042S1 [customer], [e-mail], password: [secret]"


async def _is_on(desk: Desk, ref: object, ticket: str) -> bool:
    try:
        return ticket in (await desk.watched(ref)).tickets  # type: ignore[arg-type]
    except RPCError:
        # The issue's workflow is still being started.
        return False


async def _only_on(desk: Desk, ref: object, ticket: str) -> bool:
    return (await desk.watched(ref)).tickets == (ticket,)  # type: ignore[arg-type]

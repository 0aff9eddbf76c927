"""An outside system that is down delays no other one, and catches up."""

import time

import pytest

from cli import front_doors
from cli.front_doors import FrontDoors, Json
from cli.narration import Narrator
from cli.story import PAYMENTS
from sandbox.faults import Fault
from sandbox.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(240)]
_A_MINUTE = 60.0
_TICKET = {
    "ticket_id": PAYMENTS,
    "title": "Card payments are refused",
    "description": "Every card is refused at the till.",
    "customer": {"id": "jo", "name": "Jo's Bakery", "email": "jo@bakery.example", "plan": "gold"},
    "priority": "P2",
    "product": "payments",
}


async def test_slack_down_for_a_minute_delays_neither_the_page_nor_the_issue_and_the_card_catches_up(
    stack: Stack, open_doors: FrontDoors, tell: Narrator
) -> None:
    await open_doors.open_ticket(_TICKET)

    async def the_card() -> Json | None:
        cards = await open_doors.cards(PAYMENTS)
        return cards[0] if cards else None

    await tell.wait_for("a card", the_card)
    await open_doors.types(front_doors.L1_AGENT, f"accept {PAYMENTS}")
    stack.sandbox.faults.add(Fault(system="slack", kind="status", status=500, seconds=_A_MINUTE))
    down_since = time.monotonic()
    await open_doors.types(front_doors.LEAD, f"escalate {PAYMENTS} L3 all terminals refuse")

    async def page_and_issue() -> bool:
        return bool(await open_doors.incidents()) and bool(await open_doors.jira_issues())

    await tell.wait_for("page and issue", page_and_issue)
    assert stack.sandbox.faults.active(), "Slack was down all the while"
    incident = (await open_doors.incidents())[0]
    await open_doors.acknowledges(incident["id"])

    async def the_ticket_says_that_slack_is_late() -> Json | None:
        view = await open_doors.ticket(PAYMENTS)
        return view if view["late"] == ["slack"] and view["owner"] is not None else None

    late = await tell.wait_for("Slack is late, and ada has the ticket", the_ticket_says_that_slack_is_late)
    assert any("Slack is late" in entry["text"] for entry in late["timeline"])
    assert time.monotonic() - down_since < _A_MINUTE, "page, issue and acknowledgement came while Slack was down"

    async def the_card_is_up_to_date() -> Json | None:
        card = await the_card()
        shown = str(card["blocks"]) if card is not None else ""
        return card if "PAY-1" in shown and "acknowledged by Ada" in shown and "late since" not in shown else None

    await tell.wait_for("the card caught up", the_card_is_up_to_date, patience_s=_A_MINUTE + 60)
    assert (await open_doors.ticket(PAYMENTS))["late"] == []
    assert len(await open_doors.cards(PAYMENTS)) == 1
    assert stack.sandbox.ledger.duplicates("slack") == {}


async def test_jira_down_stops_no_clock_and_no_page_and_the_issue_comes_later(
    stack: Stack, open_doors: FrontDoors, tell: Narrator
) -> None:
    stack.sandbox.faults.add(Fault(system="jira", kind="status", status=503))
    await open_doors.open_ticket(_TICKET)
    await open_doors.types(front_doors.L1_AGENT, f"accept {PAYMENTS}")
    await open_doors.types(front_doors.LEAD, f"escalate {PAYMENTS} L3 all terminals refuse")

    async def paged_and_late() -> Json | None:
        view = await open_doors.ticket(PAYMENTS)
        return view if view["pages"] and view["pages"][0]["status"] and view["late"] == ["jira"] else None

    view = await tell.wait_for("a page while Jira is down", paged_and_late)
    assert any(clock["kind"] == "tier_work" and clock["status"] == "running" for clock in view["clocks"])

    async def shown_on_the_card() -> bool:
        cards = await open_doors.cards(PAYMENTS)
        return bool(cards) and "Jira is late" in str(cards[0]["blocks"])

    await tell.wait_for("the card says that Jira is late", shown_on_the_card)
    stack.sandbox.faults.clear("jira")

    async def linked() -> Json | None:
        view = await open_doors.ticket(PAYMENTS)
        return view if view["issues"] and not view["late"] else None

    await tell.wait_for("the issue, once Jira is back", linked)
    assert len(await open_doors.ledger("jira", "issue.create")) == 1

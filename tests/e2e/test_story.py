"""The demo's story, whole, and with the worker killed in the middle of it."""

from collections.abc import Callable

import pytest

from cli import front_doors
from cli.front_doors import FrontDoors
from cli.narration import Narrator
from cli.story import PAYMENTS, Story
from sandbox.faults import Fault
from sandbox.stack import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.long, pytest.mark.timeout(300)]


async def test_a_ticket_goes_from_l1_to_l4_and_back(
    story: Story, tell: Narrator, mismatches: Callable[[], list[str]]
) -> None:
    await story.play()

    assert mismatches() == []
    assert len(tell.findings) > 25


async def test_a_worker_killed_between_the_escalation_and_the_engineers_work_changes_nothing(
    story: Story, stack: Stack, mismatches: Callable[[], list[str]]
) -> None:
    await story.open_a_ticket()
    await story.hand_over_by_the_clock()
    await story.escalate_to_engineering()

    stack.kill_worker()
    stack.start_worker()

    await story.work_in_the_tracker()
    await story.ask_the_vendor()
    await story.solve_reopen_and_close()
    await story.read_the_digest()
    assert mismatches() == []
    assert stack.sandbox.ledger.duplicates() == {}


async def test_a_worker_killed_while_its_calls_are_under_way_does_each_once(
    story: Story, stack: Stack, open_doors: FrontDoors, tell: Narrator
) -> None:
    """The hardest moment: Jira, PagerDuty and Slack do the work, and nobody is there any more to hear it."""
    await story.open_a_ticket()
    await story.hand_over_by_the_clock()
    for system, operation in (("jira", "/issue"), ("pagerduty", "/incidents"), ("slack", "chat.postMessage")):
        held = {"system": system, "operation": operation, "method": "POST", "kind": "latency", "delay_s": 2, "times": 1}
        stack.sandbox.faults.add(Fault.model_validate(held))
    await open_doors.types(front_doors.LEAD, f"escalate {PAYMENTS} L3 all terminals refuse")

    async def all_calls_are_held() -> bool:
        return all(active.hits for active in stack.sandbox.faults.active())

    await tell.wait_for("the calls are under way", all_calls_are_held)
    stack.kill_worker()

    async def all_work_is_done() -> bool:
        systems = {entry.system for entry in stack.sandbox.ledger.entries()}
        return {"jira", "pagerduty", "slack"} <= systems and not stack.sandbox.faults.active()

    await tell.wait_for("the work is done without the worker", all_work_is_done)
    stack.start_worker()

    async def the_ticket_knows() -> bool:
        try:
            view = await open_doors.ticket(PAYMENTS)
        except front_doors.DoorClosed:
            # The new worker is not there yet: the gateway asks to come again.
            return False
        return bool(view["issues"]) and bool(view["pages"]) and view["pages"][0]["status"] == "triggered"

    await tell.wait_for("the ticket knows its issue and its page", the_ticket_knows)
    assert len(await open_doors.ledger("jira", "issue.create")) == 1
    assert len(await open_doors.ledger("pagerduty", "incident.create")) == 1
    assert len(await open_doors.cards(PAYMENTS)) == 1
    assert stack.sandbox.ledger.duplicates() == {}

"""What a ticket hands from run to run fits, however much it has grown, and what it leaves behind is counted."""

from collections.abc import Sequence
from typing import get_args

import pytest

from domain.attribution import MOST_HELD
from domain.intents import Intent, lane_of
from domain.lane_room import bytes_of, folded
from domain.page_chain import MOST_REACHED
from domain.pages import MOST_PAGES
from domain.policy_edit import MOST_EDITS
from domain.texts import CUT_MARK, size_of
from domain.thread import FILES_KEPT
from domain.ticket_carry import QueuedIntent, Room, TicketCarry, in_its_room, in_room, rooms
from domain.turn import LONGEST_TIMELINE
from tests.domain.filling import NOW, full
from workflows.continuation import MOST_BYTES

GROWN = {
    "Ticket.edits": MOST_EDITS,
    "Ticket.stints": 1_001,
    "Ticket.clocks": 2_000,
    "Clock.past": 60,
    "Ticket.issues": 100,
    "Ticket.pages": MOST_PAGES,
    "Ticket.reached": MOST_REACHED,
    "Ticket.cases": 200,
    "Ticket.duplicates_left": 500,
    "Ticket.files": FILES_KEPT,
    "Ticket.files_attached": FILES_KEPT,
    "Ticket.merged_in": 500,
    "Ticket.split_into": 500,
    "Ticket.timeline": LONGEST_TIMELINE,
    "Ticket.handoffs": 5_000,
    "Ticket.returns": 5_000,
    "Ticket.reopenings": 5_000,
    "Ticket.held": MOST_HELD,
    "Ticket.lanes": 7,
    "Snooze.held": 100,
    "HeldStep.actions": 6,
    "IssueChoice.candidates": 5,
    "Page.heard": 50,
    "Page.assigned_to": 20,
    "Page.woken": 20,
    "Page.acknowledgements": 20,
    "Ticket.lost_channels": 20,
    "TicketCarry.seen": 500,
    "TicketCarry.answers": 100,
    "TicketCarry.queued": 0,
    # A run that comes to rest has taken all in; what a reopened one gets is limited by itself.
    "TicketCarry.inbox": 0,
}
"""As large as the rules let them become, or larger."""
KINDS: Sequence[type[Intent]] = get_args(get_args(Intent)[0])


@pytest.fixture(scope="module")
def grown() -> TicketCarry:
    """A ticket of which everything has grown to its limit at once, while every system is away."""
    members = {**GROWN, "Clock.past": 3, "Clock.steps_done": 3}
    queued = [QueuedIntent(intent=full(kind), begun=True) for kind in KINDS]
    carry = full(TicketCarry, members)
    return carry.model_copy(update={"queued": tuple(queued)})


def least(carry: TicketCarry) -> TicketCarry:
    """The first that fits, as the workflow takes it."""
    return next(made for room in rooms() if bytes_of(made := in_room(carry, room, NOW)) <= MOST_BYTES)


def test_a_ticket_that_has_grown_to_every_limit_at_once_fits(grown: TicketCarry) -> None:
    assert bytes_of(grown) > 3 * MOST_BYTES, "else nothing is tried here"

    made = least(grown)

    assert bytes_of(made) <= MOST_BYTES
    assert TicketCarry.model_validate_json(made.model_dump_json()) == made, "the next run reads what this one wrote"
    assert [queued.intent.key for queued in made.queued] == [queued.intent.key for queued in grown.queued]
    assert {issue.ref for issue in made.ticket.issues} == {issue.ref for issue in grown.ticket.issues}


def test_what_is_left_behind_is_counted(grown: TicketCarry) -> None:
    before, after = grown.ticket, least(grown).ticket

    for name in ("stints", "clocks", "handoffs", "returns", "reopenings", "cases", "edits"):
        label = {"cases": "vendor cases", "edits": "policy changes"}.get(name, name)
        lost = len(getattr(before, name)) - len(getattr(after, name))
        assert after.folded.get(label, 0) - before.folded.get(label, 0) == lost, name
    # One line was added, which says that texts were cut.
    assert after.timeline_dropped + len(after.timeline) == before.timeline_dropped + len(before.timeline) + 1
    assert "in its workflow's history" in after.timeline[-1].text
    assert after.pages_wanted == before.pages_wanted
    assert after.breaches == before.breaches
    assert size_of(after.description) < size_of(before.description)
    assert after.description.endswith(CUT_MARK)


def test_leaving_more_behind_a_second_time_adds_to_the_counts(grown: TicketCarry) -> None:
    once = in_its_room(grown.ticket, Room())
    twice = in_its_room(once, Room().half)

    for ticket in (once, twice):
        assert ticket.folded["handoffs"] - grown.ticket.folded.get("handoffs", 0) + len(ticket.handoffs) == 5_000
        assert ticket.breaches == grown.ticket.breaches


def test_a_ticket_of_a_usual_size_is_carried_whole(grown: TicketCarry) -> None:
    ticket = grown.ticket.model_copy(
        update={
            "stints": grown.ticket.stints[:5],
            "clocks": grown.ticket.clocks[:12],
            "timeline": grown.ticket.timeline[:2],
            "handoffs": (), "returns": (), "reopenings": (), "cases": (), "merged_in": (), "split_into": (), "duplicates_left": (),
        }
    )  # fmt: skip
    assert in_its_room(ticket, Room()) == ticket


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_what_waits_on_a_lane_is_folded_or_kept_whole(kind: type[Intent]) -> None:
    fresh = {"folds": 0} if "folds" in kind.model_fields else {}
    waiting = [full(kind).model_copy(update={"key": f"T-1/{number}", **fresh}) for number in range(40)]

    made = folded(waiting)

    stood_for = sum(max(1, getattr(intent, "folds", 0) if intent not in waiting else 1) for intent in made)
    assert stood_for == 40, "nothing is lost unsaid"
    if len(made) < 40:
        assert "in the ticket's history" in made[0].text  # type: ignore[union-attr]
        assert made[-1] is waiting[-1] or len(made) == 1, "the newest stay"
    assert lane_of(made[0])

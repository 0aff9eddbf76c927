"""What people write in a card's thread, and what becomes of it when they change or delete it."""

from datetime import datetime, timedelta

import pytest

from domain.attribution import totals
from domain.clocks import ClockStatus
from domain.messages import FileLink, ThreadChange, ThreadMessage
from domain.people import Actor
from domain.policy import ClockKind
from domain.ticket import TicketStatus
from tests.domain.building import DAY, HOUR, MINUTE, NOON, SAM, TOM, Story


def a_message(
    text: str, change: ThreadChange = ThreadChange.POSTED, *, by: Actor = SAM, at: datetime = NOON, **other: object
) -> ThreadMessage:
    """Somebody's message in the thread, written at that instant."""
    fields = {"change": change, "ts": f"{int(at.timestamp())}.000100", "by": by, "text": text} | other
    return ThreadMessage.model_validate(fields)


def test_what_is_written_in_the_thread_is_told_and_goes_nowhere() -> None:
    story = Story().told_of(a_message("the acquirer rotated its key"))

    assert story.timeline[-1] == "sam: in the thread: the acquirer rotated its key"
    assert not story.ticket.timeline[-1].public
    # Neither a line of ours in the same thread, nor mail to the customer, nor a new card.
    assert not story.last


def test_it_is_no_response_and_takes_nothing() -> None:
    story = Story().told_of(a_message("I have a look"))

    assert story.ticket.first_response_at is None
    assert story.ticket.stint.accepted_by is None
    assert story.clock(ClockKind.FIRST_RESPONSE).status is ClockStatus.RUNNING
    silent = Story()
    for hours in (1, 3):
        silent.passes(hours * HOUR)
        story.passes(hours * HOUR)
        assert totals(story.ticket, story.now) == totals(silent.ticket, silent.now)
        assert story.ticket.clocks == silent.ticket.clocks


def test_an_edit_keeps_the_former_words() -> None:
    story = Story().told_of(a_message("it is the gatway")).passes(MINUTE)
    story.told_of(a_message("it is the gateway", ThreadChange.EDITED, by=SAM))

    assert story.timeline[-2:] == [
        "sam: in the thread: it is the gatway",
        "sam: changed the message of 2026-11-16 12:00:00 UTC in the thread to: it is the gateway",
    ]
    assert story.ticket.timeline[-1].at == NOON + MINUTE


def test_a_deletion_erases_nothing_of_the_record() -> None:
    story = Story().told_of(a_message("ask Tom", by=TOM)).passes(MINUTE)
    story.told_of(a_message("", ThreadChange.DELETED, by=TOM))

    assert story.timeline[-2:] == [
        "tom: in the thread: ask Tom",
        "tom: the message of 2026-11-16 12:00:00 UTC in the thread was deleted; what it said stays in this story",
    ]
    assert story.ticket.timeline[-1].at == NOON + MINUTE


def test_files_are_links() -> None:
    log = FileLink(name="trace.log", url="https://acme.slack.com/files/U0SAM/F1/trace.log")
    story = Story().told_of(a_message("here", files=(log,))).told_of(a_message("", files=(log,)))

    shown = "[file trace.log: https://acme.slack.com/files/U0SAM/F1/trace.log]"
    assert story.timeline[-2:] == [f"sam: in the thread: here {shown}", f"sam: in the thread: {shown}"]


def test_what_comes_late_says_when_it_was_written() -> None:
    story = Story().passes(2 * HOUR).told_of(a_message("hello"))

    assert story.timeline[-1] == "sam: in the thread at 2026-11-16 12:00:00 UTC: hello"


@pytest.mark.parametrize("ts", ["", "soon", "99999999999999999.1"])
def test_a_time_stamp_that_is_none_is_left_out(ts: str) -> None:
    story = Story().told_of(ThreadMessage(change=ThreadChange.EDITED, ts=ts, by=SAM, text="so"))

    assert story.timeline[-1] == "sam: changed the message in the thread to: so"


def test_a_resolved_ticket_stays_resolved_and_closes_in_its_time() -> None:
    story = Story().resolved().passes(DAY).told_of(a_message("thanks all", at=NOON + DAY))
    assert story.ticket.status is TicketStatus.RESOLVED
    assert story.timeline[-1] == "sam: in the thread: thanks all"

    story.passes(DAY + timedelta(seconds=1))
    assert story.ticket.closed_at == NOON + 2 * DAY


def test_a_closed_ticket_hears_no_more() -> None:
    story = Story().resolved().passes(3 * DAY)
    before = story.ticket
    story.told_of(a_message("late", at=story.now))

    assert story.ticket == before

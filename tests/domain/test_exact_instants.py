"""Scenarios: a clock uses its target up at the very instant at which something happens to its ticket."""

from domain.messages import Note, Reopen, Wait
from domain.policy import ClockKind
from domain.tiers import WaitingOn
from tests.domain.building import DAY, HOUR, LENA, NOON, SAM, Story, without_ladders


def a_story() -> Story:
    """A ticket whose resolution clock has two days, taken at once and never paused so far."""
    return Story(without_ladders(quiet_time=100 * DAY)).accepted()


def test_a_target_used_up_as_the_clock_stops_is_kept() -> None:
    story = a_story().jumps(2 * DAY).resolved()
    clock = story.clock(ClockKind.RESOLUTION)
    assert (clock.counted, clock.breached_at, clock.outcome) == (2 * DAY, None, "met")


def test_a_target_used_up_as_the_clock_pauses_is_breached_at_that_instant() -> None:
    story = a_story().jumps(2 * DAY).does(SAM, Wait(on=WaitingOn.CUSTOMER)).passes(HOUR)
    assert story.clock(ClockKind.RESOLUTION).breached_at == NOON + 2 * DAY


def test_it_is_breached_also_where_nothing_ran_until_the_end_of_the_wait() -> None:
    story = a_story().jumps(2 * DAY).does(SAM, Wait(on=WaitingOn.CUSTOMER)).jumps(HOUR).resolved()
    clock = story.clock(ClockKind.RESOLUTION)
    assert (clock.breached_at, clock.outcome, clock.counted) == (NOON + 2 * DAY, "breached", 2 * DAY)


def test_a_wait_that_ends_at_once_changes_nothing() -> None:
    story = a_story().jumps(2 * DAY).does(SAM, Wait(on=WaitingOn.CUSTOMER)).resolved()
    assert story.clock(ClockKind.RESOLUTION).outcome == "met"


def test_a_solution_just_in_time_that_did_not_last_was_none() -> None:
    story = a_story().jumps(2 * DAY).resolved().jumps(DAY).does(LENA, Reopen(reason="it is back")).jumps(HOUR)
    story.does(SAM, Note(text="looking"))
    clock = story.clock(ClockKind.RESOLUTION)
    assert (clock.breached_at, clock.running_since) == (NOON + 2 * DAY, NOON + 3 * DAY)

"""Clocks: they count, pause, warn and breach at exact instants, however late the code runs."""

from datetime import datetime, timedelta

import pytest

from domain.calendar import ALWAYS, Calendar, Week
from domain.clocks import (
    BREACH,
    Clock,
    ClockOutcome,
    ClockStatus,
    counted_at,
    due_at,
    next_step,
    pause,
    restart,
    resume,
    retarget,
    start_clock,
    stop,
)
from domain.issues import IssueCategory
from domain.messages import SetPriority, TimePassed
from domain.policy import Action, ClockKind, Ladder, Policy
from domain.tiers import Priority, Tier, WaitingOn
from tests.domain.building import (
    ADA,
    DAY,
    HOUR,
    INSTANT,
    LENA,
    MINUTE,
    NOON,
    SAM,
    Story,
    a_ladder,
    a_policy,
    office_hours,
    rung,
    the_clocks,
    without_ladders,
)


def a_clock(policy: Policy | None = None, kind: ClockKind = ClockKind.RESOLUTION, at: datetime = NOON) -> Clock:
    """A clock of one hour that has just started."""
    clock = start_clock(policy or without_ladders(), kind, number=1, priority=Priority.P3, stint=None, now=at)
    assert clock is not None
    return clock.model_copy(update={"target": HOUR})


def steps_of(policy: Policy, clock: Clock) -> list[tuple[str, timedelta]]:
    """Every step of a clock that is left running: its label, and when it comes."""
    steps = []
    while (step := next_step(clock, policy)) is not None:
        steps.append((step.label, step.at - clock.started_at))
        done = clock.steps_done | {step.label}
        breach = {"breached_at": step.at} if step.label == BREACH else {}
        clock = clock.model_copy(update={"steps_done": done, **breach})
    return steps


def laddered(ladder: Ladder, kind: ClockKind = ClockKind.RESOLUTION, **changes: object) -> Policy:
    """A policy where one clock has this ladder, and the others have none."""
    clocks = {k: rules.model_copy(update={"ladder": None}) for k, rules in the_clocks().items()}
    clocks[kind] = clocks[kind].model_copy(update={"ladder": "this"})
    return a_policy(clocks=clocks, ladders={"this": ladder}, **changes)


# --- one clock -------------------------------------------------------------------------------------------------------


def test_a_kind_that_the_policy_does_not_measure_has_no_clock() -> None:
    policy = a_policy(clocks={ClockKind.RESOLUTION: the_clocks()[ClockKind.RESOLUTION]})
    story = Story(policy)
    assert [clock.kind for clock in story.ticket.clocks] == [ClockKind.RESOLUTION]
    story.replied().customer_writes().resolved()


def test_a_clock_counts_while_it_runs_and_stands_still_while_it_is_paused() -> None:
    clock = pause(a_clock(), ALWAYS, NOON + 20 * MINUTE)
    assert clock.status is ClockStatus.PAUSED
    assert counted_at(clock, ALWAYS, NOON + DAY) == 20 * MINUTE
    assert due_at(clock, ALWAYS, HOUR) is None
    clock = resume(clock, NOON + DAY)
    assert due_at(clock, ALWAYS, HOUR) == NOON + DAY + 40 * MINUTE
    assert stop(clock, ALWAYS, NOON + DAY + MINUTE).counted == 21 * MINUTE


def test_pausing_twice_and_resuming_twice_is_pausing_and_resuming_once() -> None:
    paused = pause(a_clock(), ALWAYS, NOON + MINUTE)
    assert pause(paused, ALWAYS, NOON + HOUR) == paused
    running = resume(paused, NOON + HOUR)
    assert resume(running, NOON + DAY) == running


def test_a_clock_that_ended_is_never_rewritten() -> None:
    ended = stop(a_clock(), ALWAYS, NOON + MINUTE)
    later = NOON + DAY
    assert stop(ended, ALWAYS, later) == ended
    assert pause(ended, ALWAYS, later) == ended
    assert resume(ended, later) == ended
    assert retarget(ended, ALWAYS, priority=Priority.P1, target=MINUTE, now=later) == ended


def test_a_clock_that_ran_its_target_out_at_the_instant_it_stops_is_met() -> None:
    assert stop(a_clock(), ALWAYS, NOON + HOUR).outcome is ClockOutcome.MET


def test_a_clock_whose_tier_was_left_says_so_unless_it_was_breached() -> None:
    breached = a_clock().model_copy(update={"breached_at": NOON + HOUR})
    assert stop(a_clock(), ALWAYS, NOON + MINUTE, ending=ClockOutcome.LEFT).outcome is ClockOutcome.LEFT
    assert stop(breached, ALWAYS, NOON + 2 * HOUR, ending=ClockOutcome.LEFT).outcome is ClockOutcome.BREACHED


def test_a_clock_that_is_started_again_goes_on_where_it_stood() -> None:
    again = restart(stop(a_clock(), ALWAYS, NOON + 50 * MINUTE), NOON + DAY)
    assert (again.status, again.outcome) == (ClockStatus.RUNNING, None)
    assert due_at(again, ALWAYS, HOUR) == NOON + DAY + 10 * MINUTE


def test_a_new_target_keeps_what_has_elapsed() -> None:
    clock = retarget(a_clock(), ALWAYS, priority=Priority.P1, target=30 * MINUTE, now=NOON + 20 * MINUTE)
    assert due_at(clock, ALWAYS, clock.target) == NOON + 30 * MINUTE


def test_a_new_target_that_is_over_already_is_due_at_once() -> None:
    clock = retarget(a_clock(), ALWAYS, priority=Priority.P1, target=MINUTE, now=NOON + 20 * MINUTE)
    assert due_at(clock, ALWAYS, clock.target) == NOON + 20 * MINUTE


def test_a_paused_clock_stays_paused_with_its_new_target() -> None:
    paused = pause(a_clock(), ALWAYS, NOON + 20 * MINUTE)
    clock = retarget(paused, ALWAYS, priority=Priority.P1, target=30 * MINUTE, now=NOON + DAY)
    assert clock.status is ClockStatus.PAUSED
    assert counted_at(clock, ALWAYS, NOON + 2 * DAY) == 20 * MINUTE


def test_a_clock_counts_the_open_time_of_its_calendar() -> None:
    office = office_hours("UTC")
    evening = NOON + 5 * HOUR + 30 * MINUTE
    assert due_at(a_clock(at=evening), office, HOUR) == NOON + 20 * HOUR + 30 * MINUTE
    assert counted_at(a_clock(at=evening), office, NOON + 20 * HOUR) == 30 * MINUTE


# --- ladders ---------------------------------------------------------------------------------------------------------


def test_each_step_comes_once_and_the_breach_before_the_rung_at_100() -> None:
    policy = laddered(a_ladder(rung(50, Action.TELL_OWNER), rung(100, Action.TELL_LEAD), rung(150, Action.TELL_LEAD)))
    assert steps_of(policy, a_clock(policy)) == [
        ("0", 30 * MINUTE),
        (BREACH, HOUR),
        ("1", HOUR),
        ("2", 90 * MINUTE),
    ]


def test_a_step_is_repeated_so_often_and_no_more() -> None:
    policy = laddered(a_ladder(rung(50, Action.TELL_OWNER, every=20 * MINUTE, times=3), rung(75, Action.TELL_CHANNEL)))
    assert steps_of(policy, a_clock(policy)) == [
        ("0", 30 * MINUTE),
        ("1", 45 * MINUTE),
        ("0.1", 50 * MINUTE),
        (BREACH, HOUR),
        ("0.2", 70 * MINUTE),
        ("0.3", 90 * MINUTE),
    ]


def test_repeats_are_apart_on_the_clocks_own_calendar() -> None:
    calendar = Calendar(weekly=Week(mon=("12:00-13:30",)))
    clocks = the_clocks()
    clocks[ClockKind.RESOLUTION] = clocks[ClockKind.RESOLUTION].model_copy(
        update={"calendar": "mondays", "ladder": "this"}
    )
    policy = a_policy(
        clocks=clocks,
        calendars={"mondays": calendar},
        ladders={
            **a_policy().ladders,
            "this": a_ladder(rung(100, Action.TELL_LEAD, every=HOUR, times=1)),
        },
    )
    assert steps_of(policy, a_clock(policy))[-1] == ("0.1", 7 * DAY + 30 * MINUTE)


def test_two_rungs_at_one_percentage_come_in_their_written_order() -> None:
    policy = laddered(a_ladder(rung(50, Action.TELL_OWNER), rung(50, Action.TELL_LEAD)))
    assert [label for label, _ in steps_of(policy, a_clock(policy))] == ["0", "1", BREACH]


# --- the clocks of a ticket --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lateness", [timedelta(0), INSTANT, 11 * MINUTE, 3 * DAY])
def test_a_breach_is_where_it_belongs_however_late_the_code_runs(lateness: timedelta) -> None:
    story = Story(without_ladders())
    story.jumps(HOUR + lateness).hears(TimePassed())
    assert story.clock(ClockKind.FIRST_RESPONSE).breached_at == NOON + HOUR
    assert story.clock(ClockKind.HANDOFF).breached_at == NOON + 30 * MINUTE


def test_an_answer_at_the_very_instant_is_in_time() -> None:
    story = Story(without_ladders()).jumps(HOUR).replied()
    first = story.clock(ClockKind.FIRST_RESPONSE)
    assert (first.outcome, first.breached_at) == (ClockOutcome.MET, None)
    assert story.ticket.first_response_at == NOON + HOUR


def test_an_answer_an_instant_later_is_too_late_though_no_timer_ran() -> None:
    story = Story(without_ladders()).jumps(HOUR + INSTANT).replied()
    first = story.clock(ClockKind.FIRST_RESPONSE)
    assert (first.outcome, first.breached_at) == (ClockOutcome.BREACHED, NOON + HOUR)


def test_nothing_is_breached_an_instant_before() -> None:
    story = Story(without_ladders()).passes(HOUR - INSTANT)
    assert story.clock(ClockKind.FIRST_RESPONSE).breached_at is None


def test_a_breach_that_somebody_answered_is_not_breached_again() -> None:
    story = Story().passes(HOUR).replied().passes(3 * DAY)
    breaches = [line for line in story.timeline if "first response clock is breached" in line]
    assert len(breaches) == 1


def test_clocks_pause_for_whom_the_policy_says() -> None:
    story = Story(without_ladders()).passes(10 * MINUTE).replied()
    assert story.clock(ClockKind.RESOLUTION).status is ClockStatus.PAUSED
    assert story.clock(ClockKind.TIER_WORK).status is ClockStatus.PAUSED
    story.passes(DAY).customer_writes()
    resolution = story.clock(ClockKind.RESOLUTION)
    assert resolution.status is ClockStatus.RUNNING
    assert resolution.counted == 10 * MINUTE


def test_a_clock_that_starts_while_the_ticket_waits_starts_paused() -> None:
    clocks = the_clocks()
    clocks[ClockKind.TIER_WORK] = clocks[ClockKind.TIER_WORK].model_copy(
        update={"pauses": frozenset(WaitingOn) - {WaitingOn.TIER}}
    )
    story = Story(without_ladders(clocks=clocks)).escalated(Tier.L4)
    assert story.clock(ClockKind.RESOLUTION).status is ClockStatus.RUNNING
    assert story.clock(ClockKind.TIER_WORK).outcome is ClockOutcome.MET


def test_a_new_priority_gives_running_clocks_new_targets_and_ended_ones_none() -> None:
    story = Story(without_ladders()).passes(HOUR).replied(awaits_customer=False).passes(HOUR)
    story.does(LENA, SetPriority(priority=Priority.P1))
    resolution, first = story.clock(ClockKind.RESOLUTION), story.clock(ClockKind.FIRST_RESPONSE)
    assert (resolution.target, resolution.counted, resolution.priority) == (4 * HOUR, 2 * HOUR, Priority.P1)
    assert (first.target, first.priority) == (HOUR, Priority.P3)
    story.passes(2 * HOUR)
    assert story.clock(ClockKind.RESOLUTION).breached_at == NOON + 4 * HOUR


def test_a_new_priority_that_is_over_already_is_breached_at_the_change_and_not_before() -> None:
    story = Story(without_ladders()).passes(20 * HOUR).does(LENA, SetPriority(priority=Priority.P1)).passes(MINUTE)
    assert story.clock(ClockKind.RESOLUTION).breached_at == NOON + 20 * HOUR


def test_a_clock_that_was_breached_stays_breached_with_a_wider_target() -> None:
    story = Story(without_ladders()).does(LENA, SetPriority(priority=Priority.P1)).passes(5 * HOUR)
    story.does(LENA, SetPriority(priority=Priority.P4)).resolved()
    assert story.clock(ClockKind.RESOLUTION).outcome is ClockOutcome.BREACHED


def test_steps_that_were_done_are_not_done_again_after_a_new_priority() -> None:
    story = Story().accepted().passes(37 * HOUR)
    warned = len([line for line in story.thread if "resolution clock is at 75 %" in line])
    story.does(LENA, SetPriority(priority=Priority.P1)).passes(HOUR)
    assert warned == 1
    assert len([line for line in story.thread if "resolution clock is at 75 %" in line]) == 1


def test_a_tier_that_is_left_before_anybody_took_the_ticket() -> None:
    story = Story(without_ladders()).passes(10 * MINUTE).escalated(Tier.L2)
    first, second = story.clocks(ClockKind.HANDOFF)
    assert (first.outcome, first.stint) == (ClockOutcome.LEFT, 0)
    assert (second.status, second.stint, second.started_at) == (ClockStatus.RUNNING, 1, NOON + 10 * MINUTE)
    assert story.clocks(ClockKind.TIER_WORK)[0].outcome is ClockOutcome.MET


def test_a_ticket_that_was_solved_before_anybody_took_it_did_not_meet_its_handoff() -> None:
    story = Story(without_ladders()).linked().passes(MINUTE).issue_is(IssueCategory.DONE)
    assert story.clock(ClockKind.HANDOFF).outcome is ClockOutcome.LEFT
    assert story.clock(ClockKind.RESOLUTION).outcome is ClockOutcome.MET


def test_the_resolution_clock_of_a_reopened_ticket_runs_on() -> None:
    story = Story(without_ladders()).passes(47 * HOUR).resolved(ADA).passes(DAY).customer_writes()
    resolution = story.clock(ClockKind.RESOLUTION)
    assert (resolution.status, resolution.counted) == (ClockStatus.RUNNING, 47 * HOUR)
    story.passes(2 * HOUR)
    assert story.clock(ClockKind.RESOLUTION).breached_at == NOON + 47 * HOUR + DAY + HOUR
    assert len(story.clocks(ClockKind.RESOLUTION)) == 1


def test_a_reopened_clock_that_was_breached_is_breached_still_and_once() -> None:
    story = Story(without_ladders()).passes(50 * HOUR).resolved().passes(HOUR).customer_writes().passes(HOUR).resolved()
    resolution = story.clock(ClockKind.RESOLUTION)
    assert (resolution.outcome, resolution.breached_at) == (ClockOutcome.BREACHED, NOON + 48 * HOUR)
    assert len([line for line in story.timeline if "resolution clock is breached" in line]) == 1


def test_every_clock_pins_the_policy_it_started_under() -> None:
    story = Story().escalated(Tier.L2)
    assert {clock.policy_version for clock in story.ticket.clocks} == {"7"}


def test_clock_ids_tell_kinds_and_stints_apart() -> None:
    story = Story().accepted(SAM).escalated(Tier.L2).escalated(Tier.L3)
    ids = [clock.id for clock in story.ticket.clocks]
    assert len(set(ids)) == len(ids)
    assert "handoff/3" in ids

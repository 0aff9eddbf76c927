"""The timeline as of a past instant: entries, owners and clocks as they stood then."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import clock_past, turn
from domain.messages import Note, SetPriority, TimePassed, Wait
from domain.policy import ClockKind
from domain.tiers import Owner, Priority, Tier, WaitingOn
from domain.timeline import ClockThen, TicketTimeline, UntoldTimeline, WhyUntold, timeline_of
from domain.views import view_of
from tests.domain.building import (
    DAY,
    HOUR,
    INSTANT,
    LENA,
    MINUTE,
    NOON,
    SAM,
    SECOND,
    Story,
    office_hours,
    without_ladders,
)


def then(story: Story, at: datetime) -> TicketTimeline:
    """The timeline as of an instant that can be told."""
    told = timeline_of(story.ticket, story.now, at)
    assert isinstance(told, TicketTimeline)
    return told


def untold(story: Story, at: datetime) -> UntoldTimeline:
    """Why it cannot be told."""
    told = timeline_of(story.ticket, story.now, at)
    assert isinstance(told, UntoldTimeline)
    return told


def clock_then(story: Story, kind: ClockKind, at: datetime) -> ClockThen:
    """The latest clock of a kind as of an instant."""
    return [clock for clock in then(story, at).clocks if clock.kind is kind][-1]


def test_a_clock_is_told_as_it_stood_before_it_paused() -> None:
    story = Story(without_ladders()).accepted().passes(HOUR)
    story.does(SAM, Wait(on=WaitingOn.CUSTOMER)).passes(DAY).does(SAM, Wait(on=WaitingOn.TIER)).passes(HOUR)
    running = clock_then(story, ClockKind.RESOLUTION, NOON + 30 * MINUTE)
    paused = clock_then(story, ClockKind.RESOLUTION, NOON + 5 * HOUR)
    again = clock_then(story, ClockKind.RESOLUTION, story.now)
    assert (running.status, running.counted_s, running.due_at) == ("running", 1800, NOON + 2 * DAY)
    assert (paused.status, paused.counted_s, paused.due_at) == ("paused", 3600, None)
    assert (again.status, again.counted_s, again.due_at) == ("running", 7200, NOON + 3 * DAY)


def test_a_change_counts_from_its_very_instant() -> None:
    story = Story(without_ladders()).passes(HOUR).does(LENA, SetPriority(priority=Priority.P1)).passes(HOUR)
    before = clock_then(story, ClockKind.RESOLUTION, NOON + HOUR - INSTANT)
    after = clock_then(story, ClockKind.RESOLUTION, NOON + HOUR)
    assert (before.priority, before.target_s, before.due_at) == (Priority.P3, 2 * 86_400, NOON + 2 * DAY)
    assert (after.priority, after.target_s, after.due_at) == (Priority.P1, 4 * 3600, NOON + 4 * HOUR)


def test_a_breach_is_not_known_before_it_happens() -> None:
    story = Story(without_ladders()).passes(2 * HOUR).replied().passes(HOUR)
    early = clock_then(story, ClockKind.FIRST_RESPONSE, NOON + 59 * MINUTE)
    late = clock_then(story, ClockKind.FIRST_RESPONSE, NOON + 90 * MINUTE)
    over = clock_then(story, ClockKind.FIRST_RESPONSE, story.now)
    assert (early.breached_at, early.status, early.outcome) == (None, "running", None)
    assert (late.breached_at, late.status, late.outcome) == (NOON + HOUR, "running", None)
    assert (over.breached_at, over.status, over.outcome) == (NOON + HOUR, "stopped", "breached")


def test_what_began_later_is_not_told() -> None:
    story = Story(without_ladders()).passes(HOUR).escalated(Tier.L2).passes(HOUR)
    told = then(story, NOON + 20 * MINUTE)
    assert (told.tier, told.owner) == (Tier.L1, Owner.L1)
    opened, clocks = [entry.text for entry in told.entries]
    assert opened == "Opened in L1 Frontline: Card payment fails"
    assert clocks.startswith("Clocks: acceptance in L1 starts, 30m, due 2026-11-16 12:30:00 UTC; ")
    assert {clock.stint for clock in told.clocks} == {0, None}
    assert [(span.owner, span.until) for span in told.spans] == [(Owner.L1, NOON + 20 * MINUTE)]
    assert then(story, story.now).tier is Tier.L2


def test_the_opening_itself_can_be_told() -> None:
    story = Story(without_ladders()).passes(HOUR).escalated(Tier.L2).passes(HOUR)
    told = then(story, NOON)
    assert (told.tier, told.owner, told.spans, told.spans_from) == (Tier.L1, Owner.L1, (), NOON)
    assert {clock.counted_s for clock in told.clocks} == {0}


def test_an_instant_before_the_opening_is_refused() -> None:
    answer = untold(Story().passes(HOUR), NOON - SECOND)
    assert (answer.why, answer.text) == (
        WhyUntold.BEFORE_OPENING,
        "T-1042 was opened at 2026-11-16T12:00:00+00:00: ask for an instant from then on",
    )


def test_an_instant_in_the_future_is_refused() -> None:
    assert untold(Story().passes(HOUR), NOON + HOUR + INSTANT).why is WhyUntold.IN_THE_FUTURE


def test_an_askers_clock_that_runs_behind_reads_the_opening() -> None:
    told = timeline_of(Story().ticket, NOON - MINUTE)
    assert isinstance(told, TicketTimeline)
    assert told.as_of == NOON


def test_what_a_long_ticket_no_longer_carries_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn, "LONGEST_TIMELINE", 3)
    story = Story(without_ladders())
    for number in range(4):
        story.passes(HOUR).does(SAM, Note(text=f"note {number}"))
    assert untold(story, NOON + HOUR).why is WhyUntold.NOT_CARRIED
    assert [entry.text for entry in then(story, NOON + 2 * HOUR).entries] == ["note 1"]


def test_a_clock_that_changed_too_often_forgets_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_past, "MOST_PAST", 2)
    story = Story(without_ladders()).accepted()
    for on in (WaitingOn.CUSTOMER, WaitingOn.TIER) * 2:
        story.passes(HOUR).does(SAM, Wait(on=on))
    assert untold(story, NOON + 2 * HOUR).why is WhyUntold.NOT_CARRIED
    assert clock_then(story, ClockKind.RESOLUTION, NOON + 3 * HOUR).counted_s == 2 * 3600


_STEPS = st.lists(
    st.tuples(
        st.one_of(
            st.sampled_from(WaitingOn), st.sampled_from(Priority), st.sampled_from(["reply", "resolve", "customer"])
        ),
        st.timedeltas(SECOND, 3 * DAY),
    ),
    max_size=10,
)


@given(_STEPS)
def test_the_past_is_told_as_it_was_told_then(steps: list[tuple[object, timedelta]]) -> None:
    """Whatever happens later, the clocks of an instant stay what the view of that instant showed."""
    clocks = without_ladders(calendars={"office": office_hours()}).clocks
    office = {kind: rules.model_copy(update={"calendar": "office"}) for kind, rules in clocks.items()}
    story = Story(without_ladders(clocks=office, calendars={"office": office_hours()})).accepted()
    last = {}
    for what, length in steps:
        _happens(story, what)
        story.passes(length)
        story.hears(TimePassed())
        last[story.now] = view_of(story.ticket, story.now)
        # What happens next happens later: at one instant only its end is told.
        story.passes(SECOND)
    for at, view in last.items():
        told = {clock.id: clock.model_dump() for clock in then(story, at).clocks}
        assert told == {c.id: {name: getattr(c, name) for name in ClockThen.model_fields} for c in view.clocks}


def _happens(story: Story, what: object) -> None:
    ticket = story.ticket
    if ticket.closed_at is not None:
        return
    if what == "customer":
        story.customer_writes()
    elif ticket.settled_at is not None:
        return
    elif isinstance(what, WaitingOn) and what is not ticket.waiting_on:
        story.does(SAM, Wait(on=what))
    elif isinstance(what, Priority) and what is not ticket.priority:
        story.does(LENA, SetPriority(priority=what))
    elif what == "reply":
        story.replied()
    elif what == "resolve":
        story.resolved()

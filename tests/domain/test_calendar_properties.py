"""What holds for every calendar, tried on a thousand of them: random spans, zones, holidays, and instants around changes of time."""

import functools
import os
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.calendar import Calendar, Week
from tests.domain.building import DAY, HOUR, INSTANT, MINUTE
from tests.domain.minute_walk import MinuteWalk

pytestmark = [pytest.mark.timeout(600), pytest.mark.long]

_THOROUGH = settings(
    max_examples=5_000 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 1_000,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
_ZONES = (
    "UTC",
    "Europe/Brussels",
    "America/New_York",
    "America/St_Johns",  # half an hour off
    "America/Santiago",  # changes its time at midnight
    "Asia/Beirut",  # at midnight as well
    "Asia/Kathmandu",
    "Australia/Lord_Howe",  # changes by half an hour
    "Pacific/Apia",
    "Africa/Casablanca",  # changes for Ramadan
)
_FIRST, _LAST = datetime(2025, 1, 1, tzinfo=UTC), datetime(2027, 12, 31, tzinfo=UTC)


@functools.cache
def changes_of_time(zone: str) -> list[datetime]:
    """The days from 2025 to 2027 within which the zone changes its time."""
    days = [_FIRST + number * DAY for number in range((_LAST - _FIRST) // DAY)]
    local = ZoneInfo(zone)
    return [day for day in days if day.astimezone(local).utcoffset() != (day + DAY).astimezone(local).utcoffset()]


_TIMES = st.integers(0, 24 * 12 - 1).map(lambda step: f"{step // 12:02}:{step % 12 * 5:02}")
_ENDS = _TIMES | st.just("24:00")
_SPAN = st.tuples(_TIMES, _ENDS).filter(lambda ends: ends[0] != ends[1]).map("-".join)
_USUAL_SPANS = st.sampled_from(
    [(), ("08:00-12:00", "13:00-17:30"), ("22:00-06:00",), ("00:00-24:00",), ("00:00-02:30", "02:30-03:00")]
)
_SPANS = _USUAL_SPANS | st.lists(_SPAN, max_size=4).map(tuple)
_WEEKS = st.builds(Week, mon=_SPANS, tue=_SPANS, wed=_SPANS, thu=_SPANS, fri=_SPANS, sat=_SPANS, sun=_SPANS).filter(
    lambda week: any(week.model_dump().values())
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Calendar, datetime]:
    """A calendar with holidays, and an instant at any microsecond; every other one is near a change of time."""
    zone = draw(st.sampled_from(_ZONES))
    changes = changes_of_time(zone)
    near_a_change: bool = draw(st.booleans()) and bool(changes)
    if near_a_change:
        start = draw(st.sampled_from(changes)) + draw(st.timedeltas(-2 * DAY, 2 * DAY))
    else:
        start = draw(st.datetimes(datetime(2025, 1, 5), datetime(2027, 12, 20), timezones=st.just(UTC)))
    near = st.integers(-3, 5).map(lambda days: (start + days * DAY).date())
    holidays = draw(st.lists(near | st.dates(date(2025, 1, 1), date(2027, 12, 31)), max_size=4, unique=True))
    return Calendar(zone=zone, weekly=draw(_WEEKS), holidays=tuple(holidays)), start


_LENGTHS = st.timedeltas(INSTANT, 60 * HOUR)


@_THOROUGH
@given(cases(), _LENGTHS)
def test_due_and_elapsed_are_exact_inverses(case: tuple[Calendar, datetime], length: timedelta) -> None:
    calendar, start = case
    due = calendar.due(start, length)
    assert calendar.elapsed(start, due) == length
    assert calendar.elapsed(start, due - INSTANT) == length - INSTANT, "it is the first such instant, and counts there"


@_THOROUGH
@given(cases(), st.timedeltas(timedelta(0), 10 * DAY))
def test_elapsed_and_due_are_exact_inverses(case: tuple[Calendar, datetime], later: timedelta) -> None:
    calendar, start = case
    counted = calendar.elapsed(start, start + later)
    due = calendar.due(start, counted)
    assert due <= start + later
    assert calendar.elapsed(due, start + later) == timedelta(0), "nothing is open between the two"


@_THOROUGH
@given(cases(), st.timedeltas(timedelta(0), 10 * DAY), st.timedeltas(timedelta(0), 10 * DAY))
def test_elapsed_adds_up_and_never_runs_backwards(
    case: tuple[Calendar, datetime], one: timedelta, other: timedelta
) -> None:
    calendar, start = case
    middle, end = start + one, start + one + other
    assert calendar.elapsed(start, end) == calendar.elapsed(start, middle) + calendar.elapsed(middle, end)
    assert timedelta(0) <= calendar.elapsed(start, middle) <= one
    assert calendar.elapsed(end, start) == timedelta(0)


@_THOROUGH
@given(cases(), st.lists(_LENGTHS, min_size=2, max_size=3))
def test_due_adds_up_and_more_is_due_later(case: tuple[Calendar, datetime], parts: list[timedelta]) -> None:
    calendar, start = case
    at = start
    for part in parts:
        following = calendar.due(at, part)
        assert following > at
        at = following
    assert at == calendar.due(start, sum(parts, timedelta(0)))


@_THOROUGH
@given(cases(), st.integers(1, 2 * 24 * 60), st.data())
def test_a_walk_from_minute_to_minute_counts_the_same(
    case: tuple[Calendar, datetime], minutes: int, data: st.DataObject
) -> None:
    calendar, start = case
    start = start.replace(second=0, microsecond=0)
    end = start + minutes * MINUTE
    weekly = {day: getattr(calendar.weekly, day) for day in Week.model_fields}
    walk = MinuteWalk(calendar.zone, weekly, set(calendar.holidays), start, end)
    counted = walk.elapsed()
    assert calendar.elapsed(start, end) == counted
    if counted:
        amount = data.draw(st.integers(1, counted // MINUTE)) * MINUTE
        assert calendar.due(start, amount) == walk.due(amount)


@given(cases(), _LENGTHS)
def test_holidays_before_the_start_change_nothing(case: tuple[Calendar, datetime], length: timedelta) -> None:
    calendar, start = case
    # A night shift that began on the day before may still run.
    kept = calendar.holidays_from((start - 2 * DAY).date())
    assert kept.due(start, length) == calendar.due(start, length)

"""Calendars: when a clock counts, and when it has counted enough."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.calendar import ALWAYS, Calendar, Week
from tests.domain.building import DAY, HOUR, INSTANT, MINUTE, office_hours

BRUSSELS = ZoneInfo("Europe/Brussels")


def brussels(month: int, day: int, hour: int = 0, minute: int = 0, *, fold: int = 0) -> datetime:
    """A time on the wall in Brussels in 2026."""
    return datetime(2026, month, day, hour, minute, tzinfo=BRUSSELS, fold=fold)


def every_day(*spans: str) -> Week:
    return Week(mon=spans, tue=spans, wed=spans, thu=spans, fri=spans, sat=spans, sun=spans)


# --- spans -----------------------------------------------------------------------------------------------------------


def test_lunch_is_not_counted() -> None:
    calendar = Calendar(weekly=Week(mon=("08:00-12:00", "13:00-17:00")))
    monday = datetime(2026, 11, 16, tzinfo=UTC)
    assert calendar.elapsed(monday, monday + DAY) == 8 * HOUR
    assert calendar.elapsed(monday + 11 * HOUR, monday + 14 * HOUR) == 2 * HOUR
    assert calendar.due(monday + 11 * HOUR, 90 * MINUTE) == monday + 13 * HOUR + 30 * MINUTE


def test_what_is_full_when_lunch_begins_is_due_then_and_not_after_it() -> None:
    calendar = Calendar(weekly=Week(mon=("08:00-12:00", "13:00-17:00")))
    monday = datetime(2026, 11, 16, tzinfo=UTC)
    assert calendar.due(monday, 4 * HOUR) == monday + 12 * HOUR


def test_nothing_counts_from_friday_evening_to_monday_morning() -> None:
    calendar = office_hours()
    assert calendar.due(brussels(11, 20, 17, 30), HOUR) == brussels(11, 23, 8, 30)
    assert not calendar.is_open(brussels(11, 21, 12))
    assert calendar.is_open(brussels(11, 23, 8))
    assert not calendar.is_open(brussels(11, 23, 18))


def test_a_night_shift_runs_over_midnight_into_a_day_without_spans() -> None:
    calendar = Calendar(weekly=Week(fri=("22:00-06:00",)))
    friday = datetime(2026, 11, 20, tzinfo=UTC)
    assert calendar.elapsed(friday, friday + 3 * DAY) == 8 * HOUR
    assert calendar.is_open(friday + DAY + 5 * HOUR)
    assert calendar.due(friday + DAY + 5 * HOUR, 2 * HOUR) == friday + 7 * DAY + 23 * HOUR


def test_a_week_of_whole_days_loses_no_minute_at_midnight() -> None:
    calendar = Calendar(zone="Europe/Brussels", weekly=every_day("00:00-24:00"))
    start = brussels(1, 1)
    assert calendar.elapsed(start, brussels(12, 31)) == ALWAYS.elapsed(start, brussels(12, 31))


def test_spans_that_overlap_are_counted_once() -> None:
    calendar = Calendar(weekly=Week(mon=("08:00-12:00", "10:00-14:00", "09:00-11:00"), sun=("20:00-09:00",)))
    monday = datetime(2026, 11, 16, tzinfo=UTC)
    assert calendar.elapsed(monday, monday + DAY) == 14 * HOUR


# --- changes of time -------------------------------------------------------------------------------------------------


def test_opening_hours_stay_on_the_wall_over_a_change_of_time() -> None:
    calendar = Calendar(zone="Europe/Brussels", weekly=every_day("08:00-10:00"))
    assert calendar.due(brussels(3, 28, 9), 2 * HOUR) == brussels(3, 29, 9)
    assert calendar.due(brussels(3, 28, 9), 2 * HOUR) == datetime(2026, 3, 29, 7, tzinfo=UTC)
    assert calendar.due(brussels(10, 24, 9), 2 * HOUR) == datetime(2026, 10, 25, 8, tzinfo=UTC)


def test_the_night_that_loses_an_hour_counts_an_hour_less() -> None:
    calendar = Calendar(zone="Europe/Brussels", weekly=Week(sat=("22:00-06:00",)))
    assert calendar.elapsed(brussels(3, 28), brussels(3, 30)) == 7 * HOUR


def test_the_night_that_gains_an_hour_counts_an_hour_more() -> None:
    calendar = Calendar(zone="Europe/Brussels", weekly=Week(sat=("22:00-06:00",)))
    assert calendar.elapsed(brussels(10, 24), brussels(10, 26)) == 9 * HOUR


def test_around_the_clock_a_day_of_23_hours_has_23_hours() -> None:
    """Between two instants of one zone Python subtracts what the wall shows."""
    assert ALWAYS.elapsed(brussels(3, 28, 12), brussels(3, 29, 12)) == 23 * HOUR
    assert ALWAYS.elapsed(brussels(10, 24, 12), brussels(10, 25, 12)) == 25 * HOUR
    assert ALWAYS.elapsed(brussels(10, 25, 2, 30), brussels(10, 25, 2, 30, fold=1)) == HOUR


def test_a_time_that_is_skipped_is_read_with_the_offset_before_it() -> None:
    """RFC 5545, section 3.3.5: 02:30 is the instant half an hour after 02:00, when the wall shows 03:30."""
    calendar = Calendar(zone="Europe/Brussels", weekly=Week(sun=("02:30-10:00",)))
    assert calendar.due(brussels(3, 29), INSTANT) == brussels(3, 29, 3, 30).astimezone(UTC) + INSTANT


def test_of_a_time_that_comes_twice_the_first_is_meant() -> None:
    calendar = Calendar(zone="Europe/Brussels", weekly=Week(sun=("02:30-04:00",)))
    assert calendar.elapsed(brussels(10, 25), brussels(10, 26)) == 2 * HOUR + 30 * MINUTE


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", "Africa/Casablanca"])
def test_hours_are_local_to_the_zone(zone: str) -> None:
    calendar = Calendar(zone=zone, weekly=every_day("09:00-17:00"))
    opens = datetime(2026, 7, 7, 9, tzinfo=ZoneInfo(zone))
    assert calendar.due(opens - 5 * HOUR, HOUR) == opens + HOUR


# --- holidays --------------------------------------------------------------------------------------------------------


def test_a_holiday_is_closed() -> None:
    calendar = office_hours(holidays=(date(2026, 12, 25),))
    assert calendar.due(brussels(12, 24, 17), 2 * HOUR) == brussels(12, 28, 9)


def test_a_shift_belongs_to_the_day_on_which_it_begins() -> None:
    calendar = Calendar(weekly=every_day("22:00-06:00"), holidays=(date(2026, 12, 25),))
    christmas = datetime(2026, 12, 25, tzinfo=UTC)
    assert calendar.is_open(christmas + 5 * HOUR)
    assert not calendar.is_open(christmas + 23 * HOUR)
    assert not calendar.is_open(christmas + DAY + 5 * HOUR)


# --- what is refused -------------------------------------------------------------------------------------------------


def test_a_calendar_that_never_opens_is_refused() -> None:
    with pytest.raises(ValidationError, match="never open"):
        Calendar()


@pytest.mark.parametrize("contradiction", [{"weekly": {"mon": ("08:00-10:00",)}}, {"holidays": ("2026-12-25",)}])
def test_around_the_clock_with_hours_or_holidays_is_refused(contradiction: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="always_open leaves no room"):
        Calendar.model_validate({"always_open": True} | contradiction)


@pytest.mark.parametrize(
    "span", ["8:00-12:00", "08:00-08:00", "08:00-24:30", "25:00-26:00", "08:00", "24:00-24:00", ""]
)
def test_a_span_that_is_none_is_refused(span: str) -> None:
    with pytest.raises(ValidationError, match=r"span|a day ends"):
        Calendar.model_validate({"weekly": {"mon": [span]}})


def test_a_zone_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError, match="IANA time zone"):
        Calendar(zone="Europe/Atlantis", always_open=True)


def test_more_time_than_a_calendar_has_is_refused() -> None:
    calendar = Calendar(weekly=Week(mon=("08:00-08:01",)))
    with pytest.raises(ValueError, match="too little open time"):
        calendar.due(datetime(2026, 1, 1, tzinfo=UTC), 100 * HOUR)


# --- properties ------------------------------------------------------------------------------------------------------

_TIMES = st.integers(0, 24 * 12 - 1).map(lambda step: f"{step // 12:02}:{step % 12 * 5:02}")
_SPANS = st.lists(
    st.tuples(_TIMES, _TIMES).filter(lambda ends: ends[0] != ends[1]).map(lambda ends: f"{ends[0]}-{ends[1]}"),
    max_size=3,
).map(tuple)
_CALENDARS = st.builds(
    Calendar,
    zone=st.sampled_from(["UTC", "Europe/Brussels", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
    weekly=st.builds(Week, mon=_SPANS, tue=_SPANS, wed=_SPANS, thu=_SPANS, fri=_SPANS, sat=_SPANS, sun=_SPANS).filter(
        lambda week: any(week.model_dump().values())
    ),
    holidays=st.lists(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=5).map(tuple),
) | st.just(ALWAYS)
_INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))
_LENGTHS = st.timedeltas(INSTANT, timedelta(hours=60))


@given(_CALENDARS, _INSTANTS, _LENGTHS)
def test_due_is_the_first_instant_at_which_the_length_has_elapsed(
    calendar: Calendar, start: datetime, length: timedelta
) -> None:
    due = calendar.due(start, length)
    assert calendar.elapsed(start, due) == length
    assert calendar.elapsed(start, due - INSTANT) < length


@given(_CALENDARS, st.lists(_INSTANTS, min_size=3, max_size=3).map(sorted))
def test_elapsed_adds_up_and_never_runs_backwards(calendar: Calendar, instants: list[datetime]) -> None:
    first, second, third = instants
    assert calendar.elapsed(first, third) == calendar.elapsed(first, second) + calendar.elapsed(second, third)
    assert timedelta(0) <= calendar.elapsed(first, second) <= second - first
    assert calendar.elapsed(third, first) == timedelta(0)


@given(_CALENDARS, _INSTANTS, _LENGTHS, _LENGTHS)
def test_more_is_due_later(calendar: Calendar, start: datetime, one: timedelta, other: timedelta) -> None:
    assert (calendar.due(start, one) < calendar.due(start, other)) == (one < other)


@given(_CALENDARS, _INSTANTS, st.lists(_LENGTHS, min_size=2, max_size=4))
def test_due_in_parts_is_due_as_a_whole(calendar: Calendar, start: datetime, parts: list[timedelta]) -> None:
    at = start
    for part in parts:
        at = calendar.due(at, part)
    assert at == calendar.due(start, sum(parts, timedelta(0)))


@given(_CALENDARS, _INSTANTS)
def test_the_zone_of_an_instant_changes_nothing(calendar: Calendar, start: datetime) -> None:
    abroad = start.astimezone(ZoneInfo("America/New_York"))
    assert calendar.due(abroad, HOUR) == calendar.due(start, HOUR)
    assert calendar.elapsed(abroad, abroad + 9 * HOUR) == calendar.elapsed(start, (abroad + 9 * HOUR).astimezone(UTC))


@given(_CALENDARS)
def test_a_week_holds_no_more_than_it_says(calendar: Calendar) -> None:
    start = datetime(2027, 6, 7, tzinfo=UTC)  # no holiday of the examples, no change of time
    weeks = [start + week * 7 * DAY for week in range(4)]
    counted = [calendar.elapsed(begin, end) for begin, end in pairwise(weeks)]
    assert max(counted) <= calendar.open_in_a_week()


def test_a_calendar_made_from_another_counts_by_its_own_hours() -> None:
    office = Calendar(weekly={"mon": ["09:00-17:00"]})
    monday = datetime(2026, 11, 16, 9, tzinfo=UTC)
    assert office.due(monday, HOUR) == monday + HOUR
    moved = office.model_copy(update={"weekly": Week(mon=("12:00-17:00",))})
    assert moved.due(monday, HOUR) == monday + 4 * HOUR


def test_spans_that_run_over_new_year_are_counted_once() -> None:
    nights = Calendar(weekly=every_day("22:00-06:00", "00:00-02:00"))
    eve = datetime(2026, 12, 31, 12, tzinfo=UTC)
    assert nights.elapsed(eve, eve + DAY) == 8 * HOUR
    assert nights.due(eve, 3 * HOUR) == datetime(2027, 1, 1, 1, tzinfo=UTC)

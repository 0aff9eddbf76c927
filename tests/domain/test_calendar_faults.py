"""Faults that other help desks had with calendars; each is a test by its name."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from domain.calendar import ALWAYS, Calendar, Week
from domain.intents import Notice
from domain.policy import Action, ClockKind, ClockRules
from tests.domain.building import (
    DAY,
    HOUR,
    LENA,
    MINUTE,
    Story,
    a_ladder,
    a_policy,
    office_hours,
    rung,
    targets,
    the_clocks,
)

BRUSSELS = ZoneInfo("Europe/Brussels")
FRIDAY_16 = datetime(2026, 11, 20, 16, tzinfo=BRUSSELS)
SATURDAY_NOON = datetime(2026, 11, 21, 12, tzinfo=BRUSSELS)
MONDAY_8 = datetime(2026, 11, 23, 8, tzinfo=BRUSSELS)


def every_day(*spans: str) -> Week:
    return Week(mon=spans, tue=spans, wed=spans, thu=spans, fri=spans, sat=spans, sun=spans)


# --- zammad ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("calendar", [ALWAYS, Calendar(weekly=every_day("00:00-24:00"))], ids=["always", "each day"])
def test_zammad_3180_around_the_clock_loses_no_minute_at_midnight(calendar: Calendar) -> None:
    evening = datetime(2026, 11, 20, 23, 50, tzinfo=UTC)
    assert calendar.due(evening, 20 * MINUTE) == evening + 20 * MINUTE
    assert calendar.elapsed(evening, evening + 30 * DAY) == 30 * DAY
    assert calendar.is_open(datetime(2026, 11, 20, 23, 59, 59, 999_999, tzinfo=UTC))
    assert calendar.is_open(datetime(2026, 11, 21, tzinfo=UTC))


def test_zammad_3180_a_day_that_ends_a_minute_early_is_refused() -> None:
    with pytest.raises(ValidationError, match="a day ends at 24:00"):
        Calendar.model_validate({"weekly": {"mon": ["00:00-23:59"]}})


def reminders(opened_at: datetime) -> list[datetime]:
    """When the lead of a ticket that nobody answers is reminded: every 40 minutes of office hours, to the nearest ten minutes."""
    clocks = {
        ClockKind.FIRST_RESPONSE: ClockRules(targets=targets(2 * HOUR), calendar="office", ladder="remind"),
    }
    policy = a_policy(
        calendars={"office": office_hours()},
        clocks=clocks,
        ladders={"remind": a_ladder(rung(100, Action.TELL_LEAD, every=40 * MINUTE, times=30))},
    )
    story = Story(policy, at=opened_at)
    told: list[datetime] = []
    while story.now < opened_at + 5 * DAY:
        story.passes(10 * MINUTE)
        mentioned = [notice for notice in story.all(Notice) if notice.mention == LENA.id]
        told += [story.now] * (len(mentioned) - len(told))
    return told


def test_zammad_4432_nobody_is_reminded_at_midnight_or_at_the_weekend() -> None:
    told = reminders(FRIDAY_16)
    assert len(told) == 31
    local = [at.astimezone(BRUSSELS) for at in told]
    assert all(at.weekday() < 5 and time(8) <= at.time() <= time(18) for at in local), local
    assert any((later - earlier) > 2 * DAY for earlier, later in pairwise(told)), "it goes on after the weekend"


def test_zammad_2157_a_reminder_that_the_night_interrupts_goes_on_where_it_stopped() -> None:
    """Not at two o'clock in the night: with what was left of its interval, on the next morning."""
    office = office_hours()
    assert office.due(datetime(2026, 11, 19, 17, 50, tzinfo=BRUSSELS), 40 * MINUTE) == datetime(
        2026, 11, 20, 8, 30, tzinfo=BRUSSELS
    )
    assert office.due(datetime(2026, 11, 20, 17, 50, tzinfo=BRUSSELS), 40 * MINUTE) == datetime(
        2026, 11, 23, 8, 30, tzinfo=BRUSSELS
    )


# --- osTicket --------------------------------------------------------------------------------------------------------


def test_osticket_1168_weekends_are_not_counted() -> None:
    office = office_hours()
    assert office.due(FRIDAY_16, 4 * HOUR) == MONDAY_8 + 2 * HOUR
    assert office.due(SATURDAY_NOON, 4 * HOUR) == MONDAY_8 + 4 * HOUR
    assert office.elapsed(FRIDAY_16 + 2 * HOUR, MONDAY_8) == timedelta(0)


def test_osticket_1168_a_ticket_of_the_weekend_is_not_overdue_on_monday() -> None:
    clocks = {**the_clocks(), ClockKind.FIRST_RESPONSE: ClockRules(targets=targets(8 * HOUR), calendar="office")}
    story = Story(a_policy(calendars={"office": office_hours()}, clocks=clocks), at=SATURDAY_NOON)
    story.passes(MONDAY_8 - SATURDAY_NOON)
    assert story.clock(ClockKind.FIRST_RESPONSE).breached_at is None
    story.passes(8 * HOUR)
    breached_at = story.clock(ClockKind.FIRST_RESPONSE).breached_at
    assert breached_at == MONDAY_8 + 8 * HOUR


# --- chatwoot --------------------------------------------------------------------------------------------------------


def test_chatwoot_14009_lunch_breaks_are_not_counted() -> None:
    calendar = Calendar(zone="Europe/Brussels", weekly=every_day("08:00-12:00", "13:00-17:30"))
    eleven = datetime(2026, 11, 20, 11, tzinfo=BRUSSELS)
    assert calendar.due(eleven, 2 * HOUR) == eleven + 3 * HOUR
    assert calendar.elapsed(eleven, eleven + 2 * HOUR) == HOUR
    assert not calendar.is_open(eleven + 90 * MINUTE)


# --- Frappe Helpdesk -------------------------------------------------------------------------------------------------


def test_frappe_a_holiday_is_compared_by_its_date_and_not_by_a_name() -> None:
    """Its code compared a row of the holiday list with a date, which is never equal."""
    calendar = office_hours(holidays=(date(2026, 11, 23),))
    assert not calendar.is_open(MONDAY_8 + HOUR)
    assert calendar.due(FRIDAY_16, 4 * HOUR) == MONDAY_8 + DAY + 2 * HOUR


def test_frappe_a_holiday_is_a_day_of_the_calendars_own_zone() -> None:
    auckland = ZoneInfo("Pacific/Auckland")
    calendar = Calendar(zone="Pacific/Auckland", weekly=every_day("00:00-24:00"), holidays=(date(2026, 11, 23),))
    closed = datetime(2026, 11, 23, tzinfo=auckland)
    assert closed.astimezone(UTC).date() == date(2026, 11, 22)
    assert calendar.elapsed(closed - DAY, closed + 2 * DAY) == 2 * DAY
    assert not calendar.is_open(closed)
    assert calendar.is_open(closed + DAY)


def test_frappe_a_day_has_any_number_of_windows() -> None:
    spans = ("00:00-01:00", "06:00-07:30", "09:00-12:00", "13:00-17:00", "20:00-02:00")
    calendar = Calendar(weekly=Week(wed=spans))
    wednesday = datetime(2026, 11, 18, tzinfo=UTC)
    assert calendar.elapsed(wednesday, wednesday + 2 * DAY) == 15 * HOUR + 30 * MINUTE
    assert calendar.due(wednesday, 10 * HOUR) == wednesday + 20 * HOUR + 30 * MINUTE


def test_frappe_hours_are_told_in_a_time_zone() -> None:
    tokyo, lisbon = (Calendar(zone=zone, weekly=every_day("09:00-17:00")) for zone in ("Asia/Tokyo", "Europe/Lisbon"))
    midnight = datetime(2026, 11, 20, tzinfo=UTC)
    assert tokyo.due(midnight, HOUR) == midnight + HOUR
    assert lisbon.due(midnight, HOUR) == midnight + 10 * HOUR


def test_frappe_a_calendar_on_which_no_day_is_open_ends_no_search() -> None:
    """It looked for the next working day for ever. Here such a calendar is refused, and a search has an end."""
    with pytest.raises(ValidationError, match="never open"):
        Calendar(zone="Europe/Brussels")
    every_monday = tuple(date(2026, 1, 5) + week * 7 * DAY for week in range(52 * 40))
    calendar = Calendar(weekly=Week(mon=("08:00-12:00",)), holidays=every_monday)
    assert not calendar.opens_in(2026)
    with pytest.raises(ValueError, match="too little open time"):
        calendar.due(datetime(2026, 1, 1, tzinfo=UTC), MINUTE)

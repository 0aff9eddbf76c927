"""Scenarios: a calendar takes its holidays from a country, an iCalendar file and own dates, or its editor is told what is wrong."""

import json
import textwrap
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest

from config.holidays import FIRST_YEAR, YEARS_AHEAD, holiday_years
from config.policy import PolicyError, load_policy, policy_schema
from domain.calendar import Calendar
from domain.policy import Policy
from telemetry.converter import data_converter
from tests.domain.building import an_opening
from workflows.ticket import TicketStart

YEARS = range(2010, 2033)
POLICY = """\
name: Least
version: "1"
tiers:
  L1: {name: Frontline, channel: C1}
clocks:
  handoff:
    targets: {P1: 15m, P2: 30m, P3: 2h, P4: 4h}
    calendar: office
calendars:
  office:
    zone: Europe/Brussels
    weekly: {mon: [08:00-12:00, 13:00-17:30], tue: [08:00-17:00], wed: [08:00-17:00], thu: [08:00-17:00], fri: [08:00-17:00]}
    holidays: HOLIDAYS
quiet_time: 3d
"""
HOLIDAYS_LINE = 13


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the lead edits; the working directory is around it, so that messages begin with its bare name."""
    monkeypatch.chdir(tmp_path)
    return Path("team.yaml")


def loaded(file: Path, holidays: str, years: range = YEARS) -> Policy:
    file.write_text(POLICY.replace("HOLIDAYS", holidays), encoding="utf-8")
    return load_policy(file, years=years)


def closed_on(file: Path, holidays: str, years: range = YEARS) -> tuple[date, ...]:
    return loaded(file, holidays, years).calendars["office"].holidays


def told(file: Path, holidays: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        loaded(file, holidays)
    return list(caught.value.problems)


def ics(*events: str) -> str:
    """A calendar file; its first event begins on line 4."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Acme//Holidays//EN"]
    for number, event in enumerate(events):
        lines += ["BEGIN:VEVENT", f"UID:{number}@acme.example", *textwrap.dedent(event).split("\n"), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def days_of(file: Path, *events: str, years: range = YEARS) -> tuple[date, ...]:
    Path("acme.ics").write_text(ics(*events), encoding="utf-8", newline="")
    return closed_on(file, "{ical: acme.ics}", years)


# --- where holidays come from ----------------------------------------------------------------------------------------


def test_a_country_closes_the_calendar_on_its_public_holidays(file: Path) -> None:
    days = closed_on(file, "{country: BE}")
    assert {date(2012, 7, 21), date(2026, 7, 21), date(2032, 12, 25), date(2027, 3, 29)} <= set(days)
    assert date(2026, 7, 20) not in days
    assert (days[0], days[-1].year) == (date(2010, 1, 1), 2032)
    assert list(days) == sorted(set(days))


def test_a_subdivision_adds_its_own(file: Path) -> None:
    epiphany = date(2026, 1, 6)
    assert epiphany not in closed_on(file, "{country: DE}")
    assert epiphany in closed_on(file, "{country: DE, subdivision: BY}")


def test_country_file_and_own_dates_add_up(file: Path) -> None:
    Path("acme.ics").write_text(ics("DTSTART;VALUE=DATE:20261224"), encoding="utf-8")
    days = closed_on(file, "{country: BE, ical: acme.ics, dates: [2026-12-31, 2009-01-02]}")
    assert {date(2026, 12, 24), date(2026, 12, 25), date(2026, 12, 31), date(2009, 1, 2)} <= set(days)


def test_own_dates_alone_may_be_a_list(file: Path) -> None:
    assert closed_on(file, "[2026-12-24]") == closed_on(file, "{dates: [2026-12-24]}") == (date(2026, 12, 24),)


def test_only_the_years_that_are_asked_for_are_worked_out(file: Path) -> None:
    assert {day.year for day in closed_on(file, "{country: BE}", range(2011, 2013))} == {2011, 2012}


def test_by_default_the_years_reach_from_the_past_into_the_years_ahead(file: Path) -> None:
    today = datetime.now(UTC).date()
    file.write_text(POLICY.replace("HOLIDAYS", "{country: BE}"))
    years = {day.year for day in load_policy(file).calendars["office"].holidays}
    assert years == set(holiday_years(today))
    assert (min(years), max(years)) == (FIRST_YEAR, today.year + YEARS_AHEAD)


# --- iCalendar files -------------------------------------------------------------------------------------------------


def test_a_path_is_relative_to_the_policy_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("team").mkdir()
    Path("team/acme.ics").write_text(ics("DTSTART;VALUE=DATE:20261224"))
    assert closed_on(Path("team/team.yaml"), "{ical: acme.ics}") == (date(2026, 12, 24),)


@pytest.mark.parametrize(
    ("event", "days"),
    [
        pytest.param("DTSTART;VALUE=DATE:20261224", [date(2026, 12, 24)], id="one day without an end"),
        pytest.param(
            "DTSTART;VALUE=DATE:20261230\nDTEND;VALUE=DATE:20270102",
            [date(2026, 12, 30), date(2026, 12, 31), date(2027, 1, 1)],
            id="several days, the end not among them",
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20261230\nDURATION:P2D", [date(2026, 12, 30), date(2026, 12, 31)], id="a duration"
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20240703\nRRULE:FREQ=YEARLY;COUNT=3",
            [date(year, 7, 3) for year in (2024, 2025, 2026)],
            id="each year, three times",
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20241231\nDTEND;VALUE=DATE:20250102\nRRULE:FREQ=YEARLY;UNTIL=20251231",
            [date(2024, 12, 31), date(2025, 1, 1), date(2025, 12, 31), date(2026, 1, 1)],
            id="each year, over New Year",
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20240101\nRRULE:FREQ=YEARLY;UNTIL=20270101\nEXDATE;VALUE=DATE:20260101",
            [date(2024, 1, 1), date(2025, 1, 1), date(2027, 1, 1)],
            id="each year but one",
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20251127\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=2",
            [date(2025, 11, 27), date(2026, 11, 26)],
            id="the fourth Thursday of November",
        ),
        pytest.param(
            "DTSTART;TZID=Europe/Brussels:20261224T000000\nDTEND;TZID=Europe/Brussels:20261226T000000",
            [date(2026, 12, 24), date(2026, 12, 25)],
            id="from midnight to midnight",
        ),
        pytest.param("DTSTART;VALUE=DATE:20261224\nTRANSP:TRANSPARENT", [date(2026, 12, 24)], id="marked as free time"),
        pytest.param(
            "DTSTART;VALUE=DATE:20261224\nSUMMARY:A long\n  name", [date(2026, 12, 24)], id="a line that is folded"
        ),
    ],
)
def test_an_event_closes_its_days(file: Path, event: str, days: list[date]) -> None:
    assert list(days_of(file, event)) == days


def test_an_event_without_end_recurs_through_all_years(file: Path) -> None:
    days = days_of(file, "DTSTART;VALUE=DATE:20120703\nRRULE:FREQ=YEARLY")
    assert days == tuple(date(year, 7, 3) for year in range(2012, 2033))


def test_an_event_that_was_called_off_closes_nothing(file: Path) -> None:
    days = days_of(file, "DTSTART;VALUE=DATE:20261224\nSTATUS:CANCELLED", "DTSTART;VALUE=DATE:20261231")
    assert days == (date(2026, 12, 31),)


def test_one_time_of_a_recurring_event_may_be_moved(file: Path) -> None:
    days = days_of(
        file,
        "DTSTART;VALUE=DATE:20250703\nRRULE:FREQ=YEARLY;COUNT=2",
        "DTSTART;VALUE=DATE:20260706\nRECURRENCE-ID;VALUE=DATE:20260703",
    )
    assert set(days) >= {date(2025, 7, 3), date(2026, 7, 6)}


@pytest.mark.parametrize(
    ("event", "line", "said"),
    [
        pytest.param("DTSTART;VALUE=DATE:20261301", 6, "DTSTART: Wrong date format 20261301", id="no such day"),
        pytest.param("SUMMARY:x\nDTSTART;VALUE=DATE:20261224\nRRULE:FREQ=YEERLY", 8, "RRULE:", id="no such rhythm"),
        pytest.param("SUMMARY:never", 4, "DTSTART: missing", id="no beginning"),
        pytest.param(
            "DTSTART:20261224T090000Z\nDTEND:20261224T170000Z", 6, "DTSTART: an event of whole days", id="hours"
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261220", 7, "DTEND: before DTSTART", id="backwards"
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=MINUTELY", 7, "RRULE: whole days recur YEARLY", id="minutes"
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:20261224\nRRULE:FREQ=YEARLY;INTERVAL=0", 7, "RRULE: INTERVAL", id="interval 0"
        ),
        pytest.param(
            "DTSTART;VALUE=DATE:99991231\nDURATION:P30D", 7, "DURATION: the event must end before", id="no end"
        ),
        pytest.param("DTSTART;VALUE=DATE:20261224\nno colon here", 7, "not a line of an iCalendar file", id="garbage"),
        pytest.param("DTSTART;VALUE=DATE:20261224\nEND:VTODO", 7, "END:VTODO without its BEGIN:VTODO", id="wrong end"),
        pytest.param(
            "DTSTART;VALUE=DATE:20261224\nBEGIN:VALARM", 8, "END:VEVENT without its BEGIN:VEVENT", id="open alarm"
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_told_with_both_lines(file: Path, event: str, line: int, said: str) -> None:
    Path("acme.ics").write_text(ics(event), encoding="utf-8", newline="")
    (problem,) = told(file, "\n      country: BE\n      ical: acme.ics")
    assert problem.startswith(f"team.yaml:15: calendars.office.holidays.ical: acme.ics:{line}: {said}")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"hello", "acme.ics:1: no iCalendar file: it begins with BEGIN:VCALENDAR"),
        (b"", "acme.ics:1: no iCalendar file: it begins with BEGIN:VCALENDAR"),
        (b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", "acme.ics:1: BEGIN:VCALENDAR has no END:VCALENDAR"),
        (b"\xff\xfe\x00", "acme.ics: not readable: iCalendar files are text in UTF-8"),
        (b"BEGIN:VCALENDAR\n" * 100_000, "acme.ics: larger than 1 MB"),
        (None, "acme.ics: there is no such file beside the policy"),
    ],
    ids=["words", "empty", "cut off", "not UTF-8", "very large", "missing"],
)
def test_what_is_no_calendar_file_is_told(file: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        Path("acme.ics").write_bytes(content)
    assert told(file, "{ical: acme.ics}") == [f"team.yaml:{HOLIDAYS_LINE}: calendars.office.holidays.ical: {said}"]


# --- what is wrong in the policy -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("holidays", "said"),
    [
        (
            "{country: Belgum}",
            "country: no country 'Belgum' is known; did you mean BE (Belgium)? write its ISO 3166 code",
        ),
        ("{country: be}", "country: no country 'be' is known; did you mean BE (Belgium)? write its ISO 3166 code"),
        ("{country: Qqqqq}", "country: no country 'Qqqqq' is known; write its ISO 3166 code"),
        (
            "{country: DE, subdivision: by}",
            "subdivision: DE has no subdivision 'by'; did you mean BY? allowed: BB, BE,",
        ),
        ("{subdivision: BY}", "subdivision: a subdivision needs its `country`"),
        ("{contry: BE}", "contry: no such field; did you mean country? allowed: country, subdivision, dates, ical"),
        ("{dates: [2026-13-01]}", "dates[0]: must be a date such as 2026-12-25"),
        ("{ical: [a, b]}", "ical: must be text"),
        ("{ical: ''}", "ical: must not be empty"),
        ("{}", "give a `country`, an `ical` file or `dates`"),
    ],
)
def test_what_is_wrong_is_told_with_line_and_field(file: Path, holidays: str, said: str) -> None:
    field = "calendars.office.holidays"
    (problem,) = told(file, holidays)
    assert problem.startswith(f"team.yaml:{HOLIDAYS_LINE}: {field}{': ' if said.startswith('give') else '.'}{said}")


def test_the_rest_of_the_policy_is_checked_as_well(file: Path) -> None:
    file.write_text(POLICY.replace("HOLIDAYS", "{country: Belgum}").replace("quiet_time: 3d", "quiet_time: soon"))
    with pytest.raises(PolicyError) as caught:
        load_policy(file)
    assert [problem.split(": ")[1] for problem in caught.value.problems] == [
        "calendars.office.holidays.country",
        "quiet_time",
    ]


def test_around_the_clock_with_a_countrys_holidays_is_refused(file: Path) -> None:
    file.write_text(POLICY.replace("HOLIDAYS", "{country: BE}").replace("weekly:", "always_open: true\n    weekly:"))
    with pytest.raises(PolicyError, match="always_open leaves no room"):
        load_policy(file)


def test_holidays_that_leave_nothing_open_are_refused(file: Path) -> None:
    """Frappe Helpdesk looks for the next working day in an endless loop when there is none."""
    Path("acme.ics").write_text(ics("DTSTART;VALUE=DATE:20281220\nRRULE:FREQ=DAILY"))
    assert told(file, "{ical: acme.ics}") == [
        f"team.yaml:{HOLIDAYS_LINE}: calendars.office.holidays: they leave no open time in 2029"
    ]


def test_the_calendar_of_one_priority_has_to_hold_its_target_as_well(file: Path) -> None:
    rare = "  rare:\n    weekly: {mon: [08:00-08:01]}\nquiet_time"
    text = POLICY.replace("HOLIDAYS", "[]").replace("quiet_time", rare).replace("P2: 30m", "P2: 20h")
    file.write_text(text.replace("    calendar: office", "    calendar: office\n    calendars: {P2: rare}"))
    with pytest.raises(PolicyError, match=r"clocks\.handoff: the calendar 'rare' is not open that long in ten years"):
        load_policy(file)


# --- what a ticket keeps ---------------------------------------------------------------------------------------------


def test_the_schema_takes_dates_and_rules() -> None:
    schema = json.loads(policy_schema())
    validator = jsonschema.Draft202012Validator({"$defs": schema["$defs"], "$ref": "#/$defs/Calendar"})
    open_on_monday = {"weekly": {"mon": ["08:00-12:00"]}}
    for good in (["2026-12-25"], {"country": "BE", "dates": ["2026-12-25"]}):
        validator.validate(open_on_monday | {"holidays": good})
    for wrong in ("BE", {"contry": "BE"}, {"dates": "2026-12-25"}):
        with pytest.raises(jsonschema.ValidationError):
            validator.validate(open_on_monday | {"holidays": wrong})


def test_a_ticket_keeps_the_holidays_from_the_year_before_it_opened(file: Path) -> None:
    policy = loaded(file, "{country: BE}", holiday_years(date(2026, 11, 22)))
    opened = datetime(2026, 11, 22, 9, tzinfo=UTC)
    kept = policy.pinned(opened).calendars["office"]
    assert {day.year for day in kept.holidays} == set(range(2025, 2033))
    whole = policy.calendars["office"]
    for hours in (1, 40, 4_000):
        assert kept.due(opened, timedelta(hours=hours)) == whole.due(opened, timedelta(hours=hours))


async def test_what_a_ticket_starts_with_stays_small(file: Path) -> None:
    policy = loaded(file, "{country: BE}", holiday_years(date(2026, 11, 22)))

    async def size(pinned: Policy) -> int:
        (payload,) = await data_converter.encode([TicketStart(opening=an_opening(), policy=pinned)])
        return len(payload.data)

    whole, trimmed = await size(policy), await size(policy.pinned(datetime(2026, 11, 22, tzinfo=UTC)))
    assert trimmed < 5_000
    assert whole - trimmed > 3_000


def test_a_calendar_without_early_holidays_stays_itself() -> None:
    office = Calendar.model_validate({"weekly": {"mon": ["08:00-12:00"]}, "holidays": ["2026-12-25"]})
    assert office.holidays_from(date(2026, 12, 25)) is office
    assert office.holidays_from(date(2026, 12, 26)).holidays == ()

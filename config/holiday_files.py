"""Reads the days on which a calendar is closed from an iCalendar file (RFC 5545): all-day events, once or recurring.

Events that are marked as free time count as well (public calendars of holidays mark all of theirs so); cancelled ones do not.
"""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import icalendar
import recurring_ical_events  # type: ignore[import-untyped]

from config.errors import PolicyError

_LARGEST_FILE = 1_000_000
_MOST_EVENTS = 5_000
_DAY = timedelta(days=1)
_FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY")
_CONTENT_LINE = re.compile(r'[A-Za-z0-9\-]+(;[^:"]+(=("[^"]*"|[^":]*))?)*:.*', re.DOTALL)


def days_in_file(file: Path, years: range) -> frozenset[date]:
    """The days in these years on which the file has an event.

    Raises:
        PolicyError: it cannot be read, or an event is none of whole days; each problem names the file and the line.
    """
    lines = _Lines(file.name, _read(file))
    calendar = _calendar(lines)
    events = list(zip(calendar.walk("VEVENT"), lines.events, strict=True))
    if len(events) > _MOST_EVENTS:
        raise PolicyError([f"{file.name}: more than {_MOST_EVENTS} events"])
    problems = [problem for event, place in events for problem in _problems(event, place)]
    if problems:
        raise PolicyError(f"{file.name}:{line}: {text}" for line, text in problems)
    first, last = date(years[0], 1, 1), date(years[-1], 12, 31)
    try:
        return frozenset(_days(calendar, first, last))
    except (ValueError, ArithmeticError) as error:
        raise PolicyError([f"{file.name}:{_unusable(events, first, last)}: not usable: {_brief(error)}"]) from None


@dataclasses.dataclass(frozen=True)
class _Place:
    """Where an event is written: the line of its beginning, and of each property by name."""

    line: int
    properties: dict[str, int]

    def of(self, name: str | None) -> int:
        return self.properties.get(name or "", self.line)


class _Lines:
    """A file's content lines (unfolded, RFC 5545, 3.1) and the places of its events.

    Raises:
        PolicyError: a line is none, or a BEGIN and its END do not match.
    """

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.events: list[_Place] = []
        self._open: list[tuple[str, int]] = []
        self.content: list[tuple[int, str]] = []
        for number, line in enumerate(text.splitlines(), start=1):
            if line[:1] in {" ", "\t"} and self.content:
                first, before = self.content[-1]
                self.content[-1] = (first, before + line[1:])
            elif line.strip():
                self.content.append((number, line))
        if not self.content or self.content[0][1].strip().upper() != "BEGIN:VCALENDAR":
            raise PolicyError([f"{file}:1: no iCalendar file: it begins with BEGIN:VCALENDAR"])
        for number, line in self.content:
            self._take(number, line)
        if self._open:
            name, began = self._open[-1]
            raise PolicyError([f"{file}:{began}: BEGIN:{name} has no END:{name}"])

    def _take(self, number: int, line: str) -> None:
        if not _CONTENT_LINE.fullmatch(line):
            raise PolicyError([f"{self.file}:{number}: not a line of an iCalendar file (NAME:value)"])
        name = re.split("[;:]", line, maxsplit=1)[0].upper()
        value = line.partition(":")[2].strip().upper()
        if name == "BEGIN":
            self._open.append((value, number))
            if value == "VEVENT":
                self.events.append(_Place(number, {}))
        elif name == "END":
            if not self._open or self._open[-1][0] != value:
                raise PolicyError([f"{self.file}:{number}: END:{value} without its BEGIN:{value}"])
            self._open.pop()
        elif self._open and self._open[-1][0] == "VEVENT":
            self.events[-1].properties.setdefault(name, number)


def _read(file: Path) -> str:
    try:
        if file.stat().st_size > _LARGEST_FILE:
            raise PolicyError([f"{file.name}: larger than 1 MB"])
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise PolicyError([f"{file.name}: there is no such file beside the policy"]) from None
    except UnicodeDecodeError:
        raise PolicyError([f"{file.name}: not readable: iCalendar files are text in UTF-8"]) from None
    except OSError as error:
        raise PolicyError([f"{file.name}: cannot be read: {error.strerror}"]) from None


def _calendar(lines: _Lines) -> icalendar.Calendar:
    try:
        parsed = icalendar.Calendar.from_ical("\r\n".join(line for _, line in lines.content) + "\r\n")
    except ValueError as error:
        raise PolicyError([f"{lines.file}:1: not readable as iCalendar: {_brief(error)}"]) from None
    assert isinstance(parsed, icalendar.Calendar)  # one calendar is asked for
    return parsed


def _problems(event: icalendar.Component, place: _Place) -> Iterator[tuple[int, str]]:
    for name, said in event.errors:
        yield place.of(name), f"{name or 'VEVENT'}: {_brief(said)}"
    if event.errors:
        return
    try:
        start, end = _first_occurrence(event)
    except OverflowError:
        yield place.of("DURATION"), "DURATION: the event must end before the year 10000"
        return
    if start is None:
        yield place.line, "DTSTART: missing; an event has to begin"
    elif not _whole_days(start, end):
        yield (
            place.of("DTSTART"),
            "DTSTART: an event of whole days closes a calendar: write DTSTART;VALUE=DATE:20261225",
        )
    elif end is not None and end < start:
        yield place.of("DTEND"), "DTEND: before DTSTART"
    for rule in _rules(event):
        if rule.get("FREQ", [""])[0] not in _FREQUENCIES:
            yield place.of("RRULE"), f"RRULE: whole days recur {', '.join(_FREQUENCIES)}"
        elif rule.get("INTERVAL", [1])[0] < 1:
            yield place.of("RRULE"), "RRULE: INTERVAL must be at least 1"


def _first_occurrence(event: icalendar.Component) -> tuple[date | None, date | None]:
    """Begin and (exclusive) end, as dates or datetimes."""
    start = _value(event, "DTSTART")
    if start is None:
        return None, None
    if "DTEND" in event:
        return start, _value(event, "DTEND")
    return start, start + _value(event, "DURATION") if "DURATION" in event else None


def _value(event: icalendar.Component, name: str) -> Any:
    """A property of time as Python's date, datetime or timedelta; None where it is missing."""
    found: Any = event.get(name)
    return None if found is None else found.dt


def _whole_days(start: date, end: date | None) -> bool:
    """Whether it is written with dates, or (as Outlook does) from midnight to midnight."""
    if not isinstance(start, datetime):
        return not isinstance(end, datetime)
    return (
        isinstance(end, datetime)
        and start.tzinfo == end.tzinfo
        and start.time() == end.time() == time(0)
        and end != start
    )


def _rules(event: icalendar.Component) -> list[Mapping[str, Any]]:
    rules: Any = event.get("RRULE", [])
    return rules if isinstance(rules, list) else [rules]


def _days(calendar: icalendar.Component, first: date, last: date) -> Iterator[date]:
    for occurrence in recurring_ical_events.of(calendar).between(first, last + _DAY):
        if str(occurrence.get("STATUS", "")).upper() == "CANCELLED":
            continue
        day, end = _date(_value(occurrence, "DTSTART")), _date(_value(occurrence, "DTEND"))
        yield from (
            closed for closed in (day + n * _DAY for n in range(max((end - day).days, 1))) if first <= closed <= last
        )


def _date(at: date) -> date:
    return at.date() if isinstance(at, datetime) else at


def _unusable(events: list[tuple[icalendar.Component, _Place]], first: date, last: date) -> int:
    """The line of the first event that cannot be used by itself; of the file's beginning when each of them can."""
    for event, place in events:
        alone = icalendar.Calendar()
        alone.add_component(event)
        try:
            list(_days(alone, first, last))
        except (ValueError, ArithmeticError):
            return place.of("RRULE")
    return 1


def _brief(error: object) -> str:
    return " ".join(str(error).split())[:160]

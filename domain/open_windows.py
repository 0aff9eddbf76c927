"""The open windows of a calendar, year by year, with running totals: a due time is looked up, not walked to.

Instants are whole microseconds since 1970 in UTC, so that sums are exact. A year's windows are worked out once for each calendar and
shared by all tickets; within a year the place is found by bisection, so that a target of 4,000 hours costs what one of 8 hours does.
"""

import functools
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY_MINUTES = 24 * 60
LONGEST_SEARCH_YEARS = 30
"""How far ahead a due time is looked for."""

Minutes = tuple[int, int]
"""A span of a day in minutes after local midnight; an end before the start runs into the next day."""


@dataclass(frozen=True, eq=False)
class Hours:
    """What makes two calendars the same: zone, spans by weekday (Monday first), and the days on which no span begins.

    Ask ``hours`` for one: there is one for all equal calendars, so that its windows are worked out once.
    """

    zone: str
    weekly: tuple[tuple[Minutes, ...], ...]
    holidays: frozenset[date]
    years: "dict[int, _Year]" = field(default_factory=dict, repr=False)
    """The years that were asked for so far."""


@functools.lru_cache(maxsize=512)
def hours(zone: str, weekly: tuple[tuple[Minutes, ...], ...], holidays: frozenset[date]) -> Hours:
    """The hours that all calendars with these rules share."""
    return Hours(zone, weekly, holidays)


@dataclass(frozen=True)
class _Year:
    """The open windows of one year of UTC. ``totals[i]`` is the open time before window ``i``, with the year's whole as its last."""

    opens: Sequence[int]
    closes: Sequence[int]
    totals: Sequence[int]

    def open_before(self, instant: int) -> int:
        """The open time of this year before an instant."""
        index = bisect_right(self.opens, instant) - 1
        if index < 0:
            return 0
        return self.totals[index] + min(instant, self.closes[index]) - self.opens[index]

    def reaches(self, total: int) -> int:
        """The first instant at which this year's open time is ``total`` (above zero, at most the year's whole)."""
        index = bisect_left(self.totals, total) - 1
        return self.opens[index] + total - self.totals[index]


def elapsed(hours: Hours, start: datetime, end: datetime) -> timedelta:
    """The open time between two instants; zero when ``end`` is not after ``start``."""
    first, last = _to_microseconds(start), _to_microseconds(end)
    if last <= first:
        return timedelta(0)
    first_year, last_year = _year_of(start), _year_of(end)
    total = _year(hours, last_year).open_before(last) - _year(hours, first_year).open_before(first)
    for year in range(first_year, last_year):
        total += _year(hours, year).totals[-1]
    return timedelta(microseconds=total)


def due(hours: Hours, start: datetime, amount: timedelta) -> datetime | None:
    """The first instant at which ``amount`` (above zero) of open time has passed, or None when it lies too far ahead."""
    year = _year_of(start)
    total = _year(hours, year).open_before(_to_microseconds(start)) + amount // _MICROSECOND
    for candidate in range(year, year + LONGEST_SEARCH_YEARS + 1):
        windows = _year(hours, candidate)
        if total <= windows.totals[-1]:
            return _EPOCH + timedelta(microseconds=windows.reaches(total))
        total -= windows.totals[-1]
    return None


def opens_in(hours: Hours, year: int) -> bool:
    """Whether any window is open in that year of UTC."""
    return _year(hours, year).totals[-1] > 0


def windows(hours: Hours, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Each open window between two instants, cut to them; windows that meet at the turn of a year are one."""
    first, last = _to_microseconds(start), _to_microseconds(end)
    pending: tuple[int, int] | None = None
    for year in range(_year_of(start), _year_of(end) + 1):
        known = _year(hours, year)
        index = max(0, bisect_right(known.opens, first) - 1)
        while index < len(known.opens) and known.opens[index] < last:
            opens, closes = max(known.opens[index], first), min(known.closes[index], last)
            index += 1
            if closes <= opens:
                continue
            if pending is not None and pending[1] == opens:
                pending = pending[0], closes
                continue
            if pending is not None:
                yield _from_microseconds(pending[0]), _from_microseconds(pending[1])
            pending = opens, closes
    if pending is not None:
        yield _from_microseconds(pending[0]), _from_microseconds(pending[1])


def _from_microseconds(instant: int) -> datetime:
    return _EPOCH + timedelta(microseconds=instant)


def _to_microseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // _MICROSECOND


def _year_of(instant: datetime) -> int:
    return instant.astimezone(UTC).year


def _year(hours: Hours, year: int) -> _Year:
    known = hours.years.get(year)
    if known is None:
        known = hours.years[year] = _windows_of(hours, year)
    return known


def _windows_of(hours: Hours, year: int) -> _Year:
    start = _to_microseconds(datetime(year, 1, 1, tzinfo=UTC))
    end = _to_microseconds(datetime(year + 1, 1, 1, tzinfo=UTC))
    opens: list[int] = []
    closes: list[int] = []
    # Local days reach over the year of UTC on both sides, and a night shift by one day more.
    day, last = date(year, 1, 1) - timedelta(days=3), date(year, 12, 31) + timedelta(days=2)
    windows: list[tuple[int, int]] = []
    while day <= last:
        windows += _day_windows(hours, day)
        day += timedelta(days=1)
    for begins, ends in sorted(windows):
        begins, ends = max(begins, start, closes[-1] if closes else start), min(ends, end)
        if ends <= begins:
            continue
        if closes and begins == closes[-1]:
            # Spans that touch or overlap are one window.
            closes[-1] = ends
        else:
            opens.append(begins)
            closes.append(ends)
    totals = [0]
    for begins, ends in zip(opens, closes, strict=True):
        totals.append(totals[-1] + ends - begins)
    return _Year(opens, closes, totals)


def _day_windows(hours: Hours, day: date) -> list[tuple[int, int]]:
    if day in hours.holidays:
        return []
    windows = []
    for start, end in hours.weekly[day.weekday()]:
        opens = _instant(hours.zone, day, start)
        closes = _instant(hours.zone, day, end if end > start else end + _DAY_MINUTES)
        windows.append((opens, closes))
    return windows


def _instant(zone: str, day: date, minutes: int) -> int:
    # RFC 5545, 3.3.5: a time that a change of time skips is read with the offset before it; of one that comes twice, the first.
    days, minutes = divmod(minutes, _DAY_MINUTES)
    local = datetime.combine(day + timedelta(days=days), time(minutes // 60, minutes % 60), _zone(zone))
    return _to_microseconds(local)


@functools.cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)

"""Calendars: when a clock counts. ``elapsed`` and ``due`` are each other's inverse.

All instants are timezone-aware. Windows are local to the calendar's zone, so that an opening hour stays at the same
time of the day across a change to summer time; lengths are real (UTC) seconds.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, model_validator

from domain import open_windows
from domain.frozen import Frozen

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


def _check_span(text: str) -> str:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError("write a span of the day as 08:00-12:00 (24:00 ends a day)")
    start, end = _minutes(text)
    if max(start, end) > 24 * 60:
        raise ValueError("a day ends at 24:00")
    if end == 24 * 60 - 1:
        raise ValueError("a day ends at 24:00; 23:59 would leave it closed for a minute")
    if start == end:
        raise ValueError("a span must have a length; for a whole day write 00:00-24:00")
    return text


def _minutes(span: str) -> tuple[int, int]:
    start, end = span.split("-")
    return tuple(int(part[:2]) * 60 + int(part[3:]) for part in (start, end))  # type: ignore[return-value]


@functools.cache
def _zones() -> frozenset[str]:
    # A look at the disk, and each ticket that is read back brings its policy's calendars.
    return frozenset(available_timezones())


def _check_zone(name: str) -> str:
    if name not in _zones():
        raise ValueError(f"{name!r} is not an IANA time zone such as Europe/Brussels")
    return name


Span = Annotated[str, AfterValidator(_check_span), Field(examples=["08:00-12:00"])]
"""``HH:MM-HH:MM`` in local time; an end before the start runs over midnight into the next day."""


class Week(Frozen):
    """The open spans of each weekday."""

    mon: tuple[Span, ...] = ()
    tue: tuple[Span, ...] = ()
    wed: tuple[Span, ...] = ()
    thu: tuple[Span, ...] = ()
    fri: tuple[Span, ...] = ()
    sat: tuple[Span, ...] = ()
    sun: tuple[Span, ...] = ()

    def on(self, day: date) -> tuple[Span, ...]:
        """The spans that begin on this day's weekday."""
        spans: tuple[Span, ...] = getattr(self, _WEEKDAYS[day.weekday()])
        return spans


class Calendar(Frozen):
    """When a clock counts: around the clock, or in weekly windows without holidays."""

    zone: Annotated[str, AfterValidator(_check_zone)] = "UTC"
    always_open: bool = False
    weekly: Week = Week()
    holidays: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _has_open_time(self) -> Self:
        if not self.always_open and not any(getattr(self.weekly, day) for day in _WEEKDAYS):
            raise ValueError("this calendar is never open: give it weekly spans, or always_open: true")
        if self.always_open and (self.holidays or any(getattr(self.weekly, day) for day in _WEEKDAYS)):
            raise ValueError(
                "always_open leaves no room for weekly spans and holidays: take it out, or take them out "
                "(around the clock but for holidays is 00:00-24:00 on each day)"
            )
        return self

    def open_in_a_week(self) -> timedelta:
        """How much it counts in a week without holidays; spans that overlap are counted twice."""
        if self.always_open:
            return timedelta(days=7)
        spans = [_minutes(span) for day in _WEEKDAYS for span in getattr(self.weekly, day)]
        return timedelta(minutes=sum(end - start if end > start else end + 24 * 60 - start for start, end in spans))

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """The open time between two instants; zero when ``end`` is not after ``start``."""
        # Between two instants of the same zone Python counts by the clock on the wall, an hour off over a change of time.
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        if self.always_open:
            return max(end - start, timedelta(0))
        return open_windows.elapsed(self._hours, start, end)

    def due(self, start: datetime, amount: timedelta) -> datetime:
        """The first instant at which ``amount`` of open time has passed since ``start``, in UTC.

        It costs the same for a target of 8 hours and of 4,000 hours.

        Raises:
            ValueError: the calendar does not hold that much open time in the next thirty years.
        """
        start = start.astimezone(UTC)
        if self.always_open or amount <= timedelta(0):
            return start + max(amount, timedelta(0))
        at = open_windows.due(self._hours, start, amount)
        if at is None:
            raise ValueError("this calendar has too little open time for that target")
        return at

    def is_open(self, at: datetime) -> bool:
        """Whether the clock counts at this instant."""
        return self.always_open or self.elapsed(at, at + timedelta(microseconds=1)) > timedelta(0)

    def opens_in(self, year: int) -> bool:
        """Whether it has any open time in that year (of UTC); holidays may leave none."""
        return self.always_open or open_windows.opens_in(self._hours, year)

    def holidays_from(self, day: date) -> Self:
        """Itself without the holidays before that day: what a ticket that opens later needs of it."""
        kept = tuple(holiday for holiday in self.holidays if holiday >= day)
        return self if len(kept) == len(self.holidays) else self.model_copy(update={"holidays": kept})

    def windows(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Each open time between two instants, cut to them, in UTC and in order; none touches the next."""
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        if start < end and self.always_open:
            yield start, end
        elif start < end:
            yield from open_windows.windows(self._hours, start, end)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As pydantic's, without the hours worked out for the calendar before."""
        copied = super().model_copy(update=update, deep=deep)
        copied.__dict__.pop("_hours", None)
        return copied

    @functools.cached_property
    def _hours(self) -> open_windows.Hours:
        weekly = tuple(tuple(_minutes(span) for span in getattr(self.weekly, day)) for day in _WEEKDAYS)
        return open_windows.hours(self.zone, weekly, frozenset(self.holidays))


ALWAYS = Calendar(always_open=True)

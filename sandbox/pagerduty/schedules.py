"""On-call schedules: layers of people who take turns, restrictions to hours, overrides, and who is on call at an instant.

A higher layer goes before a lower one, an override before every layer. Where no layer has anybody there is a gap, and
nobody is on call.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Literal

from sandbox.pagerduty.account import User

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Restriction:
    """Hours of the day or of the week to which a layer is kept, in UTC."""

    type: Literal["daily_restriction", "weekly_restriction"]
    start_time_of_day: time
    duration: timedelta
    start_day_of_week: int | None = None
    """1 is Monday; of a weekly restriction only."""


@dataclass(frozen=True)
class Layer:
    """People who take turns."""

    id: str
    name: str
    users: tuple[User, ...]
    start: datetime
    turn: timedelta
    """How long one of them is on call before the next one is."""
    end: datetime | None = None
    restrictions: tuple[Restriction, ...] = ()


@dataclass(frozen=True)
class Override:
    """Somebody who stands in, whatever the layers say."""

    id: str
    user: User
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Shift:
    """One unbroken time in which one person is on call."""

    user: User
    start: datetime
    end: datetime


@dataclass
class Schedule:
    """An on-call schedule."""

    id: str
    name: str
    description: str = ""
    layers: list[Layer] = field(default_factory=list)
    """The lowest first."""
    overrides: list[Override] = field(default_factory=list)

    def on_call(self, at: datetime) -> User | None:
        """Who is on call at an instant; None where there is a gap."""
        return next((shift.user for shift in self.shifts(at, at)), None)

    def shifts(self, since: datetime, until: datetime) -> list[Shift]:
        """The shifts that touch the time from ``since`` to ``until``, whole, in order."""
        # A shift is at most one turn or one override long: so far around the window nothing is cut short.
        longest = max([_WEEK, *(layer.turn for layer in self.layers), *(o.end - o.start for o in self.overrides)])
        window = since - longest, until + longest
        final: list[Shift] = []
        for layer in self.layers:
            final = _laid_over(final, layer_shifts(layer, *window))
        for override in self.overrides:
            final = _laid_over(final, [Shift(override.user, override.start, override.end)])
        return [s for s in final if (s.start <= since < s.end) or (since < s.start < until)]


def layer_shifts(layer: Layer, since: datetime, until: datetime) -> list[Shift]:
    """A layer's own shifts that touch a time, before anything is laid over them."""
    if not layer.users:
        return []
    start, end = max(since, layer.start), until if layer.end is None else min(until, layer.end)
    if start >= end:
        return []
    turn_number = (start - layer.start) // layer.turn
    found = []
    begins = layer.start + turn_number * layer.turn
    while begins < end:
        ends = begins + layer.turn if layer.end is None else min(begins + layer.turn, layer.end)
        user = layer.users[turn_number % len(layer.users)]
        found += [Shift(user, *hours) for hours in _restricted(layer.restrictions, begins, ends)]
        begins += layer.turn
        turn_number += 1
    return found


def _restricted(
    restrictions: tuple[Restriction, ...], start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """The parts of a time that the restrictions leave."""
    if not restrictions:
        yield start, end
        return
    windows = sorted(window for restriction in restrictions for window in _windows(restriction, start, end))
    for opens, closes in windows:
        if max(opens, start) < min(closes, end):
            yield max(opens, start), min(closes, end)


def _windows(restriction: Restriction, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    # The window that is open at the start may have opened as much as its length before.
    day = (start - restriction.duration).astimezone(UTC).date()
    while True:
        opens = datetime.combine(day, restriction.start_time_of_day, UTC)
        if opens >= end:
            return
        if restriction.type == "daily_restriction" or day.isoweekday() == restriction.start_day_of_week:
            yield opens, opens + restriction.duration
        day += _DAY


def _laid_over(lower: Iterable[Shift], upper: Iterable[Shift]) -> list[Shift]:
    """The upper shifts, and what of the lower ones is not under them."""
    upper = list(upper)
    left = list(lower)
    for above in upper:
        pieces = []
        for below in left:
            if below.end <= above.start or above.end <= below.start:
                pieces.append(below)
                continue
            if below.start < above.start:
                pieces.append(Shift(below.user, below.start, above.start))
            if above.end < below.end:
                pieces.append(Shift(below.user, above.end, below.end))
        left = pieces
    return sorted([*left, *upper], key=lambda shift: shift.start)

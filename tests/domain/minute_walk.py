"""An independent count of open time: it walks minute by minute and shares no code with ``domain``.

Slow and plain on purpose. It takes a calendar as words (spans as text, by weekday) and knows of the changes of time only what the
wall clock shows at each minute.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class MinuteWalk:
    """The open minutes of a calendar between two instants on whole minutes.

    A span begins at the first instant at which the wall shows its beginning, and ends at the first at which it shows its end; a time that
    the wall never shows is counted on from the last one before the change (RFC 5545, 3.3.5). A span belongs to the day on which it
    begins: a holiday closes that.
    """

    def __init__(
        self,
        zone: str,
        weekly: Mapping[str, Sequence[str]],
        holidays: Collection[date],
        start: datetime,
        end: datetime,
    ) -> None:
        self._minutes = list(_minutes(start, end))
        walls = _walls(ZoneInfo(zone), start - timedelta(days=2), end + timedelta(days=3))
        self._first_shown: dict[datetime, datetime] = {}
        for at, wall in walls:
            self._first_shown.setdefault(wall, at)
        self._open: set[datetime] = set()
        day = walls[0][1].date() + timedelta(days=1)
        while day < walls[-1][1].date() - timedelta(days=1):
            if day not in holidays:
                for span in weekly[_WEEKDAYS[day.weekday()]]:
                    self._open |= set(_minutes(*self._window(day, span)))
            day += timedelta(days=1)

    def elapsed(self) -> timedelta:
        """How much is open between start and end."""
        return sum(1 for minute in self._minutes if minute in self._open) * MINUTE

    def due(self, amount: timedelta) -> datetime | None:
        """When that much open time has passed since start; None when that is after the end."""
        left = amount
        for minute in self._minutes:
            if minute in self._open:
                left -= MINUTE
                if left <= timedelta(0):
                    return minute + MINUTE
        return None

    def _window(self, day: date, span: str) -> tuple[datetime, datetime]:
        opens, closes = (timedelta(hours=int(text[:2]), minutes=int(text[3:])) for text in span.split("-"))
        midnight = datetime(day.year, day.month, day.day)
        over_midnight = timedelta(days=1) if closes < opens else timedelta(0)
        return self._instant(midnight + opens), self._instant(midnight + over_midnight + closes)

    def _instant(self, wall: datetime) -> datetime:
        past = timedelta(0)
        while wall - past not in self._first_shown:
            past += MINUTE
        return self._first_shown[wall - past] + past


def _walls(zone: ZoneInfo, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Each minute, and what the wall shows then."""
    return [(at, at.astimezone(zone).replace(tzinfo=None, fold=0)) for at in _minutes(start, end)]


def _minutes(start: datetime, end: datetime) -> Iterator[datetime]:
    at = start.astimezone(UTC)
    while at < end:
        yield at
        at += MINUTE

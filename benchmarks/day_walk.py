"""A stand-in for how help desks compute due times: from day to day, and within a day from window to window.

It is as correct as ours (time zone, holidays, any number of windows) and written the plain way: the holidays are a list, and each day
between start and due time is looked at.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class DayWalk:
    """A calendar: opening hours by weekday as ``08:00-12:00``, none of them over midnight, and a list of holidays."""

    def __init__(self, zone: str, weekly: Mapping[str, Sequence[str]], holidays: Sequence[date]) -> None:
        self._zone = ZoneInfo(zone)
        self._weekly = {
            day: [tuple(timedelta(hours=int(t[:2]), minutes=int(t[3:])) for t in span.split("-")) for span in spans]
            for day, spans in weekly.items()
        }
        self._holidays = list(holidays)

    def due(self, start: datetime, amount: timedelta) -> datetime:
        """The first instant at which ``amount`` of open time has passed since ``start``."""
        left = amount
        day = start.astimezone(self._zone).date()
        while True:
            if day not in self._holidays:
                midnight = datetime(day.year, day.month, day.day, tzinfo=self._zone)
                for opens_at, closes_at in self._weekly.get(_WEEKDAYS[day.weekday()], []):
                    opens = max((midnight + opens_at).astimezone(UTC), start)
                    closes = (midnight + closes_at).astimezone(UTC)
                    if closes <= opens:
                        continue
                    if left <= closes - opens:
                        return opens + left
                    left -= closes - opens
            day += timedelta(days=1)

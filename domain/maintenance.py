"""Maintenance windows: times in which nobody is to be woken for what is known to be down."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, field_validator, model_validator

from domain.calendar import Calendar, Week
from domain.frozen import Frozen
from domain.instants import in_utc

_LONGEST_LOOK = timedelta(days=21)


def _check_zone(name: str) -> str:
    # The calendar knows which zones there are.
    return Calendar(zone=name, always_open=True).zone


class MaintenanceWindow(Frozen):
    """A time in which ladders page nobody and hand nothing off: between two instants, or every week.

    ``start`` and ``end`` are local to ``zone`` unless they carry an offset of their own; the end is outside.
    """

    name: Annotated[str, Field(min_length=1, max_length=80, description="What is going on, as tickets tell it.")]
    product: Annotated[str | None, Field(description="For tickets of this product; of all, if left out.")] = None
    component: Annotated[str | None, Field(description="For tickets of this component; of all, if left out.")] = None
    zone: Annotated[
        str,
        AfterValidator(_check_zone),
        Field(description="The IANA time zone of its times, such as `Europe/Brussels`."),
    ] = "UTC"
    start: Annotated[datetime | None, Field(description="When it begins: `2026-12-05 22:00`, or a day.")] = None
    end: Annotated[datetime | None, Field(description="When it is over.")] = None
    weekly: Annotated[Week | None, Field(description="Or: the spans of each weekday, every week.")] = None

    @field_validator("start", "end", mode="before")
    @classmethod
    def _is_a_time(cls, value: object) -> object:
        # A bare number would be read as seconds since 1970.
        if isinstance(value, int | float):
            raise ValueError("write a time as 2026-12-05 22:00, or a day as 2026-12-05")  # noqa: TRY004 - pydantic's
        return value

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.weekly is None) == (self.start is None) or (self.start is None) != (self.end is None):
            raise ValueError("give either `start` and `end`, or `weekly`")
        if self.weekly is not None:
            Calendar(zone=self.zone, weekly=self.weekly)
        begins, ends = self._ends()
        if begins is not None and ends is not None and ends <= begins:
            raise ValueError("`end` must be after `start`")
        return self

    def covers(self, at: datetime) -> bool:
        """Whether it is on at that instant."""
        if self.weekly is not None:
            return Calendar(zone=self.zone, weekly=self.weekly).is_open(at)
        begins, ends = self._ends()
        return begins is not None and ends is not None and begins <= at < ends

    def over_at(self, at: datetime) -> datetime | None:
        """When the time that is on at that instant is over; None where it goes on for weeks."""
        if self.weekly is None:
            return self._ends()[1]
        ends = at + _LONGEST_LOOK
        hours = Calendar(zone=self.zone, weekly=self.weekly)
        first = next(iter(hours.windows(at, ends)), None)
        return first[1] if first is not None and first[1] < ends else None

    def concerns(self, *, product: str | None, component: str | None) -> bool:
        """Whether it is for tickets of that product and component."""
        wanted = ((self.product, product), (self.component, component))
        return all(want is None or (have is not None and want.casefold() == have.casefold()) for want, have in wanted)

    def _ends(self) -> tuple[datetime | None, datetime | None]:
        return tuple(self._instant(time) for time in (self.start, self.end))  # type: ignore[return-value]

    def _instant(self, time: datetime | None) -> datetime | None:
        if time is None:
            return None
        return in_utc(time if time.tzinfo is not None else time.replace(tzinfo=ZoneInfo(self.zone)))


def clear_from(
    windows: Sequence[MaintenanceWindow], at: datetime, *, product: str | None, component: str | None
) -> datetime | None:
    """The first instant from ``at`` on at which no window is on for such a ticket; None where there is none for weeks."""
    while (window := window_at(windows, at, product=product, component=component)) is not None:
        over = window.over_at(at)
        if over is None:
            return None
        at = over
    return at


def window_at(
    windows: Iterable[MaintenanceWindow], at: datetime, *, product: str | None, component: str | None
) -> MaintenanceWindow | None:
    """The first window that is on at that instant for a ticket of that product and component, or None."""
    return next((w for w in windows if w.concerns(product=product, component=component) and w.covers(at)), None)

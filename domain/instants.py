"""Instants as people and other systems write them: with any offset, up to the ends of the calendar, kept within what can be counted with."""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]", re.ASCII)
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2999, 12, 31, tzinfo=UTC)
"""Adding ten years, or a time zone, to an instant at the ends of Python's calendar fails; these leave room on both sides."""


def in_utc(at: datetime) -> datetime:
    """The same instant in UTC; the first or last one of the calendar where its offset leads beyond that."""
    try:
        return at.astimezone(UTC)
    except OverflowError:
        return (datetime.min if at.year == datetime.min.year else datetime.max).replace(tzinfo=UTC)


def within_reach(at: datetime) -> datetime:
    """The instant in UTC, or the end of the reach that lies nearer; one without a time zone counts as UTC."""
    return min(max(in_utc(at if at.tzinfo is not None else at.replace(tzinfo=UTC)), EARLIEST), LATEST)


def _is_written_out(value: object) -> object:
    # A bare number, also one in a text, would be read as seconds since 1970.
    if isinstance(value, datetime) or (isinstance(value, str) and _DAY.match(value)):
        return value
    raise ValueError("write an instant as 2026-12-05T22:00:00+01:00, with its offset")


def is_plausible(at: datetime) -> bool:
    """Whether another system may have meant that instant."""
    return EARLIEST <= at < LATEST


Instant = Annotated[AwareDatetime, BeforeValidator(_is_written_out), AfterValidator(within_reach)]
"""An instant in UTC as a person writes it, with any offset (RFC 3339); who leaves the offset out is told."""
EventTime = Annotated[datetime, AfterValidator(within_reach)]
"""An instant in a message: a decision adds to it, takes from it and compares it without looking."""

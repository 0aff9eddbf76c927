"""Instants as other systems and people write them, within what can be counted with."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2999, 12, 31, tzinfo=UTC)
"""Adding ten years, or a time zone, to an instant at the ends of Python's calendar fails; these leave room on both sides."""


def within_reach(instant: datetime) -> datetime:
    """The instant, or the end of the reach that lies nearer; one without a time zone counts as UTC."""
    aware = instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
    return min(max(aware, EARLIEST), LATEST)


GivenTime = Annotated[AwareDatetime, AfterValidator(within_reach)]
"""An instant as a person writes it, who is told when the time zone is missing."""
EventTime = Annotated[datetime, AfterValidator(within_reach)]
"""An instant in a message: a decision adds to it, takes from it and compares it without looking."""

"""What a delivery of an issue tracker means to Tierline."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class NamedIssue:
    """An issue as a delivery names it: by the tracker's id, by its key, or by both; never by neither."""

    id: str | None = None
    key: str | None = None


@dataclass(frozen=True)
class TrackerNews:
    """The issues that are worth reading, and whether something was released.

    ``updated_at`` is the time of the change by the tracker's own clock; None where the delivery does not show it. ``alias`` is the id that
    the tracker gave to these issues, which were one under another id before. ``project`` is where the release was; None where the delivery
    does not name it as Tierline knows it.
    """

    issues: tuple[NamedIssue, ...] = ()
    updated_at: datetime | None = None
    alias: str | None = None
    released: bool = False
    project: str | None = None

"""What a delivery of an issue tracker means to Tierline."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class TrackerNews:
    """The issues that are worth reading (by their lasting ids), and whether something was released.

    ``updated_at`` is the time of the change by the tracker's own clock; None where the delivery does not show it. ``project`` is where
    the release was; None where the delivery does not name it as Tierline knows it.
    """

    issues: tuple[str, ...] = ()
    updated_at: datetime | None = None
    released: bool = False
    project: str | None = None

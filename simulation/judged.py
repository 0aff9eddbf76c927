"""A clock of the past, judged: what ``--json`` writes of it."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from domain.policy import ClockKind
from domain.tiers import Owner, Priority, Tier


class Outcome(StrEnum):
    """How a clock stands at the end of the log.

    A clock that was breached stays ``breached``, also where its ticket was cancelled or left the tier afterwards, and while it runs.
    """

    MET = "met"
    BREACHED = "breached"
    RUNNING = "running"
    LEFT = "left"
    CANCELLED = "cancelled"


class JudgedClock(NamedTuple):
    """A clock. ``tier`` is where the ticket was when it started; ``counted`` is all that it counted, also past a breach."""

    case_id: str
    clock: ClockKind
    stint: int | None
    tier: Tier
    priority: Priority
    target: timedelta
    started_at: datetime
    stopped_at: datetime | None
    counted: timedelta
    breached_at: datetime | None
    outcome: Outcome

    @property
    def key(self) -> tuple[ClockKind, int | None]:
        """Which of its case's clocks it is."""
        return self.clock, self.stint

    def as_json(self) -> dict[str, Any]:
        """Lengths in whole seconds, instants in UTC to the second."""
        return {
            "case_id": self.case_id,
            "clock": self.clock.value,
            "stint": self.stint,
            "tier": self.tier.value,
            "priority": self.priority.value,
            "target_s": whole_seconds(self.target),
            "started_at": in_utc(self.started_at),
            "stopped_at": in_utc(self.stopped_at),
            "counted_s": whole_seconds(self.counted),
            "breached_at": in_utc(self.breached_at),
            "outcome": self.outcome.value,
        }


class JudgedCase(NamedTuple):
    """A case under a policy: its clocks, what its ladders would have done, and whose time it took until ``ended_at``."""

    case_id: str
    clocks: tuple[JudgedClock, ...]
    pages: int
    hand_offs: int
    spent: dict[Owner, timedelta]
    refused: tuple[str, ...]


def whole_seconds(length: timedelta) -> int:
    """To the nearest second."""
    return round(length.total_seconds())


def in_utc(at: datetime | None) -> str | None:
    """``2010-03-31T14:59:42Z``, to the nearest second."""
    if at is None:
        return None
    nearest = at.astimezone(UTC) + timedelta(microseconds=500_000)
    return nearest.strftime("%Y-%m-%dT%H:%M:%SZ")

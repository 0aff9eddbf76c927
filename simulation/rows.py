"""What a line of an event log says, and how a line that says nothing usable is told."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from config.errors import ConfigurationError
from config.log_mapping import LogEvent
from domain.tiers import Priority, Tier


class Row(NamedTuple):
    """A line that says something of a ticket. ``tier`` and ``priority`` are None where the log does not tell them."""

    line: int
    case_id: str
    at: datetime
    event: LogEvent
    tier: Tier | None
    priority: Priority | None


class BadRow(NamedTuple):
    """A line that cannot be used, and why, in a clause."""

    line: int
    why: str


class LogError(ConfigurationError):
    """The log cannot be used; one clear line."""


class BadRows:
    """The lines that were left out: how many, and the first of them."""

    SHOWN = 10

    def __init__(self) -> None:
        self.count = 0
        self.first: list[BadRow] = []

    def add(self, row: BadRow) -> None:
        """Leave a line out."""
        self.count += 1
        if len(self.first) < self.SHOWN:
            self.first.append(row)

    def told(self, file: str) -> Iterable[str]:
        """A line for each of the first, and one for how many there are."""
        for row in self.first:
            yield f"{file}:{row.line}: left out: {row.why}"
        if self.count > len(self.first):
            yield f"{file}: {self.count:,} lines were left out in all; these are the first {len(self.first)}"

"""The capability of telling an outside watch that all is well."""

from typing import Protocol


class DeadManSwitch(Protocol):
    """Raises an alarm, on the outside, when it has not heard of us for too long. One attempt a call; raises ``integrations.errors``."""

    def ping(self) -> None:
        """Say that all is well."""
        ...

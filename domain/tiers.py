"""Tiers and priorities: who a ticket can be with, and how urgent it is."""

from enum import StrEnum


class Tier(StrEnum):
    """A support tier, from self-service to the outside vendor."""

    L0 = "L0"
    L1 = "L1"
    L2 = "L2"
    L3 = "L3"
    L4 = "L4"

    @property
    def rank(self) -> int:
        """How far from the customer the tier is: 0 for L0 to 4 for L4."""
        return int(self.value[1])

    def above(self) -> "Tier | None":
        """The next tier up (L1 -> L2), or None above L4."""
        return Tier(f"L{self.rank + 1}") if self.rank < Tier.L4.rank else None

    def below(self) -> "Tier | None":
        """The next tier down (L3 -> L2), or None below L0."""
        return Tier(f"L{self.rank - 1}") if self.rank > 0 else None


class Priority(StrEnum):
    """How urgent a ticket is; P1 is the most urgent."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


class WaitingOn(StrEnum):
    """Who has to act next while a ticket is open."""

    TIER = "tier"
    CUSTOMER = "customer"
    ENGINEERING = "engineering"
    VENDOR = "vendor"
    HOLD = "hold"


class Owner(StrEnum):
    """Whose time it is: every second of a ticket's life is attributed to exactly one of these.

    ``CLOSED_HOURS`` is the time in which the tier that has the ticket is closed by its calendar.
    """

    CUSTOMER = "customer"
    L0 = "L0"
    L1 = "L1"
    L2 = "L2"
    L3 = "L3"
    VENDOR = "vendor"
    CLOSED_HOURS = "closed_hours"
    RESOLVED = "resolved"

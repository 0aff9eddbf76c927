"""What a policy adds up to over a whole log. It holds sums and the worst few, so that it stays small however long the log is."""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import NamedTuple

from domain.policy import ClockKind
from domain.tiers import Owner, Priority, Tier
from simulation.judged import JudgedCase, JudgedClock, Outcome

WORST = 20
"""How many of the clocks that ran over the furthest are kept."""
OVERRUNS = (
    (0.1, "up to 10 %"),
    (0.5, "10 to 50 %"),
    (1.0, "50 to 100 %"),
    (3.0, "1 to 3 targets"),
    (10.0, "3 to 10 targets"),
)
"""By how much of its target a clock ran over: the upper ends, and how a reader calls them."""
FURTHEST = "over 10 targets"


class Tally(NamedTuple):
    """How the clocks of a group ended."""

    total: int
    breached: int
    met: int
    left: int
    cancelled: int
    running: int

    @property
    def share(self) -> float:
        """The part that was breached, from 0 to 1; 0 of none."""
        return self.breached / self.total if self.total else 0.0


class Totals:
    """The sums of one policy."""

    def __init__(self) -> None:
        self.cases = 0
        self.cases_breached = 0
        self.pages = 0
        self.hand_offs = 0
        self.refused = 0
        self.spent: dict[Owner, timedelta] = {}
        self.breaches_by_month: Counter[tuple[str, ClockKind]] = Counter()
        self.overruns: Counter[tuple[ClockKind, str]] = Counter()
        self._outcomes: Counter[tuple[ClockKind, Tier, Priority, Outcome]] = Counter()
        self._worst: list[tuple[float, int, JudgedClock]] = []
        self._clocks = 0

    def add(self, case: JudgedCase) -> None:
        """Count a case."""
        self.cases += 1
        self.pages += case.pages
        self.hand_offs += case.hand_offs
        self.refused += len(case.refused)
        for owner, length in case.spent.items():
            self.spent[owner] = self.spent.get(owner, timedelta(0)) + length
        breached = False
        for clock in case.clocks:
            self._clocks += 1
            self._outcomes[clock.clock, clock.tier, clock.priority, clock.outcome] += 1
            if clock.outcome is Outcome.BREACHED:
                breached = True
                self._add_breach(clock)
        self.cases_breached += breached

    def _add_breach(self, clock: JudgedClock) -> None:
        assert clock.breached_at is not None  # that is what the outcome says
        self.breaches_by_month[f"{clock.breached_at:%Y-%m}", clock.clock] += 1
        over = (clock.counted - clock.target) / clock.target
        self.overruns[clock.clock, next((name for end, name in OVERRUNS if over <= end), FURTHEST)] += 1
        # The running number keeps clocks themselves from being compared.
        entry = (over, -self._clocks, clock)
        if len(self._worst) < WORST:
            heapq.heappush(self._worst, entry)
        else:
            heapq.heappushpop(self._worst, entry)

    # --- what comes of it ------------------------------------------------------------------------------------------

    @property
    def worst(self) -> list[JudgedClock]:
        """The clocks that ran over the furthest, measured by their target, the worst first."""
        return [clock for _, _, clock in sorted(self._worst, reverse=True)]

    @property
    def clocks(self) -> tuple[ClockKind, ...]:
        """The kinds of clocks that there were, in the order in which people name them."""
        return tuple(kind for kind in ClockKind if any(key[0] is kind for key in self._outcomes))

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """The tiers that there were, lowest first."""
        return tuple(tier for tier in Tier if any(key[1] is tier for key in self._outcomes))

    @property
    def priorities(self) -> tuple[Priority, ...]:
        """The priorities that there were, most urgent first."""
        return tuple(p for p in Priority if any(key[2] is p for key in self._outcomes))

    def all(self) -> Tally:
        """Every clock."""
        return self._tally(lambda key: True)

    def of_clock(self, kind: ClockKind) -> Tally:
        """The clocks of a kind."""
        return self._tally(lambda key: key[0] is kind)

    def of_tier(self, kind: ClockKind, tier: Tier) -> Tally:
        """The clocks of a kind that started in a tier."""
        return self._tally(lambda key: key[0] is kind and key[1] is tier)

    def of_priority(self, kind: ClockKind, priority: Priority) -> Tally:
        """The clocks of a kind with a priority."""
        return self._tally(lambda key: key[0] is kind and key[2] is priority)

    def _tally(self, fits: Callable[[tuple[ClockKind, Tier, Priority, Outcome]], bool]) -> Tally:
        counts: Counter[Outcome] = Counter()
        for key, count in self._outcomes.items():
            if fits(key):
                counts[key[3]] += count
        return Tally(
            total=counts.total(),
            breached=counts[Outcome.BREACHED],
            met=counts[Outcome.MET],
            left=counts[Outcome.LEFT],
            cancelled=counts[Outcome.CANCELLED],
            running=counts[Outcome.RUNNING],
        )


def in_order(spent: dict[Owner, timedelta]) -> Iterable[tuple[Owner, timedelta]]:
    """Time by owner, the longest first."""
    return sorted(spent.items(), key=lambda item: item[1], reverse=True)

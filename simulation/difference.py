"""What another policy would have changed, ticket by ticket."""

import heapq
from collections import Counter
from datetime import timedelta
from typing import Any, NamedTuple

from domain.policy import ClockKind
from simulation.judged import JudgedCase, JudgedClock, Outcome

TOP = 10
"""How many tickets a terminal shows."""


class ClockPair(NamedTuple):
    """A clock under both policies; None where a policy has no such clock."""

    policy: JudgedClock | None
    against: JudgedClock | None

    @property
    def either(self) -> JudgedClock:
        """One that is there: for what is the same under both."""
        clock = self.policy or self.against
        assert clock is not None  # a pair is made of at least one
        return clock

    @property
    def changed(self) -> bool:
        """Whether it ended otherwise, or was breached at another time."""
        return _verdict(self.policy) != _verdict(self.against)

    def as_json(self) -> dict[str, Any]:
        """The clock under the policy, as without a second one, and under ``against`` the same clock there."""
        own = self.policy.as_json() if self.policy is not None else _nothing(self.either)
        return {**own, "against": self.against.as_json() if self.against is not None else None}


class CaseDifference(NamedTuple):
    """A ticket for which the policies differ: its changed clocks, and its breaches under each."""

    case_id: str
    changed: tuple[ClockPair, ...]
    breaches: int
    breaches_against: int

    @property
    def more(self) -> int:
        """How many breaches more the policy has than the one that it is held against."""
        return self.breaches - self.breaches_against


class Difference:
    """The sums over a log: clocks that only one of the policies would have seen breached, and the tickets that differ most."""

    def __init__(self) -> None:
        self.cases = 0
        self.only_policy: Counter[ClockKind] = Counter()
        self.only_against: Counter[ClockKind] = Counter()
        self.moved: Counter[ClockKind] = Counter()
        self._top: list[tuple[int, int, CaseDifference]] = []

    def add(self, case: CaseDifference) -> None:
        """Count a ticket that differs."""
        self.cases += 1
        for pair in case.changed:
            here, there = _breached(pair.policy), _breached(pair.against)
            if here and there:
                self.moved[pair.either.clock] += 1
            elif here:
                self.only_policy[pair.either.clock] += 1
            elif there:
                self.only_against[pair.either.clock] += 1
        entry = (abs(case.more), -self.cases, case)
        if len(self._top) < TOP:
            heapq.heappush(self._top, entry)
        else:
            heapq.heappushpop(self._top, entry)

    @property
    def top(self) -> list[CaseDifference]:
        """The tickets whose breaches differ most."""
        return [case for _, _, case in sorted(self._top, reverse=True)]


def paired(policy: JudgedCase, against: JudgedCase) -> tuple[ClockPair, ...]:
    """Each clock of a case under both policies; the log moves the ticket, so that it has the same stints under each."""
    others = {clock.key: clock for clock in against.clocks}
    pairs = [ClockPair(clock, others.pop(clock.key, None)) for clock in policy.clocks]
    return (*pairs, *(ClockPair(None, clock) for clock in others.values()))


def compared(policy: JudgedCase, against: JudgedCase) -> CaseDifference | None:
    """What differs for a case, or None where nothing does."""
    changed = tuple(pair for pair in paired(policy, against) if pair.changed)
    if not changed:
        return None
    return CaseDifference(policy.case_id, changed, _breaches(policy), _breaches(against))


def over(clock: JudgedClock) -> timedelta:
    """How far a clock ran over its target; zero where it did not."""
    return max(clock.counted - clock.target, timedelta(0))


def _breached(clock: JudgedClock | None) -> bool:
    return clock is not None and clock.outcome is Outcome.BREACHED


def _breaches(case: JudgedCase) -> int:
    return sum(clock.outcome is Outcome.BREACHED for clock in case.clocks)


def _verdict(clock: JudgedClock | None) -> tuple[object, ...] | None:
    return (clock.outcome, clock.breached_at) if clock is not None else None


def _nothing(other: JudgedClock) -> dict[str, Any]:
    same = ("case_id", "clock", "stint", "tier", "priority")
    return {name: value if name in same else None for name, value in other.as_json().items()}

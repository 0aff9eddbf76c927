"""What a policy says of ladders: their steps, the conditions of a step, and what happens when nobody acknowledges."""

import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from domain.durations import Duration, format_duration
from domain.frozen import Frozen
from domain.tiers import Priority, Tier

BREACH_PERCENT = 100


class Action(StrEnum):
    """What a step of a ladder does."""

    TELL_OWNER = "tell_owner"
    TELL_CHANNEL = "tell_channel"
    TELL_LEAD = "tell_lead"
    RAISE_PRIORITY = "raise_priority"
    PAGE = "page"
    HAND_OFF = "hand_off"

    @property
    def weight(self) -> int:
        """How serious it is: of several that a snooze held back, the one with the greatest weight is made up for."""
        return list(Action).index(self)


class When(Frozen):
    """Conditions of a step: all that are set must hold at its instant. A step whose conditions do not hold is skipped."""

    priority: Annotated[tuple[Priority, ...], Field(description="The ticket's priority is one of these.")] = ()
    plan: Annotated[
        tuple[str, ...], Field(description="The customer's plan is one of these, in any case of letters.")
    ] = ()
    working_hours: Annotated[
        bool | None, Field(description="`calendar` is open at that instant (true), or closed (false).")
    ] = None
    calendar: Annotated[str | None, Field(description="Whose working hours are meant.")] = None

    @model_validator(mode="after")
    def _hours_are_a_calendars(self) -> Self:
        # A clock counts on its own calendar, so that its steps always fall into that one's hours.
        if (self.working_hours is None) != (self.calendar is None):
            raise ValueError("`working_hours` and `calendar` go together: say whose working hours are meant")
        return self

    @property
    def is_certain(self) -> bool:
        """Whether it depends on the ticket's priority at the most, which the policy can be checked for when it is loaded."""
        return not self.plan and self.working_hours is None

    def allows(self, priority: Priority) -> bool:
        """Whether it may hold for tickets of that priority."""
        return not self.priority or priority in self.priority


_ALWAYS = When()


class Rung(Frozen):
    """One step of a ladder: at a percentage of the clock's target (100 is the breach), or some open time before the breach.

    ``every`` and ``times`` repeat the step: ``times`` more times, ``every`` apart on the clock's calendar.
    """

    at: Annotated[
        int | None,
        Field(ge=1, le=1000, description="Percent of the clock's target; 100 is the breach. Or else `before`."),
    ] = None
    before: Annotated[
        Duration | None,
        Field(description="This long before the breach, on the clock's calendar; at once where the target is shorter."),
    ] = None
    do: Annotated[tuple[Action, ...], Field(description="What happens at this step, in this order.")]
    when: Annotated[When, Field(description="Only then; always, if left out.")] = When()
    every: Annotated[Duration | None, Field(description="Repeat the step this often.")] = None
    times: Annotated[int, Field(ge=0, le=100, description="How many times the step is repeated.")] = 0

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.at is None) == (self.before is None):
            raise ValueError(
                "say when the step is due: give either `at` (percent) or `before` (time before the breach)"
            )
        return self

    @model_validator(mode="after")
    def _repeats_have_an_interval(self) -> Self:
        _check_repeats(self.every, self.times)
        return self

    @property
    def place(self) -> str:
        """Where it stands on the ladder: ``75 %``, ``30m before the breach``."""
        return f"{self.at} %" if self.before is None else f"{format_duration(self.before)} before the breach"

    def amount(self, target: timedelta) -> timedelta:
        """The counted time at which the step is due for the first time."""
        if self.before is not None:
            return max(target - self.before, timedelta(0))
        assert self.at is not None  # one of the two is given
        return target * self.at / 100


class Unacknowledged(Frozen):
    """What happens when the ladder came to its end, its clock still runs, and nobody has taken the ticket."""

    do: Annotated[tuple[Action, ...], Field(min_length=1, description="What happens, in this order.")]
    after: Annotated[
        Duration | None, Field(description="How long after the ladder's last step; with it, if left out.")
    ] = None
    every: Annotated[Duration | None, Field(description="Repeat it this often.")] = None
    times: Annotated[int, Field(ge=0, le=100, description="How many times it is repeated.")] = 0

    @model_validator(mode="after")
    def _repeats_have_an_interval(self) -> Self:
        _check_repeats(self.every, self.times)
        return self


@dataclass(frozen=True)
class LadderStep:
    """A step of a ladder for one target. ``amount`` is the counted time at which it is due, ``place`` says so in words.

    ``rung`` is the step's number from 0 (the last one is what happens when nobody acknowledges, where the ladder says so), ``repeat``
    is 0 for the first time.
    """

    label: str
    amount: timedelta
    place: str
    do: tuple[Action, ...]
    rung: int
    repeat: int = 0
    when: When = _ALWAYS
    unacknowledged: bool = False


class Ladder(Frozen):
    """What happens as a clock runs."""

    rungs: tuple[Rung, ...]
    unacknowledged: Annotated[
        Unacknowledged | None,
        Field(description="What happens when the ladder has come to its end and nobody has taken the ticket."),
    ] = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.rungs:
            raise ValueError("a ladder needs a step in `rungs`; a clock that only counts names no ladder")
        percentages = [rung.at for rung in self.rungs if rung.at is not None]
        lengths = [rung.before for rung in self.rungs if rung.before is not None]
        if percentages != sorted(percentages):
            raise ValueError("write the steps of a ladder in rising order of `at`")
        if lengths != sorted(lengths, reverse=True):
            raise ValueError("write the steps of a ladder in falling order of `before`")
        after = [index for index, rung in enumerate(self.rungs) if rung.at is not None and rung.at >= BREACH_PERCENT]
        if after and any(rung.before is not None for rung in self.rungs[after[0] :]):
            raise ValueError("write a step `before` the breach ahead of those at 100 and more")
        return self

    def steps(self, target: timedelta) -> tuple[LadderStep, ...]:
        """Every step and repeat for that target. A label is the step's number, with the repeat's after a point."""
        if target not in self._steps:
            self._steps[target] = tuple(self._worked_out(target))
        return self._steps[target]

    @functools.cached_property
    def _steps(self) -> dict[timedelta, tuple[LadderStep, ...]]:
        return {}

    def _worked_out(self, target: timedelta) -> Iterator[LadderStep]:
        last = timedelta(0)
        for number, rung in enumerate(self.rungs):
            for repeat in range(rung.times + 1):
                amount = rung.amount(target) + (rung.every or timedelta(0)) * repeat
                last = max(last, amount)
                label = f"{number}.{repeat}" if repeat else f"{number}"
                yield LadderStep(label, amount, rung.place, rung.do, number, repeat, rung.when)
        end = self.unacknowledged
        if end is None:
            return
        for repeat in range(end.times + 1):
            label = f"unacknowledged.{repeat}" if repeat else "unacknowledged"
            amount = last + (end.after or timedelta(0)) + (end.every or timedelta(0)) * repeat
            yield LadderStep(label, amount, "nobody acknowledged", end.do, len(self.rungs), repeat, unacknowledged=True)

    def ends_in_nobody(self, tiers: Iterable[Tier], reaches: Callable[[Tier, Action], bool]) -> str | None:
        """Where the ladder's last step reaches nobody: ``for P3 in L1``; None where it always reaches somebody.

        Args:
            tiers: where the ladder can run.
            reaches: whether an action reaches somebody other than who should have acted, in a tier.
        """
        ends = [(When(), self.unacknowledged.do)] if self.unacknowledged is not None else []
        backwards = [*ends, *((rung.when, rung.do) for rung in reversed(self.rungs))]
        for tier in tiers:
            for priority in Priority:
                if not _somebody_at_the_end(backwards, priority, lambda action, tier=tier: reaches(tier, action)):  # type: ignore[misc]
                    return f"for {priority.value} in {tier.value}"
        return None


def _somebody_at_the_end(
    backwards: Iterable[tuple[When, tuple[Action, ...]]], priority: Priority, reaches: Callable[[Action], bool]
) -> bool:
    """Whether whichever step is the last one for that priority reaches somebody: plans and hours are not known beforehand."""
    for when, do in backwards:
        if not when.allows(priority):
            continue
        if not any(reaches(action) for action in do):
            return False
        if when.is_certain:
            return True
    return False


def _check_repeats(every: timedelta | None, times: int) -> None:
    if times and every is None:
        raise ValueError("`times` needs `every`: how far apart the repeats are")
    if every is not None and not times:
        raise ValueError("`every` needs `times`: how often the step is repeated at the most")

"""One SLA clock: it counts open time of its calendar towards a target, pauses, and breaches at an exact instant."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum

from domain.calendar import Calendar
from domain.frozen import Frozen
from domain.ladder_rules import Action, Ladder, LadderStep
from domain.policy import DEFAULT_SLA, PAUSES_BY_KIND, ClockKind, ClockRules, Policy
from domain.texts import Key, Line, Name
from domain.tiers import Priority, WaitingOn


class ClockStatus(StrEnum):
    """Where a clock is in its life."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


class ClockOutcome(StrEnum):
    """How a clock ended. ``left``: the ticket left the tier before anybody there took it; ``cancelled``: nobody needs it any more;
    ``merged``: another ticket goes on with it.

    A clock that was breached before stays breached, however it ended.
    """

    MET = "met"
    BREACHED = "breached"
    LEFT = "left"
    CANCELLED = "cancelled"
    MERGED = "merged"


class ClockPast(Frozen):
    """How a clock stood up to an instant, kept when it changed: with it, the clock can be told as of any time before."""

    until: datetime
    priority: Priority
    target: timedelta
    calendar: Name
    policy_version: Name
    started_at: datetime
    counted: timedelta
    running_since: datetime | None
    stopped_at: datetime | None
    breached_at: datetime | None
    outcome: ClockOutcome | None


class Clock(Frozen):
    """A clock. ``counted`` is the time up to ``running_since``; from there it runs, unless that is None (paused or stopped).

    ``stint`` is the number of the stay in a tier that it measures, or None for the whole ticket. ``sla`` names the SLA of the policy
    whose rules it runs by; None for a vendor's clock. ``steps_done`` are the labels of the ladder's steps that were carried out.
    ``reached_at`` is when it stood still with its target just used up: a breach, unless that was its end.
    """

    id: Key
    kind: ClockKind
    stint: int | None = None
    priority: Priority
    target: timedelta
    calendar: Name
    pauses: frozenset[WaitingOn] = frozenset()
    ladder: Name | None = None
    policy_version: Name
    sla: Name | None = None
    started_at: datetime
    counted: timedelta = timedelta(0)
    running_since: datetime | None = None
    stopped_at: datetime | None = None
    breached_at: datetime | None = None
    reached_at: datetime | None = None
    outcome: ClockOutcome | None = None
    steps_done: frozenset[Name] = frozenset()
    past: tuple[ClockPast, ...] = ()
    past_dropped: bool = False

    @property
    def status(self) -> ClockStatus:
        """Running, paused or stopped."""
        if self.stopped_at is not None:
            return ClockStatus.STOPPED
        return ClockStatus.PAUSED if self.running_since is None else ClockStatus.RUNNING

    @property
    def stopped(self) -> bool:
        """Whether it has ended."""
        return self.stopped_at is not None


class Step(Frozen):
    """Something that a clock does at an exact instant: its breach (``of_ladder`` is None) or a step of its ladder."""

    clock_id: Key
    label: Line
    at: datetime
    of_ladder: LadderStep | None = None

    @property
    def actions(self) -> tuple[Action, ...]:
        """What the step does besides being noted."""
        return self.of_ladder.do if self.of_ladder is not None else ()


BREACH = "breach"


def start_clock(
    policy: Policy,
    kind: ClockKind,
    *,
    number: int,
    priority: Priority,
    stint: int | None,
    now: datetime,
    sla: str | None = DEFAULT_SLA,
) -> Clock | None:
    """A new running clock by the rules of the policy's SLA of that name, or None where it has no such clock."""
    rules = policy.clocks_of(sla).get(kind)
    if rules is None:
        return None
    return Clock(
        id=f"{kind.value}/{number}",
        kind=kind,
        stint=stint,
        priority=priority,
        target=rules.targets[priority],
        calendar=rules.calendar_of(priority),
        pauses=pauses_of(kind, rules),
        ladder=rules.ladder,
        policy_version=policy.version,
        sla=sla,
        started_at=now,
        running_since=now,
    )


def start_vendor_clock(
    policy: Policy, vendor: str, *, case: int, priority: Priority, stint: int, now: datetime
) -> Clock:
    """The running clock of what a vendor owes (its underpinning contract); ``case`` is the number of the vendor case."""
    rules = policy.vendors[vendor]
    return Clock(
        id=f"{ClockKind.VENDOR.value}/{case}",
        kind=ClockKind.VENDOR,
        stint=stint,
        priority=priority,
        target=rules.target,
        calendar=rules.calendar,
        policy_version=policy.version,
        started_at=now,
        running_since=now,
    )


def pauses_of(kind: ClockKind, rules: ClockRules) -> frozenset[WaitingOn]:
    """On whom the ticket waits while the clock stands still: by the policy, and by what the kind measures."""
    return rules.pauses | PAUSES_BY_KIND.get(kind, frozenset())


def counted_at(clock: Clock, calendar: Calendar, now: datetime) -> timedelta:
    """All that the clock has counted by ``now``, also past a breach."""
    if clock.running_since is None:
        return clock.counted
    return clock.counted + calendar.elapsed(clock.running_since, now)


def pause(clock: Clock, calendar: Calendar, now: datetime) -> Clock:
    """Stand still; nothing changes for a clock that is not running."""
    if clock.status is not ClockStatus.RUNNING:
        return clock
    counted = counted_at(clock, calendar, now)
    reached_at = now if counted == clock.target else None
    return clock.model_copy(update={"counted": counted, "running_since": None, "reached_at": reached_at})


def resume(clock: Clock, now: datetime) -> Clock:
    """Count on; nothing changes for a clock that is not paused."""
    if clock.status is not ClockStatus.PAUSED:
        return clock
    return clock.model_copy(update={"running_since": now})


def stop(clock: Clock, calendar: Calendar, now: datetime, *, ending: ClockOutcome = ClockOutcome.MET) -> Clock:
    """End the clock: breached if it breached before, else as ``ending`` says."""
    if clock.stopped:
        return clock
    outcome = ClockOutcome.BREACHED if clock.breached_at is not None else ending
    halted = pause(clock, calendar, now)
    return halted.model_copy(update={"stopped_at": now, "outcome": outcome})


def restart(clock: Clock, now: datetime) -> Clock:
    """Run on after a reopening, with the time that was already counted."""
    return clock.model_copy(update={"stopped_at": None, "outcome": None, "running_since": now})


def retarget(
    clock: Clock, calendar: Calendar, *, priority: Priority, target: timedelta, now: datetime, name: str | None = None
) -> Clock:
    """A change of priority: a new target for a clock that still runs; what has elapsed, by ``calendar``, is kept.

    ``name`` is the calendar that counts it from now on, where that is another one.
    """
    if clock.stopped:
        return clock
    changes: dict[str, object] = {
        "priority": priority,
        "target": target,
        "calendar": name or clock.calendar,
        "counted": counted_at(clock, calendar, now),
        "reached_at": None,
    }
    if clock.running_since is not None:
        changes["running_since"] = now
    return clock.model_copy(update=changes)


def adopt(
    clock: Clock, before: Policy, after: Policy, *, sla: str, rules: ClockRules, priority: Priority, now: datetime
) -> Clock:
    """A clock that still runs goes on by other rules: another SLA's, another priority's, or an edited policy's.

    What has elapsed, by the rules before, is kept, and so is a breach. Of another ladder the steps that lie behind what was counted
    are done as far as the ladder before had come, in percent of its target: nobody is told the same twice.
    """
    if clock.stopped:
        return clock
    adopted = retarget(
        clock,
        before.calendar(clock.calendar),
        priority=priority,
        target=rules.targets[priority],
        now=now,
        name=rules.calendar_of(priority),
    ).model_copy(
        update={
            "pauses": pauses_of(clock.kind, rules),
            "ladder": rules.ladder,
            "policy_version": after.version,
            "sla": sla,
        }
    )
    if _ladder_of(before, clock.ladder) == _ladder_of(after, rules.ladder):
        return adopted
    return adopted.model_copy(update={"steps_done": _steps_behind(clock, before, adopted, after)})


def _ladder_of(policy: Policy, name: str | None) -> Ladder | None:
    return policy.ladders[name] if name is not None else None


def _steps_behind(clock: Clock, before: Policy, adopted: Clock, after: Policy) -> frozenset[str]:
    """The steps of the new ladder that the old one's work stands for; its repeats only as far as their time is over."""
    done = (s for s in before.ladder_steps(clock.ladder, clock.target) if s.label in clock.steps_done)
    furthest = max((step.amount / clock.target for step in done if not step.repeat), default=0.0)
    return frozenset(
        step.label
        for step in after.ladder_steps(adopted.ladder, adopted.target)
        if (step.amount <= adopted.target * furthest and not step.repeat)
        or (step.repeat and furthest and step.amount <= adopted.counted)
    )


def due_at(clock: Clock, calendar: Calendar, amount: timedelta) -> datetime | None:
    """The instant at which a running clock reaches ``amount``, or None while it stands still."""
    if clock.running_since is None:
        return None
    return calendar.due(clock.running_since, amount - clock.counted)


def next_step(clock: Clock, policy: Policy) -> Step | None:
    """What the clock does next, and when: None while it stands still or has nothing left to do.

    At one instant the breach comes before the ladder's step at 100 percent.
    """
    if clock.reached_at is not None and clock.breached_at is None and not clock.stopped:
        # It used its target up as it was halted, which was not its end after all.
        return Step(clock_id=clock.id, label=BREACH, at=clock.reached_at)
    if clock.running_since is None:
        return None
    first: LadderStep | None = min(steps_left(clock, policy), key=lambda step: step.amount, default=None)
    if clock.breached_at is None and (first is None or clock.target <= first.amount):
        amount, label, first = clock.target, BREACH, None
    elif first is not None:
        amount, label = first.amount, first.label
    else:
        return None
    at = policy.calendar(clock.calendar).due(clock.running_since, amount - clock.counted)
    return Step(clock_id=clock.id, label=label, at=at, of_ladder=first)


def steps_left(clock: Clock, policy: Policy) -> Iterator[LadderStep]:
    """The steps and repeats of its ladder that are not done, in written order."""
    return (step for step in policy.ladder_steps(clock.ladder, clock.target) if step.label not in clock.steps_done)

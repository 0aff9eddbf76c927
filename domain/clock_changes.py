"""What happens to a ticket's clocks as the ticket moves."""

from domain.clocks import Clock, ClockOutcome, pause, restart, resume, retarget, start_clock, stop
from domain.policy import ClockKind
from domain.tiers import Priority
from domain.turn import Turn

_STINT_CLOCKS = (ClockKind.HANDOFF, ClockKind.TIER_WORK)


def start(turn: Turn, kind: ClockKind, *, stint: int | None = None) -> None:
    """Start a clock of that kind, where the policy has one."""
    ticket = turn.ticket
    number = 1 + sum(clock.kind is kind for clock in ticket.clocks)
    clock = start_clock(ticket.policy, kind, number=number, priority=ticket.priority, stint=stint, now=turn.at)
    if clock is not None:
        turn.set(clocks=(*ticket.clocks, clock))
        settle_pauses(turn)


def stop_kind(turn: Turn, kind: ClockKind, *, ending: ClockOutcome = ClockOutcome.MET) -> None:
    """Stop the running clocks of that kind; those that were not breached end as ``ending``."""
    policy = turn.ticket.policy

    def ended(clock: Clock) -> Clock:
        if clock.kind is not kind or clock.stopped:
            return clock
        return stop(clock, policy.calendar(clock.calendar), turn.at, ending=ending)

    turn.change_clocks(ended)


def leave_stint(turn: Turn) -> None:
    """The ticket leaves its tier: handoff ends as ``left`` unless it was accepted, tier work is met or breached."""
    stop_kind(turn, ClockKind.HANDOFF, ending=ClockOutcome.LEFT)
    stop_kind(turn, ClockKind.TIER_WORK)


def stop_all(turn: Turn) -> None:
    """The ticket is resolved: every clock ends. A handoff clock still runs only where nobody took the ticket."""
    for kind in ClockKind:
        stop_kind(turn, kind, ending=ClockOutcome.LEFT if kind is ClockKind.HANDOFF else ClockOutcome.MET)


def cancel_all(turn: Turn) -> None:
    """Nobody needs the ticket any more: what still runs ends as cancelled."""
    for kind in ClockKind:
        stop_kind(turn, kind, ending=ClockOutcome.CANCELLED)


def reopen_resolution(turn: Turn) -> None:
    """The last resolution clock runs on with what it had counted (total resolution)."""
    last = next((clock for clock in reversed(turn.ticket.clocks) if clock.kind is ClockKind.RESOLUTION), None)
    if last is None:
        return
    turn.change_clocks(lambda clock: restart(clock, turn.at) if clock.id == last.id else clock)
    settle_pauses(turn)


def settle_pauses(turn: Turn) -> None:
    """Pause and resume each clock by whom the ticket waits on."""
    ticket = turn.ticket

    def settled(clock: Clock) -> Clock:
        if ticket.waiting_on in clock.pauses:
            return pause(clock, ticket.policy.calendar(clock.calendar), turn.at)
        return resume(clock, turn.at)

    turn.change_clocks(settled)


def retarget_all(turn: Turn, priority: Priority) -> None:
    """A new priority: each clock that still runs gets the target of that priority and keeps its elapsed time."""
    policy = turn.ticket.policy

    def changed(clock: Clock) -> Clock:
        rules = policy.clocks.get(clock.kind)
        if rules is None:
            return clock
        return retarget(
            clock,
            policy.calendar(clock.calendar),
            priority=priority,
            target=rules.targets[priority],
            now=turn.at,
            name=rules.calendar_of(priority),
        )

    turn.change_clocks(changed)

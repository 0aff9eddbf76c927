"""What happens to a ticket's clocks as the ticket moves.

Which clocks a ticket has is decided by its SLA (``Policy.clocks_of``): every function here leaves out what that does not measure.
"""

from domain.clocks import (
    Clock,
    ClockOutcome,
    adopt,
    pause,
    restart,
    resume,
    start_clock,
    start_vendor_clock,
    stop,
)
from domain.policy import ClockKind, Policy
from domain.ticket import Ticket
from domain.tiers import Tier
from domain.turn import Turn

_RESPONSES = (ClockKind.FIRST_RESPONSE, ClockKind.NEXT_RESPONSE, ClockKind.PERIODIC_UPDATE)
_FROM_OPENING = (
    ClockKind.FIRST_RESPONSE,
    ClockKind.REQUESTER_WAIT,
    ClockKind.AGENT_WORK,
    ClockKind.FIRST_RESOLUTION,
    ClockKind.RESOLUTION,
)
_RUN_ON_WHEN_REOPENED = (ClockKind.REQUESTER_WAIT, ClockKind.AGENT_WORK, ClockKind.RESOLUTION)


# --- starting and stopping -----------------------------------------------------------------------------------------


def choose_sla(turn: Turn) -> None:
    """Pin the SLA of the policy that the ticket matches now, or none."""
    turn.set(sla=turn.ticket.policy.sla_for(turn.ticket.sla_facts))


def start_for_ticket(turn: Turn) -> None:
    """The ticket is opened: the clocks of the ticket as a whole start. Those of its stint start as it enters its tier."""
    for kind in _FROM_OPENING:
        start(turn, kind)


def start(turn: Turn, kind: ClockKind, *, stint: int | None = None) -> None:
    """Start a clock of that kind, where the ticket's SLA has one."""
    ticket = turn.ticket
    clock = start_clock(
        ticket.policy,
        kind,
        number=1 + max((_number(clock) for clock in ticket.clocks if clock.kind is kind), default=0),
        priority=ticket.priority,
        stint=stint,
        now=turn.at,
        sla=ticket.sla,
    )
    if clock is not None:
        turn.set(clocks=(*ticket.clocks, clock))
        settle_pauses(turn)


def _number(clock: Clock) -> int:
    return int(clock.id.rpartition("/")[2])


def start_vendor(turn: Turn, vendor: str, case: int) -> None:
    """A vendor case is opened: what the vendor owes is measured, whatever the ticket's SLA."""
    ticket = turn.ticket
    clock = start_vendor_clock(
        ticket.policy, vendor, case=case, priority=ticket.priority, stint=ticket.stint.number, now=turn.at
    )
    turn.set(clocks=(*ticket.clocks, clock))


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


def stop_all(turn: Turn, *, answered: bool = True) -> None:
    """The ticket is resolved: every clock ends. A handoff clock still runs only where nobody took the ticket.

    ``answered`` is false where no person told the customer: the responses that were owed are then not met, but not owed any more.
    """
    for kind in ClockKind:
        ending = ClockOutcome.LEFT if kind is ClockKind.HANDOFF else ClockOutcome.MET
        stop_kind(turn, kind, ending=ClockOutcome.CANCELLED if kind in _RESPONSES and not answered else ending)


def run_again(turn: Turn, kind: ClockKind) -> None:
    """What ended the stint's last clock of that kind is taken back: it runs on with the time that it had counted."""
    ticket = turn.ticket
    mine = [clock for clock in ticket.clocks if clock.kind is kind and clock.stint == ticket.stint.number]
    if not mine or not mine[-1].stopped or kind not in ticket.policy.clocks_of(ticket.sla):
        return
    last = mine[-1].id
    turn.change_clocks(lambda clock: restart(clock, turn.at) if clock.id == last else clock)
    settle_pauses(turn)


def cancel_all(turn: Turn) -> None:
    """Nobody needs the ticket any more: what still runs ends as cancelled."""
    for kind in ClockKind:
        stop_kind(turn, kind, ending=ClockOutcome.CANCELLED)


# --- words between support and customer ----------------------------------------------------------------------------


def customer_wrote(turn: Turn) -> None:
    """A message that nobody has answered: the next response is owed, from the oldest of them.

    Until somebody has answered for the first time, that is what the first response's clock measures.
    """
    if turn.ticket.unanswered_since is None:
        turn.set(unanswered_since=turn.at)
    if _is_wanted(turn.ticket, ClockKind.NEXT_RESPONSE):
        start(turn, ClockKind.NEXT_RESPONSE)


def customer_was_answered(turn: Turn) -> None:
    """A person wrote to the customer: the responses that were owed are given."""
    turn.set(unanswered_since=None)
    for kind in _RESPONSES:
        stop_kind(turn, kind)


def await_next_update(turn: Turn) -> None:
    """The customer was just told how it stands: the time to the next public update begins."""
    if _is_wanted(turn.ticket, ClockKind.PERIODIC_UPDATE):
        start(turn, ClockKind.PERIODIC_UPDATE)


# --- running on ----------------------------------------------------------------------------------------------------


def run_on(turn: Turn) -> None:
    """A reopening: what measures the ticket up to its last resolution runs on with what it had counted; the rest stays ended."""
    clocks = turn.ticket.clocks
    rules = turn.ticket.policy.clocks_of(turn.ticket.sla)
    last = {clock.kind: clock.id for clock in clocks if clock.kind in _RUN_ON_WHEN_REOPENED and clock.kind in rules}
    turn.change_clocks(lambda clock: restart(clock, turn.at) if clock.id in last.values() else clock)
    settle_pauses(turn)
    await_next_update(turn)


def settle_pauses(turn: Turn) -> None:
    """Pause and resume each clock by whom the ticket waits on."""
    ticket = turn.ticket

    def settled(clock: Clock) -> Clock:
        if ticket.waiting_on in clock.pauses:
            return pause(clock, ticket.policy.calendar(clock.calendar), turn.at)
        return resume(clock, turn.at)

    turn.change_clocks(settled)


def go_by_rules(turn: Turn, before: Policy | None = None) -> None:
    """The ticket's priority, or its policy, is another one than when its clocks started: choose its SLA anew and follow it.

    A clock that runs keeps what it has counted and gets the new target, calendar, pauses and ladder; one that the new SLA does not
    measure ends as cancelled; one that only the new SLA measures starts now. A finished clock is never rewritten, a vendor's clock is
    the vendor's contract and stays. ``before`` is the policy that the clocks ran under, where that was another one.
    """
    choose_sla(turn)
    ticket, old = turn.ticket, before or turn.ticket.policy
    wanted = ticket.policy.clocks_of(ticket.sla)

    def changed(clock: Clock) -> Clock:
        if clock.stopped or clock.kind is ClockKind.VENDOR:
            return clock
        rules = wanted.get(clock.kind)
        if rules is None or ticket.sla is None:
            return stop(clock, old.calendar(clock.calendar), turn.at, ending=ClockOutcome.CANCELLED)
        return adopt(clock, old, ticket.policy, sla=ticket.sla, rules=rules, priority=ticket.priority, now=turn.at)

    turn.change_clocks(changed)
    settle_pauses(turn)
    for kind in wanted:
        if _is_wanted(turn.ticket, kind):
            in_stint = kind in (ClockKind.HANDOFF, ClockKind.TIER_WORK)
            start(turn, kind, stint=turn.ticket.stint.number if in_stint else None)


def _is_wanted(ticket: Ticket, kind: ClockKind) -> bool:
    """Whether what the kind measures is under way, and no clock of that kind runs yet."""
    if any(clock.kind is kind and not clock.stopped for clock in ticket.clocks):
        return False
    match kind:
        case ClockKind.FIRST_RESPONSE:
            return ticket.first_response_at is None and not ticket.reopened
        case ClockKind.NEXT_RESPONSE:
            first = any(clock.kind is ClockKind.FIRST_RESPONSE and not clock.stopped for clock in ticket.clocks)
            return ticket.unanswered_since is not None and not first
        case ClockKind.PERIODIC_UPDATE:
            return ticket.first_response_at is not None
        case ClockKind.HANDOFF:
            return ticket.tier is not Tier.L4 and ticket.stint.accepted_at is None
        case ClockKind.TIER_WORK:
            return ticket.tier is not Tier.L4
        case ClockKind.FIRST_RESOLUTION:
            return not ticket.reopened
        case _:
            return kind is not ClockKind.VENDOR

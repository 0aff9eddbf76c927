"""Deadlines: what a ticket does by itself, at exact instants."""

from datetime import datetime
from typing import assert_never

from domain import clock_story, moves
from domain.clock_names import clock_name as clock_name
from domain.clocks import BREACH, Clock, Step, counted_at, next_step
from domain.durations import format_duration
from domain.frozen import Frozen
from domain.people import TIERLINE
from domain.policy import Action, ClockKind, HandOffs
from domain.ticket import Ticket, TicketStatus
from domain.tiers import Owner, Tier
from domain.turn import Turn


class Deadline(Frozen):
    """When the ticket acts next without being asked, and on what: the timer's summary in the Temporal UI."""

    at: datetime
    what: str


def entry_owner(tier: Tier) -> Owner:
    """Whose turn it is when a ticket opens in a tier."""
    return Owner.VENDOR if tier is Tier.L4 else Owner(tier.value)


def next_deadline(ticket: Ticket) -> Deadline | None:
    """The next instant at which the ticket acts by itself, or None."""
    if ticket.settled_at is not None:
        return Deadline(at=ticket.settled_at + ticket.policy.quiet_time, what="close after the quiet time")
    step = _next_step(ticket)
    if step is None:
        return None
    clock = _clock(ticket, step.clock_id)
    return Deadline(at=step.at, what=f"{clock_name(clock.kind)} clock: {_what(step)}")


def advance(state: Ticket, now: datetime, *, inclusive: bool, silent: bool = False) -> Turn:
    """A turn at ``now``, with every deadline before it (and at it, when ``inclusive``) carried out at its own instant.

    A clock that reaches its target at the very instant it is stopped is not breached, hence the exclusive form for messages.
    """
    turn = Turn(state, now, silent=silent)
    while (deadline := next_deadline(turn.ticket)) is not None:
        if deadline.at > now or (deadline.at == now and not inclusive):
            break
        # A policy edit or a priority change may put a deadline into the past: it is then carried out now, not before.
        turn.at = max(deadline.at, _latest(turn.ticket))
        _carry_out(turn)
    turn.at = now
    return turn


def _carry_out(turn: Turn) -> None:
    if turn.ticket.settled_at is not None:
        moves.close(turn)
        turn.settle_owner()
        return
    step, clocks = _next_step(turn.ticket), turn.ticket.clocks
    assert step is not None  # there was a deadline
    clock = _clock(turn.ticket, step.clock_id)
    if step.label == BREACH:
        turn.change_clocks(lambda c: c.model_copy(update={"breached_at": step.at}) if c.id == clock.id else c)
        if clock.kind is ClockKind.VENDOR:
            moves.vendor_is_overdue(turn, step.at)
        else:
            turn.say(
                f"The {clock_name(clock.kind)} clock is breached: {format_duration(clock.target)} are over",
                thread=False,
            )
    else:
        done = clock.steps_done | {step.label}
        turn.change_clocks(lambda c: c.model_copy(update={"steps_done": done}) if c.id == clock.id else c)
        # Said of the tier where the clock runs, also by the actions that come after a handing off.
        sentence = _sentence(turn.ticket, clock, step)
        for action in _once_each(turn, step.actions):
            _act(turn, action, clock, sentence)
    clock_story.tell(turn, clocks)
    turn.show_card()
    turn.settle_owner()


def _once_each(turn: Turn, actions: tuple[Action, ...]) -> tuple[Action, ...]:
    """While nobody has the ticket its owner is told in the channel: not twice, where the step tells the channel as well."""
    if Action.TELL_OWNER in actions and Action.TELL_CHANNEL in actions and turn.ticket.stint.accepted_by is None:
        return tuple(action for action in actions if action is not Action.TELL_CHANNEL)
    return actions


def _act(turn: Turn, action: Action, clock: Clock, sentence: str) -> None:
    text = f"{turn.ticket.id}: {sentence}"
    match action:
        case Action.TELL_OWNER:
            turn.say(sentence)
            moves.tell_owner(turn, text)
        case Action.TELL_CHANNEL:
            moves.tell_channel(turn, text)
        case Action.TELL_LEAD:
            moves.tell_lead(turn, text)
        case Action.PAGE:
            moves.raise_page(turn, text)
        case Action.HAND_OFF:
            _hand_off(turn, clock)
        case _:
            assert_never(action)


def _hand_off(turn: Turn, clock: Clock) -> None:
    """To the policy's next tier up, by itself; a vendor is never asked without a person, so the ladder ends with the lead there."""
    tier = turn.ticket.tier
    above = min((t for t in turn.ticket.policy.tiers if tier.rank < t.rank < Tier.L4.rank), default=None)
    reason = f"nobody in {tier.value} kept the {clock_name(clock.kind)} clock"
    if turn.ticket.policy.hand_offs is HandOffs.ADVISED and above is not None:
        moves.tell_lead(turn, f"{turn.ticket.id}: {reason}; escalate it to {above.value}")
        return
    if above is None:
        moves.tell_lead(turn, f"{turn.ticket.id}: {reason}, and there is no tier above to hand it to by itself")
        return
    moves.escalate(turn, above, reason, TIERLINE)


def _sentence(ticket: Ticket, clock: Clock, step: Step) -> str:
    percent = step.rung.at if step.rung is not None else 100
    if percent < 100:
        left = clock.target - counted_at(clock, ticket.policy.calendar(clock.calendar), step.at)
        return f"the {clock_name(clock.kind)} clock is at {percent} %, {format_duration(left)} are left"
    return f"the {clock_name(clock.kind)} clock ran out in {ticket.tier.value}"


def _what(step: Step) -> str:
    if step.label == BREACH:
        return "breach"
    assert step.rung is not None  # every step but the breach is a rung
    return f"{step.rung.at} % ({', '.join(action.value for action in step.actions)})"


def _next_step(ticket: Ticket) -> Step | None:
    if ticket.status is not TicketStatus.OPEN:
        return None
    steps = [step for clock in ticket.clocks if (step := next_step(clock, ticket.policy)) is not None]
    # At one instant breaches are noted before a ladder's step moves the ticket and stops the clock.
    return min(steps, key=lambda step: (step.at, step.label != BREACH, step.clock_id), default=None)


def _clock(ticket: Ticket, clock_id: str) -> Clock:
    return next(clock for clock in ticket.clocks if clock.id == clock_id)


def _latest(ticket: Ticket) -> datetime:
    return max(ticket.owner_since, ticket.stint.entered_at)

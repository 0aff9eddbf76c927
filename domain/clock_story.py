"""What became of a ticket's clocks in one turn, as one sentence of its story that a support lead understands.

It is made from the difference, so that no change of a clock goes unsaid. A breach and a ladder's step have sentences of their own. Of
pauses only those of clocks with a ladder are told: where nobody is reminded, nobody asks why the reminder comes later.
"""

from datetime import datetime, timedelta

from domain.clock_names import clock_name
from domain.clocks import Clock, ClockOutcome, ClockStatus, counted_at, due_at
from domain.durations import format_duration
from domain.policy import DEFAULT_SLA
from domain.ticket import Ticket, TicketStatus
from domain.tiers import WaitingOn
from domain.turn import Turn

_ENDINGS = {
    ClockOutcome.MET: "was met after {counted} of {target}",
    ClockOutcome.BREACHED: "ended after {counted} of {target}, breached",
    ClockOutcome.LEFT: "ended after {counted} of {target}: the ticket left before anybody there took it",
    ClockOutcome.MERGED: "ended as merged after {counted} of {target}",
    ClockOutcome.CANCELLED: "was cancelled after {counted} of {target}",
}


def tell(turn: Turn, before: tuple[Clock, ...]) -> None:
    """Say what became of the clocks since they were ``before``; nothing where nothing did. The card's thread is spared."""
    if turn.silent or turn.ticket.clocks is before:
        return
    sentence = in_words(before, turn.ticket, turn.at)
    if sentence is not None:
        turn.say(sentence, thread=False)


def in_words(before: tuple[Clock, ...], ticket: Ticket, now: datetime) -> str | None:
    """``Clocks: first response was met after 10m of 1h; resolution stands still at 10m of 2d while …``, or None."""
    old = {clock.id: clock for clock in before}
    changes = [
        words
        for clock in ticket.clocks
        if clock is not old.get(clock.id) and (words := _change(old.get(clock.id), clock, ticket, now))
    ]
    if not changes:
        return None
    named = not before and ticket.sla not in (None, DEFAULT_SLA)
    return f"{f'SLA {ticket.sla}' if named else 'Clocks'}: {'; '.join(changes)}"


def _change(old: Clock | None, new: Clock, ticket: Ticket, now: datetime) -> str | None:
    name = _name(new, ticket)
    if new.outcome is not None:
        if old is not None and old.stopped:
            return None
        ending = _ENDINGS.get(new.outcome, f"ended as {new.outcome.value} after {{counted}} of {{target}}")
        return f"{name} {ending.format(counted=_length(new.counted), target=_length(new.target))}"
    if old is None:
        return f"{name} starts, {_length(new.target)}{_due(new, ticket, now)}"
    if old.stopped:
        return f"{name} runs on with {_length(new.counted)} of {_length(new.target)} counted{_due(new, ticket, now)}"
    if (old.target, old.calendar, old.sla) != (new.target, new.calendar, new.sla):
        kept = counted_at(new, ticket.policy.calendar(new.calendar), now)
        return f"{name} now has {_length(new.target)}, {_length(kept)} of them counted{_due(new, ticket, now)}"
    if new.ladder is None or old.status is new.status:
        return None
    if new.status is ClockStatus.PAUSED:
        return f"{name} stands still at {_length(new.counted)} of {_length(new.target)}{_while(ticket)}"
    return f"{name} counts on from {_length(new.counted)} of {_length(new.target)}{_due(new, ticket, now)}"


def _name(clock: Clock, ticket: Ticket) -> str:
    where = f" in {ticket.stint_numbered(clock.stint).tier.value}" if clock.stint is not None else ""
    return f"{clock_name(clock.kind)}{where}"


def _due(clock: Clock, ticket: Ticket, now: datetime) -> str:
    if clock.breached_at is not None:
        return ", breached"
    due = due_at(clock, ticket.policy.calendar(clock.calendar), clock.target)
    if due is None:
        return f", and stands still{_while(ticket)}"
    return f", due {max(due, now):%Y-%m-%d %H:%M:%S} UTC"


def _while(ticket: Ticket) -> str:
    if ticket.status is not TicketStatus.OPEN:
        return ""
    whom = {
        WaitingOn.CUSTOMER: "while it waits on the customer",
        WaitingOn.ENGINEERING: "while it waits on engineering",
        WaitingOn.VENDOR: "while it waits on the vendor",
        WaitingOn.HOLD: "while it is on hold",
    }.get(ticket.waiting_on)
    return f" {whom}" if whom is not None else ""


def _length(length: timedelta) -> str:
    return format_duration(length)

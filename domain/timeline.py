"""A ticket's timeline as of an instant: what was said by then, who had it when, and how its clocks stood.

It is told from what the ticket carries, which is bounded: of a ticket with very many changes the oldest part is not carried any more,
and an instant in it is refused rather than told wrong. Breaches are told as of the rules that were in force then.
"""

from datetime import datetime
from enum import StrEnum

from domain import clock_past
from domain.attribution import OwnerSpan, spans
from domain.clocks import Clock, ClockOutcome, ClockStatus, counted_at, due_at
from domain.frozen import Frozen
from domain.policy import ClockKind, Policy
from domain.ticket import Entry, FormerPolicy, Ticket
from domain.tiers import Owner, Priority, Tier


class ClockThen(Frozen):
    """A clock as it stood. Lengths are seconds; ``due_at`` is when it would have been breached, had it run on."""

    id: str
    kind: ClockKind
    stint: int | None
    priority: Priority
    policy_version: str
    status: ClockStatus
    outcome: ClockOutcome | None
    target_s: float
    counted_s: float
    started_at: datetime
    due_at: datetime | None
    stopped_at: datetime | None
    breached_at: datetime | None


class TicketTimeline(Frozen):
    """A ticket's timeline up to ``as_of``.

    ``spans`` say whose every second was, from ``spans_from`` on (the opening, unless the ticket has had too many of them to carry);
    ``dropped`` entries before ``entries`` are not carried any more. ``tier`` and ``owner`` are those of that instant.
    """

    ticket_id: str
    as_of: datetime
    opened_at: datetime
    policy: str
    tier: Tier
    owner: Owner
    entries: tuple[Entry, ...]
    dropped: int
    spans: tuple[OwnerSpan, ...]
    spans_from: datetime
    clocks: tuple[ClockThen, ...]


class WhyUntold(StrEnum):
    """Why a timeline cannot be told."""

    BEFORE_OPENING = "before_opening"
    IN_THE_FUTURE = "in_the_future"
    NOT_CARRIED = "not_carried"


class UntoldTimeline(Frozen):
    """Why the timeline as of that instant cannot be told, in one sentence."""

    ticket_id: str
    why: WhyUntold
    text: str


class TimelineQuestion(Frozen):
    """What a ticket's workflow is asked: ``now`` by the asker's wall clock, since a workflow's own stands still between its messages."""

    now: datetime
    as_of: datetime | None = None


class TimelineAnswer(Frozen):
    """The timeline, or why it cannot be told."""

    timeline: TicketTimeline | None = None
    untold: UntoldTimeline | None = None


def answer(ticket: Ticket, question: TimelineQuestion) -> TimelineAnswer:
    """What the ticket tells."""
    told = timeline_of(ticket, question.now, question.as_of)
    return TimelineAnswer(timeline=told) if isinstance(told, TicketTimeline) else TimelineAnswer(untold=told)


def timeline_of(ticket: Ticket, now: datetime, as_of: datetime | None = None) -> TicketTimeline | UntoldTimeline:
    """The timeline as of an instant; as of now when none is given.

    Args:
        ticket: the ticket as it stands.
        now: the instant of asking, by the wall clock; one that runs behind is put right by the ticket's own times.
        as_of: a past instant, timezone-aware.
    """
    now = max(now, ticket.opened_at)
    at = now if as_of is None else as_of
    untold = _untold(ticket, now, at)
    if untold is not None:
        return untold
    told = spans(ticket, at)
    policy = ticket.policy if as_of is None else _in_force(ticket, at)
    dropped = ticket.timeline_dropped
    return TicketTimeline(
        ticket_id=ticket.id,
        as_of=at,
        opened_at=ticket.opened_at,
        policy=f"{policy.name} {policy.version}",
        tier=next(stint.tier for stint in reversed(ticket.stints) if stint.entered_at <= at),
        owner=told[-1].owner if told else (ticket.held[0].owner if ticket.held else ticket.owner),
        entries=tuple(entry for entry in ticket.timeline if entry.at <= at),
        dropped=dropped,
        spans=told,
        spans_from=told[0].since if told else ticket.opened_at,
        clocks=tuple(then for clock in ticket.clocks if (then := _clock_then(ticket, clock, at)) is not None),
    )


def carried_from(ticket: Ticket) -> datetime:
    """The first instant of which the ticket can still be told as it was."""
    edges = [ticket.opened_at]
    if ticket.timeline_dropped and ticket.timeline:
        edges.append(ticket.timeline[0].at)
    if ticket.held and ticket.held[0].since > ticket.opened_at:
        edges.append(ticket.held[0].since)
    if ticket.folded_until is not None:
        edges.append(ticket.folded_until)
    edges += [clock_past.known_from(clock) for clock in ticket.clocks if clock.past_dropped]
    return max(edges)


def _untold(ticket: Ticket, now: datetime, at: datetime) -> UntoldTimeline | None:
    if at > now:
        text = f"{at.isoformat()} is in the future: ask for an instant that has passed"
        return UntoldTimeline(ticket_id=ticket.id, why=WhyUntold.IN_THE_FUTURE, text=text)
    if at < ticket.opened_at:
        text = f"{ticket.id} was opened at {ticket.opened_at.isoformat()}: ask for an instant from then on"
        return UntoldTimeline(ticket_id=ticket.id, why=WhyUntold.BEFORE_OPENING, text=text)
    first = carried_from(ticket)
    if at < first:
        text = (
            f"{ticket.id} has had so many changes that it tells how it stood from {first.isoformat()} on: "
            "what was before is in its workflow's history"
        )
        return UntoldTimeline(ticket_id=ticket.id, why=WhyUntold.NOT_CARRIED, text=text)
    return None


def _in_force(ticket: Ticket, at: datetime) -> Policy | FormerPolicy:
    """The policy in force at an instant; at the very instant of an edit that is the new one."""
    return next((edit.before for edit in ticket.edits if at < edit.at), ticket.policy)


def _clock_then(ticket: Ticket, clock: Clock, at: datetime) -> ClockThen | None:
    then = clock_past.as_of(clock, at)
    if then is None:
        return None
    stood, until = then
    policy = ticket.policy_until(until) if until is not None else ticket.policy
    calendar = policy.calendar(stood.calendar)
    return ClockThen(
        id=stood.id,
        kind=stood.kind,
        stint=stood.stint,
        priority=stood.priority,
        policy_version=stood.policy_version,
        status=stood.status,
        outcome=stood.outcome,
        target_s=stood.target.total_seconds(),
        counted_s=counted_at(stood, calendar, at).total_seconds(),
        started_at=stood.started_at,
        due_at=None if stood.stopped else due_at(stood, calendar, stood.target),
        stopped_at=stood.stopped_at,
        breached_at=stood.breached_at,
    )

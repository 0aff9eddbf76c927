"""Whose time it was: every second of a ticket's life has exactly one owner, and they add up to its wall time.

The time in which the tier that has the ticket is closed by its own calendar is nobody's fault: it counts as closed hours. A stay is kept as
one piece and divided when it is asked for, so that a ticket which waits for months stays small.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from domain.calendar import ALWAYS, Calendar
from domain.frozen import Frozen
from domain.policy import Policy
from domain.ticket import FormerPolicy, Held, Ticket, TicketStatus
from domain.tiers import Owner, Tier, WaitingOn

MOST_HELD = 400
"""Stays that a ticket carries; older ones are in its totals alone."""
MOST_SPANS = 5_000
"""Spans that are shown at once, after stays are divided by open and closed hours; older ones are in the totals alone."""
_TIERS = frozenset({Owner.L0, Owner.L1, Owner.L2, Owner.L3})


class OwnerSpan(Frozen):
    """A time in which the ticket was one owner's, from ``since`` up to ``until``."""

    owner: Owner
    since: datetime
    until: datetime


def owner_of(ticket: Ticket) -> Owner:
    """Whose turn it is, whether or not they are open."""
    if ticket.status is not TicketStatus.OPEN:
        return Owner.RESOLVED
    if ticket.waiting_on is WaitingOn.CUSTOMER:
        return Owner.CUSTOMER
    if ticket.waiting_on is WaitingOn.VENDOR or ticket.tier is Tier.L4:
        return Owner.VENDOR
    if ticket.waiting_on is WaitingOn.ENGINEERING:
        return Owner.L3
    return Owner(ticket.tier.value)


def hours_of(policy: Policy | FormerPolicy, owner: Owner) -> Calendar:
    """When that owner is open: a tier by its calendar, everybody else always."""
    return policy.hours_of(Tier(owner.value)) if owner in _TIERS else ALWAYS


def settled(ticket: Ticket, at: datetime) -> dict[str, object]:
    """The changes by which the ticket's stay up to ``at`` is counted and kept, and a new one begins."""
    if at <= ticket.owner_since:
        return {}
    spent = dict(ticket.spent)
    _add(spent, ticket.owner, hours_of(ticket.policy, ticket.owner), ticket.owner_since, at)
    kept = Held(owner=ticket.owner, since=ticket.owner_since, until=at, waiting_on=ticket.owner_waits_on)
    held = (*ticket.held, kept)
    return {"spent": spent, "held": held[-MOST_HELD:], "owner_since": at}


def until_of(ticket: Ticket, now: datetime) -> datetime:
    """The end of the ticket's wall time: its closing, or now."""
    return ticket.closed_at or max(now, ticket.owner_since)


def totals(ticket: Ticket, now: datetime) -> dict[Owner, timedelta]:
    """The whole time since opening by owner; the lengths add up to the wall time, exactly."""
    spent = dict(ticket.spent)
    _add(spent, ticket.owner, hours_of(ticket.policy, ticket.owner), ticket.owner_since, until_of(ticket, now))
    return spent


def spans(ticket: Ticket, at: datetime) -> tuple[OwnerSpan, ...]:
    """Who had the ticket when, without a gap up to ``at`` (or the closing before it), oldest first.

    They begin at the opening, or later where a ticket was too long to carry them all.
    """
    end = min(at, until_of(ticket, at))
    stays = [(held.owner, held.since, min(held.until, end), held.until) for held in ticket.held if held.since < end]
    if ticket.owner_since < end:
        stays.append((ticket.owner, ticket.owner_since, end, end))
    joined: list[OwnerSpan] = []
    for owner, since, until, known_by in stays:
        hours = hours_of(ticket.policy_until(known_by), owner)
        for span in _divided(owner, hours, since, until):
            if joined and joined[-1].owner is span.owner and joined[-1].until == span.since:
                joined[-1] = joined[-1].model_copy(update={"until": span.until})
            else:
                joined.append(span)
    return tuple(joined[-MOST_SPANS:])


def _divided(owner: Owner, hours: Calendar, since: datetime, until: datetime) -> Iterator[OwnerSpan]:
    at = since
    for opens, closes in hours.windows(since, until):
        if at < opens:
            yield OwnerSpan(owner=Owner.CLOSED_HOURS, since=at, until=opens)
        yield OwnerSpan(owner=owner, since=opens, until=closes)
        at = closes
    if at < until:
        yield OwnerSpan(owner=Owner.CLOSED_HOURS, since=at, until=until)


def _add(spent: dict[Owner, timedelta], owner: Owner, hours: Calendar, since: datetime, until: datetime) -> None:
    whole = until - since
    its_own = hours.elapsed(since, until)
    for name, length in ((owner, its_own), (Owner.CLOSED_HOURS, whole - its_own)):
        if length:
            spent[name] = spent.get(name, timedelta(0)) + length

"""The joint-retro digest: what happened in a period, counted from each ticket's facts."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from domain.calendar import ALWAYS, Calendar
from domain.frozen import Frozen
from domain.issues import IssueRef
from domain.pager_load import PagedPerson, PagerLoad, pager_load
from domain.policy import ClockKind
from domain.texts import Key, Name
from domain.tiers import Owner, Tier

MOST_THANKED = 500
"""Solvers of a digest, those who solved most: a digest is handed on in one piece, and Slack shows fewer."""


class TicketFacts(Frozen):
    """What a digest, or a list of open tickets, needs to know of one ticket. It names no customer.

    Times are totals up to ``as_of``; ``late`` names the outside systems that do not take what it sends.
    """

    ticket_id: Key
    tier: Tier
    status: Name
    opened_at: datetime
    resolved_at: datetime | None = None
    as_of: datetime
    owner: Owner
    owner_hours: Calendar = ALWAYS
    seconds_by_owner: dict[Owner, float]
    handoffs: tuple[datetime, ...] = ()
    returns: tuple[datetime, ...] = ()
    breaches: tuple[tuple[ClockKind, datetime], ...] = ()
    issues: tuple[IssueRef, ...] = ()
    solved_by: Name | None = None
    reopened: int = 0
    reopenings: tuple[datetime, ...] = ()
    paged: tuple[PagedPerson, ...] = ()
    owner_since: datetime | None = None
    late: tuple[Name, ...] = ()


class IssueLoad(Frozen):
    """An engineering issue and how many tickets are on it."""

    ref: IssueRef
    tickets: int


class OldTicket(Frozen):
    """An open ticket and its age."""

    ticket_id: Key
    tier: Tier
    age: timedelta


class Digest(Frozen):
    """The joint retro's numbers for a period. ``waiting`` is hours of tickets' lives by whose turn it was, of tickets that
    were open in the period, over their whole lives so far."""

    team: Name
    start: datetime
    end: datetime
    opened: int
    resolved: int
    open_now: int
    reopened: int
    by_tier: dict[Tier, int]
    breaches: dict[ClockKind, int]
    handoffs: int
    returns: int
    waiting: dict[Owner, timedelta]
    top_issues: tuple[IssueLoad, ...]
    oldest: tuple[OldTicket, ...]
    thanks: tuple[tuple[Name, int], ...]
    pager_load: tuple[PagerLoad, ...] = ()


def summarise(team: str, facts: Iterable[TicketFacts], start: datetime, end: datetime, *, top: int = 5) -> Digest:
    """Count a period ``[start, end)`` over the tickets that were opened, open or resolved in it."""
    seen = [fact for fact in facts if fact.opened_at < end and (fact.resolved_at is None or fact.resolved_at >= start)]
    unresolved = [fact for fact in seen if fact.resolved_at is None or fact.resolved_at >= end]
    solved = [fact for fact in seen if fact.resolved_at is not None and start <= fact.resolved_at < end]
    issues = {_identity(ref): ref for fact in seen for ref in fact.issues}
    loads = Counter(_identity(ref) for fact in seen for ref in fact.issues)
    return Digest(
        team=team,
        start=start,
        end=end,
        opened=sum(start <= fact.opened_at < end for fact in seen),
        resolved=len(solved),
        open_now=len(unresolved),
        reopened=sum(start <= at < end for fact in seen for at in fact.reopenings),
        by_tier=dict(sorted(Counter(fact.tier for fact in seen).items())),
        breaches=dict(
            sorted(Counter(kind for fact in seen for kind, at in fact.breaches if start <= at < end).items())
        ),
        handoffs=sum(start <= at < end for fact in seen for at in fact.handoffs),
        returns=sum(start <= at < end for fact in seen for at in fact.returns),
        waiting=_waiting(seen, end),
        top_issues=tuple(IssueLoad(ref=issues[key], tickets=count) for key, count in _ranked(loads)[:top]),
        oldest=tuple(
            OldTicket(ticket_id=fact.ticket_id, tier=fact.tier, age=end - fact.opened_at)
            for fact in sorted(unresolved, key=lambda fact: (fact.opened_at, fact.ticket_id))[:top]
        ),
        thanks=_thanks(fact.solved_by for fact in solved if fact.solved_by is not None),
        pager_load=pager_load((person for fact in seen for person in fact.paged), start, end),
    )


def _thanks(solvers: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """Each solver with how much they solved; one person may be written Ada in one system and ada in another."""
    written: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for name in solvers:
        counts[name.casefold()] += 1
        written[name.casefold()] = max(
            written.get(name.casefold(), name), name, key=lambda form: (form[:1].isupper(), form)
        )
    return tuple((written[key], count) for key, count in _ranked(counts)[:MOST_THANKED])


def _waiting(facts: Iterable[TicketFacts], end: datetime) -> dict[Owner, timedelta]:
    totals: dict[Owner, timedelta] = {}
    for fact in facts:
        for owner, seconds in fact.seconds_by_owner.items():
            totals[owner] = totals.get(owner, timedelta(0)) + timedelta(seconds=seconds)
        if fact.status != "closed" and end > fact.as_of:
            open_time = fact.owner_hours.elapsed(fact.as_of, end)
            closed_time = end - fact.as_of - open_time
            for owner, length in ((fact.owner, open_time), (Owner.CLOSED_HOURS, closed_time)):
                if not length:
                    continue
                totals[owner] = totals.get(owner, timedelta(0)) + length
    totals.pop(Owner.RESOLVED, None)
    return dict(sorted(totals.items()))


def _identity(ref: IssueRef) -> str:
    return f"{ref.tracker.value}/{ref.id}"


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))

"""A ticket's card and view: what people see of its state."""

from datetime import datetime
from itertools import groupby

from domain.attribution import hours_of, owner_of, totals
from domain.card import Card, CardButton, CardClock, CardIssue
from domain.clock_names import clock_name
from domain.clocks import Clock, ClockStatus, counted_at, due_at
from domain.digest import TicketFacts
from domain.paging import PageStatus
from domain.ticket import Page, Ticket, TicketStatus
from domain.tiers import Owner, Tier, WaitingOn


def card_of(ticket: Ticket, now: datetime) -> Card:
    """The card at an instant. Two cards are equal when nothing that a person would see differs."""
    case = ticket.open_case
    rules = ticket.policy.tiers.get(ticket.tier)
    rules = rules.of_team(ticket.stint.team) if rules is not None else None
    page = ticket.pages[-1] if ticket.pages else None
    return Card(
        ticket_id=ticket.id,
        title=ticket.title,
        status=ticket.status.value,
        tier=ticket.tier,
        tier_name=rules.name if rules is not None else ticket.tier.value,
        priority=ticket.priority,
        customer=ticket.customer.name,
        plan=ticket.customer.plan,
        sla=_sla_words(ticket),
        # A reopening is a new stint, mostly in the same tier: to the reader that is no step.
        path=tuple(tier for tier, _ in groupby(stint.tier for stint in ticket.stints)),
        owner=ticket.stint.accepted_by.name if ticket.stint.accepted_by is not None else None,
        waiting_on=_waiting_words(ticket),
        clock=_next_clock(ticket, now),
        breached=tuple(_breach_words(ticket, clock) for clock in ticket.clocks if clock.breached_at is not None),
        issues=tuple(CardIssue(ref=i.ref, status=i.status or "new", assignee=i.assignee) for i in ticket.issues),
        page=_page_words(page) if page is not None else None,
        page_url=page.url if page is not None else None,
        vendor=f"{case.vendor_name}, due {case.due_at:%Y-%m-%d %H:%M:%S} UTC" if case is not None else None,
        external_ref=ticket.external_ref,
        snoozed_until=ticket.snooze.until if ticket.snooze is not None else None,
        snoozed_by=ticket.snooze.by if ticket.snooze is not None else None,
        troubles=tuple(f"{lane.capitalize()} is late since {t.since:%H:%M:%S} UTC" for lane, t in ticket.lanes.items()),
        buttons=_buttons(ticket),
    )


def facts_of(ticket: Ticket, now: datetime) -> TicketFacts:
    """What the digest needs of this ticket."""
    return TicketFacts(
        ticket_id=ticket.id,
        tier=ticket.tier,
        status=ticket.status.value,
        opened_at=ticket.opened_at,
        resolved_at=ticket.resolved_at,
        as_of=now,
        owner=owner_of(ticket),
        owner_hours=hours_of(ticket.policy, owner_of(ticket)),
        seconds_by_owner={owner: length.total_seconds() for owner, length in totals(ticket, now).items()},
        handoffs=ticket.handoffs,
        returns=ticket.returns,
        breaches=tuple((c.kind, c.breached_at) for c in ticket.clocks if c.breached_at is not None),
        issues=tuple(issue.ref for issue in ticket.issues),
        solved_by=ticket.resolved_by,
        reopened=ticket.reopened,
        reopenings=ticket.reopenings,
    )


def _sla_words(ticket: Ticket) -> str | None:
    if not ticket.policy.slas:
        return None
    return ticket.sla if ticket.sla is not None else "none matches: nothing is measured"


def _waiting_words(ticket: Ticket) -> str:
    if ticket.status is not TicketStatus.OPEN:
        return "nobody"
    case = ticket.open_case
    if owner_of(ticket) is Owner.VENDOR:
        return case.vendor_name if case is not None else Tier.L4.value
    if ticket.waiting_on is WaitingOn.TIER:
        return ticket.tier.value
    return ticket.waiting_on.value


def _next_clock(ticket: Ticket, now: datetime) -> CardClock | None:
    running = [clock for clock in ticket.clocks if clock.status is ClockStatus.RUNNING]
    candidates = [view for clock in running if (view := _clock_view(ticket, clock, now)) is not None]
    # A clock that is over already says less than one that can still be kept.
    return min(candidates, key=lambda view: (view.breached, view.due_at), default=None)


def _clock_view(ticket: Ticket, clock: Clock, now: datetime) -> CardClock | None:
    calendar = ticket.policy.calendar(clock.calendar)
    due = clock.breached_at or due_at(clock, calendar, clock.target)
    if due is None:
        return None
    percent = int(100 * (counted_at(clock, calendar, now) / clock.target))
    return CardClock(name=clock_name(clock.kind), due_at=due, percent=percent, breached=clock.breached_at is not None)


def _breach_words(ticket: Ticket, clock: Clock) -> str:
    return clock_name(clock.kind) + (f" in {ticket.stints[clock.stint].tier.value}" if clock.stint is not None else "")


def _page_words(page: Page) -> str:
    if page.failed is not None:
        return f"nobody could be paged: {page.failed}"
    if page.status is PageStatus.RESOLVED:
        return "page is over" + (f", it was acknowledged by {page.acknowledged_by}" if page.acknowledged_by else "")
    if page.status is PageStatus.ACKNOWLEDGED:
        return f"acknowledged by {page.acknowledged_by}"
    if page.status is None:
        return "paging the on-call"
    return "paged, nobody acknowledged yet" + (" (through the Events API)" if page.via_events else "")


def _buttons(ticket: Ticket) -> tuple[CardButton, ...]:
    if ticket.status is TicketStatus.CLOSED:
        return ()
    if ticket.settled_at is not None:
        return (CardButton.REOPEN,)
    take = (CardButton.ACCEPT,) if ticket.stint.accepted_at is None and ticket.tier is not Tier.L4 else ()
    up = (CardButton.ESCALATE,) if ticket.tier is not Tier.L4 else ()
    down = (CardButton.RETURN,) if any(stint.tier.rank < ticket.tier.rank for stint in ticket.stints) else ()
    return (*take, *up, *down, CardButton.RESOLVE)

"""A ticket's card and view: what people see of its state."""

from datetime import datetime
from itertools import groupby
from urllib.parse import quote

from domain import issue_choice
from domain.attribution import hours_of, owner_of, totals
from domain.card import (
    Card,
    CardButton,
    CardChoice,
    CardClock,
    CardIssue,
    CardReach,
    CardReport,
    CardStandstill,
    CardTrouble,
    CardVendor,
)
from domain.clock_names import clock_name
from domain.clocks import Clock, ClockStatus, counted_at, due_at
from domain.digest import TicketFacts
from domain.engineering_rules import RequestKind
from domain.intents import lane_name
from domain.issues import IssueMeaning
from domain.pager_load import paged_people
from domain.paging import PageStatus
from domain.people import Role
from domain.policy import CommandName, ReportField, TierRules
from domain.report import missing_parts
from domain.ticket import LinkedIssue, Page, Ticket, TicketStatus
from domain.tiers import Owner, Tier, WaitingOn

_NOT_IN_SLACK = frozenset({Role.CUSTOMER, Role.VENDOR, Role.INTEGRATION})


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
        waiting_since=_waiting_since(ticket),
        clock=_next_clock(ticket, now),
        standstill=_standstill(ticket),
        breached=tuple(_breach_words(ticket, clock) for clock in ticket.clocks if clock.breached_at is not None),
        issues=tuple(_issue(issue) for issue in ticket.issues),
        feature=ticket.request is RequestKind.FEATURE,
        workaround=ticket.workaround,
        choice=_choice(ticket),
        page=_page_words(page) if page is not None else None,
        page_url=page.url if page is not None else None,
        reached=tuple(
            CardReach(person=one.person, by=one.by, outcome=one.outcome)
            for one in ticket.reached
            if page is not None and one.page_key == page.key
        ),
        report=_report(ticket, rules),
        vendor=CardVendor(name=case.vendor_name, due_at=case.due_at, overdue=case.overdue_at is not None)
        if case is not None
        else None,
        channel=ticket.severity_channel,
        external_ref=ticket.external_ref,
        help_desk_url=_help_desk_url(ticket),
        snoozed_until=ticket.snooze.until if ticket.snooze is not None else None,
        snoozed_by=ticket.snooze.by if ticket.snooze is not None else None,
        troubles=tuple(CardTrouble(system=lane_name(lane), since=t.since) for lane, t in ticket.lanes.items()),
        buttons=_allowed(ticket, _buttons(ticket)),
        more=_allowed(ticket, _more(ticket, rules)),
        drawn_at=now,
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
        paged=paged_people(ticket),
        owner_since=ticket.owner_since,
        late=tuple(sorted(ticket.lanes)),
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


def _waiting_since(ticket: Ticket) -> datetime | None:
    """Since when it is their turn, through changes that did not change whose turn it is (an edited policy)."""
    if ticket.status is not TicketStatus.OPEN:
        return None
    since = ticket.owner_since
    for held in reversed(ticket.held):
        if (held.owner, held.waiting_on, held.until) != (ticket.owner, ticket.owner_waits_on, since):
            break
        since = held.since
    # To another team of the same tier the ticket is new.
    return max(since, ticket.stint.entered_at) if ticket.waiting_on is WaitingOn.TIER else since


def _report(ticket: Ticket, rules: TierRules | None) -> CardReport | None:
    asked = rules.requires if rules is not None else ()
    report = ticket.report
    if not asked and report is None:
        return None
    written = tuple(part for part in ReportField if report is not None and report.part(part) is not None)
    return CardReport(written=written, missing=missing_parts(asked, report, ticket.component))


def _choice(ticket: Ticket) -> CardChoice | None:
    choice, buttons = ticket.issue_choice, issue_choice.buttons(ticket)
    if choice is None or choice.until is None or not buttons:
        return None
    return CardChoice(candidates=choice.candidates, until=choice.until, buttons=buttons)


def _help_desk_url(ticket: Ticket) -> str | None:
    template = ticket.policy.help_desk_url
    if template is None or ticket.external_ref is None:
        return None
    return template.replace("{ref}", quote(ticket.external_ref, safe=""))


def _standstill(ticket: Ticket) -> CardStandstill | None:
    """The clock that has come furthest, where all stand still."""
    if ticket.status is not TicketStatus.OPEN or any(clock.status is ClockStatus.RUNNING for clock in ticket.clocks):
        return None
    paused = [clock for clock in ticket.clocks if clock.status is ClockStatus.PAUSED]
    furthest = max(paused, key=lambda clock: clock.counted / clock.target, default=None)
    if furthest is None:
        return None
    return CardStandstill(name=clock_name(furthest.kind), percent=int(100 * (furthest.counted / furthest.target)))


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
    return clock_name(clock.kind) + (
        f" in {ticket.stint_numbered(clock.stint).tier.value}" if clock.stint is not None else ""
    )


def _issue(issue: LinkedIssue) -> CardIssue:
    return CardIssue(
        ref=issue.ref,
        status=issue.status or "new",
        assignee=issue.assignee,
        outcome=outcome_of(issue),
        tickets=issue.tickets,
        impact=issue.impact,
    )


def outcome_of(issue: LinkedIssue) -> str | None:
    """What the issue's status means for the customer, in words; None where the status says it."""
    release = f" {issue.release}" if issue.release else ""
    match issue.meaning:
        case IssueMeaning.FIXED:
            return f"fixed, waits for release{release}" if release else "fixed, waits for its release"
        case IssueMeaning.RELEASED:
            return f"released with{release}" if release else None
        case IssueMeaning.DECLINED:
            return "closed without a fix"
        case IssueMeaning.DUPLICATE:
            return "a duplicate"
        case _:
            return None


def _page_words(page: Page) -> str:
    if page.failed is not None:
        return f"nobody could be paged: {page.failed}"
    if page.status is PageStatus.RESOLVED:
        return "page is over" + (f", it was acknowledged by {page.acknowledged_by}" if page.acknowledged_by else "")
    if page.status is PageStatus.ACKNOWLEDGED:
        return f"acknowledged by {page.acknowledged_by}"
    if page.status is None:
        return "paging the on-call"
    whom = f" {', '.join(page.assigned_to)}" if page.assigned_to else ""
    return f"paged{whom}{_through(page)}, nobody acknowledged yet"


def _through(page: Page) -> str:
    if not page.via_events:
        return ""
    return " through the Events API" + (f" ({page.why})" if page.why else "")


def _buttons(ticket: Ticket) -> tuple[CardButton, ...]:
    """What is pressed often. Slack shows everybody the same: who may not is told so when they press."""
    if ticket.status is TicketStatus.CLOSED:
        return ()
    if ticket.settled_at is not None:
        return (CardButton.REOPEN,)
    take = (CardButton.ACCEPT,) if ticket.stint.accepted_at is None and ticket.tier is not Tier.L4 else ()
    up = (CardButton.ESCALATE,) if _has_a_way_up(ticket) else ()
    down = (CardButton.RETURN,) if any(stint.tier.rank < ticket.tier.rank for stint in ticket.stints) else ()
    return (*take, *up, *down, CardButton.REPLY, CardButton.RESOLVE)


def _has_a_way_up(ticket: Ticket) -> bool:
    if ticket.tier is Tier.L4:
        return False
    return bool(ticket.policy.vendors) or ticket.policy.tier_above(ticket.tier) is not None


def _more(ticket: Ticket, rules: TierRules | None) -> tuple[CardButton, ...]:
    """What is pressed now and then: five at the most, as many as Slack's overflow menu holds."""
    if ticket.status is TicketStatus.CLOSED:
        return ()
    if ticket.settled_at is not None:
        return (CardButton.NOTE,)
    teams = rules is not None and any(team != ticket.stint.team for team in rules.teams)
    over = (CardButton.HAND_OVER,) if teams else ()
    return (CardButton.NOTE, CardButton.SNOOZE, *over, CardButton.PRIORITY, CardButton.LINK)


def _allowed(ticket: Ticket, buttons: tuple[CardButton, ...]) -> tuple[CardButton, ...]:
    """Those that somebody in Slack may press, by the policy."""
    return tuple(b for b in buttons if set(ticket.policy.allowed(CommandName(b.value))) - _NOT_IN_SLACK)

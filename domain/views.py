"""What the outside may read of a ticket."""

from datetime import datetime

from pydantic import Field

from domain.attribution import totals
from domain.clocks import Clock, ClockOutcome, ClockStatus, counted_at, due_at
from domain.engineering_rules import RequestKind
from domain.frozen import Frozen
from domain.issues import IssueCandidate, IssueCategory, IssueMeaning, IssueRef
from domain.page_rules import ReachBy
from domain.paging import PageStatus, Urgency
from domain.policy import ClockKind
from domain.reach import ReachOutcome
from domain.report import EscalationReport
from domain.ticket import Entry, Ticket, TicketStatus
from domain.tiers import Owner, Priority, Tier, WaitingOn


class ClockView(Frozen):
    """A clock. Lengths are seconds."""

    id: str
    kind: ClockKind
    stint: int | None
    priority: Priority
    policy_version: str
    sla: str | None
    status: ClockStatus
    outcome: ClockOutcome | None
    target_s: float
    counted_s: float
    started_at: datetime
    due_at: datetime | None
    stopped_at: datetime | None
    breached_at: datetime | None


class StintView(Frozen):
    """A stay in a tier."""

    number: int
    tier: Tier
    entered_at: datetime
    accepted_at: datetime | None
    accepted_by: str | None
    left_at: datetime | None


class IssueView(Frozen):
    """An engineering issue. ``meaning`` is what its status means for the ticket, ``release`` what a fix is waited for in, or came with;
    ``impact`` the class of what the ``tickets`` on it weigh together.
    """

    ref: IssueRef
    title: str
    status: str
    category: IssueCategory
    assignee: str | None
    meaning: IssueMeaning | None = None
    priority: str | None = None
    release: str | None = None
    impact: str | None = None
    tickets: int = 1


class ChoiceView(Frozen):
    """Issues that may be the same as the one that is to be opened in ``project``: link one, or open a new one. Without a word it is opened
    at ``until``; None while the tracker is still asked, or a named issue is looked up."""

    project: str
    candidates: tuple[IssueCandidate, ...]
    until: datetime | None


class PageView(Frozen):
    """A page."""

    key: str
    status: PageStatus | None
    acknowledged_by: str | None
    url: str | None
    via_events: bool
    failed: str | None
    wanted_at: datetime | None = None
    urgency: Urgency = Urgency.HIGH
    out_of_hours: bool = False
    assigned_to: tuple[str, ...] = ()


class ReachView(Frozen):
    """A person whom a step of the chain behind the pager reached, or was to reach. ``step`` counts from 1."""

    page: str
    step: int
    person: str
    by: ReachBy
    at: datetime
    outcome: ReachOutcome
    why: str | None


class CaseView(Frozen):
    """A vendor case."""

    number: int
    vendor: str
    opened_at: datetime
    due_at: datetime
    answered_at: datetime | None
    overdue_at: datetime | None


class TicketView(Frozen):
    """A ticket as the API shows it. ``spent_s`` is the whole time since opening by whose turn it was, in seconds;
    ``sla`` is None where no SLA of the policy matches: then nothing but vendors is measured. ``folded`` counts, by what it is, what the ticket
    no longer carries: it is in the history of its workflow."""

    id: str
    title: str
    status: TicketStatus
    tier: Tier
    priority: Priority
    waiting_on: WaitingOn
    owner: str | None
    customer: str
    plan: str | None
    product: str | None
    component: str | None
    language: str | None
    external_ref: str | None
    opened_at: datetime
    first_response_at: datetime | None
    resolved_at: datetime | None
    cancelled_at: datetime | None
    closed_at: datetime | None
    reopened: int
    snoozed_until: datetime | None
    policy: str
    sla: str | None
    stints: tuple[StintView, ...]
    clocks: tuple[ClockView, ...]
    issues: tuple[IssueView, ...]
    pages: tuple[PageView, ...]
    reached: tuple[ReachView, ...] = ()
    cases: tuple[CaseView, ...]
    spent_s: dict[Owner, float]
    late: tuple[str, ...]
    merged_into: str | None
    merged_in: tuple[str, ...]
    split_from: str | None
    split_into: tuple[str, ...]
    card_permalink: str | None
    timeline: tuple[Entry, ...]
    timeline_dropped: int
    report: EscalationReport | None = None
    issue_choice: ChoiceView | None = None
    request: RequestKind = RequestKind.BUG
    workaround: str | None = None
    folded: dict[str, int] = Field(default_factory=dict)


def view_of(ticket: Ticket, now: datetime) -> TicketView:
    """The ticket at an instant."""
    accepted_by = ticket.stint.accepted_by
    return TicketView(
        id=ticket.id,
        title=ticket.title,
        status=ticket.status,
        tier=ticket.tier,
        priority=ticket.priority,
        waiting_on=ticket.waiting_on,
        owner=accepted_by.name if accepted_by is not None else None,
        customer=ticket.customer.name,
        plan=ticket.customer.plan,
        product=ticket.product,
        component=ticket.component,
        language=ticket.language,
        external_ref=ticket.external_ref,
        opened_at=ticket.opened_at,
        first_response_at=ticket.first_response_at,
        resolved_at=ticket.resolved_at,
        cancelled_at=ticket.cancelled_at,
        closed_at=ticket.closed_at,
        reopened=ticket.reopened,
        snoozed_until=ticket.snooze.until if ticket.snooze is not None else None,
        policy=f"{ticket.policy.name} {ticket.policy.version}",
        sla=ticket.sla,
        stints=tuple(
            StintView(
                number=s.number,
                tier=s.tier,
                entered_at=s.entered_at,
                accepted_at=s.accepted_at,
                accepted_by=s.accepted_by.name if s.accepted_by is not None else None,
                left_at=s.left_at,
            )
            for s in ticket.stints
        ),
        clocks=tuple(_clock_view(ticket, clock, now) for clock in ticket.clocks),
        issues=tuple(
            IssueView(
                ref=i.ref,
                title=i.title,
                status=i.status,
                category=i.category,
                assignee=i.assignee,
                meaning=i.meaning,
                priority=i.priority,
                release=i.release,
                impact=i.impact,
                tickets=i.tickets,
            )
            for i in ticket.issues
        ),
        pages=tuple(
            PageView(
                key=p.key,
                status=p.status,
                acknowledged_by=p.acknowledged_by,
                url=p.url,
                via_events=p.via_events,
                failed=p.failed,
                wanted_at=p.wanted_at,
                urgency=p.urgency,
                out_of_hours=p.out_of_hours,
                assigned_to=p.assigned_to,
            )
            for p in ticket.pages
        ),
        reached=tuple(
            ReachView(page=r.page_key, step=r.step, person=r.person, by=r.by, at=r.at, outcome=r.outcome, why=r.why)
            for r in ticket.reached
        ),
        cases=tuple(
            CaseView(
                number=c.number,
                vendor=c.vendor_name,
                opened_at=c.opened_at,
                due_at=c.due_at,
                answered_at=c.answered_at,
                overdue_at=c.overdue_at,
            )
            for c in ticket.cases
        ),
        spent_s={owner: length.total_seconds() for owner, length in totals(ticket, now).items()},
        late=tuple(sorted(ticket.lanes)),
        merged_into=ticket.merged_into,
        merged_in=ticket.merged_in,
        split_from=ticket.split_from,
        split_into=ticket.split_into,
        card_permalink=ticket.card.permalink if ticket.card is not None else None,
        timeline=ticket.timeline,
        timeline_dropped=ticket.timeline_dropped,
        report=ticket.report,
        request=ticket.request,
        workaround=ticket.workaround,
        folded=ticket.folded,
        issue_choice=_choice_view(ticket),
    )


def _choice_view(ticket: Ticket) -> ChoiceView | None:
    choice = ticket.issue_choice
    if choice is None:
        return None
    until = choice.until if choice.linking is None else None
    return ChoiceView(project=choice.draft.project, candidates=choice.candidates, until=until)


def _clock_view(ticket: Ticket, clock: Clock, now: datetime) -> ClockView:
    calendar = ticket.policy.calendar(clock.calendar)
    return ClockView(
        id=clock.id,
        kind=clock.kind,
        stint=clock.stint,
        priority=clock.priority,
        policy_version=clock.policy_version,
        sla=clock.sla,
        status=clock.status,
        outcome=clock.outcome,
        target_s=clock.target.total_seconds(),
        counted_s=counted_at(clock, calendar, now).total_seconds(),
        started_at=clock.started_at,
        due_at=None if clock.stopped else due_at(clock, calendar, clock.target),
        stopped_at=clock.stopped_at,
        breached_at=clock.breached_at,
    )

"""What outside systems and other workflows tell a ticket, and what it does about it."""

from domain import moves
from domain.issues import IssueCategory, Tracker
from domain.messages import (
    Delivery,
    IssueChanged,
    IssueCommented,
    IssueGone,
    PageChanged,
    VendorAnswered,
    VendorOverdue,
)
from domain.paging import PageStatus
from domain.people import Actor, ActorKind, Role
from domain.ticket import LinkedIssue, TicketStatus
from domain.tiers import Tier, WaitingOn
from domain.turn import Turn

_ENGINEERS = frozenset({Role.ENGINEER})


def take_delivery(turn: Turn, delivery: Delivery) -> None:
    """Take one delivery in."""
    match delivery.body:
        case PageChanged():
            _page_changed(turn, delivery.body)
        case IssueChanged():
            _issue_changed(turn, delivery.body)
        case IssueCommented():
            comment = delivery.body.comment
            turn.say(f"on {delivery.body.ref.key}: {comment.text}", comment.author)
        case IssueGone():
            _issue_gone(turn, delivery.body)
        case VendorAnswered():
            _vendor_answered(turn, delivery.body)
        case VendorOverdue():
            _vendor_overdue(turn, delivery.body)


def _page_changed(turn: Turn, change: PageChanged) -> None:
    page = next((page for page in turn.ticket.pages if page.key == change.page_key), None)
    if page is None:
        return
    who = change.by or "PagerDuty"
    updates: dict[str, object] = {}
    if change.page_id is not None and page.id is None:
        updates |= {"id": change.page_id, "url": change.url}
    if change.status is not None and change.status is not page.status and page.status is not PageStatus.RESOLVED:
        updates["status"] = change.status
        if change.status is PageStatus.ACKNOWLEDGED:
            updates["acknowledged_by"] = who
    turn.set_page(page.model_copy(update=updates))
    if change.note is not None:
        turn.say(f"in PagerDuty: {change.note}", who)
    if "status" not in updates:
        return
    if change.status is PageStatus.ACKNOWLEDGED:
        turn.say("Acknowledged the page", who)
        if turn.ticket.status is TicketStatus.OPEN and page.stint == turn.ticket.stint.number:
            moves.accept(turn, Actor(kind=ActorKind.PAGERDUTY, id=who, name=who, roles=_ENGINEERS))
    elif change.status is PageStatus.RESOLVED:
        turn.say("Resolved the page; the ticket stays open", who)
    else:
        turn.say("The page is no longer acknowledged", who)


def _issue_changed(turn: Turn, change: IssueChanged) -> None:
    before = next(
        (i for i in turn.ticket.issues if i.ref.id == change.ref.id and i.ref.tracker is change.ref.tracker), None
    )
    if before is None:
        return
    turn.set_issue(
        LinkedIssue(
            ref=change.ref,
            title=change.title,
            status=change.status,
            category=change.category,
            assignee=change.assignee,
        )
    )
    if before.ref.key != change.ref.key:
        turn.say(f"{before.ref.key} is now {change.ref.key}")
    if before.assignee != change.assignee:
        turn.say(f"{change.ref.key} is now with {change.assignee or 'nobody'}")
    if before.status != change.status:
        turn.say(f"{change.ref.key} moved from {before.status or 'new'} to {change.status}")
    if turn.ticket.status is not TicketStatus.OPEN:
        return
    engineer = _engineer(change)
    if change.category is IssueCategory.IN_PROGRESS and turn.ticket.tier is Tier.L3:
        moves.accept(turn, engineer)
    if change.category is IssueCategory.DONE and moves.engineering_is_done(turn):
        moves.resolve(turn, "Our engineers have fixed the problem behind your ticket.", engineer)


def _engineer(change: IssueChanged) -> Actor:
    kind = ActorKind.JIRA if change.ref.tracker is Tracker.JIRA else ActorKind.GITHUB
    name = change.assignee or "Engineering"
    return Actor(kind=kind, id=name, name=name, roles=_ENGINEERS)


def _issue_gone(turn: Turn, gone: IssueGone) -> None:
    if not any(issue.ref.id == gone.ref.id for issue in turn.ticket.issues):
        return
    turn.set(issues=tuple(issue for issue in turn.ticket.issues if issue.ref.id != gone.ref.id))
    turn.say(f"{gone.ref.key} can no longer be read ({gone.why}): link another issue with /tier link")
    moves.tell_lead(turn, f"{turn.ticket.id}: {gone.ref.key} can no longer be read ({gone.why})")
    if turn.ticket.waiting_on is WaitingOn.ENGINEERING:
        moves.wait_on(turn, WaitingOn.TIER)


def _vendor_answered(turn: Turn, answer: VendorAnswered) -> None:
    case = next((case for case in turn.ticket.cases if case.number == answer.case), None)
    if case is None or case.answered_at is not None:
        return
    vendor = Actor(kind=ActorKind.VENDOR, id=case.vendor, name=case.vendor_name, roles=frozenset({Role.VENDOR}))
    turn.set_case(case.model_copy(update={"answered_at": turn.at}))
    turn.say(f"answered: {answer.text}", vendor)
    if turn.ticket.status is not TicketStatus.OPEN or turn.ticket.tier is not Tier.L4:
        return
    said = "says that it is solved" if answer.solved else "answered"
    moves.return_to(turn, _tier_before_vendor(turn), f"{case.vendor_name} {said}: {answer.text}", vendor)


def _tier_before_vendor(turn: Turn) -> Tier:
    return next(stint.tier for stint in reversed(turn.ticket.stints) if stint.tier is not Tier.L4)


def _vendor_overdue(turn: Turn, overdue: VendorOverdue) -> None:
    case = next((case for case in turn.ticket.cases if case.number == overdue.case), None)
    if case is None or not case.is_open:
        return
    if overdue.warning:
        turn.say(f"{case.vendor_name} has until {case.due_at:%H:%M:%S} UTC to answer, and was reminded")
        return
    turn.set_case(case.model_copy(update={"overdue_at": overdue.at}))
    turn.say(f"{case.vendor_name} is overdue since {overdue.at:%Y-%m-%d %H:%M:%S} UTC")
    moves.tell_lead(turn, f"{turn.ticket.id}: {case.vendor_name} is overdue with its answer")

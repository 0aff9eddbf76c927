"""What outside systems and other workflows tell a ticket, and what it does about it."""

from domain import clock_changes, merging, moves, page_news, page_results, pages, shared_pages, thread
from domain.intents import LeaveIssue
from domain.issues import IssueCategory, Tracker
from domain.messages import (
    Delivery,
    IssueChanged,
    IssueCommented,
    IssueGone,
    MergeAnswered,
    PageChanged,
    PageRefused,
    PageServed,
    ThreadMessage,
    TicketMergedIn,
    VendorAnswered,
    VendorOverdue,
)
from domain.people import Actor, ActorKind, Role
from domain.policy import ClockKind
from domain.ticket import LinkedIssue, TicketStatus
from domain.tiers import Tier, WaitingOn
from domain.turn import Turn

_ENGINEERS = frozenset({Role.ENGINEER})


def take_delivery(turn: Turn, delivery: Delivery) -> None:
    """Take one delivery in."""
    match delivery.body:
        case PageChanged():
            page_news.page_changed(turn, delivery.body)
        case PageServed():
            page_results.served(turn, delivery.body)
        case PageRefused():
            page_results.could_not_raise(turn, delivery.body.page_key, delivery.body.error)
        case IssueChanged():
            _issue_changed(turn, delivery.body)
        case IssueCommented():
            comment = delivery.body.comment
            turn.say(f"on {delivery.body.ref.key}: {comment.text}", comment.author)
            pages.somebody_acted(turn)
        case IssueGone():
            _issue_gone(turn, delivery.body)
        case ThreadMessage():
            thread.take_message(turn, delivery.body)
            pages.somebody_acted(turn)
        case VendorAnswered():
            _vendor_answered(turn, delivery.body)
        case TicketMergedIn():
            merging.take_offer(turn, delivery.body)
        case MergeAnswered():
            merging.take_answer(turn, delivery.body)
        case VendorOverdue():
            _vendor_overdue(turn, delivery.body)


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
            tickets=change.tickets,
        )
    )
    if before.ref.key != change.ref.key:
        turn.say(f"{before.ref.key} is now {change.ref.key}")
    if before.assignee != change.assignee:
        turn.say(f"{change.ref.key} is now with {change.assignee or 'nobody'}")
    # Of an issue that was just opened nothing is known yet: its first status is no move.
    if before.status and before.status != change.status:
        turn.say(f"{change.ref.key} moved from {before.status or 'new'} to {change.status}")
        pages.somebody_acted(turn)
    if turn.ticket.status is not TicketStatus.OPEN:
        return
    engineer = _engineer(turn, change)
    if change.category is IssueCategory.IN_PROGRESS and turn.ticket.tier is Tier.L3:
        moves.accept(turn, engineer)
    # Only becoming done is news: a ticket that was reopened waits for the issue to be worked on again.
    became_done = change.category is IssueCategory.DONE and before.category is not IssueCategory.DONE
    if became_done and moves.engineering_is_done(turn):
        _engineering_is_done(turn, change, engineer)


def _engineering_is_done(turn: Turn, change: IssueChanged, engineer: Actor) -> None:
    if _was_given_back(turn):
        turn.say(f"{change.ref.key} is {change.status}, and the ticket is still with {turn.ticket.tier.value}")
        text = (
            f"{turn.ticket.id}: {change.ref.key} is {change.status} after the ticket came back: it is yours to resolve"
        )
        moves.tell_owner(turn, text)
        return
    if turn.ticket.tier is Tier.L3:
        moves.accept(turn, engineer)
    moves.resolve(turn, "Our engineers have fixed the problem behind your ticket.", engineer)


def _was_given_back(turn: Turn) -> bool:
    """Whether a tier above gave the ticket back, and it does not wait for engineers since: they may close what is not theirs."""
    ticket = turn.ticket
    before = ticket.stints[-2].tier.rank if len(ticket.stints) > 1 else 0
    came_back = ticket.tier.rank < Tier.L3.rank <= before
    return came_back and ticket.waiting_on is not WaitingOn.ENGINEERING


def _engineer(turn: Turn, change: IssueChanged) -> Actor:
    """Who works on the issue: its assignee; else who took the ticket in engineering; else engineering as a whole."""
    kind = ActorKind.JIRA if change.ref.tracker is Tracker.JIRA else ActorKind.GITHUB
    if change.assignee is not None:
        return Actor(kind=kind, id=change.assignee, name=change.assignee, roles=_ENGINEERS)
    took = [
        stint.accepted_by for stint in turn.ticket.stints if stint.tier is Tier.L3 and stint.accepted_by is not None
    ]
    return took[-1] if took else Actor(kind=kind, id="engineering", name="Engineering", roles=_ENGINEERS)


def _issue_gone(turn: Turn, gone: IssueGone) -> None:
    left = tuple(i for i in turn.ticket.issues if (i.ref.tracker, i.ref.id) != (gone.ref.tracker, gone.ref.id))
    if len(left) == len(turn.ticket.issues):
        return
    turn.set(issues=left)
    # The issue's workflow watches for as long as a ticket is on it.
    turn.intend(lambda key: LeaveIssue(key=key, ref=gone.ref))
    turn.say(f"{gone.ref.key} can no longer be read ({gone.why}): link another issue with /tier link")
    if shared_pages.issue_is_gone(turn, gone.ref):
        pages.raise_page(turn, f"{gone.ref.key}, by which it shared another ticket's page, can no longer be read")
    moves.tell_lead(turn, f"{turn.ticket.id}: {gone.ref.key} can no longer be read ({gone.why})")
    if turn.ticket.waiting_on is WaitingOn.ENGINEERING and all(i.category is IssueCategory.DONE for i in left):
        moves.wait_on(turn, WaitingOn.TIER)


def _vendor_answered(turn: Turn, answer: VendorAnswered) -> None:
    case = next((case for case in turn.ticket.cases if case.number == answer.case), None)
    if case is None or case.answered_at is not None:
        return
    vendor = Actor(kind=ActorKind.VENDOR, id=case.vendor, name=case.vendor_name, roles=frozenset({Role.VENDOR}))
    turn.set_case(case.model_copy(update={"answered_at": turn.at}))
    if case.is_open:
        clock_changes.stop_kind(turn, ClockKind.VENDOR)
    turn.say(f"answered: {answer.text}", vendor)
    if turn.ticket.status is not TicketStatus.OPEN or turn.ticket.tier is not Tier.L4 or case.closed:
        # What answers a case that nobody waits for moves nothing: the ticket may wait for another one.
        return
    said = "says that it is solved" if answer.solved else "answered"
    moves.return_to(turn, moves.tier_before_vendor(turn), f"{case.vendor_name} {said}: {answer.text}", vendor)


def _vendor_overdue(turn: Turn, overdue: VendorOverdue) -> None:
    case = next((case for case in turn.ticket.cases if case.number == overdue.case), None)
    if case is None or not case.is_open:
        return
    if overdue.warning:
        turn.say(f"{case.vendor_name} has until {case.due_at:%H:%M:%S} UTC to answer, and was reminded")
        return
    moves.vendor_is_overdue(turn, overdue.at)

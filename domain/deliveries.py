"""What outside systems and other workflows tell a ticket, and what it does about it."""

from domain import clock_changes, issue_deliveries, merging, moves, page_news, page_results, pages, recovery, thread
from domain.messages import (
    Delivery,
    IssueAttached,
    IssueChanged,
    IssueCommented,
    IssueGone,
    IssueMerged,
    IssueSaid,
    MergeAnswered,
    PageChanged,
    PageRefused,
    PageServed,
    Recovered,
    ThreadMessage,
    TicketMergedIn,
    VendorAnswered,
    VendorOverdue,
)
from domain.people import Actor, ActorKind, Role
from domain.policy import ClockKind
from domain.ticket import TicketStatus
from domain.tiers import Tier
from domain.turn import Turn


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
            issue_deliveries.changed(turn, delivery.body)
        case IssueCommented():
            issue_deliveries.commented(turn, delivery.body)
        case IssueAttached():
            issue_deliveries.attached(turn, delivery.body)
        case IssueSaid():
            issue_deliveries.said(turn, delivery.body)
        case IssueMerged():
            issue_deliveries.merged(turn, delivery.body)
        case IssueGone():
            issue_deliveries.gone(turn, delivery.body)
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
        case Recovered():
            recovery.recovered(turn, delivery.body)


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

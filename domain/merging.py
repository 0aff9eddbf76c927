"""Merging: a ticket offers itself to another one, and ends only when that one has taken it in, so that no customer is lost between them.

What the survivor needs travels with the offer: issues, and how the clocks of the whole ticket stood. The earliest start wins, and merging
never gives time back: the survivor's running clock goes on with the greater count.
"""

from domain import clock_changes, issue_choice, moves, pages, policy_edit
from domain.clocks import Clock, ClockOutcome, counted_at
from domain.intents import JoinIssue, LeaveIssue, TellOtherTicket
from domain.messages import CarriedClock, Merge, MergeAnswered, TicketMergedIn
from domain.people import Actor
from domain.policy import ClockKind
from domain.ticket import Ticket, TicketStatus
from domain.tiers import WaitingOn
from domain.turn import Turn


def refusal_of(ticket: Ticket, request: Merge) -> str | None:
    """Why the ticket cannot be merged, in one sentence; None when it can be offered."""
    return f"{ticket.id} cannot be merged into itself: name the other ticket" if request.into == ticket.id else None


def begin(turn: Turn, request: Merge, by: Actor) -> str:
    """Offer the ticket to the other one, which answers."""
    ticket = turn.ticket
    turn.set(merging_into=request.into)
    why = f": {request.reason}" if request.reason else ""
    turn.say(f"To be merged into {request.into}{why}", by)
    offer = TicketMergedIn(
        ticket_id=ticket.id,
        title=ticket.title,
        customer_id=ticket.customer.id,
        by=by.name,
        clocks=carried_clocks(turn),
        issues=ticket.issues,
    )
    turn.intend(lambda key: TellOtherTicket(key=key, ticket_id=request.into, body=offer))
    return f"{ticket.id} is being merged into {request.into}"


def take_offer(turn: Turn, offer: TicketMergedIn) -> None:
    """The survivor hears of it: it takes the other ticket in, or says why not."""
    refused = _cannot_take(turn.ticket, offer)
    if refused is None and offer.ticket_id not in turn.ticket.merged_in:
        _take_in(turn, offer)
    answer = MergeAnswered(by_ticket=turn.ticket.id, refusal=refused)
    # On the same lane as the links to issues, after them: the other ticket leaves its issues when this one is on them.
    turn.intend(lambda key: TellOtherTicket(key=key, ticket_id=offer.ticket_id, body=answer))


def take_answer(turn: Turn, answer: MergeAnswered) -> None:
    """The other ticket answered: this one ends, or goes on as if nothing had been asked."""
    if turn.ticket.merging_into != answer.by_ticket:
        return
    if answer.refusal is not None:
        go_on(turn, answer.refusal)
    else:
        _end(turn, answer.by_ticket)


def go_on(turn: Turn, why: str) -> None:
    """It was not taken in: nothing of it changes."""
    into = turn.ticket.merging_into
    turn.set(merging_into=None)
    turn.say(f"Not merged into {into}: {why}")
    moves.tell_owner(turn, f"{turn.ticket.id} was not merged into {into}: {why}")


def carried_clocks(turn: Turn) -> tuple[CarriedClock, ...]:
    """How the clocks of the whole ticket that have not ended stand."""
    ticket = turn.ticket
    return tuple(
        CarriedClock(
            kind=clock.kind,
            started_at=clock.started_at,
            counted=counted_at(clock, ticket.policy.calendar(clock.calendar), turn.at),
            target=clock.target,
            breached_at=clock.breached_at,
        )
        for clock in ticket.clocks
        if clock.stint is None and not clock.stopped
    )


def take_over(turn: Turn, carried: tuple[CarriedClock, ...], why: str) -> None:
    """Running clocks go on from an earlier start with the greater count; what is over by that is told to the lead at once."""
    by_kind = {one.kind: one for one in carried}

    def earlier(clock: Clock) -> Clock:
        one = by_kind.get(clock.kind)
        if one is None or clock.stint is not None or clock.stopped or one.started_at >= clock.started_at:
            return clock
        own = counted_at(clock, turn.ticket.policy.calendar(clock.calendar), turn.at)
        breached_at = clock.breached_at or (one.breached_at if one.target == clock.target else None)
        changes = {"started_at": one.started_at, "counted": max(own, one.counted), "breached_at": breached_at}
        if clock.running_since is not None:
            changes["running_since"] = turn.at
        return clock.model_copy(update=changes)

    before = turn.ticket.clocks
    turn.change_clocks(earlier)
    if turn.ticket.clocks != before:
        policy_edit.pass_steps_by(turn, why)


# --- the parts -----------------------------------------------------------------------------------------------------


def _cannot_take(ticket: Ticket, offer: TicketMergedIn) -> str | None:
    if ticket.merged_into is not None:
        return f"{ticket.id} was merged into {ticket.merged_into}: merge into that one"
    if ticket.status is TicketStatus.CLOSED:
        return f"{ticket.id} is closed"
    if ticket.status is not TicketStatus.OPEN:
        return f"{ticket.id} is {ticket.status.value}: reopen it first"
    if ticket.merging_into is not None:
        return f"{ticket.id} is itself being merged into {ticket.merging_into}"
    if ticket.customer.id != offer.customer_id:
        return f"{ticket.id} is another customer's: link both tickets to one issue instead"
    return None


def _take_in(turn: Turn, offer: TicketMergedIn) -> None:
    turn.set(merged_in=(*turn.ticket.merged_in, offer.ticket_id))
    turn.say(f"{offer.ticket_id} was merged into this ticket by {offer.by}: {offer.title}")
    known = {(issue.ref.tracker, issue.ref.id) for issue in turn.ticket.issues}
    for issue in offer.issues:
        if (issue.ref.tracker, issue.ref.id) not in known:
            turn.set_issue(issue)
            ref = issue.ref
            turn.intend(lambda key, ref=ref: JoinIssue(key=key, ref=ref))  # type: ignore[misc]
            turn.say(f"Linked to {ref.key}, which {offer.ticket_id} was on: {ref.url}")
    take_over(turn, offer.clocks, f"with the earlier start of {offer.ticket_id}")
    moves.tell_owner(turn, f"{turn.ticket.id}: {offer.ticket_id} was merged into it by {offer.by}")


def _end(turn: Turn, into: str) -> None:
    """The ticket merged away: its clocks end as merged, nobody is woken for it any more, its customer knows where to go on."""
    issue_choice.drop(turn, f"{turn.ticket.id} was merged into {into}")
    moves.close_vendor_case(turn, f"the ticket was merged into {into}")
    for kind in ClockKind:
        clock_changes.stop_kind(turn, kind, ending=ClockOutcome.MERGED)
    pages.resolve_page(turn)
    moves.tell_customer(
        turn, f"We go on with your request as {into}, together with your other one. Please write to us about {into}."
    )
    turn.set(
        status=TicketStatus.CLOSED,
        closed_at=turn.at,
        merged_into=into,
        merging_into=None,
        waiting_on=WaitingOn.TIER,
        snooze=None,
    )
    turn.set_stint(left_at=turn.at)
    turn.say(f"Merged into {into}: its clocks have ended, and everything goes on there")
    for issue in turn.ticket.issues:
        ref = issue.ref
        turn.intend(lambda key, ref=ref: LeaveIssue(key=key, ref=ref))  # type: ignore[misc]

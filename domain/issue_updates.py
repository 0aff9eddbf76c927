"""What a turn changed of a ticket that its engineering issues go by: they hear of it, each once."""

from domain.intents import RuleIssue, UpdateIssue
from domain.issue_deliveries import meaning_of
from domain.issues import IssueMeaning
from domain.ticket import Ticket, TicketStatus
from domain.ticket_on_issue import on_issue
from domain.turn import Turn


def tell(turn: Turn, before: Ticket) -> None:
    """Tell the issues that the ticket was on before this turn, where it is different to them now.

    A clock that ticks changes nothing: what counts of a deadline is its instant. One that joins with this turn knows the newest anyway. As an
    issue is released, all its tickets are resolved by it: nobody needs to hear from each of them that nothing is due any more.
    """
    ticket = turn.ticket
    if turn.silent or not before.issues or ticket.status is TicketStatus.CLOSED:
        return
    if ticket.policy is not before.policy and ticket.policy.issue_rules() != before.policy.issue_rules():
        for issue in ticket.issues:
            turn.intend(lambda key, ref=issue.ref: RuleIssue(key=key, ref=ref))  # type: ignore[misc]
    for issue in ticket.issues:
        ref, done = issue.ref, ticket.status is not TicketStatus.OPEN and meaning_of(issue) is IssueMeaning.RELEASED
        if before.issue(ref) is not None and not done and on_issue(before, ref) != on_issue(ticket, ref):
            turn.intend(lambda key, ref=ref: UpdateIssue(key=key, ref=ref))  # type: ignore[misc]

"""What a ticket tells the engineering issue that it is on about itself."""

from domain.clocks import due_at
from domain.engineering_issue import text_on
from domain.issue_messages import TicketOnIssue
from domain.issues import IssueRef
from domain.policy import ClockKind
from domain.ticket import Ticket

_PROMISED = (ClockKind.RESOLUTION, ClockKind.FIRST_RESOLUTION, ClockKind.PERIODIC_UPDATE, ClockKind.NEXT_RESPONSE)
"""Clocks by which the customer waits for us; how tiers hand over among themselves is no promise to anybody outside."""


def on_issue(ticket: Ticket, ref: IssueRef) -> TicketOnIssue:
    """The ticket as that issue knows it: free of personal data."""
    due = [
        due_at(clock, ticket.policy.calendar(clock.calendar), clock.target)
        for clock in ticket.clocks
        if clock.kind in _PROMISED and clock.breached_at is None
    ]
    return TicketOnIssue(
        customer=ticket.customer.id,
        plan=ticket.customer.plan,
        severity=ticket.priority,
        request=ticket.request,
        opened_at=ticket.opened_at,
        due_at=min((at for at in due if at is not None), default=None),
        workaround=text_on(ticket, ref, ticket.workaround) if ticket.workaround is not None else None,
    )

"""The text of an engineering issue and of Tierline's comments on it: what engineers need, and no personal data."""

from domain.issues import IssueDraft
from domain.policy import Route
from domain.redaction import redact
from domain.ticket import Ticket

_LONGEST_TITLE = 120
_LONGEST_TEXT = 8_000


def draft_issue(ticket: Ticket, route: Route, reason: str) -> IssueDraft:
    """The issue that an escalation opens. Its key is the ticket and the stint, so that one escalation opens one issue."""
    return IssueDraft(
        key=f"{ticket.id}-stint-{ticket.stint.number}",
        tracker=route.tracker,
        project=route.project,
        issue_type=route.issue_type,
        title=redact(f"{ticket.title} ({ticket.id})")[:_LONGEST_TITLE],
        body=_body(ticket, reason),
        labels=route.labels,
        priority=route.priorities.get(ticket.priority),
    )


def _body(ticket: Ticket, reason: str) -> str:
    facts = [
        f"- Ticket: {ticket.id}",
        f"- Priority: {ticket.priority.value}",
        *([f"- Product: {ticket.product}"] if ticket.product else []),
        *([f"- Component: {ticket.component}"] if ticket.component else []),
        *([f"- Customer's plan: {ticket.customer.plan}"] if ticket.customer.plan else []),
        f"- Opened: {ticket.opened_at:%Y-%m-%d %H:%M} UTC",
    ]
    return "\n\n".join(
        (
            f"Why it was escalated:\n{safe_text(reason)}",
            f"What the customer reports:\n{safe_text(ticket.description)}",
            "Facts:\n" + "\n".join(facts),
            "Comments here reach the support team, not the customer. Moving this issue moves the ticket.",
        )
    )


def safe_text(text: str) -> str:
    """Text of people that may stand in a tracker: redacted, and of a length that trackers take."""
    return redact(text)[:_LONGEST_TEXT]

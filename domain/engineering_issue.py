"""The text of an engineering issue and of Tierline's comments on it: what engineers need, and no personal data."""

import re

from domain.issues import IssueDraft
from domain.people import Customer
from domain.policy import ReportField, Route
from domain.redaction import redact
from domain.report import report_text
from domain.ticket import Ticket

_LONGEST_TITLE = 120
_SHORTEST_NAME = 2
_LONGEST_TEXT = 8_000


def draft_issue(ticket: Ticket, route: Route, reason: str) -> IssueDraft:
    """The issue that an escalation opens. Its key is the ticket and the stint, so that one escalation opens one issue."""
    return IssueDraft(
        key=f"{ticket.id}-stint-{ticket.stint.number}",
        tracker=route.tracker,
        project=route.project,
        issue_type=route.issue_type,
        title=_title(ticket),
        body=_body(ticket, reason),
        labels=route.labels,
        priority=route.priorities.get(ticket.priority),
    )


def _title(ticket: Ticket) -> str:
    number = f" ({ticket.id})"
    return safe_title(ticket)[: _LONGEST_TITLE - len(number)] + number


def _body(ticket: Ticket, reason: str) -> str:
    facts = [
        f"- Ticket: {ticket.id}",
        f"- Priority: {ticket.priority.value}",
        *([f"- Product: {safe_text(ticket, ticket.product)}"] if ticket.product else []),
        *([f"- Component: {safe_text(ticket, ticket.component)}"] if ticket.component else []),
        *([f"- Customer's plan: {safe_text(ticket, ticket.customer.plan)}"] if ticket.customer.plan else []),
        f"- Opened: {ticket.opened_at:%Y-%m-%d %H:%M} UTC",
    ]
    return "\n\n".join(
        (
            f"Why it was escalated:\n{safe_text(ticket, reason)}",
            *_report(ticket),
            f"What the customer reports:\n{safe_text(ticket, ticket.description)}",
            "Facts:\n" + "\n".join(facts),
            "Comments here reach the support team, not the customer. Moving this issue moves the ticket.",
        )
    )


def _report(ticket: Ticket) -> list[str]:
    """What was written down for engineering; the component stands among the facts."""
    parts = (ReportField.IMPACT, ReportField.REPRODUCTION, ReportField.CUSTOMER_SUMMARY)
    text = report_text(ticket.report, parts)
    return [safe_text(ticket, text)] if text else []


def safe_text(ticket: Ticket, text: str) -> str:
    """Text of people that may stand in a tracker or a page: redacted, without the customer's name, and of a length that they take."""
    return without_customer(ticket.customer, text)[:_LONGEST_TEXT]


def safe_title(ticket: Ticket) -> str:
    """The ticket's title as it may stand in a tracker or a page."""
    return safe_text(ticket, ticket.title)


def without_customer(customer: Customer, text: str) -> str:
    """The text redacted. Redaction knows shapes, and a name has none; but whose ticket it is, is known."""
    if customer.email:
        text = re.sub(rf"(?<!\w){re.escape(customer.email)}(?!\w)", "[e-mail]", text, flags=re.IGNORECASE)
    text = redact(text)
    if len(customer.name) >= _SHORTEST_NAME:
        text = re.sub(rf"(?<!\w){re.escape(customer.name)}(?!\w)", "[customer]", text, flags=re.IGNORECASE)
    # Parts of a name are often words as well: only what is written as in the name is one.
    for part in customer.name.split():
        if len(part) > _SHORTEST_NAME and not part.islower():
            text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", "[customer]", text)
    return text

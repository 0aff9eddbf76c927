"""What a ticket's card says: a view that the chat's integration renders."""

from datetime import datetime
from enum import StrEnum

from domain.frozen import Frozen
from domain.issues import IssueRef
from domain.tiers import Priority, Tier


class CardButton(StrEnum):
    """What can be pressed on a card."""

    ACCEPT = "accept"
    ESCALATE = "escalate"
    RETURN = "return"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    REPLY = "reply"
    NOTE = "note"
    SNOOZE = "snooze"
    HAND_OVER = "hand_over"
    PRIORITY = "priority"
    LINK = "link"


class CardClock(Frozen):
    """The clock that ends next."""

    name: str
    due_at: datetime
    percent: int
    breached: bool


class CardIssue(Frozen):
    """An engineering issue as the card shows it."""

    ref: IssueRef
    status: str
    assignee: str | None = None


class Card(Frozen):
    """Everything the one living Slack message of a ticket shows.

    ``sla`` is what the ticket is measured by, where the policy has several; ``path`` is the tiers the ticket was in, in order; ``page`` a sentence about the page, or None; ``troubles`` one sentence
    for each outside system that is late; ``ticket_url`` the workflow in the Temporal UI, filled in by whoever knows it.
    """

    ticket_id: str
    title: str
    status: str
    tier: Tier
    tier_name: str
    priority: Priority
    customer: str
    plan: str | None = None
    sla: str | None = None
    path: tuple[Tier, ...]
    owner: str | None = None
    waiting_on: str
    clock: CardClock | None = None
    breached: tuple[str, ...] = ()
    issues: tuple[CardIssue, ...] = ()
    page: str | None = None
    page_url: str | None = None
    vendor: str | None = None
    external_ref: str | None = None
    snoozed_until: datetime | None = None
    snoozed_by: str | None = None
    troubles: tuple[str, ...] = ()
    buttons: tuple[CardButton, ...] = ()
    ticket_url: str | None = None

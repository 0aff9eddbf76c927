"""What a ticket's card says: a view that the chat's integration renders."""

from datetime import datetime
from enum import StrEnum

from domain.chat import ChannelRef, NoticeChoice
from domain.frozen import Frozen
from domain.issues import IssueCandidate, IssueRef
from domain.page_rules import ReachBy
from domain.policy import ReportField
from domain.reach import ReachOutcome
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


class CardStandstill(Frozen):
    """A clock that stands still while the ticket waits on somebody else, with what it has counted."""

    name: str
    percent: int


class CardIssue(Frozen):
    """An engineering issue as the card shows it.

    ``outcome`` is what its status means, where that is more than the status says (a fix that waits for its release); ``tickets`` are on it,
    ``impact`` is the class of what they weigh together.
    """

    ref: IssueRef
    status: str
    assignee: str | None = None
    outcome: str | None = None
    tickets: int = 1
    impact: str | None = None


class CardChoice(Frozen):
    """Issues that may be the same as the one that is to be opened; it is opened at ``until`` when nobody pressed one of the ``buttons``."""

    candidates: tuple[IssueCandidate, ...]
    until: datetime
    buttons: tuple[NoticeChoice, ...]


class CardVendor(Frozen):
    """What a vendor owes the ticket, and by when."""

    name: str
    due_at: datetime
    overdue: bool = False


class CardReport(Frozen):
    """What whoever escalated wrote down, and what the tier asks for and nobody wrote."""

    written: tuple[ReportField, ...] = ()
    missing: tuple[ReportField, ...] = ()


class CardReach(Frozen):
    """A person whom the chain behind the pager reaches (a Slack user's id or an address), by which way, and what came of it."""

    person: str
    by: ReachBy
    outcome: ReachOutcome


class CardTrouble(Frozen):
    """An outside system that is late."""

    system: str
    since: datetime


class Card(Frozen):
    """Everything the one living Slack message of a ticket shows.

    ``sla`` is what the ticket is measured by, where the policy has several; ``path`` is the tiers the ticket was in, in order;
    ``feature`` says that it is a wish and no fault, ``workaround`` how the customer can help themselves meanwhile;
    ``page`` a sentence about the page, or None; ``reached`` the people whom the chain behind the pager reaches for it.
    ``buttons`` are pressed often, ``more`` is the rest. ``drawn_at`` is when the card was drawn: percents are of that instant.
    ``ticket_url``, the workflow in the Temporal UI, and ``card_url``, the card's own address, are filled in by whoever knows them.
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
    waiting_since: datetime | None = None
    clock: CardClock | None = None
    standstill: CardStandstill | None = None
    breached: tuple[str, ...] = ()
    issues: tuple[CardIssue, ...] = ()
    choice: CardChoice | None = None
    page: str | None = None
    page_url: str | None = None
    reached: tuple[CardReach, ...] = ()
    report: CardReport | None = None
    vendor: CardVendor | None = None
    channel: ChannelRef | None = None
    feature: bool = False
    workaround: str | None = None
    external_ref: str | None = None
    help_desk_url: str | None = None
    snoozed_until: datetime | None = None
    snoozed_by: str | None = None
    troubles: tuple[CardTrouble, ...] = ()
    buttons: tuple[CardButton, ...] = ()
    more: tuple[CardButton, ...] = ()
    drawn_at: datetime | None = None
    ticket_url: str | None = None
    card_url: str | None = None

"""What should happen outside. A decision lists intents; each runs as an activity on the lane of its system.

``key`` is stable for the step in the ticket's life (never a run's id): activities use it to do a thing once. ``folds`` is how many others, which
waited too long to be kept, a line stands for: it says so (``domain.lane_room``).
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.chat import ChannelRef, FileLink, NoticeChoice
from domain.duplicates import Sought
from domain.engineering_rules import DuplicateRules
from domain.frozen import Frozen
from domain.issue_facts import IssueFacts
from domain.issue_pages import PageOffered, PageReleased, PageWanted
from domain.issues import IssueDraft, IssueRef, Tracker, Visibility
from domain.messages import MergeAnswered, OpenTicket, TicketMergedIn
from domain.paging import PageDraft, Urgency
from domain.policy import Policy
from domain.texts import Address, Key, Line, LongText, Name


class Lane(StrEnum):
    """One per outside system: order holds within, nothing waits across."""

    SLACK = "slack"
    SLACK_CHANNELS = "slack channels"
    """Tickets' own channels: what holds these up holds up neither card nor notices."""
    JIRA = "jira"
    GITHUB = "github"
    PAGERDUTY = "pagerduty"
    MAIL = "mail"
    WORKFLOWS = "workflows"


class ShowCard(Frozen):
    """Bring the ticket's card up to date (post it where there is none). Rendered when sent, so only the newest counts."""

    kind: Literal["show_card"] = "show_card"
    key: Key


class ThreadLine(Frozen):
    """A line in the card's thread; ``choices`` are buttons below it."""

    kind: Literal["thread_line"] = "thread_line"
    key: Key
    text: LongText
    choices: tuple[NoticeChoice, ...] = ()
    folds: int = 0


class Notice(Frozen):
    """A message to a channel, or (a user's id) to a person, that links the card. ``mention`` is a Slack user id."""

    kind: Literal["notice"] = "notice"
    key: Key
    channel: Key
    text: LongText
    mention: Key | None = None
    folds: int = 0


class OpenSeverityChannel(Frozen):
    """Have a channel of its own for the gravest of tickets: people, topic and bookmarks. ``private`` as the policy says."""

    kind: Literal["open_severity_channel"] = "open_severity_channel"
    key: Key
    name: Name
    private: bool
    invite: tuple[Key, ...] = ()


class DressSeverityChannel(Frozen):
    """Bring the topic and the bookmarks of the ticket's channel up to date, and ``invite`` who is to be in it from now on."""

    kind: Literal["dress_severity_channel"] = "dress_severity_channel"
    key: Key
    channel: ChannelRef
    invite: tuple[Key, ...] = ()


class TellSeverityChannel(Frozen):
    """Write a milestone of the ticket into its own channel."""

    kind: Literal["tell_severity_channel"] = "tell_severity_channel"
    key: Key
    channel: ChannelRef
    text: LongText
    folds: int = 0


class CloseSeverityChannel(Frozen):
    """Post the summary into the ticket's channel and archive it."""

    kind: Literal["close_severity_channel"] = "close_severity_channel"
    key: Key
    channel: ChannelRef
    summary: LongText


class SeekDuplicates(Frozen):
    """Ask the tracker what may be the same as an issue that is to be opened; ``issue`` is the draft's key."""

    kind: Literal["seek_duplicates"] = "seek_duplicates"
    key: Key
    tracker: Tracker
    project: Name
    issue: Key
    sought: Sought
    rules: DuplicateRules


class OpenIssue(Frozen):
    """Open an engineering issue, with the text that the ticket's policy makes of the facts; without facts the draft has its text."""

    kind: Literal["open_issue"] = "open_issue"
    key: Key
    draft: IssueDraft
    facts: IssueFacts | None = None


class FindIssue(Frozen):
    """Look up an issue that somebody named."""

    kind: Literal["find_issue"] = "find_issue"
    key: Key
    tracker: Tracker
    reference: Key


class JoinIssue(Frozen):
    """Put the ticket on the issue's own workflow (started if there is none)."""

    kind: Literal["join_issue"] = "join_issue"
    key: Key
    ref: IssueRef


class LeaveIssue(Frozen):
    """Take the ticket off the issue's workflow."""

    kind: Literal["leave_issue"] = "leave_issue"
    key: Key
    ref: IssueRef


class TellIssue(Frozen):
    """Have the issue's workflow write a comment for the engineers; free of personal data.

    ``visibility`` says who may read it, where a person chose; else the policy does.
    """

    kind: Literal["tell_issue"] = "tell_issue"
    key: Key
    ref: IssueRef
    text: LongText
    visibility: Visibility | None = None
    folds: int = 0


class UpdateIssue(Frozen):
    """Let the issue's workflow know what it knows of this ticket anew. Read off when it is sent, so only the newest counts."""

    kind: Literal["update_issue"] = "update_issue"
    key: Key
    ref: IssueRef


class RuleIssue(Frozen):
    """Have the issue's workflow go by the policy that the ticket is under now. Read off when it is sent."""

    kind: Literal["rule_issue"] = "rule_issue"
    key: Key
    ref: IssueRef


class ReopenOnIssue(Frozen):
    """Let the issue's workflow know that the ticket is open again, and why; free of personal data."""

    kind: Literal["reopen_on_issue"] = "reopen_on_issue"
    key: Key
    ref: IssueRef
    by_customer: bool
    text: LongText


class PutFileOnIssue(Frozen):
    """Copy a file of the card's thread to the issue."""

    kind: Literal["put_file_on_issue"] = "put_file_on_issue"
    key: Key
    ref: IssueRef
    file: FileLink


class RaisePage(Frozen):
    """Wake the on-call."""

    kind: Literal["raise_page"] = "raise_page"
    key: Key
    draft: PageDraft


class ResolvePage(Frozen):
    """The page is no longer needed."""

    kind: Literal["resolve_page"] = "resolve_page"
    key: Key
    page_key: Key
    page_id: Key | None = None


class UpdatePage(Frozen):
    """Raise the priority (the pager's own name of one) or the urgency of the page that is out; what is None stays."""

    kind: Literal["update_page"] = "update_page"
    key: Key
    page_key: Key
    priority: Name | None = None
    urgency: Urgency | None = None


class NotePage(Frozen):
    """Write a note on the page, free of personal data."""

    kind: Literal["note_page"] = "note_page"
    key: Key
    page_key: Key
    text: LongText
    folds: int = 0


class MailStaff(Frozen):
    """Write to somebody of the staff whom the pager did not reach."""

    kind: Literal["mail_staff"] = "mail_staff"
    key: Key
    to: Address
    subject: Line
    text: LongText
    folds: int = 0


class PageWithIssue(Frozen):
    """Have the page of the ticket's engineering issue serve, or no longer serve, this ticket; or tell the issue of a page."""

    kind: Literal["page_with_issue"] = "page_with_issue"
    key: Key
    ref: IssueRef
    word: Annotated[PageWanted | PageOffered | PageReleased, Field(discriminator="kind")]


class MailCustomer(Frozen):
    """Write to the customer, in the ticket's own mail thread."""

    kind: Literal["mail_customer"] = "mail_customer"
    key: Key
    to: Address
    subject: Line
    text: LongText
    first: bool = False


class OpenVendorCase(Frozen):
    """Start the vendor case's workflow."""

    kind: Literal["open_vendor_case"] = "open_vendor_case"
    key: Key
    case: int
    vendor: Name
    text: LongText
    due_at: datetime


class CloseVendorCase(Frozen):
    """The ticket needs nothing more of the vendor."""

    kind: Literal["close_vendor_case"] = "close_vendor_case"
    key: Key
    case: int
    why: Line


class TellOtherTicket(Frozen):
    """Tell another ticket that this one is to be merged into it, or answer one that was."""

    kind: Literal["tell_other_ticket"] = "tell_other_ticket"
    key: Key
    ticket_id: Key
    body: Annotated[TicketMergedIn | MergeAnswered, Field(discriminator="kind")]


class OpenSplitTicket(Frozen):
    """Start the workflow of a ticket that is split off this one."""

    kind: Literal["open_split_ticket"] = "open_split_ticket"
    key: Key
    opening: OpenTicket
    policy: Policy


Intent = Annotated[
    ShowCard
    | ThreadLine
    | Notice
    | OpenSeverityChannel
    | DressSeverityChannel
    | TellSeverityChannel
    | CloseSeverityChannel
    | SeekDuplicates
    | OpenIssue
    | FindIssue
    | JoinIssue
    | LeaveIssue
    | TellIssue
    | UpdateIssue
    | RuleIssue
    | ReopenOnIssue
    | PutFileOnIssue
    | RaisePage
    | ResolvePage
    | PageWithIssue
    | UpdatePage
    | NotePage
    | MailCustomer
    | MailStaff
    | OpenVendorCase
    | CloseVendorCase
    | TellOtherTicket
    | OpenSplitTicket,
    Field(discriminator="kind"),
]

_LANES: dict[str, Lane] = {
    "show_card": Lane.SLACK,
    "thread_line": Lane.SLACK,
    "notice": Lane.SLACK,
    "open_severity_channel": Lane.SLACK_CHANNELS,
    "dress_severity_channel": Lane.SLACK_CHANNELS,
    "tell_severity_channel": Lane.SLACK_CHANNELS,
    "close_severity_channel": Lane.SLACK_CHANNELS,
    "join_issue": Lane.WORKFLOWS,
    "leave_issue": Lane.WORKFLOWS,
    "tell_issue": Lane.WORKFLOWS,
    "update_issue": Lane.WORKFLOWS,
    "rule_issue": Lane.WORKFLOWS,
    "reopen_on_issue": Lane.WORKFLOWS,
    "page_with_issue": Lane.WORKFLOWS,
    "raise_page": Lane.PAGERDUTY,
    "resolve_page": Lane.PAGERDUTY,
    "update_page": Lane.PAGERDUTY,
    "note_page": Lane.PAGERDUTY,
    "mail_customer": Lane.MAIL,
    "mail_staff": Lane.MAIL,
    "open_vendor_case": Lane.WORKFLOWS,
    "close_vendor_case": Lane.WORKFLOWS,
    "tell_other_ticket": Lane.WORKFLOWS,
    "open_split_ticket": Lane.WORKFLOWS,
}


_LANE_NAMES = {
    Lane.SLACK_CHANNELS.value: "The ticket's own channel",
    Lane.GITHUB.value: "GitHub",
    Lane.PAGERDUTY.value: "PagerDuty",
}


def lane_name(lane: str) -> str:
    """A lane's system as people write it."""
    return _LANE_NAMES.get(lane, lane.capitalize())


def lane_of(intent: Intent) -> Lane:
    """The lane that an intent runs on: its outside system's."""
    if isinstance(intent, OpenIssue):
        return Lane(intent.draft.tracker.value)
    if isinstance(intent, FindIssue | SeekDuplicates):
        return Lane(intent.tracker.value)
    if isinstance(intent, PutFileOnIssue):
        return Lane(intent.ref.tracker.value)
    return _LANES[intent.kind]

"""What a ticket hears: commands of people, deliveries from outside systems, results of its own intents, and time.

Every message from outside carries the delivery's own id, by which it is taken once.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StrictBool, model_validator

from domain.chat import ChannelRef, MessageRef
from domain.chat import FileLink as FileLink
from domain.clean_text import ONE_LINE, TEXT
from domain.durations import Duration
from domain.ended import Ended
from domain.engineering_rules import RequestKind
from domain.frozen import Frozen
from domain.instants import EventTime, Instant
from domain.issues import (
    IssueAttachment,
    IssueCandidate,
    IssueCategory,
    IssueComment,
    IssueMeaning,
    IssueRef,
    Visibility,
)
from domain.paging import PageEvent, PageRef, PageStatus, Urgency
from domain.people import Actor, Customer
from domain.policy import ClockKind, CommandName, Policy
from domain.report import EscalationReport
from domain.texts import LONGEST_TEXT, Address, GivenName, Key, Line, LongText, Mark, Name
from domain.texts import Text as Text
from domain.ticket import EditMode, LinkedIssue
from domain.tiers import Priority, Tier, WaitingOn

TicketId = Annotated[str, Field(pattern=r"^T-[0-9A-Z]{1,20}$", examples=["T-1042"])]


class CarriedClock(Frozen):
    """How a clock of a whole ticket stood when another ticket was to go on with it."""

    kind: ClockKind
    started_at: EventTime
    counted: timedelta
    target: timedelta
    breached_at: EventTime | None = None


class SplitFrom(Frozen):
    """The ticket that a new one is split off, with the clocks that it is to go on with."""

    ticket_id: Key
    clocks: tuple[CarriedClock, ...] = ()


class Opening(Frozen):
    """What a caller says of a new ticket. The REST API takes it as it is, so both have the same limits."""

    title: Annotated[str, Field(min_length=1, max_length=200), ONE_LINE]
    description: Text
    customer: Customer
    priority: Priority = Priority.P3
    product: Annotated[str | None, Field(max_length=100), ONE_LINE] = None
    component: Annotated[str | None, Field(max_length=100), ONE_LINE] = None
    channel: Key = "api"
    language: Annotated[
        str | None,
        Field(max_length=35, description="The customer's language as in BCP 47.", examples=["fr-BE"]),
        ONE_LINE,
    ] = None
    external_ref: Annotated[str | None, Field(max_length=200, description="The help desk's own number."), ONE_LINE] = (
        None
    )
    request: Annotated[
        RequestKind, Field(description="Something broken, or something wished for: engineering counts them apart.")
    ] = RequestKind.BUG


class OpenTicket(Opening):
    """A customer's ticket, as the API or a help desk hands it over."""

    kind: Literal["open_ticket"] = "open_ticket"
    ticket_id: TicketId
    tier: Annotated[
        Tier | None,
        Field(description="Where it starts; the policy's entry tier if left out, if it is L4 or not in the policy."),
    ] = None
    opened_by: Actor
    split_from: SplitFrom | None = None


# --- what people ask for -------------------------------------------------------------------------------------------


class Accept(Frozen):
    """Take the ticket: the tier's acceptance."""

    do: Literal[CommandName.ACCEPT] = CommandName.ACCEPT


class Reply(Frozen):
    """A public answer to the customer.

    An ``automatic`` one is sent and noted, and nothing else: it answers nothing, takes no ticket, stops and pauses no clock.
    """

    do: Literal[CommandName.REPLY] = CommandName.REPLY
    text: Text
    awaits_customer: StrictBool = True
    automatic: Annotated[
        StrictBool, Field(description="A machine wrote it: an auto-reply, a bot. It is no response.")
    ] = False


class Note(Frozen):
    """An internal remark."""

    do: Literal[CommandName.NOTE] = CommandName.NOTE
    text: Text


class CustomerMessage(Frozen):
    """The customer wrote. On a resolved ticket it reopens."""

    do: Literal[CommandName.CUSTOMER_MESSAGE] = CommandName.CUSTOMER_MESSAGE
    text: Text


class Escalate(Frozen):
    """Hand the ticket up. ``vendor`` names the vendor for L4; the policy's match chooses when it is left out."""

    do: Literal[CommandName.ESCALATE] = CommandName.ESCALATE
    to: Tier
    reason: Text
    vendor: GivenName | None = None
    priority: Annotated[
        Priority | None, Field(description="The severity as it is seen now; unchanged if left out.")
    ] = None
    report: Annotated[
        EscalationReport | None, Field(description="What the tier asks for before it takes the ticket.")
    ] = None


class Return(Frozen):
    """Hand the ticket back down, with a reason; to the tier it came from when none is named."""

    do: Literal[CommandName.RETURN] = CommandName.RETURN
    to: Tier | None = None
    reason: Text


class Resolve(Frozen):
    """The ticket is solved; ``text`` tells the customer how. An ``automatic`` one is no response, and nobody took the ticket."""

    do: Literal[CommandName.RESOLVE] = CommandName.RESOLVE
    text: Text
    automatic: Annotated[StrictBool, Field(description="A machine solved it: a bot. It is no response.")] = False


class Reopen(Frozen):
    """It is not solved after all."""

    do: Literal[CommandName.REOPEN] = CommandName.REOPEN
    reason: Text
    to: Annotated[Tier | None, Field(description="Where it goes on; the tier that had it if left out.")] = None


class Wait(Frozen):
    """It is somebody else's turn, or the tier's own again (``tier``); clocks pause by the policy."""

    do: Literal[CommandName.WAIT] = CommandName.WAIT
    on: WaitingOn
    reason: Annotated[str, Field(max_length=LONGEST_TEXT), TEXT] = ""


class Snooze(Frozen):
    """Keep the ticket's ladders silent until an instant or for a length of time. Clocks count on; what falls due is made up for."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": [given], "properties": {given: {"type": "string"}, other: {"type": "null"}}}
                for given, other in (("for", "until"), ("until", "for"))
            ]
        }
    )

    do: Literal[CommandName.SNOOZE] = CommandName.SNOOZE
    length: Annotated[Duration | None, Field(alias="for", description="How long, by the clock on the wall.")] = None
    until: Annotated[Instant | None, Field(description="Or until when.")] = None
    reason: Annotated[str, Field(max_length=2_000), TEXT] = ""

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if (self.length is None) == (self.until is None):
            raise ValueError(
                "say when it ends: give either `for` (a length of time such as 2h) or `until` (an instant)"
            )
        return self


class Cancel(Frozen):
    """Nobody needs the ticket any more: its clocks end as cancelled."""

    do: Literal[CommandName.CANCEL] = CommandName.CANCEL
    reason: Text


class SetPriority(Frozen):
    """Change the priority; running clocks are re-targeted and keep their elapsed time."""

    do: Literal[CommandName.PRIORITY] = CommandName.PRIORITY
    priority: Priority


class Merge(Frozen):
    """Merge this ticket into another one of the same customer, which goes on with it."""

    do: Literal[CommandName.MERGE] = CommandName.MERGE
    into: TicketId
    reason: Annotated[str, Field(max_length=LONGEST_TEXT), TEXT] = ""


class Split(Frozen):
    """Make a ticket of its own of a second problem; its clocks count from now (``split``) or from this ticket's opening."""

    do: Literal[CommandName.SPLIT] = CommandName.SPLIT
    title: Annotated[str, Field(min_length=1, max_length=200), ONE_LINE]
    description: Text
    ticket_id: Annotated[TicketId | None, Field(description="The new ticket's number; derived if left out.")] = None
    tier: Annotated[Tier | None, Field(description="Where it starts; the policy's entry tier if left out.")] = None
    clocks: Literal["split", "opening"] = "split"


class HandOver(Frozen):
    """Hand the ticket to another team of the same tier."""

    do: Literal[CommandName.HAND_OVER] = CommandName.HAND_OVER
    to: Annotated[str, Field(min_length=1, max_length=80, description="The team's name in the policy."), ONE_LINE]
    reason: Text


class ApplyPolicy(Frozen):
    """Put an open ticket under an edited policy; ``mode`` says from when on."""

    do: Literal[CommandName.APPLY_POLICY] = CommandName.APPLY_POLICY
    policy: Policy
    mode: Literal[EditMode.FROM_NOW, EditMode.RETROACTIVELY]
    why: Annotated[str, Field(min_length=1, max_length=500), ONE_LINE]


class LinkIssue(Frozen):
    """Put the ticket on an issue that exists: ``PAY-12``, ``owner/repository#7`` or the issue's address."""

    do: Literal[CommandName.LINK] = CommandName.LINK
    reference: Annotated[str, Field(min_length=1, max_length=500), ONE_LINE]


class CommentIssue(Frozen):
    """Write to the engineers, on the issues that the ticket is on; redacted. Whom it is for is the policy's choice where nobody says it."""

    do: Literal[CommandName.COMMENT] = CommandName.COMMENT
    text: Text
    visibility: Annotated[
        Visibility | None,
        Field(
            description="`internal`: the team alone. `public`: whoever sees the issue. Left out: as the policy says."
        ),
    ] = None


class SetRequestKind(Frozen):
    """Say what the ticket is to engineering: something broken, or something wished for."""

    do: Literal[CommandName.KIND] = CommandName.KIND
    request: RequestKind


class SetWorkaround(Frozen):
    """How customers can help themselves until it is fixed; the engineering issue shows it, redacted. Nothing takes it back."""

    do: Literal[CommandName.WORKAROUND] = CommandName.WORKAROUND
    text: Annotated[str | None, Field(min_length=1, max_length=2_000), TEXT] = None


class AttachFile(Frozen):
    """Copy a file of the card's thread to the engineering issues: the named one, or the newest that is not there yet."""

    do: Literal[CommandName.ATTACH] = CommandName.ATTACH
    name: Annotated[str | None, Field(min_length=1, max_length=200), ONE_LINE] = None


class OpenNewIssue(Frozen):
    """None of the likely duplicates that are shown is the same: open the issue that the ticket waits for."""

    do: Literal[CommandName.OPEN_ISSUE] = CommandName.OPEN_ISSUE


Request = Annotated[
    Accept
    | Reply
    | Note
    | CustomerMessage
    | Escalate
    | Return
    | Resolve
    | Reopen
    | Wait
    | Snooze
    | Cancel
    | SetPriority
    | LinkIssue
    | OpenNewIssue
    | Merge
    | Split
    | HandOver
    | ApplyPolicy
    | CommentIssue
    | SetRequestKind
    | SetWorkaround
    | AttachFile,
    Field(discriminator="do"),
]


class Command(Frozen):
    """A person's command, with the id of the delivery that brought it.

    ``fingerprint`` is of what was asked, where the id is a choice of the one who asks: the same id with another one is a mistake of theirs.
    """

    kind: Literal["command"] = "command"
    id: Annotated[str, Field(min_length=1, max_length=200), ONE_LINE]
    by: Actor
    request: Request
    fingerprint: Mark = ""


class CommandResult(Frozen):
    """What came of a command: ``refusal`` is None when it was done, else one clear sentence."""

    ticket_id: Key
    accepted: bool
    message: Line


class CommandStanding(Frozen):
    """How a command stands: its ``result`` once it has one; else ``refusal``, one clear sentence if the ticket would refuse it now.

    ``differs``: another command with this id was answered before, and this one is not carried out.
    """

    result: CommandResult | None = None
    refusal: Line | None = None
    differs: bool = False


# --- what other systems tell ---------------------------------------------------------------------------------------


class PageChanged(Frozen):
    """A page of this ticket changed in PagerDuty. ``by`` is the responder's name, where one acted.

    ``event`` is what happened and ``at`` when, by PagerDuty's clock: deliveries may come out of order. ``status`` is the page's
    after it, None where it stays as it was. ``note`` is what somebody wrote (a note, a status update, a responder's answer).
    """

    kind: Literal["page_changed"] = "page_changed"
    page_key: Key
    event: PageEvent | None = None
    at: EventTime | None = None
    status: PageStatus | None = None
    by: Name | None = None
    note: LongText | None = None
    assigned_to: tuple[Name, ...] = ()
    priority: Name | None = None
    urgency: Urgency | None = None
    page_id: Key | None = None
    url: Address | None = None


class PageServed(Frozen):
    """A page of the engineering issue that this ticket is on serves its need. ``page_key`` is the ticket's own key of it."""

    kind: Literal["page_served"] = "page_served"
    page_key: Key
    ref: PageRef
    status: PageStatus
    acknowledged_by: Name | None = None
    shared_with: tuple[Key, ...] = ()


class PageRefused(Frozen):
    """The page that was to serve this ticket's need could not be raised, for good."""

    kind: Literal["page_refused"] = "page_refused"
    page_key: Key
    error: Line


class ThreadChange(StrEnum):
    """What became of a message in a card's thread."""

    POSTED = "posted"
    EDITED = "edited"
    DELETED = "deleted"


class ThreadMessage(Frozen):
    """Somebody wrote, changed or deleted a message in the card's thread: internal. ``ts`` is the message's own."""

    kind: Literal["thread_message"] = "thread_message"
    change: ThreadChange
    ts: Key
    by: Actor
    text: LongText = ""
    files: tuple[FileLink, ...] = ()


class IssueChanged(Frozen):
    """An engineering issue that this ticket is on changed (told by its ``EngineeringIssueWorkflow``). ``tickets`` are on it.

    ``meaning`` is what its status means for tickets, ``release`` the release that a fix is waited for in (empty where the tracker names
    none), ``impact`` the class of its impact; ``at`` is the tracker's own time of the change: older news than what is known says nothing.
    ``resolution`` is the tracker's own word for how it ended, ``duplicate_of`` the issue in whose favour that was.
    """

    kind: Literal["issue_changed"] = "issue_changed"
    ref: IssueRef
    title: Line
    status: Name
    category: IssueCategory
    assignee: Name | None = None
    tickets: int = 1
    at: EventTime
    meaning: IssueMeaning | None = None
    priority: Name | None = None
    release: Name | None = None
    impact: Name | None = None
    resolution: Name | None = None
    duplicate_of: IssueRef | None = None


class IssueCommented(Frozen):
    """An engineer wrote on an engineering issue that this ticket is on."""

    kind: Literal["issue_commented"] = "issue_commented"
    ref: IssueRef
    comment: IssueComment
    edited: bool = False


class IssueAttached(Frozen):
    """A file was put on an engineering issue that this ticket is on."""

    kind: Literal["issue_attached"] = "issue_attached"
    ref: IssueRef
    attachment: IssueAttachment


class IssueSaid(Frozen):
    """Something about an engineering issue that everybody on it should read: a conflict and its loser, what was found by reconciliation.

    ``tell_lead`` asks for the lead's attention as well.
    """

    kind: Literal["issue_said"] = "issue_said"
    ref: IssueRef
    text: LongText
    tell_lead: bool = False


class IssueMerged(Frozen):
    """The issue was closed as a duplicate of another one, which the ticket goes on with."""

    kind: Literal["issue_merged"] = "issue_merged"
    ref: IssueRef
    into: IssueRef
    title: Line
    status: Name
    category: IssueCategory


class GoneReason(StrEnum):
    """Why an issue can no longer be read."""

    DELETED = "deleted"
    FORBIDDEN = "forbidden"


class IssueGone(Frozen):
    """The issue was deleted (``deleted``), or our account lost the right to read it (``forbidden``); ``tickets`` were on it."""

    kind: Literal["issue_gone"] = "issue_gone"
    ref: IssueRef
    why: Line
    reason: GoneReason = GoneReason.DELETED
    tickets: int | None = None


class VendorAnswered(Frozen):
    """The vendor answered a case of this ticket."""

    kind: Literal["vendor_answered"] = "vendor_answered"
    case: int
    text: LongText
    solved: bool = False


class VendorOverdue(Frozen):
    """The vendor's clock ran out (``warning`` is false) or is about to (true). ``at`` is the exact due instant."""

    kind: Literal["vendor_overdue"] = "vendor_overdue"
    case: int
    at: EventTime
    warning: bool = False


class TicketMergedIn(Frozen):
    """Another ticket offers to go on as this one, with what this one needs of it."""

    kind: Literal["ticket_merged_in"] = "ticket_merged_in"
    ticket_id: Key
    title: Line
    customer_id: Key
    by: Name
    clocks: tuple[CarriedClock, ...] = ()
    issues: tuple[LinkedIssue, ...] = ()


class MergeAnswered(Frozen):
    """The ticket that this one was to be merged into has taken it in, or says in one sentence why not."""

    kind: Literal["merge_answered"] = "merge_answered"
    by_ticket: Key
    refusal: Line | None = None


class Recovered(Frozen):
    """An operator brought the ticket's workflow back to work.

    ``ended`` is how it had ended before its time; None where it stood still, and was reset to a point before its fault, ``at``.
    ``mails`` are the mails (``domain.recovery.mail_digest``) that went out after that point: a mail cannot be looked for.
    """

    kind: Literal["recovered"] = "recovered"
    ended: Ended | None = None
    at: EventTime
    mails: tuple[Key, ...] = ()


DeliveryBody = Annotated[
    PageChanged
    | PageServed
    | PageRefused
    | ThreadMessage
    | IssueChanged
    | IssueCommented
    | IssueAttached
    | IssueSaid
    | IssueMerged
    | IssueGone
    | VendorAnswered
    | VendorOverdue
    | TicketMergedIn
    | MergeAnswered
    | Recovered,
    Field(discriminator="kind"),
]


class Delivery(Frozen):
    """Something an outside system, or another workflow, tells a ticket; taken once per ``id``."""

    kind: Literal["delivery"] = "delivery"
    id: Annotated[Key, Field(min_length=1)]
    body: DeliveryBody


# --- what came of the ticket's own intents -------------------------------------------------------------------------


class CardShown(Frozen):
    """The card stands in Slack."""

    kind: Literal["card_shown"] = "card_shown"
    ref: MessageRef


class IssueOpened(Frozen):
    """The tracker has the issue; ``left_out`` says, in a sentence each, what it refused of it."""

    kind: Literal["issue_opened"] = "issue_opened"
    ref: IssueRef
    left_out: tuple[Line, ...] = ()


class IssueFound(Frozen):
    """The issue that somebody named exists."""

    kind: Literal["issue_found"] = "issue_found"
    ref: IssueRef
    title: Line
    status: Name
    category: IssueCategory
    assignee: Name | None = None


class FileAttached(Frozen):
    """A file of the thread is on the issue, as this attachment; ``id`` is None where the tracker takes no files."""

    kind: Literal["file_attached"] = "file_attached"
    id: Key | None = None


class DuplicatesFound(Frozen):
    """The likely duplicates of an issue that is to be opened, the likeliest first; ``error`` is why they could not be looked for,
    ``left_out`` says in a sentence each what they were not looked for by.
    """

    kind: Literal["duplicates_found"] = "duplicates_found"
    candidates: tuple[IssueCandidate, ...] = ()
    error: Line | None = None
    left_out: tuple[Line, ...] = ()


class SeverityChannelOpened(Frozen):
    """The ticket has a channel of its own."""

    kind: Literal["severity_channel_opened"] = "severity_channel_opened"
    channel: ChannelRef


class PageRaised(Frozen):
    """The pager has the page."""

    kind: Literal["page_raised"] = "page_raised"
    ref: PageRef


class Done(Frozen):
    """An intent whose result nobody needs was carried out."""

    kind: Literal["done"] = "done"


class Failed(Frozen):
    """An intent failed for good: repeating will not help. ``code`` is the outside's own short word for it."""

    kind: Literal["failed"] = "failed"
    error: Line
    code: Key | None = None


ResultBody = Annotated[
    CardShown
    | IssueOpened
    | IssueFound
    | DuplicatesFound
    | FileAttached
    | PageRaised
    | SeverityChannelOpened
    | Done
    | Failed,
    Field(discriminator="kind"),
]


class IntentResult(Frozen):
    """What came of the intent with this key."""

    kind: Literal["intent_result"] = "intent_result"
    key: Key
    body: ResultBody


class LaneHealth(StrEnum):
    """Whether an outside system takes what a ticket sends."""

    WELL = "well"
    LATE = "late"


class LaneChanged(Frozen):
    """A lane stopped, or began again, to get its work done."""

    kind: Literal["lane_changed"] = "lane_changed"
    lane: Key
    health: LaneHealth
    error: Line | None = None


class TimePassed(Frozen):
    """A deadline may have been reached."""

    kind: Literal["time_passed"] = "time_passed"


Event = OpenTicket | Command | Delivery | IntentResult | LaneChanged | TimePassed

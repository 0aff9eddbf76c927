"""What the workflow of an engineering issue hears: from tickets, from the tracker, and of its own intents."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.engineering_rules import IssueRules, RequestKind
from domain.frozen import Frozen
from domain.instants import EventTime
from domain.issue_pages import PageOffered, PageReleased, PageWanted
from domain.issues import IssueRef, IssueSnapshot, Visibility
from domain.messages import GoneReason
from domain.paging import PageRef
from domain.texts import Key, Line, LongText, Name, ShortKey
from domain.tiers import Priority


class TicketOnIssue(Frozen):
    """What an issue knows of a ticket on it, free of personal data: ``customer`` is the customer's id in the help desk.

    ``due_at`` is the next deadline that was promised to the customer, None where no such clock runs.
    """

    customer: Key
    plan: Name | None = None
    severity: Priority
    request: RequestKind = RequestKind.BUG
    opened_at: EventTime
    due_at: EventTime | None = None
    workaround: LongText | None = None


class TicketJoined(Frozen):
    """A ticket was put on the issue."""

    kind: Literal["ticket_joined"] = "ticket_joined"
    id: Key
    ticket_id: Key
    title: Line
    ref: IssueRef
    facts: TicketOnIssue | None = None


class TicketChanged(Frozen):
    """What the issue knows of a ticket on it is different now."""

    kind: Literal["ticket_changed"] = "ticket_changed"
    id: Key
    ticket_id: Key
    facts: TicketOnIssue


class TicketReopened(Frozen):
    """A ticket that was resolved with the issue is open again; ``by_customer`` says that the customer came back."""

    kind: Literal["ticket_reopened"] = "ticket_reopened"
    id: Key
    ticket_id: Key
    by_customer: bool
    text: LongText


class TicketLeft(Frozen):
    """A ticket was closed, or taken off the issue."""

    kind: Literal["ticket_left"] = "ticket_left"
    id: Key
    ticket_id: Key


class HintSource(StrEnum):
    """Where it is known from that an issue may have changed."""

    WEBHOOK = "webhook"
    RECONCILE = "reconcile"
    RELEASE = "release"


class IssueHint(Frozen):
    """The tracker says that something about the issue may have changed.

    ``updated_at`` is the tracker's time of the change where the hint has it: what is known as new as that needs no reading. ``alias`` is
    the issue's new id, where the tracker says that it gave it one.
    """

    kind: Literal["issue_hint"] = "issue_hint"
    id: Key
    source: HintSource = HintSource.WEBHOOK
    updated_at: EventTime | None = None
    alias: ShortKey | None = None


class IssueNote(Frozen):
    """A ticket wants the engineers to read something; free of personal data."""

    kind: Literal["issue_note"] = "issue_note"
    id: Key
    ticket_id: Key
    text: LongText
    visibility: Visibility | None = None


class ImpactAnswered(Frozen):
    """A person answered whether the tracker's priority, which was set by hand, is to follow the impact."""

    kind: Literal["impact_answered"] = "impact_answered"
    id: Key
    accept: bool
    by: Name


class IssueRulesChanged(Frozen):
    """The policy changed."""

    kind: Literal["issue_rules_changed"] = "issue_rules_changed"
    id: Key
    rules: IssueRules


class IssueFetched(Frozen):
    """The truth, as fetched."""

    kind: Literal["issue_fetched"] = "issue_fetched"
    snapshot: IssueSnapshot


class IssueVanished(Frozen):
    """The issue cannot be read any more, for good."""

    kind: Literal["issue_vanished"] = "issue_vanished"
    why: Line
    reason: GoneReason = GoneReason.DELETED


class SummaryShown(Frozen):
    """The living summary stands on the issue, as the comment with this id; or it was refused (``error``)."""

    kind: Literal["summary_shown"] = "summary_shown"
    key: Key
    comment_id: Key | None = None
    error: Line | None = None


class FieldsChanged(Frozen):
    """What was to be set on the issue is set (``error`` None), or was refused for good."""

    kind: Literal["fields_changed"] = "fields_changed"
    key: Key
    error: Line | None = None


class CommentRefused(Frozen):
    """The tracker does not take a comment, for good; the ticket that wanted it is told."""

    kind: Literal["comment_refused"] = "comment_refused"
    key: Key
    ticket_id: Key | None
    text: LongText
    error: Line


class TrackerLocked(Frozen):
    """The tracker does not take our credentials any more: everything waits, and is tried on, until somebody has renewed them."""

    kind: Literal["tracker_locked"] = "tracker_locked"
    error: Line


class TrackerOpen(Frozen):
    """The tracker takes our credentials again."""

    kind: Literal["tracker_open"] = "tracker_open"


class TicketsTold(Frozen):
    """A batch of a fan-out is told. ``over`` are the tickets that are closed, and so on no issue any more."""

    kind: Literal["tickets_told"] = "tickets_told"
    key: Key
    over: tuple[Key, ...] = ()


class TimeCame(Frozen):
    """The deadline of an earlier decision has come."""

    kind: Literal["time_came"] = "time_came"


class IssuePageRaised(Frozen):
    """The pager has a page of the issue."""

    kind: Literal["issue_page_raised"] = "issue_page_raised"
    ref: PageRef


class IssuePageFailed(Frozen):
    """The pager refused a page of the issue for good."""

    kind: Literal["issue_page_failed"] = "issue_page_failed"
    page_key: Key
    error: Line


IssueMessage = Annotated[
    TicketJoined
    | TicketChanged
    | TicketReopened
    | TicketLeft
    | IssueHint
    | IssueNote
    | ImpactAnswered
    | IssueRulesChanged
    | PageWanted
    | PageOffered
    | PageReleased,
    Field(discriminator="kind"),
]
TicketWord = Annotated[
    IssueNote
    | TicketChanged
    | TicketReopened
    | ImpactAnswered
    | IssueRulesChanged
    | PageWanted
    | PageOffered
    | PageReleased,
    Field(discriminator="kind"),
]
"""What a ticket that is on the issue tells its workflow."""
IssueEvent = (
    IssueMessage
    | IssueFetched
    | IssueVanished
    | SummaryShown
    | FieldsChanged
    | CommentRefused
    | TrackerLocked
    | TrackerOpen
    | TicketsTold
    | TimeCame
    | IssuePageRaised
    | IssuePageFailed
)


class CatchUp(Frozen):
    """The tracker's own feed has the issue as changed at that time: what is known is to be as new.

    Without a time the issue is to be read anew whatever is known: no feed tells of one that was deleted, and a person may want to be sure.
    """

    id: Key
    updated_at: EventTime | None = None


class CatchingUp(Frozen):
    """How far an issue is with catching up.

    ``up_to_date``: it knows the change already. ``changes``: one sentence for each thing that the reading brought, None until it is done;
    empty where only the time of the last change differed.
    """

    key: Key
    up_to_date: bool = False
    changes: tuple[Line, ...] | None = None

"""What the workflow of an engineering issue wants done outside; each intent's ``key`` makes it happen once."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.frozen import Frozen
from domain.issue_pages import ChangeIssuePage, EndIssuePage, NoteIssuePage, RaiseIssuePage
from domain.issues import IssueFieldChanges, Visibility
from domain.messages import DeliveryBody
from domain.texts import Key, Line, LongText, Name


class Stream(StrEnum):
    """What tickets are told of, each kind in an order of its own: news of the issue, what is true as they join, news of a page."""

    NEWS = "news"
    WELCOME = "welcome"
    PAGE = "page"


class FetchIssue(Frozen):
    """Read the issue anew."""

    kind: Literal["fetch_issue"] = "fetch_issue"
    key: Key
    comments_since: datetime | None


class WriteComment(Frozen):
    """Write a comment on the issue. ``ticket_id`` is the ticket that wants it, which is told where the tracker refuses it.

    ``folds`` is how many comments, which waited too long to be kept, it stands for: it says so (``domain.lane_room``).
    """

    kind: Literal["write_comment"] = "write_comment"
    key: Key
    text: LongText
    ticket_id: Key | None = None
    visibility: Visibility = Visibility.INTERNAL
    folds: int = 0


class LinkBack(Frozen):
    """Show a ticket on the issue."""

    kind: Literal["link_back"] = "link_back"
    key: Key
    ticket_id: Key
    title: Line


class TellTicket(Frozen):
    """Tell a ticket."""

    kind: Literal["tell_ticket"] = "tell_ticket"
    key: Key
    ticket_id: Key
    body: DeliveryBody


class TellTickets(Frozen):
    """Tell a batch of tickets the same; a part of a fan-out, of which ``told`` of the ``of`` were told before it."""

    kind: Literal["tell_tickets"] = "tell_tickets"
    key: Key
    delivery: Key
    """What a delivery's id begins with; the ticket's id follows, so that a batch that is told again is taken once."""
    ticket_ids: tuple[Key, ...]
    page_keys: tuple[Key, ...] = ()
    """Of news of a page: each ticket's own key of it, in the same order."""
    body: DeliveryBody
    stream: Stream = Stream.NEWS
    """Batches of one stream are told one after the other."""
    per_second: float
    told: int = 0
    of: int = 0


class ShowSummary(Frozen):
    """Write the living summary on the issue, or edit it in place."""

    kind: Literal["show_summary"] = "show_summary"
    key: Key
    text: LongText
    comment_id: Key | None = None


class ChangeFields(Frozen):
    """Set fields of the issue."""

    kind: Literal["change_fields"] = "change_fields"
    key: Key
    changes: IssueFieldChanges


class AskLead(Frozen):
    """Ask the lead in Slack; ``choices`` says whether the notice has buttons to accept or to keep.

    ``shared`` says that other issues may ask the same by the same ``key``: the lead reads it once.
    """

    kind: Literal["ask_lead"] = "ask_lead"
    key: Key
    channel: Key
    lead: Name | None
    text: LongText
    choices: bool = False
    shared: bool = False


IssueIntent = Annotated[
    FetchIssue
    | WriteComment
    | LinkBack
    | TellTicket
    | TellTickets
    | ShowSummary
    | ChangeFields
    | AskLead
    | RaiseIssuePage
    | ChangeIssuePage
    | NoteIssuePage
    | EndIssuePage,
    Field(discriminator="kind"),
]

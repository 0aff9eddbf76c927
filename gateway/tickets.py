"""The seam between the gateway and the workflows: what can be asked of tickets, and how that fails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.ended import Ended
from domain.issue_messages import ImpactAnswered, IssueHint
from domain.issues import Tracker
from domain.messages import Command, CommandResult, Delivery, OpenTicket
from domain.preview import Preview
from domain.reconcile import ReleaseNews
from domain.tiers import Owner, Priority, Tier
from domain.timeline import TicketTimeline, UntoldTimeline
from domain.vendor_case import VendorCase, VendorReply
from domain.views import TicketView
from gateway.tracker_news import NamedIssue


class DeskError(Exception):
    """The base of everything that keeps a request from its ticket. Its text is one clear sentence for the caller."""


class TicketUnknown(DeskError):
    """There is no such ticket."""

    def __init__(self, ticket_id: str) -> None:
        super().__init__(f"There is no ticket {ticket_id}; check the number.")


class TicketClosed(DeskError):
    """The ticket has ended."""

    def __init__(self, ticket_id: str) -> None:
        super().__init__(f"Ticket {ticket_id} is closed; open a new one and mention it there.")


class TicketEnded(DeskError):
    """The ticket's workflow did not come to its own end: it was terminated, failed, timed out or was canceled."""

    def __init__(self, ticket_id: str, ended: Ended) -> None:
        super().__init__(
            f"The workflow of ticket {ticket_id} {ended.words}, so nothing acts for the ticket any more; "
            f"an operator can reopen it with `tierline doctor --reopen {ticket_id}`."
        )
        self.ended = ended


class TicketExists(DeskError):
    """Another request opened a ticket with this id."""

    def __init__(self, ticket_id: str) -> None:
        super().__init__(f"There is a ticket {ticket_id} already; leave ticket_id out to be given a free one.")


class OpeningDiffers(DeskError):
    """The same idempotency key came with another ticket."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for a different ticket; use a new key for a new ticket.")


class CommandDiffers(DeskError):
    """The same idempotency key came with another command."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for a different request; use a new key for a new request.")


class CommandRefused(DeskError):
    """The rules do not let this happen now."""


class TimelineUntold(DeskError):
    """A ticket cannot be told as of that instant."""

    def __init__(self, untold: UntoldTimeline) -> None:
        super().__init__(f"{untold.text}.")
        self.why = untold.why


class DeskUnavailable(DeskError):
    """Temporal, or the worker behind it, did not answer; the same request may be sent again."""

    def __init__(self) -> None:
        super().__init__("Tierline cannot reach its workflows at the moment; send the same request again shortly.")


@dataclass(frozen=True)
class Opened:
    """The ticket, and whether this very request opened it (else an earlier one with the same key did)."""

    view: TicketView
    created: bool


@dataclass(frozen=True)
class ListedTicket:
    """An open ticket as a list knows it, without asking its workflow: nothing that somebody wrote is in it.

    ``owner`` is whose turn it is, since ``owner_since``; ``due_at`` the next instant at which the ticket acts by itself; ``late`` the
    outside systems that do not take what it sends.
    """

    ticket_id: str
    tier: Tier
    priority: Priority
    owner: Owner
    opened_at: datetime
    owner_since: datetime
    due_at: datetime | None = None
    breaches: int = 0
    late: tuple[str, ...] = ()


@dataclass(frozen=True)
class OpenTickets:
    """Open tickets in no particular order; with ``more`` there are others that were not read."""

    tickets: tuple[ListedTicket, ...] = ()
    more: bool = False


class TicketDesk(Protocol):
    """Hands messages to workflows. Every method may raise ``DeskUnavailable``."""

    async def open(self, opening: OpenTicket, *, idempotency_key: str | None) -> Opened:
        """Open a ticket. Raises TicketExists and OpeningDiffers."""
        ...

    async def execute(self, ticket_id: str, command: Command) -> CommandResult:
        """Have a command carried out, once per ``command.id``. Raises TicketUnknown, TicketClosed, TicketEnded,
        CommandRefused.
        """
        ...

    async def deliver(self, ticket_id: str, delivery: Delivery) -> bool:
        """Tell an open ticket; False when there is none."""
        ...

    async def answer_impact(self, tracker: Tracker, issue_id: str, answered: ImpactAnswered) -> bool:
        """Tell an engineering issue whether its priority is to follow its impact; False when no ticket is on it."""
        ...

    async def hint(self, tracker: Tracker, issue: NamedIssue, hint: IssueHint) -> bool:
        """Say that an engineering issue is worth fetching, whichever of its names it has; False when no ticket is on it."""
        ...

    async def released(self, news: ReleaseNews, delivery_id: str) -> None:
        """Say, once for each delivery, that a release was published: the issues that wait for one there are read anew."""
        ...

    async def view(self, ticket_id: str) -> TicketView:
        """The ticket as it stands. Raises TicketUnknown, TicketEnded."""
        ...

    async def preview(self, ticket_id: str, commands: Sequence[Command]) -> Preview:
        """What these commands, one after the other, would bring; nothing is changed. Raises TicketUnknown,
        TicketEnded.
        """
        ...

    async def find(self, references: Sequence[str]) -> list[str]:
        """The ids of tickets that are known by any of these references (``domain.ticket_references``), at most six, open ones
        first. What has just changed may not be found for a moment.
        """
        ...

    async def timeline(self, ticket_id: str, as_of: datetime | None) -> TicketTimeline:
        """The ticket's timeline as of now, or of a past instant. Raises TicketUnknown, TimelineUntold, and TicketEnded for an instant
        after the end of its workflow.
        """
        ...

    async def open_tickets(
        self, *, assignee: str | None = None, due_before: datetime | None = None, most: int = 1_000
    ) -> OpenTickets:
        """Tickets that are open: all of them, those of one person (``domain.ticket_references.assignee_of``), those that do something
        by themselves before an instant. A list may be some seconds behind its tickets.
        """
        ...

    async def vendor_case(self, ticket_id: str, case: int) -> VendorCase | None:
        """What the vendor was asked, or None when there is no such case."""
        ...

    async def vendor_answered(self, ticket_id: str, case: int, reply: VendorReply) -> bool:
        """Hand a vendor's answer in; False when the case is not open."""
        ...

    async def reachable(self) -> bool:
        """Whether Temporal answers now."""
        ...

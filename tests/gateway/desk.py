"""A ticket desk in memory: it takes each message once, as the workflows do, and remembers them in order."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from domain.decide import open_ticket
from domain.ended import Ended
from domain.issue_messages import ImpactAnswered, IssueHint
from domain.issues import Tracker
from domain.messages import Command, CommandResult, Delivery, OpenTicket
from domain.policy import CommandName, Policy
from domain.preview import Preview, PreviewQuestion
from domain.preview import answer as preview_of
from domain.reconcile import ReleaseNews
from domain.ticket import LinkedIssue
from domain.timeline import TicketTimeline, TimelineQuestion, answer
from domain.vendor_case import VendorCase, VendorReply
from domain.views import TicketView, view_of
from gateway.tickets import (
    CommandDiffers,
    CommandRefused,
    DeskUnavailable,
    ListedTicket,
    Opened,
    OpeningDiffers,
    OpenTickets,
    TicketClosed,
    TicketEnded,
    TicketExists,
    TicketUnknown,
    TimelineUntold,
)
from gateway.tracker_news import NamedIssue


class RememberingDesk:
    """``gateway.tickets.TicketDesk``. ``away`` makes it unreachable; ``held`` keeps commands waiting until it is set.

    ``ended`` are those whose workflow ended before its time; ``listed`` are the tickets that lists show, ``assigned`` whose they are (``assignee_of``).
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.tickets: dict[str, OpenTicket] = {}
        self.keys: dict[str, str | None] = {}
        self.closed: set[str] = set()
        self.ended: dict[str, Ended] = {}
        self.watched: set[tuple[Tracker, str]] = set()
        self.cases: dict[tuple[str, int], VendorCase] = {}
        self.listed: list[ListedTicket] = []
        self.assigned: dict[str, str] = {}
        self.references: dict[str, set[str]] = {}
        self.searches: list[tuple[str, ...]] = []
        self.opened_at = datetime.now(UTC)
        self.refusal: str | None = None
        self.refused_commands: set[CommandName] = set()
        self.away = False
        self.held: asyncio.Event | None = None
        self.commands: list[tuple[str, Command]] = []
        self.deliveries: list[tuple[str, Delivery]] = []
        self.hints: list[tuple[Tracker, str, str]] = []
        self.heard: dict[tuple[Tracker, str, str], IssueHint] = {}
        self.releases: dict[str, ReleaseNews] = {}
        self.issues: dict[str, tuple[LinkedIssue, ...]] = {}
        self.impacts: list[tuple[Tracker, str, ImpactAnswered]] = []
        self.replies: list[tuple[str, int, VendorReply]] = []

    @property
    def handed(self) -> list[object]:
        """Everything that it was handed."""
        return [*self.commands, *self.deliveries, *self.hints, *self.releases.values(), *self.replies]

    def have(self, *tickets: OpenTicket) -> None:
        """Have these tickets open."""
        self.tickets.update({ticket.ticket_id: ticket for ticket in tickets})

    async def open(self, opening: OpenTicket, *, idempotency_key: str | None) -> Opened:
        self._reach()
        before = self.tickets.get(opening.ticket_id)
        if before is None:
            self.tickets[opening.ticket_id] = opening
            self.keys[opening.ticket_id] = idempotency_key
            return Opened(await self.view(opening.ticket_id), created=True)
        if idempotency_key is None or self.keys.get(opening.ticket_id) != idempotency_key:
            raise TicketExists(opening.ticket_id)
        if before != opening:
            raise OpeningDiffers
        return Opened(await self.view(opening.ticket_id), created=False)

    async def execute(self, ticket_id: str, command: Command) -> CommandResult:
        self._reach()
        if ticket_id not in self.tickets:
            raise TicketUnknown(ticket_id)
        if ticket_id in self.closed:
            raise TicketClosed(ticket_id)
        self._live(ticket_id)
        if self.refusal is not None:
            raise CommandRefused(self.refusal)
        if command.request.do in self.refused_commands:
            raise CommandRefused(f"{ticket_id}: not now")
        if self.held is not None:
            await self.held.wait()
        before = next((known for _, known in self.commands if known.id == command.id), None)
        if before is not None and before.fingerprint != command.fingerprint:
            raise CommandDiffers
        if before is None:
            self.commands.append((ticket_id, command))
        return CommandResult(ticket_id=ticket_id, accepted=True, message=f"Done: {command.request.do} {ticket_id}")

    async def deliver(self, ticket_id: str, delivery: Delivery) -> bool:
        self._reach()
        if ticket_id not in self.tickets or ticket_id in self.ended:
            return False
        if delivery.id not in {known.id for _, known in self.deliveries}:
            self.deliveries.append((ticket_id, delivery))
        return True

    async def answer_impact(self, tracker: Tracker, issue_id: str, answered: ImpactAnswered) -> bool:
        self._reach()
        if (tracker, issue_id) not in self.watched:
            return False
        self.impacts.append((tracker, issue_id, answered))
        return True

    async def hint(self, tracker: Tracker, issue: NamedIssue, hint: IssueHint) -> bool:
        self._reach()
        issue_id = next((name for name in (issue.id, issue.key) if (tracker, name) in self.watched), None)
        if issue_id is None:
            return False
        self.hints.append((tracker, issue_id, hint.id))
        # As a workflow does: what comes again is the first one.
        self.heard.setdefault((tracker, issue_id, hint.id), hint)
        return True

    async def released(self, news: ReleaseNews, delivery_id: str) -> None:
        self._reach()
        self.releases.setdefault(delivery_id, news)

    async def view(self, ticket_id: str) -> TicketView:
        self._reach()
        if ticket_id not in self.tickets:
            raise TicketUnknown(ticket_id)
        self._live(ticket_id)
        now = datetime.now(UTC)
        ticket = open_ticket(self.tickets[ticket_id], self.policy, now).state
        return view_of(ticket.model_copy(update={"issues": self.issues.get(ticket_id, ())}), now)

    async def preview(self, ticket_id: str, commands: Sequence[Command]) -> Preview:
        self._reach()
        if ticket_id not in self.tickets:
            raise TicketUnknown(ticket_id)
        self._live(ticket_id)
        now = datetime.now(UTC)
        ticket = open_ticket(self.tickets[ticket_id], self.policy, now).state
        return preview_of(ticket, PreviewQuestion(commands=tuple(commands), now=now))

    async def find(self, references: Sequence[str]) -> list[str]:
        self._reach()
        self.searches.append(tuple(references))
        found = [ticket for ticket, known_by in self.references.items() if not known_by.isdisjoint(references)]
        return sorted(found, key=lambda ticket: ticket in self.closed)[:6]

    async def timeline(self, ticket_id: str, as_of: datetime | None) -> TicketTimeline:
        self._reach()
        if ticket_id not in self.tickets:
            raise TicketUnknown(ticket_id)
        ticket = open_ticket(self.tickets[ticket_id], self.policy, self.opened_at).state
        told = answer(ticket, TimelineQuestion(now=datetime.now(UTC), as_of=as_of))
        if told.untold is not None:
            raise TimelineUntold(told.untold)
        assert told.timeline is not None
        return told.timeline

    async def open_tickets(
        self, *, assignee: str | None = None, due_before: datetime | None = None, most: int = 1_000
    ) -> OpenTickets:
        self._reach()
        found = [
            ticket
            for ticket in self.listed
            if (assignee is None or self.assigned.get(ticket.ticket_id) == assignee)
            and (due_before is None or (ticket.due_at is not None and ticket.due_at < due_before))
        ]
        return OpenTickets(tuple(found[:most]), more=len(found) > most)

    async def vendor_case(self, ticket_id: str, case: int) -> VendorCase | None:
        self._reach()
        return self.cases.get((ticket_id, case))

    async def vendor_answered(self, ticket_id: str, case: int, reply: VendorReply) -> bool:
        self._reach()
        self.replies.append((ticket_id, case, reply))
        return True

    async def reachable(self) -> bool:
        return not self.away

    def _live(self, ticket_id: str) -> None:
        if ticket_id in self.ended:
            raise TicketEnded(ticket_id, self.ended[ticket_id])

    def _reach(self) -> None:
        if self.away:
            raise DeskUnavailable

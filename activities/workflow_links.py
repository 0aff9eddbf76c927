"""Effects on Tierline's other workflows, from a ticket: signal-with-start and start, which a workflow cannot do by itself."""

from temporalio import activity

from domain.engineering_rules import IssueRules
from domain.frozen import Frozen
from domain.issue_messages import TicketJoined, TicketLeft, TicketWord
from domain.issues import IssueRef
from domain.messages import OpenTicket
from domain.policy import Policy
from domain.vendor_case import CaseClosed, VendorCase
from integrations.workflow_desk import WorkflowDesk


class LeaveIssueInput(Frozen):
    """A ticket that leaves an issue."""

    ref: IssueRef
    left: TicketLeft


class JoinIssueInput(Frozen):
    """A ticket that joins an issue, and what the issue's workflow goes by if this starts it."""

    joined: TicketJoined
    rules: IssueRules = IssueRules()


class TellIssueInput(Frozen):
    """What a ticket tells its issue's workflow, with how the ticket joined it (for a workflow that had ended)."""

    joined: TicketJoined
    word: TicketWord
    rules: IssueRules = IssueRules()


class CloseCaseInput(Frozen):
    """A vendor case that is no longer needed."""

    ticket_id: str
    number: int
    closed: CaseClosed


class OpenTicketInput(Frozen):
    """A ticket that is split off another one. ``key`` names the split, so that it is opened once."""

    opening: OpenTicket
    policy: Policy
    key: str


class WorkflowLinkActivities:
    """Reaches the workflows of issues and vendor cases."""

    def __init__(self, desk: WorkflowDesk) -> None:
        self._desk = desk

    @activity.defn(name="workflows_join_issue")
    async def join_issue(self, join: JoinIssueInput) -> None:
        """Put a ticket on an issue's workflow."""
        await self._desk.join_issue(join.joined, join.rules)

    @activity.defn(name="workflows_leave_issue")
    async def leave_issue(self, leave: LeaveIssueInput) -> None:
        """Take a ticket off an issue's workflow."""
        await self._desk.leave_issue(leave.ref.tracker.value, leave.ref.id, leave.left)

    @activity.defn(name="workflows_tell_issue")
    async def tell_issue(self, tell: TellIssueInput) -> None:
        """Tell an issue's workflow something."""
        await self._desk.tell_issue(tell.joined, tell.word, tell.rules)

    @activity.defn(name="workflows_open_case")
    async def open_case(self, case: VendorCase) -> None:
        """Start a vendor case."""
        await self._desk.open_case(case)

    @activity.defn(name="workflows_close_case")
    async def close_case(self, close: CloseCaseInput) -> None:
        """End a vendor case."""
        await self._desk.close_case(close.ticket_id, close.number, close.closed)

    @activity.defn(name="workflows_open_ticket")
    async def open_ticket(self, split: OpenTicketInput) -> None:
        """Open a ticket that is split off another one; it is refused for good where its number is taken."""
        await self._desk.open_ticket(split.opening, split.policy, key=split.key)

"""The capability of reaching Tierline's own workflows from an activity."""

from datetime import datetime
from typing import Protocol

from domain.digest import TicketFacts
from domain.engineering_rules import IssueRules
from domain.issue_messages import TicketJoined, TicketLeft, TicketWord
from domain.messages import Delivery, OpenTicket
from domain.policy import Policy
from domain.vendor_case import CaseClosed, VendorCase


class WorkflowDesk(Protocol):
    """Reaches other workflows by their ids. Repeating a call is harmless: receivers take each message's id once."""

    async def join_issue(self, joined: TicketJoined, rules: IssueRules) -> None:
        """Signal-with-start the issue's workflow."""
        ...

    async def leave_issue(self, tracker: str, issue_id: str, left: TicketLeft) -> None:
        """Tell the issue's workflow, if it still runs."""
        ...

    async def tell_issue(self, joined: TicketJoined, word: TicketWord, rules: IssueRules) -> None:
        """Tell the issue's workflow something, starting it where it had ended."""
        ...

    async def deliver(self, ticket_id: str, delivery: Delivery) -> bool:
        """Tell a ticket something, once however often it is called with the same delivery; False where the ticket is over."""
        ...

    async def open_case(self, case: VendorCase) -> None:
        """Start the vendor case's workflow, once."""
        ...

    async def close_case(self, ticket_id: str, number: int, closed: CaseClosed) -> None:
        """Tell the vendor case's workflow, if it still runs."""
        ...

    async def open_ticket(self, opening: OpenTicket, policy: Policy, *, key: str) -> None:
        """Start a ticket's workflow, once for each key. Refused for good where another ticket has its number."""
        ...

    async def ticket_facts(self, since: datetime) -> list[TicketFacts]:
        """The facts of every ticket that is open, or ended at ``since`` or later, from visibility alone: no ticket is woken."""
        ...

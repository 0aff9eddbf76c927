"""The capability of finding tickets whose deadline has passed, or that ended before their time, without waking one."""

from datetime import datetime
from typing import Protocol

from domain.ended import EndedWorkflows
from domain.sla_audit import LateTickets


class TicketWatch(Protocol):
    """Reads Temporal's visibility alone, so that a wedged ticket, or a stopped worker, cannot hide."""

    async def late_tickets(self, due_before: datetime, *, most: int) -> LateTickets:
        """The open tickets whose next deadline lies before that instant: all are counted, ``most`` of them named."""
        ...

    async def ended_workflows(self, *, most: int) -> EndedWorkflows:
        """The tickets, issues and vendor cases whose last run was terminated, failed, timed out or was canceled: ``most`` of them."""
        ...

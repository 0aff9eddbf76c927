"""Effects of the audit of deadlines: reading visibility, and telling the dead-man's switch that all is well."""

from datetime import datetime

from temporalio import activity

from activities.failures import classified
from domain.ended import EndedWorkflows
from domain.frozen import Frozen
from domain.sla_audit import SHOWN_TICKETS, LateTickets
from integrations.dead_man_switch import DeadManSwitch
from integrations.ticket_watch import TicketWatch


class FindLateInput(Frozen):
    """Which tickets are late: those that should have acted before this instant."""

    due_before: datetime


class FindEndedInput(Frozen):
    """How many ended workflows an audit reads: their run ids, which it hands to the next audit, fit into a payload many times over."""

    most: int = 1_000


class SlaAuditActivities:
    """Finds late and ended tickets, and pings. Without a dead-man's URL nothing is pinged."""

    def __init__(self, watch: TicketWatch, switch: DeadManSwitch | None) -> None:
        self._watch = watch
        self._switch = switch

    @activity.defn(name="audit_find_late")
    async def find_late(self, wanted: FindLateInput) -> LateTickets:
        """The open tickets that did not act in time."""
        return await self._watch.late_tickets(wanted.due_before, most=SHOWN_TICKETS)

    @activity.defn(name="audit_find_ended")
    async def find_ended(self, wanted: FindEndedInput) -> EndedWorkflows:
        """The tickets, issues and vendor cases that ended before their time."""
        return await self._watch.ended_workflows(most=wanted.most)

    @activity.defn(name="audit_ping")
    def ping(self) -> bool:
        """Say that all is well; False where nobody wants to hear it."""
        if self._switch is None:
            return False
        with classified():
            self._switch.ping()
        return True

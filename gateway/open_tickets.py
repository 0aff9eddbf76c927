"""Open tickets as visibility lists them: by search attributes and the memo, so that a list wakes no ticket."""

from datetime import UTC, datetime, timedelta

from pydantic import AwareDatetime, BaseModel
from temporalio.client import Client, WorkflowExecution

from domain.tiers import Owner, Priority, Tier
from gateway.tickets import ListedTicket, OpenTickets
from telemetry.search_attributes import ASSIGNEE, BREACHES, DUE_AT, OWNER, PRIORITY, STATUS, TIER
from workflows.ticket import FACTS_MEMO

_PAGE = 500


class _Facts(BaseModel):
    """The few of ``domain.digest.TicketFacts`` that a list shows."""

    opened_at: AwareDatetime
    owner_since: AwareDatetime | None = None
    late: tuple[str, ...] = ()


async def open_tickets(
    client: Client, *, assignee: str | None, due_before: datetime | None, most: int, rpc_timeout: timedelta
) -> OpenTickets:
    """Up to ``most`` open tickets, of one assignee or all; the server's order is not by due time."""
    query = f"WorkflowType = 'Ticket' AND ExecutionStatus = 'Running' AND {STATUS.name} = 'open'"
    if assignee is not None:
        query += f" AND {ASSIGNEE.name} = '{assignee}'"
    if due_before is not None:
        query += f" AND {DUE_AT.name} < '{due_before.astimezone(UTC).isoformat().replace('+00:00', 'Z')}'"
    found: dict[str, ListedTicket] = {}
    listed = client.list_workflows(query, page_size=min(most + 1, _PAGE), limit=most + 1, rpc_timeout=rpc_timeout)
    async for execution in listed:
        ticket = await _listed(execution)
        if ticket is not None:
            found[ticket.ticket_id] = ticket
    return OpenTickets(tuple(found.values())[:most], more=len(found) > most)


async def _listed(execution: WorkflowExecution) -> ListedTicket | None:
    """None for a ticket whose first task has not run yet: nothing is known of it."""
    attributes = execution.typed_search_attributes
    tier, priority, owner = (attributes.get(key) for key in (TIER, PRIORITY, OWNER))
    facts = await execution.memo_value(FACTS_MEMO, default=None, type_hint=_Facts)
    if tier is None or priority is None or owner is None or facts is None:
        return None
    return ListedTicket(
        ticket_id=execution.id.removeprefix("ticket/"),
        tier=Tier(tier),
        priority=Priority(priority),
        owner=Owner(owner),
        opened_at=facts.opened_at,
        owner_since=facts.owner_since or facts.opened_at,
        due_at=attributes.get(DUE_AT),
        breaches=attributes.get(BREACHES) or 0,
        late=facts.late,
    )

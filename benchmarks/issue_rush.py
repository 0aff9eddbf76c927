"""Ten thousand tickets on one issue, cheaply: what is measured, and tested, about telling them all.

A stand-in has a ticket's id and hears its signals, and nobody works for it: what it heard stands in its history.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryRequest
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.service import RPCError

from domain.issue_messages import TicketOnIssue
from domain.issue_roll import Roll
from domain.messages import Delivery
from domain.tiers import Priority
from workflows import workflow_ids

_AT_ONCE = 20
_NOBODY = "nobody-works-here"
_ATTEMPTS = 5
_A_MOMENT_S = 0.5
_NEVER = timedelta(hours=12)
_PLANS = ("free", "business", "enterprise")
_T = TypeVar("_T")


def names(count: int) -> list[str]:
    """``T-1`` and so on."""
    return [f"T-{number}" for number in range(1, count + 1)]


def facts_of(ticket: str) -> TicketOnIssue:
    """What such a ticket tells its issue: every third is of a customer who has another one on it."""
    number = int(ticket.removeprefix("T-"))
    opened_at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=number)
    return TicketOnIssue(
        customer=f"customer-{number - number % 3 // 2}",
        plan=_PLANS[number % len(_PLANS)],
        severity=list(Priority)[number % len(Priority)],
        opened_at=opened_at,
        due_at=opened_at + timedelta(days=30, seconds=number * 7 % 86_400),
    )


def roll_of(tickets: Iterable[str], now: datetime) -> Roll:
    """An issue's roll with these tickets on it."""
    roll = Roll()
    for ticket in tickets:
        roll = roll.joined(ticket, facts_of(ticket), now)
    return roll


async def start_stand_ins(client: Client, tickets: Sequence[str]) -> None:
    """Have a workflow with each ticket's id, whose first task is put off for longer than anybody waits."""

    async def start(ticket: str) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                await client.start_workflow(
                    "StandIn",
                    id=workflow_ids.ticket_id(ticket),
                    task_queue=_NOBODY,
                    start_delay=_NEVER,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                )
            except RPCError:
                # A dev server under that many starts loses sight of its namespace for a moment.
                if attempt == _ATTEMPTS:
                    raise
                await asyncio.sleep(_A_MOMENT_S)
            else:
                return

    await each(tickets, start)


async def heard(client: Client, tickets: Sequence[str]) -> dict[str, list[Delivery]]:
    """What each ticket heard, by the signals in its history."""

    async def read(ticket: str) -> list[Delivery]:
        request = GetWorkflowExecutionHistoryRequest(
            namespace=client.namespace, execution=WorkflowExecution(workflow_id=workflow_ids.ticket_id(ticket))
        )
        answer = await client.workflow_service.get_workflow_execution_history(request, retry=True)
        signals = [
            event.workflow_execution_signaled_event_attributes.input.payloads
            for event in answer.history.events
            if event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
        ]
        return [(await client.data_converter.decode(payloads, [Delivery]))[0] for payloads in signals]

    return dict(zip(tickets, await each(tickets, read), strict=True))


async def each(tickets: Sequence[str], do: Callable[[str], Awaitable[_T]]) -> list[_T]:
    """Do it for every ticket, some at a time."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(ticket: str) -> _T:
        async with gate:
            return await do(ticket)

    return await asyncio.gather(*(one(ticket) for ticket in tickets))

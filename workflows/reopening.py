"""Reopening a workflow that ended before its time: a new run of the same id goes on from what the last one knew.

What it knew at its last task follows from its history, which is replayed; what it received after that, and never came to, is read off the
history itself.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from itertools import accumulate, takewhile
from typing import Any, NamedTuple, TypeVar

from temporalio.api.common.v1 import Payload
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import (
    Client,
    RPCTimeoutOrCancelledError,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowHistory,
    WorkflowQueryFailedError,
)
from temporalio.common import Priority, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from domain.ended import Ended
from domain.issue_carry import IssueCarry
from domain.messages import Command, Delivery, Recovered, VendorAnswered
from domain.ticket_carry import TicketCarry
from domain.vendor_case import CaseClosed, VendorCase, VendorReply
from workflows import task_queues, urgency, workflow_ids
from workflows.ended import ended_of
from workflows.engineering_issue import IssueMessageEnvelope, IssueStart
from workflows.gone import is_gone
from workflows.lanes import ONE_ATTEMPT
from workflows.mails_sent import mails_sent
from workflows.ticket import TicketStart
from workflows.ticket_effects import FILE_ATTEMPT
from workflows.vendor_case import VendorCaseWorkflow

_ASKING = timedelta(seconds=30)
"""A worker may have to replay the whole history for one answer."""
CarriedBy = Callable[[WorkflowHistory], Awaitable[tuple[Payload | None, str | None]]]
"""What a run would hand to the next at the end of a history; or None, and why the code cannot follow it."""
IN_FLIGHT = max(ONE_ATTEMPT, FILE_ATTEMPT)
"""After this time the outcome of an attempt that a run left behind is there to be found."""
_MESSAGES: dict[str, type[Any]] = {
    "deliver": Delivery,
    "execute": Command,
    "hear": IssueMessageEnvelope,
    "answer": VendorReply,
    "close": CaseClosed,
}
"""What reaches a workflow by a signal of this name."""
_INBOX_BYTES = 200_000
"""Of a start that may have 2 MiB, and that ``continuation`` limits to what leaves room for this."""
_TASK_DONE = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
_SIGNALED = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED

_S = TypeVar("_S")


class NotReopened(Exception):
    """Why a workflow was not reopened: one clear sentence that says what to do."""


class NotReplayed(NotReopened):
    """The code cannot follow the history of the last run, so the run cannot be asked."""


class _Last(NamedTuple):
    """The run that ended before its time."""

    handle: WorkflowHandle[Any, Any]
    described: WorkflowExecutionDescription
    ended: Ended
    events: list[HistoryEvent]

    @property
    def done(self) -> int:
        """The place of the last task that was completed; the first event where there is none."""
        return max((n for n, event in enumerate(self.events) if event.event_type == _TASK_DONE), default=0)

    @property
    def known(self) -> int:
        """Where what that task did ends: the events behind it that it made."""
        end = self.done + 1
        while end < len(self.events) and _made_by(self.events[end]) == self.events[self.done].event_id:
            end += 1
        return end

    @property
    def taken_in(self) -> int:
        """Where what that task took in ends: at its start."""
        return int(self.events[self.done].workflow_task_completed_event_attributes.started_event_id)

    @property
    def unheard(self) -> list[HistoryEvent]:
        """Signals that no task took in. One that a replay of the last task took in counts once all the same, by its id."""
        return [
            event
            for event in self.events[self.taken_in :]
            if event.event_type == _SIGNALED
            and event.workflow_execution_signaled_event_attributes.signal_name in _MESSAGES
        ]

    @property
    def handed_on(self) -> int:
        """How many of those, the oldest, the next run begins with; it is signaled the others. Without a task nothing is carried."""
        if not self.done or self.described.workflow_type == "VendorCase":
            return 0
        sizes = accumulate(event.ByteSize() for event in self.unheard)
        return sum(1 for _ in takewhile(lambda size: size <= _INBOX_BYTES, sizes))


async def reopen(
    client: Client, workflow_id: str, carried_by: CarriedBy, *, now: datetime, in_flight: timedelta = IN_FLIGHT
) -> Ended:
    """Start a new run that goes on where the last one ended, and say how that one had ended.

    ``in_flight`` is how long an attempt that the last run had begun may still be under way: its outcome has to be there to be found.

    Raises:
        NotReplayed: the code cannot follow the last run; ``workflows.repair`` resets it to before its fault.
        NotReopened: it runs, or came to its own end.
        RPCError: Temporal does not answer.
    """
    last = await _last_run(client, workflow_id)
    left = last.ended.at + in_flight - now
    start, priority = await _next_start(client, last, carried_by) if last.done else await _first_start(client, last)
    if left > timedelta(0) and _is_under_way(start):
        await asyncio.sleep(left.total_seconds())
    try:
        await client.start_workflow(
            last.described.workflow_type,
            start,
            id=workflow_id,
            task_queue=task_queues.WORKFLOWS,
            # The one case in which an id is used again.
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
            id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
            memo=await last.described.memo(),
            priority=priority,
            static_summary=await last.described.static_summary(),
            static_details=await last.described.static_details(),
        )
    except WorkflowAlreadyStartedError:
        raise NotReopened("somebody else reopened it just now") from None
    except RPCError as error:
        if error.status is not RPCStatusCode.INVALID_ARGUMENT:
            raise
        raise NotReopened(f"Temporal does not take what it knew ({' '.join(error.message.split())[:200]})") from None
    for event in last.unheard[last.handed_on :]:
        name = event.workflow_execution_signaled_event_attributes.signal_name
        await client.get_workflow_handle(workflow_id).signal(name, await _message(client, event))
    return last.ended


def _made_by(event: HistoryEvent) -> int | None:
    """The completed task whose command made this event; None where no task did."""
    which = event.WhichOneof("attributes")
    attributes = getattr(event, which) if which is not None else None
    return getattr(attributes, "workflow_task_completed_event_id", None)


async def _last_run(client: Client, workflow_id: str) -> _Last:
    try:
        described = await client.get_workflow_handle(workflow_id).describe()
    except RPCError as error:
        if not is_gone(error):
            raise
        raise NotReopened("there is no such workflow; check the number") from None
    ended = ended_of(described)
    if ended is None:
        raise NotReopened(
            "it runs; there is nothing to reopen"
            if described.status is WorkflowExecutionStatus.RUNNING
            else "it came to its own end; open a new ticket instead"
        )
    run = client.get_workflow_handle(workflow_id, run_id=described.run_id)
    history = await run.fetch_history()
    return _Last(run, described, ended, list(history.events))


async def _next_start(
    client: Client, last: _Last, carried_by: CarriedBy
) -> tuple[TicketStart | IssueStart | VendorCase, Priority]:
    """What the next run starts with, and its priority."""
    match last.described.workflow_type:
        case "Ticket":
            start, carry = (
                await _start_of(client, last, TicketStart),
                await _carry_of(client, last, TicketCarry, carried_by),
            )
            inbox = (*await _news(client, last, carry), *carry.inbox, *await _inbox(client, last))
            start = start.model_copy(update={"carry": carry.model_copy(update={"inbox": inbox})})
            return start, urgency.of_ticket(carry.ticket.priority)
        case "EngineeringIssue":
            issue, known = (
                await _start_of(client, last, IssueStart),
                await _carry_of(client, last, IssueCarry, carried_by),
            )
            messages = (*known.inbox, *(envelope.message for envelope in await _inbox(client, last)))
            return issue.model_copy(update={"carry": known.model_copy(update={"inbox": messages})}), Priority.default
        case "VendorCase":
            return await _carry_of(client, last, VendorCase, carried_by), Priority.default
    raise NotReopened("it is no ticket, engineering issue or vendor case; its next round makes up for it")


async def _first_start(client: Client, last: _Last) -> tuple[TicketStart | IssueStart | VendorCase, Priority]:
    """A run that ended before its first task begins again."""
    match last.described.workflow_type:
        case "Ticket":
            start = await _start_of(client, last, TicketStart)
            return start, urgency.of_ticket(start.opening.priority)
        case "EngineeringIssue":
            return await _start_of(client, last, IssueStart), Priority.default
    return await _start_of(client, last, VendorCase), Priority.default


async def _start_of(client: Client, last: _Last, kind: type[_S]) -> _S:
    payloads = last.events[0].workflow_execution_started_event_attributes.input.payloads
    (start,) = await client.data_converter.decode(payloads, [kind])
    assert isinstance(start, kind)
    return start


async def _carry_of(client: Client, last: _Last, kind: type[_S], carried_by: CarriedBy) -> _S:
    payload, why = await carried_by(WorkflowHistory(last.described.id, last.events[: last.known]))
    if payload is None:
        raise NotReplayed(f"its history cannot be replayed ({why or 'it ended before its first task'})")
    (carry,) = await client.data_converter.decode([payload], [kind])
    assert isinstance(carry, kind)
    return carry


def _is_under_way(start: TicketStart | IssueStart | VendorCase) -> bool:
    """Whether the run that ended may have left an attempt behind that is not over yet."""
    if isinstance(start, VendorCase):
        return bool(start.queued)
    return start.carry is not None and any(queued.begun for queued in start.carry.queued)


# --- what the ticket is told -------------------------------------------------------------------------------------------


async def _news(client: Client, last: _Last, carry: TicketCarry) -> list[Delivery]:
    """That it was reopened, and what vendors answered meanwhile."""
    key = f"reopened/{last.described.run_id}"
    mails = await mails_sent(client, last.events, after=last.taken_in)
    told = [Delivery(id=key, body=Recovered(ended=last.ended, at=last.ended.at, mails=mails))]
    for link in carry.ticket.cases:
        case = await _case(client, carry.ticket.id, link.number) if link.is_open else None
        if case is not None and case.answer is not None:
            answer = VendorAnswered(case=link.number, text=case.answer, solved=case.solved)
            told.append(Delivery(id=f"{key}/case-{link.number}", body=answer))
    return told


async def _case(client: Client, ticket: str, number: int) -> VendorCase | None:
    handle = client.get_workflow_handle_for(VendorCaseWorkflow.run, workflow_ids.case_id(ticket, number))
    try:
        return await handle.query(VendorCaseWorkflow.case, rpc_timeout=_ASKING)
    except (RPCError, RPCTimeoutOrCancelledError, WorkflowQueryFailedError):
        # The case is as unknown as it was: the lead hears of it when it is due.
        return None


async def _inbox(client: Client, last: _Last) -> list[Any]:
    """The messages that the next run finds when it begins."""
    return [await _message(client, event) for event in last.unheard[: last.handed_on]]


async def _message(client: Client, event: HistoryEvent) -> Any:
    signaled = event.workflow_execution_signaled_event_attributes
    (message,) = await client.data_converter.decode(signaled.input.payloads, [_MESSAGES[signaled.signal_name]])
    return message

"""Finding workflows whose tasks fail, and taking one back to before its fault.

Temporal repeats a failed workflow task until it works. A bug in our own code is mended by mended code; a history that the code cannot follow
is not, so the workflow is reset: it goes on from an earlier task, and the signals since then are applied again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from temporalio.api.common.v1 import WorkflowExecution as Execution
from temporalio.api.enums.v1 import EventType, PendingActivityState, WorkflowTaskFailedCause
from temporalio.api.history.v1 import HistoryEvent
from temporalio.api.workflowservice.v1 import (
    GetWorkflowExecutionHistoryReverseRequest,
    ResetWorkflowExecutionRequest,
)
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowHistory
from temporalio.service import RPCError

from domain.ended import Ended
from domain.messages import Delivery, Recovered
from workflows import workflow_ids
from workflows.ended import LASTING_TYPES, ended_of
from workflows.gone import is_gone
from workflows.mails_sent import mails_sent
from workflows.reopening import IN_FLIGHT

Replays = Callable[[WorkflowHistory], Awaitable[str | None]]
"""Whether the product's code can follow a history: None, or why not."""

_AT_ONCE = 50
_TAIL = 20
_READING = timedelta(seconds=10)
_TAKES_UP = timedelta(seconds=30)
"""A worker that runs handles the first task after a reset within seconds."""
_POLL_S = 0.1
_TRIES = 10
"""Earlier tasks that are tried where the workflow cannot go on from the latest that looks right."""

_DONE = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
_FAILED = EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
_SCHEDULED = EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED
_STARTED = PendingActivityState.PENDING_ACTIVITY_STATE_STARTED


class Stuck(NamedTuple):
    """A workflow that runs and whose task fails. ``why`` is the worker's own words; ``diverged`` says that its code cannot follow the
    history, ``since`` when the task was scheduled first.
    """

    workflow_id: str
    run_id: str
    since: datetime
    attempts: int
    why: str
    diverged: bool


class NotRepaired(Exception):
    """Why a workflow was not repaired: one clear sentence that says what to do."""


async def stuck_workflows(client: Client) -> list[Stuck]:
    """All tickets, issues and vendor cases whose present workflow task has failed before.

    Raises:
        RPCError: Temporal does not answer.
    """
    # Server 1.29 lists no workflow by the trouble that it is in, so each that runs is looked at; none is woken by that.
    types = ", ".join(f"'{name}'" for name in LASTING_TYPES)
    running = [
        execution.id
        async for execution in client.list_workflows(
            f"WorkflowType IN ({types}) AND ExecutionStatus = 'Running'", rpc_timeout=_READING
        )
    ]
    found: list[Stuck] = []
    for first in range(0, len(running), _AT_ONCE):
        some = running[first : first + _AT_ONCE]
        found += [stuck for stuck in await asyncio.gather(*(stuck_workflow(client, id) for id in some)) if stuck]
    return found


async def stuck_workflow(client: Client, workflow_id: str) -> Stuck | None:
    """How a workflow is stuck; None when it is not, or does not run."""
    try:
        described = await client.get_workflow_handle(workflow_id).describe(rpc_timeout=_READING)
        raw = described.raw_description
        task = raw.pending_workflow_task if raw.HasField("pending_workflow_task") else None
        if task is None or task.attempt < 2:
            return None
        why, diverged = await _failure(client, described)
    except RPCError as error:
        if not is_gone(error):
            raise
        return None
    since = task.original_scheduled_time.ToDatetime(tzinfo=UTC)
    return Stuck(described.id, described.run_id, since, task.attempt, why, diverged)


async def _failure(client: Client, described: WorkflowExecutionDescription) -> tuple[str, bool]:
    """The last failure of the present task: why, and whether the code cannot follow the history."""
    request = GetWorkflowExecutionHistoryReverseRequest(
        namespace=client.namespace,
        execution=Execution(workflow_id=described.id, run_id=described.run_id),
        maximum_page_size=_TAIL,
    )
    tail = await client.workflow_service.get_workflow_execution_history_reverse(request, timeout=_READING)
    for event in tail.history.events:
        if event.event_type == _FAILED:
            failed = event.workflow_task_failed_event_attributes
            cause = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR
            return " ".join(failed.failure.message.split())[:300], failed.cause == cause
        if event.event_type == _DONE:
            break
    return "its worker does not answer in time", False


# --- repairing ---------------------------------------------------------------------------------------------------------


async def repair(client: Client, workflow_id: str, replays: Replays) -> datetime:
    """Take a workflow back to the latest task from which it goes on, and return that task's time.

    A run that ended before its time is taken back too, to before its end. What was done after that task is done again, so a task is
    chosen at which nothing was under way: an attempt whose outcome is cut off would be made again unseen. The workflow knows that it was
    reset, and looks for what it did before it does it again; a ticket is told which mails went out.

    Raises:
        NotRepaired: it cannot go on from any task, or nobody works on it.
        RPCError: Temporal does not answer.
    """
    tried: set[int] = set()
    for _ in range(_TRIES):
        described, events = await _last_run(client, workflow_id)
        run, ended = described.run_id, ended_of(described)
        point = await _point(workflow_id, events, replays, tried)
        if point is None:
            break
        tried.add(point.event_id)
        at = point.event_time.ToDatetime(tzinfo=UTC)
        await _attempts_end(client, workflow_id)
        news = await _news(client, run, events, point, ended)
        if ended is None:
            # Before the reset, so that the ticket has it with the other signals, and knows which mails went out.
            await _tell(client, workflow_id, news)
        reset = await client.workflow_service.reset_workflow_execution(
            ResetWorkflowExecutionRequest(
                namespace=client.namespace,
                workflow_execution=Execution(workflow_id=workflow_id, run_id=run),
                reason=f"tierline doctor: back to before event {point.event_id}",
                workflow_task_finish_event_id=point.event_id,
                request_id=f"tierline-doctor/{run}/{point.event_id}",
                identity=client.identity,
            )
        )
        if ended is not None:
            await _tell(client, workflow_id, news)
        if await _goes_on(client, workflow_id, reset.run_id):
            return at
    raise NotRepaired("it goes on from none of its tasks; put the version back under which it worked, and report it")


async def _last_run(client: Client, workflow_id: str) -> tuple[WorkflowExecutionDescription, Sequence[HistoryEvent]]:
    described = await client.get_workflow_handle(workflow_id).describe()
    run = client.get_workflow_handle(workflow_id, run_id=described.run_id)
    return described, (await run.fetch_history()).events


async def _attempts_end(client: Client, workflow_id: str) -> None:
    """Wait until no attempt is under way, so that what it does is there to be found; a ticket that stands still begins no other."""
    loop = asyncio.get_running_loop()
    end = loop.time() + IN_FLIGHT.total_seconds()
    while loop.time() < end:
        described = (await client.get_workflow_handle(workflow_id).describe()).raw_description
        if all(activity.state != _STARTED for activity in described.pending_activities):
            return
        await asyncio.sleep(_POLL_S)


async def _point(
    workflow_id: str, events: Sequence[HistoryEvent], replays: Replays, tried: set[int]
) -> HistoryEvent | None:
    """The latest task that the code reaches by replaying, and at which nothing was under way."""
    points = [n for n, event in enumerate(events) if event.event_type == _DONE]
    if not points:
        return None
    # Whatever follows a task that cannot be followed cannot be followed either: halve.
    low, high = 0, len(points)
    while high - low > 1:
        middle = (low + high) // 2
        history = WorkflowHistory(workflow_id, list(events[: points[middle]]))
        low, high = (middle, high) if await replays(history) is None else (low, middle)
    for n in reversed(points[: low + 1]):
        if events[n].event_id not in tried and not _under_way(events, events[n].event_id):
            return events[n]
    return None


def _under_way(events: Sequence[HistoryEvent], point: int) -> bool:
    """Whether an activity that was scheduled before this event had not ended by then."""
    pending: set[int] = set()
    for event in events:
        if event.event_id >= point:
            break
        if event.event_type == _SCHEDULED:
            pending.add(event.event_id)
        else:
            pending.discard(_scheduled_by(event))
    return bool(pending)


def _scheduled_by(event: HistoryEvent) -> int:
    """The event that scheduled the activity whose end this one tells; 0 for any other event."""
    for name in ("completed", "failed", "timed_out", "canceled"):
        field = f"activity_task_{name}_event_attributes"
        if event.HasField(field):  # type: ignore[arg-type]
            return int(getattr(event, field).scheduled_event_id)
    return 0


async def _tell(client: Client, workflow_id: str, news: Delivery) -> None:
    """Tell a ticket; the others have no timeline to say it on."""
    if workflow_id.startswith(workflow_ids.ticket_id("")):
        await client.get_workflow_handle(workflow_id).signal("deliver", news)


async def _news(
    client: Client, run: str, events: Sequence[HistoryEvent], point: HistoryEvent, ended: Ended | None
) -> Delivery:
    mails = await mails_sent(client, events, after=point.event_id)
    at = point.event_time.ToDatetime(tzinfo=UTC)
    return Delivery(id=f"repaired/{run}/{point.event_id}", body=Recovered(ended=ended, at=at, mails=mails))


def _is_reset(event: HistoryEvent) -> bool:
    cause = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_RESET_WORKFLOW
    return event.event_type == _FAILED and event.workflow_task_failed_event_attributes.cause == cause


async def _goes_on(client: Client, workflow_id: str, run: str) -> bool:
    """Whether the new run completes its first task.

    Raises:
        NotRepaired: no worker takes the task.
    """
    handle = client.get_workflow_handle(workflow_id, run_id=run)
    loop = asyncio.get_running_loop()
    end = loop.time() + _TAKES_UP.total_seconds()
    while loop.time() < end:
        events = (await handle.fetch_history()).events
        reset = max(event.event_id for event in events if _is_reset(event))
        after = {event.event_type for event in events if event.event_id > reset}
        if after & {_DONE, _FAILED}:
            return _DONE in after
        await asyncio.sleep(_POLL_S)
    raise NotRepaired("it was taken back, and no worker took it up: start one (python worker.py), then look again")

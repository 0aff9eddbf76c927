"""Finding workflows that ended before their time, through a Temporal client: no worker is needed, and none is woken."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import TypeVar

from temporalio.client import Client, WorkflowExecution, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.service import RPCError

from domain.ended import Ended, EndedHow, EndedWorkflow, EndedWorkflows
from workflows.gone import is_gone

LASTING_TYPES = ("Ticket", "EngineeringIssue", "VendorCase")
"""The workflows that live until their own end. The others are rounds: the next one makes up for them."""
_HOW = {
    WorkflowExecutionStatus.TERMINATED: EndedHow.TERMINATED,
    WorkflowExecutionStatus.FAILED: EndedHow.FAILED,
    WorkflowExecutionStatus.TIMED_OUT: EndedHow.TIMED_OUT,
    WorkflowExecutionStatus.CANCELED: EndedHow.CANCELED,
}
_LOOKED_AT = 10_000
"""Ended runs that are read at most, those that ended last first."""
_AT_ONCE = 50
_READING = timedelta(seconds=10)

_T = TypeVar("_T")


def ended_of(execution: WorkflowExecution) -> Ended | None:
    """How a run ended before its time; None for one that runs, or came to its own end."""
    how = _HOW.get(execution.status) if execution.status is not None else None
    if how is None or execution.close_time is None:
        return None
    return Ended(how=how, at=execution.close_time)


async def ended_workflows(client: Client, *, most: int) -> EndedWorkflows:
    """The tickets, issues and vendor cases whose last run ended before its time, up to ``most``.

    Raises:
        RPCError: Temporal does not answer.
    """
    types = ", ".join(f"'{name}'" for name in LASTING_TYPES)
    query = f"WorkflowType IN ({types}) AND ExecutionStatus IN ('Terminated', 'Failed', 'TimedOut', 'Canceled')"
    last: dict[str, WorkflowExecution] = {}
    read = 0
    async for execution in client.list_workflows(query, limit=_LOOKED_AT, rpc_timeout=_READING):
        read += 1
        before = last.get(execution.id)
        if before is None or before.start_time < execution.start_time:
            last[execution.id] = execution
    succeeded = await _succeeded(client, last)
    found: list[EndedWorkflow] = []
    for some in _in_portions(last[id] for id in last if id not in succeeded):
        # Lists are some moments behind: only the workflow itself says that nothing came after this run.
        for described in await asyncio.gather(*(_described(client, execution.id) for execution in some)):
            ended = ended_of(described) if described is not None else None
            if described is not None and ended is not None:
                found.append(EndedWorkflow(workflow_id=described.id, run_id=described.run_id, ended=ended))
        if len(found) > most:
            break
    found.sort(key=lambda workflow: workflow.ended.at, reverse=True)
    return EndedWorkflows(workflows=tuple(found[:most]), more=len(found) > most or read == _LOOKED_AT)


async def _succeeded(client: Client, ended: dict[str, WorkflowExecution]) -> set[str]:
    """Those of which a newer run is listed that did not end so: it was reopened, or reset."""
    found: set[str] = set()
    for some in _in_portions(ended):
        names = ", ".join("'" + id.replace("'", "''") + "'" for id in some)
        query = f"WorkflowId IN ({names}) AND ExecutionStatus IN ('Running', 'Completed')"
        async for execution in client.list_workflows(query, rpc_timeout=_READING):
            # A run that a reset made begins, as Temporal counts, with the run that it replaces.
            if execution.start_time >= ended[execution.id].start_time:
                found.add(execution.id)
    return found


async def _described(client: Client, workflow_id: str) -> WorkflowExecutionDescription | None:
    """None when it was deleted meanwhile."""
    try:
        return await client.get_workflow_handle(workflow_id).describe(rpc_timeout=_READING)
    except RPCError as error:
        if not is_gone(error):
            raise
        return None


def _in_portions(items: Iterable[_T]) -> Iterator[Sequence[_T]]:
    rest = iter(items)
    while portion := tuple(islice(rest, _AT_ONCE)):
        yield portion

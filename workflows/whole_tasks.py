"""A workflow never acts on a part of a task: what comes ahead of its task is refused, and comes again with the whole of it.

A query that reaches a worker without the workflow in its cache makes the SDK's core fetch the history. Events that came after the query was
sent are in it too, and core hands them over at once, ahead of the workflow task that they belong to; the rest of that task follows later.
A replay hands all of them over together. The SDK handles the messages of an activation before its results, so the workflow would act in
another order when live than on replay, and could never be replayed again (``docs/adr/0022``).

So the instance refuses such an activation: the query fails, core drops the workflow from its cache, and the task comes whole. Nothing of it
is in the history. ``AskAgain`` makes clients send such a query again.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from temporalio.api.enums.v1 import WorkflowTaskFailedCause
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import Interceptor, OutboundInterceptor, QueryWorkflowInput, WorkflowQueryFailedError
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

AHEAD = "Events came ahead of their workflow task: ask again"
"""How a worker refuses a query that would have made the workflow act on a part of a task."""

_PAUSES_S = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)


@dataclass(frozen=True)
class WholeTasksRunner(SandboxedWorkflowRunner):
    """The SDK's sandbox, whose workflows see whole tasks only."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        """Wrap the sandbox's instance."""
        return _WholeTasks(super().create_instance(det))


class _WholeTasks(WorkflowInstance):
    """An instance that refuses what is ahead of its task."""

    def __init__(self, instance: WorkflowInstance) -> None:
        self._instance = instance
        self._task_time_ns: int | None = None
        self._history_length = 0

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        """Hand the activation on, unless its events belong to a task that has not begun."""
        if all(job.HasField("query_workflow") or job.HasField("remove_from_cache") for job in act.jobs):
            return self._instance.activate(act)
        time_ns = act.timestamp.ToNanoseconds()
        # The start of a task advances the workflow's time. More history at the same time is history ahead of a task; the same amount is
        # a further activation of the same task. A server whose clock was set back looks the same: its task fails, and comes again later.
        if not act.is_replaying and time_ns == self._task_time_ns and act.history_length > self._history_length:
            return _refusal(act.run_id)
        self._task_time_ns, self._history_length = time_ns, act.history_length
        return self._instance.activate(act)

    def get_serialization_context(self, command_info: Any) -> Any:
        """The instance's own."""
        return self._instance.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> Any:
        """The instance's own."""
        return self._instance.get_external_store_context(command_info)

    def get_info(self) -> Any:
        """The instance's own."""
        return self._instance.get_info()

    def get_thread_id(self) -> int | None:
        """The instance's own."""
        return self._instance.get_thread_id()


def _refusal(run_id: str) -> WorkflowActivationCompletion:
    refused = WorkflowActivationCompletion(run_id=run_id)
    refused.failed.failure.message = AHEAD
    refused.failed.force_cause = WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE
    return refused


class AskAgain(Interceptor):
    """Sends a query again that a worker refused as ahead of its task."""

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:
        """Wrap the client's queries."""
        return _AskAgain(next)


class _AskAgain(OutboundInterceptor):
    async def query_workflow(self, input: QueryWorkflowInput) -> Any:
        for pause in _PAUSES_S:
            try:
                return await super().query_workflow(input)
            except WorkflowQueryFailedError as error:
                if AHEAD not in str(error):
                    raise
            await asyncio.sleep(pause)
        return await super().query_workflow(input)

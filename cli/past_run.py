"""What this program's workflow code makes of a run's history: it is replayed here, and no worker is asked."""

from collections.abc import Sequence
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer, WorkflowInstance, WorkflowInstanceDetails, WorkflowRunner

from telemetry.converter import data_converter
from worker import WORKFLOWS, workflow_runner

_CARRY = "carry"


async def why_not_replayed(history: WorkflowHistory) -> str | None:
    """Why the code cannot follow a history; None when it can."""
    return await _replayed(history, workflow_runner())


async def carried_by(history: WorkflowHistory) -> tuple[Payload | None, str | None]:
    """What a run would hand to the next at the end of this history, as its query ``carry`` tells it; or why the code cannot follow.

    A query through the server would bring what came after the last task as well, which a worker refuses as ahead of its task.
    """
    runner = _AskingRunner()
    why = await _replayed(history, runner)
    return (runner.answer, None) if why is None else (None, why)


async def _replayed(history: WorkflowHistory, runner: WorkflowRunner) -> str | None:
    replayer = Replayer(workflows=WORKFLOWS, workflow_runner=runner, data_converter=data_converter)
    failure = (await replayer.replay_workflow(history, raise_on_replay_failure=False)).replay_failure
    return " ".join(str(failure).split()) if failure is not None else None


class _AskingRunner(WorkflowRunner):
    """The product's sandbox; ``answer`` is what the workflow last said that it carries."""

    def __init__(self) -> None:
        self.answer: Payload | None = None
        self._runner = workflow_runner()

    def prepare_workflow(self, defn: Any) -> None:
        self._runner.prepare_workflow(defn)

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _Asking(self._runner.create_instance(det), self)


class _Asking(WorkflowInstance):
    """An instance that is asked after each step of the replay."""

    def __init__(self, instance: WorkflowInstance, runner: _AskingRunner) -> None:
        self._instance = instance
        self._runner = runner

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        completion = self._instance.activate(act)
        if completion.HasField("successful") and not any(job.HasField("remove_from_cache") for job in act.jobs):
            asked = WorkflowActivation(
                run_id=act.run_id, timestamp=act.timestamp, is_replaying=True, history_length=act.history_length
            )
            asked.jobs.add().query_workflow.query_type = _CARRY
            self._take(self._instance.activate(asked).successful.commands)
        return completion

    def _take(self, commands: Sequence[Any]) -> None:
        for command in commands:
            if command.respond_to_query.HasField("succeeded"):
                self._runner.answer = command.respond_to_query.succeeded.response

    def get_serialization_context(self, command_info: Any) -> Any:
        return self._instance.get_serialization_context(command_info)

    def get_external_store_context(self, command_info: Any) -> Any:
        return self._instance.get_external_store_context(command_info)

    def get_info(self) -> Any:
        return self._instance.get_info()

    def get_thread_id(self) -> int | None:
        return self._instance.get_thread_id()

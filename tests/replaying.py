"""Every test that runs a workflow replays what it ran: a history that does not replay is a ticket that a restart would stop for good.

Nobody asks for this: whoever connects to a Temporal server in a test is noted, and after the test the histories of that namespace are
replayed by the product's own workflow runner. A test whose histories must not replay says so by the marker ``unreplayable(why)``.
"""

import asyncio
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ListClosedWorkflowExecutionsRequest, ListOpenWorkflowExecutionsRequest
from temporalio.client import Client, WorkflowHistory
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer, Worker

from telemetry.converter import data_converter
from worker import AUDIT_WORKFLOWS, WORKFLOWS, workflow_runner

ALL_UP_TO = 50
"""A test with more workflows has some of them replayed: the longest, and a few drawn by the run's seed."""
LONGEST, DRAWN = 20, 30
_MEASURED = 500
"""Of more workflows than this a drawn part is measured; a list does not tell how long the history of one that runs is."""
_CLOCKS_DIFFER = timedelta(seconds=2)
_PATIENCE_S = 120.0

_Run = tuple[str, str]
"""A workflow's id and the id of one of its runs."""


class Played:
    """Which namespaces a test reached, with which workflows of its own."""

    def __init__(self, seed: int, folder: Path) -> None:
        self._folder = folder
        self.began_at = datetime.now(UTC) - _CLOCKS_DIFFER
        self.own_workflows: dict[str, type[Any]] = {}
        self.replayed = 0
        self._namespaces: dict[tuple[str, str], None] = {}
        self._draw = random.Random(seed)

    def reached(self, client: Client) -> None:
        """A client connected."""
        self._namespaces.setdefault((client.service_client.config.target_host, client.namespace))

    def ran(self, workflows: Iterable[type[Any]]) -> None:
        """A worker of this process runs these workflows."""
        for defined in workflows:
            self.own_workflows[defined.__name__] = defined

    async def replay(self, client: Client, *, instead: Mapping[type[Any], type[Any]] | None = None) -> list[str]:
        """Replay what the test ran in the client's namespace; one line for each history that does not replay.

        A server that ends with its fixture is asked before it ends. ``instead`` replaces workflows of the product by a test's own.
        """
        self._namespaces.pop((client.service_client.config.target_host, client.namespace), None)
        known = [(instead or {}).get(defined, defined) for defined in (*WORKFLOWS, *AUDIT_WORKFLOWS)]
        own = list(self.own_workflows.values())
        replayer = Replayer(
            workflows=known + _of_other_types(own, known),
            # The product's, which does not know the tests' modules.
            workflow_runner=replace(
                workflow_runner(), restrictions=workflow_runner().restrictions.with_passthrough_modules("tests")
            ),
            data_converter=data_converter,
        )
        failures: list[str] = []
        chosen = await self._chosen(client)
        histories = [history for run in chosen if _can_replay(history := await _history(client, run))]

        async def each() -> Any:
            for history in histories:
                yield history

        async with replayer.workflow_replay_iterator(each()) as results:
            async for result in results:
                self.replayed += 1
                if result.replay_failure is not None:
                    failures.append(
                        f"{result.history.workflow_id}: {result.replay_failure} ({self._kept(result.history)})"
                    )
        return failures

    def _kept(self, history: WorkflowHistory) -> Path:
        file = self._folder / f"{history.workflow_id.replace('/', '-')}-{history.run_id}.json"
        file.write_text(history.to_json(), encoding="utf-8")
        return file

    async def replay_rest(self) -> list[str]:
        """Replay what was run on servers that still answer."""
        failures: list[str] = []
        for address, namespace in list(self._namespaces):
            client = await Client.connect(address, namespace=namespace, data_converter=data_converter)
            failures += await self.replay(client)
        return failures

    async def _chosen(self, client: Client) -> Sequence[_Run]:
        found = await _runs_since(client, self.began_at)
        if len(found) <= ALL_UP_TO:
            return found
        measured = found if len(found) <= _MEASURED else self._draw.sample(found, _MEASURED)
        lengths = {run: await _length(client, run) for run in measured}
        longest = sorted(measured, key=lambda run: lengths[run])[-LONGEST:]
        rest = [run for run in found if run not in longest]
        return [*longest, *self._draw.sample(rest, DRAWN)]


async def _runs_since(client: Client, began_at: datetime) -> list[_Run]:
    since = began_at.isoformat().replace("+00:00", "Z")
    try:
        listed = client.list_workflows(f"StartTime >= '{since}'", page_size=1_000)
        return [(execution.id, execution.run_id) async for execution in listed]
    except RPCError as error:
        if error.status is not RPCStatusCode.UNIMPLEMENTED:
            raise
    # The time-skipping server knows the older lists only. It is the test's own, so everything on it is.
    service, namespace = client.workflow_service, client.namespace
    still_open = await service.list_open_workflow_executions(ListOpenWorkflowExecutionsRequest(namespace=namespace))
    closed = await service.list_closed_workflow_executions(ListClosedWorkflowExecutionsRequest(namespace=namespace))
    return [
        (info.execution.workflow_id, info.execution.run_id) for info in [*still_open.executions, *closed.executions]
    ]


def _of_other_types(own: Sequence[type[Any]], known: Sequence[type[Any]]) -> list[type[Any]]:
    """A test's own workflows whose type is none of the product's: what stands in for a product's workflow replays by the product."""
    types = {_type_of(defined) for defined in known}
    return [defined for defined in own if _type_of(defined) not in types]


def _type_of(defined: type[Any]) -> str:
    return str(getattr(defined, "__temporal_workflow_definition").name)


async def _history(client: Client, run: _Run) -> WorkflowHistory:
    workflow_id, run_id = run
    return await client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()


def _can_replay(history: WorkflowHistory) -> bool:
    """Whether the SDK can: without a task the replayer would wait for ever, and the time-skipping server ends a cron's run as no other does."""
    started = history.events[0].workflow_execution_started_event_attributes
    begun = any(event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED for event in history.events)
    return begun and not started.cron_schedule


async def _length(client: Client, run: _Run) -> int:
    workflow_id, run_id = run
    return (await client.get_workflow_handle(workflow_id, run_id=run_id).describe()).history_length


@pytest.fixture(autouse=True)
def played(request: pytest.FixtureRequest) -> Iterator[Played]:
    """Notes what the test reaches."""
    seed = request.config.getoption("randomly_seed", default=0)
    assert request.config.cache is not None
    folder = request.config.cache.mkdir("histories-that-do-not-replay")
    noted = Played(seed if isinstance(seed, int) else 0, folder)
    connect, prepare = Client.connect, Worker.__init__

    async def noting(*args: Any, **options: Any) -> Client:
        client = await connect(*args, **options)
        if not options.get("lazy"):
            # A lazy client is how a gateway is tested whose server is not there.
            noted.reached(client)
        return client

    def noting_workflows(worker: Worker, *args: Any, **options: Any) -> None:
        noted.ran(options.get("workflows", ()))
        prepare(worker, *args, **options)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Client, "connect", staticmethod(noting))
        patched.setattr(Worker, "__init__", noting_workflows)
        yield noted


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Replays what a test ran, right after it: what it patched still holds, and its servers still answer."""
    result = yield
    noted = pyfuncitem.funcargs.get("played")
    if isinstance(noted, Played) and pyfuncitem.get_closest_marker("unreplayable") is None:
        # A thread of its own: the test's event loop is still around.
        with ThreadPoolExecutor(1) as thread:
            failures = thread.submit(lambda: asyncio.run(asyncio.wait_for(noted.replay_rest(), _PATIENCE_S))).result()
        assert not failures, "histories that do not replay:\n" + "\n".join(failures)
    return result

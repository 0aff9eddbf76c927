"""What a workflow knows and waits for is PostgreSQL's, not a process's; the containers' set-up scripts work."""

import asyncio
import os
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from sandbox import engine
from sandbox.engine import process
from telemetry.converter import data_converter
from tests.postgresql.cluster import Cluster
from tests.postgresql.server import CREATE_NAMESPACE, TemporalServer, create_schema

pytestmark = pytest.mark.postgresql

TASK_QUEUE = "postgresql-durability"
TIMER = timedelta(seconds=2)


@workflow.defn(name="RemembersWorkflow")
class RemembersWorkflow:
    """Keeps the words it is told, waits for a durable timer after the last, and returns them."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.said_last = False

    @workflow.signal(name="say")
    def say(self, word: str) -> None:
        self.words.append(word)

    @workflow.signal(name="say-last")
    def say_last(self, word: str) -> None:
        self.words.append(word)
        self.said_last = True

    @workflow.query(name="words")
    def heard(self) -> list[str]:
        return self.words

    @workflow.run
    async def run(self) -> list[str]:
        await workflow.wait_condition(lambda: self.said_last)
        await asyncio.sleep(TIMER.total_seconds())
        return self.words


async def connected(address: str) -> Client:
    return await Client.connect(address, data_converter=data_converter)


def worker(client: Client) -> Worker:
    return Worker(
        client, task_queue=TASK_QUEUE, workflows=[RemembersWorkflow], workflow_runner=UnsandboxedWorkflowRunner()
    )


async def test_a_workflow_runs_on_postgresql(postgresql_temporal: str) -> None:
    client = await connected(postgresql_temporal)
    async with worker(client):
        handle = await client.start_workflow(RemembersWorkflow.run, id="runs", task_queue=TASK_QUEUE)
        await handle.signal(RemembersWorkflow.say_last, "only")
        assert await handle.result() == ["only"]


async def test_a_workflow_survives_a_power_cut_of_the_server(postgresql_server: TemporalServer) -> None:
    client = await connected(postgresql_server.address)
    handle = await client.start_workflow(RemembersWorkflow.run, id="survives", task_queue=TASK_QUEUE)
    async with worker(client):
        await handle.signal(RemembersWorkflow.say, "before")
        assert await handle.query(RemembersWorkflow.heard) == ["before"]

    postgresql_server.kill()
    await postgresql_server.start()

    client = await connected(postgresql_server.address)
    handle = client.get_workflow_handle_for(RemembersWorkflow.run, "survives")
    assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
    async with worker(client):
        await handle.signal(RemembersWorkflow.say_last, "after")
        assert await handle.result() == ["before", "after"]


def test_the_schema_is_created_or_updated_as_often_as_one_likes(postgresql: Cluster, server_programs: Path) -> None:
    # The fixture has done it once, and the container does it at each start.
    create_schema(server_programs, postgresql)


async def test_the_namespace_is_made_once_with_its_retention(postgresql_temporal: str) -> None:
    choice = engine.find_dev_server(announce=False)
    if choice.executable is None:
        pytest.skip("needs the Temporal CLI, and TEMPORAL_ADDRESS names a server without one")
    settings = {
        "PATH": f"{choice.executable.parent}{os.pathsep}{os.environ['PATH']}",
        "TEMPORAL_ADDRESS": postgresql_temporal,
        "TEMPORAL_NAMESPACE": "made-by-the-script",
        "RETENTION": "720h",
    }
    first = process.run(["sh", CREATE_NAMESPACE], 60, settings)
    assert first.returncode == 0, first.stdout
    second = process.run(["sh", CREATE_NAMESPACE], 60, settings)
    assert (second.returncode, second.stdout) == (0, "The namespace made-by-the-script is there.\n")
    client = await connected(postgresql_temporal)
    request = DescribeNamespaceRequest(namespace="made-by-the-script")
    namespace = await client.workflow_service.describe_namespace(request)
    assert namespace.config.workflow_execution_retention_ttl.ToTimedelta() == timedelta(hours=720)

"""What a workflow knows and waits for is PostgreSQL's, not a process's."""

import asyncio
from datetime import timedelta

import pytest
from temporalio import workflow
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from tests.postgresql.server import TemporalServer

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
    return await Client.connect(address, data_converter=pydantic_data_converter)


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

"""Open tickets cost nothing between their deadlines: no polling, no heartbeats. The events are counted."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.client import Client

import worker
from cli.demo import DEMO_POLICY
from cli.narration import Narrator
from config.policy import load_policy
from config.settings import Part, load_settings
from domain.messages import OpenTicket
from domain.people import Actor, ActorKind, Customer
from domain.policy import ClockKind, Policy
from domain.tiers import Priority
from integrations.clients import build_clients
from sandbox.engine import DevServer
from sandbox.stack import Stack
from telemetry.converter import data_converter
from tests.soak import size
from workflows import task_queues, workflow_ids
from workflows.ticket import TicketStart, TicketWorkflow

pytestmark = [pytest.mark.soak, pytest.mark.crowd, pytest.mark.timeout(900)]
_TICKETS = size(small=300, full=1_000)
_AT_ONCE = 8
_WITNESS_TARGET = timedelta(seconds=8)
# Two workflow tasks (the start; the card that was posted), one activity, one timer, the upserts: a ticket at rest.
_AT_REST = 25


def _patient_policy() -> Policy:
    """Hours for everybody but P1, whose deadline shows that time went by."""
    policy = load_policy(DEMO_POLICY)
    hours = {priority: timedelta(hours=8) for priority in Priority} | {Priority.P1: _WITNESS_TARGET}
    clocks = {kind: rules.model_copy(update={"targets": hours}) for kind, rules in policy.clocks.items()}
    return policy.model_copy(update={"clocks": clocks, "digest": None})


def _opening(number: int, priority: Priority) -> OpenTicket:
    return OpenTicket(
        ticket_id=f"T-{number}",
        title="Prints are late",
        description="Every page takes a minute.",
        customer=Customer(id="c", name="Customer"),
        priority=priority,
        product="printing",
        opened_by=Actor(kind=ActorKind.API, id="desk", name="Help desk"),
    )


@pytest.fixture
async def client(dev_server: DevServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Client]:
    """A client of a namespace on which the product's own workers run here, without the vendors' limits of calls a second."""
    monkeypatch.setattr(worker, "CALLS_PER_SECOND", {})
    stack = Stack(dev_server, policy=DEMO_POLICY, log_folder=tmp_path, namespace=f"idle-{uuid4().hex[:12]}")
    async with AsyncExitStack() as resources:
        resources.push_async_callback(stack.stop)
        await stack.prepare()
        settings = load_settings(Part.WORKER, environ=stack.environment(), dotenv=None)
        connected = await Client.connect(dev_server.address, namespace=stack.namespace, data_converter=data_converter)
        await worker.bring_up(connected, _patient_policy(), settings.public_url)
        executor = resources.enter_context(ThreadPoolExecutor(max_workers=16))
        for running in worker.build_workers(connected, settings, build_clients(settings), executor):
            await resources.enter_async_context(running)
        yield connected


async def _open(client: Client, opening: OpenTicket, policy: Policy, gate: asyncio.Semaphore) -> None:
    async with gate:
        await client.start_workflow(
            TicketWorkflow.run,
            TicketStart(opening=opening, policy=policy),
            id=workflow_ids.ticket_id(opening.ticket_id),
            task_queue=task_queues.WORKFLOWS,
        )


async def _lengths(client: Client, numbers: range, gate: asyncio.Semaphore) -> list[int]:
    async def length(number: int) -> int:
        async with gate:
            described = await client.get_workflow_handle(workflow_ids.ticket_id(f"T-{number}")).describe()
            return described.history_length

    return await asyncio.gather(*(length(number) for number in numbers))


async def test_a_thousand_open_tickets_sit_idle_between_their_deadlines(client: Client, tell: Narrator) -> None:
    policy, gate = _patient_policy(), asyncio.Semaphore(_AT_ONCE)
    numbers = range(1, _TICKETS + 1)
    await asyncio.gather(*(_open(client, _opening(number, Priority.P3), policy, gate) for number in numbers))

    async def all_cards_are_posted() -> bool:
        posted = await client.count_workflows("WorkflowType = 'Ticket' AND ExecutionStatus = 'Running'")
        return posted.count == _TICKETS and min(await _lengths(client, numbers, gate)) >= 12

    await tell.wait_for("every ticket has its card", all_cards_are_posted, patience_s=400)
    before = await _settled(client, numbers, gate, tell)
    # A witness whose deadline comes soon: when its timer has fired, time has passed for the others too.
    await _open(client, _opening(_TICKETS + 1, Priority.P1), policy, gate)

    async def the_witness_breached() -> bool:
        view = await client.get_workflow_handle_for(TicketWorkflow.run, f"ticket/T-{_TICKETS + 1}").query(
            TicketWorkflow.ticket
        )
        return any(clock.kind is ClockKind.HANDOFF and clock.breached_at is not None for clock in view.clocks)

    await tell.wait_for("the witness's deadline", the_witness_breached)
    after = await _lengths(client, numbers, gate)

    assert after == before, "no event was added to any idle ticket"
    assert max(after) <= _AT_REST, f"a ticket at rest has at most {_AT_REST} events"


async def _settled(client: Client, numbers: range, gate: asyncio.Semaphore, tell: Narrator) -> list[int]:
    """The lengths of the histories, once two looks in a row agree."""
    seen: list[list[int]] = [await _lengths(client, numbers, gate)]

    async def twice_the_same() -> list[int] | None:
        seen.append(await _lengths(client, numbers, gate))
        return seen[-1] if seen[-1] == seen[-2] else None

    return await tell.wait_for("the tickets come to rest", twice_the_same, patience_s=240)

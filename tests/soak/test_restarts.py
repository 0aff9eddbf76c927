"""Workers die and are deployed while people send commands: every command is answered and done once, and no workflow task fails."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from temporalio.client import Client

from cli.narration import Narrator
from sandbox.engine import DevServer
from sandbox.stack import Stack
from telemetry.converter import data_converter
from tests.e2e.calm_policy import calm_policy
from tests.soak import size
from tests.workflows.bundles import failed_tasks

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3 * 3600)]
_KILLS = size(small=50, full=1_000)
_TICKETS = 12
_ANSWERED_S = 180.0


@pytest.fixture
async def stack(dev_server: DevServer, tmp_path: Path) -> AsyncIterator[Stack]:
    """A whole Tierline whose clocks do not act meanwhile."""
    policy = calm_policy(tmp_path, quiet_time=timedelta(days=3))
    running = Stack(dev_server, policy=policy, log_folder=tmp_path, namespace=f"restarts-{uuid4().hex[:12]}")
    async with running:
        yield running


class People:
    """Sends commands through the REST API, each until it is answered, as a help desk does."""

    def __init__(self, stack: Stack, http: httpx2.AsyncClient) -> None:
        self._stack = stack
        self._http = http
        self._number = 0
        self.noted: dict[str, list[str]] = {}
        self.answers: list[int] = []

    def goes_on(self, http: httpx2.AsyncClient) -> None:
        """Use another connection."""
        self._http = http

    async def opens(self, ticket_id: str) -> None:
        """A ticket that goes to engineering at once."""
        body = {
            "ticket_id": ticket_id,
            "title": "Card payments fail",
            "description": "Every payment is refused.",
            "customer": {"id": f"c-{ticket_id}", "name": "Example Bakery"},
            "priority": "P2",
            "product": "payments",
        }
        await self._sends("/api/v1/tickets", body, self._stack.tokens.helpdesk)
        await self._sends(
            f"/api/v1/tickets/{ticket_id}/escalate", {"to": "L3", "reason": "all terminals"}, self._stack.tokens.lead
        )
        self.noted[ticket_id] = []

    async def notes(self, ticket_id: str) -> None:
        """Somebody writes a note."""
        self._number += 1
        text = f"note {self._number:05d}"
        self.noted[ticket_id].append(text)
        await self._sends(f"/api/v1/tickets/{ticket_id}/note", {"text": text}, self._stack.tokens.lead)

    async def reads(self, ticket_id: str) -> list[str]:
        """The notes that the ticket shows."""
        async with asyncio.timeout(_ANSWERED_S):
            while True:
                view = await self._http.get(
                    f"{self._stack.gateway_url}/api/v1/tickets/{ticket_id}",
                    headers={"Authorization": f"Bearer {self._stack.tokens.lead}"},
                )
                if view.status_code == 200:
                    return [entry["text"] for entry in view.json()["timeline"] if entry["text"].startswith("note ")]
                await asyncio.sleep(0.2)

    async def _sends(self, path: str, body: Mapping[str, object], token: str) -> None:
        self._number += 1
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"key-{self._number}"}
        async with asyncio.timeout(_ANSWERED_S):
            while True:
                with suppress(httpx2.TransportError):
                    answer = await self._http.post(self._stack.gateway_url + path, json=body, headers=headers)
                    if answer.status_code not in (429, 503):
                        break
                await asyncio.sleep(0.2)
        self.answers.append(answer.status_code)
        assert answer.status_code in (200, 201), answer.text


async def test_commands_around_killed_and_deployed_workers_are_each_done_once(
    stack: Stack, dev_server: DevServer, tell: Narrator
) -> None:
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    tell.tell("The test", f"plays {_KILLS} losses of the worker by the seed {seed}")
    async with httpx2.AsyncClient(timeout=30) as http, asyncio.TaskGroup() as sending:
        people = People(stack, http)
        tickets = [f"T-{number}" for number in range(_TICKETS)]
        await asyncio.gather(*(people.opens(ticket) for ticket in tickets))
        lost = 0
        while lost < _KILLS:
            for ticket in chance.sample(tickets, 3):
                sending.create_task(people.notes(ticket))

            # Not to wait for something: the moment of the loss is to be any.
            await asyncio.sleep(chance.uniform(0, 1.2))
            if chance.random() < 0.5:
                stack.kill_worker()
            else:
                await stack.stop_worker()
            lost += 1
            for ticket in chance.sample(tickets, 2):
                sending.create_task(people.notes(ticket))

            stack.start_worker()
            if chance.random() < 0.3 and lost < _KILLS:
                # Lost again, before or while it takes the first commands.
                await asyncio.sleep(chance.uniform(0, 3))
                stack.kill_worker()
                lost += 1
                stack.start_worker()
            await stack.until_worker_ready()
    async with httpx2.AsyncClient(timeout=30) as http:
        people.goes_on(http)
        await asyncio.gather(*(people.notes(ticket) for ticket in tickets))
        shown = {ticket: await people.reads(ticket) for ticket in tickets}
    assert {ticket: sorted(notes) for ticket, notes in shown.items()} == {
        ticket: sorted(people.noted[ticket])[-len(shown[ticket]) :] for ticket in tickets
    }, f"seed {seed}: a note is missing or doubled"
    assert all(shown.values())
    client = await Client.connect(dev_server.address, namespace=stack.namespace, data_converter=data_converter)
    failed: list[str] = []
    async for execution in client.list_workflows("WorkflowType IN ('Ticket', 'EngineeringIssue', 'VendorCase')"):
        failed += [f"{execution.id}: {why}" for why in await failed_tasks(client, execution.id)]
    assert failed == [], f"seed {seed}"
    assert stack.sandbox.ledger.duplicates() == {}
    print(
        f"losses of the worker: {lost}; commands answered: {len(people.answers)}; failed workflow tasks: 0; seed {seed}"
    )

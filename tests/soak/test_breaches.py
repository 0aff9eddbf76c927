"""Five hundred tickets breach in the same minute: each pages once, urgent ones first, and Slack's limit holds none of them up."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.client import Client

from benchmarks.breaching import breaching, hand_in
from cli.demo import DEMO_POLICY
from cli.narration import Narrator
from domain.paging import page_key
from domain.tiers import Priority
from sandbox.engine import DevServer
from sandbox.stack import Stack
from telemetry.converter import data_converter
from tests.soak import size

pytestmark = [pytest.mark.soak, pytest.mark.crowd, pytest.mark.timeout(900)]
_TICKETS = size(small=200, full=500)
_AT_ONCE = 8
_OPENING = timedelta(seconds=60)
_URGENT, _CAN_WAIT = Priority.P1, Priority.P4
_KEYS = [page_key(f"T-{number}", 1) for number in range(1, _TICKETS + 1)]
_URGENT_KEYS = set(_KEYS[::2])


@pytest.fixture
async def stack(dev_server: DevServer, tmp_path: Path) -> AsyncIterator[Stack]:
    """The outside and a worker; tickets are handed in without a gateway."""
    running = Stack(dev_server, policy=DEMO_POLICY, log_folder=tmp_path, namespace=f"many-{uuid4().hex[:12]}")
    try:
        await running.prepare()
        running.start_worker()
        await running.until_worker_ready()
        yield running
    finally:
        await running.stop()


async def _open(client: Client, number: int, due_at: datetime, gate: asyncio.Semaphore) -> None:
    priority = _URGENT if number % 2 else _CAN_WAIT
    async with gate:
        await hand_in(client, f"T-{number}", priority, breaching(due_at - datetime.now(UTC)))


async def test_hundreds_of_breaches_in_a_minute_page_once_each_the_urgent_ones_first(
    stack: Stack, dev_server: DevServer, tell: Narrator
) -> None:
    client = await Client.connect(dev_server.address, namespace=stack.namespace, data_converter=data_converter)
    gate = asyncio.Semaphore(_AT_ONCE)
    due_at = datetime.now(UTC) + _OPENING
    await asyncio.gather(*(_open(client, number, due_at, gate) for number in range(1, _TICKETS + 1)))

    def pages() -> list[str]:
        return [entry.marker or "" for entry in stack.sandbox.ledger.entries("pagerduty", "incident.create")]

    async def all_have_paged() -> bool:
        return len(pages()) >= _TICKETS

    await tell.wait_for("every ticket has paged", all_have_paged, patience_s=300)
    told_in_slack = len(stack.sandbox.ledger.entries("slack", "chat.postMessage"))

    assert sorted(pages()) == sorted(_KEYS), "each ticket paged once"
    last_urgent = max(place for place, key in enumerate(pages()) if key in _URGENT_KEYS)
    overtaken = [key for key in pages()[:last_urgent] if key not in _URGENT_KEYS]
    # Those whose breach was decided before the first urgent one's.
    assert len(overtaken) <= _TICKETS // 25, f"{len(overtaken)} pages that can wait went before an urgent one"
    assert told_in_slack < 2 * _TICKETS, "Slack, with its card and its notice for each, was still behind"
    assert stack.sandbox.ledger.duplicates() == {}

"""Workers die at any moment, fifty times in a paging story; each page is raised exactly once, and so is each card and each notice."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Literal
from uuid import uuid4

import pytest
from temporalio.client import Client

from benchmarks.breaching import breaching, hand_in
from cli.demo import DEMO_POLICY
from cli.narration import Narrator
from domain.paging import page_key
from domain.tiers import Priority
from sandbox.engine import DevServer
from sandbox.faults import Fault
from sandbox.stack import Stack
from telemetry.converter import data_converter
from tests.soak import size

pytestmark = [pytest.mark.soak, pytest.mark.timeout(480)]
_KILLS = size(small=20, full=50)
_WORKERS: tuple[Literal["worker", "second worker"], ...] = ("worker", "second worker")


@pytest.fixture
async def stack(dev_server: DevServer, tmp_path: Path) -> AsyncIterator[Stack]:
    """The outside and two workers; every call to it takes a while, so that many a worker dies with one under way."""
    running = Stack(dev_server, policy=DEMO_POLICY, log_folder=tmp_path, namespace=f"killed-{uuid4().hex[:12]}")
    try:
        await running.prepare()
        for system in ("pagerduty", "slack"):
            running.sandbox.faults.add(Fault.model_validate({"system": system, "kind": "latency", "delay_s": 0.3}))
        running.start_worker()
        await running.until_worker_ready()
        running.start_second_worker()
        yield running
    finally:
        await running.stop()


def _restart(stack: Stack, name: Literal["worker", "second worker"]) -> None:
    stack.kill_worker(name)
    if name == "worker":
        stack.start_worker()
    else:
        stack.start_second_worker()


async def test_killed_workers_lose_no_page_and_raise_none_twice(
    stack: Stack, dev_server: DevServer, tell: Narrator
) -> None:
    client = await Client.connect(dev_server.address, namespace=stack.namespace, data_converter=data_converter)
    seed = random.randrange(10**6)
    tell.tell("The test", f"lets workers die at moments by the seed {seed}")
    moments = random.Random(seed)
    policy, names = breaching(timedelta(seconds=1)), itertools.cycle(_WORKERS)
    for number in range(1, _KILLS + 1):
        await hand_in(client, f"T-{number}", Priority.P1, policy)
        # Not to wait for something: the moment of death is to be any.
        await asyncio.sleep(moments.uniform(0.3, 1.8))
        _restart(stack, next(names))

    keys = sorted(page_key(f"T-{number}", 1) for number in range(1, _KILLS + 1))

    def pages() -> list[str]:
        return sorted(entry.marker or "" for entry in stack.sandbox.ledger.entries("pagerduty", "incident.create"))

    async def every_ticket_has_paged() -> bool:
        return set(keys) <= set(pages())

    await tell.wait_for("every ticket has paged", every_ticket_has_paged, patience_s=240)

    async def all_is_said() -> bool:
        """The card, and the lead's notice, of every ticket."""
        return len(stack.sandbox.ledger.entries("slack", "chat.postMessage")) >= 2 * _KILLS

    await tell.wait_for("every card and notice is posted", all_is_said, patience_s=120)
    assert pages() == keys, "each page exactly once"
    assert stack.sandbox.ledger.duplicates() == {}

"""Page rush: how long 500 tickets that breach at the same instant take to page, within PagerDuty's published limit.

The whole path runs as in production, the limit of calls included; every other ticket is urgent. Beside it stands what the limit alone would
take: no order and no machine can be faster.
"""

import asyncio
import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from rich.table import Table
from temporalio.client import Client

from benchmarks.breaching import DEMO_POLICY, breaching, hand_in
from domain.paging import page_key
from domain.tiers import Priority
from sandbox.engine import DevServer, find_dev_server
from sandbox.stack import Stack
from telemetry.converter import data_converter
from worker import CALLS_PER_SECOND
from workflows import task_queues

TICKETS = int(os.environ.get("BENCH_RUSH_TICKETS", "500"))
_AT_ONCE = 8
_OPENING = timedelta(seconds=60)
_PATIENCE = timedelta(minutes=5)


def page_rush() -> Table:
    """When the first, the last urgent and the last page were raised, beside what the limit alone takes."""
    with tempfile.TemporaryDirectory(prefix="tierline-bench-") as folder:
        pages, slack_left = asyncio.run(_measured(Path(folder)))
    limit = CALLS_PER_SECOND[task_queues.PAGERDUTY]
    urgent = [seconds for seconds, is_urgent in pages if is_urgent]
    table = Table(
        title=f"Page rush: {len(pages):,} tickets breach at the same instant, every other one urgent; due time to PagerDuty",
        title_justify="left",
        caption=f"PagerDuty's published limit is {limit:.0f} calls a second. {slack_left:,} of Slack's messages were still to be "
        "posted when the last page was out: they held none of them up.",
        caption_justify="left",
    )
    table.add_column("")
    for name in ("first page", "last urgent page", "last page"):
        table.add_column(name, justify="right")
    everything = [seconds for seconds, _ in pages]
    table.add_row("Tierline", *(f"{value:.1f} s" for value in (min(everything), max(urgent), max(everything))))
    table.add_row("the limit alone", "0.0 s", f"{len(urgent) / limit:.1f} s", f"{len(pages) / limit:.1f} s")
    return table


async def _measured(folder: Path) -> tuple[list[tuple[float, bool]], int]:
    """Seconds from the due time to each page and whether it is urgent; and how many of Slack's messages were still to come."""
    async with DevServer(find_dev_server(announce=False), log_folder=folder) as server:
        stack = Stack(server, policy=DEMO_POLICY, log_folder=folder, namespace=f"rush-{uuid4().hex[:12]}")
        try:
            await stack.prepare()
            stack.start_worker()
            await stack.until_worker_ready()
            client = await Client.connect(server.address, namespace=stack.namespace, data_converter=data_converter)
            return await _rushed(stack, client)
        finally:
            await stack.stop()


async def _rushed(stack: Stack, client: Client) -> tuple[list[tuple[float, bool]], int]:
    due_at = datetime.now(UTC) + _OPENING
    gate = asyncio.Semaphore(_AT_ONCE)
    await asyncio.gather(*(_open(client, number, due_at, gate) for number in range(TICKETS)))
    if datetime.now(UTC) > due_at:
        raise RuntimeError("this machine is too busy: opening the tickets took longer than planned; run it again")
    end = due_at + _PATIENCE
    while len(stack.sandbox.ledger.entries("pagerduty", "incident.create")) < TICKETS:
        if datetime.now(UTC) > end:
            raise RuntimeError(f"not every ticket had paged {_PATIENCE.total_seconds():.0f} s after the breach")
        await asyncio.sleep(0.2)
    # A card and a notice for each.
    slack_left = max(0, 2 * TICKETS - len(stack.sandbox.ledger.entries("slack", "chat.postMessage")))
    urgent = {page_key(f"T-{number}", 1) for number in range(0, TICKETS, 2)}
    raised = stack.sandbox.ledger.entries("pagerduty", "incident.create")
    return [((entry.at - due_at).total_seconds(), entry.marker in urgent) for entry in raised], slack_left


async def _open(client: Client, number: int, due_at: datetime, gate: asyncio.Semaphore) -> None:
    priority = Priority.P4 if number % 2 else Priority.P1
    async with gate:
        await hand_in(client, f"T-{number}", priority, breaching(due_at - datetime.now(UTC)))

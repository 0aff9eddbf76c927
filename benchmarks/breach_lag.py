"""Breach lag: from a ticket's due time to the page that its breach raises, with 1,000 tickets that breach within one minute.

The whole path runs as it does in production, as processes of its own on this machine: Temporal's dev server, the worker, and a sandbox of
the outside. The page counts when PagerDuty has recorded it, which is after the request has left the worker. Due times are read from the
tickets themselves.
"""

import asyncio
import os
import random
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from rich.console import Console
from rich.table import Table
from temporalio.client import Client

from benchmarks.sweeps import percentile, sweep_lags
from config.policy import load_policy
from domain.messages import OpenTicket
from domain.paging import page_key
from domain.people import Actor, ActorKind, Customer
from domain.policy import Action, ClockKind, ClockRules, Ladder, PageRules, Policy, Rung
from domain.tiers import Priority
from sandbox.engine import DevServer, find_dev_server
from sandbox.engine.process import start as start_process
from sandbox.ledger import LedgerEntry
from sandbox.stack import ROOT, Stack
from telemetry.converter import data_converter
from workflows import task_queues, workflow_ids
from workflows.ticket import TicketStart, TicketWorkflow

TICKETS = int(os.environ.get("BENCH_TICKETS", "1000"))
WINDOW = timedelta(minutes=1)
_WARM_UP = 50
_AT_ONCE = 12
_MARGIN = timedelta(seconds=25)
_PATIENCE = timedelta(minutes=4)
_POLICY = ROOT / "config" / "policies" / "demo.yaml"
_SWEEPS_S = (60, 300)
_T = TypeVar("_T")
_console = Console(stderr=True, highlight=False)


class _StackWithoutPagerLimit(Stack):
    """A stack whose worker does not heed PagerDuty's limit of calls; the sandbox has none."""

    def start_worker(self) -> None:
        self._start("worker", [sys.executable, "-m", "benchmarks.worker_without_pager_limit"])

    def _start(self, name: str, command: list[str], further: Mapping[str, str] | None = None) -> None:
        environment = {**self.environment(), "PYTHONPATH": str(ROOT), **(further or {})}
        self._processes[name] = start_process(command, self.log_of(name), environment, folder=self._log_folder)


def breach_lag() -> Table:
    """Median, 99th percentile and maximum of the lag, beside what sweeps would have given for the same due times."""
    with tempfile.TemporaryDirectory(prefix="tierline-bench-") as folder:
        lags, dues = asyncio.run(_measured(Path(folder)))
    load, cores = os.getloadavg()[0], os.cpu_count()
    table = Table(
        title=f"Breach lag: {len(lags):,} tickets breach within {WINDOW.total_seconds():.0f} s; due time to the page at PagerDuty",
        title_justify="left",
        caption="PagerDuty's own limit of 16 calls a second is lifted: it would be reached by itself. The sweeps are computed for the "
        "same due times, over all phases, as if they took no time themselves. A thousand breaches in a minute keep about one core "
        f"busy: with others on the machine they queue (load average in that minute: {load:.1f} on {cores} cores).",
        caption_justify="left",
    )
    table.add_column("")
    for name in ("p50", "p99", "max"):
        table.add_column(name, justify="right")
    table.add_row("Tierline", *_figures(lags))
    for every_s in _SWEEPS_S:
        table.add_row(f"a sweep every {every_s} s", *_figures(sweep_lags(dues, every_s)))
    return table


def _figures(lags: list[float]) -> tuple[str, str, str]:
    p50, p99, most = percentile(lags, 50), percentile(lags, 99), max(lags)
    return f"{p50:.2f} s", f"{p99:.2f} s", f"{most:.2f} s"


async def _measured(folder: Path) -> tuple[list[float], list[datetime]]:
    """Seconds of lag, and the due time, of each ticket."""
    async with DevServer(find_dev_server(announce=False), log_folder=folder) as server:
        stack = _StackWithoutPagerLimit(
            server, policy=_POLICY, log_folder=folder, namespace=f"bench-{uuid4().hex[:12]}"
        )
        try:
            await stack.prepare()
            stack.start_worker()
            await stack.until_worker_ready()
            client = await Client.connect(server.address, namespace=stack.namespace, data_converter=data_converter)
            return await _breached(stack, client)
        finally:
            await stack.stop()


async def _breached(stack: Stack, client: Client) -> tuple[list[float], list[datetime]]:
    begun = datetime.now(UTC)
    await _open(stack, client, [f"T-W{number}" for number in range(_WARM_UP)], lambda: timedelta(days=1))
    each = (datetime.now(UTC) - begun) / _WARM_UP
    opens_at = datetime.now(UTC) + each * TICKETS * 1.25 + _MARGIN
    _say(
        f"{TICKETS:,} tickets open, to breach from {opens_at:%H:%M:%S} UTC on ({1 / each.total_seconds():.0f} a second)"
    )
    names = [f"T-{number}" for number in range(TICKETS)]
    await _open(stack, client, names, lambda: opens_at - datetime.now(UTC) + random.random() * WINDOW)
    if datetime.now(UTC) > opens_at - _MARGIN / 5:
        raise RuntimeError("this machine is too busy: opening the tickets took longer than planned; run it again")

    def raised() -> dict[str | None, datetime]:
        return {entry.marker: entry.at for entry in stack.sandbox.ledger.entries("pagerduty", "incident.create")}

    keys = {name: page_key(name, 1) for name in names}
    _say(
        f"waiting until each has breached and paged: {(opens_at - datetime.now(UTC)).total_seconds():.0f} s until the first"
    )
    for quarter in (1, 2, 3, 4):
        await _until(lambda wanted=TICKETS * quarter // 4: len(raised()) >= wanted, "the tickets have paged")  # type: ignore[misc]
        _say(f"{len(raised()):,} pages")
    pages = raised()
    dues = await _each(names, lambda name: _due(client, name))
    return [(pages[keys[name]] - due).total_seconds() for name, due in zip(names, dues, strict=True)], dues


async def _open(stack: Stack, client: Client, names: list[str], target: Callable[[], timedelta]) -> None:
    """Open tickets and wait until each has its card: a ticket at rest, for which opening costs nothing any more."""
    base = load_policy(_POLICY)
    cards = len(_cards(stack)) + len(names)

    async def one(name: str) -> None:
        await client.start_workflow(
            TicketWorkflow.run,
            TicketStart(opening=_opening(name), policy=_policy(base, target())),
            id=workflow_ids.ticket_id(name),
            task_queue=task_queues.WORKFLOWS,
        )

    await _each(names, one)
    await _until(lambda: len(_cards(stack)) >= cards, "every ticket has its card")


def _cards(stack: Stack) -> list[LedgerEntry]:
    return stack.sandbox.ledger.entries("slack", "chat.postMessage")


async def _until(condition: Callable[[], bool], what: str) -> None:
    end = datetime.now(UTC) + _PATIENCE
    while not condition():
        if datetime.now(UTC) > end:
            raise RuntimeError(f"waited {_PATIENCE.total_seconds():.0f} s in vain until {what}")
        await asyncio.sleep(0.2)


async def _each(names: list[str], what: Callable[[str], Awaitable[_T]]) -> list[_T]:
    gate = asyncio.Semaphore(_AT_ONCE)

    async def gated(name: str) -> _T:
        async with gate:
            return await what(name)

    return await asyncio.gather(*(gated(name) for name in names))


async def _due(client: Client, name: str) -> datetime:
    ticket = client.get_workflow_handle_for(TicketWorkflow.run, workflow_ids.ticket_id(name))
    view = await ticket.query(TicketWorkflow.ticket)
    (breached_at,) = [clock.breached_at for clock in view.clocks]
    assert breached_at is not None  # it paged
    return breached_at


def _policy(policy: Policy, target: timedelta) -> Policy:
    """One clock, whose breach pages at once."""
    seconds = timedelta(seconds=max(round(target.total_seconds()), 1))
    page = PageRules(service="PSVCPAY", escalation_policy="PEPENG")
    tiers = {tier: rules.model_copy(update={"page": page}) for tier, rules in policy.tiers.items()}
    clock = ClockRules(targets=dict.fromkeys(Priority, seconds), ladder="page")
    ladder = Ladder(rungs=(Rung(at=100, do=(Action.PAGE,)),))
    changes = {
        "tiers": tiers,
        "clocks": {ClockKind.FIRST_RESPONSE: clock},
        "ladders": {"page": ladder},
        "digest": None,
    }
    return policy.model_copy(update=changes)


def _opening(name: str) -> OpenTicket:
    return OpenTicket(
        ticket_id=name,
        title="Prints are late",
        description="Every page takes a minute.",
        customer=Customer(id="c", name="Customer"),
        priority=Priority.P1,
        product="printing",
        opened_by=Actor(kind=ActorKind.API, id="desk", name="Help desk"),
    )


def _say(line: str) -> None:
    _console.print(f"{datetime.now(UTC):%H:%M:%S}  {line}")

"""Issue scale: what one more ticket on an engineering issue costs when ten are on it, and when ten thousand are.

The issue's workflow runs on a dev server, with the product's own rules and activities; the tickets only count what they hear, and the
tracker answers from memory.
"""

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, cast

from rich.table import Table
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from activities.issue_tracker import IssueTrackerActivities
from activities.ticket_telling import TicketTellingActivities
from benchmarks import issue_rush
from config.issue_text import issue_text
from domain.engineering_rules import FanOutRules, IssueRules, SummaryRules
from domain.issue_carry import IssueCarry
from domain.issue_messages import IssueHint, IssueMessage, TicketJoined
from domain.issue_view import IssueView
from domain.issue_watch import decide_issue
from domain.issues import IssueCategory, IssueRef, IssueSnapshot, Tracker
from domain.messages import Delivery
from domain.watched_issue import ShownSummary, WatchedIssue
from integrations.issue_tracker import IssueTracker
from integrations.workflow_desk import WorkflowDesk
from sandbox.engine import DevServer, find_dev_server
from telemetry.converter import data_converter
from telemetry.registration import register_search_attributes
from worker import workflow_runner
from workflows import task_queues, workflow_ids
from workflows.engineering_issue import (
    REMEMBERED_MESSAGES,
    EngineeringIssueWorkflow,
    IssueMessageEnvelope,
    IssueStart,
)

SIZES = (10, 100, 1_000, 10_000)
_LINKED = 10
"""Tickets that join one after the other: each alone, which costs the most."""
_DECISIONS = 200
_PATIENCE_S = 120.0
_RULES = IssueRules(
    tracker=Tracker.JIRA,
    fan_out=FanOutRules(per_second=1_000, batch=500),
    summary=SummaryRules(every=timedelta(hours=1), linked=0),
)


class Measured(NamedTuple):
    """What an issue with so many tickets costs."""

    tickets: int
    events_per_link: float
    events_per_told: float
    carried_bytes: int
    rules_us: float


class _Ears:
    """Tickets that only count what they hear."""

    def __init__(self) -> None:
        self.heard: Counter[str] = Counter()

    async def deliver(self, ticket_id: str, delivery: Delivery) -> bool:
        """Count it."""
        self.heard[delivery.id] += 1
        return True


class _Tracker:
    """A tracker with one issue, which knows no trouble."""

    def __init__(self) -> None:
        self.issues: dict[str, IssueSnapshot] = {}

    def fetch(self, ref: IssueRef, *, comments_since: datetime | None) -> IssueSnapshot:
        """The issue as it is."""
        return self.issues[ref.id]

    def show_summary(self, ref: IssueRef, text: str, **_: Any) -> str:
        """It stands there."""
        return "1"


def issue_scale() -> Table:
    """Events of history for each ticket that is linked, and told, and what is carried over at a continue-as-new, side by side."""
    with tempfile.TemporaryDirectory(prefix="tierline-bench-") as folder:
        found = asyncio.run(_all_sizes(Path(folder)))
    table = Table(
        title="Issue scale: one more ticket on an issue with so many",
        title_justify="left",
        caption=f"Linked: {_LINKED} tickets join one after the other, and each is told what is true. Told: news for all of them. "
        f"Carried: the state that a run hands to the next, {2 * REMEMBERED_MESSAGES:,} message ids included; Temporal warns from 256 kB. "
        "Rules: CPU time of the decision on one ticket that joins.",
        caption_justify="left",
    )
    for name in (
        "tickets",
        "events a link",
        "events a told ticket",
        "carried kB",
        "bytes a ticket",
        "rules µs",
        "growth",
    ):
        table.add_column(name, justify="right")
    for each in found:
        table.add_row(
            f"{each.tickets:,}",
            f"{each.events_per_link:.1f}",
            f"{each.events_per_told:.3f}",
            f"{each.carried_bytes / 1000:.1f}",
            f"{each.carried_bytes / each.tickets:.0f}",
            f"{each.rules_us:.0f}",
            f"{each.events_per_link / found[0].events_per_link:.2f}x",
        )
    return table


async def _all_sizes(folder: Path) -> list[Measured]:
    async with DevServer(find_dev_server(announce=False), log_folder=folder) as server, AsyncExitStack() as stack:
        client = await Client.connect(server.address, namespace=server.namespace, data_converter=data_converter)
        await register_search_attributes(client)
        ears, tracker = _Ears(), _Tracker()
        executor = stack.enter_context(ThreadPoolExecutor(4))
        jira = IssueTrackerActivities(cast(IssueTracker, tracker), name="Jira", setting="", text=issue_text)
        telling = TicketTellingActivities(cast(WorkflowDesk, ears))
        by_queue: dict[str, list[Callable[..., Any]]] = {
            task_queues.JIRA: [jira.fetch_issue, jira.show_summary],
            task_queues.TELLING: [telling.tell_tickets],
        }
        for queue, activities in by_queue.items():
            await stack.enter_async_context(
                Worker(client, task_queue=queue, activities=activities, activity_executor=executor)
            )
        await stack.enter_async_context(
            Worker(
                client,
                task_queue=task_queues.WORKFLOWS,
                workflows=[EngineeringIssueWorkflow],
                workflow_runner=workflow_runner(),
            )
        )
        return [await _measured(client, size, ears, tracker) for size in SIZES]


async def _measured(client: Client, size: int, ears: _Ears, tracker: _Tracker) -> Measured:
    now = datetime.now(UTC)
    ref = IssueRef(tracker=Tracker.JIRA, id=str(size), key=f"PAY-{size}", url=f"https://acme.example/browse/PAY-{size}")
    known = IssueSnapshot(
        ref=ref, title="Card payment fails", status="To Do", category=IssueCategory.TO_DO, updated_at=now
    )
    tracker.issues[ref.id] = known
    names = issue_rush.names(size + _LINKED)
    roll = issue_rush.roll_of(names[:size], now)
    state = WatchedIssue(
        ref=ref,
        watched_since=now,
        rules=_RULES,
        known=known,
        roll=roll,
        welcomed=roll.last,
        summary=ShownSummary(comment_id="1", text="x", written_at=now, stale=False),
    )
    handle = await client.start_workflow(
        EngineeringIssueWorkflow.run,
        IssueStart(
            ref=ref, ticket_page="https://tierline.example/{ticket}", rules=_RULES, carry=IssueCarry(issue=state)
        ),
        id=workflow_ids.issue_id_of(ref),
        task_queue=task_queues.WORKFLOWS,
    )
    await _until(handle, lambda view: view.ticket_count == size)
    begun = await _length(handle)
    for place, ticket in enumerate(names[size:], start=1):
        joins = TicketJoined(
            id=f"join/{ticket}", ticket_id=ticket, title="x", ref=ref, facts=issue_rush.facts_of(ticket)
        )
        await _hears(handle, joins)
        await _until(handle, lambda view, place=place: view.ticket_count == size + place and not view.tellings)  # type: ignore[misc]
    linked = await _length(handle)
    tracker.issues[ref.id] = known.model_copy(
        update={"status": "Done", "category": IssueCategory.DONE, "updated_at": datetime.now(UTC)}
    )
    ears.heard.clear()
    await _hears(handle, IssueHint(id="done"))
    await _until(handle, lambda view: view.known is not None and view.known.status == "Done" and not view.tellings)
    told = await _length(handle)
    if len(ears.heard) != size + _LINKED or set(ears.heard.values()) != {1}:
        raise RuntimeError(f"{len(ears.heard):,} of {size + _LINKED:,} tickets were told once")
    await handle.terminate("measured")
    return Measured(
        tickets=size,
        events_per_link=(linked - begun) / _LINKED,
        events_per_told=(told - linked) / (size + _LINKED),
        carried_bytes=await _carried(client, state),
        rules_us=_rules_us(state, ref, now),
    )


async def _carried(client: Client, state: WatchedIssue) -> int:
    """The size of the payload that a run hands to the next."""
    seen = tuple(f"T-{number}/join/{number}" for number in range(REMEMBERED_MESSAGES))
    (payload,) = await client.data_converter.encode([IssueCarry(issue=state, seen=seen, seen_of_roll=seen)])
    return len(payload.data)


def _rules_us(state: WatchedIssue, ref: IssueRef, now: datetime) -> float:
    facts = issue_rush.facts_of("T-7")
    began = time.process_time()
    for number in range(_DECISIONS):
        event = TicketJoined(id="x", ticket_id=f"N-{number}", title="x", ref=ref, facts=facts)
        decide_issue(state, event, now)
    return (time.process_time() - began) / _DECISIONS * 1e6


_Handle = WorkflowHandle[EngineeringIssueWorkflow, None]


async def _hears(handle: _Handle, message: IssueMessage) -> None:
    await handle.signal(EngineeringIssueWorkflow.hear, IssueMessageEnvelope(message=message))


async def _length(handle: _Handle) -> int:
    """Events of the run, once nothing is under way."""

    async def settled() -> bool:
        described = (await handle.describe()).raw_description
        return not described.pending_activities and not described.HasField("pending_workflow_task")

    await _wait(settled)
    return (await handle.describe()).history_length


async def _until(handle: _Handle, holds: Callable[[IssueView], bool]) -> None:
    async def it_holds() -> bool:
        return holds(await handle.query(EngineeringIssueWorkflow.issue))

    await _wait(it_holds)


async def _wait(holds: Callable[[], Awaitable[bool]]) -> None:
    end = time.monotonic() + _PATIENCE_S
    while not await holds():
        if time.monotonic() > end:
            raise RuntimeError("this machine is too busy: the issue's workflow does not come to rest; run it again")
        await asyncio.sleep(0.05)

"""Tells the cases of a log to the real ``TicketWorkflow``, on Temporal's time-skipping server: years pass in minutes.

The server's clock starts today and cannot be set back. So both the log and the holidays are moved on by 28 years (or a multiple), after
which the Gregorian calendar repeats every date with its day of the week, and the results are moved back. What a workflow would do outside is answered
on the same task queues by an activity of our own that does nothing.
"""

import asyncio
import contextlib
import heapq
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.common import RawValue
from temporalio.runtime import Runtime
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from domain.chat import MessageRef
from domain.clocks import ClockStatus
from domain.digest import TicketFacts
from domain.messages import Cancel, Command, Note, OpenTicket
from domain.paging import PageRef
from domain.policy import Policy
from domain.views import TicketView
from simulation.course import outcome_of
from simulation.judged import JudgedClock
from simulation.translation import STAFF, Told
from telemetry.converter import data_converter
from telemetry.registration import adding
from telemetry.search_attributes import REGISTRY
from worker import workflow_runner
from workflows import task_queues, ticket_commands, workflow_ids
from workflows.ticket import TicketStart, TicketWorkflow

CYCLE = timedelta(days=10_227)
"""28 years, in which dates and days of the week come round together (up to 2099)."""
_EARLY = timedelta(milliseconds=200)
"""An event is told a little before its second: it always takes some milliseconds, and instants are rounded to the nearest second."""
_SURE = timedelta(milliseconds=450)
"""How long a message may take while its instant, and lengths between two such, still round to the right second."""
_ROUNDS = 3
_STARTUP = timedelta(seconds=60)


class Moved(NamedTuple):
    """Cases and policy, moved to a time that the server has still before it. ``by`` is how far."""

    cases: tuple[Told, ...]
    policy: Policy
    log_ends_at: datetime
    by: timedelta


def moved(cases: Sequence[Told], policy: Policy, log_ends_at: datetime, now: datetime) -> Moved:
    """Everything later by as many cycles as it takes for the first event to lie ahead."""
    first = min(case.opened_at for case in cases)
    by = CYCLE * max(0, -((first - now - timedelta(days=1)) // CYCLE))
    days = by.days
    calendars = {
        name: calendar.model_copy(update={"holidays": tuple(_later(day, days) for day in calendar.holidays)})
        for name, calendar in policy.calendars.items()
    }
    later = tuple(
        case._replace(
            opened_at=case.opened_at + by,
            last_at=case.last_at + by,
            asked=tuple(asked._replace(at=asked.at + by) for asked in case.asked),
        )
        for case in cases
    )
    return Moved(later, policy.model_copy(update={"calendars": calendars}), log_ends_at + by, by)


def _later(day: date, days: int) -> date:
    return day + timedelta(days=days)


class _Step(NamedTuple):
    at: datetime
    case: int
    number: int
    command: Command | None


async def replay(
    log: Moved,
    test_server: Path,
    progress: Callable[[int, int], None] = lambda done, steps: None,
    *,
    runtime: Runtime | None = None,
) -> dict[str, list[JudgedClock]]:
    """Live the cases through in time order, all on one server, and read each ticket's clocks at the end of the log.

    While a message is handled the server's clock runs on as real time does. A case whose message took so long (on a busy machine) that its instant
    could be taken for the next second is lived through again, twice at the most.

    Args:
        log: the cases, moved.
        test_server: the time-skipping server's program.
        progress: told how many steps are done, of how many.
        runtime: the SDK's, if not its default.

    Returns:
        The clocks by case, moved back to the times of the log.
    """
    clocks: dict[str, list[JudgedClock]] = {}
    left = log
    for _ in range(_ROUNDS):
        lived, late = await _one_life(left, test_server, progress, runtime)
        clocks |= lived
        left = left._replace(cases=tuple(case for case in left.cases if case.case_id in late))
        if not left.cases:
            break
    return clocks


async def _one_life(
    log: Moved, test_server: Path, progress: Callable[[int, int], None], runtime: Runtime | None
) -> tuple[dict[str, list[JudgedClock]], set[str]]:
    environment = await WorkflowEnvironment.start_time_skipping(
        data_converter=data_converter,
        runtime=runtime,
        test_server_existing_path=str(test_server),
        test_server_startup_timeout=_STARTUP,
    )
    async with environment, AsyncExitStack() as stack:
        client = environment.client
        # This server can add search attributes, and not list them.
        await client.operator_service.add_search_attributes(adding(client.namespace, REGISTRY))
        for worker in _workers(client, len(log.cases)):
            await stack.enter_async_context(worker)
        live = _Live(environment, log)
        await live.warm_up()
        steps = list(_in_time_order(log.cases))
        for done, step in enumerate(steps):
            await live.take(step)
            progress(done + 1, len(steps))
        return await live.clocks(), live.late


class _Live:
    """The tickets while they live. ``late`` are the cases to which something was told too late to be sure of the second."""

    def __init__(self, environment: WorkflowEnvironment, log: Moved) -> None:
        self.late: set[str] = set()
        self._environment = environment
        self._log = log
        self._handles: dict[int, WorkflowHandle[TicketWorkflow, TicketFacts]] = {}

    async def warm_up(self) -> None:
        """Open a ticket that nobody counts: a worker's first task takes longest."""
        opening = self._log.cases[0].opening.model_copy(update={"ticket_id": "T-WARMUP"})
        handle = await self._opened(opening, self._log.policy)
        await self._tell(handle, Command(id="warm", by=STAFF, request=Cancel(reason="warm")))

    async def take(self, step: _Step) -> None:
        """One thing that happens to one ticket."""
        case = self._log.cases[step.case]
        await self._wait_until(step.at - _EARLY)
        if step.command is None:
            self._handles[step.case] = await self._opened(case.opening, self._log.policy.pinned(case.opened_at))
        else:
            await self._tell(self._handles[step.case], step.command)
        await self._note_lateness(case, step.at)

    async def clocks(self) -> dict[str, list[JudgedClock]]:
        """Every ticket's clocks when the log ends."""
        await self._wait_until(self._log.log_ends_at - _EARLY)
        numbered = list(enumerate(self._log.cases))
        views = await asyncio.gather(*(self._at_the_end(case, self._handles[number]) for number, case in numbered))
        return {case.case_id: list(self._judged(case, view)) for (_, case), view in zip(numbered, views, strict=True)}

    async def _opened(self, opening: OpenTicket, policy: Policy) -> WorkflowHandle[TicketWorkflow, TicketFacts]:
        return await self._environment.client.start_workflow(
            TicketWorkflow.run,
            TicketStart(opening=opening, policy=policy),
            id=workflow_ids.ticket_id(opening.ticket_id),
            task_queue=task_queues.WORKFLOWS,
        )

    async def _tell(self, handle: WorkflowHandle[TicketWorkflow, TicketFacts], command: Command) -> None:
        # What the workflow refuses the simulation refuses too; if not, their clocks differ, and that is told.
        with contextlib.suppress(ticket_commands.NotAllowed):
            await ticket_commands.carry_out(handle, command)

    async def _at_the_end(self, case: Told, handle: WorkflowHandle[TicketWorkflow, TicketFacts]) -> TicketView:
        view = await handle.query(TicketWorkflow.ticket)
        if all(clock.status is ClockStatus.STOPPED for clock in view.clocks):
            return view
        # A ticket counts up to the last thing that happened to it: so let something happen that changes nothing.
        await self._tell(handle, Command(id="end", by=STAFF, request=Note(text="the log ends")))
        await self._note_lateness(case, self._log.log_ends_at)
        return await handle.query(TicketWorkflow.ticket)

    def _judged(self, case: Told, view: TicketView) -> Iterator[JudgedClock]:
        for clock in view.clocks:
            late = clock.breached_at is not None and clock.breached_at >= self._log.log_ends_at
            breached_at = None if late else clock.breached_at
            yield JudgedClock(
                case_id=case.case_id,
                clock=clock.kind,
                stint=clock.stint,
                tier=view.stints[clock.stint or 0].tier,
                priority=clock.priority,
                target=timedelta(seconds=clock.target_s),
                started_at=clock.started_at - self._log.by,
                stopped_at=clock.stopped_at - self._log.by if clock.stopped_at is not None else None,
                counted=timedelta(seconds=clock.counted_s),
                breached_at=breached_at - self._log.by if breached_at is not None else None,
                outcome=outcome_of(clock.outcome, breached_at),
            )

    async def _wait_until(self, at: datetime) -> None:
        ahead = at - await self._environment.get_current_time()
        if ahead > timedelta(0):
            await self._environment.sleep(ahead)

    async def _note_lateness(self, case: Told, at: datetime) -> None:
        if await self._environment.get_current_time() > at - _EARLY + _SURE:
            self.late.add(case.case_id)


def _in_time_order(cases: Sequence[Told]) -> Iterator[_Step]:
    return heapq.merge(*(_steps(number, case) for number, case in enumerate(cases)))


def _steps(number: int, case: Told) -> list[_Step]:
    opening = _Step(case.opened_at, number, 0, None)
    return [opening, *(_Step(asked.at, number, n, asked.command) for n, asked in enumerate(case.asked, start=1))]


def _workers(client: Client, tickets: int) -> list[Worker]:
    queues = (task_queues.SLACK, task_queues.PAGERDUTY, task_queues.MAIL, task_queues.LINKS)
    return [
        Worker(
            client,
            task_queue=task_queues.WORKFLOWS,
            workflows=[TicketWorkflow],
            workflow_runner=workflow_runner(),
            max_cached_workflows=max(tickets, 100),
        ),
        *(Worker(client, task_queue=queue, activities=[answer]) for queue in queues),
    ]


@activity.defn(dynamic=True)
async def answer(arguments: Sequence[RawValue]) -> MessageRef | PageRef | None:
    """Every activity: it does nothing, and says that it is done."""
    kind = activity.info().activity_type
    if kind == "slack_show_card":
        return MessageRef(channel="C0", ts="1.0")
    if kind == "pagerduty_raise_page":
        return PageRef(key="page", id="page", url="https://pager.example/page")
    return None

"""A Tierline at work in one namespace: the workers as ``worker.py`` composes them, around the recorded outside."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from itertools import count
from types import TracebackType
from typing import Any, Self

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest, DescribeWorkflowExecutionResponse
from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDReusePolicy

from config.settings import GatewaySettings, Settings, WorkerSettings
from domain.digest import TicketFacts
from domain.issue_messages import IssueHint
from domain.issue_view import IssueView
from domain.issues import IssueRef
from domain.messages import Command, CommandResult, Delivery, DeliveryBody, OpenTicket, Request
from domain.people import Actor
from domain.policy import Policy
from domain.views import TicketView
from integrations.clients import Clients
from tests.domain.building import a_policy, an_opening
from tests.workflows.outside import Outside
from worker import build_workers
from workflows import task_queues, ticket_commands, workflow_ids
from workflows.desk import TemporalWorkflowDesk
from workflows.engineering_issue import EngineeringIssueWorkflow, IssueMessageEnvelope
from workflows.ticket import TicketStart, TicketWorkflow

PUBLIC_URL = "https://tierline.example"
_PATIENCE_S = 60.0
_POLL_S = 0.02
_THREADS = 8


def the_settings(*, cached: int = 1_000) -> Settings:
    """Settings with short ways for tests: a worker that goes is missed for a second at the most. ``cached`` workflows stay in memory."""
    return Settings(
        public_url=PUBLIC_URL,
        temporal_ui_url="https://temporal.example",
        gateway=GatewaySettings.model_validate({"link_secret": "a-secret-for-signing-links-in-tests"}),
        worker=WorkerSettings(graceful_shutdown=1, sticky_timeout=1, max_cached_workflows=cached),
    )


class Desk:
    """Workers and what a test does with them. Messages get ids of their own unless they are given."""

    def __init__(
        self, client: Client, outside: Outside | None = None, clients: Clients | None = None, *, cached: int = 1_000
    ) -> None:
        self.client = client
        self._cached = cached
        self.outside = outside or Outside()
        self._clients = clients or self.outside.clients
        self._stack = AsyncExitStack()
        self._numbers = count(1)

    async def __aenter__(self) -> Self:
        executor = self._stack.enter_context(ThreadPoolExecutor(_THREADS))
        for worker in build_workers(self.client, the_settings(cached=self._cached), self._clients, executor):
            await self._stack.enter_async_context(worker)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    # --- tickets ---------------------------------------------------------------------------------------------------

    async def opens(
        self,
        opening: OpenTicket | None = None,
        policy: Policy | None = None,
        *,
        continue_after: int | None = None,
        task_timeout: timedelta | None = None,
        run_timeout: timedelta | None = None,
    ) -> "OpenedTicket":
        """A customer opens a ticket."""
        opened = opening or an_opening()
        handle = await self.client.start_workflow(
            TicketWorkflow.run,
            TicketStart(opening=opened, policy=policy or a_policy(), continue_after=continue_after),
            id=workflow_ids.ticket_id(opened.ticket_id),
            task_queue=task_queues.WORKFLOWS,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            task_timeout=task_timeout,
            run_timeout=run_timeout,
        )
        return OpenedTicket(self, handle)

    # --- issues ----------------------------------------------------------------------------------------------------

    def links(self) -> TemporalWorkflowDesk:
        """How activities reach other workflows."""
        return TemporalWorkflowDesk(self.client, public_url=PUBLIC_URL, now=lambda: datetime.now(UTC))

    def issue(self, ref: IssueRef) -> WorkflowHandle[EngineeringIssueWorkflow, None]:
        """An issue's workflow."""
        return self.client.get_workflow_handle_for(EngineeringIssueWorkflow.run, workflow_ids.issue_id_of(ref))

    async def watched(self, ref: IssueRef) -> IssueView:
        """What an issue's workflow knows."""
        return await self.issue(ref).query(EngineeringIssueWorkflow.issue)

    async def hints(self, ref: IssueRef, hint: str | None = None) -> None:
        """The tracker's webhook says that something changed."""
        message = IssueHint(id=hint or f"hint-{next(self._numbers)}")
        await self.issue(ref).signal(EngineeringIssueWorkflow.hear, IssueMessageEnvelope(message=message))

    def number(self) -> int:
        """The next number for an id."""
        return next(self._numbers)


class OpenedTicket:
    """A ticket's workflow, as people and systems reach it."""

    def __init__(self, desk: Desk, handle: WorkflowHandle[TicketWorkflow, TicketFacts]) -> None:
        self.desk = desk
        self.handle = desk.client.get_workflow_handle_for(TicketWorkflow.run, handle.id)

    async def view(self) -> TicketView:
        """The ticket as the API shows it."""
        return await self.handle.query(TicketWorkflow.ticket)

    async def does(
        self, by: Actor, request: Request, *, command: str | None = None, fingerprint: str = ""
    ) -> CommandResult:
        """Somebody asks for something, as the gateway does."""
        name = command or f"command-{self.desk.number()}"
        asked = Command(id=name, by=by, request=request, fingerprint=fingerprint)
        async with asyncio.timeout(_PATIENCE_S):
            return await ticket_commands.carry_out(self.handle, asked)

    async def hears(self, body: DeliveryBody, *, delivery: str | None = None) -> None:
        """Another system tells something."""
        message = Delivery(id=delivery or f"delivery-{self.desk.number()}", body=body)
        await self.handle.signal(TicketWorkflow.deliver, message)

    async def until(self, condition: Callable[[TicketView], bool], what: str) -> TicketView:
        """Wait until the ticket is so."""
        latest: TicketView | None = None

        async def holds() -> bool:
            nonlocal latest
            latest = await self.view()
            return condition(latest)

        await until(holds, what)
        assert latest is not None
        return latest

    async def until_said(self, text: str) -> TicketView:
        """Wait until the ticket's story says this."""
        return await self.until(lambda view: said(view, text), f"the story says {text!r}")

    async def rests(self) -> "OpenedTicket":
        """Wait until nothing is under way: no activity, no workflow task."""
        await self.waits_for(activities=0)
        return self

    async def waits_for(self, *, activities: int) -> None:
        """Wait until so many activities are under way, and no workflow task."""

        async def so_many() -> bool:
            described = await self._described()
            return len(described.pending_activities) == activities and not described.HasField("pending_workflow_task")

        await until(so_many, f"{activities} activities are under way")

    async def events(self) -> int:
        """How many events the present run's history has."""
        return (await self._described()).workflow_execution_info.history_length

    async def run_id(self) -> str:
        """The present run."""
        return (await self._described()).workflow_execution_info.execution.run_id

    async def _described(self) -> DescribeWorkflowExecutionResponse:
        # The SDK's own description reads the search attributes too, and the time-skipping server keeps one that was unset as null.
        request = DescribeWorkflowExecutionRequest(
            namespace=self.desk.client.namespace, execution=WorkflowExecution(workflow_id=self.handle.id)
        )
        return await self.desk.client.workflow_service.describe_workflow_execution(request)

    async def ends(self) -> TicketFacts:
        """Wait until the ticket is closed and everything is done."""
        return await asyncio.wait_for(self.handle.result(), _PATIENCE_S)


def said(view: TicketView, text: str) -> bool:
    """Whether the ticket's story says this."""
    return any(text in entry.text for entry in view.timeline)


async def until(condition: Callable[[], Awaitable[bool]] | Callable[[], bool], what: str) -> None:
    """Wait until a condition holds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + _PATIENCE_S
    while True:
        holds: Any = condition()
        if not isinstance(holds, bool):
            holds = await holds
        if holds:
            return
        if loop.time() > end:
            raise AssertionError(f"within {_PATIENCE_S:.0f} s it did not come to this: {what}")
        await asyncio.sleep(_POLL_S)

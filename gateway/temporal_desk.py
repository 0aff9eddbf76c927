"""The ticket desk on Temporal: commands and deliveries are signals, reading is a query.

A delivery is accepted whether or not a worker runs; a command and a query need one.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from temporalio.client import (
    Client,
    RPCTimeoutOrCancelledError,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
)
from temporalio.common import QueryRejectCondition, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from domain.decide import open_ticket
from domain.digest import TicketFacts
from domain.issue_messages import ImpactAnswered, IssueHint
from domain.issues import Tracker
from domain.messages import Command, CommandResult, Delivery, OpenTicket
from domain.policy import Policy
from domain.preview import Preview, PreviewQuestion
from domain.reconcile import NAMES, ReleaseNews
from domain.texts import MOST_SUMMARY, cut
from domain.ticket_story import headline_of
from domain.timeline import TicketTimeline, TimelineAnswer, TimelineQuestion
from domain.vendor_case import VendorCase, VendorReply
from domain.views import TicketView, view_of
from gateway.open_tickets import open_tickets
from gateway.payloads import digest
from gateway.ticket_search import find_tickets
from gateway.tickets import (
    CommandDiffers,
    CommandRefused,
    DeskUnavailable,
    Opened,
    OpeningDiffers,
    OpenTickets,
    TicketClosed,
    TicketEnded,
    TicketExists,
    TicketUnknown,
    TimelineUntold,
)
from gateway.tracker_news import NamedIssue
from workflows import task_queues, ticket_commands, urgency, workflow_ids
from workflows.ended import ended_of
from workflows.engineering_issue import EngineeringIssueWorkflow, IssueMessageEnvelope
from workflows.gone import is_gone
from workflows.issue_names import issues_known_as
from workflows.release_news import ReleaseNewsWorkflow
from workflows.ticket import TicketStart, TicketWorkflow
from workflows.vendor_case import VendorCaseWorkflow

logger = logging.getLogger("tierline.gateway")

OPENING_MEMO = "tierline_opening"
"""The fingerprints of the key and of the request that opened a ticket, so that a repeated request is known again."""

# Below the shortest time that a vendor waits for its answer (PagerDuty: five seconds).
_QUICK = timedelta(seconds=3)
# How long a new ticket waits to be described by its own workflow.
_FRESH = timedelta(seconds=1)
_HEALTH = timedelta(seconds=2)
# A person in Slack waits while a ticket is looked for.
_FINDING = timedelta(seconds=2)
_CAME_TO_ITS_END = QueryRejectCondition.NOT_COMPLETED_CLEANLY
"""Asks a workflow only while it runs, or after its own end: what was terminated still has an answer, which is true no longer."""
_UNAVAILABLE = frozenset(
    {
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.ABORTED,
        # A query while no worker polls.
        RPCStatusCode.FAILED_PRECONDITION,
    }
)


class TemporalDesk:
    """``gateway.tickets.TicketDesk``. New tickets start under ``policy``; ``now`` is the wall clock."""

    def __init__(self, client: Client, policy: Policy, *, now: Callable[[], datetime]) -> None:
        self._client = client
        self._policy = policy
        self._now = now

    async def open(self, opening: OpenTicket, *, idempotency_key: str | None) -> Opened:
        """Start the ticket's workflow. An id is never used a second time."""
        memo = {} if idempotency_key is None else {OPENING_MEMO: _fingerprints(idempotency_key, opening)}
        try:
            async with _reaching(_QUICK):
                await self._client.start_workflow(
                    TicketWorkflow.run,
                    TicketStart(opening=opening, policy=self._policy.pinned(self._now())),
                    id=workflow_ids.ticket_id(opening.ticket_id),
                    task_queue=task_queues.WORKFLOWS,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                    memo=memo,
                    priority=urgency.of_ticket(opening.priority),
                    static_summary=headline_of(opening, self._policy),
                )
        except WorkflowAlreadyStartedError:
            return await self._opened_before(opening, idempotency_key)
        return Opened(await self._fresh_view(opening), created=True)

    async def execute(self, ticket_id: str, command: Command) -> CommandResult:
        """Have a command carried out, however long that takes; the caller sets the limit."""
        try:
            async with _reaching(None):
                return await ticket_commands.carry_out(self._ticket(ticket_id), command)
        except ticket_commands.NotAllowed as error:
            raise CommandRefused(str(error)) from None
        except ticket_commands.Differs:
            raise CommandDiffers from None
        except (ticket_commands.Over, _Gone):
            raise await self._why_gone(ticket_id) from None
        except DeskUnavailable as unavailable:
            # A run that ended before its time may be beyond a worker's answer.
            gone = await self._why_gone(ticket_id)
            raise (gone if isinstance(gone, TicketEnded) else unavailable) from None

    async def deliver(self, ticket_id: str, delivery: Delivery) -> bool:
        """Signal the ticket."""
        return await _taken(self._ticket(ticket_id).signal(TicketWorkflow.deliver, delivery, rpc_timeout=_QUICK))

    async def answer_impact(self, tracker: Tracker, issue_id: str, answered: ImpactAnswered) -> bool:
        """Signal the issue's workflow."""
        workflow_id = workflow_ids.issue_id(tracker.value, issue_id)
        issue = self._client.get_workflow_handle_for(EngineeringIssueWorkflow.run, workflow_id)
        return await _taken(
            issue.signal(EngineeringIssueWorkflow.hear, IssueMessageEnvelope(message=answered), rpc_timeout=_QUICK)
        )

    async def hint(self, tracker: Tracker, issue: NamedIssue, hint: IssueHint) -> bool:
        """Signal the issue's workflow; most issues of a tracker have none.

        An issue whose id may have changed, or is not named, is also looked up by its names.
        """
        taken = issue.id is not None and await self._hinted(tracker, issue.id, hint)
        if issue.id is not None and tracker.keeps_ids:
            return taken
        names = [name for name in (issue.id, issue.key) if name is not None]
        async with _reaching(_QUICK):
            found = await issues_known_as(self._client, tracker, names, rpc_timeout=_QUICK)
        others = {other for ids in found.values() for other in ids} - {issue.id}
        heard = [await self._hinted(tracker, other, hint) for other in sorted(others)]
        return taken or any(heard)

    async def _hinted(self, tracker: Tracker, issue_id: str, hint: IssueHint) -> bool:
        workflow_id = workflow_ids.issue_id(tracker.value, issue_id)
        issue = self._client.get_workflow_handle_for(EngineeringIssueWorkflow.run, workflow_id)
        return await _taken(
            issue.signal(EngineeringIssueWorkflow.hear, IssueMessageEnvelope(message=hint), rpc_timeout=_QUICK)
        )

    async def released(self, news: ReleaseNews, delivery_id: str) -> None:
        """Start a workflow that finds and tells them: any number may wait, and a vendor does not wait for its answer."""
        where = news.project or NAMES[news.tracker]
        with contextlib.suppress(WorkflowAlreadyStartedError):
            async with _reaching(_QUICK):
                await self._client.start_workflow(
                    ReleaseNewsWorkflow.run,
                    news,
                    id=workflow_ids.release_id(news.tracker, delivery_id),
                    task_queue=task_queues.WORKFLOWS,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                    static_summary=cut(f"A release in {where}", MOST_SUMMARY),
                )

    async def view(self, ticket_id: str) -> TicketView:
        """Query the ticket, also when it has ended."""
        return await self._view(ticket_id, _QUICK)

    async def preview(self, ticket_id: str, commands: Sequence[Command]) -> Preview:
        """Query the ticket: its own rules and its own policy tell."""
        question = PreviewQuestion(commands=tuple(commands), now=self._now())
        try:
            async with _reaching(_QUICK):
                return await self._ticket(ticket_id).query(
                    TicketWorkflow.preview, question, reject_condition=_CAME_TO_ITS_END, rpc_timeout=_QUICK
                )
        except (_Gone, WorkflowQueryRejectedError):
            raise await self._why_gone(ticket_id) from None

    async def find(self, references: Sequence[str]) -> list[str]:
        """Ask visibility, which shows what has changed after a moment alone."""
        async with _reaching(_FINDING):
            return await find_tickets(self._client, references, rpc_timeout=_FINDING)

    async def timeline(self, ticket_id: str, as_of: datetime | None) -> TicketTimeline:
        """Query the ticket, also when it has ended."""
        question = TimelineQuestion(now=self._now(), as_of=as_of)
        try:
            answer = await self._timeline(ticket_id, question, _CAME_TO_ITS_END)
        except (_Gone, WorkflowQueryRejectedError):
            gone = await self._why_gone(ticket_id)
            if not isinstance(gone, TicketEnded) or as_of is None or as_of > gone.ended.at:
                raise gone from None
            # What was before its end is told as ever.
            try:
                answer = await self._timeline(ticket_id, question, None)
            except DeskUnavailable:
                raise gone from None
        if answer.untold is not None:
            raise TimelineUntold(answer.untold)
        assert answer.timeline is not None  # one of the two is there
        return answer.timeline

    async def open_tickets(
        self, *, assignee: str | None = None, due_before: datetime | None = None, most: int = 1_000
    ) -> OpenTickets:
        """List open tickets off visibility; no ticket is woken, and no worker is needed."""
        async with _reaching(_QUICK):
            return await open_tickets(
                self._client, assignee=assignee, due_before=due_before, most=most, rpc_timeout=_QUICK
            )

    async def vendor_case(self, ticket_id: str, case: int) -> VendorCase | None:
        """Query the case, also when it has ended."""
        handle = self._client.get_workflow_handle_for(VendorCaseWorkflow.run, workflow_ids.case_id(ticket_id, case))
        try:
            async with _reaching(_QUICK):
                return await handle.query(VendorCaseWorkflow.case, rpc_timeout=_QUICK)
        except _Gone:
            return None

    async def vendor_answered(self, ticket_id: str, case: int, reply: VendorReply) -> bool:
        """Signal the case."""
        handle = self._client.get_workflow_handle_for(VendorCaseWorkflow.run, workflow_ids.case_id(ticket_id, case))
        return await _taken(handle.signal(VendorCaseWorkflow.answer, reply, rpc_timeout=_QUICK))

    async def reachable(self) -> bool:
        """Ask the server's own health check."""
        try:
            async with _reaching(_HEALTH):
                return await self._client.service_client.check_health(timeout=_HEALTH)
        except DeskUnavailable:
            return False

    def _ticket(self, ticket_id: str) -> WorkflowHandle[TicketWorkflow, TicketFacts]:
        return self._client.get_workflow_handle_for(TicketWorkflow.run, workflow_ids.ticket_id(ticket_id))

    async def _view(self, ticket_id: str, limit: timedelta) -> TicketView:
        try:
            async with _reaching(limit):
                return await self._ticket(ticket_id).query(
                    TicketWorkflow.ticket, reject_condition=_CAME_TO_ITS_END, rpc_timeout=limit
                )
        except (_Gone, WorkflowQueryRejectedError):
            raise await self._why_gone(ticket_id) from None

    async def _timeline(
        self, ticket_id: str, question: TimelineQuestion, reject: QueryRejectCondition | None
    ) -> TimelineAnswer:
        async with _reaching(_QUICK):
            return await self._ticket(ticket_id).query(
                TicketWorkflow.timeline, question, reject_condition=reject, rpc_timeout=_QUICK
            )

    async def _opened_before(self, opening: OpenTicket, idempotency_key: str | None) -> Opened:
        if idempotency_key is None:
            raise TicketExists(opening.ticket_id)
        try:
            async with _reaching(_QUICK):
                memo = await (await self._ticket(opening.ticket_id).describe(rpc_timeout=_QUICK)).memo()
        except _Gone:
            raise TicketExists(opening.ticket_id) from None
        key, request = _fingerprints(idempotency_key, opening)
        before = memo.get(OPENING_MEMO)
        if not isinstance(before, list) or before[:1] != [key]:
            raise TicketExists(opening.ticket_id)
        if before != [key, request]:
            raise OpeningDiffers
        return Opened(await self.view(opening.ticket_id), created=False)

    async def _fresh_view(self, opening: OpenTicket) -> TicketView:
        try:
            return await self._view(opening.ticket_id, _FRESH)
        except (DeskUnavailable, TicketUnknown):
            # The ticket is open whether or not a worker could be asked; the same rules say what it looks like.
            now = self._now()
            return view_of(open_ticket(opening, self._policy, now).state, now)

    async def _why_gone(self, ticket_id: str) -> TicketUnknown | TicketClosed | TicketEnded | DeskUnavailable:
        try:
            async with _reaching(_QUICK):
                described = await self._ticket(ticket_id).describe(rpc_timeout=_QUICK)
        except _Gone:
            return TicketUnknown(ticket_id)
        if described.status is WorkflowExecutionStatus.RUNNING:
            # It was reopened in between.
            return DeskUnavailable()
        ended = ended_of(described)
        return TicketEnded(ticket_id, ended) if ended is not None else TicketClosed(ticket_id)


class _Gone(Exception):
    """No such workflow, or it has ended."""


@asynccontextmanager
async def _reaching(limit: timedelta | None) -> AsyncIterator[None]:
    """Within this time, and with the ways in which Temporal fails as ours."""
    try:
        async with asyncio.timeout(limit.total_seconds() if limit is not None else None):
            yield
    except RPCError as error:
        if is_gone(error):
            raise _Gone from error
        if error.status not in _UNAVAILABLE:
            logger.error("temporal refused status=%s", error.status.name)  # noqa: TRY400
        raise DeskUnavailable from error
    except (TimeoutError, RPCTimeoutOrCancelledError, WorkflowQueryFailedError) as error:
        raise DeskUnavailable from error
    except RuntimeError as error:
        # A lazy client that cannot connect says so with nothing more special than this.
        if "client connect" not in str(error):
            raise
        logger.warning("temporal not reached error=%s", type(error).__name__)
        raise DeskUnavailable from error


async def _taken(signal: Awaitable[None]) -> bool:
    try:
        async with _reaching(_QUICK):
            await signal
    except _Gone:
        return False
    return True


def _fingerprints(key: str, opening: OpenTicket) -> list[str]:
    # Without defaults: a field that a newer version adds makes no other request of an old one.
    return [digest(key), digest(opening.model_dump_json(exclude={"opened_by"}, exclude_defaults=True))]

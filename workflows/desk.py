"""Reaching Tierline's workflows through a Temporal client: what activities need of them."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.client import Client, WorkflowHistory, WorkflowQueryFailedError
from temporalio.common import RawValue, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError

from domain.digest import TicketFacts
from domain.ended import EndedWorkflows
from domain.engineering_rules import IssueRules
from domain.issue_messages import IssueRulesChanged, TicketChanged, TicketJoined, TicketLeft, TicketWord
from domain.issue_pages import PageOffered, PageReleased
from domain.messages import Delivery, OpenTicket
from domain.policy import Policy
from domain.sla_audit import LateTicket, LateTickets
from domain.ticket_story import headline_of
from domain.vendor_case import CaseClosed, VendorCase
from telemetry.search_attributes import DUE_AT
from workflows import ended, reopening, task_queues, urgency, workflow_ids
from workflows.engineering_issue import EngineeringIssueWorkflow, IssueMessageEnvelope, IssueStart
from workflows.gone import is_gone
from workflows.ticket import FACTS_MEMO, TicketStart, TicketWorkflow
from workflows.vendor_case import VendorCaseWorkflow

_LOOKED_AT = 1_000
"""Late tickets of which those that are late the longest are named."""
_READING = timedelta(seconds=10)
_TELLING = timedelta(seconds=5)


SPLIT_MEMO = "tierline_split"
"""The memo by which a ticket that was split off is known again, so that a repeated request opens it once."""


class TemporalWorkflowDesk:
    """Starts and signals workflows. ``public_url`` is the gateway's, for the address of a ticket; ``now`` is the wall clock."""

    def __init__(self, client: Client, *, public_url: str, now: Callable[[], datetime]) -> None:
        self._client = client
        self._now = now
        self._ticket_page = f"{public_url.rstrip('/')}/api/v1/tickets/{{ticket}}"

    async def join_issue(self, joined: TicketJoined, rules: IssueRules) -> None:
        """Signal the issue's workflow; one that is over is started, and one that ended before its time is reopened with its other tickets.

        Raises:
            ApplicationError: it cannot be reopened now; this is tried again.
        """
        issue = workflow_ids.issue_id_of(joined.ref)
        handle = self._client.get_workflow_handle_for(EngineeringIssueWorkflow.run, issue)
        try:
            await handle.signal(EngineeringIssueWorkflow.hear, IssueMessageEnvelope(message=joined))
        except RPCError as error:
            if not is_gone(error):
                raise
        else:
            return
        await self._reopened(issue)
        await self._client.start_workflow(
            EngineeringIssueWorkflow.run,
            IssueStart(ref=joined.ref, ticket_page=self._ticket_page, rules=rules),
            id=issue,
            task_queue=task_queues.WORKFLOWS,
            start_signal="hear",
            start_signal_args=[IssueMessageEnvelope(message=joined)],
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            static_summary=f"Engineering issue {joined.ref.key}",
            static_details=joined.ref.url,
        )

    async def _reopened(self, issue: str) -> None:
        """Reopen an issue's workflow that ended before its time: started as new it would have lost its other tickets."""
        try:
            ended_before = ended.ended_of(await self._client.get_workflow_handle(issue).describe(rpc_timeout=_READING))
        except RPCError as error:
            if not is_gone(error):
                raise
            return
        if ended_before is None:
            return
        try:
            await reopening.reopen(self._client, issue, self._carried_by, now=self._now())
        except reopening.NotReopened as why:
            raise ApplicationError(
                f"the workflow {issue} {ended_before.words}, and {why}; see `tierline doctor`", type="NotReopened"
            ) from None

    async def _carried_by(self, history: WorkflowHistory) -> tuple[Payload | None, str | None]:
        """Ask a worker, which replays the run."""
        handle = self._client.get_workflow_handle(history.workflow_id)
        try:
            carried: RawValue = await handle.query("carry", result_type=RawValue, rpc_timeout=_READING)
        except WorkflowQueryFailedError as error:
            return None, " ".join(str(error).split())[:200]
        return carried.payload, None

    async def leave_issue(self, tracker: str, issue_id: str, left: TicketLeft) -> None:
        """Tell the issue's workflow, if it still runs."""
        handle = self._client.get_workflow_handle_for(
            EngineeringIssueWorkflow.run, workflow_ids.issue_id(tracker, issue_id)
        )
        await _if_it_runs(handle.signal(EngineeringIssueWorkflow.hear, IssueMessageEnvelope(message=left)))

    async def tell_issue(self, joined: TicketJoined, word: TicketWord, rules: IssueRules) -> None:
        """Tell the issue's workflow something; joining first is harmless and starts one that had ended.

        What asks for nothing is told to a workflow that runs: a ticket that has left the issue is not to be put on it again by that.
        """
        handle = self._client.get_workflow_handle_for(
            EngineeringIssueWorkflow.run, workflow_ids.issue_id_of(joined.ref)
        )
        told = IssueMessageEnvelope(message=word)
        if isinstance(word, TicketChanged | IssueRulesChanged | PageReleased) or (
            isinstance(word, PageOffered) and not word.needed
        ):
            await _if_it_runs(handle.signal(EngineeringIssueWorkflow.hear, told))
            return
        await self.join_issue(joined, rules)
        await handle.signal(EngineeringIssueWorkflow.hear, told)

    async def deliver(self, ticket_id: str, delivery: Delivery) -> bool:
        """Tell a ticket something; False where it is over.

        The request's id is the delivery's: the server itself drops a signal that it has written already, and what it forgets as the ticket
        continues as new, the ticket remembers.
        """
        payloads = await self._client.data_converter.encode([delivery])
        request = SignalWorkflowExecutionRequest(
            namespace=self._client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=workflow_ids.ticket_id(ticket_id)),
            signal_name="deliver",
            input=Payloads(payloads=payloads),
            identity=self._client.identity,
            request_id=delivery.id,
        )
        try:
            await self._client.workflow_service.signal_workflow_execution(request, retry=True, timeout=_TELLING)
        except RPCError as error:
            if not is_gone(error):
                raise
            return False
        return True

    async def open_case(self, case: VendorCase) -> None:
        """Start the vendor case's workflow, once."""
        try:
            await self._client.start_workflow(
                VendorCaseWorkflow.run,
                case,
                id=workflow_ids.case_id(case.ticket_id, case.number),
                task_queue=task_queues.WORKFLOWS,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                static_summary=f"{case.vendor_name} owes {case.ticket_id} an answer",
            )
        except WorkflowAlreadyStartedError:
            return

    async def close_case(self, ticket_id: str, number: int, closed: CaseClosed) -> None:
        """Tell the vendor case's workflow, if it still runs."""
        handle = self._client.get_workflow_handle_for(VendorCaseWorkflow.run, workflow_ids.case_id(ticket_id, number))
        await _if_it_runs(handle.signal(VendorCaseWorkflow.close, closed))

    async def open_ticket(self, opening: OpenTicket, policy: Policy, *, key: str) -> None:
        """Start a ticket's workflow, once for each key."""
        workflow_id = workflow_ids.ticket_id(opening.ticket_id)
        try:
            await self._client.start_workflow(
                TicketWorkflow.run,
                TicketStart(opening=opening, policy=policy),
                id=workflow_id,
                task_queue=task_queues.WORKFLOWS,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                memo={SPLIT_MEMO: key},
                priority=urgency.of_ticket(opening.priority),
                static_summary=headline_of(opening, policy),
            )
        except WorkflowAlreadyStartedError:
            memo = await (await self._client.get_workflow_handle(workflow_id).describe()).memo()
            if memo.get(SPLIT_MEMO) != key:
                raise ApplicationError(
                    f"there is a ticket {opening.ticket_id} already", type="Refused", non_retryable=True
                ) from None

    async def ticket_facts(self, since: datetime) -> list[TicketFacts]:
        """The facts of every ticket that runs, or closed at ``since`` or later, read off visibility."""
        query = (
            "WorkflowType = 'Ticket' AND "
            f"(ExecutionStatus = 'Running' OR CloseTime >= '{since.isoformat().replace('+00:00', 'Z')}')"
        )
        facts: dict[str, TicketFacts] = {}
        async for execution in self._client.list_workflows(query):
            # A ticket that continued as new is listed once more for its earlier runs: the newest facts count.
            found = await execution.memo_value(FACTS_MEMO, default=None, type_hint=TicketFacts)
            if found is not None and (found.ticket_id not in facts or facts[found.ticket_id].as_of < found.as_of):
                facts[found.ticket_id] = found
        return list(facts.values())

    async def late_tickets(self, due_before: datetime, *, most: int) -> LateTickets:
        """The open tickets whose next deadline lies before that instant, read off visibility; the latest of a page of them."""
        query = f"WorkflowType = 'Ticket' AND ExecutionStatus = 'Running' AND {DUE_AT.name} < '{_written(due_before)}'"
        counted = await self._client.count_workflows(query, rpc_timeout=_READING)
        if counted.count == 0:
            return LateTickets(count=0)
        found: list[LateTicket] = []
        async for execution in self._client.list_workflows(query, limit=_LOOKED_AT, rpc_timeout=_READING):
            due = execution.typed_search_attributes.get(DUE_AT)
            if due is not None:
                found.append(LateTicket(ticket_id=execution.id.removeprefix("ticket/"), due_at=due))
        found.sort(key=lambda ticket: (ticket.due_at, ticket.ticket_id))
        # The two readings are not of one instant: a ticket may have come or gone between them.
        return LateTickets(count=max(counted.count, len(found)), tickets=tuple(found[:most]))

    async def ended_workflows(self, *, most: int) -> EndedWorkflows:
        """Tickets, issues and vendor cases that ended before their time: listed, then looked at one by one."""
        return await ended.ended_workflows(self._client, most=most)


def _written(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


async def _if_it_runs(signal: Awaitable[None]) -> None:
    try:
        await signal
    except RPCError as error:
        if not is_gone(error):
            raise

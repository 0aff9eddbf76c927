"""Reaching the workflows of engineering issues through a Temporal client: asking them to catch up, listing them, telling of releases."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from temporalio.client import (
    Client,
    RPCTimeoutOrCancelledError,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
)
from temporalio.common import QueryRejectCondition
from temporalio.service import RPCError

from domain.issue_messages import CatchingUp, CatchUp, HintSource, IssueHint
from domain.issue_references import awaits_reference
from domain.issues import Tracker
from domain.reconcile import Answer, AskedIssue, IssueAnswer, WatchedKey
from domain.ticket_references import keyword
from telemetry.search_attributes import REFERENCES, TRACKER_ISSUE
from workflows import workflow_ids
from workflows.engineering_issue import EngineeringIssueWorkflow, IssueMessageEnvelope
from workflows.gone import is_gone
from workflows.issue_names import issues_known_as

_ACCEPTING = timedelta(seconds=10)
"""A worker that runs answers within a second."""
_READING = timedelta(seconds=20)
"""One reading of an issue, behind others in its tracker's queue. What takes longer goes on by itself."""
_ASKED_EVERY_S = 0.2
_LISTING = timedelta(seconds=20)


class TemporalIssueDesk:
    """``integrations.issue_desk.IssueDesk``."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def catch_up(self, tracker: Tracker, issue: AskedIssue, *, key: str) -> IssueAnswer:
        """Ask by a query, which leaves nothing in the history of an issue that is up to date; else hint, and ask until it has read."""
        handle = self._client.get_workflow_handle_for(
            EngineeringIssueWorkflow.run, workflow_ids.issue_id(tracker.value, issue.id)
        )
        wanted = CatchUp(id=key, updated_at=issue.updated_at)
        hint = IssueHint(id=key, source=HintSource.RECONCILE, updated_at=issue.updated_at)
        hinted = False
        try:
            async with asyncio.timeout(_ACCEPTING.total_seconds()):
                standing = await _standing(handle, wanted, QueryRejectCondition.NOT_OPEN)
                if standing.up_to_date:
                    return _answer(issue, Answer.AGREES)
                if standing.changes is None:
                    await handle.signal(EngineeringIssueWorkflow.hear, IssueMessageEnvelope(message=hint))
            hinted = True
            async with asyncio.timeout(_READING.total_seconds()):
                while standing.changes is None:
                    await asyncio.sleep(_ASKED_EVERY_S)
                    # What it read may have been that the issue is gone, and with it the workflow's last ticket.
                    standing = await _standing(handle, wanted)
        except WorkflowQueryRejectedError:
            return _answer(issue, Answer.UNWATCHED)
        except RPCError as error:
            if is_gone(error):
                return _answer(issue, Answer.UNWATCHED)
            return _answer(issue, Answer.PENDING if hinted else Answer.UNREACHED)
        except (TimeoutError, RPCTimeoutOrCancelledError, WorkflowQueryFailedError):
            # A hint is in the issue's history, so it is not lost: the issue is read when its turn comes.
            return _answer(issue, Answer.PENDING if hinted else Answer.UNREACHED)
        answer = Answer.MENDED if standing.changes else Answer.AGREES
        return IssueAnswer(id=issue.id, key=standing.key, answer=answer, changes=standing.changes)

    async def watched(self, tracker: Tracker) -> list[WatchedKey]:
        """List the workflows that run."""
        return await self._listed(tracker, "")

    async def watched_by_key(self, tracker: Tracker, key: str) -> WatchedKey | None:
        """List by the search attribute."""
        found = await self._listed(tracker, f" AND {TRACKER_ISSUE.name} = {_quoted(keyword(key))}")
        return found[0] if found else None

    async def known_as(self, tracker: Tracker, names: Sequence[str]) -> dict[str, frozenset[str]] | None:
        """List by the search attributes that hold an issue's names."""
        try:
            return await issues_known_as(self._client, tracker, names, rpc_timeout=_LISTING)
        except RPCError:
            return None

    async def awaiting_release(self, tracker: Tracker, projects: Sequence[str]) -> list[str]:
        """List by the references that an issue has while it waits."""
        wanted = [awaits_reference(tracker, project) for project in projects] or [awaits_reference(tracker, None)]
        names = ", ".join(_quoted(reference) for reference in wanted)
        return [issue.id for issue in await self._listed(tracker, f" AND {REFERENCES.name} IN ({names})")]

    async def tell_of_release(self, tracker: Tracker, issue_id: str, *, key: str) -> bool:
        """Signal, which needs no worker."""
        handle = self._client.get_workflow_handle_for(
            EngineeringIssueWorkflow.run, workflow_ids.issue_id(tracker.value, issue_id)
        )
        hint = IssueHint(id=key, source=HintSource.RELEASE)
        try:
            await handle.signal(EngineeringIssueWorkflow.hear, IssueMessageEnvelope(message=hint))
        except RPCError as error:
            if not is_gone(error):
                raise
            return False
        return True

    async def _listed(self, tracker: Tracker, condition: str) -> list[WatchedKey]:
        prefix = workflow_ids.issue_id(tracker.value, "")
        query = (
            f"WorkflowType = 'EngineeringIssue' AND ExecutionStatus = 'Running' AND WorkflowId STARTS_WITH {_quoted(prefix)}"
            f"{condition}"
        )
        return [
            WatchedKey(id=execution.id.removeprefix(prefix), key=execution.typed_search_attributes.get(TRACKER_ISSUE))
            async for execution in self._client.list_workflows(query, rpc_timeout=_LISTING)
        ]


def _answer(issue: AskedIssue, answer: Answer) -> IssueAnswer:
    return IssueAnswer(id=issue.id, key=issue.key, answer=answer)


async def _standing(
    handle: WorkflowHandle[EngineeringIssueWorkflow, None], wanted: CatchUp, reject: QueryRejectCondition | None = None
) -> CatchingUp:
    return await handle.query(EngineeringIssueWorkflow.catching_up, wanted, reject_condition=reject)


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

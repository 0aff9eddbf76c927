"""Reaching the workflows of engineering issues through a Temporal client: asking them to catch up, listing them, telling of releases."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from temporalio.client import Client, RPCTimeoutOrCancelledError, WorkflowUpdateFailedError, WorkflowUpdateStage
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from domain.issue_messages import CatchUp, CaughtUp, HintSource, IssueHint
from domain.issue_references import awaits_reference
from domain.issues import Tracker
from domain.reconcile import Answer, AskedIssue, IssueAnswer, WatchedKey
from telemetry.search_attributes import REFERENCES, TRACKER_ISSUE
from workflows import workflow_ids
from workflows.engineering_issue import LATE, UP_TO_DATE, EngineeringIssueWorkflow, IssueMessageEnvelope

_ACCEPTING = timedelta(seconds=10)
"""A worker that runs takes an update within a second."""
_READING = timedelta(seconds=20)
"""One reading of an issue, behind others in its tracker's queue. What takes longer goes on by itself."""
_LISTING = timedelta(seconds=20)


class TemporalIssueDesk:
    """``integrations.issue_desk.IssueDesk``."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def catch_up(self, tracker: Tracker, issue: AskedIssue, *, key: str) -> IssueAnswer:
        """Ask by an update: its validator refuses what is known already, which leaves nothing in the issue's history."""
        handle = self._client.get_workflow_handle(workflow_ids.issue_id(tracker.value, issue.id))
        try:
            async with asyncio.timeout(_ACCEPTING.total_seconds()):
                update = await handle.start_update(
                    "catch_up",
                    CatchUp(id=key, updated_at=issue.updated_at),
                    id=key,
                    wait_for_stage=WorkflowUpdateStage.ACCEPTED,
                    result_type=CaughtUp,
                )
        except RPCError as error:
            gone = error.status is RPCStatusCode.NOT_FOUND
            return _answer(issue, Answer.UNWATCHED if gone else Answer.UNREACHED)
        except (TimeoutError, RPCTimeoutOrCancelledError):
            return _answer(issue, Answer.UNREACHED)
        try:
            async with asyncio.timeout(_READING.total_seconds()):
                caught_up = await update.result()
        except WorkflowUpdateFailedError as error:
            return _refused(issue, error)
        except (TimeoutError, RPCTimeoutOrCancelledError, RPCError):
            # It was accepted, so it is not lost: the issue is read when its turn comes.
            return _answer(issue, Answer.PENDING)
        told = Answer.MENDED if caught_up.changes else Answer.AGREES
        return IssueAnswer(id=issue.id, key=caught_up.key, answer=told, changes=caught_up.changes)

    async def watched(self, tracker: Tracker) -> list[WatchedKey]:
        """List the workflows that run."""
        return await self._listed(tracker, "")

    async def watched_by_key(self, tracker: Tracker, key: str) -> WatchedKey | None:
        """List by the search attribute."""
        found = await self._listed(tracker, f" AND {TRACKER_ISSUE.name} = {_quoted(key)}")
        return found[0] if found else None

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
            if error.status is not RPCStatusCode.NOT_FOUND:
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


def _refused(issue: AskedIssue, error: WorkflowUpdateFailedError) -> IssueAnswer:
    cause = error.cause
    kind = cause.type if isinstance(cause, ApplicationError) else None
    if kind == UP_TO_DATE:
        return _answer(issue, Answer.AGREES)
    if kind == LATE:
        return _answer(issue, Answer.PENDING)
    if kind == "AcceptedUpdateCompletedWorkflow":
        # The last ticket left meanwhile.
        return _answer(issue, Answer.UNWATCHED)
    return _answer(issue, Answer.UNREACHED)


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

"""Catching up with a tracker, step by step: reading its feed, asking issues, listing those that are watched, telling of releases."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from activities.failures import NOT_CONFIGURED, PERMANENT
    from activities.reconcile import (
        CatchUpInput,
        ChangeFeedActivities,
        FeedInput,
        ReconcileActivities,
        ReleaseInput,
        WatchedInput,
    )
    from domain.issues import ChangeFeed, Tracker
    from domain.reconcile import Answer, AskedIssue, IssueAnswer, WatchedKey, chunks
    from workflows import task_queues, urgency

_READ_ATTEMPT = timedelta(minutes=2)
"""A reading is as many requests as a long list has pages, each of at most ten seconds."""
_READING = timedelta(minutes=4)
"""What cannot be read within this time, the next round reads."""
_ASK_ATTEMPT = timedelta(minutes=5)
_ASKING = timedelta(minutes=10)
_HEARTBEAT = timedelta(seconds=45)
_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(seconds=30)
)


class Unread(Exception):
    """A tracker could not be read; ``refusal`` says why where repeating will not help."""

    def __init__(self, refusal: str | None) -> None:
        super().__init__(refusal or "it did not answer in time")
        self.refusal = refusal


async def read_feed(tracker: Tracker, projects: Sequence[str], since: datetime, cursors: dict[str, str]) -> ChangeFeed:
    """What changed in these projects; nothing is asked of the tracker where there are none.

    Raises:
        Unread: the tracker does not answer, or refuses.
    """
    if not projects:
        return ChangeFeed(until=workflow.now(), cursors=cursors)
    try:
        return await workflow.execute_activity_method(
            ChangeFeedActivities.changed_since,
            FeedInput(projects=tuple(projects), since=since, cursors=cursors),
            task_queue=task_queues.of_tracker(tracker),
            start_to_close_timeout=_READ_ATTEMPT,
            schedule_to_close_timeout=_READING,
            retry_policy=_RETRY,
            # A ticket's issue that is to be opened never waits for this.
            priority=urgency.LAST,
            summary="what changed",
        )
    except ActivityError as error:
        raise Unread(refusal_of(error)) from error


async def ask(tracker: Tracker, asking: str, issues: Sequence[AskedIssue]) -> list[IssueAnswer]:
    """Ask the workflows of these issues, in order, so many at a time. Where nobody answers at all the rest is not tried."""
    answers: list[IssueAnswer] = []
    for chunk in chunks(issues):
        if answers and all(answer.answer is Answer.UNREACHED for answer in answers):
            answers += [IssueAnswer(id=issue.id, key=issue.key, answer=Answer.UNREACHED) for issue in chunk]
            continue
        try:
            answers += await workflow.execute_activity_method(
                ReconcileActivities.catch_up,
                CatchUpInput(tracker=tracker, asking=asking, issues=chunk),
                **_reaching(f"ask {len(chunk)} issues to catch up"),
            )
        except ActivityError as error:
            workflow.logger.warning("issues could not be asked: %s", words_of(error))
            answers += [IssueAnswer(id=issue.id, key=issue.key, answer=Answer.UNREACHED) for issue in chunk]
    return answers


async def watched(tracker: Tracker, key: str | None = None) -> list[WatchedKey] | None:
    """The issues of a tracker that tickets are on; None where they cannot be listed now."""
    try:
        return await workflow.execute_activity_method(
            ReconcileActivities.watched,
            WatchedInput(tracker=tracker, key=key),
            **_reaching("which issues have tickets"),
        )
    except ActivityError as error:
        workflow.logger.warning("the watched issues could not be listed: %s", words_of(error))
        return None


async def tell_of_release(tracker: Tracker, projects: Sequence[str], key: str) -> int | None:
    """Tell the issues that wait for a release there, and how many heard; None where they could not be told."""
    try:
        return await workflow.execute_activity_method(
            ReconcileActivities.tell_of_release,
            ReleaseInput(tracker=tracker, projects=tuple(projects), key=key),
            **_reaching("tell the issues that wait for a release"),
        )
    except ActivityError as error:
        workflow.logger.warning("a release could not be told: %s", words_of(error))
        return None


def refusal_of(error: ActivityError) -> str | None:
    """Why repeating will not help; None where it may."""
    cause = error.cause
    refused = isinstance(cause, ApplicationError) and cause.type in (PERMANENT, NOT_CONFIGURED)
    return words_of(error) if refused else None


def words_of(error: ActivityError) -> str:
    """What went wrong, in one sentence."""
    cause = error.cause
    return cause.message if isinstance(cause, FailureError) and cause.message else "no answer in time"


def _reaching(what: str) -> dict[str, Any]:
    return {
        "task_queue": task_queues.LINKS,
        "start_to_close_timeout": _ASK_ATTEMPT,
        "schedule_to_close_timeout": _ASKING,
        "heartbeat_timeout": _HEARTBEAT,
        "retry_policy": _RETRY,
        "priority": urgency.LAST,
        "summary": what,
    }

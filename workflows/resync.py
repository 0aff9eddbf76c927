"""Catching up at once, because somebody wants it: with named issues, or with whatever changed since a while ago."""

from datetime import datetime
from itertools import count
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.issue_tracker import FindIssueInput, IssueTrackerActivities
    from domain.issues import IssueRef, IssueSnapshot
    from domain.reconcile import (
        Answer,
        AskedIssue,
        IssueAnswer,
        ResyncReport,
        ResyncRequest,
        feed_to_ask,
        is_whole,
    )
    from workflows import catching_up, task_queues
    from workflows.catching_up import Unread
    from workflows.lanes import FIRST_ROUND, ONE_ATTEMPT


@workflow.defn(name="Resync")
class ResyncWorkflow:
    """One resync."""

    @workflow.run
    async def run(self, wanted: ResyncRequest) -> ResyncReport:
        """Have the issues catch up; what they answer is the result."""
        try:
            if wanted.issues:
                answers = [await self._named(wanted, key) for key in wanted.issues]
                return ResyncReport(tracker=wanted.tracker, answers=tuple(answers), changed=len(answers))
            return await self._changed(wanted)
        except Unread as unread:
            return ResyncReport(tracker=wanted.tracker, trouble=str(unread))

    async def _named(self, wanted: ResyncRequest, key: str) -> IssueAnswer:
        """Read that issue anew, whatever is known of it. One that was deleted is known by its key to us alone."""
        found = await catching_up.watched(wanted.tracker, key)
        if found:
            asked = AskedIssue(id=found[0].id, key=key)
        else:
            ref = await self._found(wanted, key)
            if isinstance(ref, str):
                return IssueAnswer(id="", key=key, answer=Answer.UNKNOWN, why=ref)
            asked = AskedIssue(id=ref.id, key=ref.key)
        (answer,) = await catching_up.ask(wanted.tracker, workflow.info().workflow_id, [asked])
        return answer

    async def _found(self, wanted: ResyncRequest, key: str) -> IssueRef | str:
        """The issue as the tracker knows it, or why it does not.

        Raises:
            Unread: the tracker does not answer.
        """
        options: dict[str, Any] = {
            "task_queue": task_queues.of_tracker(wanted.tracker),
            "start_to_close_timeout": ONE_ATTEMPT,
            "retry_policy": FIRST_ROUND,
            "summary": f"find {key}",
        }
        try:
            snapshot: IssueSnapshot = await workflow.execute_activity_method(
                IssueTrackerActivities.find_issue, FindIssueInput(reference=key), **options
            )
        except ActivityError as error:
            refusal = catching_up.refusal_of(error)
            if refusal is None:
                raise Unread(catching_up.words_of(error)) from error
            return refusal
        return snapshot.ref

    async def _changed(self, wanted: ResyncRequest) -> ResyncReport:
        begin: datetime = workflow.now()
        watched = await catching_up.watched(wanted.tracker) or []
        projects = wanted.projects_with(watched)
        since, requests, changed = begin - wanted.since, 0, 0
        answers: dict[str, IssueAnswer] = {}
        for readings in count(1):
            feed = await catching_up.read_feed(wanted.tracker, projects, since, {})
            requests += feed.requests
            changed += len(feed.issues)
            asked = feed_to_ask(feed, answers)
            asking = workflow.info().workflow_id
            answers |= {a.id: a for a in await catching_up.ask(wanted.tracker, asking, asked)}
            if is_whole(feed, since, begin, readings):
                break
            since = feed.until
        told = tuple(answer for answer in answers.values() if answer.answer is not Answer.UNWATCHED)
        return ResyncReport(tracker=wanted.tracker, answers=told, changed=changed, requests=requests)

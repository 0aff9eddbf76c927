"""The watch over PagerDuty, one round each time, started by a Temporal Schedule.

What one round leaves to the next (up to when all was told, what the leads were told) is its result, which the Schedule hands to the next
round. That needs no long-lived workflow that continues as new, runs no two rounds at once, and a round that fails leaves the state of the
one before it; an operator triggers, pauses and reads the rounds as those of any Schedule.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from activities.failures import NOT_CONFIGURED, PERMANENT
    from activities.pager_watch import ChangedPagesInput, EnableInput, GapsInput, PagerWatchActivities
    from activities.slack import NoticeInput, SlackActivities
    from domain import pager_watch
    from domain.messages import Delivery, PageChanged
    from domain.pager_watch import PagerWatchTask, WatchNotice, WatchState, WebhookSubscription
    from domain.paging import ticket_of_page
    from workflows import task_queues, urgency, workflow_ids
    from workflows.lanes import ONE_ATTEMPT

_READING = timedelta(minutes=1)
"""A round ends before the next one is due: what it could not read, or tell, the next one does."""
_READ_ATTEMPT = timedelta(seconds=45)
"""A reading may be several requests, each of at most ten seconds."""
_TELLING = timedelta(minutes=1)
_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(seconds=10)
)


class _Unread(Exception):
    """Something could not be read in this round; ``refused`` says why where repeating will not help."""

    def __init__(self, refused: str | None) -> None:
        super().__init__(refused or "it did not answer in time")
        self.refused = refused


@workflow.defn(name="PagerWatch")
class PagerWatchWorkflow:
    """One round."""

    @workflow.run
    async def run(self, task: PagerWatchTask) -> WatchState:
        """Tell tickets what changed; now and then look at webhooks and schedules; tell the leads what is wrong."""
        now = workflow.now()
        state: WatchState = workflow.get_last_completion_result(WatchState) or WatchState()
        try:
            state = await self._tell_changes(task, state, now)
            if pager_watch.is_due(state, now):
                state = await self._look_at_webhooks(task, state, now)
                state = pager_watch.looked(await self._look_at_schedules(task, state, now), now)
            state = pager_watch.readable(state)
        except _Unread as unread:
            workflow.logger.warning("PagerDuty could not be watched: %s", unread)
            if unread.refused is not None:
                state = pager_watch.refused(state, unread.refused, now)
        untold = [notice for notice in state.untold if not await self._tell(task, notice)]
        return state.model_copy(update={"untold": tuple(untold)})

    async def _tell_changes(self, task: PagerWatchTask, state: WatchState, now: datetime) -> WatchState:
        """The watermark moves when everything that was found is told."""
        since = pager_watch.look_from(state, now)
        with _unread():
            found = await workflow.execute_activity_method(
                PagerWatchActivities.changed,
                ChangedPagesInput(services=task.services, since=since, now=now),
                **_reading("what changed"),
            )
        await self._deliver(pager_watch.to_tell(state, found))
        return pager_watch.all_told(state, found, now)

    async def _deliver(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            page = delivery.body
            assert isinstance(page, PageChanged)
            ticket_id = ticket_of_page(page.page_key)
            if ticket_id is None:
                continue
            ticket = workflow.get_external_workflow_handle(workflow_ids.ticket_id(ticket_id))
            try:
                await ticket.signal("deliver", delivery)
            except ApplicationError:
                # It is closed: nobody needs to know any more.
                workflow.logger.info("there is no open ticket %s for a page that changed", ticket_id)

    async def _look_at_webhooks(self, task: PagerWatchTask, state: WatchState, now: datetime) -> WatchState:
        with _unread():
            # By name: mypy's inference of a method without an argument, given here, fails for methods elsewhere.
            subscriptions: list[WebhookSubscription] = await workflow.execute_activity(
                "pagerduty_watch_subscriptions",
                result_type=list[WebhookSubscription],
                **_reading("webhook subscriptions"),
            )
        enabled = [each.id for each in pager_watch.to_enable(task, subscriptions) if await self._enable(each.id)]
        return pager_watch.hear(state, task, subscriptions, enabled, now)

    async def _look_at_schedules(self, task: PagerWatchTask, state: WatchState, now: datetime) -> WatchState:
        end = now + task.rules.look_ahead
        with _unread():
            look = await workflow.execute_activity_method(
                PagerWatchActivities.gaps,
                GapsInput(targets=task.targets, start=now, end=end),
                **_reading("who will be on call"),
            )
        return pager_watch.mind_gaps(state, look, now, end)

    async def _enable(self, subscription: str) -> bool:
        try:
            await workflow.execute_activity_method(
                PagerWatchActivities.enable,
                EnableInput(subscription=subscription),
                **_reading("enable the webhook subscription"),
            )
        except ActivityError as error:
            workflow.logger.warning("a webhook subscription could not be enabled: %s", _words(error))
            return False
        return True

    async def _tell(self, task: PagerWatchTask, notice: WatchNotice) -> bool:
        try:
            await workflow.execute_activity_method(
                SlackActivities.post_notice,
                # It may have been posted in a round that got no answer.
                NoticeInput(key=notice.key, channel=task.rules.channel, text=notice.text, recheck=True),
                task_queue=task_queues.SLACK,
                start_to_close_timeout=ONE_ATTEMPT,
                schedule_to_close_timeout=_TELLING,
                retry_policy=_RETRY,
                summary="tell the leads",
            )
        except ActivityError as error:
            workflow.logger.warning("the leads could not be told: %s", _words(error))
            return False
        return True


@contextmanager
def _unread() -> Iterator[None]:
    """What is read within the block, and could not be, as ``_Unread``."""
    try:
        yield
    except ActivityError as error:
        cause = error.cause
        refused = isinstance(cause, ApplicationError) and cause.type in (PERMANENT, NOT_CONFIGURED)
        raise _Unread(_words(error) if refused else None) from error


def _reading(what: str) -> dict[str, Any]:
    return {
        "task_queue": task_queues.PAGERDUTY,
        "start_to_close_timeout": _READ_ATTEMPT,
        "schedule_to_close_timeout": _READING,
        "retry_policy": _RETRY,
        # A page that is to be raised never waits for the watch.
        "priority": urgency.LAST,
        "summary": what,
    }


def _words(error: ActivityError) -> str:
    cause = error.cause
    return cause.message if isinstance(cause, FailureError) and cause.message else "no answer in time"

"""Catching up with a tracker, one round each time, started by a Temporal Schedule.

What one round leaves to the next (how far everything is handled, the tracker's cursors, what is owed) is its result, which the Schedule
hands to the next round, as with the watch over the pager. Issues hear by an update that they refuse when it is no news; their tickets
hear from them.
"""

from datetime import datetime, timedelta
from itertools import count

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.slack import NoticeInput, SlackActivities
    from domain import reconcile
    from domain.reconcile import ReconcileNotice, ReconcileState, ReconcileTask
    from workflows import catching_up, task_queues
    from workflows.catching_up import Unread
    from workflows.lanes import ONE_ATTEMPT

_TELLING = timedelta(minutes=1)
_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(seconds=10)
)


@workflow.defn(name="Reconcile")
class ReconcileWorkflow:
    """One round."""

    @workflow.run
    async def run(self, task: ReconcileTask) -> ReconcileState:
        """Find what changed, have each issue catch up, now and then read all anew; tell what was mended and what is in the way."""
        now = workflow.now()
        before: ReconcileState = workflow.get_last_completion_result(ReconcileState) or ReconcileState()
        state = reconcile.begun(before, task, now)
        if reconcile.list_is_due(state, now):
            state = await self._list(task, state, now)
        try:
            state = await self._follow(task, state, now)
            state = reconcile.readable(state, task, now)
        except Unread as unread:
            workflow.logger.warning("%s could not be read: %s", task.tracker.value, unread)
            state = reconcile.unreadable(state, task, unread.refusal, now)
        else:
            if reconcile.sweep_is_due(state, now):
                state = await self._sweep(task, state, now)
        state = reconcile.told_of_mends(state, task, now)
        self._show(task, state)
        untold = [notice for notice in state.untold if not await self._tell(notice)]
        return state.model_copy(update={"untold": tuple(untold)})

    async def _list(self, task: ReconcileTask, state: ReconcileState, now: datetime) -> ReconcileState:
        found = await catching_up.watched(task.tracker)
        return reconcile.listed(state, found, now) if found is not None else state

    async def _follow(self, task: ReconcileTask, state: ReconcileState, now: datetime) -> ReconcileState:
        """Read the feed up to now; the watermark moves with each part of it that is handled."""
        since = reconcile.look_from(state, task, now)
        for readings in count(1):
            feed = await catching_up.read_feed(
                task.tracker, reconcile.projects_of(state, task), since, dict(state.cursors)
            )
            if feed.releases:
                key = f"reconcile/{task.tracker.value}/release/{now.isoformat()}/{readings}"
                if await catching_up.tell_of_release(task.tracker, feed.releases, key) is None:
                    # The next round finds the release once more.
                    return state
            # An update's outcome is kept by its id: another round is another asking.
            asking = f"reconcile/{task.tracker.value}/{now.isoformat()}"
            answers = await catching_up.ask(task.tracker, asking, reconcile.to_ask(state, feed, now))
            state = reconcile.answered(state, task, feed, answers, now)
            if reconcile.is_whole(feed, since, now, readings):
                break
            since = feed.until
        return state

    async def _sweep(self, task: ReconcileTask, state: ReconcileState, now: datetime) -> ReconcileState:
        found = await catching_up.watched(task.tracker)
        if found is None:
            return state
        asked = reconcile.to_sweep(state, found)
        asking = f"reconcile/{task.tracker.value}/sweep/{now.isoformat()}"
        return reconcile.swept(state, asked, await catching_up.ask(task.tracker, asking, asked), now)

    def _show(self, task: ReconcileTask, state: ReconcileState) -> None:
        """In the Temporal UI, in the log and as metrics."""
        lines = "".join(f"\n- {reconcile.line_of(mend)}" for mend in state.mends)
        workflow.set_current_details(f"{reconcile.story(state)}{lines}")
        workflow.logger.info("%s: %s", task.tracker.value, reconcile.story(state))
        meter = workflow.metric_meter().with_additional_attributes({"tracker": task.tracker.value})
        counts = {"requests": state.requests, "changed": state.changed, "mended": state.mended}
        for name, number in counts.items():
            meter.create_counter(f"tierline_reconcile_{name}", f"What catching up with trackers has {_OF[name]}.").add(
                number
            )

    async def _tell(self, notice: ReconcileNotice) -> bool:
        try:
            await workflow.execute_activity_method(
                SlackActivities.post_notice,
                # It may have been posted in a round that got no answer.
                NoticeInput(key=notice.key, channel=notice.channel, text=notice.text, recheck=True),
                task_queue=task_queues.SLACK,
                start_to_close_timeout=ONE_ATTEMPT,
                schedule_to_close_timeout=_TELLING,
                retry_policy=_RETRY,
                summary="tell the leads",
            )
        except ActivityError as error:
            workflow.logger.warning("the leads could not be told: %s", catching_up.words_of(error))
            return False
        return True


_OF = {"requests": "asked of them", "changed": "found changed", "mended": "mended"}

"""The audit of deadlines, started by a Temporal Schedule: it proves that no open ticket is past its deadline unattended, and that no
ticket, issue or vendor case ended before its time without anybody hearing of it.

It runs on a task queue of its own, so that what holds the tickets up does not hold it up, and reads visibility alone. When all is
well it tells the dead-man's switch; where it cannot run, or cannot read, nobody tells it, and the switch raises the alarm.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from activities.pagerduty import PagerDutyActivities, RaisePageInput, ResolvePageInput
    from activities.sla_audit import FindEndedInput, FindLateInput, SlaAuditActivities
    from activities.slack import NoticeInput, SlackActivities
    from domain.ended import (
        EndedAlarm,
        EndedWorkflow,
        EndedWorkflows,
        alarm_of,
        ended_page,
        ended_text,
        new_ended,
        reopened_text,
        still_ended,
    )
    from domain.paging import PageDraft
    from domain.policy import AuditRules
    from domain.sla_audit import AuditReport, drift_key, drift_page, drift_text, over_text
    from workflows import task_queues
    from workflows.lanes import ONE_ATTEMPT

_READING = timedelta(minutes=1)
_TELLING = timedelta(minutes=2)
"""An audit ends before the next one is due: what it could not tell, the next one tells."""
_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=1), backoff_coefficient=2, maximum_interval=timedelta(seconds=10)
)


@workflow.defn(name="SlaAudit")
class SlaAuditWorkflow:
    """One audit. What it carries to the next one is its result."""

    @workflow.run
    async def run(self, rules: AuditRules) -> AuditReport:
        """Look for late tickets, tell of a drift once, end it once, and ping when all is well."""
        now = workflow.now()
        before: AuditReport | None = workflow.get_last_completion_result(AuditReport)
        report = AuditReport(as_of=now, late=await self._find(rules))
        if workflow.patched("ended-before-their-time"):
            report = report.model_copy(update={"ended": await self._ended(rules, before)})
        if report.late.count:
            return await self._drift(rules, report, before)
        if before is not None and before.drift_since is not None and not await self._over(rules, before):
            # The page is still out: the next audit ends it.
            return report.model_copy(
                update={"drift_since": before.drift_since, "paged": before.paged, "told": before.told}
            )
        if not all(alarm.paged or alarm.told for alarm in report.ended):
            # Nobody could be told: the silence of the dead-man's switch tells it.
            return report
        return report.model_copy(update={"pinged": await self._ping()})

    async def _find(self, rules: AuditRules) -> Any:
        try:
            return await workflow.execute_activity_method(
                SlaAuditActivities.find_late,
                FindLateInput(due_before=workflow.now() - rules.grace),
                task_queue=task_queues.AUDIT,
                start_to_close_timeout=ONE_ATTEMPT,
                schedule_to_close_timeout=_READING,
                retry_policy=_RETRY,
                summary="find tickets that are late",
            )
        except ActivityError as error:
            raise _unreadable(error) from error

    # --- what ended before its time -------------------------------------------------------------------------------

    async def _ended(self, rules: AuditRules, before: AuditReport | None) -> tuple[EndedAlarm, ...]:
        """Tell once of each workflow that ended before its time, and end the alarms of which nothing is left."""
        try:
            found = await workflow.execute_activity_method(
                SlaAuditActivities.find_ended,
                FindEndedInput(),
                task_queue=task_queues.AUDIT,
                start_to_close_timeout=_READING,
                schedule_to_close_timeout=_READING,
                retry_policy=_RETRY,
                summary="find workflows that ended before their time",
            )
        except ActivityError as error:
            raise _unreadable(error) from error
        before_now = before.ended if before is not None else ()
        alarms = [alarm for old in before_now if (alarm := await self._kept(rules, old, found)) is not None]
        new = new_ended(found, before_now)
        if new:
            alarms.append(await self._told(rules, alarm_of(new), new))
        return tuple(alarms)

    async def _kept(self, rules: AuditRules, old: EndedAlarm, found: EndedWorkflows) -> EndedAlarm | None:
        """The alarm as it stands now, told of where that failed before; None when it is over."""
        alarm = still_ended(old, found)
        if alarm.runs:
            return await self._told(rules, alarm, [w for w in found.workflows if w.run_id in set(alarm.runs)])
        if alarm.paged and not await self._resolved(alarm.key):
            return alarm
        if alarm.told:
            await self._tell(rules, f"{alarm.key}/over", reopened_text(alarm))
        return None

    async def _told(self, rules: AuditRules, alarm: EndedAlarm, workflows: Sequence[EndedWorkflow]) -> EndedAlarm:
        if not workflows:
            return alarm
        page, text = ended_page(alarm, workflows, rules), ended_text(workflows)
        paged, told = alarm.paged, alarm.told
        if page is not None and not paged:
            trouble = await self._paged(page)
            paged = trouble is None
            if trouble is not None:
                text = _without_page(text, trouble)
        if not told:
            told = await self._tell(rules, f"{alarm.key}/found", text)
        return alarm.model_copy(update={"paged": paged, "told": told})

    # --- what is late ---------------------------------------------------------------------------------------------

    async def _drift(self, rules: AuditRules, report: AuditReport, before: AuditReport | None) -> AuditReport:
        lasts = before is not None and before.drift_since is not None
        since = before.drift_since if before is not None and before.drift_since is not None else report.as_of
        paged = before.paged if lasts and before is not None else False
        told = before.told if lasts and before is not None else False
        page = drift_page(report.late, rules, since)
        text = drift_text(report.late, rules.grace)
        if page is not None and not paged:
            trouble = await self._paged(page)
            paged = trouble is None
            if trouble is not None:
                text = _without_page(text, trouble)
        if not told:
            told = await self._tell(rules, f"{drift_key(since)}/found", text)
        return report.model_copy(update={"drift_since": since, "paged": paged, "told": told})

    async def _over(self, rules: AuditRules, before: AuditReport) -> bool:
        """End the drift; False while its page is still out."""
        since = before.drift_since
        assert since is not None  # there was a drift
        if before.paged and not await self._resolved(drift_key(since)):
            return False
        if before.told:
            await self._tell(rules, f"{drift_key(since)}/over", over_text(since))
        return True

    # --- telling --------------------------------------------------------------------------------------------------

    async def _paged(self, page: PageDraft) -> str | None:
        """Why nobody could be paged; None when somebody was."""
        return await self._tried(
            workflow.execute_activity_method(
                PagerDutyActivities.raise_page,
                RaisePageInput(draft=page),
                task_queue=task_queues.PAGERDUTY,
                start_to_close_timeout=ONE_ATTEMPT,
                schedule_to_close_timeout=_TELLING,
                retry_policy=_RETRY,
                summary="page for what the audit found",
            )
        )

    async def _resolved(self, key: str) -> bool:
        """Whether the page with this key is ended."""
        trouble = await self._tried(
            workflow.execute_activity_method(
                PagerDutyActivities.resolve_page,
                ResolvePageInput(page_key=key),
                task_queue=task_queues.PAGERDUTY,
                start_to_close_timeout=ONE_ATTEMPT,
                schedule_to_close_timeout=_TELLING,
                retry_policy=_RETRY,
                summary="end the audit's page",
            )
        )
        if trouble is not None:
            workflow.logger.warning("the audit's page could not be ended: %s", trouble)
        return trouble is None

    async def _tell(self, rules: AuditRules, key: str, text: str) -> bool:
        trouble = await self._tried(
            workflow.execute_activity_method(
                SlackActivities.post_notice,
                NoticeInput(key=key, channel=rules.channel, text=text),
                task_queue=task_queues.SLACK,
                start_to_close_timeout=ONE_ATTEMPT,
                schedule_to_close_timeout=_TELLING,
                retry_policy=_RETRY,
                summary="tell the leads",
            )
        )
        return trouble is None

    async def _ping(self) -> bool:
        pinged = False

        async def ping() -> None:
            nonlocal pinged
            pinged = await workflow.execute_activity_method(
                SlaAuditActivities.ping,
                task_queue=task_queues.AUDIT,
                start_to_close_timeout=ONE_ATTEMPT,
                schedule_to_close_timeout=_READING,
                retry_policy=_RETRY,
                summary="tell the dead-man's switch that all is well",
            )

        trouble = await self._tried(ping())
        if trouble is not None:
            workflow.logger.warning("the dead-man's switch could not be told: %s", trouble)
        return pinged

    async def _tried(self, call: Any) -> str | None:
        """Why it could not be done; None when it was."""
        try:
            await call
        except ActivityError as error:
            return _words(error)
        return None


def _unreadable(error: ActivityError) -> ApplicationError:
    return ApplicationError(
        f"Temporal's visibility could not be read ({_words(error)}): nothing is known, so nothing is pinged",
        type="VisibilityUnreadable",
    )


def _without_page(text: str, trouble: str) -> str:
    return f"{text}. Nobody could be paged ({trouble}): call the on-call yourself"


def _words(error: ActivityError) -> str:
    cause = error.cause
    return cause.message if isinstance(cause, FailureError) and cause.message else "no answer in time"

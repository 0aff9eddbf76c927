"""The audit of deadlines, started by a Temporal Schedule: it proves that no open ticket is past its deadline unattended.

It runs on a task queue of its own, so that what holds the tickets up does not hold it up, and reads visibility alone. When all is
well it tells the dead-man's switch; where it cannot run, or cannot read, nobody tells it, and the switch raises the alarm.
"""

from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, FailureError

with workflow.unsafe.imports_passed_through():
    from activities.pagerduty import PagerDutyActivities, RaisePageInput, ResolvePageInput
    from activities.sla_audit import FindLateInput, SlaAuditActivities
    from activities.slack import NoticeInput, SlackActivities
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
        if report.late.count:
            return await self._drift(rules, report, before)
        if before is not None and before.drift_since is not None and not await self._over(rules, before):
            # The page is still out: the next audit ends it.
            return report.model_copy(
                update={"drift_since": before.drift_since, "paged": before.paged, "told": before.told}
            )
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
            raise ApplicationError(
                f"Temporal's visibility could not be read ({_words(error)}): nothing is known, so nothing is pinged",
                type="VisibilityUnreadable",
            ) from error

    async def _drift(self, rules: AuditRules, report: AuditReport, before: AuditReport | None) -> AuditReport:
        lasts = before is not None and before.drift_since is not None
        since = before.drift_since if before is not None and before.drift_since is not None else report.as_of
        paged = before.paged if lasts and before is not None else False
        told = before.told if lasts and before is not None else False
        page = drift_page(report.late, rules, since)
        text = drift_text(report.late, rules.grace)
        if page is not None and not paged:
            trouble = await self._tried(
                workflow.execute_activity_method(
                    PagerDutyActivities.raise_page,
                    RaisePageInput(draft=page),
                    task_queue=task_queues.PAGERDUTY,
                    start_to_close_timeout=ONE_ATTEMPT,
                    schedule_to_close_timeout=_TELLING,
                    retry_policy=_RETRY,
                    summary="page for the drift",
                )
            )
            paged = trouble is None
            if trouble is not None:
                text = f"{text}. Nobody could be paged ({trouble}): call the on-call yourself"
        if not told:
            told = await self._tell(rules, f"{drift_key(since)}/found", text)
        return report.model_copy(update={"drift_since": since, "paged": paged, "told": told})

    async def _over(self, rules: AuditRules, before: AuditReport) -> bool:
        """End the drift; False while its page is still out."""
        since = before.drift_since
        assert since is not None  # there was a drift
        if before.paged:
            trouble = await self._tried(
                workflow.execute_activity_method(
                    PagerDutyActivities.resolve_page,
                    ResolvePageInput(page_key=drift_key(since)),
                    task_queue=task_queues.PAGERDUTY,
                    start_to_close_timeout=ONE_ATTEMPT,
                    schedule_to_close_timeout=_TELLING,
                    retry_policy=_RETRY,
                    summary="end the drift's page",
                )
            )
            if trouble is not None:
                workflow.logger.warning("the page of a drift could not be ended: %s", trouble)
                return False
        if before.told:
            await self._tell(rules, f"{drift_key(since)}/over", over_text(since))
        return True

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


def _words(error: ActivityError) -> str:
    cause = error.cause
    return cause.message if isinstance(cause, FailureError) and cause.message else "no answer in time"

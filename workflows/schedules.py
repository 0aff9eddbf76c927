"""The Temporal Schedules that a worker keeps as the policy wants them."""

from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from domain.policy import AuditRules, DigestRules
from workflows import task_queues, workflow_ids
from workflows.retro_digest import DigestRequest, RetroDigestWorkflow
from workflows.sla_audit import SlaAuditWorkflow

_CATCH_UP = timedelta(days=1)
"""A digest that was missed while Temporal was down is still posted, up to a day late."""
_AUDIT_CATCH_UP = timedelta(seconds=10)


def digest_schedule_id(team: str) -> str:
    """``retro-digest/support``."""
    return workflow_ids.digest_id(team)


async def keep_digest_schedule(client: Client, rules: DigestRules) -> None:
    """Create the digest's schedule, or bring it up to date."""
    await _keep(client, digest_schedule_id(rules.team), _digest_schedule(rules))


def audit_schedule_id() -> str:
    """``sla-audit``."""
    return workflow_ids.audit_id()


async def keep_audit_schedule(client: Client, rules: AuditRules) -> None:
    """Create the audit's schedule, or bring it up to date."""
    await _keep(client, audit_schedule_id(), _audit_schedule(rules))


async def _keep(client: Client, schedule_id: str, schedule: Schedule) -> None:
    try:
        await client.create_schedule(schedule_id, schedule)
    except ScheduleAlreadyRunningError:

        async def bring_up_to_date(current: ScheduleUpdateInput) -> ScheduleUpdate | None:
            before = current.description.schedule
            # A paused schedule stays paused: an operator wanted that.
            schedule.state = before.state
            return ScheduleUpdate(schedule=schedule)

        await client.get_schedule_handle(schedule_id).update(bring_up_to_date)


def _digest_schedule(rules: DigestRules) -> Schedule:
    intervals = [ScheduleIntervalSpec(every=rules.every)] if rules.every is not None else []
    return Schedule(
        action=ScheduleActionStartWorkflow(
            RetroDigestWorkflow.run,
            DigestRequest(team=rules.team, channel=rules.channel, period=rules.period),
            id=workflow_ids.digest_id(rules.team),
            task_queue=task_queues.WORKFLOWS,
            static_summary=f"Joint-retro digest of {rules.team}",
        ),
        spec=ScheduleSpec(intervals=intervals, cron_expressions=[rules.cron] if rules.cron is not None else []),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.BUFFER_ONE, catchup_window=_CATCH_UP),
    )


def _audit_schedule(rules: AuditRules) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            SlaAuditWorkflow.run,
            rules,
            id=workflow_ids.audit_id(),
            task_queue=task_queues.AUDIT,
            static_summary="No open ticket is past its deadline unattended",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=rules.every)]),
        # Only the present counts: an audit that was missed is not made up for, and two at once would tell of one drift twice.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=_AUDIT_CATCH_UP),
    )

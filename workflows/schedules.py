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
from temporalio.service import RPCError

from domain.issues import Tracker
from domain.pager_watch import PagerWatchTask, watch_task
from domain.policy import AuditRules, DigestRules, Policy
from domain.reconcile import NAMES, ReconcileTask, reconcile_task
from workflows import task_queues, workflow_ids
from workflows.gone import is_gone
from workflows.pager_watch import PagerWatchWorkflow
from workflows.reconcile import ReconcileWorkflow
from workflows.retro_digest import DigestRequest, RetroDigestWorkflow
from workflows.sla_audit import SlaAuditWorkflow

_CATCH_UP = timedelta(days=1)
"""A digest that was missed while Temporal was down is still posted, up to a day late."""
_AUDIT_CATCH_UP = timedelta(seconds=10)
_WATCH_CATCH_UP = timedelta(seconds=10)


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


def pager_watch_schedule_id() -> str:
    """``reconcile/pagerduty``."""
    return workflow_ids.pager_watch_id()


async def keep_pager_watch_schedule(client: Client, task: PagerWatchTask) -> None:
    """Create the schedule of the watch over PagerDuty, or bring it up to date."""
    await _keep(client, pager_watch_schedule_id(), _pager_watch_schedule(task))


def reconcile_schedule_id(tracker: Tracker) -> str:
    """``reconcile/jira``, ``reconcile/github``."""
    return workflow_ids.reconcile_id(tracker)


async def keep_reconcile_schedule(client: Client, task: ReconcileTask) -> None:
    """Create the schedule of catching up with a tracker, or bring it up to date."""
    await _keep(client, reconcile_schedule_id(task.tracker), _reconcile_schedule(task))


async def keep_schedules(client: Client, policy: Policy, public_url: str) -> None:
    """Have exactly the schedules that the policy wants: what it no longer has, loses its own."""
    if policy.digest is not None:
        await keep_digest_schedule(client, policy.digest)
    wanted = digest_schedule_id(policy.digest.team) if policy.digest is not None else None
    await _drop_digests(client, but=wanted)
    if policy.audit is not None:
        await keep_audit_schedule(client, policy.audit)
    else:
        await _drop(client, audit_schedule_id())
    task = watch_task(policy, public_url)
    if task is not None:
        await keep_pager_watch_schedule(client, task)
    else:
        await _drop(client, pager_watch_schedule_id())
    for tracker in Tracker:
        reconcile = reconcile_task(policy, tracker)
        if reconcile is not None:
            await keep_reconcile_schedule(client, reconcile)
        else:
            await _drop(client, reconcile_schedule_id(tracker))


async def _drop(client: Client, schedule_id: str) -> None:
    try:
        await client.get_schedule_handle(schedule_id).delete()
    except RPCError as error:
        if not is_gone(error):
            raise


async def _drop_digests(client: Client, *, but: str | None) -> None:
    """A digest's schedule is named after its team: after a change of name the old one would go on."""
    async for schedule in await client.list_schedules():
        if schedule.id.startswith(digest_schedule_id("")) and schedule.id != but:
            await _drop(client, schedule.id)


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


def _pager_watch_schedule(task: PagerWatchTask) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            PagerWatchWorkflow.run,
            task,
            id=workflow_ids.pager_watch_id(),
            task_queue=task_queues.WORKFLOWS,
            static_summary="What PagerDuty's webhooks missed, and who is on call",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=task.rules.every)]),
        # A round makes up for those that were missed, and two at once would tell the same.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=_WATCH_CATCH_UP),
    )


def _reconcile_schedule(task: ReconcileTask) -> Schedule:
    return Schedule(
        action=ScheduleActionStartWorkflow(
            ReconcileWorkflow.run,
            task,
            id=workflow_ids.reconcile_id(task.tracker),
            task_queue=task_queues.WORKFLOWS,
            static_summary=f"What {NAMES[task.tracker]}'s webhooks missed",
        ),
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every=task.every)]),
        # A round makes up for those that were missed, and two at once would ask the same.
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=_WATCH_CATCH_UP),
    )

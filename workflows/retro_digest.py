"""The workflow of one joint-retro digest, started by a Temporal Schedule."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.retro import RetroActivities, RetroPeriod
    from activities.slack import DigestInput, SlackActivities
    from domain.chat import MessageRef
    from domain.frozen import Frozen
    from workflows import task_queues

_COUNTING = timedelta(minutes=5)
_POSTING = timedelta(seconds=20)
_PATIENT = RetryPolicy(
    initial_interval=timedelta(seconds=2), backoff_coefficient=2, maximum_interval=timedelta(minutes=5)
)


class DigestRequest(Frozen):
    """What a digest is about: the period that ended when it started."""

    team: str
    channel: str
    period: timedelta


@workflow.defn(name="RetroDigest")
class RetroDigestWorkflow:
    """Counts the period and posts the digest; it waits as long as Slack needs."""

    @workflow.run
    async def run(self, request: DigestRequest) -> MessageRef:
        """Post the digest and say where it stands."""
        end = workflow.now()
        digest = await workflow.execute_activity_method(
            RetroActivities.count,
            RetroPeriod(team=request.team, start=end - request.period, end=end),
            task_queue=task_queues.LINKS,
            start_to_close_timeout=_COUNTING,
            retry_policy=_PATIENT,
            summary="count the period",
        )
        return await workflow.execute_activity_method(
            SlackActivities.post_digest,
            DigestInput(key=workflow.info().workflow_id, channel=request.channel, digest=digest),
            task_queue=task_queues.SLACK,
            start_to_close_timeout=_POSTING,
            retry_policy=_PATIENT,
            summary="post the digest",
        )

"""The watch over PagerDuty at work: what a webhook missed reaches the ticket once, and the leads hear once of what is wrong."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime

import pytest
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from domain.messages import Escalate
from domain.page_rules import PageTarget
from domain.pager_watch import NEEDED_EVENTS, PagerWatchTask, WatchState, WebhookSubscription, webhook_address
from domain.paging import OnCallGap, PageRef, PageSnapshot, PageStatus, page_key
from domain.policy import AuditRules, DigestRules, PagerWatchRules
from domain.tiers import Tier
from telemetry.registration import adding
from telemetry.search_attributes import REGISTRY
from tests.domain.building import DAY, HOUR, LENA, MINUTE, a_policy, without_ladders
from tests.workflows.desk import PUBLIC_URL, Desk, OpenedTicket, until
from tests.workflows.outside import Outside
from workflows import task_queues, workflow_ids
from workflows.pager_watch import PagerWatchWorkflow
from workflows.schedules import (
    audit_schedule_id,
    digest_schedule_id,
    keep_pager_watch_schedule,
    keep_schedules,
    pager_watch_schedule_id,
)

LEADS = "C0LEADS"
EVERY = 5 * MINUTE
TASK = PagerWatchTask(
    rules=PagerWatchRules(every=EVERY, look_ahead=DAY, channel=LEADS),
    targets=(PageTarget(service="PSVCPAY"),),
    webhook_url=webhook_address(PUBLIC_URL),
)
PAGE = page_key("T-1042", 1)
SUBSCRIPTION = WebhookSubscription(id="PWEBHK1", url=TASK.webhook_url, enabled=True, events=NEEDED_EVENTS)


@pytest.fixture
def outside() -> Outside:
    """An outside whose PagerDuty tells us everything."""
    outside = Outside()
    outside.pager.webhooks = [SUBSCRIPTION]
    return outside


@pytest.fixture
async def desk(time_skipping: WorkflowEnvironment, outside: Outside) -> AsyncIterator[Desk]:
    """A Tierline at work where time is skipped."""
    client = time_skipping.client
    await client.operator_service.add_search_attributes(adding(client.namespace, REGISTRY))
    async with Desk(client, outside) as at_work:
        yield at_work


@asynccontextmanager
async def watched(
    desk: Desk, task: PagerWatchTask = TASK
) -> AsyncIterator[WorkflowHandle[PagerWatchWorkflow, WatchState]]:
    """Rounds every five minutes: this server has no Schedules, and hands results on from run to run of a cron workflow as they do."""
    handle = await desk.client.start_workflow(
        PagerWatchWorkflow.run,
        task,
        id=workflow_ids.pager_watch_id(),
        task_queue=task_queues.WORKFLOWS,
        cron_schedule="*/5 * * * *",
    )
    try:
        yield handle
    finally:
        await desk.client.get_workflow_handle(handle.id).terminate()


async def paged(desk: Desk) -> OpenedTicket:
    """A ticket for which engineering is paged."""
    ticket = await desk.opens(policy=without_ladders(tiers=a_policy().tiers))
    await ticket.does(LENA, Escalate(to=Tier.L3, reason="Card payments fail"))
    await until(lambda: PAGE in desk.outside.pager.pages, "engineering is paged")
    return await ticket.rests()


async def told_by_the_watch(ticket: OpenedTicket) -> int:
    """How often the watch told the ticket anything."""
    signals = [
        event.workflow_execution_signaled_event_attributes.input.payloads[0].data
        for event in (await ticket.handle.fetch_history()).events
        if event.HasField("workflow_execution_signaled_event_attributes")
    ]
    return sum(b'"pagerduty/found/' in data for data in signals)


def a_snapshot(since: datetime, status: PageStatus) -> PageSnapshot:
    by = "Ada" if status is PageStatus.ACKNOWLEDGED else None
    ref = PageRef(key=PAGE, id="QINC1", url="https://pager.example/incidents/QINC1")
    return PageSnapshot(ref=ref, status=status, acknowledged_by=by, assigned_to=("Ada",), status_since=since)


async def test_an_acknowledgement_that_no_webhook_told_is_found_and_told_once(
    desk: Desk, outside: Outside, time_skipping: WorkflowEnvironment
) -> None:
    ticket = await paged(desk)
    async with watched(desk):
        await time_skipping.sleep(MINUTE)
        now = await time_skipping.get_current_time()
        outside.pager.snapshots = [
            a_snapshot(now, PageStatus.ACKNOWLEDGED),
            # Pages of a ticket that is gone, and of nobody's ticket, hold nothing up.
            a_snapshot(now, PageStatus.RESOLVED).model_copy(
                update={"ref": PageRef(key=page_key("T-9", 1), id="QINC9")}
            ),
            a_snapshot(now, PageStatus.RESOLVED).model_copy(
                update={"ref": PageRef(key="tierline/sla-audit/1", id="QINC8")}
            ),
        ]
        await time_skipping.sleep(HOUR)
        view = await ticket.until_said("Acknowledged the page")

        assert [entry.who for entry in view.timeline if entry.text == "Acknowledged the page"] == ["Ada"]
        assert await told_by_the_watch(ticket) == 1
        assert outside.tried("changed_since") >= 10
        # Nothing else happened: subscriptions and schedules were looked at every quarter of an hour.
        assert 3 <= outside.tried("subscriptions") <= 6
        assert outside.chat.texts(LEADS) == []


async def test_rounds_that_cannot_read_are_made_up_for_and_a_refusal_is_told_once(
    desk: Desk, outside: Outside, time_skipping: WorkflowEnvironment
) -> None:
    ticket = await paged(desk)
    async with watched(desk):
        await time_skipping.sleep(6 * MINUTE)
        outside.pager.system.fails(operation="changed_since")
        outside.pager.snapshots = [a_snapshot(await time_skipping.get_current_time(), PageStatus.ACKNOWLEDGED)]
        await time_skipping.sleep(20 * MINUTE)
        # An outage passes: the leads need do nothing.
        assert outside.chat.texts(LEADS) == []
        outside.pager.system.works()
        outside.pager.system.refuses("the API key is not accepted", operation="changed_since")
        await time_skipping.sleep(20 * MINUTE)
        (told,) = outside.chat.texts(LEADS)
        assert "the API key is not accepted" in told
        outside.pager.system.works()
        await time_skipping.sleep(10 * MINUTE)
        # Nothing that happened meanwhile is passed over.
        await ticket.until_said("Acknowledged the page")
    assert len(outside.chat.texts(LEADS)) == 1


async def test_a_disabled_subscription_and_hours_with_nobody_on_call_are_told_once(
    desk: Desk, outside: Outside, time_skipping: WorkflowEnvironment
) -> None:
    start = await time_skipping.get_current_time() + 20 * HOUR
    outside.pager.nobody_on_call = [
        OnCallGap(escalation_policy="PEPENG", name="Engineering on call", start=start, end=start + 2 * HOUR)
    ]
    outside.pager.webhooks = [SUBSCRIPTION.model_copy(update={"enabled": False})]
    # Slack is away when they are found: they are told when it is back.
    outside.chat.system.fails(operation="post_notice")
    async with watched(desk):
        await time_skipping.sleep(10 * MINUTE)
        assert outside.pager.webhooks == [SUBSCRIPTION]
        assert outside.chat.texts(LEADS) == []
        outside.chat.system.works()
        await time_skipping.sleep(HOUR)

    nobody, enabled = sorted(outside.chat.texts(LEADS))
    assert "had disabled its webhook subscription PWEBHK1" in enabled
    assert f"Nobody is on call at the first level of Engineering on call from {start:%a %Y-%m-%d %H:%M}" in nobody
    assert outside.done("enable") == ["PWEBHK1"]


# --- its Schedule, on the server that has Schedules ------------------------------------------------------------------


async def rounds(client: Client, number: int) -> WatchState:
    """One round by the Schedule, which hands each the result of the one before; the state that the newest left."""
    await client.get_schedule_handle(pager_watch_schedule_id()).trigger()
    states: list[WatchState] = []

    async def ended() -> bool:
        states[:] = [
            await client.get_workflow_handle(e.id, run_id=e.run_id, result_type=WatchState).result()
            async for e in client.list_workflows("WorkflowType = 'PagerWatch' AND ExecutionStatus = 'Completed'")
        ]
        return len(states) >= number

    await until(ended, f"round {number} has ended")
    return max(states, key=lambda state: state.watermark or datetime.min)


async def test_the_schedule_hands_the_state_from_round_to_round(namespace: Client, outside: Outside) -> None:
    outside.pager.webhooks = []
    async with Desk(namespace, outside):
        await keep_pager_watch_schedule(
            namespace, TASK.model_copy(update={"rules": TASK.rules.model_copy(update={"every": DAY})})
        )
        first = await rounds(namespace, 1)
        second = await rounds(namespace, 2)

    assert first.watermark is not None
    assert second.watermark is not None
    assert second.watermark > first.watermark
    assert (first.unheard, second.unheard, second.looked_at) == (("missing",), ("missing",), first.looked_at)
    (told,) = outside.chat.texts(LEADS)
    assert "No webhook subscription of PagerDuty sends to https://tierline.example/webhooks/pagerduty" in told


async def test_what_the_policy_no_longer_wants_loses_its_schedule(namespace: Client) -> None:
    digest = DigestRules(team="support", channel=LEADS, period=DAY, every=DAY)
    everything = a_policy(
        digest=digest, audit=AuditRules(every=DAY, grace=MINUTE, channel=LEADS), pager_watch=TASK.rules
    )
    renamed = a_policy(digest=digest.model_copy(update={"team": "desk"}))
    names = {audit_schedule_id(), digest_schedule_id("support"), digest_schedule_id("desk"), pager_watch_schedule_id()}

    async def there() -> set[str]:
        found = set()
        for name in names:
            with suppress(RPCError):
                await namespace.get_schedule_handle(name).describe()
                found.add(name)
        return found

    async def listed(name: str) -> bool:
        return name in {schedule.id async for schedule in await namespace.list_schedules()}

    for _ in range(2):
        await keep_schedules(namespace, everything, PUBLIC_URL)
    assert await there() == names - {digest_schedule_id("desk")}
    await until(lambda: listed(digest_schedule_id("support")), "the digest's schedule is listed")

    await keep_schedules(namespace, renamed, PUBLIC_URL)
    assert await there() == {digest_schedule_id("desk")}
    await until(lambda: listed(digest_schedule_id("desk")), "the new digest's schedule is listed")
    await keep_schedules(namespace, a_policy(), PUBLIC_URL)
    assert await there() == set()

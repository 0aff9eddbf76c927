"""The joint-retro digest and its Schedule."""

from datetime import timedelta

from temporalio.client import Client

from domain.messages import Escalate, Resolve
from domain.policy import DigestRules
from domain.tiers import Tier
from tests.domain.building import LENA, SAM, an_opening, without_ladders
from tests.workflows.desk import Desk, until
from tests.workflows.outside import Outside
from workflows.schedules import digest_schedule_id, keep_digest_schedule

WEEKLY = DigestRules(team="support", channel="C0LEADS", period=timedelta(days=7), cron="0 7 * * MON")


async def test_it_counts_what_happened_and_is_posted_once(desk: Desk, outside: Outside) -> None:
    first = await desk.opens(an_opening(ticket_id="T-1"), without_ladders())
    second = await desk.opens(an_opening(ticket_id="T-2"), without_ladders())
    await first.does(LENA, Escalate(to=Tier.L2, reason="needs the logs"))
    await second.does(SAM, Resolve(text="It works again"))
    await first.rests()
    await second.rests()
    client = desk.client

    async def listed() -> bool:
        return len(await desk.links().ticket_facts((await first.view()).opened_at)) == 2

    await until(listed, "both tickets are listed")
    await keep_digest_schedule(client, WEEKLY)
    await client.get_schedule_handle(digest_schedule_id("support")).trigger()
    await until(lambda: bool(outside.chat.digests), "the digest is posted")
    (digest,) = outside.chat.digests
    assert (digest.opened, digest.resolved, digest.open_now, digest.handoffs) == (2, 1, 1, 1)
    assert digest.by_tier == {Tier.L1: 1, Tier.L2: 1}
    assert digest.thanks == (("sam", 1),)
    assert digest.end - digest.start == timedelta(days=7)


async def test_slack_is_down_and_the_digest_waits(desk: Desk, outside: Outside) -> None:
    outside.chat.system.fails(times=1)
    await keep_digest_schedule(desk.client, WEEKLY)
    await desk.client.get_schedule_handle(digest_schedule_id("support")).trigger()
    await until(lambda: len(outside.chat.digests) == 1, "the digest is posted in the end")
    assert outside.tried("post_digest") == 2


async def test_a_worker_that_starts_brings_the_schedule_up_to_date_and_leaves_it_paused(namespace: Client) -> None:
    await keep_digest_schedule(namespace, WEEKLY)
    handle = namespace.get_schedule_handle(digest_schedule_id("support"))
    await handle.pause(note="holidays")
    more_often = DigestRules(team="support", channel="C0LEADS", period=timedelta(days=1), every=timedelta(days=1))
    await keep_digest_schedule(namespace, more_often)
    described = (await handle.describe()).schedule
    assert [interval.every for interval in described.spec.intervals] == [timedelta(days=1)]
    assert not described.spec.calendars
    assert (described.state.paused, described.state.note) == (True, "holidays")

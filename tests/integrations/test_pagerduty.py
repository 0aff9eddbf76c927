"""PagerDuty as the pager, against the local PagerDuty."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from domain.page_notes import is_ours
from domain.page_rules import PageTarget
from domain.paging import OnCallGap, PageStatus, Urgency
from integrations.errors import PassingFailure, PermanentFailure, RateLimited
from integrations.pager import PagerNeeds
from integrations.pagerduty.pager import PagerDutyPager
from sandbox.pagerduty.state import ConferenceBridge
from tests.integrations.conftest import World
from tests.integrations.subjects import page_draft

DRAFT = page_draft("tierline/T-1042/page/1")
WITH_FACTS = DRAFT.model_copy(
    update={
        "facts": {"Ticket": "T-1042", "Customers": "3"},
        "escalation_policy": "PEPSUP",
        "conference_url": "https://meet.example/war-room",
        "conference_number": "+1 415-555-1212",
    }
)
DAY = timedelta(days=1)


async def test_a_page_is_raised(world: World) -> None:
    ref = await world.do(world.pagerduty.raise_page, DRAFT)

    (incident,) = await world.people("GET", "/pagerduty/incidents")
    assert (ref.key, ref.id, ref.via_events) == (DRAFT.key, incident["id"], False)
    assert ref.url
    assert incident["incident_key"] == DRAFT.key
    assert (incident["title"], incident["priority"], incident["urgency"]) == (DRAFT.title, "P1", "high")


async def test_a_page_whose_answer_was_lost_is_found_and_raises_no_second(world: World) -> None:
    world.break_down("pagerduty", "drop_after", operation="/incidents", method="POST", times=1)
    with pytest.raises(PassingFailure):
        await world.do(world.pagerduty_without_events.raise_page, DRAFT)

    ref = await world.do(world.pagerduty_without_events.raise_page, DRAFT)

    (written,) = world.written("pagerduty", "incident.create")
    assert ref.id == written.subject


async def test_the_other_way_takes_up_the_page_that_rest_raised(world: World) -> None:
    world.break_down("pagerduty", "drop_after", operation="/incidents", method="POST", times=1)

    ref = await world.do(world.pagerduty.raise_page, DRAFT)

    assert ref.via_events
    assert "REST failed" in (ref.why or "")
    assert len(await world.people("GET", "/pagerduty/incidents")) == 1
    again = await world.do(world.pagerduty.raise_page, DRAFT)
    assert again.id is not None
    assert len(world.written("pagerduty", "incident.create")) == 1


async def test_rest_down_pages_by_event_and_it_can_be_resolved(world: World) -> None:
    world.break_down("pagerduty", "status", status=500)

    ref = await world.do(world.pagerduty.raise_page, DRAFT.model_copy(update={"urgency": Urgency.LOW}))

    (incident,) = await world.people("GET", "/pagerduty/incidents")
    assert (ref.id, ref.via_events) == (None, True)
    assert (incident["incident_key"], incident["urgency"]) == (DRAFT.key, "low")
    await world.do(world.pagerduty.resolve, page_key=DRAFT.key, page_id=None)
    (incident,) = await world.people("GET", "/pagerduty/incidents")
    assert incident["status"] == "resolved"


async def test_a_page_that_an_event_raised_is_looked_up_by_its_alerts_key(world: World) -> None:
    world.break_down("pagerduty", "status", status=500, method="POST")
    began = datetime.now(UTC) - DAY
    await world.do(world.pagerduty.raise_page, DRAFT)
    (incident,) = world.sandbox.pagerduty.incidents.values()
    assert incident.shown_key is None
    # Alerts of other monitors were grouped into the incident before ours.
    ours = incident.alerts.pop()
    incident.alerts += [replace(ours, id=f"PALRT{n}", key=f"disk-{n}") for n in range(130)] + [ours]

    fetched = await world.do(world.pagerduty.fetch, incident.id)
    (swept,) = await world.do(world.pagerduty.changed_since, began, [DRAFT.service])

    assert (fetched.ref.key, swept.ref.key) == (DRAFT.key, DRAFT.key)
    # REST finds it by the alert's key too: it can be ended without a routing key.
    world.mend()
    await world.do(world.pagerduty_without_events.resolve, page_key=DRAFT.key, page_id=None)
    assert incident.status == "resolved"


async def test_a_refused_page_is_paged_by_event_and_says_why(world: World) -> None:
    ref = await world.do(world.pagerduty.raise_page, DRAFT.model_copy(update={"service": "PNOWHERE"}))

    assert ref.via_events
    assert ref.why
    with pytest.raises(PermanentFailure):
        await world.do(world.pagerduty_without_events.raise_page, DRAFT.model_copy(update={"service": "PNOWHERE"}))


async def test_both_ways_down_is_a_passing_failure_after_one_request_each(world: World) -> None:
    world.break_down("pagerduty", "status", status=503)
    world.break_down("pagerduty-events", "status", status=502)

    with pytest.raises(PassingFailure):
        await world.do(world.pagerduty.raise_page, page_draft(priority=None))

    assert len(world.asked("pagerduty")) == 1
    assert len(world.asked("pagerduty-events")) == 1


async def test_a_limit_is_waited_for_and_not_gone_around(world: World) -> None:
    world.break_down("pagerduty", "rate_limit", retry_after_s=13)

    with pytest.raises(RateLimited) as caught:
        await world.do(world.pagerduty.raise_page, DRAFT)

    assert caught.value.retry_after == timedelta(seconds=13)
    assert world.asked("pagerduty-events") == []


async def test_the_page_of_a_key_that_was_resolved_meanwhile_is_a_new_one(world: World) -> None:
    first = await world.do(world.pagerduty.raise_page, DRAFT)
    await world.do(world.pagerduty.resolve, page_key=DRAFT.key, page_id=first.id)

    second = await world.do(world.pagerduty.raise_page, DRAFT)

    assert second.id != first.id


async def test_the_truth_about_a_page(world: World) -> None:
    ref = await world.do(world.pagerduty.raise_page, DRAFT)
    assert ref.id is not None
    raised = await world.do(world.pagerduty.fetch, ref.id)
    await world.people("POST", f"/pagerduty/incidents/{ref.id}/acknowledge", {"user": "ada"})
    acknowledged = await world.do(world.pagerduty.fetch, ref.id)
    await world.do(world.pagerduty.resolve, page_key=DRAFT.key, page_id=ref.id)
    resolved = await world.do(world.pagerduty.fetch, ref.id)

    assert (raised.status, raised.acknowledged_by, raised.assigned_to) == (PageStatus.TRIGGERED, None, ("Ada",))
    assert raised.ref.key == DRAFT.key
    assert (raised.priority, raised.urgency) == ("P1", Urgency.HIGH)
    assert (acknowledged.status, acknowledged.acknowledged_by) == (PageStatus.ACKNOWLEDGED, "Ada")
    assert acknowledged.status_since is not None
    assert raised.changed_at is not None
    assert acknowledged.status_since >= raised.changed_at
    assert resolved.status is PageStatus.RESOLVED


async def test_a_page_has_what_the_woken_need(world: World) -> None:
    ref = await world.do(world.pagerduty.raise_page, WITH_FACTS)
    assert ref.id is not None

    incident = world.sandbox.pagerduty.incidents[ref.id]

    assert incident.details == "L3 did not accept in time.\n\nTicket: T-1042\nCustomers: 3"
    assert incident.conference_bridge == ConferenceBridge("+1 415-555-1212", "https://meet.example/war-room")
    assert incident.escalation_policy.id == "PEPSUP"


async def test_an_event_has_what_the_woken_need_too(world: World) -> None:
    world.break_down("pagerduty", "status", status=500)

    await world.do(world.pagerduty.raise_page, WITH_FACTS)

    (sent,) = [one for one in world.exchanges if one.path.endswith("/v2/enqueue")]
    event = json.loads(sent.request_body)
    assert event["payload"]["custom_details"] == {
        "details": "L3 did not accept in time.",
        "Ticket": "T-1042",
        "Customers": "3",
        "Priority": "P1",
        "Conference": "https://meet.example/war-room / +1 415-555-1212",
    }
    assert event["links"] == [{"href": "https://meet.example/war-room", "text": "Conference"}]


async def test_a_note_whose_answer_was_lost_is_found_by_its_marker(world: World) -> None:
    ref = await world.do(world.pagerduty.raise_page, DRAFT)
    assert ref.id is not None
    world.break_down("pagerduty", "drop_after", operation="/notes", method="POST", times=1)
    with pytest.raises(PassingFailure):
        await world.do(world.pagerduty.note, ref.id, "The customer waits.", key="T-1042/17", recheck=False)

    await world.do(world.pagerduty.note, ref.id, "The customer waits.", key="T-1042/17", recheck=True)
    await world.do(world.pagerduty.note, ref.id, "Still.", key="T-1042/1", recheck=True)

    texts = [note.content for note in world.sandbox.pagerduty.incidents[ref.id].notes]
    assert texts == ["The customer waits. [Tierline T-1042/17]", "Still. [Tierline T-1042/1]"]
    assert all(is_ours(text) for text in texts)


async def test_a_long_note_keeps_its_marker(world: World) -> None:
    ref = await world.do(world.pagerduty.raise_page, DRAFT)
    assert ref.id is not None
    await world.do(world.pagerduty.note, ref.id, "words " * 5_000, key="T-1042/2", recheck=False)

    (note,) = world.sandbox.pagerduty.incidents[ref.id].notes
    assert len(note.content) <= 10_000
    assert note.content.endswith("[Tierline T-1042/2]")


async def test_priority_and_urgency_of_an_open_page_change(world: World) -> None:
    ref = await world.do(
        world.pagerduty.raise_page, DRAFT.model_copy(update={"priority": "P2", "urgency": Urgency.LOW})
    )
    assert ref.id is not None

    await world.do(world.pagerduty.update, ref.id, priority="p1", urgency=Urgency.HIGH)
    await world.do(world.pagerduty.update, ref.id, priority="SEV-0", urgency=None)
    await world.do(world.pagerduty.update, ref.id, priority=None, urgency=None)

    page = await world.do(world.pagerduty.fetch, ref.id)
    assert (page.priority, page.urgency) == ("P1", Urgency.HIGH)
    assert world.asked("pagerduty").count(f"PUT /pagerduty/incidents/{ref.id}") == 1


async def test_a_page_that_ended_meanwhile_is_left_alone(world: World) -> None:
    ref = await world.do(world.pagerduty.raise_page, DRAFT)
    assert ref.id is not None
    await world.do(world.pagerduty.resolve, page_key=DRAFT.key, page_id=ref.id)

    await world.do(world.pagerduty.update, ref.id, priority="P2", urgency=Urgency.LOW)


async def test_resolving_what_is_resolved_is_fine(world: World) -> None:
    ref = await world.do(world.pagerduty.raise_page, DRAFT)

    for pager in (world.pagerduty, world.pagerduty, world.pagerduty_without_events):
        await world.do(pager.resolve, page_key=DRAFT.key, page_id=ref.id)
        await world.do(pager.resolve, page_key=DRAFT.key, page_id=None)
    await world.do(world.pagerduty_without_events.resolve, page_key="never/raised", page_id=None)

    assert len(world.written("pagerduty", "incident.resolve")) == 1


async def test_what_is_not_there(world: World) -> None:
    with pytest.raises(PermanentFailure) as caught:
        await world.do(world.pagerduty.fetch, "PNOWHERE")
    assert caught.value.status == 404
    with pytest.raises(PermanentFailure, match="letters and digits"):
        await world.do(world.pagerduty.fetch, "../users")


async def test_who_is_on_call(world: World) -> None:
    by_policy = await world.do(world.pagerduty.on_call, "PEPENG")
    by_service = await world.do(world.pagerduty.on_call, None, service="PSVCPAY")

    assert [(each.level, each.name) for each in by_policy] == [(1, "Ada"), (2, "Lena")]
    assert by_service == by_policy
    assert by_policy[0].until is not None
    assert by_policy[1].until is None


async def test_hours_with_nobody_on_call_are_found(world: World) -> None:
    start = datetime.now(UTC).replace(microsecond=0)
    end, leaves, comes = start + DAY, start + timedelta(hours=6), start + timedelta(hours=8)
    everybody = await world.do(world.pagerduty.gaps, ["PEPENG", "PEPSUP"], start, end)
    rota = world.sandbox.pagerduty.schedules["PSCHENG"]
    (layer,) = rota.layers
    rota.layers[:] = [replace(layer, end=leaves), replace(layer, start=comes)]

    found = await world.do(world.pagerduty.gaps, ["PEPENG", "PEPSUP"], start, end)
    rota.layers.clear()
    (all_day,) = await world.do(world.pagerduty.gaps, ["PEPENG"], start, end)

    assert everybody == []
    assert found == [OnCallGap(escalation_policy="PEPENG", name="Engineering on call", start=leaves, end=comes)]
    # The second level is still there, and is no first one.
    assert (all_day.start, all_day.end, all_day.name) == (start, end, "Engineering on call")
    assert [(each.level, each.name) for each in await world.do(world.pagerduty.on_call, "PEPENG")] == [(2, "Lena")]


async def test_what_changed_is_found_in_two_requests(world: World) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    first = await world.do(world.pagerduty.raise_page, DRAFT)
    second = await world.do(world.pagerduty.raise_page, page_draft("tierline/T-7/page/1"))
    foreign = await world.do(world.pagerduty.raise_page, page_draft("somebody-elses"))
    await world.people("POST", f"/pagerduty/incidents/{first.id}/acknowledge", {"user": "ada"})
    await world.do(world.pagerduty.resolve, page_key=second.key, page_id=second.id)
    asked = len(world.asked("pagerduty"))

    changed = await world.do(world.pagerduty.changed_since, before, ["PSVCPAY", "PSVCWEB"])
    cost = len(world.asked("pagerduty")) - asked
    later = await world.do(world.pagerduty.changed_since, datetime.now(UTC) + timedelta(minutes=1), ["PSVCPAY"])
    elsewhere = await world.do(world.pagerduty.changed_since, before, ["PSVCWEB"])
    nowhere = await world.do(world.pagerduty.changed_since, before, [])

    assert {page.ref.id: page.status for page in changed} == {
        first.id: PageStatus.ACKNOWLEDGED,
        second.id: PageStatus.RESOLVED,
    }
    assert foreign.id not in {page.ref.id for page in changed}
    # What is open is always listed; what is resolved only where it is news.
    assert [page.ref.id for page in later] == [first.id]
    assert (elsewhere, nowhere, cost) == ([], [], 2)


async def test_a_long_list_is_read_to_its_end(world: World) -> None:
    drafts = [page_draft(f"tierline/T-{number}/page/1", priority=None) for number in range(120)]
    for draft in drafts:
        await world.do(world.pagerduty.raise_page, draft)

    found = await world.do(world.pagerduty.changed_since, datetime.now(UTC) - DAY, ["PSVCPAY"])

    assert {page.ref.key for page in found} == {draft.key for draft in drafts}


async def test_a_disabled_subscription_is_enabled(world: World) -> None:
    subscription = world.sandbox.pagerduty.subscription
    subscription.disabled_until = datetime.now(UTC) + DAY
    (disabled,) = await world.do(world.pagerduty.subscriptions)

    await world.do(world.pagerduty.enable, disabled.id)
    (enabled,) = await world.do(world.pagerduty.subscriptions)
    subscription.active = False
    (off,) = await world.do(world.pagerduty.subscriptions)

    assert (disabled.enabled, disabled.switched_off) == (False, False)
    assert (enabled.enabled, enabled.switched_off) == (True, False)
    assert (off.enabled, off.switched_off) == (False, True)
    assert "incident.acknowledged" in enabled.events
    with pytest.raises(PermanentFailure):
        await world.do(world.pagerduty.enable, "PNOWHERE")


async def test_the_check(world: World) -> None:
    now = datetime.now(UTC)
    (webhooks,) = await world.do(world.pagerduty.subscriptions)
    needs = PagerNeeds(
        targets=(
            PageTarget(service="PSVCPAY"),
            PageTarget(service="PSVCWEB", escalation_policy="PEPSUP"),
            PageTarget(service="PNOWHERE", escalation_policy="PEPNONE"),
        ),
        priorities=("P1", "SEV-0"),
        webhook_url=webhooks.url,
        start=now,
        end=now + DAY,
    )

    found = {check.what: check for check in await world.do(world.pagerduty.check, needs)}

    assert {what for what, check in found.items() if check.ok} == {
        "PagerDuty: API key",
        "PagerDuty: From address",
        "PagerDuty: service PSVCPAY (Payments)",
        "PagerDuty: service PSVCWEB (Storefront)",
        "PagerDuty: escalation policy PEPENG (Engineering on call)",
        "PagerDuty: escalation policy PEPSUP (Support on call)",
        f"PagerDuty: webhooks to {webhooks.url}",
    }
    refused = {what: check.advice or "" for what, check in found.items() if not check.ok}
    assert refused.keys() == {
        "PagerDuty: service PNOWHERE",
        "PagerDuty: escalation policy PEPNONE",
        "PagerDuty: priorities",
    }
    assert "none named SEV-0 (it has P1, P2, P3, P4)" in refused["PagerDuty: priorities"]


async def test_the_check_finds_hours_without_anybody(world: World) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    rota = world.sandbox.pagerduty.schedules["PSCHENG"]
    rota.layers[:] = [replace(rota.layers[0], end=now + timedelta(hours=5))]
    needs = PagerNeeds(targets=(PageTarget(service="PSVCPAY"),), start=now, end=now + DAY)

    (tomorrow,) = [check for check in await world.do(world.pagerduty.check, needs) if not check.ok]
    rota.layers.clear()
    (today,) = [check for check in await world.do(world.pagerduty.check, needs) if not check.ok]

    assert f"nobody is on call at its first level from {now + timedelta(hours=5):%Y-%m-%d %H:%M}" in (
        tomorrow.advice or ""
    )
    assert "nobody is on call at its first level now" in (today.advice or "")


async def test_the_check_says_what_is_wrong_with_the_webhooks(world: World) -> None:
    subscription = world.sandbox.pagerduty.subscription
    (webhooks,) = await world.do(world.pagerduty.subscriptions)
    elsewhere = PagerNeeds(webhook_url="https://tierline.example/webhooks/pagerduty")
    needs = PagerNeeds(targets=(PageTarget(service="PSVCPAY"),), webhook_url=webhooks.url)

    async def advice(wanted: PagerNeeds) -> str:
        (wrong,) = [check for check in await world.do(world.pagerduty.check, wanted) if not check.ok]
        return wrong.advice or ""

    assert "no webhook subscription sends there" in await advice(elsewhere)
    subscription.events = ("incident.acknowledged",)
    assert "it does not send incident.triggered" in await advice(needs)
    subscription.filter = ("service_reference", "PSVCWEB")
    assert "no subscription covers the service PSVCPAY" in await advice(needs)
    subscription.disabled_until = datetime.now(UTC) + DAY
    assert "PagerDuty has disabled the subscription PWEBHK1" in await advice(needs)
    subscription.active = False
    assert "is switched off" in await advice(needs)


async def test_strangers(world: World) -> None:
    url = f"{world.sandbox.http_url}/pagerduty"
    (refused,) = await world.do(PagerDutyPager(SecretStr("guess"), "tierline@acme.example", url).check, PagerNeeds())
    assert "TIERLINE_PAGERDUTY__API_KEY" in (refused.advice or "")

    key = world.sandbox.credentials.pagerduty_api_key
    nobody = PagerDutyPager(key, "nobody@acme.example", url)
    _, address = await world.do(nobody.check, PagerNeeds())
    assert "TIERLINE_PAGERDUTY__FROM_EMAIL" in (address.advice or "")
    with pytest.raises(PermanentFailure, match="TIERLINE_PAGERDUTY__FROM_EMAIL"):
        await world.do(nobody.raise_page, page_draft(priority=None))

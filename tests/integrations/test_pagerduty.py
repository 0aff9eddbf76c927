"""PagerDuty as the pager, against the local PagerDuty."""

from datetime import timedelta

import pytest
from pydantic import SecretStr

from domain.paging import PageStatus, Urgency
from integrations.errors import PassingFailure, PermanentFailure, RateLimited
from integrations.pagerduty.pager import PagerDutyPager
from tests.integrations.conftest import World
from tests.integrations.subjects import page_draft

DRAFT = page_draft()


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
    await world.do(world.pagerduty.note, ref.id, "The customer waits on the phone.")
    await world.do(world.pagerduty.resolve, page_key=DRAFT.key, page_id=ref.id)
    resolved = await world.do(world.pagerduty.fetch, ref.id)

    assert (raised.status, raised.acknowledged_by, raised.assigned_to) == (PageStatus.TRIGGERED, None, ("Ada",))
    assert raised.ref.key == DRAFT.key
    assert (acknowledged.status, acknowledged.acknowledged_by) == (PageStatus.ACKNOWLEDGED, "Ada")
    assert resolved.status is PageStatus.RESOLVED
    assert len(world.written("pagerduty", "note.create")) == 1


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


async def test_the_check(world: World) -> None:
    found = {check.what: check for check in await world.do(world.pagerduty.check, ["PSVCPAY", "PNOWHERE"])}

    assert found["PagerDuty: API key"].ok
    assert found["PagerDuty: From address"].ok
    assert found["PagerDuty: service PSVCPAY (Payments)"].ok
    assert not found["PagerDuty: service PNOWHERE"].ok


async def test_strangers(world: World) -> None:
    url = f"{world.sandbox.http_url}/pagerduty"
    (refused,) = await world.do(PagerDutyPager(SecretStr("guess"), "tierline@acme.example", url).check, [])
    assert "TIERLINE_PAGERDUTY__API_KEY" in (refused.advice or "")

    key = world.sandbox.credentials.pagerduty_api_key
    nobody = PagerDutyPager(key, "nobody@acme.example", url)
    _, address = await world.do(nobody.check, [])
    assert "TIERLINE_PAGERDUTY__FROM_EMAIL" in (address.advice or "")
    with pytest.raises(PermanentFailure, match="TIERLINE_PAGERDUTY__FROM_EMAIL"):
        await world.do(nobody.raise_page, page_draft(priority=None))

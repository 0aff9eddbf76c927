"""What the local PagerDuty does by itself: levels with time-outs, loops, acknowledgements that run out; and whom it wakes.

A minute of PagerDuty's lasts a few milliseconds here, and each test waits for what it expects.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from sandbox.server import Sandbox
from tests.sandbox.pagerduty_client import HOOK, ask, event_types, events_api, incident, raise_incident
from tests.sandbox.receiver import Receiver

KEY = "tierline/T-1/3"
LEVELS = {
    "rules": [
        {"targets": ["ada"], "escalation_delay_in_minutes": 5},
        {"targets": ["PSCHSUP"], "escalation_delay_in_minutes": 5},
    ]
}
SUPPORT_HAS_TOM = {"layers": [{"users": ["tom"]}]}


async def set_up(people: httpx2.AsyncClient, *, seconds_per_minute: float = 60.0, **more: Any) -> None:
    """Two levels, Ada and then whom the support rota has (Tom), and a pace."""
    for path, form in {
        "schedules/PSCHSUP": SUPPORT_HAS_TOM,
        "escalation_policies/PEPENG": LEVELS | more,
        "settings": {"seconds_per_minute": seconds_per_minute},
    }.items():
        answer = await people.put(f"/sandbox/pagerduty/{path}", json=form)
        assert answer.is_success, answer.text


async def pace(people: httpx2.AsyncClient, seconds_per_minute: float) -> None:
    answer = await people.put("/sandbox/pagerduty/settings", json={"seconds_per_minute": seconds_per_minute})
    assert answer.is_success, answer.text


def woken(sandbox: Sandbox) -> list[tuple[str, int | None, str]]:
    """Who was notified, at which level and why, in order."""
    return [(each.person, each.level, each.reason) for each in sandbox.pagerduty.notifications.entries()]


async def test_who_acknowledges_is_woken_once(sandbox: Sandbox, gateway: Receiver, people: httpx2.AsyncClient) -> None:
    await set_up(people)
    id_ = await raise_incident(sandbox)
    await people.post(f"/people/pagerduty/incidents/{id_}/acknowledge", json={"user": "ada"})
    await gateway.wait_for(HOOK, 2)

    [notification] = (await people.get("/sandbox/pagerduty/notifications", params={"incident_key": KEY})).json()
    assert (notification["person"], notification["level"], notification["urgency"]) == ("ada", 1, "high")
    assert (notification["incident_key"], notification["reason"], notification["incident"]) == (KEY, "triggered", id_)
    assert (await people.get("/sandbox/pagerduty/notifications", params={"person": "tom"})).json() == []


async def test_what_nobody_takes_goes_up_level_by_level_and_ends_there(
    sandbox: Sandbox, gateway: Receiver, people: httpx2.AsyncClient
) -> None:
    await set_up(people, seconds_per_minute=0.02)
    id_ = await raise_incident(sandbox)
    _, escalated = await gateway.wait_for(HOOK, 2)

    event = escalated.content["event"]
    assert (event["event_type"], event["agent"]) == ("incident.escalated", None)
    assert [assignee["summary"] for assignee in event["data"]["assignees"]] == ["Tom"]
    await until_logged(sandbox, id_, "exhaust_escalation_path_log_entry")
    assert woken(sandbox) == [("ada", 1, "triggered"), ("tom", 2, "escalated")]
    assert event_types(gateway.at(HOOK)) == ["incident.triggered", "incident.escalated"]


async def test_a_policy_that_repeats_begins_again_at_its_first_level(
    sandbox: Sandbox, gateway: Receiver, people: httpx2.AsyncClient
) -> None:
    await set_up(people, seconds_per_minute=0.01, num_loops=1)
    id_ = await raise_incident(sandbox)
    await until_logged(sandbox, id_, "exhaust_escalation_path_log_entry")

    assert woken(sandbox) == [
        ("ada", 1, "triggered"),
        ("tom", 2, "escalated"),
        ("ada", 1, "escalated"),
        ("tom", 2, "escalated"),
    ]
    log = [entry.type for entry in sandbox.pagerduty.incidents[id_].log]
    assert log.count("repeat_escalation_path_log_entry") == 1


async def test_an_acknowledgement_that_runs_out_wakes_the_same_person_again(
    sandbox: Sandbox, gateway: Receiver, people: httpx2.AsyncClient
) -> None:
    await set_up(people)
    await people.put("/sandbox/pagerduty/services/PSVCPAY", json={"acknowledgement_timeout_s": 60})
    id_ = await raise_incident(sandbox)
    await people.post(f"/people/pagerduty/incidents/{id_}/acknowledge", json={"user": "ada"})
    await pace(people, 0.05)
    delivered = await gateway.wait_for(HOOK, 3)
    await pace(people, 60.0)

    assert event_types(delivered)[2] == "incident.unacknowledged"
    assert delivered[2].content["event"]["agent"] is None
    assert woken(sandbox)[:2] == [("ada", 1, "triggered"), ("ada", 1, "unacknowledged")]


async def test_without_a_time_out_an_acknowledgement_stays(sandbox: Sandbox, people: httpx2.AsyncClient) -> None:
    await set_up(people, seconds_per_minute=0.001)
    shown = await people.put("/sandbox/pagerduty/services/PSVCPAY", json={"acknowledgement_timeout_s": None})
    assert shown.json()["acknowledgement_timeout_s"] is None
    id_ = await raise_incident(sandbox, urgency="low")
    await people.post(f"/people/pagerduty/incidents/{id_}/acknowledge", json={"user": "ada"})
    assert (await ask(sandbox, lambda client: client.rget(f"incidents/{id_}")))["pending_actions"] == []


async def test_what_stays_open_too_long_is_resolved_by_nobody(
    sandbox: Sandbox, gateway: Receiver, people: httpx2.AsyncClient
) -> None:
    await set_up(people, seconds_per_minute=0.05)
    await people.put("/sandbox/pagerduty/services/PSVCPAY", json={"auto_resolve_timeout_s": 120})
    await raise_incident(sandbox)
    *_, resolved = await gateway.wait_for(HOOK, 2)

    event = resolved.content["event"]
    assert (event["event_type"], event["agent"], event["data"]["status"]) == ("incident.resolved", None, "resolved")


async def test_low_urgency_does_not_escalate_until_it_is_raised(
    sandbox: Sandbox, gateway: Receiver, people: httpx2.AsyncClient
) -> None:
    await set_up(people)
    id_ = await raise_incident(sandbox, urgency="low")
    pending = await ask(sandbox, lambda client: client.rget(f"incidents/{id_}"))
    assert pending["pending_actions"] == []
    raised = await ask(
        sandbox, lambda client: client.rput(f"incidents/{id_}", json={"type": "incident", "urgency": "high"})
    )
    assert [action["type"] for action in raised["pending_actions"]] == ["escalate"]
    assert [(each.person, each.urgency, each.reason) for each in sandbox.pagerduty.notifications.entries()] == [
        ("ada", "low", "triggered"),
        ("ada", "high", "urgency_raised"),
    ]


async def test_a_snoozed_incident_comes_back(sandbox: Sandbox, gateway: Receiver, people: httpx2.AsyncClient) -> None:
    await set_up(people)
    id_ = await raise_incident(sandbox)

    def snooze(client: Any) -> Any:
        return client.post(f"incidents/{id_}/snooze", json={"duration": 3600}).json()["incident"]

    snoozed = await ask(sandbox, snooze)
    assert (snoozed["status"], snoozed["pending_actions"][0]["type"]) == ("acknowledged", "unacknowledge")
    await pace(people, 0.01)
    delivered = await gateway.wait_for(HOOK, 3)
    assert event_types(delivered)[:3] == ["incident.triggered", "incident.acknowledged", "incident.unacknowledged"]
    assert woken(sandbox)[1] == ("ada", 1, "unacknowledged")


async def test_pending_actions_say_when_what_will_happen(sandbox: Sandbox, people: httpx2.AsyncClient) -> None:
    await set_up(people)
    before = datetime.now(UTC).replace(microsecond=0)
    id_ = await raise_incident(sandbox)
    shown = await ask(sandbox, lambda client: client.rget(f"incidents/{id_}"))
    [action] = shown["pending_actions"]
    at = datetime.fromisoformat(action["at"])
    assert action["type"] == "escalate"
    assert before + timedelta(minutes=5) <= at <= datetime.now(UTC) + timedelta(minutes=5)


async def test_a_level_with_nobody_on_call_is_skipped_at_once(
    sandbox: Sandbox, gateway: Receiver, people: httpx2.AsyncClient
) -> None:
    await people.put("/sandbox/pagerduty/schedules/PSCHENG", json={"layers": []})
    await raise_incident(sandbox)
    [delivered] = await gateway.wait_for(HOOK)
    assert [assignee["summary"] for assignee in delivered.content["event"]["data"]["assignees"]] == ["Lena"]
    assert woken(sandbox) == [("lena", 2, "triggered")]


async def test_where_nobody_is_on_call_at_all_no_incident_is_made(
    sandbox: Sandbox, gateway: Receiver, people: httpx2.AsyncClient
) -> None:
    await people.put("/sandbox/pagerduty/schedules/PSCHENG", json={"layers": []})
    only_the_rota = {"rules": [{"targets": ["PSCHENG"]}]}
    await people.put("/sandbox/pagerduty/escalation_policies/PEPENG", json=only_the_rota)

    refused = await ask(sandbox, lambda client: client.post("incidents", json={"incident": incident()}))
    assert refused.status_code == 400
    assert refused.json()["error"]["errors"] == ["No one is on-call for the escalation policy Engineering on call"]

    def event() -> str:
        with events_api(sandbox) as client:
            return str(client.trigger("T-1: refunds fail", "tierline", dedup_key=KEY))

    assert await asyncio.to_thread(event) == KEY
    assert (sandbox.pagerduty.incidents, woken(sandbox)) == ({}, [])
    by_name = incident(assignments=[{"assignee": {"id": "PUSRTOM", "type": "user_reference"}}])
    assert (await ask(sandbox, lambda client: client.rpost("incidents", json=by_name)))["status"] == "triggered"
    assert woken(sandbox) == [("tom", None, "triggered")]


async def test_what_is_assigned_by_name_does_not_escalate(sandbox: Sandbox, people: httpx2.AsyncClient) -> None:
    await set_up(people)
    id_ = await raise_incident(sandbox)
    await people.post(f"/people/pagerduty/incidents/{id_}/reassign", json={"user": "ada", "to": "lena"})
    shown = await ask(sandbox, lambda client: client.rget(f"incidents/{id_}"))
    assert (shown["assigned_via"], shown["pending_actions"]) == ("direct_assignment", [])
    assert woken(sandbox)[-1] == ("lena", None, "reassigned")


async def test_delegating_begins_the_other_policy(
    sandbox: Sandbox, gateway: Receiver, people: httpx2.AsyncClient
) -> None:
    await set_up(people)
    id_ = await raise_incident(sandbox)
    policy = {"id": "PEPSUP", "type": "escalation_policy_reference"}
    form = {"type": "incident", "escalation_policy": policy}
    shown = await ask(sandbox, lambda client: client.rput(f"incidents/{id_}", json=form))
    assert shown["escalation_policy"]["id"] == "PEPSUP"
    *_, delegated = await gateway.wait_for(HOOK, 2)
    assert delegated.content["event"]["event_type"] == "incident.delegated"
    assert delegated.content["event"]["data"]["escalation_policy"]["summary"] == "Support on call"
    assert woken(sandbox)[-1] == ("tom", 1, "delegated")


@pytest.mark.parametrize(("level", "status"), [(1, 200), (2, 200), (3, 400)])
async def test_a_level_is_asked_by_its_number(
    sandbox: Sandbox, people: httpx2.AsyncClient, level: int, status: int
) -> None:
    await set_up(people)
    id_ = await raise_incident(sandbox)
    form = {"incident": {"type": "incident", "escalation_level": level}}
    answer = await ask(sandbox, lambda client: client.put(f"incidents/{id_}", json=form))
    assert answer.status_code == status
    names = {1: "ada", 2: "tom"}
    assert woken(sandbox)[1:] == ([(names[level], level, "escalated")] if level in names else [])


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("schedules/PNONE", {"layers": []}, 404),
        ("schedules/PSCHENG", {"layers": [{"users": ["nobody"]}]}, 404),
        ("escalation_policies/PNONE", LEVELS, 404),
        ("escalation_policies/PEPENG", {"rules": []}, 422),
        ("escalation_policies/PEPENG", {"rules": [{"targets": ["nobody"]}]}, 404),
        ("services/PNONE", {}, 404),
        ("services/PSVCPAY", {"escalation_policy": "PNONE"}, 404),
        ("settings", {"seconds_per_minute": 0}, 422),
    ],
)
async def test_settings_that_make_no_sense_are_refused(
    people: httpx2.AsyncClient, path: str, form: dict[str, Any], status: int
) -> None:
    assert (await people.put(f"/sandbox/pagerduty/{path}", json=form)).status_code == status


async def until_logged(sandbox: Sandbox, id_: str, entry: str) -> None:
    """Wait until an incident's log has an entry of this type."""

    for _ in range(1000):
        if any(each.type == entry for each in sandbox.pagerduty.incidents[id_].log):
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"no {entry} within 10 s: {[each.type for each in sandbox.pagerduty.incidents[id_].log]}")

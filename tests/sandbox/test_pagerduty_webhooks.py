"""What the local PagerDuty tells its subscribers: every type of event, who gets which, retries, and being disabled."""

import asyncio
import hashlib
import hmac
import json
from typing import Any

import httpx2
import pytest
from fastapi import Response

from sandbox.pagerduty.account import EVENTS
from sandbox.server import Sandbox
from tests.sandbox.pagerduty_client import HOOK, ask, raise_incident
from tests.sandbox.receiver import Receiver
from tests.shared import shared_dir

ELSEWHERE = "/elsewhere"

# What somebody does on the page, the event that follows, the type of its data, and members that PagerDuty documents.
DEEDS: list[tuple[str, dict[str, Any], str, str, set[str]]] = [
    ("acknowledge", {}, "acknowledged", "incident", {"status", "assignees", "urgency"}),
    ("unacknowledge", {}, "unacknowledged", "incident", {"status"}),
    ("escalate", {}, "escalated", "incident", {"assignees"}),
    ("reassign", {"to": "tom"}, "reassigned", "incident", {"assignees"}),
    ("delegate", {"policy": "PEPSUP"}, "delegated", "incident", {"escalation_policy"}),
    ("priority", {"priority": "P1"}, "priority_updated", "incident", {"priority"}),
    ("note", {"text": "Looking."}, "annotated", "incident_note", {"incident", "id", "content", "trimmed"}),
    ("responder", {"to": "lena"}, "responder.added", "incident_responder", {"incident", "user", "message", "state"}),
    ("reply", {"user": "lena", "accept": True}, "responder.replied", "incident_responder", {"user", "state"}),
    (
        "status_update",
        {"message": "A fix is near."},
        "status_update_published",
        "incident_status_update",
        {"incident", "id", "message", "trimmed"},
    ),
    (
        "conference_bridge",
        {"url": "https://meet.example/1", "number": "+1 555"},
        "conference_bridge.updated",
        "incident_conference_bridge",
        {"incident", "conference_numbers", "conference_url"},
    ),
    (
        "workflow",
        {"name": "Major incident"},
        "workflow.started",
        "incident_workflow_instance",
        {"incident_workflow", "workflow_trigger", "incident", "service", "summary"},
    ),
    ("resolve", {}, "resolved", "incident", {"status"}),
    ("reopen", {}, "reopened", "incident", {"status", "assignees"}),
]


async def test_each_deed_is_told_in_its_documented_shape(
    sandbox: Sandbox, gateway: Receiver, people: httpx2.AsyncClient
) -> None:
    known = dict(json.loads((shared_dir("contracts", "pagerduty", "webhooks") / "event-types.json").read_text()))
    id_ = await raise_incident(sandbox)
    for deed, form, *_ in DEEDS:
        answer = await people.post(f"/people/pagerduty/incidents/{id_}/{deed}", json={"user": "ada"} | form)
        assert answer.is_success, (deed, answer.text)
    moved = {"type": "incident", "service": {"id": "PSVCWEB", "type": "service_reference"}}
    await ask(sandbox, lambda client: client.rput(f"incidents/{id_}", json=moved))
    # The workflow is told twice (started, completed), and the incident's opening and its move to another service once.
    delivered = await gateway.wait_for(HOOK, len(DEEDS) + 3)

    by_type = {one.content["event"]["event_type"]: one.content["event"] for one in delivered}
    assert set(by_type) == set(EVENTS)
    for _, form, name, kind, members in DEEDS:
        event = by_type[f"incident.{name}"]
        assert event["data"]["type"] == kind == known[f"incident.{name}"]
        assert event["resource_type"] == "incident"
        assert event["agent"]["id"] == ("PUSRLEN" if form.get("user") == "lena" else "PUSRADA")
        assert members <= set(event["data"])
        about = event["data"].get("incident", event["data"])
        assert about["id"] == id_
    assert by_type["incident.responder.replied"]["data"]["state"] == "joined"
    assert by_type["incident.reopened"]["data"]["conference_bridge"]["conference_url"] == "https://meet.example/1"


async def test_responders_are_asked_and_answer(sandbox: Sandbox, gateway: Receiver, people: httpx2.AsyncClient) -> None:
    id_ = await raise_incident(sandbox)

    def request(client: Any) -> Any:
        targets = [
            {"responder_request_target": {"id": "PUSRTOM", "type": "user_reference"}},
            {"responder_request_target": {"id": "PEPENG", "type": "escalation_policy_reference"}},
        ]
        body = {"requester_id": "PUSRBOT", "message": "Please help.", "responder_request_targets": targets}
        return client.post(f"incidents/{id_}/responder_requests", json=body).json()["responder_request"]

    asked = await ask(sandbox, request)
    assert [each["responder_request_target"]["id"] for each in asked["responder_request_targets"]] == [
        "PUSRTOM",
        "PEPENG",
    ]
    path = f"/people/pagerduty/incidents/{id_}/reply"
    assert (await people.post(path, json={"user": "tom", "accept": False})).status_code == 200
    assert (await people.post(path, json={"user": "tom", "accept": True})).status_code == 409
    *_, replied = await gateway.wait_for(HOOK, 4)
    assert (replied.content["event"]["event_type"], replied.content["event"]["data"]["state"]) == (
        "incident.responder.replied",
        "declined",
    )
    shown = await ask(sandbox, lambda client: client.rget(f"incidents/{id_}"))
    assert [(each["user"]["summary"], each["state"]) for each in shown["incidents_responders"]] == [
        ("Tom", "declined"),
        ("Ada", "pending"),
    ]
    asked_to_help = [each for each in sandbox.pagerduty.notifications.entries() if each.level is None]
    assert [(each.person, each.reason) for each in asked_to_help] == [
        ("tom", "responder_requested"),
        ("ada", "responder_requested"),
    ]


async def test_a_status_update_is_published_through_the_api(sandbox: Sandbox, gateway: Receiver) -> None:
    id_ = await raise_incident(sandbox)

    def publish(client: Any) -> Any:
        body = {"message": "A fix is near."}
        return client.post(f"incidents/{id_}/status_updates", json=body).json()["status_update"]

    published = await ask(sandbox, publish)
    assert (published["message"], published["sender"]["id"]) == ("A fix is near.", "PUSRBOT")
    *_, delivered = await gateway.wait_for(HOOK, 2)
    assert delivered.content["event"]["data"]["message"] == "A fix is near."


async def test_a_note_that_the_bot_writes_twice_is_counted(sandbox: Sandbox, people: httpx2.AsyncClient) -> None:
    id_ = await raise_incident(sandbox)
    for _ in range(2):
        await people.post(f"/people/pagerduty/incidents/{id_}/note", json={"user": "ada", "text": "Looking."})
    assert sandbox.ledger.duplicates("pagerduty") == {}
    for _ in range(2):
        await ask(sandbox, lambda client: client.rpost(f"incidents/{id_}/notes", json={"content": "T-1 waits."}))
    assert sandbox.ledger.duplicates("pagerduty") == {("pagerduty", "note.create", f"{id_}: T-1 waits."): 2}


async def test_a_subscriber_gets_what_it_asked_for_signed_with_its_own_secret(
    sandbox: Sandbox, gateway: Receiver
) -> None:
    wanted = {
        "type": "webhook_subscription",
        "delivery_method": {
            "type": "http_delivery_method",
            "url": f"{gateway.url}{ELSEWHERE}",
            "custom_headers": [{"name": "X-Team", "value": "payments"}],
        },
        "events": ["incident.triggered"],
        "filter": {"type": "service_reference", "id": "PSVCPAY"},
    }

    def subscribe(client: Any) -> Any:
        created = client.rpost("webhook_subscriptions", json=wanted)
        return created, client.rget(f"webhook_subscriptions/{created['id']}")

    created, read = await ask(sandbox, subscribe)
    assert read["delivery_method"]["secret"] is None
    assert read["delivery_method"]["custom_headers"] == [{"name": "X-Team", "value": "<redacted>"}]
    id_ = await raise_incident(sandbox)
    await raise_incident(sandbox, "other", service={"id": "PSVCWEB", "type": "service_reference"})
    await ask(sandbox, lambda client: client.rput(f"incidents/{id_}", json={"type": "incident", "status": "resolved"}))
    await gateway.wait_for(HOOK, 3)
    await sandbox.deliveries.settled()
    [delivered] = gateway.at(ELSEWHERE)
    secret = created["delivery_method"]["secret"].encode()
    assert (delivered.headers["x-team"], delivered.headers["x-webhook-subscription"]) == ("payments", created["id"])
    expected = hmac.new(secret, delivered.body, hashlib.sha256).hexdigest()
    assert delivered.headers["x-pagerduty-signature"] == f"v1={expected}"

    def take_away(client: Any) -> tuple[int, int]:
        path = f"webhook_subscriptions/{created['id']}"
        return client.delete(path).status_code, client.get(path).status_code

    assert await ask(sandbox, take_away) == (204, 404)


async def test_a_subscription_that_is_switched_off_hears_nothing(sandbox: Sandbox, gateway: Receiver) -> None:
    off = {"type": "webhook_subscription", "active": False}
    shown = await ask(sandbox, lambda client: client.rput("webhook_subscriptions/PWEBHK1", json=off))
    assert shown["active"] is False
    await raise_incident(sandbox)
    await sandbox.deliveries.settled()
    assert gateway.at(HOOK) == []


@pytest.mark.parametrize(
    "change",
    [
        {"events": []},
        {"events": ["incident.exploded"]},
        {"filter": {"type": "service_reference", "id": "PNONE"}},
        {"delivery_method": {"type": "http_delivery_method", "url": "not an address"}},
    ],
)
async def test_a_wrong_subscription_is_refused(sandbox: Sandbox, change: dict[str, Any]) -> None:
    right = {
        "type": "webhook_subscription",
        "delivery_method": {"type": "http_delivery_method", "url": "https://acme.example/hook"},
        "events": ["incident.triggered"],
        "filter": {"type": "account_reference"},
    }
    body = {"webhook_subscription": right | change}
    answer = await ask(sandbox, lambda client: client.post("webhook_subscriptions", json=body))
    assert (answer.status_code, len(sandbox.pagerduty.subscriptions)) == (400, 1)


async def test_a_retry_keeps_the_ids_and_later_events_of_the_incident_wait(
    sandbox: Sandbox, gateway: Receiver, people: httpx2.AsyncClient
) -> None:
    sandbox.deliveries.scale = 0.0
    statuses = iter([500, 503])
    gateway.answer = lambda _: Response(status_code=next(statuses, 202))
    id_ = await raise_incident(sandbox)
    await people.post(f"/people/pagerduty/incidents/{id_}/acknowledge", json={"user": "ada"})
    first, second, third, acknowledged = await gateway.wait_for(HOOK, 4)
    assert first.body == second.body == third.body
    assert len({one.headers["x-webhook-id"] for one in (first, second, third)}) == 1
    assert acknowledged.content["event"]["event_type"] == "incident.acknowledged"


async def test_what_was_given_up_counts_as_dropped_and_what_waits_is_dropped_with_it(
    sandbox: Sandbox, gateway: Receiver, people: httpx2.AsyncClient
) -> None:
    sandbox.deliveries.scale = 0.0
    gateway.answer = lambda _: Response(status_code=500)
    id_ = await raise_incident(sandbox)
    for text in ("one", "two", "three", "four"):
        await people.post(f"/people/pagerduty/incidents/{id_}/note", json={"user": "ada", "text": text})
    await sandbox.deliveries.settled()
    # Ten attempts each for the first three; the others were dropped unsent.
    assert len(gateway.at(HOOK)) == 30
    [shown] = (await people.get("/sandbox/pagerduty/subscriptions")).json()
    assert (shown["disabled"], shown["drops_in_a_row"]) == (True, 3)


async def test_a_disabled_subscription_hears_again_when_its_time_is_up(
    sandbox: Sandbox, gateway: Receiver, people: httpx2.AsyncClient
) -> None:
    await people.put("/sandbox/pagerduty/settings", json={"seconds_per_minute": 60})
    disabled = (await people.post("/sandbox/pagerduty/subscriptions/PWEBHK1/disable")).json()
    assert disabled["disabled"] is True
    id_ = await raise_incident(sandbox)
    await people.post(f"/people/pagerduty/incidents/{id_}/resolve", json={"user": "ada"})
    await sandbox.deliveries.settled()
    assert gateway.at(HOOK) == []
    # A day of so short minutes is over before the next call comes.
    await people.put("/sandbox/pagerduty/settings", json={"seconds_per_minute": 0.001})
    await people.post("/sandbox/pagerduty/subscriptions/PWEBHK1/enable")
    await people.post("/sandbox/pagerduty/subscriptions/PWEBHK1/disable")
    assert await enabled_by_itself(people)
    await people.put("/sandbox/pagerduty/settings", json={"seconds_per_minute": 60})
    await raise_incident(sandbox, "second")
    [delivered] = await gateway.wait_for(HOOK)
    assert delivered.content["event"]["data"]["incident_key"] == "second"


async def enabled_by_itself(people: httpx2.AsyncClient) -> bool:
    """Ask until the subscription is enabled, for ten seconds at most."""
    for _ in range(1000):
        [shown] = (await people.get("/sandbox/pagerduty/subscriptions")).json()
        if not shown["disabled"]:
            return True
        await asyncio.sleep(0.01)
    return False


async def test_the_log_is_read_by_time_and_in_overview(
    sandbox: Sandbox, gateway: Receiver, people: httpx2.AsyncClient
) -> None:
    id_ = await raise_incident(sandbox)
    await people.post(f"/people/pagerduty/incidents/{id_}/acknowledge", json={"user": "ada"})

    def question(client: Any) -> tuple[Any, ...]:
        whole = client.rget("log_entries", params={"include[]": ["incidents"]})
        overview = client.rget(f"incidents/{id_}/log_entries", params={"is_overview": "true"})
        future = client.rget("log_entries", params={"since": "2099-01-01T00:00:00Z"})
        one = client.rget(f"log_entries/{whole[0]['id']}")
        return whole, overview, future, one

    whole, overview, future, one = await ask(sandbox, question)
    assert [each["type"] for each in whole] == ["acknowledge_log_entry", "notify_log_entry", "trigger_log_entry"]
    assert (whole[1]["user"]["summary"], whole[0]["incident"]["status"]) == ("Ada", "acknowledged")
    assert [each["type"] for each in overview] == ["acknowledge_log_entry", "trigger_log_entry"]
    assert (future, one["type"]) == ([], "acknowledge_log_entry")


async def test_incidents_are_sorted_and_changed_in_every_way_that_is_documented(sandbox: Sandbox) -> None:
    first = await raise_incident(sandbox, "one", urgency="low")
    second = await raise_incident(sandbox, "two")

    def question(client: Any) -> tuple[Any, ...]:
        changed = client.rput(
            f"incidents/{first}",
            json={
                "type": "incident",
                "title": "T-1: refunds fail everywhere",
                "priority": "P2",
                "conference_bridge": {"conference_url": "https://meet.example/1"},
            },
        )
        by_urgency = client.rget("incidents", params={"sort_by": "urgency:desc,created_at:asc"})
        newest = client.rget("incidents", params={"sort_by": "created_at:desc", "urgencies[]": ["high", "low"]})
        wrong = client.get("incidents", params={"sort_by": "colour"}).status_code
        bridge = client.rget(f"incidents/{first}", params={"include[]": ["conference_bridge"]})["conference_bridge"]
        resolved = {"type": "incident", "status": "resolved", "resolution": "A deployment was undone."}
        client.rput(f"incidents/{first}", json=resolved)
        entries = client.rget(f"incidents/{first}/log_entries")
        again = client.rput(f"incidents/{first}", json={"type": "incident", "status": "acknowledged"})
        return changed, by_urgency, newest, wrong, bridge, entries, again

    changed, by_urgency, newest, wrong, bridge, entries, again = await ask(sandbox, question)
    assert (changed["title"], changed["priority"]["name"]) == ("T-1: refunds fail everywhere", "P2")
    assert [each["id"] for each in by_urgency] == [second, first]
    assert ([each["id"] for each in newest], wrong) == ([second, first], 400)
    assert bridge["conference_url"] == "https://meet.example/1"
    assert entries[0]["channel"]["summary"] == "A deployment was undone."
    # Who acknowledges what was resolved takes it, and nobody else is woken.
    assert (again["status"], [each["assignee"]["id"] for each in again["assignments"]]) == (
        "acknowledged",
        ["PUSRBOT"],
    )
    assert [each.reason for each in sandbox.pagerduty.notifications.entries()] == ["triggered", "triggered"]


def test_the_event_types_are_pagerdutys_own() -> None:
    known = json.loads((shared_dir("contracts", "pagerduty", "webhooks") / "event-types.json").read_text())
    assert set(EVENTS) <= {name for name, _ in known}

"""The local PagerDuty as a bot meets it, through PagerDuty's own Python client, and as Ada does in its app."""

import asyncio
import json
from typing import Any

import httpx2
import pytest
from fastapi import Response
from pagerduty import HttpError

from sandbox.server import Sandbox
from tests.sandbox.pagerduty_client import HOOK, ask, event_types, events_api, incident, rest
from tests.sandbox.receiver import Receiver
from tests.shared import shared_dir


async def test_a_raised_incident_goes_to_who_is_on_call_and_is_told(sandbox: Sandbox, gateway: Receiver) -> None:
    priority = {"id": "PPRIOR1", "type": "priority_reference"}
    raised = await ask(sandbox, lambda client: client.rpost("incidents", json=incident(priority=priority)))
    assert (raised["status"], raised["incident_key"], raised["priority"]["name"]) == (
        "triggered",
        "tierline/T-1/3",
        "P1",
    )
    assert [a["assignee"]["summary"] for a in raised["assignments"]] == ["Ada"]
    [delivered] = await gateway.wait_for(HOOK)
    event = delivered.content["event"]
    assert (event["event_type"], event["data"]["incident_key"]) == ("incident.triggered", "tierline/T-1/3")
    assert event["agent"]["summary"] == "Tierline"
    assert delivered.headers["x-webhook-id"]
    assert [entry.marker for entry in sandbox.ledger.entries("pagerduty", "incident.create")] == ["tierline/T-1/3"]


async def test_a_second_open_incident_of_the_same_key_is_refused_until_the_first_is_resolved(
    sandbox: Sandbox,
) -> None:
    def question(client: Any) -> tuple[Any, ...]:
        first = client.rpost("incidents", json=incident())
        refused = client.post("incidents", json={"incident": incident()})
        client.rput(f"incidents/{first['id']}", json={"type": "incident", "status": "resolved"})
        second = client.rpost("incidents", json=incident())
        found = client.list_all("incidents", params={"incident_key": "tierline/T-1/3", "statuses[]": ["triggered"]})
        return refused.status_code, refused.json()["error"], [one["id"] for one in found] == [second["id"]]

    status, error, found = await ask(sandbox, question)
    assert (status, error["message"], found) == (400, "Arguments Caused Error", True)
    assert error["errors"] == ["Open incident with matching dedup key already exists on this service"]
    # The same key on another service is another incident.
    other = incident(service={"id": "PSVCWEB", "type": "service_reference"})
    assert (await ask(sandbox, lambda client: client.rpost("incidents", json=other)))["status"] == "triggered"


@pytest.mark.parametrize(
    ("sender", "words"),
    [
        (None, 'You must specify a user\'s email address in the "From" header to perform this action'),
        ("stranger@acme.example", "Requester User Not Found"),
        ("ada", 'Malformed "From" header'),
    ],
)
async def test_writing_needs_the_address_of_a_known_user(sandbox: Sandbox, sender: str | None, words: str) -> None:
    def question() -> tuple[int, str]:
        with rest(sandbox, default_from=sender) as client:
            answer = client.post("incidents", json={"incident": incident()})
            return answer.status_code, answer.json()["error"]["message"]

    assert await asyncio.to_thread(question) == (400, words)
    assert sandbox.pagerduty.incidents == {}


async def test_a_wrong_key_is_refused(sandbox: Sandbox) -> None:
    def question() -> None:
        with rest(sandbox, key="wrong") as client:
            client.rget("users/me")

    with pytest.raises(HttpError) as refusal:
        await asyncio.to_thread(question)
    assert refusal.value.response.status_code == 401


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": ""}, "Title cannot be empty"),
        ({"service": {"id": "PNOPE", "type": "service_reference"}}, "Service not found"),
        ({"priority": {"id": "P9", "type": "priority_reference"}}, "Priority not found"),
        ({"urgency": "huge"}, "Urgency must be one of: high, low"),
        ({"incident_key": "x" * 256}, "Incident key is too long (maximum is 255 characters)"),
    ],
)
async def test_a_wrong_incident_is_refused(sandbox: Sandbox, change: dict[str, Any], words: str) -> None:
    answer = await ask(sandbox, lambda client: client.post("incidents", json={"incident": incident(**change)}))
    assert (answer.status_code, answer.json()["error"]["errors"]) == (400, [words])


async def test_the_life_of_an_incident(sandbox: Sandbox, gateway: Receiver) -> None:
    def question(client: Any) -> tuple[Any, ...]:
        path = f"incidents/{client.rpost('incidents', json=incident())['id']}"
        acknowledged = client.rput(path, json={"type": "incident", "status": "acknowledged"})
        client.rput(path, json={"type": "incident", "status": "acknowledged"})
        client.rput(path, json={"type": "incident", "priority": {"id": "PPRIOR2", "type": "priority_reference"}})
        client.rput(path, json={"type": "incident", "escalation_level": 2})
        to_bot = [{"assignee": {"id": "PUSRBOT", "type": "user_reference"}}]
        client.rput(path, json={"type": "incident", "assignments": to_bot})
        note = client.rpost(f"{path}/notes", json={"content": "Looking."})
        resolved = client.rput(path, json={"type": "incident", "status": "resolved"})
        again = client.put(path, json={"incident": {"type": "incident", "status": "resolved"}})
        client.rput(path, json={"type": "incident", "status": "triggered"})
        entries = [entry["type"] for entry in client.rget(f"{path}/log_entries")]
        return acknowledged, note, resolved, again, client.rget(f"{path}/notes"), client.rget(path), entries

    acknowledged, note, resolved, again, notes, now, entries = await ask(sandbox, question)
    assert sandbox.ledger.duplicates("pagerduty") == {}
    assert acknowledged["acknowledgements"][0]["acknowledger"]["summary"] == "Tierline"
    assert (note["content"], [one["content"] for one in notes]) == ("Looking.", ["Looking."])
    assert (resolved["assignments"], resolved["resolved_at"] is not None) == ([], True)
    assert (again.status_code, again.json()["error"]["errors"]) == (400, ["Incident Already Resolved"])
    assert (now["status"], now["resolved_at"]) == ("triggered", None)
    assert entries[-3:] == ["acknowledge_log_entry", "notify_log_entry", "trigger_log_entry"]
    assert event_types(await gateway.wait_for(HOOK, 8)) == [
        "incident.triggered",
        "incident.acknowledged",
        "incident.priority_updated",
        "incident.escalated",
        "incident.reassigned",
        "incident.annotated",
        "incident.resolved",
        "incident.reopened",
    ]
    await sandbox.deliveries.settled()
    assert len(gateway.at(HOOK)) == 8


async def test_many_incidents_are_resolved_at_once_and_listed_in_pages(sandbox: Sandbox) -> None:
    def question(client: Any) -> tuple[Any, ...]:
        raised = [client.rpost("incidents", json=incident(f"tierline/T-{n}"))["id"] for n in range(5)]
        changes = [{"id": id_, "type": "incident_reference", "status": "resolved"} for id_ in raised[:2]]
        client.rput("incidents", json=changes)
        open_ = {"statuses[]": ["triggered", "acknowledged"], "limit": 2, "total": "true"}
        first = client.get("incidents", params=open_).json()
        every = [one["id"] for one in client.iter_all("incidents", params={"statuses[]": ["triggered"]}, page_size=2)]
        return raised, first, every

    raised, first, every = await ask(sandbox, question)
    assert (len(first["incidents"]), first["more"], first["total"]) == (2, True, 3)
    assert every == raised[2:]


async def test_the_account_can_be_looked_at(sandbox: Sandbox) -> None:
    def question(client: Any) -> tuple[Any, ...]:
        return (
            client.rget("users/me")["email"],
            client.find("users", "ada@acme.example", attribute="email")["id"],
            [service["id"] for service in client.list_all("services")],
            client.rget("services/PSVCPAY")["escalation_policy"]["id"],
            [policy["name"] for policy in client.list_all("escalation_policies")],
            client.rget("oncalls", params={"escalation_policy_ids[]": ["PEPENG"]})[0]["user"]["id"],
            client.rget("oncalls", params={"escalation_policy_ids[]": ["PNONE"]}),
            [priority["name"] for priority in client.list_all("priorities")],
            "urgencies" in client.rget("abilities"),
            client.get("services").headers["ratelimit-limit"],
        )

    assert await ask(sandbox, question) == (
        "tierline@acme.example",
        "PUSRADA",
        ["PSVCPAY", "PSVCWEB"],
        "PEPENG",
        ["Engineering on call", "Support on call"],
        "PUSRADA",
        [],
        ["P1", "P2", "P3", "P4"],
        True,
        "960",
    )


async def test_events_open_acknowledge_and_resolve_by_key(sandbox: Sandbox, gateway: Receiver) -> None:
    def question() -> tuple[str, str]:
        with events_api(sandbox) as client:
            key = client.trigger("T-1: refunds fail", "tierline", dedup_key="tierline/T-1/3", severity="critical")
            again = client.trigger("T-1: refunds fail", "tierline", dedup_key="tierline/T-1/3")
            client.acknowledge(key)
            client.resolve(key)
            client.resolve("nothing-open")
            return key, again

    assert await asyncio.to_thread(question) == ("tierline/T-1/3", "tierline/T-1/3")
    await sandbox.deliveries.settled()
    assert event_types(gateway.at(HOOK)) == ["incident.triggered", "incident.acknowledged", "incident.resolved"]
    [raised] = sandbox.pagerduty.incidents.values()
    assert (raised.status, raised.service.id) == ("resolved", "PSVCPAY")
    assert {each.content["event"]["data"]["incident_key"] for each in gateway.at(HOOK)} == {None}
    assert sandbox.ledger.duplicates("pagerduty") == {}


async def test_an_incident_that_an_event_raised_has_its_key_on_its_alert(sandbox: Sandbox) -> None:
    def question() -> tuple[Any, ...]:
        with events_api(sandbox) as events, rest(sandbox) as client:
            events.trigger(
                "refunds fail", "tierline", dedup_key="k-1", severity="warning", custom_details={"plan": "pro"}
            )
            found = client.list_all("incidents", params={"incident_key": "k-1"})
            [incident] = found
            path = f"incidents/{incident['id']}/alerts"
            [alert] = client.list_all(path)
            return (
                incident.get("incident_key"),
                incident["alert_counts"],
                (alert["alert_key"], alert["severity"], alert["status"], alert["body"]["details"]),
                client.list_all(path, params={"alert_key": "another"}),
                client.list_all(path, params={"statuses[]": ["resolved"]}),
            )

    counts = {"all": 1, "triggered": 1, "resolved": 0}
    expected = (None, counts, ("k-1", "warning", "triggered", {"plan": "pro"}), [], [])
    assert await asyncio.to_thread(question) == expected


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"routing_key": "short"}, "Length of 'routing_key' is incorrect (should be 32 characters)"),
        ({"routing_key": "0" * 32}, "'routing_key' is invalid"),
        ({"event_action": "shout"}, "'event_action' is invalid (must be one of: trigger, acknowledge, resolve)"),
        ({"payload": {"source": "x", "severity": "info"}}, "'payload.summary' is missing or blank"),
        ({"event_action": "resolve"}, "'dedup_key' is missing or blank"),
        ({"dedup_key": "k" * 256}, "'dedup_key' is too long (maximum is 255 characters)"),
        (
            {"payload": {"summary": "s" * 1025, "source": "x", "severity": "info"}},
            "'payload.summary' is too long (maximum is 1024 characters)",
        ),
        ({"client": "x" * 512 * 1024}, "Event is larger than 512 KB."),
    ],
)
async def test_wrong_events_are_refused(
    sandbox: Sandbox, people: httpx2.AsyncClient, event: dict[str, Any], words: str
) -> None:
    right = {
        "routing_key": sandbox.credentials.pagerduty_routing_key.get_secret_value(),
        "event_action": "trigger",
        "payload": {"summary": "s", "source": "x", "severity": "info"},
    }
    answer = await people.post("/pagerduty-events/v2/enqueue", json={**right, **event})
    assert (answer.status_code, answer.json()["status"]) == (400, "invalid event")
    assert answer.json()["errors"] == [words]


async def test_ada_acknowledges_notes_and_resolves_in_the_app(
    sandbox: Sandbox, gateway: Receiver, people: httpx2.AsyncClient
) -> None:
    id_ = (await ask(sandbox, lambda client: client.rpost("incidents", json=incident())))["id"]
    path = f"/people/pagerduty/incidents/{id_}"
    acknowledged = await people.post(f"{path}/acknowledge", json={"user": "ada"})
    run_out = await people.post(f"{path}/unacknowledge")
    await people.post(f"{path}/note", json={"user": "ada", "text": "Looking."})
    await people.post(f"{path}/priority", json={"user": "ada", "priority": "P2"})
    await people.post(f"{path}/reassign", json={"user": "ada", "to": "tierline"})
    await people.post(f"{path}/escalate", json={"user": "ada"})
    await people.post(f"{path}/resolve", json={"user": "ada"})
    await people.post(f"{path}/reopen", json={"user": "ada"})
    assert (acknowledged.json()["acknowledged_by"], run_out.json()["status"]) == ("Ada", "triggered")
    assert (await people.post(f"{path}/unacknowledge")).status_code == 409
    assert (await people.post(f"{path}/acknowledge", json={"user": "eve"})).status_code == 404
    [shown] = (await people.get("/people/pagerduty/incidents")).json()
    assert (shown["details"], shown["notes"][0]["text"]) == ("Two customers wait.", "Looking.")
    delivered = await gateway.wait_for(HOOK, 9)
    assert event_types(delivered)[1:] == [
        "incident.acknowledged",
        "incident.unacknowledged",
        "incident.annotated",
        "incident.priority_updated",
        "incident.reassigned",
        "incident.escalated",
        "incident.resolved",
        "incident.reopened",
    ]
    agents = [one.content["event"]["agent"] for one in delivered[1:3]]
    assert (agents[0]["id"], agents[1]) == ("PUSRADA", None)


async def test_webhooks_have_the_members_of_recorded_ones(
    sandbox: Sandbox, gateway: Receiver, people: httpx2.AsyncClient
) -> None:
    recorded = shared_dir("contracts", "pagerduty", "webhooks")
    id_ = (await ask(sandbox, lambda client: client.rpost("incidents", json=incident())))["id"]
    for act, form in (("acknowledge", {}), ("note", {"text": "Looking."}), ("resolve", {})):
        await people.post(f"/people/pagerduty/incidents/{id_}/{act}", json={"user": "ada", **form})
    ours = [one.content["event"] for one in await gateway.wait_for(HOOK, 4)]
    for event, name in zip(ours, ("triggered", "acknowledged", "annotated", "resolved"), strict=True):
        theirs = json.loads((recorded / f"{name}_v3.json").read_text())["event"]
        assert event["event_type"] == theirs["event_type"]
        assert event["resource_type"] == theirs["resource_type"] or name == "annotated"
        assert set(event) == set(theirs)
        assert set(theirs["data"]) <= set(event["data"])
        assert set(theirs["agent"]) == set(event["agent"])
    known = {name for name, _ in json.loads((recorded / "event-types.json").read_text())}
    assert {event["event_type"] for event in ours} <= known


async def test_three_refusals_in_a_row_disable_the_subscription_until_it_is_enabled(
    sandbox: Sandbox, gateway: Receiver
) -> None:
    gateway.answer = lambda _: Response(status_code=400)
    for number in range(4):
        key = f"tierline/T-{number}"
        await ask(sandbox, lambda client, key=key: client.rpost("incidents", json=incident(key)))
        await sandbox.deliveries.settled()
    assert len(gateway.at(HOOK)) == 3
    shown = await ask(sandbox, lambda client: client.rget("webhook_subscriptions")[0])
    assert shown["delivery_method"]["temporarily_disabled"] is True
    gateway.answer = lambda _: Response(status_code=202)

    def enable(client: Any) -> Any:
        enabled = client.post(f"webhook_subscriptions/{shown['id']}/enable").json()["webhook_subscription"]
        assert client.post(f"webhook_subscriptions/{shown['id']}/ping").status_code == 202
        return enabled["delivery_method"]["temporarily_disabled"]

    assert await ask(sandbox, enable) is False
    assert event_types(await gateway.wait_for(HOOK, 4))[-1] == "pagey.ping"


async def test_a_throttled_delivery_does_not_count_as_refused(sandbox: Sandbox, gateway: Receiver) -> None:
    statuses = iter([429, 429, 202, 400, 400, 202, 400, 202])
    gateway.answer = lambda _: Response(status_code=next(statuses))
    sandbox.deliveries.scale = 0.0
    for number in range(6):
        key = f"tierline/T-{number}"
        await ask(sandbox, lambda client, key=key: client.rpost("incidents", json=incident(key)))
        await sandbox.deliveries.settled()
    assert len(gateway.at(HOOK)) == 8
    assert sandbox.pagerduty.subscription.disabled_until is None

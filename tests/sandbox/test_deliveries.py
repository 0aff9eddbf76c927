"""Webhooks on their way: signed, in order, retried as each vendor does, and logged."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest
from fastapi import Response
from pydantic import SecretStr

from sandbox.deliveries import GITHUB, JIRA, PAGERDUTY, SLACK_EVENTS, Deliveries, Delivery, RetryPolicy
from sandbox.misdeliveries import Kind, Misdelivery
from sandbox.server import Sandbox
from tests.sandbox.receiver import Delivered, Receiver


@pytest.fixture
async def deliveries(gateway: Receiver) -> AsyncIterator[Deliveries]:
    """Deliveries to the gateway, whose retries follow at once."""
    outbox = Deliveries(gateway.url, scale=0.0)
    await outbox.start()
    yield outbox
    await outbox.stop()


def delivery(
    body: str,
    policy: RetryPolicy,
    queue: str = "one",
    headers: Callable[[int, int | None], dict[str, str]] = lambda attempt, status: {"X-Attempt": str(attempt)},
    on_end: Callable[[int | None], None] | None = None,
) -> Delivery:
    return Delivery(
        system="jira",
        id=body,
        event="test",
        path="/hook",
        body=body.encode(),
        policy=policy,
        headers=headers,
        queue=queue,
        on_end=on_end,
    )


def answering(gateway: Receiver, *statuses: int) -> None:
    """Answer the next requests with these statuses and all after them with 200."""
    left = list(statuses)
    gateway.answer = lambda _: Response(status_code=left.pop(0) if left else 200)


async def test_a_queue_keeps_its_order(gateway: Receiver, deliveries: Deliveries) -> None:
    for number in range(20):
        deliveries.send(delivery(str(number), GITHUB))
    await deliveries.settled()
    assert [one.body.decode() for one in gateway.at("/hook")] == [str(number) for number in range(20)]


@pytest.mark.parametrize(
    ("policy", "status", "attempts"),
    [
        (GITHUB, 500, 1),
        (GITHUB, 429, 1),
        (JIRA, 500, 6),
        (JIRA, 503, 6),
        (JIRA, 429, 6),
        (JIRA, 409, 6),
        (JIRA, 400, 1),
        (JIRA, 401, 1),
        (PAGERDUTY, 500, 10),
        (PAGERDUTY, 429, 10),
        (PAGERDUTY, 400, 1),
        (PAGERDUTY, 404, 1),
        (SLACK_EVENTS, 500, 4),
        (SLACK_EVENTS, 400, 4),
        (SLACK_EVENTS, 200, 1),
    ],
)
async def test_each_vendor_tries_again_as_it_says(
    gateway: Receiver, deliveries: Deliveries, policy: RetryPolicy, status: int, attempts: int
) -> None:
    gateway.answer = lambda _: Response(status_code=status)
    ended: list[int | None] = []
    deliveries.send(delivery("a", policy, on_end=ended.append))
    await deliveries.settled()
    assert [one.headers["x-attempt"] for one in gateway.at("/hook")] == [str(n) for n in range(attempts)]
    assert ended == [status]
    assert [entry.status for entry in deliveries.log()] == [status] * attempts


async def test_a_retry_of_pagerduty_holds_back_what_follows_for_the_same_incident_only(
    gateway: Receiver, deliveries: Deliveries
) -> None:
    answering(gateway, 500, 500)
    deliveries.send(delivery("first", PAGERDUTY, queue="incident-1"))
    deliveries.send(delivery("second", PAGERDUTY, queue="incident-1"))
    await deliveries.settled()
    assert [one.body.decode() for one in gateway.at("/hook")] == ["first", "first", "first", "second"]


async def test_a_retry_of_jira_lets_later_ones_pass(gateway: Receiver, deliveries: Deliveries) -> None:
    answering(gateway, 503)
    deliveries.scale = 0.2 / 300
    deliveries.send(delivery("first", JIRA))
    deliveries.send(delivery("second", JIRA))
    await deliveries.settled()
    assert [one.body.decode() for one in gateway.at("/hook")] == ["first", "second", "first"]


async def test_a_gateway_that_is_down_is_tried_again(gateway: Receiver, deliveries: Deliveries) -> None:
    url, deliveries.gateway_url = gateway.url, "http://127.0.0.1:9"
    deliveries.scale = 0.05 / 300

    def headers(attempt: int, status: int | None) -> dict[str, str]:
        if attempt == 2:
            deliveries.gateway_url = url
        return {"X-Last": str(status)}

    deliveries.send(delivery("a", JIRA, headers=headers))
    await deliveries.settled()
    assert [entry.status for entry in deliveries.log()][:2] == [None, None]
    assert "ConnectError" in (deliveries.log()[0].error or "")
    assert len(gateway.at("/hook")) == 1


async def test_an_answer_that_takes_too_long_counts_as_none(gateway: Receiver, deliveries: Deliveries) -> None:
    released = asyncio.Event()
    policy = RetryPolicy(timeout_s=0.2, delays_s=(0.0,), retried=lambda status: status is None)

    async def hang(_: Delivered) -> Response:
        await released.wait()
        return Response()

    gateway.answer = hang
    deliveries.send(delivery("a", policy))
    await deliveries.settled()
    released.set()
    assert [(entry.status, "Timeout" in (entry.error or "")) for entry in deliveries.log()] == [(None, True)] * 2


async def test_without_a_gateway_nothing_is_sent_but_all_is_logged() -> None:
    outbox = Deliveries()
    await outbox.start()
    outbox.send(delivery("a", JIRA))
    await outbox.settled()
    await outbox.stop()
    assert [(entry.status, entry.error) for entry in outbox.log()] == [(None, "not sent: no gateway is known")]


async def test_an_exchange_gives_the_gateways_answer(gateway: Receiver, deliveries: Deliveries) -> None:
    gateway.answer = lambda one: Response(one.body + b"!", status_code=201, headers={"X-Kind": "test"})
    answer = await deliveries.exchange(delivery("hello", GITHUB))
    assert (answer.status, answer.body, answer.headers["x-kind"]) == (201, b"hello!", "test")


async def test_stopping_gives_up_what_waits(gateway: Receiver) -> None:
    gateway.answer = lambda _: Response(status_code=503)
    outbox = Deliveries(gateway.url, scale=1.0)
    await outbox.start()
    outbox.send(delivery("a", JIRA))
    await gateway.wait_for("/hook")
    await asyncio.wait_for(outbox.stop(), 2)
    assert len(gateway.at("/hook")) == 1


async def order(deliveries: Deliveries, kind: Kind, **more: Any) -> int:
    return deliveries.misdeliveries.add(Misdelivery(system="jira", kind=kind, **more))


async def test_a_lost_delivery_never_arrives_and_the_vendor_believes_that_it_did(
    gateway: Receiver, deliveries: Deliveries
) -> None:
    await order(deliveries, "lose", times=2)
    ended: list[int | None] = []
    for body in "abc":
        deliveries.send(delivery(body, JIRA, on_end=ended.append))
    await deliveries.settled()
    assert [one.body for one in gateway.at("/hook")] == [b"c"]
    assert ended == [200, 200, 202]
    assert [(entry.id, entry.error, entry.misdelivery) for entry in deliveries.log()][:2] == [
        ("a", "lost, as ordered", "lose"),
        ("b", "lost, as ordered", "lose"),
    ]


async def test_a_doubled_delivery_arrives_twice_with_one_id(gateway: Receiver, deliveries: Deliveries) -> None:
    await order(deliveries, "double")
    ended: list[int | None] = []
    for body in "ab":
        deliveries.send(delivery(body, PAGERDUTY, on_end=ended.append))
    await deliveries.settled()
    assert [one.body for one in gateway.at("/hook")] == [b"a", b"a", b"b"]
    assert (ended, [entry.id for entry in deliveries.log()]) == ([202, 202], ["a", "a", "b"])


@pytest.mark.parametrize("queues", [("one", "one", "one"), ("one", "two", "three")])
async def test_two_deliveries_change_places(
    gateway: Receiver, deliveries: Deliveries, queues: tuple[str, str, str]
) -> None:
    await order(deliveries, "swap")
    first, second, third = queues
    deliveries.send(delivery("a", PAGERDUTY, queue=first))
    assert [held.id for held in deliveries.held()] == ["a"]
    deliveries.send(delivery("b", PAGERDUTY, queue=second))
    await deliveries.settled()
    deliveries.send(delivery("c", PAGERDUTY, queue=third))
    await deliveries.settled()
    assert [one.body for one in gateway.at("/hook")] == [b"b", b"a", b"c"]
    assert deliveries.misdeliveries.active() == []


async def test_others_pass_a_delayed_delivery(gateway: Receiver, deliveries: Deliveries) -> None:
    await order(deliveries, "delay", delay_s=0.2)
    for body in "ab":
        deliveries.send(delivery(body, PAGERDUTY))
    await deliveries.settled()
    assert [one.body for one in gateway.at("/hook")] == [b"b", b"a"]


async def test_held_deliveries_come_in_order_when_they_are_released(gateway: Receiver, deliveries: Deliveries) -> None:
    number = await order(deliveries, "hold", times=None)
    for body in "ab":
        deliveries.send(delivery(body, PAGERDUTY))
    with pytest.raises(TimeoutError):
        await deliveries.settled(0.05)
    assert (deliveries.release(number + 1), deliveries.release(number)) == (0, 2)
    await deliveries.settled()
    assert [one.body for one in gateway.at("/hook")] == [b"a", b"b"]
    deliveries.send(delivery("c", PAGERDUTY))
    deliveries.clear_orders()
    await deliveries.settled()
    assert gateway.at("/hook")[-1].body == b"c"


async def test_an_order_is_for_one_system_and_one_kind_of_event(gateway: Receiver, deliveries: Deliveries) -> None:
    deliveries.misdeliveries.add(Misdelivery(system="github", kind="lose"))
    await order(deliveries, "lose", event="issue_deleted")
    deliveries.send(delivery("a", JIRA))
    await deliveries.settled()
    assert [one.body for one in gateway.at("/hook")] == [b"a"]
    assert [(each.hits, each.left) for each in deliveries.misdeliveries.active()] == [(0, 1), (0, 1)]


async def test_what_a_person_waits_for_goes_astray_too(gateway: Receiver, deliveries: Deliveries) -> None:
    await order(deliveries, "lose")
    await order(deliveries, "double")
    await order(deliveries, "delay", delay_s=0.01)
    await order(deliveries, "hold")
    await order(deliveries, "swap")
    assert (await deliveries.exchange(delivery("lost", GITHUB))).status is None
    assert (await deliveries.exchange(delivery("doubled", GITHUB))).status == 202
    assert (await deliveries.exchange(delivery("delayed", GITHUB))).status == 202
    held = asyncio.create_task(deliveries.exchange(delivery("held", GITHUB)))
    await asyncio.sleep(0)
    assert deliveries.release() == 1
    assert (await held).status == 202
    first = asyncio.create_task(deliveries.exchange(delivery("first", GITHUB)))
    await asyncio.sleep(0)
    await deliveries.exchange(delivery("second", GITHUB))
    await first
    arrived = [one.body.decode() for one in gateway.at("/hook")]
    assert arrived == ["doubled", "doubled", "delayed", "held", "second", "first"]


async def test_orders_are_given_shown_and_taken_back_over_http(
    sandbox: Sandbox, gateway: Receiver, people: httpx2.AsyncClient
) -> None:
    path = "/sandbox/deliveries"
    for system in ("slack", "jira", "github", "pagerduty"):
        given = {"system": system, "kind": "hold", "times": None}
        assert (await people.post(f"{path}/orders", json=given)).status_code == 201
    for wrong in ({"kind": "delay"}, {"kind": "explode"}, {"kind": "lose", "times": 0}):
        assert (await people.post(f"{path}/orders", json={"system": "jira", **wrong})).status_code == 422
    await people.post("/people/jira/issues", json={"user": "ada", "summary": "By hand"})
    [held] = (await people.get(f"{path}/held")).json()
    assert (held["system"], held["event"], held["misdelivery"]) == ("jira", "jira:issue_created", "hold")
    assert (await people.post(f"{path}/release")).json() == {"released": 1}
    await gateway.wait_for("/webhooks/jira")
    [_, jira, *_] = (await people.get(f"{path}/orders")).json()
    assert (jira["order"]["system"], jira["hits"], jira["left"]) == ("jira", 1, None)
    assert (await people.delete(f"{path}/orders/{jira['id']}")).status_code == 204
    assert len((await people.get(f"{path}/orders")).json()) == 3
    assert (await people.delete(f"{path}/orders")).status_code == 204
    assert (await people.get(f"{path}/orders")).json() == []
    await people.put(f"{path}/pace", json={"scale": 0.5})
    assert ((await people.get(f"{path}/pace")).json(), sandbox.deliveries.scale) == ({"scale": 0.5}, 0.5)


async def test_what_the_vendors_send_is_signed_and_named(
    sandbox: Sandbox, gateway: Receiver, people: httpx2.AsyncClient
) -> None:
    await people.post("/people/jira/issues", json={"user": "ada", "summary": "By hand"})
    await people.post("/people/github/issues/acme/storefront", json={"user": "ada", "title": "By hand"})
    secrets = sandbox.credentials
    expected: dict[str, tuple[str, str, SecretStr]] = {
        "/webhooks/jira": ("x-hub-signature", "sha256=", secrets.jira_webhook_secret),
        "/webhooks/github": ("x-hub-signature-256", "sha256=", secrets.github_webhook_secret),
    }
    for path, (header, prefix, secret) in expected.items():
        [delivered] = await gateway.wait_for(path)
        digest = hmac.new(secret.get_secret_value().encode(), delivered.body, hashlib.sha256).hexdigest()
        assert delivered.headers[header] == prefix + digest
    log = (await people.get("/sandbox/deliveries", params={"system": "jira"})).json()
    assert [(entry["event"], entry["status"]) for entry in log] == [("jira:issue_created", 202)]
    assert log[0]["id"] == gateway.at("/webhooks/jira")[0].headers["x-atlassian-webhook-identifier"]


async def test_a_retry_from_jira_keeps_its_identifier_and_says_that_it_is_one(
    sandbox: Sandbox, gateway: Receiver, people: httpx2.AsyncClient
) -> None:
    sandbox.deliveries.scale = 0.0
    answering(gateway, 500)
    await people.post("/people/jira/issues", json={"user": "ada", "summary": "By hand"})
    first, second = await gateway.wait_for("/webhooks/jira", 2)
    name = "x-atlassian-webhook-identifier"
    assert (first.headers[name], first.body) == (second.headers[name], second.body)
    assert (first.headers.get("x-atlassian-webhook-retry"), second.headers["x-atlassian-webhook-retry"]) == (None, "1")


async def test_github_never_delivers_again(sandbox: Sandbox, gateway: Receiver, people: httpx2.AsyncClient) -> None:
    sandbox.deliveries.scale = 0.0
    answering(gateway, 500)
    await people.post("/people/github/issues/acme/storefront", json={"user": "ada", "title": "By hand"})
    await sandbox.deliveries.settled()
    assert len(gateway.at("/webhooks/github")) == 1

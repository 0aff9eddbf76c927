"""Webhooks on their way: signed, in order, retried as each vendor does, and logged."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable

import httpx2
import pytest
from fastapi import Response
from pydantic import SecretStr

from sandbox.deliveries import GITHUB, JIRA, PAGERDUTY, SLACK_EVENTS, Deliveries, Delivery, RetryPolicy
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
    **more: Callable[[int | None], None],
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
        **more,
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

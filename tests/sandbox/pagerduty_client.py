"""PagerDuty's own Python client, pointed at the local PagerDuty."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import httpx2
from pagerduty import EventsApiV2Client, RestApiV2Client

from sandbox.server import Sandbox
from tests.sandbox.receiver import Delivered

T = TypeVar("T")
HOOK = "/webhooks/pagerduty"


class LoopbackTransport(httpx2.HTTPTransport):
    """Sends what is meant for https on the loopback interface as plain http: the client takes only https addresses."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        assert request.url.host == "127.0.0.1"
        request.url = request.url.copy_with(scheme="http")
        return super().handle_request(request)


def rest(sandbox: Sandbox, key: str | None = None, default_from: str | None = "tierline@acme.example") -> Any:
    """The REST API's client: one attempt where the connection breaks."""
    client = RestApiV2Client(
        key or sandbox.credentials.pagerduty_api_key.get_secret_value(),
        default_from=default_from,
        base_url=sandbox.http_url.replace("http:", "https:") + "/pagerduty",
        transport=LoopbackTransport(),
    )
    client.max_network_attempts = 0
    return client


def events_api(sandbox: Sandbox, key: str | None = None) -> Any:
    """The Events API's client: one attempt."""
    client = EventsApiV2Client(
        key or sandbox.credentials.pagerduty_routing_key.get_secret_value(),
        base_url=sandbox.http_url.replace("http:", "https:") + "/pagerduty-events",
        transport=LoopbackTransport(),
    )
    client.max_network_attempts = 0
    client.retry.clear()
    return client


async def ask(sandbox: Sandbox, question: Callable[[Any], T]) -> T:
    """Put a question to the local PagerDuty with the blocking client."""

    def put() -> T:
        with rest(sandbox) as client:
            return question(client)

    return await asyncio.to_thread(put)


def incident(key: str = "tierline/T-1/3", **more: Any) -> dict[str, Any]:
    """What an incident is opened with."""
    return {
        "type": "incident",
        "title": "T-1: refunds fail",
        "service": {"id": "PSVCPAY", "type": "service_reference"},
        "incident_key": key,
        "body": {"type": "incident_body", "details": "Two customers wait."},
        **more,
    }


async def raise_incident(sandbox: Sandbox, key: str = "tierline/T-1/3", **more: Any) -> str:
    """Open an incident and give its id."""
    raised = await ask(sandbox, lambda client: client.rpost("incidents", json=incident(key, **more)))
    return str(raised["id"])


def event_types(delivered: list[Delivered]) -> list[str]:
    """What was delivered, by type."""
    return [one.content["event"]["event_type"] for one in delivered]

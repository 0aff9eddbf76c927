"""What the local PagerDuty tells its subscribers: V3 webhooks, in order for each incident, until one is disabled.

The behaviour is that of docs/webhooks/02-Behavior.md in PagerDuty's developer documentation: three deliveries in a row
that were dropped (refused with a 4xx, or given up after 48 hours) disable a subscription for 24 hours, and what waits
for it and what happens meanwhile is never delivered.
"""

import json
from functools import partial
from typing import Any
from uuid import uuid4

from sandbox.deliveries import PAGERDUTY, Delivery
from sandbox.pagerduty.account import Named, User
from sandbox.pagerduty.shapes import Shapes, event_timestamp
from sandbox.pagerduty.state import DISABLED_FOR_MINUTES, DROPS_THAT_DISABLE, Incident, PagerDutyState, Subscription
from sandbox.signatures import pagerduty_signature

PATH = "/webhooks/pagerduty"


def incident_event(state: PagerDutyState, event: str, incident: Incident, agent: User | Named | None) -> None:
    """Send an ``incident.…`` event with the incident as it now is; no agent means PagerDuty itself."""
    incident_news(state, event, incident, agent, Shapes(state).event_data(incident))


def incident_news(
    state: PagerDutyState, event: str, incident: Incident, agent: User | Named | None, data: dict[str, Any]
) -> None:
    """Send an ``incident.…`` event with data of its own to whoever subscribed to it."""
    content = _content(state, event, "incident", agent, data)
    for subscription in list(state.subscriptions.values()):
        kind, id_ = subscription.filter
        matches = kind == "account_reference" or (kind == "service_reference" and id_ == incident.service.id)
        if matches and event in subscription.events:
            _send(state, subscription, event, content, incident.id)


def ping(state: PagerDutyState, subscription: Subscription) -> None:
    """Send the test event to one subscriber."""
    data = {"message": "Hello from your friend Pagey!", "type": "ping"}
    _send(state, subscription, "pagey.ping", _content(state, "pagey.ping", "pagey", None, data), "ping")


def is_disabled(state: PagerDutyState, subscription: Subscription) -> bool:
    """Whether a subscription is disabled for having failed too often, and the time is not up."""
    if subscription.disabled_until is not None and state.clock() >= subscription.disabled_until:
        enable(subscription)
    return subscription.disabled_until is not None


def disable(state: PagerDutyState, subscription: Subscription) -> None:
    """Disable a subscription for a day; what waits for it is dropped."""
    subscription.disabled_until = state.clock() + state.minutes(DISABLED_FOR_MINUTES)
    subscription.epoch += 1


def enable(subscription: Subscription) -> None:
    """Let a disabled subscription hear again."""
    subscription.disabled_until = None
    subscription.drops_in_a_row = 0


def _content(
    state: PagerDutyState, event: str, resource: str, agent: User | Named | None, data: dict[str, Any]
) -> bytes:
    return json.dumps(
        {
            "event": {
                "id": state.next_id("01"),
                "event_type": event,
                "resource_type": resource,
                "occurred_at": event_timestamp(state.clock()),
                "agent": Shapes(state).agent(agent) if agent else None,
                "client": None,
                "data": data,
            }
        }
    ).encode()


def _send(state: PagerDutyState, subscription: Subscription, event: str, body: bytes, resource: str) -> None:
    if not subscription.active or is_disabled(state, subscription):
        return
    identifier = str(uuid4())
    epoch = subscription.epoch

    def headers(_attempt: int, _status: int | None) -> dict[str, str]:
        return {
            **dict(subscription.custom_headers),
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "PagerDuty-Webhook/V3.0",
            "X-Webhook-Id": identifier,
            "X-Webhook-Subscription": subscription.id,
            **pagerduty_signature(subscription.secret, body),
        }

    state.deliveries.send(
        Delivery(
            system="pagerduty",
            id=identifier,
            event=event,
            path=PATH,
            url=subscription.url,
            body=body,
            policy=PAGERDUTY,
            headers=headers,
            queue=f"pagerduty/{subscription.id}/{resource}",
            wanted=lambda: subscription.epoch == epoch and subscription.id in state.subscriptions,
            on_end=partial(_ended, state, subscription),
        )
    )


def _ended(state: PagerDutyState, subscription: Subscription, status: int | None) -> None:
    delivered = status is not None and 200 <= status < 300
    subscription.drops_in_a_row = 0 if delivered else subscription.drops_in_a_row + 1
    if subscription.drops_in_a_row >= DROPS_THAT_DISABLE and subscription.disabled_until is None:
        disable(state, subscription)

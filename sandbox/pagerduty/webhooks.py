"""What the local PagerDuty tells the gateway: V3 webhooks, in order for each incident, until the subscription is disabled."""

import json
from typing import Any
from uuid import uuid4

from sandbox.deliveries import PAGERDUTY, Delivery
from sandbox.pagerduty.shapes import Shapes, event_timestamp
from sandbox.pagerduty.state import REFUSALS_THAT_DISABLE, Incident, Named, Note, PagerDutyState, User
from sandbox.signatures import pagerduty_signature

PATH = "/webhooks/pagerduty"


def incident_event(state: PagerDutyState, event: str, incident: Incident, agent: User | Named | None) -> None:
    """Send an ``incident.…`` event with the incident as it now is; no agent means PagerDuty itself."""
    _send(state, event, "incident", agent, Shapes(state).event_data(incident), incident.id)


def annotated(state: PagerDutyState, incident: Incident, note: Note) -> None:
    """Send ``incident.annotated``, which carries the note and only a reference to the incident."""
    _send(state, "incident.annotated", "incident", note.user, Shapes(state).note_data(incident, note), incident.id)


def ping(state: PagerDutyState) -> None:
    """Send the test event."""
    data = {"message": "Hello from your friend Pagey!", "type": "ping"}
    _send(state, "pagey.ping", "pagey", None, data, "ping")


def _send(
    state: PagerDutyState, event: str, resource: str, agent: User | Named | None, data: dict[str, Any], queue: str
) -> None:
    subscription = state.subscription
    if subscription.disabled:
        # What happens while a subscription is disabled is never delivered.
        return
    body = json.dumps(
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
    identifier = str(uuid4())
    secret = state.credentials.pagerduty_webhook_secret

    def headers(_attempt: int, _status: int | None) -> dict[str, str]:
        return {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "PagerDuty-Webhook/V3.0",
            "X-Webhook-Id": identifier,
            "X-Webhook-Subscription": subscription.id,
            **pagerduty_signature(secret, body),
        }

    def ended(status: int | None) -> None:
        refused = status is not None and 400 <= status < 500 and status != 429
        subscription.refusals_in_a_row = subscription.refusals_in_a_row + 1 if refused else 0
        if subscription.refusals_in_a_row >= REFUSALS_THAT_DISABLE:
            subscription.disabled = True

    state.deliveries.send(
        Delivery(
            system="pagerduty",
            id=identifier,
            event=event,
            path=PATH,
            body=body,
            policy=PAGERDUTY,
            headers=headers,
            queue=f"pagerduty/{queue}",
            on_end=ended,
        )
    )

"""The local PagerDuty's Events API, version 2: alerts that open, acknowledge and resolve incidents by their key."""

import contextlib
import json
from secrets import compare_digest
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from sandbox.pagerduty import changes
from sandbox.pagerduty.account import INTEGRATION, SERVICES
from sandbox.pagerduty.changes import AlertContent, NobodyOnCall, Trigger
from sandbox.pagerduty.state import Change, PagerDutyState, Urgency

_SEVERITIES = ("critical", "warning", "error", "info")
_ROUTING_KEY_LENGTH = 32
# https://developer.pagerduty.com/docs/events-api-v2-overview, "Size Limits", and "Send an Alert Event", "Parameters".
_MOST_BYTES = 512 * 1024
_LONGEST_KEY = 255
_LONGEST_SUMMARY = 1024


def build_router(state: PagerDutyState) -> APIRouter:
    """``/pagerduty-events/v2/enqueue`` and ``/pagerduty-events/v2/change/enqueue``."""
    router = APIRouter(prefix="/pagerduty-events/v2", include_in_schema=False)

    @router.post("/enqueue")
    async def enqueue(request: Request) -> Response:
        body = await request.body()
        if len(body) > _MOST_BYTES:
            return _refused("Event is larger than 512 KB.")
        event = _parsed(body)
        if event is None:
            return _refused("Failed to parse JSON.")
        errors = _errors(state, event)
        if errors:
            return _refused(*errors)
        if not state.limits.events(event["routing_key"]).allowed:
            return _throttled()
        key = event.get("dedup_key") or uuid4().hex
        _apply(state, event, key)
        return JSONResponse({"status": "success", "message": "Event processed", "dedup_key": key}, 202)

    @router.post("/change/enqueue")
    async def change(request: Request) -> Response:
        event = _parsed(await request.body())
        if event is None:
            return _refused("Failed to parse JSON.")
        payload = event.get("payload")
        summary = payload.get("summary") if isinstance(payload, dict) else None
        errors = _routing_errors(state, event) + ([] if summary else ["'payload.summary' is missing or blank"])
        if errors:
            return _refused(*errors)
        if not state.limits.events(event["routing_key"]).allowed:
            return _throttled()
        told = Change(str(uuid4()), str(summary), event["payload"].get("source"), state.clock())
        state.changes.append(told)
        state.ledger.record("pagerduty-events", "change.enqueue", told.id, None, INTEGRATION.name)
        return JSONResponse({"status": "success", "message": "Change event processed"}, 202)

    return router


def _parsed(body: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(body)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None


def _refused(*errors: str) -> Response:
    body = {"status": "invalid event", "message": "Event object is invalid", "errors": list(errors)}
    return JSONResponse(body, 400)


def _throttled() -> Response:
    words = "Requests for this service are arriving too quickly.  Please retry later."
    return JSONResponse({"status": "throttle exceeded", "message": words}, 429)


def _routing_errors(state: PagerDutyState, event: dict[str, Any]) -> list[str]:
    key = event.get("routing_key")
    if not isinstance(key, str) or len(key) != _ROUTING_KEY_LENGTH:
        return [f"Length of 'routing_key' is incorrect (should be {_ROUTING_KEY_LENGTH} characters)"]
    expected = state.credentials.pagerduty_routing_key.get_secret_value()
    return [] if compare_digest(key.encode(), expected.encode()) else ["'routing_key' is invalid"]


def _errors(state: PagerDutyState, event: dict[str, Any]) -> list[str]:
    errors = _routing_errors(state, event)
    action = event.get("event_action")
    if action not in ("trigger", "acknowledge", "resolve"):
        errors.append("'event_action' is invalid (must be one of: trigger, acknowledge, resolve)")
    if len(str(event.get("dedup_key") or "")) > _LONGEST_KEY:
        errors.append(f"'dedup_key' is too long (maximum is {_LONGEST_KEY} characters)")
    if action == "trigger":
        payload = event.get("payload")
        if not isinstance(payload, dict):
            return [*errors, "'payload' is missing or blank"]
        errors += [f"'payload.{name}' is missing or blank" for name in ("summary", "source") if not payload.get(name)]
        if len(str(payload.get("summary") or "")) > _LONGEST_SUMMARY:
            errors.append(f"'payload.summary' is too long (maximum is {_LONGEST_SUMMARY} characters)")
        if payload.get("severity") not in _SEVERITIES:
            errors.append(f"'payload.severity' is invalid (must be one of the following: {', '.join(_SEVERITIES)})")
    elif action in ("acknowledge", "resolve") and not event.get("dedup_key"):
        errors.append("'dedup_key' is missing or blank")
    return errors


def _apply(state: PagerDutyState, event: dict[str, Any], key: str) -> None:
    service = SERVICES[0]
    known = state.open_incident(service, key)
    match event["event_action"]:
        case "trigger" if known is None:
            payload = event["payload"]
            details = payload.get("custom_details")
            urgency: Urgency = "low" if payload["severity"] in ("warning", "info") else "high"
            content = Trigger(
                title=str(payload["summary"]),
                service=service,
                incident_key=key,
                details=json.dumps(details) if details else None,
                urgency=urgency,
                alert=AlertContent(payload["severity"], details if isinstance(details, dict) else {}),
            )
            # Events are worked on after the answer: that nobody is on call is told to nobody, and no incident is made.
            with contextlib.suppress(NobodyOnCall):
                changes.trigger(state, INTEGRATION, content)
        # A repeated trigger joins the open incident's alert, and what names no open incident is taken and forgotten.
        case "acknowledge" if known is not None:
            changes.acknowledge(state, INTEGRATION, known)
        case "resolve" if known is not None:
            changes.resolve(state, INTEGRATION, known)

"""V3 deliveries as PagerDuty documents them: one for each type of event, all about one incident.

Source: https://developer.pagerduty.com/docs/webhooks-overview, sections "Webhook Payload" and "Event Data Types".
"""

import json
from typing import Any

INCIDENT, SERVICE = "PGR0VU2", "PF9KMXH"
URL = f"https://acme.pagerduty.com/incidents/{INCIDENT}"
TOM = {"id": "PTOM", "type": "user_reference", "summary": "Tom", "html_url": "https://acme.pagerduty.com/users/PTOM"}
ADA = {"id": "PADA", "type": "user_reference", "summary": "Ada", "html_url": "https://acme.pagerduty.com/users/PADA"}
POLICY = {"id": "PEPENG", "type": "escalation_policy_reference", "summary": "Engineering"}
P1 = {"id": "PSO75BM", "type": "priority_reference", "summary": "P1"}


def delivery(kind: str, data: dict[str, Any], event_id: str = "01BRB6ZP4M6T8ZG4X6BP63ZB9O", **event: Any) -> bytes:
    """The body of a delivery about this, done by Ada on 2026-11-20 at 12:00:00.169 UTC."""
    fields = {
        "id": event_id,
        "event_type": kind,
        "resource_type": kind.partition(".")[0],
        "occurred_at": "2026-11-20T12:00:00.169Z",
        "agent": ADA,
        "client": {"name": "PagerDuty"},
        "data": data,
    }
    return json.dumps({"event": fields | event}).encode()


def incident(key: str | None, **changes: Any) -> dict[str, Any]:
    """``incident``: what is sent when something happens to the incident itself."""
    fields: dict[str, Any] = {
        "id": INCIDENT,
        "type": "incident",
        "self": f"https://api.pagerduty.com/incidents/{INCIDENT}",
        "html_url": URL,
        "number": 2,
        "status": "triggered",
        "incident_key": key,
        "created_at": "2026-11-20T11:58:00Z",
        "title": "T-1042: Card payments fail",
        "service": {"id": SERVICE, "type": "service_reference", "summary": "Payments"},
        "assignees": [TOM],
        "escalation_policy": POLICY,
        "teams": [{"id": "PFCVPS0", "type": "team_reference", "summary": "Engineering"}],
        "priority": P1,
        "urgency": "high",
        "conference_bridge": {
            "conference_number": "+1 1234123412,,987654321#",
            "conference_url": "https://meet.example",
        },
        "resolve_reason": None,
    }
    return fields | changes


def about_it(kind: str, **fields: Any) -> dict[str, Any]:
    """Any other kind of data: it names the incident, without its key."""
    named = {"id": INCIDENT, "type": "incident_reference", "html_url": URL, "summary": "T-1042: Card payments fail"}
    return {"incident": named, "type": kind} | fields


def a_note(content: str) -> dict[str, Any]:
    """``incident_note``."""
    return about_it("incident_note", id="P2LA89X", content=content, trimmed=False)


def a_responder(state: str, message: str = "Please help", **changes: Any) -> dict[str, Any]:
    """``incident_responder``: Tom was asked, or has answered."""
    fields: dict[str, Any] = {"user": TOM, "escalation_policy": POLICY, "message": message, "state": state}
    return about_it("incident_responder", **(fields | changes))


def a_service(kind: str = "service", **changes: Any) -> dict[str, Any]:
    """``service`` and what belongs to one: no incident."""
    return {
        "id": SERVICE,
        "type": kind,
        "summary": "Payments",
        "alert_creation": "create_alerts_and_incidents",
    } | changes


_FIELD = {"id": "PF1", "name": "region", "namespace": "incidents", "type": "field_value", "value": "eu"}
_TASK = about_it("incident_task", id="PTASK", name="Call the acquirer", status="open")
_WORKFLOW = about_it(
    "incident_workflow_instance",
    id="PWFI",
    summary="Major incident",
    incident_workflow={"id": "PWF", "type": "incident_workflow_reference", "summary": "Major incident"},
)
_INVOCATION = about_it("incident_action_invocation", id="PINV", action={"id": "PACT", "summary": "Restart"})
OF_NO_CONCERN: dict[str, dict[str, Any]] = {
    "incident.conference_bridge.updated": about_it(
        "incident_conference_bridge", conference_numbers=[{"label": "", "number": "+1 1"}], conference_url=""
    ),
    "incident.custom_field_values.updated": about_it(
        "incident_field_values", custom_fields=[_FIELD], changed_custom_fields=[_FIELD]
    ),
    "incident.incident_type.changed": incident("tierline/T-1042/page/1"),
    "incident.role.assigned": about_it("incident_role_assignment", user=TOM, role={"summary": "Incident Commander"}),
    "incident.service_updated": incident("tierline/T-1042/page/1"),
    "incident.task.created": _TASK,
    "incident.task.updated": _TASK,
    "incident.task.completed": _TASK | {"status": "completed"},
    "incident.action_invocation.created": _INVOCATION,
    "incident.action_invocation.updated": _INVOCATION,
    "incident.action_invocation.terminated": _INVOCATION,
    "incident.workflow.started": _WORKFLOW,
    "incident.workflow.completed": _WORKFLOW,
    "service.created": a_service(),
    "service.updated": a_service(),
    "service.deleted": a_service(),
    "service.custom_field_values.updated": {
        "service": a_service("service_reference"),
        "type": "service_field_values",
        "custom_fields": [_FIELD | {"namespace": "services"}],
    },
}
"""The data of each type of event that tells a ticket nothing."""

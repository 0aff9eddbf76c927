"""The local PagerDuty's JSON for incidents: the REST API's, and the smaller one of its V3 webhooks."""

from collections.abc import Collection
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from sandbox.pagerduty.account import INTEGRATION, SERVICES, Named, User
from sandbox.pagerduty.pending_actions import pending_actions
from sandbox.pagerduty.state import (
    Alert,
    Incident,
    LogEntry,
    Note,
    PagerDutyState,
    Responder,
    StatusUpdate,
)

Json = dict[str, Any]


def timestamp(moment: datetime) -> str:
    """The REST API's form of a moment, in whole seconds."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def event_timestamp(moment: datetime) -> str:
    """The webhooks' form of a moment, with milliseconds."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def alert_status(incident: Incident) -> str:
    """How an incident's alerts stand."""
    return "resolved" if incident.status == "resolved" else "triggered"


class Shapes:
    """Builds the JSON of incidents, and the references to whatever an incident names."""

    def __init__(self, state: PagerDutyState) -> None:
        self._state = state

    def _self(self, kind: str, id_: str) -> Json:
        web = self._state.base_url.removesuffix("/pagerduty")
        return {"self": f"{self._state.base_url}/{kind}/{id_}", "html_url": f"{web}/pagerduty-web/{kind}/{id_}"}

    def reference(self, kind: str, item: Named) -> Json:
        """A reference; ``kind`` is the plural that paths use."""
        singular = {"escalation_policies": "escalation_policy", "priorities": "priority"}.get(kind, kind[:-1])
        return {
            "id": item.id,
            "type": f"{singular}_reference",
            "summary": item.name,
            **self._self(kind, item.id),
        }

    def user_reference(self, user: User) -> Json:
        """A reference to a user."""
        return {"id": user.id, "type": "user_reference", "summary": user.name, **self._self("users", user.id)}

    def agent(self, agent: User | Named) -> Json:
        """Who did something: a user, or the integration that events come through."""
        if isinstance(agent, User):
            return self.user_reference(agent)
        return self.integration_reference() if agent == INTEGRATION else self.reference("services", agent)

    def agent_of_rest(self, agent: User | Named) -> Json:
        """The same in REST's answers, which name an integration in another way than webhooks do."""
        shape = self.agent(agent)
        return {**shape, "type": "integration_reference"} if agent == INTEGRATION else shape

    def integration_reference(self) -> Json:
        """A reference to the integration that events come through."""
        return {
            "id": INTEGRATION.id,
            "type": "inbound_integration_reference",
            "summary": INTEGRATION.name,
            **self._self(f"services/{SERVICES[0].id}/integrations", INTEGRATION.id),
        }

    def priority(self, priority: Named) -> Json:
        """A priority."""
        return {
            "id": priority.id,
            "type": "priority",
            "summary": priority.name,
            **self._self("priorities", priority.id),
            "name": priority.name,
            "description": priority.description,
        }

    def incident(self, incident: Incident, include: Collection[str] = ()) -> Json:
        """An incident, as the REST API answers it; ``include`` may ask for ``body`` and ``conference_bridge``."""
        first = incident.log[0]
        shape: Json = {
            "incident_number": incident.number,
            "title": incident.title,
            "description": incident.title,
            "created_at": timestamp(incident.created_at),
            "updated_at": timestamp(incident.updated_at),
            "status": incident.status,
            # The published description knows no null here: the field is left out.
            **({"incident_key": incident.shown_key} if incident.shown_key is not None else {}),
            "service": self.reference("services", incident.service),
            "assignments": [
                {"at": timestamp(incident.assigned_at or incident.created_at), "assignee": self.user_reference(user)}
                for user in incident.assignees
            ],
            "assigned_via": "direct_assignment" if incident.by_name else "escalation_policy",
            "last_status_change_at": timestamp(incident.status_changed_at),
            "last_status_change_by": self.agent_of_rest(incident.status_changed_by),
            "resolved_at": timestamp(incident.resolved_at) if incident.resolved_at else None,
            "first_trigger_log_entry": {
                "id": first.id,
                "type": "trigger_log_entry_reference",
                "summary": "Triggered",
                **self._self("log_entries", first.id),
            },
            "alert_counts": self._alert_counts(incident),
            "is_mergeable": True,
            "incident_type": {"name": "incident_default"},
            "escalation_policy": self.reference("escalation_policies", incident.escalation_policy.named),
            "teams": [],
            "impacted_services": [self.reference("services", incident.service)],
            "pending_actions": [
                {"type": action, "at": timestamp(at)} for action, at in pending_actions(self._state, incident)
            ],
            "acknowledgements": [],
            "alert_grouping": None,
            "priority": self.priority(incident.priority) if incident.priority else None,
            "resolve_reason": None,
            "incidents_responders": [self.responder(incident, each) for each in incident.responders],
            "responder_requests": self._responder_requests(incident),
            "subscriber_requests": [],
            "urgency": incident.urgency,
            "id": incident.id,
            "type": "incident",
            "summary": f"[#{incident.number}] {incident.title}",
            **self._self("incidents", incident.id),
        }
        if incident.acknowledged_at:
            by = incident.acknowledged_by
            acknowledger = self.user_reference(by) if by else self.reference("services", incident.service)
            shape["acknowledgements"] = [{"at": timestamp(incident.acknowledged_at), "acknowledger": acknowledger}]
        if "body" in include:
            shape["body"] = {"type": "incident_body", "details": incident.details or ""}
        if "conference_bridge" in include:
            shape["conference_bridge"] = self._conference_bridge(incident)
        return shape

    def _alert_counts(self, incident: Incident) -> Json:
        count, ended = len(incident.alerts), incident.status == "resolved"
        return {"all": count, "triggered": 0 if ended else count, "resolved": count if ended else 0}

    def alert(self, incident: Incident, alert: Alert) -> Json:
        """An alert; it ends with its incident."""
        return {
            "id": alert.id,
            "type": "alert",
            "summary": incident.title,
            **self._self(f"incidents/{incident.id}/alerts", alert.id),
            "created_at": timestamp(alert.created_at),
            "status": alert_status(incident),
            "alert_key": alert.key,
            "service": self.reference("services", incident.service),
            "incident": self.incident_reference(incident),
            "suppressed": False,
            "severity": alert.severity,
            "integration": {**self.integration_reference(), "type": "events_api_v2_inbound_integration_reference"},
            "body": {"type": "alert_body", "contexts": [], "details": alert.details},
        }

    def _conference_bridge(self, incident: Incident) -> Json | None:
        bridge = incident.conference_bridge
        if bridge is None:
            return None
        return {"conference_number": bridge.number or "", "conference_url": bridge.url or ""}

    def _responder_requests(self, incident: Incident) -> list[Json]:
        asked = groupby(incident.responders, key=lambda each: (each.requested_at, each.requester, each.message))
        return [self.responder_request(incident, list(together)) for _, together in asked]

    def responder_request(self, incident: Incident, asked: list[Responder]) -> Json:
        """One request for help to one or more people."""
        return {
            "incident": self.incident_reference(incident),
            "requester": self.user_reference(asked[0].requester),
            "requested_at": timestamp(asked[0].requested_at),
            "message": asked[0].message,
            "responder_request_targets": [
                {
                    "responder_request_target": {
                        "type": "escalation_policy" if each.escalation_policy else "user",
                        "id": each.escalation_policy.id if each.escalation_policy else each.user.id,
                        "incidents_responders": [self.responder(incident, each)],
                    }
                }
                for each in asked
            ],
        }

    def responder(self, incident: Incident, responder: Responder) -> Json:
        """Somebody who was asked to help, as the REST API answers it."""
        return {
            "state": responder.state,
            "user": self.user_reference(responder.user),
            "incident": self.incident_reference(incident),
            "updated_at": timestamp(responder.updated_at),
            "message": responder.message,
            "requester": self.user_reference(responder.requester),
            "requested_at": timestamp(responder.requested_at),
        }

    def incident_reference(self, incident: Incident) -> Json:
        """A reference to an incident, as webhooks and answers carry it."""
        return {
            "id": incident.id,
            "type": "incident_reference",
            "summary": incident.title,
            **self._self("incidents", incident.id),
        }

    def event_data(self, incident: Incident) -> Json:
        """An incident, as a V3 webhook carries it."""
        return {
            "id": incident.id,
            "type": "incident",
            **self._self("incidents", incident.id),
            "number": incident.number,
            "status": incident.status,
            "incident_key": incident.shown_key,
            "created_at": timestamp(incident.created_at),
            "title": incident.title,
            "service": self.reference("services", incident.service),
            "assignees": [self.user_reference(user) for user in incident.assignees],
            "escalation_policy": self.reference("escalation_policies", incident.escalation_policy.named),
            "teams": [],
            "priority": self.reference("priorities", incident.priority) if incident.priority else None,
            "urgency": incident.urgency,
            "conference_bridge": self._conference_bridge(incident),
            "resolve_reason": None,
            "incident_type": {"name": "incident_default"},
        }

    def note_data(self, incident: Incident, note: Note) -> Json:
        """A note, as ``incident.annotated`` carries it."""
        return {
            "incident": self.incident_reference(incident),
            "id": note.id,
            "content": note.content,
            "trimmed": False,
            "type": "incident_note",
        }

    def status_update_data(self, incident: Incident, update: StatusUpdate) -> Json:
        """A status update, as ``incident.status_update_published`` carries it."""
        return {
            "incident": self.incident_reference(incident),
            "id": update.id,
            "message": update.message,
            "trimmed": False,
            "type": "incident_status_update",
        }

    def responder_data(self, incident: Incident, responder: Responder) -> Json:
        """Somebody who was asked to help, as ``incident.responder.added`` and ``.replied`` carry it."""
        policy = responder.escalation_policy
        return {
            "incident": self.incident_reference(incident),
            "user": self.user_reference(responder.user),
            "escalation_policy": self.reference("escalation_policies", policy) if policy else None,
            "message": responder.message,
            "state": responder.state,
            "type": "incident_responder",
        }

    def conference_bridge_data(self, incident: Incident) -> Json:
        """The conference bridge, as ``incident.conference_bridge.updated`` carries it."""
        bridge = incident.conference_bridge
        number = bridge.number if bridge else None
        return {
            "incident": self.incident_reference(incident),
            "conference_numbers": [{"label": "", "number": number}] if number else [],
            "conference_url": bridge.url if bridge else None,
            "type": "incident_conference_bridge",
        }

    def workflow_data(self, incident: Incident, workflow: Named, instance: str) -> Json:
        """A run of an incident workflow, as ``incident.workflow.started`` and ``.completed`` carry it."""
        trigger = f"{workflow.id}TRIGGER"
        return {
            "id": instance,
            "type": "incident_workflow_instance",
            "summary": workflow.name,
            "incident_workflow": self.reference("incident_workflows", workflow),
            "workflow_trigger": {
                "id": trigger,
                "type": "workflow_trigger_reference",
                "summary": "Manual",
                "self": f"{self._state.base_url}/incident_workflows/triggers/{trigger}",
                "html_url": None,
            },
            "incident": self.incident_reference(incident),
            "service": self.reference("services", incident.service),
        }

    def status_update(self, update: StatusUpdate) -> Json:
        """A status update, as the REST API answers it."""
        return {
            "id": update.id,
            "message": update.message,
            "created_at": timestamp(update.created_at),
            "sender": self.user_reference(update.sender),
        }

    def note(self, note: Note) -> Json:
        """A note, as the REST API answers it."""
        return {
            "id": note.id,
            "user": self.user_reference(note.user),
            "channel": {"summary": "The PagerDuty website or APIs"},
            "content": note.content,
            "created_at": timestamp(note.created_at),
        }

    def log_entry(self, incident: Incident, entry: LogEntry, include: Collection[str] = ()) -> Json:
        """One step of an incident's life; ``include`` may ask for ``incidents``."""
        shape: Json = {
            "id": entry.id,
            "type": entry.type,
            "summary": entry.type.removesuffix("_log_entry").replace("_", " ").capitalize(),
            **self._self("log_entries", entry.id),
            "created_at": timestamp(entry.at),
            "agent": self.agent_of_rest(entry.agent) if entry.agent else self.reference("services", incident.service),
            "channel": {"type": "api" if entry.agent else "timeout"},
            "service": self.reference("services", incident.service),
            "incident": {
                **self.incident_reference(incident),
                "summary": f"[#{incident.number}] {incident.title}",
            },
            "teams": [],
            "contexts": [],
        }
        if "incidents" in include:
            shape["incident"] = self.incident(incident)
        if entry.note is not None:
            shape["channel"]["summary"] = entry.note
            shape["note"] = entry.note
        if entry.type == "notify_log_entry":
            shape["user"] = self.user_reference(entry.users[0])
        elif entry.users:
            shape["assignees"] = [self.user_reference(user) for user in entry.users]
        return shape

"""The local PagerDuty's JSON: the REST API's, and the smaller one of its V3 webhooks."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.pagerduty.state import (
    ESCALATION_POLICY,
    EVENTS,
    INTEGRATION,
    SCHEDULE,
    SERVICES,
    Incident,
    LogEntry,
    Named,
    Note,
    PagerDutyState,
    User,
)

Json = dict[str, Any]


def timestamp(moment: datetime) -> str:
    """The REST API's form of a moment, in whole seconds."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def event_timestamp(moment: datetime) -> str:
    """The webhooks' form of a moment, with milliseconds."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


class Shapes:
    """Builds the JSON of everything the state knows."""

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
        if agent != INTEGRATION:
            return self.reference("services", agent)
        return {
            "id": agent.id,
            "type": "inbound_integration_reference",
            "summary": agent.name,
            **self._self(f"services/{SERVICES[0].id}/integrations", agent.id),
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

    def incident(self, incident: Incident, *, with_body: bool = False) -> Json:
        """An incident, as the REST API answers it."""
        first = incident.log[0]
        shape: Json = {
            "incident_number": incident.number,
            "title": incident.title,
            "description": incident.title,
            "created_at": timestamp(incident.created_at),
            "updated_at": timestamp(incident.updated_at),
            "status": incident.status,
            "incident_key": incident.incident_key,
            "service": self.reference("services", incident.service),
            "assignments": [
                {"at": timestamp(incident.assigned_at or incident.created_at), "assignee": self.user_reference(user)}
                for user in incident.assignees
            ],
            "assigned_via": "escalation_policy",
            "last_status_change_at": timestamp(incident.status_changed_at),
            "last_status_change_by": self.agent(incident.status_changed_by),
            "resolved_at": timestamp(incident.resolved_at) if incident.resolved_at else None,
            "first_trigger_log_entry": {
                "id": first.id,
                "type": "trigger_log_entry_reference",
                "summary": "Triggered",
                **self._self("log_entries", first.id),
            },
            "alert_counts": {"all": 0, "triggered": 0, "resolved": 0},
            "is_mergeable": True,
            "incident_type": {"name": "incident_default"},
            "escalation_policy": self.reference("escalation_policies", ESCALATION_POLICY),
            "teams": [],
            "impacted_services": [self.reference("services", incident.service)],
            "pending_actions": [],
            "acknowledgements": [],
            "alert_grouping": None,
            "priority": self.priority(incident.priority) if incident.priority else None,
            "resolve_reason": None,
            "conference_bridge": None,
            "incidents_responders": [],
            "responder_requests": [],
            "subscriber_requests": [],
            "urgency": incident.urgency,
            "id": incident.id,
            "type": "incident",
            "summary": f"[#{incident.number}] {incident.title}",
            **self._self("incidents", incident.id),
        }
        if incident.acknowledged_by and incident.acknowledged_at:
            acknowledger = self.user_reference(incident.acknowledged_by)
            shape["acknowledgements"] = [{"at": timestamp(incident.acknowledged_at), "acknowledger": acknowledger}]
        if with_body:
            shape["body"] = {"type": "incident_body", "details": incident.details or ""}
        return shape

    def event_data(self, incident: Incident) -> Json:
        """An incident, as a V3 webhook carries it."""
        return {
            "id": incident.id,
            "type": "incident",
            **self._self("incidents", incident.id),
            "number": incident.number,
            "status": incident.status,
            "incident_key": incident.incident_key,
            "created_at": timestamp(incident.created_at),
            "title": incident.title,
            "service": self.reference("services", incident.service),
            "assignees": [self.user_reference(user) for user in incident.assignees],
            "escalation_policy": self.reference("escalation_policies", ESCALATION_POLICY),
            "teams": [],
            "priority": self.reference("priorities", incident.priority) if incident.priority else None,
            "urgency": incident.urgency,
            "conference_bridge": None,
            "resolve_reason": None,
            "incident_type": {"name": "incident_default"},
        }

    def note_data(self, incident: Incident, note: Note) -> Json:
        """A note, as ``incident.annotated`` carries it."""
        return {
            "incident": {
                "id": incident.id,
                "type": "incident_reference",
                **self._self("incidents", incident.id),
                "summary": incident.title,
            },
            "id": note.id,
            "content": note.content,
            "trimmed": False,
            "type": "incident_note",
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

    def log_entry(self, incident: Incident, entry: LogEntry) -> Json:
        """One step of an incident's life."""
        return {
            "id": entry.id,
            "type": entry.type,
            "summary": entry.type.removesuffix("_log_entry").replace("_", " ").capitalize(),
            **self._self("log_entries", entry.id),
            "created_at": timestamp(entry.at),
            "agent": self.agent(entry.agent) if entry.agent else self.reference("services", incident.service),
            "channel": {"type": "api"},
            "service": self.reference("services", incident.service),
            "incident": {
                "id": incident.id,
                "type": "incident_reference",
                "summary": f"[#{incident.number}] {incident.title}",
                **self._self("incidents", incident.id),
            },
            "teams": [],
            "contexts": [],
        }

    def user(self, user: User) -> Json:
        """A user."""
        return {
            "name": user.name,
            "email": user.email,
            "time_zone": "Etc/UTC",
            "color": "purple",
            "avatar_url": f"{self._state.base_url}/avatars/{user.id}",
            "billed": True,
            "role": user.role,
            "description": None,
            "invitation_sent": False,
            "job_title": None,
            "teams": [],
            "contact_methods": [],
            "notification_rules": [],
            "coordinated_incidents": [],
            "id": user.id,
            "type": "user",
            "summary": user.name,
            **self._self("users", user.id),
        }

    def service(self, service: Named) -> Json:
        """A service; its status follows its open incidents."""
        open_ = {i.status for i in self._state.incidents.values() if i.service == service} - {"resolved"}
        status = "critical" if "triggered" in open_ else "warning" if open_ else "active"
        return {
            "id": service.id,
            "name": service.name,
            "description": service.description,
            "created_at": timestamp(self._state.clock() - timedelta(days=30)),
            "status": status,
            "teams": [],
            "alert_creation": "create_alerts_and_incidents",
            "addons": [],
            "scheduled_actions": [],
            "support_hours": None,
            "last_incident_timestamp": None,
            "escalation_policy": self.reference("escalation_policies", ESCALATION_POLICY),
            "incident_urgency_rule": {"type": "constant", "urgency": "high"},
            "acknowledgement_timeout": 1800,
            "auto_resolve_timeout": None,
            "integrations": [],
            "type": "service",
            "summary": service.name,
            **self._self("services", service.id),
        }

    def escalation_policy(self) -> Json:
        """The one escalation policy: the schedule, and nothing after it."""
        return {
            "id": ESCALATION_POLICY.id,
            "type": "escalation_policy",
            "summary": ESCALATION_POLICY.name,
            **self._self("escalation_policies", ESCALATION_POLICY.id),
            "name": ESCALATION_POLICY.name,
            "description": "",
            "num_loops": 0,
            "on_call_handoff_notifications": "if_has_services",
            "escalation_rules": [
                {
                    "id": "PESCRUL1",
                    "escalation_delay_in_minutes": 30,
                    "targets": [self.reference("schedules", SCHEDULE)],
                }
            ],
            "services": [self.reference("services", service) for service in SERVICES],
            "teams": [],
        }

    def on_call(self) -> Json:
        """Who is on call now, for the week around this moment."""
        now = self._state.clock()
        return {
            "escalation_policy": self.reference("escalation_policies", ESCALATION_POLICY),
            "escalation_level": 1,
            "schedule": self.reference("schedules", SCHEDULE),
            "user": self.user_reference(self._state.on_call),
            "start": timestamp(now - timedelta(days=3)),
            "end": timestamp(now + timedelta(days=4)),
        }

    def subscription(self) -> Json:
        """The webhook subscription to the gateway."""
        subscription = self._state.subscription
        gateway = self._state.deliveries.gateway_url or ""
        return {
            "id": subscription.id,
            "type": "webhook_subscription",
            "active": True,
            "description": subscription.description,
            "delivery_method": {
                "id": "PDELIV1",
                "type": "http_delivery_method",
                "url": f"{gateway}/webhooks/pagerduty",
                "secret": None,
                "temporarily_disabled": subscription.disabled,
                "custom_headers": [],
            },
            "events": list(EVENTS),
            "filter": {"type": "account_reference"},
        }

"""What can be done to the local PagerDuty, by its APIs and by people alike: change, count, tell the gateway."""

from dataclasses import dataclass
from uuid import uuid4

from sandbox.pagerduty import webhooks
from sandbox.pagerduty.state import Incident, LogEntry, Named, Note, PagerDutyState, User


class IncidentError(Exception):
    """PagerDuty would refuse this; the text is what it says."""


@dataclass(frozen=True)
class Trigger:
    """What an incident is opened with."""

    title: str
    service: Named
    incident_key: str | None = None
    details: str | None = None
    urgency: str = "high"
    priority: Named | None = None


def trigger(state: PagerDutyState, agent: User | Named, content: Trigger) -> Incident:
    """Open an incident, assigned to whoever is on call.

    Raises:
        IncidentError: one with the same key is open on the service.
    """
    key = content.incident_key or uuid4().hex
    if state.open_incident(content.service, key) is not None:
        raise IncidentError("Open incident with matching dedup key already exists on this service")
    now = state.clock()
    incident = Incident(
        id=state.next_id("Q"),
        number=state.next_number(),
        title=content.title,
        service=content.service,
        incident_key=key,
        urgency=content.urgency,
        created_at=now,
        updated_at=now,
        status_changed_at=now,
        status_changed_by=agent,
        details=content.details,
        priority=content.priority,
        assignees=[state.on_call],
        assigned_at=now,
    )
    state.incidents[incident.id] = incident
    _log(state, incident, "trigger_log_entry", agent)
    _record(state, "incident.create", incident, agent, content.incident_key)
    webhooks.incident_event(state, "incident.triggered", incident, agent)
    return incident


def acknowledge(state: PagerDutyState, agent: User | Named, incident: Incident) -> None:
    """Acknowledge a triggered incident; an acknowledged one stays as it is.

    Raises:
        IncidentError: it is resolved.
    """
    _require_open(incident)
    if incident.status == "acknowledged":
        return
    _move(state, incident, "acknowledged", agent)
    incident.acknowledged_by = agent if isinstance(agent, User) else None
    incident.acknowledged_at = incident.status_changed_at
    _log(state, incident, "acknowledge_log_entry", agent)
    _record(state, "incident.acknowledge", incident, agent)
    webhooks.incident_event(state, "incident.acknowledged", incident, agent)


def unacknowledge(state: PagerDutyState, incident: Incident) -> None:
    """Let the acknowledgement run out: the incident is triggered again, by nobody.

    Raises:
        IncidentError: it is not acknowledged.
    """
    if incident.status != "acknowledged":
        raise IncidentError("Incident Not Acknowledged")
    _move(state, incident, "triggered", incident.service)
    incident.acknowledged_by = incident.acknowledged_at = None
    _log(state, incident, "unacknowledge_log_entry", None)
    _record(state, "incident.unacknowledge", incident, None)
    webhooks.incident_event(state, "incident.unacknowledged", incident, None)


def resolve(state: PagerDutyState, agent: User | Named, incident: Incident) -> None:
    """Resolve an incident: nobody is assigned any longer.

    Raises:
        IncidentError: it is resolved already.
    """
    _require_open(incident)
    _move(state, incident, "resolved", agent)
    incident.resolved_at = incident.status_changed_at
    incident.assignees = []
    _log(state, incident, "resolve_log_entry", agent)
    _record(state, "incident.resolve", incident, agent)
    webhooks.incident_event(state, "incident.resolved", incident, agent)


def reopen(state: PagerDutyState, agent: User, incident: Incident) -> None:
    """Open a resolved incident again.

    Raises:
        IncidentError: it is open.
    """
    if incident.status != "resolved":
        raise IncidentError("Incident Is Not Resolved")
    _move(state, incident, "triggered", agent)
    incident.resolved_at = incident.acknowledged_by = incident.acknowledged_at = None
    incident.assignees, incident.assigned_at = [state.on_call], incident.status_changed_at
    _log(state, incident, "assign_log_entry", agent)
    _record(state, "incident.reopen", incident, agent)
    webhooks.incident_event(state, "incident.reopened", incident, agent)


def annotate(state: PagerDutyState, user: User, incident: Incident, content: str) -> Note:
    """Write a note on an incident."""
    note = Note(state.next_id("P"), user, content, state.clock())
    incident.notes.append(note)
    incident.updated_at = note.created_at
    _log(state, incident, "annotate_log_entry", user)
    state.ledger.record("pagerduty", "note.create", note.id, None, user.email)
    webhooks.annotated(state, incident, note)
    return note


def set_priority(state: PagerDutyState, user: User, incident: Incident, priority: Named | None) -> None:
    """Change an incident's priority."""
    if incident.priority == priority:
        return
    incident.priority = priority
    incident.updated_at = state.clock()
    _log(state, incident, "field_value_change_log_entry", user)
    _record(state, "incident.priority", incident, user)
    webhooks.incident_event(state, "incident.priority_updated", incident, user)


def set_words(state: PagerDutyState, user: User, incident: Incident, title: str, urgency: str) -> None:
    """Change an incident's title and urgency; PagerDuty's webhooks say nothing of it."""
    if (incident.title, incident.urgency) == (title, urgency):
        return
    incident.title, incident.urgency = title, urgency
    incident.updated_at = state.clock()
    _record(state, "incident.edit", incident, user)


def reassign(state: PagerDutyState, user: User, incident: Incident, assignees: list[User]) -> None:
    """Assign other people; an acknowledged incident is triggered again for them.

    Raises:
        IncidentError: it is resolved.
    """
    _require_open(incident)
    if incident.assignees == assignees:
        return
    incident.assignees, incident.assigned_at = assignees, state.clock()
    _move(state, incident, "triggered", user)
    incident.acknowledged_by = incident.acknowledged_at = None
    _log(state, incident, "assign_log_entry", user)
    _record(state, "incident.reassign", incident, user)
    webhooks.incident_event(state, "incident.reassigned", incident, user)


def escalate(state: PagerDutyState, user: User, incident: Incident) -> None:
    """Go to the next level of the escalation policy.

    Raises:
        IncidentError: it is resolved.
    """
    _require_open(incident)
    incident.escalation_level += 1
    _move(state, incident, "triggered", user)
    incident.acknowledged_by = incident.acknowledged_at = None
    incident.assignees, incident.assigned_at = [state.on_call], incident.status_changed_at
    _log(state, incident, "escalate_log_entry", user)
    _record(state, "incident.escalate", incident, user)
    webhooks.incident_event(state, "incident.escalated", incident, user)


def _require_open(incident: Incident) -> None:
    if incident.status == "resolved":
        raise IncidentError("Incident Already Resolved")


def _move(state: PagerDutyState, incident: Incident, status: str, agent: User | Named) -> None:
    incident.status = status
    incident.updated_at = incident.status_changed_at = state.clock()
    incident.status_changed_by = agent


def _log(state: PagerDutyState, incident: Incident, kind: str, agent: User | Named | None) -> None:
    who = agent if isinstance(agent, User) else None
    incident.log.append(LogEntry(state.next_id("R"), kind, state.clock(), who))


def _record(
    state: PagerDutyState, operation: str, incident: Incident, agent: User | Named | None, marker: str | None = None
) -> None:
    actor = agent.email if isinstance(agent, User) else agent.name if agent else None
    state.ledger.record("pagerduty", operation, incident.id, marker, actor)

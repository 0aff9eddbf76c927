"""What can be done to an incident of the local PagerDuty, by its APIs, by people and by time-outs alike.

Each change is counted in the ledger, notifies whom PagerDuty would notify, and tells the subscribers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sandbox.pagerduty import webhooks
from sandbox.pagerduty.account import Named, User
from sandbox.pagerduty.escalation_policies import EscalationPolicy, Step, next_step
from sandbox.pagerduty.notifications import Notification, Reason
from sandbox.pagerduty.state import Alert, Incident, LogEntry, PagerDutyState, Status, Urgency

Agent = User | Named
"""Who does something: a user, a service or the integration."""


class IncidentError(Exception):
    """PagerDuty would refuse this; the text is what it says."""


class NobodyOnCall(IncidentError):
    """No level of the escalation policy has anybody on call: PagerDuty creates no incident then."""


@dataclass(frozen=True)
class AlertContent:
    """What an event says of what is wrong."""

    severity: str
    details: dict[str, Any]


@dataclass(frozen=True)
class Trigger:
    """What an incident is opened with."""

    title: str
    service: Named
    incident_key: str | None = None
    details: str | None = None
    urgency: Urgency = "high"
    priority: Named | None = None
    escalation_policy: EscalationPolicy | None = None
    """The service's own where it is None."""
    assignees: tuple[User, ...] = ()
    """People who get it whatever the policy says."""
    alert: AlertContent | None = None
    """What an event tells; the incident then has an alert, which has the key."""


def trigger(state: PagerDutyState, agent: Agent, content: Trigger) -> Incident:
    """Open an incident, assigned to the people named, else to the first level that has somebody on call.

    Raises:
        IncidentError: one with the same key is open on the service.
        NobodyOnCall: nobody is on call, and nobody was named.
    """
    key = content.incident_key or uuid4().hex
    if state.open_incident(content.service, key) is not None:
        raise IncidentError("Open incident with matching dedup key already exists on this service")
    policy = content.escalation_policy or state.policy_of(content.service)
    people = list(content.assignees)
    step = Step(1, 0)
    if not people:
        found = _occupied(state, policy, Step(1, 0))
        if found is None:
            raise NobodyOnCall(f"No one is on-call for the escalation policy {policy.name}")
        step, people = found
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
        escalation_policy=policy,
        step=step,
        level_since=now,
        opened_at=now,
        details=content.details,
        priority=content.priority,
        assignees=people,
        assigned_at=now,
        by_name=bool(content.assignees),
    )
    if content.alert is not None:
        alert = Alert(state.next_id("PALRT"), key, content.alert.severity, now, content.alert.details)
        incident.alerts.append(alert)
    state.incidents[incident.id] = incident
    log(state, incident, "trigger_log_entry", agent)
    record(state, "incident.create", incident, agent, content.incident_key)
    webhooks.incident_event(state, "incident.triggered", incident, agent)
    notify(state, incident, people, "triggered")
    return incident


def acknowledge(state: PagerDutyState, agent: Agent, incident: Incident) -> None:
    """Acknowledge a triggered incident; an acknowledged one stays as it is.

    Raises:
        IncidentError: it is resolved.
    """
    require_open(incident)
    if incident.status == "acknowledged":
        return
    _move(state, incident, "acknowledged", agent)
    incident.acknowledged_by = agent if isinstance(agent, User) else None
    incident.acknowledged_at = incident.status_changed_at
    log(state, incident, "acknowledge_log_entry", agent)
    record(state, "incident.acknowledge", incident, agent)
    webhooks.incident_event(state, "incident.acknowledged", incident, agent)


def snooze(state: PagerDutyState, user: User, incident: Incident, minutes: float) -> None:
    """Leave an incident alone for a while; it is acknowledged meanwhile, and triggered again at the end.

    Raises:
        IncidentError: it is resolved.
    """
    acknowledge(state, user, incident)
    incident.acknowledged_at = incident.updated_at = state.clock()
    incident.snoozed_minutes = minutes
    state.touched.add(incident)
    log(state, incident, "snooze_log_entry", user)
    record(state, "incident.snooze", incident, user)


def unacknowledge(state: PagerDutyState, incident: Incident, agent: User | None = None) -> None:
    """Trigger an acknowledged incident again, by itself (its time-out ran out) or by somebody; its people are notified.

    Raises:
        IncidentError: it is not acknowledged.
    """
    if incident.status != "acknowledged":
        raise IncidentError("Incident Not Acknowledged")
    _move(state, incident, "triggered", agent or incident.service)
    incident.level_since = incident.status_changed_at
    log(state, incident, "unacknowledge_log_entry", agent)
    record(state, "incident.unacknowledge", incident, agent)
    webhooks.incident_event(state, "incident.unacknowledged", incident, agent)
    notify(state, incident, incident.assignees, "unacknowledged")


def resolve(state: PagerDutyState, agent: Agent, incident: Incident, resolution: str | None = None) -> None:
    """Resolve an incident: nobody is assigned any longer.

    Raises:
        IncidentError: it is resolved already.
    """
    require_open(incident)
    _move(state, incident, "resolved", agent)
    incident.resolved_at = incident.status_changed_at
    incident.assignees = []
    log(state, incident, "resolve_log_entry", agent, note=resolution)
    record(state, "incident.resolve", incident, agent)
    # What a time-out resolved was resolved by nobody.
    by = None if agent == incident.service else agent
    webhooks.incident_event(state, "incident.resolved", incident, by)


def reopen(state: PagerDutyState, agent: User, incident: Incident, *, for_agent: bool = False) -> None:
    """Open a resolved incident again; its policy begins anew, unless whoever opens it takes it.

    Raises:
        IncidentError: it is open, or another with its key is.
        NobodyOnCall: nobody is on call.
    """
    if incident.status != "resolved":
        raise IncidentError("Incident Is Not Resolved")
    if state.open_incident(incident.service, incident.incident_key) is not None:
        raise IncidentError("Open incident with matching dedup key already exists on this service")
    found = (Step(1, 0), [agent]) if for_agent else _occupied(state, incident.escalation_policy, Step(1, 0))
    if found is None:
        raise NobodyOnCall(f"No one is on-call for the escalation policy {incident.escalation_policy.name}")
    _move(state, incident, "triggered", agent)
    incident.resolved_at = None
    incident.opened_at = incident.status_changed_at
    _ask_level(state, incident, *found)
    incident.by_name = for_agent
    log(state, incident, "assign_log_entry", agent, incident.assignees)
    record(state, "incident.reopen", incident, agent)
    webhooks.incident_event(state, "incident.reopened", incident, agent)
    if not for_agent:
        notify(state, incident, incident.assignees, "reopened")


def set_priority(state: PagerDutyState, user: User, incident: Incident, priority: Named | None) -> None:
    """Change an incident's priority."""
    if incident.priority == priority:
        return
    incident.priority = priority
    incident.updated_at = state.clock()
    log(state, incident, "field_value_change_log_entry", user)
    record(state, "incident.priority", incident, user)
    webhooks.incident_event(state, "incident.priority_updated", incident, user)


def set_words(state: PagerDutyState, user: User, incident: Incident, title: str, urgency: Urgency) -> None:
    """Change an incident's title and urgency; the webhooks say nothing of it. Who had it in low urgency is woken."""
    if (incident.title, incident.urgency) == (title, urgency):
        return
    raised = (incident.urgency, urgency) == ("low", "high") and incident.status == "triggered"
    if incident.urgency != urgency:
        log(state, incident, "urgency_change_log_entry", user)
    incident.title, incident.urgency = title, urgency
    incident.updated_at = state.clock()
    record(state, "incident.edit", incident, user)
    if raised:
        incident.level_since = incident.updated_at
        notify(state, incident, incident.assignees, "urgency_raised")
    state.touched.add(incident)


def set_service(state: PagerDutyState, user: User, incident: Incident, service: Named) -> None:
    """Move an incident to another service; its escalation goes on as it is.

    Raises:
        IncidentError: an incident with its key is open there.
    """
    if incident.service == service:
        return
    if state.open_incident(service, incident.incident_key) is not None:
        raise IncidentError("Open incident with matching dedup key already exists on this service")
    incident.service = service
    incident.updated_at = state.clock()
    record(state, "incident.service", incident, user)
    webhooks.incident_event(state, "incident.service_updated", incident, user)
    state.touched.add(incident)


def reassign(state: PagerDutyState, user: User, incident: Incident, assignees: Sequence[User]) -> None:
    """Assign other people by name; it is triggered for them and does not escalate.

    Raises:
        IncidentError: it is resolved.
    """
    require_open(incident)
    if incident.assignees == list(assignees):
        return
    _move(state, incident, "triggered", user)
    incident.assignees, incident.assigned_at, incident.by_name = list(assignees), incident.status_changed_at, True
    log(state, incident, "assign_log_entry", user, assignees)
    record(state, "incident.reassign", incident, user)
    webhooks.incident_event(state, "incident.reassigned", incident, user)
    notify(state, incident, assignees, "reassigned")


def escalate(state: PagerDutyState, user: User, incident: Incident, level: int | None = None) -> None:
    """Ask a level of the escalation policy, else the next one; a level with nobody on call is skipped.

    Raises:
        IncidentError: it is resolved, or there is no such level.
        NobodyOnCall: nobody is on call there or further up.
    """
    require_open(incident)
    step = Step(incident.step.level + 1 if level is None else level, incident.step.loops)
    if not 1 <= step.level <= len(incident.escalation_policy.rules):
        raise IncidentError(f"{incident.escalation_policy.name} has no level {step.level}")
    found = _occupied(state, incident.escalation_policy, step)
    if found is None:
        raise NobodyOnCall(f"No one is on-call at level {step.level} of {incident.escalation_policy.name} or above")
    _escalate_to(state, incident, user, *found)


def escalate_by_itself(state: PagerDutyState, incident: Incident) -> None:
    """Ask the next level that has somebody on call, since nobody took it; without one the policy is at its end."""
    following = next_step(incident.escalation_policy, incident.step)
    found = None if following is None else _occupied(state, incident.escalation_policy, following)
    if found is None:
        exhaust(state, incident)
        return
    if found[0].loops > incident.step.loops:
        log(state, incident, "repeat_escalation_path_log_entry", None)
    _escalate_to(state, incident, None, *found)


def exhaust(state: PagerDutyState, incident: Incident) -> None:
    """Leave an incident where it is: its policy is at its end, and no webhook says so."""
    incident.exhausted = True
    state.touched.add(incident)
    incident.updated_at = state.clock()
    log(state, incident, "exhaust_escalation_path_log_entry", None)
    record(state, "incident.exhaust", incident, None)


def delegate(state: PagerDutyState, user: User, incident: Incident, policy: EscalationPolicy) -> None:
    """Hand an incident to another escalation policy, which begins at its first level.

    Raises:
        IncidentError: it is resolved.
        NobodyOnCall: nobody is on call there.
    """
    require_open(incident)
    found = _occupied(state, policy, Step(1, 0))
    if found is None:
        raise NobodyOnCall(f"No one is on-call for the escalation policy {policy.name}")
    _move(state, incident, "triggered", user)
    incident.escalation_policy = policy
    _ask_level(state, incident, *found)
    log(state, incident, "delegate_log_entry", user, incident.assignees)
    record(state, "incident.delegate", incident, user)
    webhooks.incident_event(state, "incident.delegated", incident, user)
    notify(state, incident, incident.assignees, "delegated")


# --- what every change does ----------------------------------------------------------------------------------------


def require_open(incident: Incident) -> None:
    """Refuse what cannot be done to a resolved incident.

    Raises:
        IncidentError: it is resolved.
    """
    if incident.status == "resolved":
        raise IncidentError("Incident Already Resolved")


def log(
    state: PagerDutyState,
    incident: Incident,
    kind: str,
    agent: Agent | None,
    users: Sequence[User] = (),
    note: str | None = None,
) -> None:
    """Add a step to an incident's log."""
    who = agent if isinstance(agent, User) else None
    incident.log.append(LogEntry(state.next_id("R"), kind, state.clock(), who, tuple(users), note))


def record(
    state: PagerDutyState, operation: str, incident: Incident, agent: Agent | None, marker: str | None = None
) -> None:
    """Count a change in the ledger."""
    actor = agent.email if isinstance(agent, User) else agent.name if agent else None
    state.ledger.record("pagerduty", operation, incident.id, marker, actor)


def notify(
    state: PagerDutyState, incident: Incident, people: Sequence[User], reason: Reason, *, by_level: bool = True
) -> None:
    """Wake people, and remember that they were."""
    level = incident.step.level if by_level and not incident.by_name else None
    for person in people:
        notification = Notification(
            person=person.handle,
            incident=incident.id,
            incident_key=incident.incident_key,
            title=incident.title,
            escalation_policy=incident.escalation_policy.id,
            level=level,
            urgency=incident.urgency,
            reason=reason,
            at=state.clock(),
        )
        state.notifications.add(notification)
        log(state, incident, "notify_log_entry", None, [person])
    state.touched.add(incident)


def _move(state: PagerDutyState, incident: Incident, status: Status, agent: Agent) -> None:
    incident.status = status
    incident.updated_at = incident.status_changed_at = state.clock()
    incident.status_changed_by = agent
    incident.acknowledged_by = incident.acknowledged_at = incident.snoozed_minutes = None
    state.touched.add(incident)


def _occupied(state: PagerDutyState, policy: EscalationPolicy, step: Step) -> tuple[Step, list[User]] | None:
    """This step or the first after it at which somebody is on call; PagerDuty skips empty levels at once."""
    at: Step | None = step
    while at is not None:
        people = state.on_call(policy.rules[at.level - 1])
        if people:
            return at, people
        at = next_step(policy, at)
    return None


def _ask_level(state: PagerDutyState, incident: Incident, step: Step, people: list[User]) -> None:
    incident.step, incident.assignees = step, people
    incident.level_since = incident.assigned_at = state.clock()
    incident.by_name = incident.exhausted = False


def _escalate_to(state: PagerDutyState, incident: Incident, user: User | None, step: Step, people: list[User]) -> None:
    _move(state, incident, "triggered", user or incident.service)
    _ask_level(state, incident, step, people)
    log(state, incident, "escalate_log_entry", user, people)
    record(state, "incident.escalate", incident, user)
    webhooks.incident_event(state, "incident.escalated", incident, user)
    notify(state, incident, people, "escalated")

"""What people tell one another on an incident: notes, responders, status updates, the conference bridge, workflows."""

from collections.abc import Sequence

from sandbox.pagerduty import webhooks
from sandbox.pagerduty.account import BOT, Named, User
from sandbox.pagerduty.changes import IncidentError, log, notify, record, require_open
from sandbox.pagerduty.escalation_policies import EscalationPolicy
from sandbox.pagerduty.shapes import Shapes
from sandbox.pagerduty.state import ConferenceBridge, Incident, Note, PagerDutyState, Responder, StatusUpdate


def annotate(state: PagerDutyState, user: User, incident: Incident, content: str) -> Note:
    """Write a note on an incident."""
    note = Note(state.next_id("P"), user, content, state.clock())
    incident.notes.append(note)
    incident.updated_at = note.created_at
    log(state, incident, "annotate_log_entry", user, note=content)
    state.ledger.record("pagerduty", "note.create", note.id, _marker(user, incident, content), user.email)
    webhooks.incident_news(state, "incident.annotated", incident, user, Shapes(state).note_data(incident, note))
    return note


def publish_status_update(state: PagerDutyState, user: User, incident: Incident, message: str) -> StatusUpdate:
    """Tell those who wait how it stands."""
    update = StatusUpdate(state.next_id("P"), user, message, state.clock())
    incident.status_updates.append(update)
    incident.updated_at = update.created_at
    marker = _marker(user, incident, message)
    state.ledger.record("pagerduty", "status_update.create", update.id, marker, user.email)
    data = Shapes(state).status_update_data(incident, update)
    webhooks.incident_news(state, "incident.status_update_published", incident, user, data)
    return update


def request_responders(
    state: PagerDutyState, requester: User, incident: Incident, people: Sequence[User | EscalationPolicy], message: str
) -> list[Responder]:
    """Ask people, or who is on call at a policy's first level, to help; each is notified and can answer.

    Raises:
        IncidentError: the incident is resolved.
    """
    require_open(incident)
    now = state.clock()
    asked: list[Responder] = []
    for target in people:
        named = target.named if isinstance(target, EscalationPolicy) else None
        for user in state.on_call(target.rules[0]) if isinstance(target, EscalationPolicy) else [target]:
            responder = Responder(user, requester, message, now, now, named)
            incident.responders.append(responder)
            asked.append(responder)
            record(state, "responder.add", incident, requester)
            data = Shapes(state).responder_data(incident, responder)
            webhooks.incident_news(state, "incident.responder.added", incident, requester, data)
            notify(state, incident, [user], "responder_requested", by_level=False)
    return asked


def reply(state: PagerDutyState, user: User, incident: Incident, *, accepts: bool) -> Responder:
    """Answer a request for help.

    Raises:
        IncidentError: this person was not asked, or has answered.
    """
    responder = next((r for r in incident.responders if r.user == user and r.state == "pending"), None)
    if responder is None:
        raise IncidentError(f"{user.name} was not asked to respond")
    responder.state = "joined" if accepts else "declined"
    responder.updated_at = incident.updated_at = state.clock()
    record(state, "responder.reply", incident, user)
    data = Shapes(state).responder_data(incident, responder)
    webhooks.incident_news(state, "incident.responder.replied", incident, user, data)
    return responder


def set_conference_bridge(state: PagerDutyState, user: User, incident: Incident, bridge: ConferenceBridge) -> None:
    """Say where people talk about an incident."""
    if incident.conference_bridge == bridge:
        return
    incident.conference_bridge = bridge
    incident.updated_at = state.clock()
    record(state, "incident.conference_bridge", incident, user)
    data = Shapes(state).conference_bridge_data(incident)
    webhooks.incident_news(state, "incident.conference_bridge.updated", incident, user, data)


def _marker(user: User, incident: Incident, text: str) -> str | None:
    """What tells that a bot wrote the same twice: PagerDuty takes no key for a text. People may repeat themselves."""
    return f"{incident.id}: {text}" if user == BOT else None


def run_workflow(state: PagerDutyState, user: User, incident: Incident, workflow: Named) -> None:
    """Run an incident workflow, which is done at once."""
    data = Shapes(state).workflow_data(incident, workflow, state.next_id("P"))
    record(state, "workflow.run", incident, user)
    for event in ("incident.workflow.started", "incident.workflow.completed"):
        webhooks.incident_news(state, event, incident, user, data)

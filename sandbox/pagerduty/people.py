"""What a person does in the local PagerDuty's web pages and app: acknowledge, hand on, answer, note, publish, resolve."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field

from sandbox.pagerduty import changes, collaboration
from sandbox.pagerduty.account import PRIORITIES, Named, User
from sandbox.pagerduty.changes import IncidentError
from sandbox.pagerduty.escalation_policies import EscalationPolicy
from sandbox.pagerduty.pending_actions import pending_actions
from sandbox.pagerduty.shapes import timestamp
from sandbox.pagerduty.state import ConferenceBridge, Incident, PagerDutyState, Urgency


class ActForm(BaseModel):
    """Who acts."""

    user: str


class NoteForm(ActForm):
    """A note that somebody writes."""

    text: str


class PriorityForm(ActForm):
    """A priority by its name, such as P1."""

    priority: str


class ReassignForm(ActForm):
    """To whom an incident goes."""

    to: str


class EscalateForm(ActForm):
    """The level that is asked; the next one where it is None."""

    level: int | None = None


class DelegateForm(ActForm):
    """The escalation policy that an incident goes to, by its id or name."""

    policy: str


class UrgencyForm(ActForm):
    """How much it presses."""

    urgency: Urgency


class SnoozeForm(ActForm):
    """For how many of the sandbox's minutes."""

    minutes: float = Field(gt=0)


class ResponderForm(ActForm):
    """Whom somebody asks to help."""

    to: str
    message: str = "Please help with this incident."


class ReplyForm(ActForm):
    """What the one who was asked answers."""

    accept: bool


class StatusUpdateForm(ActForm):
    """News for those who wait."""

    message: str


class ConferenceBridgeForm(ActForm):
    """Where people talk."""

    url: str | None = None
    number: str | None = None


class WorkflowForm(ActForm):
    """An incident workflow by its name."""

    name: str = "Major incident"


class UnacknowledgeForm(BaseModel):
    """Who takes an acknowledgement back; nobody where the time-out did."""

    user: str | None = None


class _Route(APIRoute):
    """Answers 409 to what PagerDuty would not let a person do."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except IncidentError as error:
                return JSONResponse({"detail": str(error)}, 409)

        return answer


def build_router(state: PagerDutyState) -> APIRouter:
    """``/people/pagerduty/incidents``, and below each of them what a person can do to it."""
    router = APIRouter(prefix="/people/pagerduty", route_class=_Route)

    def person(name: str) -> User:
        user = state.person(name)
        if user is None:
            raise HTTPException(404, f"PagerDuty has no user {name!r}")
        return user

    def incident_of(id_: str) -> Incident:
        incident = state.incidents.get(id_)
        if incident is None:
            raise HTTPException(404, f"there is no incident {id_}")
        return incident

    def policy_of(name: str) -> EscalationPolicy:
        for policy in state.escalation_policies.values():
            if name in (policy.id, policy.name):
                return policy
        raise HTTPException(404, f"PagerDuty has no escalation policy {name!r}")

    def seen(incident: Incident) -> dict[str, Any]:
        return view(state, incident)

    @router.get("/incidents")
    async def read_incidents() -> list[dict[str, Any]]:
        return [seen(incident) for incident in state.incidents.values()]

    @router.post("/incidents/{id}/acknowledge")
    async def acknowledge(id: str, form: ActForm) -> dict[str, Any]:
        incident, user = incident_of(id), person(form.user)
        changes.acknowledge(state, user, incident)
        return seen(incident)

    @router.post("/incidents/{id}/unacknowledge")
    async def unacknowledge(id: str, form: UnacknowledgeForm | None = None) -> dict[str, Any]:
        incident = incident_of(id)
        user = person(form.user) if form and form.user else None
        changes.unacknowledge(state, incident, user)
        return seen(incident)

    @router.post("/incidents/{id}/resolve")
    async def resolve(id: str, form: ActForm) -> dict[str, Any]:
        incident, user = incident_of(id), person(form.user)
        changes.resolve(state, user, incident)
        return seen(incident)

    @router.post("/incidents/{id}/reopen")
    async def reopen(id: str, form: ActForm) -> dict[str, Any]:
        incident, user = incident_of(id), person(form.user)
        changes.reopen(state, user, incident)
        return seen(incident)

    @router.post("/incidents/{id}/note", status_code=201)
    async def note(id: str, form: NoteForm) -> dict[str, Any]:
        incident, user = incident_of(id), person(form.user)
        collaboration.annotate(state, user, incident, form.text)
        return seen(incident)

    @router.post("/incidents/{id}/priority")
    async def priority(id: str, form: PriorityForm) -> dict[str, Any]:
        incident, user = incident_of(id), person(form.user)
        wanted = next((known for known in PRIORITIES if known.name == form.priority), None)
        if wanted is None:
            raise HTTPException(422, f"there is no priority {form.priority!r}")
        changes.set_priority(state, user, incident, wanted)
        return seen(incident)

    @router.post("/incidents/{id}/reassign")
    async def reassign(id: str, form: ReassignForm) -> dict[str, Any]:
        incident, user = incident_of(id), person(form.user)
        changes.reassign(state, user, incident, [person(form.to)])
        return seen(incident)

    @router.post("/incidents/{id}/escalate")
    async def escalate(id: str, form: EscalateForm) -> dict[str, Any]:
        incident, user = incident_of(id), person(form.user)
        changes.escalate(state, user, incident, form.level)
        return seen(incident)

    @router.post("/incidents/{id}/delegate")
    async def delegate(id: str, form: DelegateForm) -> dict[str, Any]:
        incident, user = incident_of(id), person(form.user)
        changes.delegate(state, user, incident, policy_of(form.policy))
        return seen(incident)

    @router.post("/incidents/{id}/urgency")
    async def urgency(id: str, form: UrgencyForm) -> dict[str, Any]:
        incident, user = incident_of(id), person(form.user)
        changes.set_words(state, user, incident, incident.title, form.urgency)
        return seen(incident)

    @router.post("/incidents/{id}/snooze")
    async def snooze(id: str, form: SnoozeForm) -> dict[str, Any]:
        incident, user = incident_of(id), person(form.user)
        changes.snooze(state, user, incident, form.minutes)
        return seen(incident)

    @router.post("/incidents/{id}/responder")
    async def responder(id: str, form: ResponderForm) -> dict[str, Any]:
        incident, user = incident_of(id), person(form.user)
        collaboration.request_responders(state, user, incident, [person(form.to)], form.message)
        return seen(incident)

    @router.post("/incidents/{id}/reply")
    async def reply(id: str, form: ReplyForm) -> dict[str, Any]:
        incident, user = incident_of(id), person(form.user)
        collaboration.reply(state, user, incident, accepts=form.accept)
        return seen(incident)

    @router.post("/incidents/{id}/status_update", status_code=201)
    async def status_update(id: str, form: StatusUpdateForm) -> dict[str, Any]:
        incident, user = incident_of(id), person(form.user)
        collaboration.publish_status_update(state, user, incident, form.message)
        return seen(incident)

    @router.post("/incidents/{id}/conference_bridge")
    async def conference_bridge(id: str, form: ConferenceBridgeForm) -> dict[str, Any]:
        incident, user = incident_of(id), person(form.user)
        collaboration.set_conference_bridge(state, user, incident, ConferenceBridge(form.number, form.url))
        return seen(incident)

    @router.post("/incidents/{id}/workflow", status_code=201)
    async def workflow(id: str, form: WorkflowForm) -> dict[str, Any]:
        incident, user = incident_of(id), person(form.user)
        collaboration.run_workflow(state, user, incident, Named("PWORKFL", form.name))
        return seen(incident)

    return router


def view(state: PagerDutyState, incident: Incident) -> dict[str, Any]:
    """An incident as the sandbox's page shows it."""
    return {
        "id": incident.id,
        "number": incident.number,
        "title": incident.title,
        "status": incident.status,
        "service": incident.service.name,
        "urgency": incident.urgency,
        "priority": incident.priority.name if incident.priority else None,
        "incident_key": incident.incident_key,
        "details": incident.details or "",
        "assignees": [user.name for user in incident.assignees],
        "acknowledged_by": incident.acknowledged_by.name if incident.acknowledged_by else None,
        "escalation_policy": incident.escalation_policy.name,
        "level": None if incident.by_name else incident.escalation_level,
        "levels": len(incident.escalation_policy.rules),
        "pending": [{"action": action, "at": at.isoformat()} for action, at in pending_actions(state, incident)],
        "conference_url": incident.conference_bridge.url if incident.conference_bridge else None,
        "responders": [
            {"user": each.user.name, "handle": each.user.handle, "state": each.state} for each in incident.responders
        ],
        "status_updates": [
            {"user": each.sender.name, "text": each.message, "created": timestamp(each.created_at)}
            for each in incident.status_updates
        ],
        "created": timestamp(incident.created_at),
        "updated": timestamp(incident.updated_at),
        "notes": [
            {"id": note.id, "user": note.user.name, "text": note.content, "created": timestamp(note.created_at)}
            for note in incident.notes
        ],
        "log": [
            {
                "type": entry.type,
                "at": timestamp(entry.at),
                "agent": entry.agent.name if entry.agent else None,
                "users": [user.name for user in entry.users],
            }
            for entry in incident.log
        ],
    }

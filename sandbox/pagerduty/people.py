"""What a person does in the local PagerDuty's web pages and app: acknowledge, resolve, note, escalate."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from sandbox.pagerduty import changes
from sandbox.pagerduty.changes import IncidentError
from sandbox.pagerduty.shapes import timestamp
from sandbox.pagerduty.state import PRIORITIES, Incident, PagerDutyState, User


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
    """``/people/pagerduty/incidents``."""
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

    @router.get("/incidents")
    async def read_incidents() -> list[dict[str, Any]]:
        return [view(incident) for incident in state.incidents.values()]

    @router.post("/incidents/{id}/acknowledge")
    async def acknowledge(id: str, form: ActForm) -> dict[str, Any]:
        incident, user = incident_of(id), person(form.user)
        changes.acknowledge(state, user, incident)
        return view(incident)

    @router.post("/incidents/{id}/unacknowledge")
    async def let_acknowledgement_run_out(id: str) -> dict[str, Any]:
        incident = incident_of(id)
        changes.unacknowledge(state, incident)
        return view(incident)

    @router.post("/incidents/{id}/resolve")
    async def resolve(id: str, form: ActForm) -> dict[str, Any]:
        incident, user = incident_of(id), person(form.user)
        changes.resolve(state, user, incident)
        return view(incident)

    @router.post("/incidents/{id}/reopen")
    async def reopen(id: str, form: ActForm) -> dict[str, Any]:
        incident, user = incident_of(id), person(form.user)
        changes.reopen(state, user, incident)
        return view(incident)

    @router.post("/incidents/{id}/note", status_code=201)
    async def note(id: str, form: NoteForm) -> dict[str, Any]:
        incident, user = incident_of(id), person(form.user)
        changes.annotate(state, user, incident, form.text)
        return view(incident)

    @router.post("/incidents/{id}/priority")
    async def priority(id: str, form: PriorityForm) -> dict[str, Any]:
        incident, user = incident_of(id), person(form.user)
        wanted = next((known for known in PRIORITIES if known.name == form.priority), None)
        if wanted is None:
            raise HTTPException(422, f"there is no priority {form.priority!r}")
        changes.set_priority(state, user, incident, wanted)
        return view(incident)

    @router.post("/incidents/{id}/reassign")
    async def reassign(id: str, form: ReassignForm) -> dict[str, Any]:
        incident, user = incident_of(id), person(form.user)
        changes.reassign(state, user, incident, [person(form.to)])
        return view(incident)

    @router.post("/incidents/{id}/escalate")
    async def escalate(id: str, form: ActForm) -> dict[str, Any]:
        incident, user = incident_of(id), person(form.user)
        changes.escalate(state, user, incident)
        return view(incident)

    return router


def view(incident: Incident) -> dict[str, Any]:
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
        "created": timestamp(incident.created_at),
        "updated": timestamp(incident.updated_at),
        "notes": [
            {"id": note.id, "user": note.user.name, "text": note.content, "created": timestamp(note.created_at)}
            for note in incident.notes
        ],
        "log": [
            {"type": entry.type, "at": timestamp(entry.at), "agent": entry.agent.name if entry.agent else None}
            for entry in incident.log
        ],
    }

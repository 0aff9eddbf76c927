"""The local PagerDuty's REST API, version 2: the paths that a bot needs, with an API key."""

import json
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime
from secrets import compare_digest
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.routing import APIRoute

from sandbox.pagerduty import changes, webhooks
from sandbox.pagerduty.changes import IncidentError, Trigger
from sandbox.pagerduty.shapes import Shapes
from sandbox.pagerduty.state import (
    BOT,
    ESCALATION_POLICY,
    PRIORITIES,
    SERVICES,
    Incident,
    Named,
    PagerDutyState,
    User,
)

Json = dict[str, Any]

# The numbers and words of PagerDuty's own list of error codes.
_INVALID = (2001, "Invalid Input Provided")
_ARGUMENTS = (2002, "Arguments Caused Error")


class PagerDutyError(Exception):
    """A refusal in PagerDuty's words."""

    def __init__(self, status: int, code: int, message: str, errors: Sequence[str] = ()) -> None:
        super().__init__(status, message)
        self.status = status
        error: Json = {"message": message, "code": code}
        if errors:
            error["errors"] = list(errors)
        self.body: Json = {"error": error}


def _invalid(*errors: str) -> PagerDutyError:
    return PagerDutyError(400, _INVALID[0], _INVALID[1], errors)


class _Route(APIRoute):
    """Turns refusals into PagerDuty's JSON and adds the headers that every answer has."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                response = await handle(request)
            except PagerDutyError as error:
                response = JSONResponse(error.body, error.status)
            except IncidentError as error:
                body = PagerDutyError(400, _ARGUMENTS[0], _ARGUMENTS[1], [str(error)]).body
                response = JSONResponse(body, 400)
            response.headers.update({"ratelimit-limit": "960", "ratelimit-remaining": "959", "ratelimit-reset": "60"})
            return response

        return answer


def build_router(state: PagerDutyState) -> APIRouter:
    """Everything below ``/pagerduty``, and the address that people use for an incident."""
    site = APIRouter(include_in_schema=False)

    @site.get("/pagerduty-web/incidents/{incident}")
    async def browse(incident: str) -> Response:
        return RedirectResponse(f"/#pagerduty/{incident}", 303)

    router = APIRouter(prefix="/pagerduty", route_class=_Route, include_in_schema=False)
    _Incidents(state).add_to(router)
    _Account(state).add_to(router)
    _Subscriptions(state).add_to(router)

    @router.api_route("/{path:path}", methods=["GET", "POST", "PUT", "DELETE"])
    async def unknown(path: str) -> Response:
        raise PagerDutyError(404, 2100, "Not Found")

    site.include_router(router)
    return site


class _Part:
    """One group of paths over the same state."""

    def __init__(self, state: PagerDutyState) -> None:
        self.state = state
        self.shapes = Shapes(state)

    def authenticate(self, request: Request) -> None:
        """Refuse a caller without the account's key."""
        expected = f"Token token={self.state.credentials.pagerduty_api_key.get_secret_value()}"
        if not compare_digest(request.headers.get("authorization", "").encode(), expected.encode()):
            raise PagerDutyError(401, 2006, "Unauthorized")

    def requester(self, request: Request) -> User:
        """The user in whose name the caller writes, from the ``From`` header."""
        self.authenticate(request)
        address = request.headers.get("from")
        if not address:
            raise PagerDutyError(
                400, 2016, 'You must specify a user\'s email address in the "From" header to perform this action'
            )
        if "@" not in address:
            raise PagerDutyError(400, 1028, 'Malformed "From" header')
        user = next((user for user in self.state.users if user.email == address.lower()), None)
        if user is None:
            raise PagerDutyError(400, 1008, "Requester User Not Found")
        return user

    @staticmethod
    async def body(request: Request, name: str) -> Any:
        """The member of the sent JSON that holds the resource."""
        try:
            content = json.loads(await request.body())
        except ValueError:
            content = None
        if not isinstance(content, dict) or name not in content:
            raise _invalid(f"{name.capitalize()} cannot be empty")
        return content[name]

    def page(self, request: Request, name: str, items: Sequence[Json]) -> Json:
        """One page of a list, in PagerDuty's classic pagination."""
        query = request.query_params
        limit, offset = _whole(query.get("limit"), 25), _whole(query.get("offset"), 0)
        if limit > 100:
            limit = 100
        return {
            name: list(items[offset : offset + limit]),
            "limit": limit,
            "offset": offset,
            "total": len(items) if query.get("total") == "true" else None,
            "more": offset + limit < len(items),
        }


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and text.isdigit() else otherwise


def _listed(request: Request, name: str) -> list[str]:
    return [*request.query_params.getlist(f"{name}[]"), *request.query_params.getlist(name)]


def _moment(text: str | None, name: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise PagerDutyError(400, 2004, f"Invalid '{name}' Parameter Value") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _named(known: Sequence[Named], reference: Any, what: str) -> Named:
    id_ = reference.get("id") if isinstance(reference, dict) else None
    for item in known:
        if item.id == id_:
            return item
    raise _invalid(f"{what} not found")


class _Incidents(_Part):
    def add_to(self, router: APIRouter) -> None:
        router.get("/incidents")(self.list)
        router.post("/incidents", status_code=201)(self.create)
        router.put("/incidents")(self.update_many)
        router.get("/incidents/{incident}")(self.read)
        router.put("/incidents/{incident}")(self.update)
        router.get("/incidents/{incident}/notes")(self.notes)
        router.post("/incidents/{incident}/notes")(self.annotate)
        router.get("/incidents/{incident}/log_entries")(self.log_entries)

    def _incident(self, id_: object) -> Incident:
        incident = self.state.incidents.get(str(id_))
        if incident is None:
            raise PagerDutyError(404, 5001, "Incident Not Found", ["Incident Not Found"])
        return incident

    async def list(self, request: Request) -> Json:
        self.authenticate(request)
        query = request.query_params
        statuses = _listed(request, "statuses") or ["triggered", "acknowledged", "resolved"]
        if unknown := set(statuses) - {"triggered", "acknowledged", "resolved"}:
            raise _invalid(f"Statuses {', '.join(sorted(unknown))} are invalid")
        services, urgencies = _listed(request, "service_ids"), _listed(request, "urgencies")
        users, key = _listed(request, "user_ids"), query.get("incident_key")
        everything = query.get("date_range") == "all"
        since = None if everything else _moment(query.get("since"), "since")
        until = None if everything else _moment(query.get("until"), "until")
        found = [
            incident
            for incident in self.state.incidents.values()
            if incident.status in statuses
            and (key is None or incident.incident_key == key)
            and (not services or incident.service.id in services)
            and (not urgencies or incident.urgency in urgencies)
            and (not users or any(user.id in users for user in incident.assignees))
            # PagerDuty keeps whole seconds.
            and (since is None or incident.created_at.replace(microsecond=0) >= since)
            and (until is None or incident.created_at < until)
        ]
        if query.get("sort_by", "").endswith(":desc"):
            found.reverse()
        bodies = "body" in _listed(request, "include")
        return self.page(request, "incidents", [self.shapes.incident(i, with_body=bodies) for i in found])

    async def create(self, request: Request) -> Json:
        user = self.requester(request)
        body = await self.body(request, "incident")
        if not isinstance(body, dict):
            raise _invalid("Incident must be an object")
        title = str(body.get("title") or "").strip()
        if not title:
            raise _invalid("Title cannot be empty")
        urgency = body.get("urgency") or "high"
        if urgency not in ("high", "low"):
            raise _invalid("Urgency must be one of: high, low")
        key = body.get("incident_key")
        if key is not None and (not isinstance(key, str) or not 0 < len(key) <= 255):
            raise _invalid("Incident key is too long (maximum is 255 characters)")
        if body.get("escalation_policy"):
            _named([ESCALATION_POLICY], body["escalation_policy"], "Escalation policy")
        priority = _named(PRIORITIES, body["priority"], "Priority") if body.get("priority") else None
        content = Trigger(
            title=title,
            service=_named(SERVICES, body.get("service"), "Service"),
            incident_key=key,
            details=(body.get("body") or {}).get("details"),
            urgency=urgency,
            priority=priority,
        )
        return {"incident": self.shapes.incident(changes.trigger(self.state, user, content), with_body=True)}

    async def read(self, request: Request, incident: str) -> Json:
        self.authenticate(request)
        found = self._incident(incident)
        return {"incident": self.shapes.incident(found, with_body="body" in _listed(request, "include"))}

    async def update(self, request: Request, incident: str) -> Json:
        user = self.requester(request)
        found = self._incident(incident)
        self._apply(user, found, await self.body(request, "incident"))
        return {"incident": self.shapes.incident(found)}

    async def update_many(self, request: Request) -> Json:
        user = self.requester(request)
        wanted = await self.body(request, "incidents")
        if not isinstance(wanted, list) or len(wanted) > 250:
            raise _invalid("Incidents must be a list of at most 250")
        found = [(self._incident(item.get("id")), item) for item in wanted]
        for incident, item in found:
            self._apply(user, incident, item)
        return self.page(request, "incidents", [self.shapes.incident(incident) for incident, _ in found])

    def _apply(self, user: User, incident: Incident, wanted: Any) -> None:
        if not isinstance(wanted, dict):
            raise _invalid("Incident must be an object")
        status = wanted.get("status")
        if status not in (None, "triggered", "acknowledged", "resolved"):
            raise _invalid("Status must be one of: triggered, acknowledged, resolved")
        assignees = [
            self._assignee(item.get("assignee")) for item in wanted.get("assignments") or [] if isinstance(item, dict)
        ]
        priority = incident.priority
        if "priority" in wanted:
            priority = _named(PRIORITIES, wanted["priority"], "Priority") if wanted["priority"] else None
        title, urgency = wanted.get("title") or incident.title, wanted.get("urgency") or incident.urgency
        changes.set_words(self.state, user, incident, title, urgency)
        changes.set_priority(self.state, user, incident, priority)
        if assignees:
            changes.reassign(self.state, user, incident, assignees)
        if "escalation_level" in wanted:
            changes.escalate(self.state, user, incident)
        self._set_status(user, incident, status)

    def _set_status(self, user: User, incident: Incident, status: str | None) -> None:
        if status == "acknowledged":
            changes.acknowledge(self.state, user, incident)
        elif status == "resolved":
            changes.resolve(self.state, user, incident)
        elif status == "triggered" and incident.status == "resolved":
            changes.reopen(self.state, user, incident)

    def _assignee(self, reference: Any) -> User:
        id_ = reference.get("id") if isinstance(reference, dict) else None
        for user in self.state.users:
            if user.id == id_:
                return user
        raise _invalid("Assignee not found")

    async def notes(self, request: Request, incident: str) -> Json:
        self.authenticate(request)
        return {"notes": [self.shapes.note(note) for note in reversed(self._incident(incident).notes)]}

    async def annotate(self, request: Request, incident: str) -> Json:
        user = self.requester(request)
        found = self._incident(incident)
        body = await self.body(request, "note")
        content = body.get("content") if isinstance(body, dict) else None
        if not isinstance(content, str) or not content.strip():
            raise _invalid("Content cannot be empty")
        return {"note": self.shapes.note(changes.annotate(self.state, user, found, content))}

    async def log_entries(self, request: Request, incident: str) -> Json:
        self.authenticate(request)
        found = self._incident(incident)
        entries = [self.shapes.log_entry(found, entry) for entry in reversed(found.log)]
        return self.page(request, "log_entries", entries)


class _Account(_Part):
    def add_to(self, router: APIRouter) -> None:
        router.get("/abilities")(self.abilities)
        router.get("/services")(self.services)
        router.get("/services/{service}")(self.service)
        router.get("/escalation_policies")(self.escalation_policies)
        router.get("/escalation_policies/{policy}")(self.escalation_policy)
        router.get("/oncalls")(self.on_calls)
        router.get("/users")(self.users)
        router.get("/users/me")(self.me)
        router.get("/users/{user}")(self.user)
        router.get("/priorities")(self.priorities)

    async def abilities(self, request: Request) -> Json:
        self.authenticate(request)
        return {"abilities": ["teams", "urgencies", "event_rules", "service_support_hours"]}

    async def services(self, request: Request, query: str = "") -> Json:
        self.authenticate(request)
        found = [self.shapes.service(service) for service in SERVICES if query.lower() in service.name.lower()]
        return self.page(request, "services", found)

    async def service(self, request: Request, service: str) -> Json:
        self.authenticate(request)
        for known in SERVICES:
            if known.id == service:
                return {"service": self.shapes.service(known)}
        raise PagerDutyError(404, 2100, "Not Found")

    async def escalation_policies(self, request: Request) -> Json:
        self.authenticate(request)
        return self.page(request, "escalation_policies", [self.shapes.escalation_policy()])

    async def escalation_policy(self, request: Request, policy: str) -> Json:
        self.authenticate(request)
        if policy != ESCALATION_POLICY.id:
            raise PagerDutyError(404, 2100, "Not Found")
        return {"escalation_policy": self.shapes.escalation_policy()}

    async def on_calls(self, request: Request) -> Json:
        self.authenticate(request)
        policies, users = _listed(request, "escalation_policy_ids"), _listed(request, "user_ids")
        hit = (not policies or ESCALATION_POLICY.id in policies) and (not users or self.state.on_call.id in users)
        return self.page(request, "oncalls", [self.shapes.on_call()] if hit else [])

    async def users(self, request: Request, query: str = "") -> Json:
        self.authenticate(request)
        wanted = query.lower()
        found = [u for u in self.state.users if wanted in u.name.lower() or wanted in u.email]
        return self.page(request, "users", [self.shapes.user(user) for user in found])

    async def me(self, request: Request) -> Json:
        self.authenticate(request)
        return {"user": self.shapes.user(BOT)}

    async def user(self, request: Request, user: str) -> Json:
        self.authenticate(request)
        for known in self.state.users:
            if known.id == user:
                return {"user": self.shapes.user(known)}
        raise PagerDutyError(404, 2100, "Not Found")

    async def priorities(self, request: Request) -> Json:
        self.authenticate(request)
        return self.page(request, "priorities", [self.shapes.priority(priority) for priority in PRIORITIES])


class _Subscriptions(_Part):
    def add_to(self, router: APIRouter) -> None:
        router.get("/webhook_subscriptions")(self.list)
        router.get("/webhook_subscriptions/{subscription}")(self.read)
        router.post("/webhook_subscriptions/{subscription}/enable")(self.enable)
        router.post("/webhook_subscriptions/{subscription}/ping", status_code=202)(self.ping)

    def _require(self, request: Request, subscription: str) -> None:
        self.authenticate(request)
        if subscription != self.state.subscription.id:
            raise PagerDutyError(404, 2100, "Not Found")

    async def list(self, request: Request) -> Json:
        self.authenticate(request)
        return self.page(request, "webhook_subscriptions", [self.shapes.subscription()])

    async def read(self, request: Request, subscription: str) -> Json:
        self._require(request, subscription)
        return {"webhook_subscription": self.shapes.subscription()}

    async def enable(self, request: Request, subscription: str) -> Json:
        self._require(request, subscription)
        self.state.subscription.disabled = False
        self.state.subscription.refusals_in_a_row = 0
        return {"webhook_subscription": self.shapes.subscription()}

    async def ping(self, request: Request, subscription: str) -> Response:
        self._require(request, subscription)
        webhooks.ping(self.state)
        return Response(status_code=202)

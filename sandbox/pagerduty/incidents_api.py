"""Incidents in the local PagerDuty's REST API: open, list, change, note, snooze, call for help, publish, and their log."""

from collections.abc import Iterable, Sequence
from typing import Any

from fastapi import APIRouter, Request

from sandbox.pagerduty import changes, collaboration
from sandbox.pagerduty.account import PRIORITIES, SERVICES, Named, User
from sandbox.pagerduty.changes import Trigger
from sandbox.pagerduty.escalation_policies import EscalationPolicy
from sandbox.pagerduty.rest import Json, PagerDutyError, Part, invalid, listed, moment, named
from sandbox.pagerduty.shapes import alert_status
from sandbox.pagerduty.state import ConferenceBridge, Incident, LogEntry, Urgency

_STATUSES = ("triggered", "acknowledged", "resolved")
_LONGEST_SNOOZE_S = 7 * 24 * 3600
# What an overview of a log leaves out.
_DETAILS = ("notify_log_entry",)


class IncidentsPart(Part):
    """The paths below ``/incidents``, and ``/log_entries``."""

    def add_to(self, router: APIRouter) -> None:
        """Declare the paths."""
        router.get("/incidents")(self.list)
        router.post("/incidents", status_code=201)(self.create)
        router.put("/incidents")(self.update_many)
        router.get("/incidents/{incident}")(self.read)
        router.put("/incidents/{incident}")(self.update)
        router.get("/incidents/{incident}/alerts")(self.alerts)
        router.get("/incidents/{incident}/notes")(self.notes)
        router.post("/incidents/{incident}/notes")(self.annotate)
        router.get("/incidents/{incident}/log_entries")(self.log_entries_of_one)
        router.post("/incidents/{incident}/snooze", status_code=201)(self.snooze)
        router.post("/incidents/{incident}/responder_requests")(self.request_responders)
        router.post("/incidents/{incident}/status_updates")(self.publish_status_update)
        router.get("/log_entries")(self.log_entries)
        router.get("/log_entries/{entry}")(self.log_entry)

    def _incident(self, id_: object) -> Incident:
        incident = self.state.incidents.get(str(id_))
        if incident is None:
            raise PagerDutyError(404, 5001, "Incident Not Found", ["Incident Not Found"])
        return incident

    # --- reading ------------------------------------------------------------------------------------------------------

    async def list(self, request: Request) -> Json:
        """``GET /incidents``: every filter that is given must fit."""
        self.authenticate(request)
        query = request.query_params
        statuses = listed(request, "statuses") or _STATUSES
        if unknown := set(statuses) - set(_STATUSES):
            raise invalid(f"Statuses {', '.join(sorted(unknown))} are invalid")
        services, urgencies = listed(request, "service_ids"), listed(request, "urgencies")
        users, key = listed(request, "user_ids"), query.get("incident_key")
        everything = query.get("date_range") == "all"
        since = None if everything else moment(query.get("since"), "since")
        until = None if everything else moment(query.get("until"), "until")
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
        include = listed(request, "include")
        found = _sorted(found, [order for text in listed(request, "sort_by") for order in text.split(",")])
        return self.page(request, "incidents", [self.shapes.incident(each, include) for each in found])

    async def read(self, request: Request, incident: str) -> Json:
        """``GET /incidents/{id}``."""
        self.authenticate(request)
        return {"incident": self.shapes.incident(self._incident(incident), listed(request, "include"))}

    async def alerts(self, request: Request, incident: str) -> Json:
        """``GET /incidents/{id}/alerts``: oldest first."""
        self.authenticate(request)
        found = self._incident(incident)
        statuses, key = listed(request, "statuses"), request.query_params.get("alert_key")
        if statuses and alert_status(found) not in statuses:
            return self.page(request, "alerts", [])
        chosen = [alert for alert in found.alerts if key in (None, alert.key)]
        return self.page(request, "alerts", [self.shapes.alert(found, alert) for alert in chosen])

    async def notes(self, request: Request, incident: str) -> Json:
        """``GET /incidents/{id}/notes``: the newest first."""
        self.authenticate(request)
        return {"notes": [self.shapes.note(note) for note in reversed(self._incident(incident).notes)]}

    async def log_entries_of_one(self, request: Request, incident: str) -> Json:
        """``GET /incidents/{id}/log_entries``: the newest first."""
        self.authenticate(request)
        return self._log_page(request, [self._incident(incident)])

    async def log_entries(self, request: Request) -> Json:
        """``GET /log_entries``: of every incident, the newest first."""
        self.authenticate(request)
        return self._log_page(request, self.state.incidents.values())

    async def log_entry(self, request: Request, entry: str) -> Json:
        """``GET /log_entries/{id}``."""
        self.authenticate(request)
        for incident in self.state.incidents.values():
            for each in incident.log:
                if each.id == entry:
                    return {"log_entry": self.shapes.log_entry(incident, each, listed(request, "include"))}
        raise PagerDutyError(404, 2100, "Not Found")

    def _log_page(self, request: Request, incidents: Iterable[Incident]) -> Json:
        query = request.query_params
        since, until = moment(query.get("since"), "since"), moment(query.get("until"), "until")
        overview = query.get("is_overview") == "true"
        entries: list[tuple[Incident, LogEntry]] = [
            (incident, entry)
            for incident in incidents
            for entry in incident.log
            if (since is None or entry.at.replace(microsecond=0) >= since)
            and (until is None or entry.at < until)
            and not (overview and entry.type in _DETAILS)
        ]
        # Ids are given in order, and tell apart what happened at one instant.
        entries.sort(key=lambda pair: (pair[1].at, pair[1].id), reverse=True)
        include = listed(request, "include")
        shapes = [self.shapes.log_entry(incident, entry, include) for incident, entry in entries]
        return self.page(request, "log_entries", shapes)

    # --- opening and changing ---------------------------------------------------------------------------------------

    async def create(self, request: Request) -> Json:
        """``POST /incidents``."""
        user = self.requester(request)
        body = await self.body(request, "incident")
        if not isinstance(body, dict):
            raise invalid("Incident must be an object")
        title = str(body.get("title") or "").strip()
        if not title:
            raise invalid("Title cannot be empty")
        key = body.get("incident_key")
        if key is not None and (not isinstance(key, str) or not 0 < len(key) <= 255):
            raise invalid("Incident key is too long (maximum is 255 characters)")
        content = Trigger(
            title=title,
            service=named(SERVICES, body.get("service"), "Service"),
            incident_key=key,
            details=(body.get("body") or {}).get("details"),
            urgency=_urgency(body.get("urgency") or "high"),
            priority=_priority(body["priority"]) if body.get("priority") else None,
            escalation_policy=self._policy(body["escalation_policy"]) if body.get("escalation_policy") else None,
            assignees=tuple(self._assignees(body)),
        )
        incident = changes.trigger(self.state, user, content)
        if body.get("conference_bridge"):
            bridge = _bridge(body["conference_bridge"])
            collaboration.set_conference_bridge(self.state, user, incident, bridge)
        return {"incident": self.shapes.incident(incident, ("body",))}

    async def update(self, request: Request, incident: str) -> Json:
        """``PUT /incidents/{id}``."""
        user = self.requester(request)
        found = self._incident(incident)
        self._apply(user, found, await self.body(request, "incident"))
        return {"incident": self.shapes.incident(found)}

    async def update_many(self, request: Request) -> Json:
        """``PUT /incidents``."""
        user = self.requester(request)
        wanted = await self.body(request, "incidents")
        if not isinstance(wanted, list) or len(wanted) > 250:
            raise invalid("Incidents must be a list of at most 250")
        found = [(self._incident(item.get("id")), item) for item in wanted if isinstance(item, dict)]
        for incident, item in found:
            self._apply(user, incident, item)
        return self.page(request, "incidents", [self.shapes.incident(incident) for incident, _ in found])

    def _apply(self, user: User, incident: Incident, wanted: Any) -> None:
        if not isinstance(wanted, dict):
            raise invalid("Incident must be an object")
        status = wanted.get("status")
        if status not in (None, *_STATUSES):
            raise invalid("Status must be one of: triggered, acknowledged, resolved")
        # What is wrong is refused before anything is changed.
        assignees = self._assignees(wanted)
        policy = self._policy(wanted["escalation_policy"]) if wanted.get("escalation_policy") else None
        service = named(SERVICES, wanted["service"], "Service") if wanted.get("service") else incident.service
        priority = incident.priority
        if "priority" in wanted:
            priority = _priority(wanted["priority"]) if wanted["priority"] else None
        urgency = _urgency(wanted.get("urgency") or incident.urgency)
        level = wanted.get("escalation_level")
        if level is not None and (not isinstance(level, int) or level < 1):
            raise invalid("Escalation level is invalid")
        bridge = _bridge(wanted["conference_bridge"]) if wanted.get("conference_bridge") else None

        changes.set_words(self.state, user, incident, wanted.get("title") or incident.title, urgency)
        changes.set_priority(self.state, user, incident, priority)
        changes.set_service(self.state, user, incident, service)
        if bridge is not None:
            collaboration.set_conference_bridge(self.state, user, incident, bridge)
        if policy is not None and policy != incident.escalation_policy:
            changes.delegate(self.state, user, incident, policy)
        if assignees:
            changes.reassign(self.state, user, incident, assignees)
        if level is not None:
            changes.escalate(self.state, user, incident, level)
        self._set_status(user, incident, status, wanted.get("resolution"))

    def _set_status(self, user: User, incident: Incident, status: str | None, resolution: object) -> None:
        if status == "resolved":
            changes.resolve(self.state, user, incident, str(resolution) if resolution else None)
        elif status is not None and incident.status == "resolved":
            changes.reopen(self.state, user, incident, for_agent=status == "acknowledged")
        if status == "acknowledged":
            changes.acknowledge(self.state, user, incident)

    def _assignees(self, wanted: Json) -> Sequence[User]:
        assignments = wanted.get("assignments") or []
        return [self.user(item.get("assignee"), "Assignee") for item in assignments if isinstance(item, dict)]

    def _policy(self, reference: Any) -> EscalationPolicy:
        known = [policy.named for policy in self.state.escalation_policies.values()]
        return self.state.escalation_policies[named(known, reference, "Escalation policy").id]

    # --- what people tell one another ---------------------------------------------------------------------------------

    async def annotate(self, request: Request, incident: str) -> Json:
        """``POST /incidents/{id}/notes``."""
        user = self.requester(request)
        found = self._incident(incident)
        body = await self.body(request, "note")
        content = body.get("content") if isinstance(body, dict) else None
        if not isinstance(content, str) or not content.strip():
            raise invalid("Content cannot be empty")
        return {"note": self.shapes.note(collaboration.annotate(self.state, user, found, content))}

    async def snooze(self, request: Request, incident: str) -> Json:
        """``POST /incidents/{id}/snooze``: the duration is in seconds."""
        user = self.requester(request)
        found = self._incident(incident)
        duration = (await self.content(request)).get("duration")
        if not isinstance(duration, int) or not 1 <= duration <= _LONGEST_SNOOZE_S:
            raise invalid("Duration must be between 1 and 604800 seconds")
        changes.snooze(self.state, user, found, duration / 60)
        return {"incident": self.shapes.incident(found)}

    async def request_responders(self, request: Request, incident: str) -> Json:
        """``POST /incidents/{id}/responder_requests``."""
        self.authenticate(request)
        found = self._incident(incident)
        body = await self.content(request)
        requester = self.user({"id": body.get("requester_id")}, "Requester")
        message = body.get("message")
        if not isinstance(message, str) or not message.strip():
            raise invalid("Message cannot be empty")
        people = [
            self._responder_target(item.get("responder_request_target") if isinstance(item, dict) else None)
            for item in body.get("responder_request_targets") or []
        ]
        asked = collaboration.request_responders(self.state, requester, found, people, message)
        if not asked:
            raise invalid("Responder request targets cannot be empty")
        return {"responder_request": self.shapes.responder_request(found, asked)}

    def _responder_target(self, reference: Any) -> User | EscalationPolicy:
        kind = str(reference.get("type")) if isinstance(reference, dict) else ""
        if kind.startswith("escalation_policy"):
            return self._policy(reference)
        return self.user(reference, "Responder request target")

    async def publish_status_update(self, request: Request, incident: str) -> Json:
        """``POST /incidents/{id}/status_updates``."""
        user = self.requester(request)
        found = self._incident(incident)
        message = (await self.content(request)).get("message")
        if not isinstance(message, str) or not message.strip():
            raise invalid("Message cannot be empty")
        update = collaboration.publish_status_update(self.state, user, found, message)
        return {"status_update": self.shapes.status_update(update)}


def _sorted(incidents: list[Incident], orders: list[str]) -> list[Incident]:
    """By what ``sort_by`` names, the first of it first; in the order of their numbers else."""
    keys = {
        "incident_number": lambda each: each.number,
        "created_at": lambda each: each.created_at,
        "resolved_at": lambda each: each.resolved_at or each.created_at,
        "urgency": lambda each: each.urgency == "high",
    }
    for order in reversed(orders):
        name, _, direction = order.partition(":")
        if name not in keys or direction not in ("", "asc", "desc"):
            raise PagerDutyError(400, 2004, "Invalid 'sort_by' Parameter Value")
        incidents = sorted(incidents, key=keys[name], reverse=direction == "desc")
    return incidents


def _urgency(text: object) -> Urgency:
    if text == "high" or text == "low":
        return text
    raise invalid("Urgency must be one of: high, low")


def _priority(wanted: Any) -> Named:
    """By reference, or by name as PagerDuty allows it too."""
    if isinstance(wanted, str):
        wanted = next(({"id": known.id} for known in PRIORITIES if known.name == wanted), None)
    return named(PRIORITIES, wanted, "Priority")


def _bridge(wanted: Any) -> ConferenceBridge:
    if not isinstance(wanted, dict):
        raise invalid("Conference bridge must be an object")
    return ConferenceBridge(wanted.get("conference_number") or None, wanted.get("conference_url") or None)

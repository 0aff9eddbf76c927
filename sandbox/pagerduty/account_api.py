"""The account in the local PagerDuty's REST API: services, escalation policies, schedules, who is on call, users, priorities."""

from datetime import timedelta

from fastapi import APIRouter, Request

from sandbox.pagerduty.account import BOT, PRIORITIES, SERVICES
from sandbox.pagerduty.rest import Json, PagerDutyError, Part, listed, moment
from sandbox.pagerduty.schedules import Schedule

_FURTHEST = timedelta(days=90)
_RENDERED_BY_DEFAULT = timedelta(days=14)


class AccountPart(Part):
    """What can be read of the account; it is set up with the sandbox's own controls."""

    def add_to(self, router: APIRouter) -> None:
        """Declare the paths."""
        router.get("/abilities")(self.abilities)
        router.get("/services")(self.services)
        router.get("/services/{service}")(self.service)
        router.get("/escalation_policies")(self.escalation_policies)
        router.get("/escalation_policies/{policy}")(self.escalation_policy)
        router.get("/schedules")(self.schedules)
        router.get("/schedules/{schedule}")(self.schedule)
        router.get("/schedules/{schedule}/users")(self.schedule_users)
        router.get("/oncalls")(self.on_calls)
        router.get("/users")(self.users)
        router.get("/users/me")(self.me)
        router.get("/users/{user}")(self.user_by_id)
        router.get("/priorities")(self.priorities)

    async def abilities(self, request: Request) -> Json:
        """``GET /abilities``."""
        self.authenticate(request)
        return {"abilities": ["teams", "urgencies", "event_rules", "service_support_hours"]}

    async def services(self, request: Request, query: str = "") -> Json:
        """``GET /services``."""
        self.authenticate(request)
        found = [self.shapes.service(service) for service in SERVICES if query.lower() in service.name.lower()]
        return self.page(request, "services", found)

    async def service(self, request: Request, service: str) -> Json:
        """``GET /services/{id}``."""
        self.authenticate(request)
        for known in SERVICES:
            if known.id == service:
                return {"service": self.shapes.service(known)}
        raise PagerDutyError(404, 2100, "Not Found")

    async def escalation_policies(self, request: Request, query: str = "") -> Json:
        """``GET /escalation_policies``."""
        self.authenticate(request)
        known = [each for each in self.state.escalation_policies.values() if query.lower() in each.name.lower()]
        return self.page(request, "escalation_policies", [self.shapes.escalation_policy(each) for each in known])

    async def escalation_policy(self, request: Request, policy: str) -> Json:
        """``GET /escalation_policies/{id}``."""
        self.authenticate(request)
        if policy not in self.state.escalation_policies:
            raise PagerDutyError(404, 2100, "Not Found")
        return {"escalation_policy": self.shapes.escalation_policy(self.state.escalation_policies[policy])}

    async def schedules(self, request: Request, query: str = "") -> Json:
        """``GET /schedules``."""
        self.authenticate(request)
        known = [each for each in self.state.schedules.values() if query.lower() in each.name.lower()]
        return self.page(request, "schedules", [self.shapes.schedule(each) for each in known])

    async def schedule(self, request: Request, schedule: str) -> Json:
        """``GET /schedules/{id}``: rendered from ``since`` to ``until``, by default for two weeks."""
        self.authenticate(request)
        query = request.query_params
        until = moment(query.get("until"), "until")
        since = moment(query.get("since"), "since") or (until or self.state.clock())
        until = until or since + _RENDERED_BY_DEFAULT
        if until < since:
            raise PagerDutyError(400, 2001, "Invalid Input Provided", ["Until cannot be before since"])
        return {"schedule": self.shapes.schedule(self._schedule(schedule), since, until)}

    async def schedule_users(self, request: Request, schedule: str) -> Json:
        """``GET /schedules/{id}/users``: who is on call at some time from ``since`` to ``until``."""
        self.authenticate(request)
        query = request.query_params
        since = moment(query.get("since"), "since") or self.state.clock()
        until = moment(query.get("until"), "until") or since
        people = dict.fromkeys(shift.user for shift in self._schedule(schedule).shifts(since, until))
        return {"users": [self.shapes.user(user) for user in people]}

    def _schedule(self, id_: str) -> Schedule:
        if id_ not in self.state.schedules:
            raise PagerDutyError(404, 2100, "Not Found")
        return self.state.schedules[id_]

    async def on_calls(self, request: Request) -> Json:
        """``GET /oncalls``: whoever is on call at some time from ``since`` to ``until``, by default now."""
        self.authenticate(request)
        query = request.query_params
        now = self.state.clock()
        since = moment(query.get("since"), "since") or now
        until = moment(query.get("until"), "until") or max(since, now)
        if until < since:
            raise PagerDutyError(400, 2001, "Invalid Input Provided", ["Until cannot be before since"])
        policies, users = listed(request, "escalation_policy_ids"), listed(request, "user_ids")
        schedules = listed(request, "schedule_ids")
        found = [
            each
            for each in self.shapes.on_calls(since, min(until, now + _FURTHEST))
            if (not policies or each["escalation_policy"]["id"] in policies)
            and (not users or each["user"]["id"] in users)
            and (not schedules or (each["schedule"] and each["schedule"]["id"] in schedules))
        ]
        if query.get("earliest") == "true":
            found = _earliest(found)
        include = listed(request, "include")
        return self.page(request, "oncalls", [self.shapes.expanded(each, include) for each in found])

    async def users(self, request: Request, query: str = "") -> Json:
        """``GET /users``."""
        self.authenticate(request)
        wanted = query.lower()
        found = [u for u in self.state.users if wanted in u.name.lower() or wanted in u.email]
        return self.page(request, "users", [self.shapes.user(user) for user in found])

    async def me(self, request: Request) -> Json:
        """``GET /users/me``."""
        self.authenticate(request)
        return {"user": self.shapes.user(BOT)}

    async def user_by_id(self, request: Request, user: str) -> Json:
        """``GET /users/{id}``."""
        self.authenticate(request)
        for known in self.state.users:
            if known.id == user:
                return {"user": self.shapes.user(known)}
        raise PagerDutyError(404, 2100, "Not Found")

    async def priorities(self, request: Request) -> Json:
        """``GET /priorities``."""
        self.authenticate(request)
        return self.page(request, "priorities", [self.shapes.priority(priority) for priority in PRIORITIES])


def _earliest(on_calls: list[Json]) -> list[Json]:
    """The earliest of each policy, level and user; who is always on call comes before every shift."""
    kept: dict[tuple[str, int, str], Json] = {}
    for each in sorted(on_calls, key=lambda each: each["start"] or ""):
        kept.setdefault((each["escalation_policy"]["id"], each["escalation_level"], each["user"]["id"]), each)
    return [each for each in on_calls if each in kept.values()]

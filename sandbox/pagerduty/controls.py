"""How tests and the page set up the local PagerDuty: its clock and limits, who is on call, its policies; and who was woken."""

from datetime import datetime, time, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from sandbox.pagerduty import webhooks
from sandbox.pagerduty.account import SERVICES, Named, User
from sandbox.pagerduty.escalation_policies import EscalationPolicy, EscalationRule, targets
from sandbox.pagerduty.limits import Limits
from sandbox.pagerduty.notifications import Notification
from sandbox.pagerduty.schedules import Layer, Override, Restriction, Schedule
from sandbox.pagerduty.shapes import timestamp
from sandbox.pagerduty.state import PagerDutyState, Subscription

_WEEK_S = 7 * 24 * 3600


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Settings(_Form):
    """How the local PagerDuty keeps time and counts calls."""

    seconds_per_minute: Annotated[float, Field(ge=0.001, le=60)] = 60.0
    """How long a minute of its time-outs lasts."""
    limits: Limits = Limits()


class RestrictionForm(_Form):
    """Hours to which a layer is kept, in UTC."""

    type: Literal["daily_restriction", "weekly_restriction"] = "daily_restriction"
    start_time_of_day: time
    duration_seconds: Annotated[int, Field(ge=1, le=_WEEK_S)]
    start_day_of_week: Annotated[int, Field(ge=1, le=7)] | None = None


class LayerForm(_Form):
    """People who take turns."""

    users: list[str]
    start: AwareDatetime | None = None
    """Now, where it is None."""
    end: AwareDatetime | None = None
    turn_seconds: Annotated[int, Field(ge=1)] = _WEEK_S
    restrictions: list[RestrictionForm] = []


class ScheduleForm(_Form):
    """A schedule's layers, the lowest first; without any nobody is on call. Overrides are taken away."""

    layers: list[LayerForm]


class OverrideForm(_Form):
    """Somebody who stands in."""

    user: str
    start: AwareDatetime | None = None
    """Now, where it is None."""
    seconds: Annotated[float, Field(gt=0)] = 24 * 3600.0


class RuleForm(_Form):
    """One level: handles or ids of people, ids of schedules."""

    targets: Annotated[list[str], Field(min_length=1)]
    escalation_delay_in_minutes: Annotated[int, Field(ge=1)] = 30


class EscalationPolicyForm(_Form):
    """A policy's levels."""

    rules: Annotated[list[RuleForm], Field(min_length=1)]
    num_loops: Annotated[int, Field(ge=0, le=9)] = 0


class ServiceForm(_Form):
    """What a service does with its incidents; what is not given stays."""

    escalation_policy: str | None = None
    acknowledgement_timeout_s: Annotated[int, Field(ge=1)] | None = None
    auto_resolve_timeout_s: Annotated[int, Field(ge=1)] | None = None


def build_router(state: PagerDutyState) -> APIRouter:
    """``/sandbox/pagerduty``."""
    router = APIRouter(prefix="/sandbox/pagerduty")
    _add_clock_and_ledger(router, state)
    _add_account(router, state)
    _add_subscriptions(router, state)
    return router


def _add_clock_and_ledger(router: APIRouter, state: PagerDutyState) -> None:
    @router.get("/settings")
    async def read_settings() -> Settings:
        return Settings(seconds_per_minute=state.seconds_per_minute, limits=state.limits.limits)

    @router.put("/settings")
    async def set_settings(settings: Settings) -> Settings:
        state.seconds_per_minute = settings.seconds_per_minute
        state.limits.limits = settings.limits
        state.touched.add(*state.incidents.values())
        return settings

    @router.get("/notifications")
    async def read_notifications(person: str | None = None, incident_key: str | None = None) -> list[Notification]:
        """Who was notified, oldest first."""
        return state.notifications.entries(person, incident_key)

    @router.get("/changes")
    async def read_changes() -> list[dict[str, Any]]:
        """The change events, oldest first."""
        return [{"id": c.id, "summary": c.summary, "source": c.source, "at": timestamp(c.at)} for c in state.changes]


def _add_account(router: APIRouter, state: PagerDutyState) -> None:
    def person(name: str) -> User:
        user = state.person(name)
        if user is None:
            raise HTTPException(404, f"PagerDuty has no user {name!r}")
        return user

    def schedule_of(id_: str) -> Schedule:
        if id_ not in state.schedules:
            raise HTTPException(404, f"PagerDuty has no schedule {id_!r}")
        return state.schedules[id_]

    @router.get("/on-call")
    async def read_on_call() -> dict[str, Any]:
        """Each policy's levels with who is on call now, and each schedule with who it has now."""
        now = state.clock()
        return {
            "people": [{"handle": user.handle, "name": user.name} for user in state.users],
            "policies": [_policy_view(state, policy) for policy in state.escalation_policies.values()],
            "schedules": [_schedule_view(schedule, now) for schedule in state.schedules.values()],
            "services": [_service_view(state, service) for service in SERVICES],
        }

    @router.put("/schedules/{id}")
    async def set_schedule(id: str, form: ScheduleForm) -> dict[str, Any]:
        schedule = schedule_of(id)
        layers = [
            Layer(
                id=f"{id}L{number}",
                name=f"Layer {number}",
                users=tuple(person(name) for name in layer.users),
                start=layer.start or state.clock(),
                turn=timedelta(seconds=layer.turn_seconds),
                end=layer.end,
                restrictions=tuple(_restriction(each) for each in layer.restrictions),
            )
            for number, layer in enumerate(form.layers, start=1)
        ]
        schedule.layers, schedule.overrides = layers, []
        return _schedule_view(schedule, state.clock())

    @router.post("/schedules/{id}/overrides", status_code=201)
    async def add_override(id: str, form: OverrideForm) -> dict[str, Any]:
        schedule = schedule_of(id)
        start = form.start or state.clock()
        end = start + timedelta(seconds=form.seconds)
        schedule.overrides.append(Override(state.next_id("P"), person(form.user), start, end))
        return _schedule_view(schedule, state.clock())

    @router.put("/escalation_policies/{id}")
    async def set_escalation_policy(id: str, form: EscalationPolicyForm) -> dict[str, Any]:
        policy = state.escalation_policies.get(id)
        if policy is None:
            raise HTTPException(404, f"PagerDuty has no escalation policy {id!r}")
        policy.rules = [
            EscalationRule(
                id=f"{id}R{level}",
                targets=tuple(target if target in state.schedules else person(target).id for target in rule.targets),
                escalation_delay_in_minutes=rule.escalation_delay_in_minutes,
            )
            for level, rule in enumerate(form.rules, start=1)
        ]
        policy.num_loops = form.num_loops
        state.touched.add(*state.incidents.values())
        return _policy_view(state, policy)

    @router.put("/services/{id}")
    async def set_service(id: str, form: ServiceForm) -> dict[str, Any]:
        settings = state.services.get(id)
        if settings is None:
            raise HTTPException(404, f"PagerDuty has no service {id!r}")
        if form.escalation_policy is not None:
            if form.escalation_policy not in state.escalation_policies:
                raise HTTPException(404, f"PagerDuty has no escalation policy {form.escalation_policy!r}")
            settings.escalation_policy = form.escalation_policy
        # A time-out that is sent as null is switched off; one that is not sent stays.
        for name in ("acknowledgement_timeout_s", "auto_resolve_timeout_s"):
            if name in form.model_fields_set:
                setattr(settings, name, getattr(form, name))
        state.touched.add(*state.incidents.values())
        return _service_view(state, next(service for service in SERVICES if service.id == id))


def _add_subscriptions(router: APIRouter, state: PagerDutyState) -> None:
    def subscription_of(id_: str) -> Subscription:
        if id_ not in state.subscriptions:
            raise HTTPException(404, f"PagerDuty has no webhook subscription {id_!r}")
        return state.subscriptions[id_]

    @router.get("/subscriptions")
    async def read_subscriptions() -> list[dict[str, Any]]:
        return [_subscription_view(state, each) for each in state.subscriptions.values()]

    @router.post("/subscriptions/{id}/disable")
    async def disable(id: str) -> dict[str, Any]:
        """As after three dropped deliveries in a row."""
        subscription = subscription_of(id)
        webhooks.disable(state, subscription)
        return _subscription_view(state, subscription)

    @router.post("/subscriptions/{id}/enable")
    async def enable(id: str) -> dict[str, Any]:
        subscription = subscription_of(id)
        webhooks.enable(subscription)
        return _subscription_view(state, subscription)


def _restriction(form: RestrictionForm) -> Restriction:
    return Restriction(
        form.type, form.start_time_of_day, timedelta(seconds=form.duration_seconds), form.start_day_of_week
    )


def _policy_view(state: PagerDutyState, policy: EscalationPolicy) -> dict[str, Any]:
    users = {user.id: user for user in state.users}
    return {
        "id": policy.id,
        "name": policy.name,
        "num_loops": policy.num_loops,
        "levels": [
            {
                "level": level,
                "delay_minutes": rule.escalation_delay_in_minutes,
                "targets": [target.name for target in targets(rule, users, state.schedules)],
                "on_call": [user.name for user in state.on_call(rule)],
            }
            for level, rule in enumerate(policy.rules, start=1)
        ],
    }


def _schedule_view(schedule: Schedule, now: datetime) -> dict[str, Any]:
    shift = next(iter(schedule.shifts(now, now)), None)
    return {
        "id": schedule.id,
        "name": schedule.name,
        "on_call": shift.user.name if shift else None,
        "until": timestamp(shift.end) if shift else None,
    }


def _service_view(state: PagerDutyState, service: Named) -> dict[str, Any]:
    settings = state.services[service.id]
    return {
        "id": service.id,
        "name": service.name,
        "escalation_policy": settings.escalation_policy,
        "acknowledgement_timeout_s": settings.acknowledgement_timeout_s,
        "auto_resolve_timeout_s": settings.auto_resolve_timeout_s,
    }


def _subscription_view(state: PagerDutyState, subscription: Subscription) -> dict[str, Any]:
    disabled = webhooks.is_disabled(state, subscription)
    return {
        "id": subscription.id,
        "description": subscription.description,
        "active": subscription.active,
        "disabled": disabled,
        "disabled_until": timestamp(subscription.disabled_until) if subscription.disabled_until else None,
        "drops_in_a_row": subscription.drops_in_a_row,
    }

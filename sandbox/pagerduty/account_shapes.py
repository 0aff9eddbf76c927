"""The local PagerDuty's JSON for its account: users, services, escalation policies, schedules, who is on call, subscriptions."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sandbox.pagerduty import webhooks
from sandbox.pagerduty.account import SERVICES, Named, User
from sandbox.pagerduty.escalation_policies import EscalationPolicy, Target, targets
from sandbox.pagerduty.schedules import Layer, Restriction, Schedule, Shift, layer_shifts
from sandbox.pagerduty.shapes import Shapes, timestamp
from sandbox.pagerduty.state import Subscription

Json = dict[str, Any]


class AccountShapes(Shapes):
    """Builds the JSON of what the account has."""

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
        settings = self._state.services[service.id]
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
            "escalation_policy": self.reference("escalation_policies", self._state.policy_of(service).named),
            "incident_urgency_rule": {"type": "constant", "urgency": "high"},
            "acknowledgement_timeout": settings.acknowledgement_timeout_s,
            "auto_resolve_timeout": settings.auto_resolve_timeout_s,
            "integrations": [self.integration_reference()] if service == SERVICES[0] else [],
            "type": "service",
            "summary": service.name,
            **self._self("services", service.id),
        }

    def escalation_policy(self, policy: EscalationPolicy) -> Json:
        """An escalation policy with its levels."""
        services = [service for service in SERVICES if self._state.policy_of(service) == policy]
        return {
            "id": policy.id,
            "type": "escalation_policy",
            "summary": policy.name,
            **self._self("escalation_policies", policy.id),
            "name": policy.name,
            "description": "",
            "num_loops": policy.num_loops,
            "on_call_handoff_notifications": "if_has_services",
            "escalation_rules": [
                {
                    "id": rule.id,
                    "escalation_delay_in_minutes": rule.escalation_delay_in_minutes,
                    "targets": [
                        self.target(target) for target in targets(rule, self._users_by_id(), self._state.schedules)
                    ],
                }
                for rule in policy.rules
            ],
            "services": [self.reference("services", service) for service in services],
            "teams": [],
        }

    def target(self, target: Target) -> Json:
        """A reference to whom a level wakes."""
        if isinstance(target, User):
            return self.user_reference(target)
        return self.reference("schedules", Named(target.id, target.name))

    def on_calls(self, since: datetime, until: datetime) -> list[Json]:
        """Who is on call between two instants: by policy, level and target, the earliest first within each."""
        found = []
        for policy in self._state.escalation_policies.values():
            for level, rule in enumerate(policy.rules, start=1):
                for target in targets(rule, self._users_by_id(), self._state.schedules):
                    if isinstance(target, User):
                        found.append(self._on_call(policy, level, target, None, None))
                        continue
                    shifts = target.shifts(since, until)
                    found += [self._on_call(policy, level, shift.user, target, shift) for shift in shifts]
        return found

    def _on_call(
        self, policy: EscalationPolicy, level: int, user: User, schedule: Schedule | None, shift: Shift | None
    ) -> Json:
        return {
            "escalation_policy": self.reference("escalation_policies", policy.named),
            "escalation_level": level,
            "schedule": self.target(schedule) if schedule else None,
            "user": self.user_reference(user),
            # One who is named in the policy is always on call.
            "start": timestamp(shift.start) if shift else None,
            "end": timestamp(shift.end) if shift else None,
        }

    def schedule(self, schedule: Schedule, since: datetime | None = None, until: datetime | None = None) -> Json:
        """A schedule; what its layers come to is rendered between two instants where both are given."""
        people = {user for layer in schedule.layers for user in layer.users} | {o.user for o in schedule.overrides}
        policies = [
            policy
            for policy in self._state.escalation_policies.values()
            if any(schedule.id in rule.targets for rule in policy.rules)
        ]
        shape: Json = {
            "id": schedule.id,
            "type": "schedule",
            "summary": schedule.name,
            **self._self("schedules", schedule.id),
            "name": schedule.name,
            "time_zone": "Etc/UTC",
            "description": schedule.description,
            "escalation_policies": [self.reference("escalation_policies", policy.named) for policy in policies],
            "users": [self.user_reference(user) for user in sorted(people, key=lambda user: user.id)],
            "teams": [],
            # PagerDuty lists the layer that goes before the others first.
            "schedule_layers": [self._layer(layer, since, until) for layer in reversed(schedule.layers)],
        }
        if since is not None and until is not None:
            covering = [
                Shift(override.user, override.start, override.end)
                for override in schedule.overrides
                if override.start < until and override.end > since
            ]
            shape["overrides_subschedule"] = {"name": "Overrides", **self._rendered(covering, since, until)}
            final = schedule.shifts(since, until)
            shape["final_schedule"] = {"name": "Final Schedule", **self._rendered(final, since, until)}
        return shape

    def _layer(self, layer: Layer, since: datetime | None, until: datetime | None) -> Json:
        shape: Json = {
            "id": layer.id,
            "name": layer.name,
            "start": timestamp(layer.start),
            "end": timestamp(layer.end) if layer.end else None,
            "rotation_virtual_start": timestamp(layer.start),
            "rotation_turn_length_seconds": int(layer.turn.total_seconds()),
            "users": [{"user": self.user_reference(user)} for user in layer.users],
            "restrictions": [_restriction(restriction) for restriction in layer.restrictions],
        }
        if since is not None and until is not None:
            shape |= self._rendered(layer_shifts(layer, since, until), since, until)
        return shape

    def _rendered(self, shifts: list[Shift], since: datetime, until: datetime) -> Json:
        kept = [Shift(each.user, max(each.start, since), min(each.end, until)) for each in shifts]
        covered = sum((each.end - each.start for each in kept), timedelta())
        return {
            "rendered_schedule_entries": [
                {
                    "start": timestamp(each.start),
                    "end": timestamp(each.end),
                    "user": self.user_reference(each.user),
                    "id": f"{each.user.id}{int(each.start.timestamp())}",
                }
                for each in kept
            ],
            "rendered_coverage_percentage": round(100 * (covered / (until - since)), 1) if until > since else 0.0,
        }

    def subscription(self, subscription: Subscription, *, with_secret: bool = False) -> Json:
        """A webhook subscription; its secret is told once, when it is created."""
        kind, id_ = subscription.filter
        gateway = self._state.deliveries.gateway_url or ""
        return {
            "id": subscription.id,
            "type": "webhook_subscription",
            "active": subscription.active,
            "description": subscription.description,
            "delivery_method": {
                "id": f"{subscription.id}DELIVERY",
                "type": "http_delivery_method",
                "url": subscription.url or f"{gateway}{webhooks.PATH}",
                "secret": subscription.secret.get_secret_value() if with_secret else None,
                "temporarily_disabled": webhooks.is_disabled(self._state, subscription),
                "custom_headers": [{"name": name, "value": "<redacted>"} for name, _ in subscription.custom_headers],
            },
            "events": list(subscription.events),
            "filter": {"type": kind} if id_ is None else {"type": kind, "id": id_},
        }

    def expanded(self, on_call: Json, include: Collection[str]) -> Json:
        """An on-call with whole objects in the place of the references that ``include`` names."""
        shape = dict(on_call)
        if "users" in include:
            shape["user"] = self.user(self._users_by_id()[on_call["user"]["id"]])
        if "escalation_policies" in include:
            policy = self._state.escalation_policies[on_call["escalation_policy"]["id"]]
            shape["escalation_policy"] = self.escalation_policy(policy)
        if "schedules" in include and on_call["schedule"] is not None:
            shape["schedule"] = self.schedule(self._state.schedules[on_call["schedule"]["id"]])
        return shape

    def _users_by_id(self) -> dict[str, User]:
        return {user.id: user for user in self._state.users}


def _restriction(restriction: Restriction) -> Json:
    shape: Json = {
        "type": restriction.type,
        "start_time_of_day": restriction.start_time_of_day.isoformat(),
        "duration_seconds": int(restriction.duration.total_seconds()),
    }
    if restriction.start_day_of_week is not None:
        shape["start_day_of_week"] = restriction.start_day_of_week
    return shape

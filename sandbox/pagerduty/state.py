"""What the local PagerDuty knows: who is on call, the incidents, who was notified, and who hears of it by webhook."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Literal

from pydantic import SecretStr

from sandbox.credentials import Credentials
from sandbox.deliveries import Deliveries
from sandbox.ledger import Ledger
from sandbox.pagerduty import escalation_policies
from sandbox.pagerduty.account import (
    ADA,
    BOT,
    EVENTS,
    LENA,
    SERVICES,
    TOM,
    Named,
    ServiceSettings,
    User,
)
from sandbox.pagerduty.escalation_policies import EscalationPolicy, EscalationRule, Step
from sandbox.pagerduty.limits import RateLimits
from sandbox.pagerduty.notifications import Notifications
from sandbox.pagerduty.schedules import Layer, Schedule

Urgency = Literal["high", "low"]
Status = Literal["triggered", "acknowledged", "resolved"]


@dataclass
class Note:
    """A note on an incident."""

    id: str
    user: User
    content: str
    created_at: datetime


@dataclass(frozen=True)
class StatusUpdate:
    """News for those who wait."""

    id: str
    sender: User
    message: str
    created_at: datetime


@dataclass
class Responder:
    """Somebody who was asked to help."""

    user: User
    requester: User
    message: str
    requested_at: datetime
    updated_at: datetime
    escalation_policy: Named | None = None
    """The policy through which the person was asked; None when asked by name."""
    state: Literal["pending", "joined", "declined"] = "pending"


@dataclass(frozen=True)
class ConferenceBridge:
    """Where people talk about an incident."""

    number: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class LogEntry:
    """One step of an incident's life, by the type that PagerDuty's log names it."""

    id: str
    type: str
    at: datetime
    agent: User | None
    users: tuple[User, ...] = ()
    """Who was assigned or notified by it."""
    note: str | None = None


@dataclass(frozen=True)
class Alert:
    """What an event raised within an incident; the key stands on it, and the incident then tells none."""

    id: str
    key: str
    severity: str
    created_at: datetime
    details: dict[str, Any]


@dataclass
class Incident:
    """An incident. ``incident_key`` is what tells it from others on its service, whether or not the REST API shows it."""

    id: str
    number: int
    title: str
    service: Named
    incident_key: str
    urgency: Urgency
    created_at: datetime
    updated_at: datetime
    status_changed_at: datetime
    status_changed_by: User | Named
    escalation_policy: EscalationPolicy
    step: Step
    level_since: datetime
    """Since when its level has been asked."""
    opened_at: datetime
    """When it was triggered or reopened last."""
    details: str | None = None
    status: Status = "triggered"
    priority: Named | None = None
    assignees: list[User] = field(default_factory=list)
    assigned_at: datetime | None = None
    by_name: bool = False
    """Whether it was assigned to people and not to a level; then it does not escalate."""
    exhausted: bool = False
    """Whether the policy came to its end without an answer."""
    acknowledged_by: User | None = None
    acknowledged_at: datetime | None = None
    snoozed_minutes: float | None = None
    """In the sandbox's minutes, from the acknowledgement on."""
    resolved_at: datetime | None = None
    conference_bridge: ConferenceBridge | None = None
    alerts: list[Alert] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    status_updates: list[StatusUpdate] = field(default_factory=list)
    responders: list[Responder] = field(default_factory=list)
    log: list[LogEntry] = field(default_factory=list)

    @property
    def shown_key(self) -> str | None:
        """The key that the APIs show: "Incidents with child alerts do not have an incident key"."""
        return None if self.alerts else self.incident_key

    @property
    def escalation_level(self) -> int:
        """The level that was asked last; 1 is the first."""
        return self.step.level


@dataclass
class Subscription:
    """A webhook subscription."""

    id: str
    description: str
    secret: SecretStr
    url: str | None = None
    """Where it sends to; None is the gateway."""
    events: tuple[str, ...] = EVENTS
    filter: tuple[str, str | None] = ("account_reference", None)
    """The filter's type and the id that it names."""
    custom_headers: tuple[tuple[str, str], ...] = ()
    active: bool = True
    disabled_until: datetime | None = None
    drops_in_a_row: int = 0
    epoch: int = 0
    """Counts how often it was disabled: what was queued before is dropped."""


@dataclass(frozen=True)
class Change:
    """A change event: a deployment, say."""

    id: str
    summary: str
    source: str | None
    at: datetime


class TouchedIncidents:
    """The incidents whose time-outs may have moved since somebody looked last."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._event = asyncio.Event()

    def add(self, *incidents: Incident) -> None:
        """Something happened to these."""
        self._ids.update(incident.id for incident in incidents)
        self._event.set()

    def take(self) -> set[str]:
        """Their ids, which are forgotten here."""
        taken, self._ids = self._ids, set()
        self._event.clear()
        return taken

    async def wait(self) -> None:
        """Wait until there is one."""
        await self._event.wait()


DROPS_THAT_DISABLE = 3
"""A subscription is disabled after so many deliveries in a row were dropped."""
DISABLED_FOR_MINUTES = 24 * 60


class PagerDutyState:
    """The local PagerDuty's memory."""

    def __init__(
        self,
        *,
        base_url: str,
        credentials: Credentials,
        deliveries: Deliveries,
        ledger: Ledger,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.base_url = base_url
        """The REST API's address, without a trailing slash; may be set once the port is known."""
        self.credentials = credentials
        self.deliveries = deliveries
        self.ledger = ledger
        self.clock = clock
        self.seconds_per_minute = 60.0
        """How long a minute of time-outs, snoozes and disablement lasts here; schedules keep the real time."""
        self.limits = RateLimits()
        self.notifications = Notifications()
        self.users = [ADA, TOM, LENA, BOT]
        self.schedules = {schedule.id: schedule for schedule in _schedules(clock())}
        self.escalation_policies = {policy.id: policy for policy in _escalation_policies()}
        self.services = {service.id: ServiceSettings("PEPENG") for service in SERVICES}
        self.subscription = Subscription("PWEBHK1", "Tierline", credentials.pagerduty_webhook_secret)
        self.subscriptions = {self.subscription.id: self.subscription}
        self.incidents: dict[str, Incident] = {}
        self.changes: list[Change] = []
        self.touched = TouchedIncidents()
        self._numbers = count(1)
        self._ids = count(1)

    def next_number(self) -> int:
        """The next incident number of the account."""
        return next(self._numbers)

    def next_id(self, kind: str) -> str:
        """A fresh id of 14 characters, beginning with ``kind``."""
        return f"{kind}{next(self._ids):0{14 - len(kind)}d}"

    def person(self, name: str) -> User | None:
        """The user that the sandbox calls by this handle, or whose id or e-mail address this is."""
        return next((u for u in self.users if name.lower() in (u.handle, u.id.lower(), u.email)), None)

    def open_incident(self, service: Named, incident_key: str) -> Incident | None:
        """The unresolved incident with this key on the service: there can be one at most."""
        for incident in self.incidents.values():
            if incident.service == service and incident.incident_key == incident_key and incident.status != "resolved":
                return incident
        return None

    def policy_of(self, service: Named) -> EscalationPolicy:
        """The escalation policy of a service."""
        return self.escalation_policies[self.services[service.id].escalation_policy]

    def on_call(self, rule: EscalationRule) -> list[User]:
        """Who is on call at a level now."""
        users = {user.id: user for user in self.users}
        return escalation_policies.on_call(rule, users, self.schedules, self.clock())

    def minutes(self, number: float) -> timedelta:
        """So many of the sandbox's minutes, in real time."""
        return timedelta(seconds=number * self.seconds_per_minute)


def _schedules(now: datetime) -> list[Schedule]:
    # Weeks begin on Mondays; the rota has been running for a while.
    monday = (now - timedelta(days=now.weekday() + 28)).replace(hour=0, minute=0, second=0, microsecond=0)
    week = timedelta(days=7)
    return [
        Schedule("PSCHENG", "Engineering rota", layers=[Layer("PLAYENG", "Weekly", (ADA,), monday, week)]),
        Schedule("PSCHSUP", "Support rota", layers=[Layer("PLAYSUP", "Weekly", (TOM, LENA), monday, week)]),
    ]


def _escalation_policies() -> list[EscalationPolicy]:
    return [
        EscalationPolicy(
            "PEPENG",
            "Engineering on call",
            [EscalationRule("PESCRUL1", ("PSCHENG",)), EscalationRule("PESCRUL2", ("PUSRLEN",))],
        ),
        EscalationPolicy("PEPSUP", "Support on call", [EscalationRule("PESCRUL3", ("PSCHSUP",))], num_loops=1),
    ]

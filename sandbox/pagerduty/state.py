"""What the local PagerDuty knows: its account, who is on call, and the incidents."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

from sandbox.credentials import Credentials
from sandbox.deliveries import Deliveries
from sandbox.ledger import Ledger


@dataclass(frozen=True)
class User:
    """A user of the account; ``handle`` is what the sandbox calls the person."""

    id: str
    name: str
    handle: str
    email: str
    role: str = "user"


@dataclass(frozen=True)
class Named:
    """Something that others refer to by id: a service, an escalation policy, a schedule, a priority, an integration."""

    id: str
    name: str
    description: str = ""


@dataclass
class Note:
    """A note on an incident."""

    id: str
    user: User
    content: str
    created_at: datetime


@dataclass(frozen=True)
class LogEntry:
    """One step of an incident's life, by the type that PagerDuty's log names it."""

    id: str
    type: str
    at: datetime
    agent: User | None


@dataclass
class Incident:
    """An incident."""

    id: str
    number: int
    title: str
    service: Named
    incident_key: str
    urgency: str
    created_at: datetime
    updated_at: datetime
    status_changed_at: datetime
    status_changed_by: User | Named
    details: str | None = None
    status: str = "triggered"
    priority: Named | None = None
    escalation_level: int = 1
    assignees: list[User] = field(default_factory=list)
    assigned_at: datetime | None = None
    acknowledged_by: User | None = None
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    notes: list[Note] = field(default_factory=list)
    log: list[LogEntry] = field(default_factory=list)


@dataclass
class Subscription:
    """The account's webhook subscription to the gateway."""

    id: str
    description: str
    disabled: bool = False
    refusals_in_a_row: int = 0


SERVICES = (Named("PSVCPAY", "Payments"), Named("PSVCWEB", "Storefront"))
ESCALATION_POLICY = Named("PEPENG", "Engineering on call")
SCHEDULE = Named("PSCHENG", "Engineering rota")
INTEGRATION = Named("PINTEGR", "Tierline")
PRIORITIES = tuple(Named(f"PPRIOR{level}", f"P{level}") for level in range(1, 5))

ADA = User("PUSRADA", "Ada", "ada", "ada@acme.example")
BOT = User("PUSRBOT", "Tierline", "tierline", "tierline@acme.example")

EVENTS = (
    "incident.acknowledged",
    "incident.annotated",
    "incident.escalated",
    "incident.priority_updated",
    "incident.reassigned",
    "incident.reopened",
    "incident.resolved",
    "incident.triggered",
    "incident.unacknowledged",
)
REFUSALS_THAT_DISABLE = 3
"""A subscription is disabled after so many deliveries in a row were refused with a 4xx."""


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
        self.users = [ADA, BOT]
        self.on_call = ADA
        self.subscription = Subscription("PWEBHK1", "Tierline")
        self.incidents: dict[str, Incident] = {}
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

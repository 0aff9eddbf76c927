"""Who and what the local PagerDuty's account has: users, services, priorities, the integration; and the event types."""

from dataclasses import dataclass


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
class ServiceSettings:
    """What a service does with its incidents."""

    escalation_policy: str
    """The policy's id."""
    acknowledgement_timeout_s: int | None = 1800
    """After so long an acknowledged incident is triggered again; None is never."""
    auto_resolve_timeout_s: int | None = None
    """After so long an open incident is resolved; None is never."""


SERVICES = (Named("PSVCPAY", "Payments"), Named("PSVCWEB", "Storefront"))
INTEGRATION = Named("PINTEGR", "Tierline")
PRIORITIES = tuple(Named(f"PPRIOR{level}", f"P{level}") for level in range(1, 5))

ADA = User("PUSRADA", "Ada", "ada", "ada@acme.example")
TOM = User("PUSRTOM", "Tom", "tom", "tom@acme.example")
LENA = User("PUSRLEN", "Lena", "lena", "lena@acme.example")
BOT = User("PUSRBOT", "Tierline", "tierline", "tierline@acme.example")

EVENTS = (
    "incident.acknowledged",
    "incident.annotated",
    "incident.conference_bridge.updated",
    "incident.delegated",
    "incident.escalated",
    "incident.priority_updated",
    "incident.reassigned",
    "incident.reopened",
    "incident.resolved",
    "incident.responder.added",
    "incident.responder.replied",
    "incident.service_updated",
    "incident.status_update_published",
    "incident.triggered",
    "incident.unacknowledged",
    "incident.workflow.completed",
    "incident.workflow.started",
)
"""The event types that the sandbox sends: docs/webhooks/01-Overview.md of PagerDuty's developer documentation."""

"""People and the roles that let them do things."""

from enum import StrEnum

from domain.frozen import Frozen
from domain.texts import Address, Key, Name


class Role(StrEnum):
    """What a person may do is decided by role; the policy maps roles to commands."""

    AGENT = "agent"
    LEAD = "lead"
    ENGINEER = "engineer"
    CUSTOMER = "customer"
    VENDOR = "vendor"
    INTEGRATION = "integration"
    OPERATOR = "operator"


class ActorKind(StrEnum):
    """Where an actor is known from."""

    SLACK = "slack"
    API = "api"
    JIRA = "jira"
    GITHUB = "github"
    PAGERDUTY = "pagerduty"
    CUSTOMER = "customer"
    VENDOR = "vendor"
    TIERLINE = "tierline"


class Actor(Frozen):
    """Somebody, or Tierline itself, who did something.

    ``id`` is the identifier in the system that ``kind`` names (a Slack user id, an API token's name, …).
    """

    kind: ActorKind
    id: Key
    name: Name
    roles: frozenset[Role] = frozenset()

    @property
    def is_person(self) -> bool:
        """False for Tierline itself: bots never stop a first-response clock."""
        return self.kind is not ActorKind.TIERLINE

    @property
    def answers_customers(self) -> bool:
        """Whether what they write publicly is a response: bots' words are none, and the customer's own are none."""
        return self.is_person and self.kind is not ActorKind.CUSTOMER


TIERLINE = Actor(kind=ActorKind.TIERLINE, id="tierline", name="Tierline")


class Customer(Frozen):
    """Who opened the ticket. ``email`` is where Tierline writes to; without one the customer is told by the caller of the API."""

    id: Key
    name: Name
    email: Address | None = None
    plan: Name | None = None

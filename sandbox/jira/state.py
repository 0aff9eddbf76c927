"""What the local Jira knows: its people, its one project, and the issues with all that hangs on them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

from sandbox.credentials import Credentials
from sandbox.deliveries import Deliveries
from sandbox.ledger import Ledger

Document = dict[str, Any]


@dataclass(frozen=True)
class User:
    """An account; ``handle`` is what the sandbox calls the person."""

    account_id: str
    display_name: str
    handle: str
    email: str
    account_type: str = "atlassian"


@dataclass(frozen=True)
class StatusCategory:
    """One of Jira's three fixed groups of statuses."""

    id: int
    key: str
    name: str
    colour: str


@dataclass(frozen=True)
class Status:
    """A step of the workflow."""

    id: str
    name: str
    category: StatusCategory


@dataclass(frozen=True)
class IssueType:
    """A kind of issue."""

    id: str
    name: str
    description: str


@dataclass(frozen=True)
class Named:
    """Something that has an id and a name: a priority, a component, a resolution."""

    id: str
    name: str


@dataclass(frozen=True)
class Project:
    """A project."""

    id: str
    key: str
    name: str


@dataclass
class Comment:
    """A comment on an issue; the body is an Atlassian document."""

    id: str
    author: User
    update_author: User
    body: Document
    created: datetime
    updated: datetime
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass
class RemoteLink:
    """A link to something outside Jira."""

    id: int
    global_id: str | None
    url: str
    title: str
    details: dict[str, Any]


@dataclass(frozen=True)
class Change:
    """One field's change. ``from_``/``to`` are ids, the strings what a person reads."""

    field: str
    from_: str | None
    from_string: str | None
    to: str | None
    to_string: str | None


@dataclass(frozen=True)
class History:
    """Changes that were made together."""

    id: str
    author: User
    created: datetime
    items: tuple[Change, ...]


@dataclass
class Issue:
    """An issue. Its numeric id never changes; its key would, were it moved."""

    id: str
    key: str
    project: Project
    issue_type: IssueType
    summary: str
    description: Document | None
    status: Status
    priority: Named
    reporter: User
    created: datetime
    updated: datetime
    labels: list[str] = field(default_factory=list)
    components: list[Named] = field(default_factory=list)
    assignee: User | None = None
    resolution: Named | None = None
    resolved: datetime | None = None
    comments: list[Comment] = field(default_factory=list)
    remote_links: list[RemoteLink] = field(default_factory=list)
    properties: dict[str, Any] = field(default_factory=dict)
    histories: list[History] = field(default_factory=list)


NEW = StatusCategory(2, "new", "To Do", "blue-gray")
INDETERMINATE = StatusCategory(4, "indeterminate", "In Progress", "yellow")
DONE = StatusCategory(3, "done", "Done", "green")

STATUSES = (
    Status("10001", "To Do", NEW),
    Status("3", "In Progress", INDETERMINATE),
    Status("10002", "Done", DONE),
)
# Every status can be reached from every other; a transition is named after where it leads.
TRANSITIONS = {"11": STATUSES[0], "21": STATUSES[1], "31": STATUSES[2]}

ISSUE_TYPES = (
    IssueType("10004", "Bug", "A problem or error."),
    IssueType("10002", "Task", "A small, distinct piece of work."),
    IssueType("10001", "Story", "Functionality or a feature expressed as a user goal."),
)
PRIORITIES = (Named("1", "Highest"), Named("2", "High"), Named("3", "Medium"), Named("4", "Low"), Named("5", "Lowest"))
COMPONENTS = (Named("10000", "Checkout"), Named("10001", "Refunds"))
RESOLUTION_DONE = Named("10000", "Done")
PROJECT = Project("10000", "PAY", "Payments")

BOT = User("5b10ac8d82e05b22cc7d4ef5", "Tierline", "tierline", "tierline-bot@acme.example")
ADA = User("5b10a2844c20165700ede21a", "Ada (engineering)", "ada", "ada@acme.example")


class JiraState:
    """The local Jira's memory. Mutations that people and programs ask for are in ``sandbox.jira.changes``."""

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
        """The site's address with its context path, without a trailing slash; may be set once the port is known."""
        self.credentials = credentials
        self.deliveries = deliveries
        self.ledger = ledger
        self.clock = clock
        self.search_lag_s = 0.0
        """For how long a new issue is missing from searches, in seconds: Jira's search is eventually consistent."""
        self.users = [BOT, ADA]
        self.issues: dict[str, Issue] = {}
        """By numeric id."""
        self._issue_numbers = count(1)
        self._ids = count(10100)

    def next_id(self) -> str:
        """A fresh numeric id for anything but an issue's key."""
        return str(next(self._ids))

    def next_key(self) -> str:
        """The next issue key of the project."""
        return f"{PROJECT.key}-{next(self._issue_numbers)}"

    def issue(self, id_or_key: str) -> Issue | None:
        """The issue of this id or key; keys are matched without regard to case, as Jira does."""
        if id_or_key in self.issues:
            return self.issues[id_or_key]
        wanted = id_or_key.upper()
        return next((issue for issue in self.issues.values() if issue.key == wanted), None)

    def user(self, account_id: str) -> User | None:
        """The account of this id."""
        return next((user for user in self.users if user.account_id == account_id), None)

    def person(self, name: str) -> User | None:
        """The account that the sandbox calls by this handle, or whose id this is."""
        return next((user for user in self.users if name in (user.handle, user.account_id)), None)

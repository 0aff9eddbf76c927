"""What the local Jira knows: its people, its one project, and the issues with all that hangs on them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from itertools import count
from typing import Any, Literal

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
    """A project; ``kind`` is ``software``, or ``service_desk`` where customers read along."""

    id: str
    key: str
    name: str
    kind: str = "software"


@dataclass
class Version:
    """A release of a project."""

    id: str
    name: str
    project: Project
    released: bool = False
    release_date: str | None = None
    """The day, ``YYYY-MM-DD``."""


@dataclass(frozen=True)
class CustomField:
    """A field that an administrator added; with ``options`` it takes one of them."""

    id: str
    name: str
    required: bool = False
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Attachment:
    """A file on an issue."""

    id: str
    name: str
    author: User
    created: datetime
    content_type: str
    content: bytes


@dataclass(frozen=True)
class LinkType:
    """A way in which issues hang together, in words from either end."""

    id: str
    name: str
    inward: str
    outward: str


@dataclass(frozen=True)
class IssueLink:
    """``inward`` duplicates (blocks, …) ``outward``: the issue that the link was made from is its inward end. Both are issue ids."""

    id: str
    kind: LinkType
    inward: str
    outward: str


@dataclass(frozen=True)
class Visibility:
    """A role or a group, whose members alone see a comment."""

    kind: Literal["role", "group"]
    name: str


@dataclass
class Comment:
    """A comment on an issue; the body is an Atlassian document. Without ``visibility`` whoever sees the issue sees it."""

    id: str
    author: User
    update_author: User
    body: Document
    created: datetime
    updated: datetime
    properties: dict[str, Any] = field(default_factory=dict)
    visibility: Visibility | None = None


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
    fix_versions: list[Version] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    watchers: list[User] = field(default_factory=list)
    custom: dict[str, Any] = field(default_factory=dict)
    """The values of custom fields, by their ids."""
    former_keys: list[str] = field(default_factory=list)
    """From before it was moved; they still lead to it."""
    touched: list[datetime] = field(default_factory=list)
    """When it was changed, in order."""
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
RESOLUTIONS = (
    Named("10000", "Done"),
    Named("10001", "Won't Do"),
    Named("10002", "Duplicate"),
    Named("10003", "Cannot Reproduce"),
)
RESOLUTION_DONE = RESOLUTIONS[0]
AUDIENCES = {"role": ("Administrators", "Developers"), "group": ("jira-administrators", "engineering")}
"""The roles and groups to which a comment can be restricted."""
PROJECT = Project("10000", "PAY", "Payments")
PLATFORM = Project("10001", "PLAT", "Platform")
SERVICE_DESK = Project("10002", "HELP", "Help desk", kind="service_desk")
PROJECTS = (PROJECT, PLATFORM, SERVICE_DESK)
DUPLICATE = LinkType("10002", "Duplicate", "is duplicated by", "duplicates")
LINK_TYPES = (LinkType("10000", "Blocks", "is blocked by", "blocks"), DUPLICATE)

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
        """For how long searches do not know of a new issue or a change, in seconds: Jira's search is eventually consistent."""
        self.projects = list(PROJECTS)
        self.statuses = list(STATUSES)
        self.transitions: dict[str, Status] = dict(TRANSITIONS)
        """Where each transition leads; one that is taken out is not open to anybody."""
        self.asked_by_transitions: dict[str, tuple[str, ...]] = {}
        """The fields that a transition's screen requires, by the transition's id."""
        self.versions: list[Version] = []
        self.custom_fields: dict[str, list[CustomField]] = {}
        """By project key."""
        self.links: list[IssueLink] = []
        self.withheld: dict[str, set[str]] = {}
        """The permissions that the bot lacks, by project key. Without BROWSE_PROJECTS it does not even see the project."""
        self.time_zone: tzinfo = UTC
        """The bot account's, in which searches read times."""
        self.not_assignable: set[str] = set()
        """The handles of people to whom no issue can be assigned."""
        self.logged_out = False
        """Attachments are answered with a page to log in, as Jira does where a session is wanted and the token is none."""
        self.users = [BOT, ADA]
        self.issues: dict[str, Issue] = {}
        """By numeric id."""
        self._issue_numbers = {project.key: count(1) for project in PROJECTS}
        self._ids = count(10100)

    def next_id(self) -> str:
        """A fresh numeric id for anything but an issue's key."""
        return str(next(self._ids))

    def next_key(self, project: Project = PROJECT) -> str:
        """The next issue key of a project."""
        return f"{project.key}-{next(self._issue_numbers.setdefault(project.key, count(1)))}"

    def issue(self, id_or_key: str) -> Issue | None:
        """The issue of this id or key, its present or a former one; keys are matched without regard to case, as Jira does."""
        if id_or_key in self.issues:
            return self.issues[id_or_key]
        wanted = id_or_key.upper()
        return next((x for x in self.issues.values() if wanted == x.key or wanted in x.former_keys), None)

    def project(self, id_or_key: str) -> Project | None:
        """The project of this id or key."""
        return next((project for project in self.projects if id_or_key.upper() in (project.id, project.key)), None)

    def version(self, id_: str) -> Version | None:
        """The version of this id."""
        return next((version for version in self.versions if version.id == id_), None)

    def may(self, project: Project, permission: str) -> bool:
        """Whether the bot has a permission in a project."""
        return permission not in self.withheld.get(project.key, ())

    def user(self, account_id: str) -> User | None:
        """The account of this id."""
        return next((user for user in self.users if user.account_id == account_id), None)

    def person(self, name: str) -> User | None:
        """The account that the sandbox calls by this handle, or whose id this is."""
        return next((user for user in self.users if name in (user.handle, user.account_id)), None)

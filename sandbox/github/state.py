"""What the local GitHub knows: its accounts, repositories with their labels, milestones and releases, and the issues in them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from secrets import token_hex
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from sandbox.credentials import Credentials
from sandbox.deliveries import Deliveries
from sandbox.ledger import Ledger

INSTALLATION_TOKEN_LIFE = timedelta(hours=1)

Access = Literal["none", "read", "triage", "write"]


@dataclass(frozen=True)
class Account:
    """A user, a bot or an organisation; ``handle`` is what the sandbox calls the person."""

    id: int
    login: str
    handle: str
    kind: str = "User"
    association: str = "MEMBER"


@dataclass(frozen=True)
class Label:
    """A label of the repository."""

    id: int
    name: str
    color: str = "ededed"
    description: str | None = None
    default: bool = False


@dataclass
class Comment:
    """A comment on an issue."""

    id: int
    user: Account
    body: str
    created_at: datetime
    updated_at: datetime


@dataclass
class Milestone:
    """A milestone of a repository; ``due_on`` is a moment as it was given."""

    id: int
    number: int
    title: str
    creator: Account
    created_at: datetime
    updated_at: datetime
    state: str = "open"
    description: str | None = None
    due_on: str | None = None
    closed_at: datetime | None = None


@dataclass
class Release:
    """A release of a repository."""

    id: int
    tag: str
    name: str
    author: Account
    created_at: datetime
    published_at: datetime | None
    draft: bool = False
    prerelease: bool = False


@dataclass(frozen=True)
class Event:
    """Something that happened to an issue; ``details`` are the members that its kind adds."""

    id: int
    event: str
    actor: Account
    created_at: datetime
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(eq=False)
class Repository:
    """A repository, and what the bot may do in it."""

    id: int
    owner: Account
    name: str
    created_at: datetime
    private: bool = True
    archived: bool = False
    has_issues: bool = True
    access: Access = "write"
    """With ``none`` everything in it answers 404; with ``read`` labels, assignees and states cannot be set."""
    labels: list[Label] = field(default_factory=list)
    milestones: list[Milestone] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=lambda: count(1))
    former_names: list[str] = field(default_factory=list)
    """Owner and name as they were before it was renamed: they are redirected."""

    @property
    def full_name(self) -> str:
        """Owner and name."""
        return f"{self.owner.login}/{self.name}"

    def label(self, name: str) -> Label | None:
        """The label of this name, without regard to case."""
        return next((label for label in self.labels if label.name.lower() == name.lower()), None)


@dataclass(eq=False)
class Issue:
    """An issue. Transferred to another repository it gets a new number, id and node id there, and the old address leads to it."""

    id: int
    number: int
    repository: Repository
    title: str
    body: str | None
    user: Account
    created_at: datetime
    updated_at: datetime
    labels: list[Label] = field(default_factory=list)
    assignees: list[Account] = field(default_factory=list)
    milestone: Milestone | None = None
    state: str = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: Account | None = None
    locked: bool = False
    comments: list[Comment] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    transferred_to: "Issue | None" = None
    is_pull_request: bool = False
    """GitHub keeps a repository's pull requests among its issues: one number space, the same reads."""
    deleted: bool = False
    """A deleted issue answers 410 and is in no list."""

    @property
    def is_here(self) -> bool:
        """Whether lists have it: it is neither deleted nor transferred."""
        return not self.deleted and self.transferred_to is None


@dataclass(frozen=True)
class InstallationToken:
    """A token of the App's installation, for all of its repositories (None) or for some, by their ids."""

    token: str
    expires_at: datetime
    permissions: dict[str, str]
    repositories: frozenset[int] | None = None


ORGANISATION = Account(9001, "acme", "acme", "Organization", "OWNER")
ADA = Account(9101, "ada-dev", "ada")
BOT = Account(9102, "tierline-bot", "tierline")
APP_BOT = Account(9103, "tierline[bot]", "tierline-app", "Bot", "CONTRIBUTOR")


class GitHubState:
    """The local GitHub's memory."""

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
        """The REST API's address with its path, without a trailing slash; may be set once the port is known."""
        self.credentials = credentials
        self.deliveries = deliveries
        self.ledger = ledger
        self.clock = clock
        self.search_lag_s = 0.0
        """For how long a new issue is missing from ``/search/issues``, in seconds: GitHub's search lags."""
        self.accounts = [ORGANISATION, ADA, BOT, APP_BOT]
        self._ids = count(2_400_000_001)
        self.repository = Repository(70001, ORGANISATION, "storefront", clock(), labels=self._labels())
        """Where issues are opened unless somebody says otherwise."""
        self.repositories = [
            self.repository,
            Repository(70002, ORGANISATION, "payments", clock(), labels=self._labels()),
            Repository(70003, ORGANISATION, "storefront-sdk", clock(), private=False, labels=self._labels()),
        ]
        self.suspended_at: datetime | None = None
        """Since when the App's installation is suspended."""
        self.issue_permission: Literal["read", "write"] = "write"
        """What the App's installation may do with issues."""
        self.reads_contents = True
        """Whether the bot may read contents, releases among them, of private repositories."""
        self.scopes: str | None = "repo"
        """The scopes of the token; None makes it a fine-grained one, which names none."""
        self.used = 0
        """How many calls counted against the rate limit: an answer 304 does not."""
        self.uploads: dict[str, tuple[str, bytes]] = {}
        """What people uploaded, with its content type, by the upload's id."""
        self.issues: list[Issue] = []
        self.tokens: list[InstallationToken] = []
        self.app_key: RSAPublicKey = _public_key(credentials)

    def next_id(self) -> int:
        """A fresh id, unique over everything."""
        return next(self._ids)

    def _labels(self) -> list[Label]:
        return [
            Label(self.next_id(), "bug", "d73a4a", "Something isn't working", default=True),
            Label(self.next_id(), "support", "0e8a16", "Customers wait for this"),
        ]

    def repository_of(self, full_name: str) -> Repository | None:
        """The repository of this name, without regard to case."""
        return next((one for one in self.repositories if one.full_name.lower() == full_name.lower()), None)

    def renamed_from(self, full_name: str) -> Repository | None:
        """The repository that had this name once."""
        return next((one for one in self.repositories if full_name.lower() in one.former_names), None)

    def account(self, login: str) -> Account | None:
        """The account of this login, without regard to case."""
        return next((a for a in self.accounts if a.login.lower() == login.lower()), None)

    def person(self, name: str) -> Account | None:
        """The account that the sandbox calls by this handle, or whose login this is."""
        return next((a for a in self.accounts if name in (a.handle, a.login)), None)

    def issue(self, number: int, repository: Repository | None = None) -> Issue | None:
        """The issue of this number (of the first repository, unless another is named), deleted and transferred ones too."""
        where = repository or self.repository
        return next((issue for issue in self.issues if issue.number == number and issue.repository is where), None)

    def comment(self, id_: int) -> tuple[Issue, Comment] | None:
        """The comment of this id with its issue."""
        for issue in self.issues:
            for comment in issue.comments:
                if comment.id == id_ and issue.is_here:
                    return issue, comment
        return None

    @property
    def installation_permissions(self) -> dict[str, str]:
        """What the App's installation was granted."""
        contents = {"contents": "read"} if self.reads_contents else {}
        return {"issues": self.issue_permission, "metadata": "read", **contents}

    def issue_token(
        self, permissions: dict[str, str] | None = None, repositories: frozenset[int] | None = None
    ) -> InstallationToken:
        """A new token for the App's installation, good for an hour; with everything that was granted unless less is asked for."""
        granted = self.installation_permissions if permissions is None else permissions
        token = InstallationToken(f"ghs_{token_hex(18)}", self.clock() + INSTALLATION_TOKEN_LIFE, granted, repositories)
        self.tokens.append(token)
        return token


def _public_key(credentials: Credentials) -> RSAPublicKey:
    pem = credentials.github_private_key.get_secret_value().encode()
    private = load_pem_private_key(pem, password=None)
    if not isinstance(private, RSAPrivateKey):
        raise TypeError("the GitHub App's key must be an RSA key")
    return private.public_key()

"""What the local GitHub knows: its accounts, one repository with its labels, and the issues in it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from secrets import token_hex

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from sandbox.credentials import Credentials
from sandbox.deliveries import Deliveries
from sandbox.ledger import Ledger

INSTALLATION_TOKEN_LIFE = timedelta(hours=1)


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
class Issue:
    """An issue; the node id is what stays when an issue moves to another repository."""

    id: int
    number: int
    title: str
    body: str | None
    user: Account
    created_at: datetime
    updated_at: datetime
    labels: list[Label] = field(default_factory=list)
    assignees: list[Account] = field(default_factory=list)
    state: str = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: Account | None = None
    comments: list[Comment] = field(default_factory=list)
    deleted: bool = False
    """A deleted issue answers 410 and is in no list."""


@dataclass(frozen=True)
class Repository:
    """A repository."""

    id: int
    owner: Account
    name: str
    created_at: datetime

    @property
    def full_name(self) -> str:
        """Owner and name."""
        return f"{self.owner.login}/{self.name}"


@dataclass(frozen=True)
class InstallationToken:
    """A token of the App's installation."""

    token: str
    expires_at: datetime


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
        self.repository = Repository(70001, ORGANISATION, "storefront", clock())
        self._ids = count(2_400_000_001)
        self._numbers = count(1)
        self.labels = [
            Label(self.next_id(), "bug", "d73a4a", "Something isn't working", default=True),
            Label(self.next_id(), "support", "0e8a16", "Customers wait for this"),
        ]
        self.issues: list[Issue] = []
        self.tokens: list[InstallationToken] = []
        self.app_key: RSAPublicKey = _public_key(credentials)

    def next_id(self) -> int:
        """A fresh id, unique over everything."""
        return next(self._ids)

    def next_number(self) -> int:
        """The next issue number of the repository."""
        return next(self._numbers)

    def account(self, login: str) -> Account | None:
        """The account of this login, without regard to case."""
        return next((a for a in self.accounts if a.login.lower() == login.lower()), None)

    def person(self, name: str) -> Account | None:
        """The account that the sandbox calls by this handle, or whose login this is."""
        return next((a for a in self.accounts if name in (a.handle, a.login)), None)

    def issue(self, number: int) -> Issue | None:
        """The issue of this number, deleted ones too."""
        return next((issue for issue in self.issues if issue.number == number), None)

    def comment(self, id_: int) -> tuple[Issue, Comment] | None:
        """The comment of this id with its issue."""
        for issue in self.issues:
            for comment in issue.comments:
                if comment.id == id_ and not issue.deleted:
                    return issue, comment
        return None

    def label(self, name: str) -> Label | None:
        """The label of this name, without regard to case."""
        return next((label for label in self.labels if label.name.lower() == name.lower()), None)

    def issue_token(self) -> InstallationToken:
        """A new token for the App's installation, good for an hour."""
        token = InstallationToken(f"ghs_{token_hex(18)}", self.clock() + INSTALLATION_TOKEN_LIFE)
        self.tokens.append(token)
        return token


def _public_key(credentials: Credentials) -> RSAPublicKey:
    pem = credentials.github_private_key.get_secret_value().encode()
    private = load_pem_private_key(pem, password=None)
    if not isinstance(private, RSAPrivateKey):
        raise TypeError("the GitHub App's key must be an RSA key")
    return private.public_key()

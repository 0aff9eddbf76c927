"""The outside on this machine, and our clients connected to it; every request of theirs is held against the vendors' contracts."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import httpx2
import pytest

from integrations.github.tracker import GitHubTracker
from integrations.jira.account import ApiTokenAccount, PersonalAccessTokenAccount
from integrations.jira.flavours import CloudV2, DataCenter
from integrations.jira.tracker import JiraTracker
from integrations.mail.smtp import SmtpMailer
from integrations.pagerduty.pager import PagerDutyPager
from integrations.slack.room import SlackRoom
from sandbox.faults import Fault
from sandbox.ledger import LedgerEntry
from sandbox.server import Sandbox
from tests.contracts import Exchange, RecordingMiddleware, validate_request
from tests.shared import REPOSITORY, shared_dir

Result = TypeVar("Result")

# Paths that are the vendors' own but not in the slices of their descriptions.
_NOT_IN_THE_SLICES = ("/github/user-attachments/", "/github/store/")
# Of Jira: these, and Data Center's own search, which Cloud no longer has.
_JIRA_ALONE = re.compile(
    r"^/jira(-dc)?/rest/api/[23]/(mypermissions|resolution|user/assignable/search|search|issue/\w+/watchers)$"
)


class World:
    """The sandbox, and what people and our clients do in it."""

    def __init__(self, sandbox: Sandbox, exchanges: list[Exchange]) -> None:
        self.sandbox = sandbox
        self.exchanges = exchanges
        credentials, url = sandbox.credentials, sandbox.http_url
        self.slack = SlackRoom(credentials.slack_bot_token, f"{url}/slack/api/")
        self.jira = JiraTracker(f"{url}/jira", ApiTokenAccount(credentials.jira_email, credentials.jira_api_token))
        cloud = ApiTokenAccount(credentials.jira_email, credentials.jira_api_token)
        self.jira_v2 = JiraTracker(f"{url}/jira", cloud, CloudV2())
        self.jira_data_center = JiraTracker(
            f"{url}/jira-dc", PersonalAccessTokenAccount(credentials.jira_personal_access_token), DataCenter()
        )
        self.github = GitHubTracker(f"{url}/github", token=credentials.github_token)
        self.github_app = GitHubTracker(
            f"{url}/github",
            app_id=credentials.github_app_id,
            private_key=credentials.github_private_key,
            installation_id=credentials.github_installation_id,
        )
        self.pagerduty = PagerDutyPager(
            credentials.pagerduty_api_key,
            "tierline@acme.example",
            f"{url}/pagerduty",
            credentials.pagerduty_routing_key,
            f"{url}/pagerduty-events",
        )
        self.pagerduty_without_events = PagerDutyPager(
            credentials.pagerduty_api_key, "tierline@acme.example", f"{url}/pagerduty"
        )
        self.mail = SmtpMailer(
            sandbox.smtp_host, sandbox.smtp_port, None, None, "Acme Support <support@acme.example>", False
        )

    async def do(self, call: Callable[..., Result], *arguments: Any, **named: Any) -> Result:
        """One of our blocking calls, in a thread as the worker does it."""
        return await asyncio.to_thread(call, *arguments, **named)

    async def people(self, method: str, path: str, body: object = None) -> Any:
        """What a person does in a vendor's web app."""
        async with httpx2.AsyncClient(base_url=self.sandbox.http_url) as client:
            answer = await client.request(method, f"/people{path}", json=body)
            answer.raise_for_status()
            return answer.json() if answer.content else None

    def break_down(self, system: str, kind: str, **details: Any) -> None:
        """Order an outage."""
        self.sandbox.faults.add(Fault.model_validate({"system": system, "kind": kind, **details}))

    def mend(self) -> None:
        """End all outages."""
        self.sandbox.faults.clear()

    def written(self, system: str, operation: str) -> list[LedgerEntry]:
        """What took effect."""
        return self.sandbox.ledger.entries(system, operation)

    def asked(self, system: str) -> list[str]:
        """The calls that a vendor got."""
        return [f"{call.method} {call.path}" for call in self.sandbox.faults.requests(system)]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A fresh sandbox with our clients."""
    sandbox = Sandbox()
    exchanges: list[Exchange] = []
    sandbox.app.add_middleware(RecordingMiddleware, exchanges=exchanges)
    async with sandbox:
        yield World(sandbox, exchanges)
    if (REPOSITORY.parent / "shared").exists():
        shared_dir("contracts")
        for exchange in exchanges:
            ours = exchange.path.startswith(("/jira/rest", "/jira-dc/rest", "/github/", "/pagerduty"))
            if ours and not (exchange.path.startswith(_NOT_IN_THE_SLICES) or _JIRA_ALONE.search(exchange.path)):
                validate_request(exchange)

"""A gateway under test, and the vendors who call it with their own signatures."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

import httpx2
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.datastructures import State
from starlette.types import Receive, Scope, Send

from config.sections import ApiToken
from domain.messages import OpenTicket
from domain.people import TIERLINE, Customer, Role
from domain.policy import Policy
from gateway.app import app_for
from gateway.gateway import Gateway, SlackDoor
from gateway.quarantine import Quarantine
from gateway.running import Running
from gateway.slack_answers import LateAnswers
from integrations.pager import Pager
from integrations.vendor_portal.links import VendorLinks
from sandbox.signatures import github_signature, jira_signature, pagerduty_signature, slack_signature
from tests.gateway.desk import RememberingDesk
from tests.gateway.slack_stand_in import OpenedForms, ResponseUrls

SLACK = SecretStr("slack-signing-secret")
JIRA = SecretStr("jira-webhook-secret")
GITHUB = SecretStr("github-webhook-secret")
PAGERDUTY = SecretStr("pagerduty-webhook-secret")
LINK_SECRET = SecretStr("link-secret-of-thirty-two-letters")
MOST_BYTES = 65_536
LEAD, AGENT, ENGINEER, NOBODY = "U0LENA", "U0SAM", "U0ADA", "U0EVE"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


_served: ContextVar[Gateway] = ContextVar("served")


class _Served(State):
    """The state of an app that serves many gateways: the one whose request this is."""

    @property
    def gateway(self) -> Gateway:
        return _served.get()


class _AppOf:
    """The app of one gateway. All share one, since it takes a tenth of a second to put together and is the same for each."""

    _shared: ClassVar[FastAPI | None] = None

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        if _AppOf._shared is None:
            _AppOf._shared = app_for(gateway)
            _AppOf._shared.state = _Served()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert _AppOf._shared is not None
        before = _served.set(self._gateway)
        try:
            await _AppOf._shared(scope, receive, send)
        finally:
            _served.reset(before)


def token(role: Role) -> str:
    """The bearer token of the caller with this role."""
    return f"token-of-an-{role.value}-caller"


def a_ticket(ticket_id: str = "T-1042", title: str = "Card payments fail") -> OpenTicket:
    """A customer's ticket."""
    customer = Customer(id="c-17", name="Contoso", email="it@contoso.example")
    return OpenTicket(ticket_id=ticket_id, title=title, description="502", customer=customer, opened_by=TIERLINE)


@dataclass
class FrontDoor:
    """One gateway over HTTP, in this process."""

    policy: Policy
    quarantine: Path
    pager: Pager | None = None
    slack_patience: float = 2.0
    configured: bool = True
    most_bytes: int = MOST_BYTES
    now: datetime = NOW
    desk: RememberingDesk = field(init=False)
    forms: OpenedForms = field(default_factory=OpenedForms)
    response_urls: ResponseUrls = field(default_factory=ResponseUrls)
    gateway: Gateway = field(init=False)
    http: httpx2.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        self.desk = RememberingDesk(self.policy)
        late = LateAnswers(self.response_urls.client(), pause=0.001)
        self.gateway = Gateway(
            policy=self.policy,
            desk=self.desk,
            running=Running(self.desk, patience=5.0, pause=0.005),
            links=VendorLinks(LINK_SECRET, "https://tierline.example"),
            quarantine=Quarantine(self.quarantine),
            api_tokens=tuple(
                ApiToken(name=f"{role.value}-caller", roles=(role,), token=SecretStr(token(role))) for role in Role
            ),
            slack=SlackDoor(SLACK, self.forms, late, patience=self.slack_patience) if self.configured else None,
            jira_secret=JIRA if self.configured else None,
            github_secret=GITHUB if self.configured else None,
            pagerduty_secret=PAGERDUTY if self.configured else None,
            pager=self.pager,
            api_patience=0.5,
            max_body_bytes=self.most_bytes,
            now=lambda: self.now,
        )
        # An exception that leaves the app fails the test: the web server would log it with its text.
        transport = httpx2.ASGITransport(app=_AppOf(self.gateway))
        self.http = httpx2.AsyncClient(transport=transport, base_url="http://tierline.example")

    # --- vendors -------------------------------------------------------------------------------------------------

    async def jira(self, body: bytes, **headers: str) -> httpx2.Response:
        """A webhook of Jira."""
        return await self.http.post(
            "/webhooks/jira", content=body, headers=jira_signature(JIRA, body) | _dashed(headers)
        )

    async def github(self, event: str, body: bytes, **headers: str) -> httpx2.Response:
        """A webhook of GitHub."""
        signed = github_signature(GITHUB, body) | {"X-GitHub-Event": event} | _dashed(headers)
        return await self.http.post("/webhooks/github", content=body, headers=signed)

    async def pagerduty(self, body: bytes, **headers: str) -> httpx2.Response:
        """A webhook of PagerDuty."""
        signed = pagerduty_signature(PAGERDUTY, body) | _dashed(headers)
        return await self.http.post("/webhooks/pagerduty", content=body, headers=signed)

    async def slack(
        self, door: str, body: bytes, *, at: datetime | None = None, headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        """A request of Slack to ``/slack/{door}``, signed at that time."""
        signed = slack_signature(SLACK, body, int((at or self.now).timestamp()))
        kind = "application/json" if door == "events" else "application/x-www-form-urlencoded"
        sent = {**signed, "Content-Type": kind, **(headers or {})}
        return await self.http.post(f"/slack/{door}", content=body, headers=sent)

    async def types(
        self,
        text: str,
        *,
        user: str = LEAD,
        trigger: str = "1.1.a",
        channel: tuple[str, str] = ("C0SUPL1", "support-l1"),
        team: str = "T0ACME",
        headers: dict[str, str] | None = None,
    ) -> str:
        """A person types ``/tier text`` in a channel (its id and name); what they read at once, nothing when a form opens."""
        form = {
            "team_id": team,
            "channel_id": channel[0],
            "channel_name": channel[1],
            "user_id": user,
            "user_name": user.removeprefix("U0").lower(),
            "command": "/tier",
            "text": text,
            "trigger_id": trigger,
            "response_url": "https://hooks.slack.example/commands/1",
        }
        response = await self.slack("commands", urlencode(form).encode(), headers=headers)
        assert response.status_code == 200, response.text
        if not response.content:
            return ""
        answer = response.json()
        assert answer["response_type"] == "ephemeral"
        return str(answer["text"])

    async def presses(
        self, action_id: str, *, user: str = LEAD, value: str = "T-1042", moment: str = "1596530385.1"
    ) -> httpx2.Response:
        """A person presses a button of a card."""
        return await self.interacts(
            {
                "type": "block_actions",
                "team": {"id": "T0ACME"},
                "user": {"id": user, "username": user.lower()},
                "trigger_id": "1.2.b",
                "response_url": "https://hooks.slack.example/actions/1",
                "actions": [{"action_id": action_id, "value": value, "type": "button", "action_ts": moment}],
            }
        )

    async def submits(self, view: Any, values: dict[str, Any], *, user: str = LEAD) -> httpx2.Response:
        """A person fills a form in and sends it."""
        filled = {"id": "V1", **view, "state": {"values": {block: {"value": value} for block, value in values.items()}}}
        return await self.interacts(
            {"type": "view_submission", "team": {"id": "T0ACME"}, "user": {"id": user, "name": user}, "view": filled}
        )

    async def interacts(self, payload: Any) -> httpx2.Response:
        """Any interactivity payload."""
        return await self.slack("interactive", urlencode({"payload": json.dumps(payload)}).encode())

    # --- the API -------------------------------------------------------------------------------------------------

    async def api(
        self, method: str, path: str, body: object = None, *, role: Role = Role.LEAD, **headers: str
    ) -> httpx2.Response:
        """A call of the REST API below ``/api/v1/tickets``."""
        sent = {"Authorization": f"Bearer {token(role)}", **_dashed(headers)}
        return await self.http.request(method, f"/api/v1/tickets{path}", json=body, headers=sent)

    def counted(self, name: str, **labels: str) -> float:
        """The value of one of the gateway's counters."""
        return self.gateway.metrics.registry.get_sample_value(name, labels) or 0.0

    async def close(self) -> None:
        """End what is under way."""
        await self.gateway.running.finish(1.0)
        await self.http.aclose()


def chosen(value: str) -> dict[str, Any]:
    """What Slack sends for a chosen option."""
    return {"type": "static_select", "selected_option": {"text": {"type": "plain_text", "text": value}, "value": value}}


def written(text: str) -> dict[str, Any]:
    """What Slack sends for a text input."""
    return {"type": "plain_text_input", "value": text}


async def eventually(condition: Callable[[], bool], *, seconds: float = 5.0) -> None:
    """Wait until the condition holds; fails after that time."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for is a list in a stand-in, which signals nothing
            await asyncio.sleep(0.005)


async def eventually_true(ask: Callable[[], Awaitable[bool]], *, seconds: float = 20.0) -> None:
    """Ask until the answer is yes; fails after that time."""
    async with asyncio.timeout(seconds):
        while not await ask():  # noqa: ASYNC110 - the answer comes from another process
            await asyncio.sleep(0.05)


def _dashed(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}

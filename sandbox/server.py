"""The whole sandbox in one process: one HTTP port for all vendors and the page, one SMTP port for mail."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import TypedDict

import uvicorn
from fastapi import FastAPI

from sandbox import deliveries as deliveries_module
from sandbox import faults as faults_module
from sandbox import ledger as ledger_module
from sandbox.credentials import Credentials
from sandbox.deliveries import Deliveries
from sandbox.faults import FaultMiddleware, Faults
from sandbox.github import api as github_api
from sandbox.github import people as github_people
from sandbox.github.state import GitHubState
from sandbox.jira import api as jira_api
from sandbox.jira import people as jira_people
from sandbox.jira.state import JiraState
from sandbox.ledger import Ledger
from sandbox.mail import people as mail_people
from sandbox.mail.server import MailServer
from sandbox.mail.state import MailState
from sandbox.on_demand import OnDemand
from sandbox.page import build_router as build_page_router
from sandbox.pagerduty import api as pagerduty_api
from sandbox.pagerduty import controls as pagerduty_controls
from sandbox.pagerduty import events as pagerduty_events
from sandbox.pagerduty import people as pagerduty_people
from sandbox.pagerduty.state import PagerDutyState
from sandbox.pagerduty.timeouts import Timeouts
from sandbox.slack import api as slack_api
from sandbox.slack import conditions as slack_conditions
from sandbox.slack import people as slack_people
from sandbox.slack.state import SlackState

HOST = "127.0.0.1"


class Sandbox:
    """The outside world on this machine. It serves between `start` and `stop`.

    Ports of 0 take free ones: `http_url` is right from the beginning, `smtp_port` once started. `gateway_url` may be
    set later, when the gateway's own port is known.
    """

    def __init__(
        self,
        *,
        gateway_url: str | None = None,
        credentials: Credentials | None = None,
        http_port: int = 0,
        smtp_port: int = 0,
    ) -> None:
        """Takes the HTTP port.

        Raises:
            OSError: the port is taken.
        """
        self.credentials = credentials or Credentials.generate()
        self._socket = _listen(http_port)
        self.http_url = f"http://{HOST}:{self._socket.getsockname()[1]}"
        self.faults = Faults()
        self.ledger = Ledger()
        self.deliveries = Deliveries(gateway_url.rstrip("/") if gateway_url else None)
        shared: _Shared = {"credentials": self.credentials, "deliveries": self.deliveries, "ledger": self.ledger}
        self.slack = SlackState(base_url=self.http_url, **shared)
        self.jira = JiraState(base_url=f"{self.http_url}/jira", **shared)
        self.github = GitHubState(base_url=f"{self.http_url}/github", **shared)
        self.pagerduty = PagerDutyState(base_url=f"{self.http_url}/pagerduty", **shared)
        self._timeouts = Timeouts(self.pagerduty)
        self.mail = MailState(ledger=self.ledger)
        self.app = self._build_app()
        self._mail_server = MailServer(self.mail, self.faults, HOST, smtp_port)
        self._server: uvicorn.Server | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def smtp_host(self) -> str:
        """Where mail is taken."""
        return self._mail_server.host

    @property
    def smtp_port(self) -> int:
        """Where mail is taken; known once started when a free port was asked for."""
        return self._mail_server.port

    @property
    def gateway_url(self) -> str | None:
        """Where the gateway listens, without a trailing slash; None while there is none."""
        return self.deliveries.gateway_url

    @gateway_url.setter
    def gateway_url(self, url: str | None) -> None:
        self.deliveries.gateway_url = url.rstrip("/") if url else None

    async def start(self) -> None:
        """Serves until `stop`.

        Raises:
            OSError: the SMTP port is taken.
            RuntimeError: the HTTP server ended before it was ready.
        """
        await self._mail_server.start()
        await self.deliveries.start()
        self._timeouts.start()
        config = uvicorn.Config(
            FaultMiddleware(self.app, self.faults),
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            timeout_graceful_shutdown=2,
        )
        self._server = _EmbeddedServer(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        while not self._server.started:
            if self._serving.done():
                raise RuntimeError(f"the sandbox did not start on {self.http_url}")
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Ends the open connections and frees the ports."""
        if self._server:
            self._server.should_exit = True
        await self._timeouts.stop()
        await self.deliveries.stop()
        await self._mail_server.stop()
        if self._serving:
            await self._serving
        self._socket.close()

    def _build_app(self) -> FastAPI:
        app = FastAPI(title="Tierline sandbox", docs_url=None, redoc_url=None, openapi_url=None)
        for router in (
            build_page_router(self._overview),
            faults_module.build_router(self.faults),
            ledger_module.build_router(self.ledger),
            deliveries_module.build_router(self.deliveries),
        ):
            app.include_router(router)
        app.router.routes += [
            OnDemand(["/sandbox/slack"], lambda: [slack_conditions.build_router(self.slack)]),
            OnDemand(["/people/slack"], lambda: [slack_people.build_router(self.slack)]),
            OnDemand(["/people/jira"], lambda: [jira_people.build_router(self.jira)]),
            OnDemand(["/people/github"], lambda: [github_people.build_router(self.github)]),
            OnDemand(["/people/pagerduty"], lambda: [pagerduty_people.build_router(self.pagerduty)]),
            OnDemand(["/sandbox/pagerduty"], lambda: [pagerduty_controls.build_router(self.pagerduty)]),
            OnDemand(["/people/mail"], lambda: [mail_people.build_router(self.mail)]),
            OnDemand(["/slack"], lambda: [slack_api.build_router(self.slack)]),
            *jira_api.build_routes(self.jira),
            OnDemand(["/github"], lambda: [github_api.build_router(self.github)]),
            OnDemand(["/pagerduty", "/pagerduty-web"], lambda: [pagerduty_api.build_router(self.pagerduty)]),
            OnDemand(["/pagerduty-events"], lambda: [pagerduty_events.build_router(self.pagerduty)]),
        ]
        return app

    def _overview(self) -> dict[str, int]:
        """What waits for somebody, for the numbers on the page's tabs."""
        return {
            "jira": sum(issue.status.category.key != "done" for issue in self.jira.issues.values()),
            "github": sum(issue.state == "open" and issue.is_here for issue in self.github.issues),
            "pagerduty": sum(incident.status != "resolved" for incident in self.pagerduty.incidents.values()),
            "mail": len(self.mail.messages),
            "faults": len(self.faults.active()),
        }

    async def __aenter__(self) -> "Sandbox":
        """Starts."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stops."""
        await self.stop()


class _Shared(TypedDict):
    credentials: Credentials
    deliveries: Deliveries
    ledger: Ledger


class _EmbeddedServer(uvicorn.Server):
    """A server inside another program, to which the signals belong."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listen(port: int) -> socket.socket:
    # The protocol is named, or asyncio does not know it for TCP and leaves Nagle's algorithm on: 40 ms for every answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    # A connection made before the server accepts waits in the queue and is not refused.
    listener.listen(128)
    return listener

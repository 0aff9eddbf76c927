"""The whole sandbox in one process: one HTTP port for all vendors and the page, one SMTP port for mail."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

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
from sandbox.slack import api as slack_api
from sandbox.slack import people as slack_people
from sandbox.slack.state import SlackState

HOST = "127.0.0.1"


class Sandbox:
    """The outside world on this machine. Its addresses are known from the start; it serves between start and stop.

    Ports of 0 take free ones. `gateway_url` may be set later, when the gateway's own port is known.
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
        self.smtp_host = HOST
        self.smtp_port = smtp_port
        self.faults = Faults()
        self.ledger = Ledger()
        self.deliveries = Deliveries(gateway_url)
        self.slack = SlackState(
            base_url=self.http_url, credentials=self.credentials, deliveries=self.deliveries, ledger=self.ledger
        )
        self.jira = JiraState(
            base_url=f"{self.http_url}/jira",
            credentials=self.credentials,
            deliveries=self.deliveries,
            ledger=self.ledger,
        )
        self.github = GitHubState(
            base_url=f"{self.http_url}/github",
            credentials=self.credentials,
            deliveries=self.deliveries,
            ledger=self.ledger,
        )
        self.app = FastAPI(title="Tierline sandbox", docs_url=None, redoc_url=None)
        self.app.include_router(faults_module.build_router(self.faults))
        self.app.include_router(ledger_module.build_router(self.ledger))
        self.app.include_router(deliveries_module.build_router(self.deliveries))
        self.app.include_router(slack_api.build_router(self.slack))
        self.app.include_router(slack_people.build_router(self.slack))
        self.app.include_router(jira_people.build_router(self.jira))
        self.app.include_router(jira_api.build_router(self.jira))
        self.app.include_router(github_people.build_router(self.github))
        self.app.include_router(github_api.build_router(self.github))
        self._serving: asyncio.Task[None] | None = None
        self._server: uvicorn.Server | None = None

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
            RuntimeError: the server ended before it was ready.
        """
        await self.deliveries.start()
        config = uvicorn.Config(
            FaultMiddleware(self.app, self.faults),
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="none",
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
        await self.deliveries.stop()
        if self._serving:
            await self._serving
        self._socket.close()

    async def __aenter__(self) -> "Sandbox":
        """Starts."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stops."""
        await self.stop()


class _EmbeddedServer(uvicorn.Server):
    """A server inside another program, to which the signals belong."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    # A connection made before the server accepts waits in the queue and is not refused.
    listener.listen(128)
    return listener

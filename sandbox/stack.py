"""Tierline and its outside on one machine: the sandbox here, the gateway and the worker as processes of their own."""

import asyncio
import contextlib
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import httpx2
from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from sandbox.engine import DevServer, EngineFailed, free_port
from sandbox.engine.process import start as start_process
from sandbox.engine.process import stop as stop_process
from sandbox.server import Sandbox

ROOT = Path(__file__).resolve().parent.parent
_READY_S = 60.0
_POLL_S = 0.1
_RETENTION_S = 3 * 24 * 3600


@dataclass(frozen=True)
class ApiTokens:
    """The bearer tokens of the stack's REST API, by who calls."""

    helpdesk: str
    lead: str


class Stack:
    """A whole Tierline on a Temporal server that runs already; an async context manager.

    Attributes:
        sandbox: the outside world, in this process.
        gateway_url: where the gateway listens.
        tokens: bearer tokens of its REST API.
        namespace: the Temporal namespace, created where it is missing.
    """

    def __init__(
        self,
        server: DevServer,
        *,
        policy: Path,
        log_folder: Path,
        namespace: str | None = None,
        gateway_port: int | None = None,
        sandbox_port: int = 0,
        socket_mode: bool = False,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Nothing runs yet.

        Args:
            server: the Temporal server.
            policy: the policy file.
            log_folder: where the logs of the gateway and the worker are written.
            namespace: the server's own by default.
            gateway_port: a free one by default.
            sandbox_port: of its page and APIs; 0 takes a free one.
            socket_mode: whether the gateway opens Slack's web sockets, too; what comes by them is then no longer sent over HTTP,
                unless the sandbox's ``slack.transport`` says so.
            settings: further ``TIERLINE_*`` variables; one with an empty value is left out.
        """
        self.namespace = namespace or server.namespace
        self.tokens = ApiTokens(helpdesk=secrets.token_urlsafe(24), lead=secrets.token_urlsafe(24))
        self._server = server
        self._policy = policy
        self._log_folder = log_folder
        self._gateway_port = gateway_port or free_port()
        self._health_port = free_port()
        self._link_secret = secrets.token_urlsafe(32)
        self._socket_mode = socket_mode
        self._settings = dict(settings or {})
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.gateway_url = f"http://127.0.0.1:{self._gateway_port}"
        self.sandbox = Sandbox(gateway_url=self.gateway_url, http_port=sandbox_port)

    async def start(self, say: Callable[[str], None] = lambda line: None) -> Self:
        """Start the sandbox, the gateway and the worker, and wait until each is ready.

        Raises:
            EngineFailed: one of them ended, or was not ready in time; the message says where its log is.
        """
        try:
            await self.prepare()
            say(f"Sandbox: {self.sandbox.http_url}/")
            self.start_gateway()
            self.start_worker()
            await self._until_ready("worker", f"http://127.0.0.1:{self._health_port}/readyz")
            await self._until_ready("gateway", f"{self.gateway_url}/readyz")
        except BaseException:
            await self.stop()
            raise
        say(f"Gateway: {self.gateway_url}/  worker: http://127.0.0.1:{self._health_port}/metrics")
        return self

    async def prepare(self) -> None:
        """Start the sandbox and have the namespace; for one who runs the gateway or the worker otherwise."""
        await self._ensure_namespace()
        await self.sandbox.start()

    async def stop(self) -> None:
        """Stop everything that this stack started."""
        for name in ("gateway", "worker", "second worker"):
            process = self._processes.pop(name, None)
            if process is not None:
                await asyncio.to_thread(stop_process, process)
        await self.sandbox.stop()
        await self._drop_schedules()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _drop_schedules(self) -> None:
        """Delete what would go on starting workflows that nobody runs; a server that is gone starts none."""
        with contextlib.suppress(RPCError, RuntimeError):
            client = await Client.connect(self._server.address, namespace=self.namespace)
            async for schedule in await client.list_schedules():
                await client.get_schedule_handle(schedule.id).delete()

    # --- its processes --------------------------------------------------------------------------------------------

    def start_gateway(self) -> None:
        """Start the gateway's process."""
        command = [
            *(sys.executable, "-m", "uvicorn", "gateway.app:create_app", "--factory", "--no-access-log"),
            *("--log-level", "warning", "--host", "127.0.0.1", "--port", str(self._gateway_port)),
        ]
        self._start("gateway", command)

    def start_worker(self) -> None:
        """Start the worker's process."""
        self._start("worker", [sys.executable, str(ROOT / "worker.py")])

    def start_second_worker(self) -> None:
        """Start another worker beside the first, with a health port of its own."""
        port = {"TIERLINE_WORKER__HEALTH_PORT": str(free_port())}
        self._start("second worker", [sys.executable, str(ROOT / "worker.py")], port)

    def kill_worker(self, name: Literal["worker", "second worker"] = "worker") -> None:
        """End a worker as a power cut would: SIGKILL, no farewell."""
        process = self._processes.pop(name)
        os.killpg(process.pid, 9)
        process.wait()

    async def stop_worker(self) -> None:
        """End the worker as a deploy does: SIGTERM, and time to finish."""
        await asyncio.to_thread(stop_process, self._processes.pop("worker"))

    async def until_worker_ready(self) -> None:
        """Wait until the worker that was started (again) is ready."""
        await self._until_ready("worker", f"http://127.0.0.1:{self._health_port}/readyz")

    def log_of(self, name: str) -> Path:
        """Where the output of ``gateway`` or ``worker`` is."""
        return self._log_folder / f"{name}.log"

    def environment(self) -> dict[str, str]:
        """The variables that the gateway and the worker are given."""
        credentials = self.sandbox.credentials
        url = self.sandbox.http_url
        tokens = [
            {"name": "Help desk", "roles": ["integration"], "token": self.tokens.helpdesk},
            {"name": "Support lead", "roles": ["lead"], "token": self.tokens.lead},
        ]
        variables = {
            "TEMPORAL_ADDRESS": self._server.address,
            "TEMPORAL_NAMESPACE": self.namespace,
            "TIERLINE_PUBLIC_URL": self.gateway_url,
            "TIERLINE_TEMPORAL_UI_URL": self._server.ui_url or "",
            "TIERLINE_POLICY_FILE": str(self._policy),
            "TIERLINE_GATEWAY__PORT": str(self._gateway_port),
            "TIERLINE_GATEWAY__LINK_SECRET": self._link_secret,
            "TIERLINE_GATEWAY__API_TOKENS": json.dumps(tokens),
            "TIERLINE_GATEWAY__QUARANTINE_DIR": str(self._log_folder / "quarantine"),
            "TIERLINE_WORKER__HEALTH_PORT": str(self._health_port),
            "TIERLINE_WORKER__GRACEFUL_SHUTDOWN": "5",
            "TIERLINE_WORKER__STICKY_TIMEOUT": "2",
            "TIERLINE_SLACK__BOT_TOKEN": credentials.slack_bot_token.get_secret_value(),
            "TIERLINE_SLACK__SIGNING_SECRET": credentials.slack_signing_secret.get_secret_value(),
            "TIERLINE_SLACK__APP_TOKEN": credentials.slack_app_token.get_secret_value() if self._socket_mode else "",
            "TIERLINE_SLACK__BASE_URL": f"{url}/slack/api/",
            "TIERLINE_JIRA__URL": f"{url}/jira",
            "TIERLINE_JIRA__EMAIL": credentials.jira_email,
            "TIERLINE_JIRA__API_TOKEN": credentials.jira_api_token.get_secret_value(),
            "TIERLINE_JIRA__WEBHOOK_SECRET": credentials.jira_webhook_secret.get_secret_value(),
            "TIERLINE_GITHUB__TOKEN": credentials.github_token.get_secret_value(),
            "TIERLINE_GITHUB__WEBHOOK_SECRET": credentials.github_webhook_secret.get_secret_value(),
            "TIERLINE_GITHUB__BASE_URL": f"{url}/github",
            "TIERLINE_PAGERDUTY__API_KEY": credentials.pagerduty_api_key.get_secret_value(),
            "TIERLINE_PAGERDUTY__FROM_EMAIL": "tierline@acme.example",
            "TIERLINE_PAGERDUTY__WEBHOOK_SECRET": credentials.pagerduty_webhook_secret.get_secret_value(),
            "TIERLINE_PAGERDUTY__ROUTING_KEY": credentials.pagerduty_routing_key.get_secret_value(),
            "TIERLINE_PAGERDUTY__BASE_URL": f"{url}/pagerduty",
            "TIERLINE_PAGERDUTY__EVENTS_URL": f"{url}/pagerduty-events",
            "TIERLINE_MAIL__HOST": self.sandbox.smtp_host,
            "TIERLINE_MAIL__PORT": str(self.sandbox.smtp_port),
            "TIERLINE_MAIL__FROM_ADDRESS": "support@acme.example",
            "TIERLINE_MAIL__STARTTLS": "false",
            "PYTHONUNBUFFERED": "1",
        }
        return {name: value for name, value in (variables | self._settings).items() if value}

    def _start(self, name: str, command: list[str], further: Mapping[str, str] | None = None) -> None:
        self._log_folder.mkdir(parents=True, exist_ok=True)
        # A folder without a .env: what the user keeps there is for the real thing.
        environment = self.environment() | dict(further or {})
        self._processes[name] = start_process(command, self.log_of(name), environment, folder=self._log_folder)

    async def _until_ready(self, name: str, url: str) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + _READY_S
        async with httpx2.AsyncClient(timeout=5) as http:
            while loop.time() < end:
                process = self._processes.get(name)
                if process is not None and process.poll() is not None:
                    raise EngineFailed(f"the {name} ended (exit code {process.returncode}): {self._last_words(name)}")
                try:
                    if (await http.get(url)).status_code == 200:
                        return
                except httpx2.HTTPError:
                    pass
                await asyncio.sleep(_POLL_S)
        raise EngineFailed(f"the {name} was not ready within {_READY_S:.0f} s: {self._last_words(name)}")

    def _last_words(self, name: str) -> str:
        log = self.log_of(name)
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if log.exists() else []
        return f"{' / '.join(lines[-3:]) or 'it said nothing'} (log: {log})"

    async def _ensure_namespace(self) -> None:
        client = await Client.connect(self._server.address, namespace=self.namespace)
        request = RegisterNamespaceRequest(
            namespace=self.namespace, workflow_execution_retention_period=Duration(seconds=_RETENTION_S)
        )
        try:
            await client.workflow_service.register_namespace(request, timeout=timedelta(seconds=10))
        except RPCError as error:
            if error.status is not RPCStatusCode.ALREADY_EXISTS:
                raise
            return
        # The frontend learns of a new namespace with a delay.
        await asyncio.wait_for(_until_known(client), _READY_S)


async def _until_known(client: Client) -> None:
    while True:
        try:
            await client.count_workflows()
        except RPCError:
            await asyncio.sleep(_POLL_S)
        else:
            return

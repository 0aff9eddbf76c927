"""The Temporal dev server with its Web UI, for the demo and the tests."""

import asyncio
import contextlib
import json
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import httpx2
import platformdirs
import yaml
from temporalio.client import Client
from temporalio.envconfig import ClientConfig

from sandbox.engine import process
from sandbox.engine.choice import EngineChoice
from sandbox.engine.errors import EngineFailed

DYNAMIC_CONFIG = Path(__file__).resolve().parents[2] / "config" / "temporal" / "dynamic_config.yaml"

_LOOK_EVERY_S = 0.05
_PORT_ATTEMPTS = 3
_KEEP_LOGS_S = 7 * 24 * 3600.0


def dynamic_config(file: Path = DYNAMIC_CONFIG) -> dict[str, object]:
    """The values of a Temporal dynamic configuration file, by key, as the dev server takes them.

    It takes no constraints: a value that is for some task queues alone is for all of them there.
    """
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    return {
        key: entry["value"]
        for key, entries in settings.items()
        for entry in sorted(entries, key=lambda entry: not entry.get("constraints"))
    }


class DevServer:
    """A running Temporal dev server; an async context manager.

    With a choice of kind ``address`` nothing is started or stopped; the server's health is checked.

    Attributes:
        choice: what is run.
        address: ``host:port`` of the frontend (gRPC).
        ui_url: the Web UI without a slash at the end; for a server that is not ours ``TIERLINE_TEMPORAL_UI_URL``, or ``None``.
        namespace: the namespace to use; it exists once the server is healthy.
        log: the server's output; ``None`` when the server is not ours. It is removed when all went well.
    """

    def __init__(
        self,
        choice: EngineChoice,
        *,
        host: str = "127.0.0.1",
        port: int | None = None,
        ui_port: int | None = None,
        database: Path | None = None,
        namespace: str | None = None,
        settings: Mapping[str, object] | None = None,
        log_folder: Path | None = None,
        healthy_within_s: float = 60.0,
    ) -> None:
        """Nothing runs yet.

        Args:
            choice: from :func:`sandbox.engine.find_dev_server`.
            host: the address to listen on.
            port: of the frontend; a free one by default.
            ui_port: of the Web UI; a free one by default.
            database: an SQLite file that survives a restart; in memory by default.
            namespace: created if it is missing; ``TEMPORAL_NAMESPACE`` or ``default`` where none is given and the server
                is not ours, else ``default``.
            settings: dynamic configuration on top of ``config/temporal/dynamic_config.yaml``.
            log_folder: where the log is written; the user's cache folder by default.
            healthy_within_s: seconds until a start counts as failed.
        """
        self.choice = choice
        self.log: Path | None = None
        self._host = host
        self._ports = (port, ui_port)
        self._database = database
        self._settings = {**dynamic_config(), **(settings or {})}
        self._log_folder = log_folder
        self._healthy_within_s = healthy_within_s
        self._process: subprocess.Popen[bytes] | None = None
        self._http_url = ""
        self.address = ""
        self.ui_url: str | None = None
        if choice.address is not None:
            self.address = choice.address
            self.ui_url = os.environ.get("TIERLINE_TEMPORAL_UI_URL", "").strip().rstrip("/") or None
            self.namespace = namespace or os.environ.get("TEMPORAL_NAMESPACE", "").strip() or "default"
        else:
            self.namespace = namespace or "default"

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs and is ours."""
        return None if self._process is None else self._process.pid

    def workflow_url(self, workflow_id: str, run_id: str | None = None) -> str | None:
        """The page of a workflow in the Web UI; ``None`` where no UI is known."""
        if self.ui_url is None:
            return None
        quoted = quote(workflow_id, safe="")
        return f"{self.ui_url}/namespaces/{self.namespace}/workflows/{quoted}" + (f"/{run_id}" if run_id else "")

    async def start(self) -> Self:
        """Starts the server and waits until it is healthy.

        Raises:
            EngineFailed: it ended, or was not healthy in time.
        """
        if self.choice.address is not None:
            await self._check_foreign()
            return self
        for attempt in range(1, _PORT_ATTEMPTS + 1):
            self._start_process()
            try:
                await self._healthy()
            except EngineFailed as failure:
                self._end_process()
                # Somebody else took a port between our looking and the server's listening.
                taken = "address already in use" in self._log_text()
                if not taken or None not in self._ports or attempt == _PORT_ATTEMPTS:
                    raise failure from None
            except BaseException:
                self._end_process()
                raise
            else:
                break
        return self

    async def stop(self) -> None:
        """Stops the server if it is ours; waits until it has ended."""
        self._end_process()
        if self.log is not None:
            self.log.unlink(missing_ok=True)

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _start_process(self) -> None:
        assert self.choice.executable is not None
        port, ui_port = (given or process.free_port(self._host) for given in self._ports)
        http_port = process.free_port(self._host)
        self.address = f"{self._host}:{port}"
        self.ui_url = f"http://{self._host}:{ui_port}"
        self._http_url = f"http://{self._host}:{http_port}"
        self.log = _new_log(self._log_folder, port)
        command: list[str | os.PathLike[str]] = [self.choice.executable, "server", "start-dev", "--ip", self._host]
        command += ["--port", str(port), "--ui-port", str(ui_port), "--http-port", str(http_port)]
        command += ["--namespace", self.namespace, "--log-level", "warn", "--log-format", "json"]
        for key, value in self._settings.items():
            command += ["--dynamic-config-value", f"{key}={json.dumps(value)}"]
        if self._database is not None:
            command += ["--db-filename", self._database.absolute()]
            command += ["--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=1"]
        self._process = process.start(command, self.log)

    async def _healthy(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + self._healthy_within_s
        async with httpx2.AsyncClient(timeout=5.0, trust_env=False) as http:
            while not await self._answers(http):
                if self._process.poll() is not None:
                    cause = process.tail(self._log_text(), 1)
                    raise EngineFailed(f"The Temporal dev server ended at once: {cause}", self.log)
                if time.monotonic() > deadline:
                    limit = f"{self._healthy_within_s:.0f} s"
                    raise EngineFailed(f"The Temporal dev server was not healthy within {limit}.", self.log)
                await asyncio.sleep(_LOOK_EVERY_S)

    async def _answers(self, http: httpx2.AsyncClient) -> bool:
        """Whether the namespace can be read (frontend, history and storage are up) and the Web UI is served."""
        try:
            namespace = await http.get(f"{self._http_url}/api/v1/namespaces/{self.namespace}")
            ui = await http.get(f"{self.ui_url}/healthz")
        except httpx2.HTTPError:
            return False
        return namespace.status_code == 200 and ui.status_code == 200

    async def _check_foreign(self) -> None:
        settings = ClientConfig.load_client_connect_config()
        settings["target_host"] = self.address
        settings["namespace"] = self.namespace
        try:
            async with asyncio.timeout(self._healthy_within_s):
                client = await Client.connect(**settings)
                await client.service_client.check_health()
        except TimeoutError:
            cause = f"no answer within {self._healthy_within_s:.0f} s"
        except Exception as error:
            cause = str(error).splitlines()[0]
        else:
            return
        raise EngineFailed(
            f"The Temporal server at {self.address}, named by TEMPORAL_ADDRESS, does not answer: {cause}. "
            "Start it, or unset TEMPORAL_ADDRESS."
        )

    def _end_process(self) -> None:
        if self._process is not None:
            process.stop(self._process)
            self._process = None

    def _log_text(self) -> str:
        with contextlib.suppress(OSError):
            if self.log is not None:
                return self.log.read_text(encoding="utf-8", errors="replace")
        return ""


def _new_log(folder: Path | None, port: int) -> Path:
    folder = folder or Path(platformdirs.user_cache_dir("tierline", appauthor=False)).absolute() / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("dev-server-*.log"):
        with contextlib.suppress(OSError):
            if time.time() - old.stat().st_mtime > _KEEP_LOGS_S:
                old.unlink()
    log = folder / f"dev-server-{os.getpid()}-{port}.log"
    log.unlink(missing_ok=True)
    return log

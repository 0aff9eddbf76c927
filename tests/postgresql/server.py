"""The real Temporal server: schema, configuration, start and stop."""

import asyncio
import contextlib
import os
import random
import socket
import subprocess
import time
from datetime import timedelta
from pathlib import Path

import yaml
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from sandbox.engine import binaries, process
from sandbox.engine.dev_server import DYNAMIC_CONFIG
from tests.postgresql.cluster import USER, Cluster

_PLUGIN = "postgres12"
_LIMIT_S = 60.0
CREATE_SCHEMA = DYNAMIC_CONFIG.with_name("create_schema.sh")
CREATE_NAMESPACE = DYNAMIC_CONFIG.with_name("create_namespace.sh")


def free_small_port() -> int:
    """A free TCP port below 32,768: the schema keeps the ports of the server's members as smallint."""
    chance = random.SystemRandom()
    while True:
        port = chance.randrange(20_000, 32_768)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def create_schema(programs: Path, cluster: Cluster) -> None:
    """Runs the script that docker-compose.yml runs, with the same schema tool."""
    settings = {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "SQL_PLUGIN": _PLUGIN,
        "SQL_HOST": cluster.host,
        "SQL_PORT": str(cluster.port),
        "SQL_USER": USER,
        "SQL_PASSWORD": cluster.password,
    }
    done = process.run(["sh", CREATE_SCHEMA], _LIMIT_S, settings)
    assert done.returncode == 0, f"creating the schema failed: {process.tail(done.stdout)}"


class TemporalServer:
    """The server's four roles in one process; it can be stopped and started again on the same port.

    Attributes:
        address: ``host:port`` of the frontend.
        namespace: made at the first start.
    """

    def __init__(self, programs: Path, cluster: Cluster, folder: Path) -> None:
        self._programs = programs
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._log = folder / "server.log"
        self.namespace = "default"
        port = free_small_port()
        self.address = f"127.0.0.1:{port}"
        config = folder / "config"
        config.mkdir()
        (config / "test.yaml").write_text(yaml.safe_dump(_config(cluster, port)))

    async def start(self) -> None:
        """Starts the server and waits until its namespace can be used."""
        options = ["--root", str(self._folder), "--config", "config", "--env", "test", "--allow-no-auth", "start"]
        self._process = process.start([str(self._programs / binaries.SERVER), *options], self._log)
        deadline = time.monotonic() + _LIMIT_S
        while (unhealthy := await self._unhealthy()) is not None:
            last_words = process.tail(self._log.read_text(errors="replace"), 2)
            assert self._process.poll() is None, f"the Temporal server ended at once: {last_words}"
            assert time.monotonic() < deadline, f"not healthy within {_LIMIT_S:.0f} s: {unhealthy}; {last_words}"
            await asyncio.sleep(0.1)

    def kill(self) -> None:
        """Ends the server as a power cut does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Stops the server if it runs."""
        if self._process is not None:
            process.stop(self._process)

    async def _unhealthy(self) -> str | None:
        """Makes the namespace if it is missing; what is wrong, or ``None`` once the namespace can be read."""
        request = RegisterNamespaceRequest(namespace=self.namespace)
        request.workflow_execution_retention_period.FromTimedelta(timedelta(days=1))
        try:
            client = await Client.connect(self.address)
            try:
                await client.workflow_service.register_namespace(request)
            except RPCError as error:
                if error.status != RPCStatusCode.ALREADY_EXISTS:
                    raise
            await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=self.namespace))
        except (RuntimeError, RPCError) as error:
            return str(error)
        return None


def _config(cluster: Cluster, port: int) -> dict[str, object]:
    """The server's configuration: config/docker.yaml of the server's source, with one process and our ports."""

    def store(database: str) -> dict[str, object]:
        return {
            "sql": {
                "pluginName": _PLUGIN,
                "databaseName": database,
                "connectAddr": f"{cluster.host}:{cluster.port}",
                "connectProtocol": "tcp",
                "user": USER,
                "password": cluster.password,
                "maxConns": 20,
                "maxIdleConns": 20,
            }
        }

    def service(grpc_port: int) -> dict[str, object]:
        return {"rpc": {"grpcPort": grpc_port, "membershipPort": free_small_port(), "bindOnIP": "127.0.0.1"}}

    return {
        "log": {"stdout": True, "level": "warn"},
        "persistence": {
            "defaultStore": "default",
            "visibilityStore": "visibility",
            "numHistoryShards": 4,
            "datastores": {"default": store("temporal"), "visibility": store("temporal_visibility")},
        },
        "global": {"membership": {"maxJoinDuration": "30s", "broadcastAddress": "127.0.0.1"}},
        "services": {
            "frontend": service(port),
            "history": service(free_small_port()),
            "matching": service(free_small_port()),
            "worker": service(free_small_port()),
        },
        "clusterMetadata": {
            "enableGlobalNamespace": False,
            "failoverVersionIncrement": 10,
            "masterClusterName": "active",
            "currentClusterName": "active",
            "clusterInformation": {
                "active": {
                    "enabled": True,
                    "initialFailoverVersion": 1,
                    "rpcName": "frontend",
                    "rpcAddress": f"127.0.0.1:{port}",
                }
            },
        },
        "publicClient": {"hostPort": f"127.0.0.1:{port}"},
        "dynamicConfigClient": {"filepath": str(DYNAMIC_CONFIG), "pollInterval": "10s"},
    }

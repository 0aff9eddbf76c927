"""A namespace and a Tierline for each test."""

import dataclasses
import secrets
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

from activities import failures
from sandbox.engine import DevServer
from telemetry.registration import register_search_attributes
from tests.workflows.desk import Desk, until
from tests.workflows.outside import Outside
from workflows import lanes
from workflows.connecting import connect

_RETENTION = Duration(seconds=24 * 3600)


@pytest.fixture
async def namespace(dev_server: DevServer) -> Client:
    """A client of a namespace of the test's own, with Tierline's search attributes."""
    name = f"test-{secrets.token_hex(6)}"
    client = await connect(dev_server.address, namespace=name)
    await client.workflow_service.register_namespace(
        RegisterNamespaceRequest(namespace=name, workflow_execution_retention_period=_RETENTION),
        timeout=timedelta(seconds=10),
    )

    async def known() -> bool:
        try:
            await client.count_workflows()
        except RPCError:
            return False
        return True

    await until(known, "the namespace is known")
    await register_search_attributes(client)
    return client


@pytest.fixture(autouse=True)
def short_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lanes try as often as ever, but sooner: an outage of a test lasts a second, not a minute."""
    for name, rounds in (("FIRST_ROUND", lanes.FIRST_ROUND), ("LATER_ROUNDS", lanes.LATER_ROUNDS)):
        quick = dataclasses.replace(
            rounds, initial_interval=timedelta(milliseconds=50), maximum_interval=timedelta(milliseconds=200)
        )
        monkeypatch.setattr(lanes, name, quick)
    monkeypatch.setattr(failures, "CREDENTIALS_RETRY", timedelta(milliseconds=300))


@pytest.fixture
def outside() -> Outside:
    """An outside where everything works."""
    return Outside()


@pytest.fixture
async def desk(namespace: Client, outside: Outside) -> AsyncIterator[Desk]:
    """A Tierline at work on the dev server."""
    async with Desk(namespace, outside) as at_work:
        yield at_work

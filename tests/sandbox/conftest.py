"""The whole sandbox on free ports with a gateway that only listens; every answer is held against the vendor's own description."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from sandbox.server import Sandbox
from tests import contracts
from tests.contracts import Exchange, RecordingMiddleware
from tests.sandbox.receiver import Receiver


@pytest.fixture
async def gateway() -> AsyncIterator[Receiver]:
    """Takes every webhook and answers 202 until told otherwise."""
    async with Receiver().listening() as receiver:
        yield receiver


@pytest.fixture
def exchanges() -> list[Exchange]:
    """What went over the sandbox's HTTP interface so far."""
    return []


@pytest.fixture
async def sandbox(gateway: Receiver, exchanges: list[Exchange]) -> AsyncIterator[Sandbox]:
    """A sandbox of the test's own. When the test is over, no answer of it may have broken a vendor's contract."""
    local = Sandbox(gateway_url=gateway.url)
    local.app.add_middleware(RecordingMiddleware, exchanges=exchanges)
    async with local:
        yield local
        await local.deliveries.settled()
    if contracts.available():
        assert contracts.violations(exchanges) == []


@pytest.fixture
async def people(sandbox: Sandbox) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser, as it were: what people do goes through here."""
    async with httpx2.AsyncClient(base_url=sandbox.http_url, trust_env=False) as client:
        yield client

"""One real server on one real PostgreSQL for the tests of this folder."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
import pytest_asyncio

from sandbox import engine
from tests.postgresql.cluster import Cluster, ClusterUnavailable, cluster
from tests.postgresql.server import TemporalServer, create_schema


def _absent(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def server_programs() -> Path:
    """The folder of the real server's programs; a skip where they cannot be built, which is a failure in CI."""
    try:
        return engine.find_server()
    except engine.EngineUnavailable as error:
        _absent(str(error))


@pytest.fixture(scope="session")
def postgresql(server_programs: Path) -> Iterator[Cluster]:
    """A private cluster with Temporal's schema; a skip where PostgreSQL is not installed, which is a failure in CI."""
    try:
        with cluster() as made:
            create_schema(server_programs, made)
            yield made
    except ClusterUnavailable as error:
        _absent(str(error))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgresql_server(
    server_programs: Path, postgresql: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[TemporalServer]:
    """The running server; a test that stops it starts it again."""
    server = TemporalServer(server_programs, postgresql, tmp_path_factory.mktemp("temporal-server"))
    try:
        await server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def postgresql_temporal(postgresql_server: TemporalServer) -> str:
    """``host:port`` of the Temporal server on PostgreSQL; its namespace is ``default``."""
    return postgresql_server.address

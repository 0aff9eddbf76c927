"""What every test may ask for: a dev server, a client, a time-skipping server, a browser, a free port.

Nothing of it starts before the first test that asks for it. ``--workflow-environment host:port`` (or ``TEMPORAL_ADDRESS``)
runs the tests on a Temporal server that is there already.
"""

import contextlib
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import Client
from temporalio.testing import WorkflowEnvironment
from xdist.scheduler import LoadFileScheduling

from sandbox import engine
from telemetry.converter import data_converter
from tests.browser import browser as browser  # a fixture: pytest finds it by its name here
from tests.browser import browser_executable as browser_executable
from tests.browser import find_browser
from tests.replaying import played as played
from tests.replaying import pytest_pyfunc_call as pytest_pyfunc_call
from workflows.connecting import connect

collect_ignore = [] if os.environ.get("SOAK") else ["soak"]
"""What takes long is run by `make soak`, which sets the variable to ``small`` or ``full``."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds ``--workflow-environment``."""
    parser.addoption(
        "--workflow-environment",
        default="local",
        help="'local' (a dev server of our own, the default) or host:port of a Temporal server that runs already",
    )


_FIRST = ("crowd", "long", "e2e", "postgresql")
_CROWDS = ("tests/soak/test_fan_out.py", "tests/soak/test_breaches.py", "tests/soak/test_idle.py")


class _CrowdsInARow(LoadFileScheduling):
    """Each file to one process, and the crowds all to the same one: side by side they ask too much of a dev server on two cores."""

    def _split_scope(self, nodeid: str) -> str:
        return "crowds" if nodeid.startswith(_CROWDS) else str(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """Who runs what, where files are kept together."""
    return _CrowdsInARow(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest stories first, each kind in the random order that it has, so that no core is idle while the last one plays."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    return next((place for place, name in enumerate(_FIRST) if item.get_closest_marker(name)), len(_FIRST))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Gets what the collected tests need from outside, in sight and ahead of the first test's time limit.

    A first run may have to build the engine, which takes minutes. What a test can be skipped for is left to its fixture.
    """
    if session.config.getoption("collectonly"):
        return
    wanted = {name for item in session.items if isinstance(item, pytest.Function) for name in item.fixturenames}
    capture = session.config.pluginmanager.getplugin("capturemanager")
    assert capture is not None
    with capture.global_and_fixture_disabled():
        try:
            if "dev_server" in wanted and session.config.getoption("--workflow-environment") == "local":
                engine.find_dev_server()
            if "test_server" in wanted:
                engine.find_test_server()
        except engine.EngineUnavailable as error:
            pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
        if "server_programs" in wanted:
            with contextlib.suppress(engine.EngineUnavailable):
                engine.find_server()
        if "browser_executable" in wanted:
            find_browser()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def dev_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[engine.DevServer]:
    """One real dev server, with its Web UI, for the whole session; a test keeps to workflow ids of its own."""
    wanted = request.config.getoption("--workflow-environment")
    choice = (
        engine.find_dev_server(announce=False)
        if wanted == "local"
        else engine.EngineChoice("address", "", address=wanted)
    )
    async with engine.DevServer(choice, log_folder=tmp_path_factory.mktemp("dev-server")) as server:
        yield server


@pytest.fixture
async def temporal_client(dev_server: engine.DevServer) -> Client:
    """A client of the dev server with the data converter that the product uses.

    One for each test: a client belongs to its event loop, and each test has its own.
    """
    return await connect(dev_server.address, namespace=dev_server.namespace)


@pytest.fixture(scope="session")
def test_server() -> Path:
    """The time-skipping test server's program, got before the first test that needs it."""
    return engine.find_test_server()


@pytest.fixture
async def time_skipping(test_server: Path) -> AsyncIterator[WorkflowEnvironment]:
    """A time-skipping server of the test's own: days pass in milliseconds; its clock is nobody else's."""
    environment = await WorkflowEnvironment.start_time_skipping(
        data_converter=data_converter,
        test_server_existing_path=str(test_server),
        test_server_startup_timeout=timedelta(seconds=60),
    )
    async with environment:
        yield environment


@pytest.fixture
def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listened on a moment ago."""
    return engine.free_port()

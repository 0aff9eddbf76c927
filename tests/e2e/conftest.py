"""A whole Tierline for a test: sandbox, gateway and worker on a namespace of its own of the session's dev server."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from rich.console import Console

from cli.demo import DEMO_POLICY
from cli.front_doors import FrontDoors
from cli.narration import Narrator
from cli.story import Places, Story
from config.policy import load_policy
from sandbox.engine import DevServer
from sandbox.stack import Stack


@pytest.fixture
async def stack(dev_server: DevServer, tmp_path: Path) -> AsyncIterator[Stack]:
    """A running stack under the demo's policy."""
    running = Stack(dev_server, policy=DEMO_POLICY, log_folder=tmp_path, namespace=f"e2e-{uuid4().hex[:12]}")
    async with running:
        yield running


@pytest.fixture
async def open_doors(stack: Stack) -> AsyncIterator[FrontDoors]:
    """The stack's front doors."""
    async with httpx2.AsyncClient(timeout=15) as http:
        yield FrontDoors(http, gateway=stack.gateway_url, sandbox=stack.sandbox.http_url, token=stack.tokens.helpdesk)


@pytest.fixture
def tell() -> Narrator:
    """A narrator whose story is shown when the test fails."""
    return Narrator(Console(width=140))


@pytest.fixture
def story(stack: Stack, open_doors: FrontDoors, tell: Narrator) -> Story:
    """The demo's story on this stack."""
    places = Places(sandbox=stack.sandbox.http_url, ui=None, namespace=stack.namespace)
    return Story(open_doors, tell, places, load_policy(DEMO_POLICY))


@pytest.fixture
def mismatches(tell: Narrator) -> Callable[[], list[str]]:
    """What the story expected and did not see."""
    return lambda: [f"{row.expected}: {row.seen}" for row in tell.findings if not row.matched]

"""GitHub's own library for Node, ``@octokit/webhooks``: what it signs our gateway takes, and what our sandbox signs it takes.

So our idea of GitHub's signature is not only ours; each way with a secret that is wrong, which is refused.
"""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from domain.issues import Tracker
from domain.policy import Policy
from domain.reconcile import ReleaseNews
from gateway.app import app_for
from sandbox.server import Sandbox
from tests.gateway.front_door import GITHUB, FrontDoor
from tests.node_packages import INSTALL_LIMIT_S, modules
from tests.sandbox.slack_workspace import serving

NODE = Path(__file__).parent / "node"
PATH = "/webhooks/github"
LIMIT_S = 60
OCTOKIT = "@octokit/webhooks"
pytestmark = pytest.mark.timeout(INSTALL_LIMIT_S + LIMIT_S + 60)


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    """A folder with the scripts, and the library as the lock file says."""
    for script in NODE.glob("*.mjs"):
        shutil.copy(script, tmp_path / script.name)
    (tmp_path / "node_modules").symlink_to(await asyncio.to_thread(modules, NODE, OCTOKIT))
    return tmp_path


async def node(folder: Path, script: str, **environment: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        "node",
        script,
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environment},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


# --- octokit signs, we verify ----------------------------------------------------------------------------------------

DELIVERIES = [
    # Whatever people write, the signature is over the bytes as they are.
    {"event": "issues", "id": "d-1", "body": json.dumps({"issue": {"node_id": "I_1", "title": "Zahlung über 5 € 🙈"}})},
    {"event": "issues", "id": "d-2", "body": '{ "issue":\n\t{"node_id": "I_1", "title": "\\u00fc\\ud83d"}}\n'},
    {"event": "release", "id": "d-3", "body": '{"action": "released", "repository": {"full_name": "acme/storefront"}}'},
    {"event": "ping", "id": "d-4", "body": '{"zen": "Keep it logically awesome."}'},
]


async def sent(folder: Path, url: str, secret: str) -> list[dict[str, Any]]:
    """What the gateway answers to octokit's deliveries."""
    process = await node(
        folder, "deliver.mjs", GATEWAY_URL=f"{url}{PATH}", SECRET=secret, DELIVERIES=json.dumps(DELIVERIES)
    )
    output, errors = await asyncio.wait_for(process.communicate(), LIMIT_S)
    assert process.returncode == 0, errors.decode()
    answers: list[dict[str, Any]] = json.loads(output)
    return answers


async def test_the_gateway_takes_what_octokit_signs_and_refuses_it_with_another_secret(
    folder: Path, build: Callable[..., FrontDoor], policy: Policy
) -> None:
    door = build()
    door.desk.watched = {(Tracker.GITHUB, "I_1")}
    async with serving(app_for(door.gateway)) as url:
        taken = await sent(folder, url, GITHUB.get_secret_value())
        heard = len(door.desk.heard)
        refused = await sent(folder, url, "another-secret")

    assert [(answer["status"], answer["answer"]["outcome"]) for answer in taken] == [
        (202, "taken"),
        (202, "taken"),
        (202, "taken"),
        (200, "ignored"),
    ]
    assert all(answer["verified"] for answer in taken)
    assert (heard, len(door.desk.heard)) == (2, 2)
    assert list(door.desk.releases.values()) == [ReleaseNews(tracker=Tracker.GITHUB, project="acme/storefront")]
    assert [answer["status"] for answer in refused] == [401] * len(DELIVERIES)
    assert {answer["answer"]["type"] for answer in refused} == {"urn:tierline:problem:wrong-signature"}


# --- the sandbox signs, octokit verifies -------------------------------------------------------------------------------


class Receiver:
    """An app made with octokit. ``lines`` is what it printed so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def line(self) -> dict[str, Any]:
        """The next thing that it says."""
        assert self._process.stdout is not None
        text = await asyncio.wait_for(self._process.stdout.readline(), LIMIT_S)
        said: dict[str, Any] = json.loads(text)
        return said


@asynccontextmanager
async def receiving(folder: Path, secret: str) -> AsyncIterator[tuple[Receiver, str]]:
    """It, and its address."""
    process = await node(folder, "receive.mjs", SECRET=secret, PATHNAME=PATH)
    receiver = Receiver(process)
    try:
        port = (await receiver.line())["port"]
        yield receiver, f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def opened_issue(sandbox: Sandbox, title: str) -> list[int | None]:
    """Somebody opens an issue in the local GitHub; the statuses with which its delivery was answered."""
    token = sandbox.credentials.github_token.get_secret_value()
    async with httpx2.AsyncClient(base_url=sandbox.http_url, trust_env=False) as client:
        opened = await client.post(
            "/github/repos/acme/storefront/issues", json={"title": title}, headers={"Authorization": f"Bearer {token}"}
        )
        assert opened.status_code == 201, opened.text
        await sandbox.deliveries.settled()
        log = (await client.get("/sandbox/deliveries", params={"system": "github"})).json()
    return [attempt["status"] for attempt in log]


async def test_octokit_takes_what_the_sandbox_signs_and_refuses_it_with_another_secret(folder: Path) -> None:
    title = "Zahlung über 5 € 🙈"
    async with Sandbox() as sandbox:
        async with receiving(folder, sandbox.credentials.github_webhook_secret.get_secret_value()) as (app, url):
            sandbox.gateway_url = url
            assert await opened_issue(sandbox, title) == [200]
            told = await app.line()
        assert (told["event"], told["action"], told["title"]) == ("issues", "opened", title)

        async with receiving(folder, "another-secret") as (app, url):
            sandbox.gateway_url = url
            assert (await opened_issue(sandbox, title))[-1] == 400
            assert "signature does not match" in (await app.line())["refused"]

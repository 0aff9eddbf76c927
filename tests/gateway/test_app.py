"""The gateway as a process of its own, as operators run it."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from sandbox.signatures import github_signature, slack_signature
from tests.gateway.front_door import GITHUB, LINK_SECRET, SLACK, eventually_true
from tests.shared import REPOSITORY

COMMAND = (sys.executable, "-m", "gateway")


def environment(**more: str) -> dict[str, str]:
    """This process's own environment without anything of Tierline or Temporal, and with these."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("TIERLINE_", "TEMPORAL_"))}
    policy = str(REPOSITORY / "config" / "policies" / "demo.yaml")
    return {**bare, "PYTHONPATH": str(REPOSITORY), "TIERLINE_POLICY_FILE": policy, **more}


@dataclass
class RunningProcess:
    """A gateway at work."""

    http: httpx2.AsyncClient
    process: asyncio.subprocess.Process

    async def stopped(self) -> tuple[int, str]:
        """End it as operators do; its exit status and what it logged."""
        if self.process.returncode is None:
            self.process.terminate()
        async with asyncio.timeout(20):
            _, errors = await self.process.communicate()
        return self.process.returncode or 0, errors.decode()


@asynccontextmanager
async def running(port: int, folder: str, **variables: str) -> AsyncIterator[RunningProcess]:
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        cwd=folder,
        env=environment(TIERLINE_GATEWAY__PORT=str(port), **variables),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as http:
        try:

            async def alive() -> bool:
                assert process.returncode is None, "the gateway ended at once"
                try:
                    return (await http.get("/healthz")).status_code == 200
                except httpx2.TransportError:
                    return False

            await eventually_true(alive, seconds=30)
            yield RunningProcess(http, process)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def test_without_temporal_it_starts_is_not_ready_and_asks_vendors_to_come_again(
    free_port: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = str(tmp_path_factory.mktemp("gateway"))
    variables = {
        "TEMPORAL_ADDRESS": "127.0.0.1:1",
        "TIERLINE_GATEWAY__LINK_SECRET": LINK_SECRET.get_secret_value(),
        "TIERLINE_GATEWAY__API_TOKENS": '[{"name": "a", "role": "lead", "token": "sixteen-letters-or-more"}]',
        "TIERLINE_GATEWAY__MAX_BODY_BYTES": "2048",
        "TIERLINE_GITHUB__TOKEN": "ghp_x",
        "TIERLINE_GITHUB__WEBHOOK_SECRET": GITHUB.get_secret_value(),
        "TIERLINE_SLACK__BOT_TOKEN": "xoxb-1",
        "TIERLINE_SLACK__SIGNING_SECRET": SLACK.get_secret_value(),
    }
    async with running(free_port, folder, **variables) as gateway:
        ready = await gateway.http.get("/readyz")
        body = b'{"issue": {"node_id": "I_1"}}'
        webhook = await gateway.http.post(
            "/webhooks/github", content=body, headers={**github_signature(GITHUB, body), "X-GitHub-Event": "issues"}
        )
        command = b"user_id=U0LENA&trigger_id=1&text=help&response_url=https%3A%2F%2Fhooks.slack.example"
        signed = slack_signature(SLACK, command, int(datetime.now(UTC).timestamp()))
        helped = await gateway.http.post("/slack/commands", content=command, headers=signed)
        large = await gateway.http.post("/webhooks/github", content=b" " * 3_000)
        vendor = await gateway.http.get("/vendor/a-token-that-opens-a-page")
        missing = await gateway.http.post("/webhooks/jira", content=b"{}")
        status, log = await gateway.stopped()

    assert (ready.status_code, webhook.status_code, webhook.headers["retry-after"]) == (503, 503, "5")
    assert "/tier help escalate" in helped.json()["text"]
    assert (large.status_code, vendor.status_code, missing.status_code) == (413, 404, 404)
    assert status in (0, -15)
    assert "route=/webhooks/github status=503" in log
    assert "a-token-that-opens-a-page" not in log
    assert "Traceback" not in log


async def test_it_does_not_start_on_a_policy_that_still_has_placeholders(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        cwd=tmp_path,
        env=environment(
            TIERLINE_GATEWAY__LINK_SECRET="0123456789abcdef0123456789abcdef",
            TIERLINE_GATEWAY__API_TOKENS='[{"name": "desk", "roles": ["integration"], "token": "0123456789abcdef"}]',
            TIERLINE_SLACK__BOT_TOKEN="xoxb-1",
            TIERLINE_SLACK__SIGNING_SECRET="s",
            TIERLINE_GITHUB__TOKEN="t",
            TIERLINE_GITHUB__WEBHOOK_SECRET="s",
            TIERLINE_POLICY_FILE=str(REPOSITORY / "config" / "policies" / "default.yaml"),
        ),
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(30):
        _, errors = await process.communicate()

    assert process.returncode == 1
    lines = errors.decode().splitlines()
    assert lines
    assert all("is a placeholder; write your own" in line for line in lines)


async def test_without_settings_it_says_what_is_missing_and_ends(tmp_path_factory: pytest.TempPathFactory) -> None:
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        cwd=tmp_path_factory.mktemp("gateway"),
        env=environment(TIERLINE_PAGERDUTY__API_KEY="k"),
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(30):
        _, errors = await process.communicate()

    assert process.returncode == 1
    lines = errors.decode().splitlines()
    assert any(line.startswith("TIERLINE_GATEWAY__LINK_SECRET:") for line in lines)
    assert any(line.startswith("TIERLINE_PAGERDUTY__WEBHOOK_SECRET:") for line in lines)
    assert "Traceback" not in errors.decode()

"""Slack's own client for Node, ``@slack/web-api``, against the local Slack: what we think of Slack is not only ours."""

import asyncio
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.node_packages import INSTALL_LIMIT_S, modules
from tests.sandbox.slack_workspace import Workspace
from tests.sandbox.slack_workspace import workspace as workspace

NODE = Path(__file__).parent / "node"
RUN_LIMIT_S = 60


async def run_client(folder: Path, **environment: str) -> dict[str, Any]:
    shutil.copy(NODE / "client.mjs", folder / "client.mjs")
    (folder / "node_modules").symlink_to(await asyncio.to_thread(modules, NODE, "@slack/web-api"))
    process = await asyncio.create_subprocess_exec(
        "node",
        "client.mjs",
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        output, errors = await asyncio.wait_for(process.communicate(), RUN_LIMIT_S)
    except TimeoutError:
        process.kill()
        raise
    assert process.returncode == 0, errors.decode()
    seen: dict[str, Any] = json.loads(output.decode().splitlines()[-1])
    return seen


@pytest.mark.timeout(INSTALL_LIMIT_S + RUN_LIMIT_S + 60)
async def test_slacks_client_for_node_works_against_the_sandbox(workspace: Workspace, tmp_path: Path) -> None:
    await workspace.under(trigger_seconds=0.001)
    await workspace.does("command", user="U0LENA", channel="C0SUPL1", command="/tier", text="escalate")
    trigger = workspace.app.got("/slack/commands")[0].form["trigger_id"]
    await workspace.under(rate_limits=True)

    seen = await run_client(
        tmp_path,
        SLACK_API_URL=f"{workspace.sandbox.http_url}/slack/api/",
        SLACK_TOKEN=workspace.sandbox.credentials.slack_bot_token.get_secret_value(),
        TRIGGER_ID=trigger,
        CHANNEL="C0SUPL1",
        LIMITED_CHANNEL="C0ENG",
    )

    assert (seen["user"], seen["posted"]["blocks"], seen["updated"]) == ("U0TIERLINE", 1, "updated")
    assert "chat:write" in seen["scopes"]
    assert seen["trigger"] == "expired_trigger_id"
    assert seen["pages"] == [["message 4", "message 3"], ["message 2", "message 1"], ["updated"]]
    assert seen["limited"] >= 1
    assert seen["late"] == [f"number {number}" for number in range(1, 8)]
    assert (seen["file"]["name"], seen["file"]["title"], seen["file"]["size"]) == ("log.txt", "Log", 4)
    shown = (await workspace.sees("U0SAM"))["messages"][-1]
    assert (shown["text"], shown["files"][0]["title"]) == ("a file", "Log")
    assert len(await workspace.written("chat.postMessage")) == 5 + 7

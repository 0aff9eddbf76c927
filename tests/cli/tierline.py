"""Runs the `tierline` command as people do: as a process, in a folder of its own, with an environment of its own."""

import asyncio
import dataclasses
import os
import sys
from pathlib import Path

from sandbox.server import Sandbox
from tests.shared import REPOSITORY

_LONGEST_RUN_S = 60


@dataclasses.dataclass(frozen=True)
class Run:
    """How it ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    def marked(self, mark: str) -> list[str]:
        """The lines that begin with ``ok``, ``!!`` or ``--``, without it."""
        return [line[4:] for line in self.lines if line.startswith(f"{mark}  ")]


async def tierline(
    *arguments: str, folder: Path, environment: dict[str, str] | None = None, python: str | None = None
) -> Run:
    """Run it with nothing in its environment but what is given. ``python`` runs a program of one's own instead of the command."""
    program = ["-c", python] if python is not None else ["-m", "cli.main"]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *program,
        *arguments,
        cwd=folder,
        env={"PYTHONPATH": str(REPOSITORY), "PATH": os.defpath, "HOME": str(folder), **(environment or {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), _LONGEST_RUN_S)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    assert process.returncode is not None
    return Run(process.returncode, out.decode(), err.decode())


def environment_of(sandbox: Sandbox) -> dict[str, str]:
    """The variables with which Tierline uses everything in a sandbox that has started."""
    keys = sandbox.credentials
    return {
        "TIERLINE_GATEWAY__LINK_SECRET": "0123456789abcdef0123456789abcdef",
        "TIERLINE_GATEWAY__API_TOKENS": '[{"name": "helpdesk", "roles": ["integration"], "token": "0123456789abcdef"}]',
        "TIERLINE_SLACK__BOT_TOKEN": keys.slack_bot_token.get_secret_value(),
        "TIERLINE_SLACK__SIGNING_SECRET": keys.slack_signing_secret.get_secret_value(),
        "TIERLINE_SLACK__BASE_URL": f"{sandbox.http_url}/slack/api/",
        "TIERLINE_JIRA__URL": f"{sandbox.http_url}/jira",
        "TIERLINE_JIRA__EMAIL": keys.jira_email,
        "TIERLINE_JIRA__API_TOKEN": keys.jira_api_token.get_secret_value(),
        "TIERLINE_JIRA__WEBHOOK_SECRET": keys.jira_webhook_secret.get_secret_value(),
        "TIERLINE_GITHUB__BASE_URL": f"{sandbox.http_url}/github",
        "TIERLINE_GITHUB__TOKEN": keys.github_token.get_secret_value(),
        "TIERLINE_GITHUB__WEBHOOK_SECRET": keys.github_webhook_secret.get_secret_value(),
        "TIERLINE_PAGERDUTY__BASE_URL": f"{sandbox.http_url}/pagerduty",
        "TIERLINE_PAGERDUTY__EVENTS_URL": f"{sandbox.http_url}/pagerduty-events",
        "TIERLINE_PAGERDUTY__API_KEY": keys.pagerduty_api_key.get_secret_value(),
        "TIERLINE_PAGERDUTY__FROM_EMAIL": "tierline@acme.example",
        "TIERLINE_PAGERDUTY__WEBHOOK_SECRET": keys.pagerduty_webhook_secret.get_secret_value(),
        "TIERLINE_PAGERDUTY__ROUTING_KEY": keys.pagerduty_routing_key.get_secret_value(),
        "TIERLINE_MAIL__HOST": sandbox.smtp_host,
        "TIERLINE_MAIL__PORT": str(sandbox.smtp_port),
        "TIERLINE_MAIL__FROM_ADDRESS": "Acme support <support@acme.example>",
        "TIERLINE_MAIL__STARTTLS": "false",
    }

"""Has schemathesis try a gateway against its own description: whatever that allows or forbids is sent."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from domain.people import Role
from domain.policy import Policy
from gateway.app import app_for
from tests.gateway.front_door import FrontDoor, a_ticket, eventually, token
from tests.shared import REPOSITORY

OPERATIONS = 33
_CONFIG = REPOSITORY / "tests" / "gateway" / "schemathesis.toml"
_MOST_BYTES = 1_048_576
_AUTHENTICATED = """
[auth.openapi.HTTPBearer]
bearer = "{token}"
"""


@dataclass(frozen=True)
class Caller:
    """Who sends the requests, in which of schemathesis's phases, and how many of each kind for each operation."""

    role: Role | None
    phases: str
    examples: int


@asynccontextmanager
async def served(policy: Policy, port: int, folder: Path) -> AsyncIterator[str]:
    """The address of a gateway with one open ticket."""
    door = FrontDoor(policy=policy, quarantine=folder / "quarantine", most_bytes=_MOST_BYTES)
    door.desk.have(a_ticket())
    config = uvicorn.Config(app_for(door.gateway), host="127.0.0.1", port=port, access_log=False, log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        await eventually(lambda: server.started)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving
        await door.close()


async def findings(address: str, caller: Caller, folder: Path, *, seconds: float, seed: int | None = None) -> str:
    """What schemathesis finds, in its own words; nothing when every answer is as described.

    With ``seed`` the requests are the same each time. It has so many ``seconds``; ``folder`` is for what it writes.
    """
    config = _CONFIG.read_text()
    if caller.role is not None:
        config += _AUTHENTICATED.format(token=token(caller.role))
    (folder / "schemathesis.toml").write_text(config)
    command = [
        str(Path(sys.executable).with_name("st")),
        "--no-color",
        "run",
        f"{address}/openapi.json",
        f"--phases={caller.phases}",
        f"--max-examples={caller.examples}",
        "--continue-on-failure",
        "--warnings=off",
        *([f"--seed={seed}", "--generation-deterministic"] if seed is not None else []),
    ]
    environ = {**os.environ, "PYTHONPATH": str(REPOSITORY), "SCHEMATHESIS_HOOKS": "tests.gateway.schemathesis_hooks"}
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, env=environ, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(seconds):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    clean = process.returncode == 0 and f"Tested: {OPERATIONS}".encode() in output
    return "" if clean else output.decode(errors="replace")[-20_000:]

"""The API held against its own description: whatever it allows or forbids is sent, and each answer has to be as described."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn

from domain.people import Role
from domain.policy import Policy
from gateway.app import app_for
from tests.gateway.front_door import FrontDoor, a_ticket, eventually, token
from tests.shared import REPOSITORY

HERE = REPOSITORY / "tests" / "gateway"
FULL = os.environ.get("SOAK") == "full"
SECONDS = 3_000 if FULL else 150
AUTHENTICATED = """
[auth.openapi.HTTPBearer]
bearer = "{token}"
"""


@dataclass(frozen=True)
class Caller:
    """Who sends the requests, and how many: in the phases, and of each kind for each operation."""

    role: Role | None
    phases: str
    examples: int


# Without a token each of them is refused in the same way, so that fewer do.
WITH_A_TOKEN = Caller(Role.LEAD, "examples,coverage,fuzzing,stateful", 500 if FULL else 3)
WITHOUT_ONE = Caller(None, "examples,coverage,fuzzing,stateful" if FULL else "examples,fuzzing", 100 if FULL else 3)


@pytest.fixture
async def address(policy: Policy, tmp_path: Path, free_port: int) -> AsyncIterator[str]:
    """Where a gateway with one open ticket is served."""
    door = FrontDoor(policy=policy, quarantine=tmp_path / "quarantine", most_bytes=1_048_576)
    door.desk.have(a_ticket())
    config = uvicorn.Config(app_for(door.gateway), host="127.0.0.1", port=free_port, access_log=False, log_config=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    yield f"http://127.0.0.1:{free_port}"
    server.should_exit = True
    await serving
    await door.close()


@pytest.mark.timeout(SECONDS + 30)
@pytest.mark.parametrize("caller", [WITH_A_TOKEN, WITHOUT_ONE], ids=["with a token", "without a token"])
async def test_every_answer_is_as_described(address: str, caller: Caller, tmp_path: Path) -> None:
    config = (HERE / "schemathesis.toml").read_text()
    if caller.role is not None:
        config += AUTHENTICATED.format(token=token(caller.role))
    (tmp_path / "schemathesis.toml").write_text(config)
    command = [
        str(Path(sys.executable).with_name("st")),
        "--no-color",
        "run",
        f"{address}/openapi.json",
        f"--phases={caller.phases}",
        f"--max-examples={caller.examples}",
        "--continue-on-failure",
        "--warnings=off",
        # The same requests each time, but for the soak.
        *([] if FULL else ["--seed=1", "--generation-deterministic"]),
    ]
    environ = {**os.environ, "PYTHONPATH": str(REPOSITORY), "SCHEMATHESIS_HOOKS": "tests.gateway.schemathesis_hooks"}
    process = await asyncio.create_subprocess_exec(
        *command, cwd=tmp_path, env=environ, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(SECONDS):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, output.decode()[-20_000:]
    assert b"Tested: 33" in output

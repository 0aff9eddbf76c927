"""``python -m sandbox``: the sandbox as a process of its own."""

import asyncio
import os
import re
import signal
import sys

import httpx2

from sandbox.__main__ import CREDENTIALS_VARIABLE
from sandbox.credentials import Credentials
from tests.shared import REPOSITORY

LIMIT_S = 20.0


async def started(*options: str, credentials: str | None = None) -> asyncio.subprocess.Process:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TIERLINE_SANDBOX_")}
    if credentials is not None:
        environment[CREDENTIALS_VARIABLE] = credentials
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sandbox",
        *options,
        cwd=REPOSITORY,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_it_serves_with_the_given_credentials_until_it_is_told_to_stop() -> None:
    credentials = Credentials.generate()
    process = await started("--port", "0", "--smtp-port", "0", credentials=credentials.revealed_json())
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), LIMIT_S)).decode()
        found = re.search(r"(http://127\.0\.0\.1:\d+)/", line)
        assert found, line
        async with httpx2.AsyncClient(base_url=found[1]) as client:
            page = await client.get("/")
            token = credentials.slack_bot_token.get_secret_value()
            answer = await client.post("/slack/api/auth.test", headers={"Authorization": f"Bearer {token}"})
        assert "for trial and tests" in page.text
        assert answer.json()["ok"] is True
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), LIMIT_S) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_wrong_credentials_are_one_line_that_names_them() -> None:
    process = await started("--port", "0", "--smtp-port", "0", credentials='{"slack_app_id": "A1"}')

    _, told = await asyncio.wait_for(process.communicate(), LIMIT_S)

    assert process.returncode == 1
    assert told.decode().count("\n") == 1
    assert CREDENTIALS_VARIABLE in told.decode()
    assert "slack_bot_token" in told.decode()


async def test_a_taken_port_is_one_line_that_says_what_to_do() -> None:
    taken = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    port = str(taken.sockets[0].getsockname()[1])
    for options in (("--port", port, "--smtp-port", "0"), ("--port", "0", "--smtp-port", port)):
        process = await started(*options)
        _, told = await asyncio.wait_for(process.communicate(), LIMIT_S)
        assert process.returncode == 1
        assert told.decode().count("\n") == 1
        assert port in told.decode()
    taken.close()
    await taken.wait_closed()


def test_credentials_survive_the_way_to_another_process_and_hide_in_a_log() -> None:
    credentials = Credentials.generate()

    assert Credentials.from_json(credentials.revealed_json()) == credentials
    assert credentials.slack_bot_token.get_secret_value() not in repr(credentials)
    assert credentials.github_private_key.get_secret_value().startswith("-----BEGIN RSA PRIVATE KEY-----")

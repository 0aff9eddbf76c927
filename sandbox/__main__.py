"""``python -m sandbox``: the sandbox as a process of its own; stops on SIGTERM and on Ctrl-C."""

import asyncio
import os
import signal
import sys
from typing import Annotated

import typer
from pydantic import ValidationError

from sandbox.credentials import Credentials
from sandbox.server import Sandbox

CREDENTIALS_VARIABLE = "TIERLINE_SANDBOX_CREDENTIALS"


def main(
    port: Annotated[
        int, typer.Option(envvar="TIERLINE_SANDBOX_PORT", help="HTTP port; 0 takes a free one.", min=0, max=65535)
    ] = 8090,
    smtp_port: Annotated[
        int, typer.Option(envvar="TIERLINE_SANDBOX_SMTP_PORT", help="SMTP port; 0 takes a free one.", min=0, max=65535)
    ] = 8025,
    gateway_url: Annotated[
        str, typer.Option(envvar="TIERLINE_SANDBOX_GATEWAY_URL", help="Where Tierline's gateway listens.")
    ] = "http://127.0.0.1:8080",
) -> None:
    """A local Slack, Jira, GitHub, PagerDuty and mail box with a web page, for trial and tests."""
    sys.exit(asyncio.run(_serve(port, smtp_port, gateway_url)))


async def _serve(port: int, smtp_port: int, gateway_url: str) -> int:
    text = os.environ.get(CREDENTIALS_VARIABLE)
    try:
        credentials = Credentials.from_json(text) if text else Credentials.generate()
    except ValidationError as error:
        fields = ", ".join(".".join(str(part) for part in finding["loc"]) or "JSON" for finding in error.errors())
        return _fail(f"{CREDENTIALS_VARIABLE} does not hold the sandbox's credentials; wrong or missing: {fields}")
    try:
        sandbox = Sandbox(gateway_url=gateway_url, credentials=credentials, http_port=port, smtp_port=smtp_port)
    except OSError as error:
        return _fail(f"cannot listen on port {port}: {error.strerror}; choose another with --port")
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wanted, stopped.set)
    try:
        await sandbox.start()
    except OSError as error:
        return _fail(f"cannot take mail on port {smtp_port}: {error.strerror}; choose another with --smtp-port")
    print(f"Sandbox: {sandbox.http_url}/  mail: {sandbox.smtp_host}:{sandbox.smtp_port}", flush=True)
    await stopped.wait()
    await sandbox.stop()
    return 0


def _fail(message: str) -> int:
    print(f"sandbox: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    typer.run(main)

"""``tierline demo``: the whole thing on this machine, and a story that is played through its front doors."""

import asyncio
import signal
import socket
import sys
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any

import httpx2
import typer
from rich.console import Console

from cli.front_doors import DoorClosed, FrontDoors
from cli.narration import Missing, Narrator
from cli.story import Places, Story
from config.policy import load_policy
from sandbox.engine import DevServer, EngineFailed, EngineUnavailable, default_say, find_dev_server
from sandbox.stack import Stack

DEMO_POLICY = Path(__file__).resolve().parent.parent / "config" / "policies" / "demo.yaml"
_WIDTH_WITHOUT_TERMINAL = 120
_UI_PORT = 8233
_GATEWAY_PORT = 8800
_SANDBOX_PORT = 8700


def demo(
    once: Annotated[bool, typer.Option("--once", help="Exit at the end of the story, also on a terminal.")] = False,
) -> None:
    """Start Temporal with its UI, a sandbox of Slack, Jira, GitHub, PagerDuty and mail, the gateway and the worker; play a story.

    Exit code 0 when everything was as expected. On a terminal it stays up for you to go on clicking until Ctrl-C.
    """
    stay = not once and sys.stdout.isatty() and sys.stdin.isatty()
    try:
        matched = asyncio.run(_demo(stay=stay))
    except (EngineUnavailable, EngineFailed) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    raise typer.Exit(0 if matched else 1)


async def _demo(*, stay: bool) -> bool:
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_WIDTH_WITHOUT_TERMINAL)
    stopping = _stop_on_signals()
    choice = find_dev_server(default_say())
    folder = Path(tempfile.mkdtemp(prefix="tierline-demo-"))
    async with DevServer(choice, ui_port=_preferred(_UI_PORT), log_folder=folder) as server:
        stack = Stack(
            server,
            policy=DEMO_POLICY,
            log_folder=folder,
            gateway_port=_preferred(_GATEWAY_PORT),
            sandbox_port=_preferred(_SANDBOX_PORT) or 0,
        )
        await stack.start(say=console.print)
        try:
            matched = await _unless_stopped(_play(stack, server, console), stopping)
            if matched is not None:
                console.print(f"Logs: {folder}")
            if stay and matched is not None and not stopping.is_set():
                console.print(
                    f"\nIt is yours: {stack.sandbox.http_url}/ is Slack, Jira, GitHub, PagerDuty and mail; "
                    f"{server.ui_url} the Temporal UI. Ctrl-C ends it.",
                    soft_wrap=True,
                )
                await stopping.wait()
        finally:
            await stack.stop()
    return bool(matched)


async def _play(stack: Stack, server: DevServer, console: Console) -> bool:
    console.print(f"Temporal UI: {server.ui_url}/namespaces/{stack.namespace}/workflows", soft_wrap=True)
    console.print(f"Slack, Jira, GitHub, PagerDuty, mail: {stack.sandbox.http_url}/", soft_wrap=True)
    narrator = Narrator(console)
    async with httpx2.AsyncClient(timeout=15) as http:
        doors = FrontDoors(http, gateway=stack.gateway_url, sandbox=stack.sandbox.http_url, token=stack.tokens.helpdesk)
        places = Places(sandbox=stack.sandbox.http_url, ui=server.ui_url, namespace=stack.namespace)
        try:
            await Story(doors, narrator, places, load_policy(DEMO_POLICY)).play()
        except Missing as missing:
            console.print(f"The story ends here: {missing} did not come.")
        except (DoorClosed, httpx2.HTTPError) as error:
            narrator.find("every front door is open", f"{type(error).__name__}: {error}", matched=False)
    return narrator.conclude()


async def _unless_stopped(play: Coroutine[Any, Any, bool], stopping: asyncio.Event) -> bool | None:
    """The play's result, or None when somebody stopped it."""
    playing = asyncio.create_task(play)
    stopped = asyncio.create_task(stopping.wait())
    await asyncio.wait({playing, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not playing.done():
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)
        return None
    return playing.result()


def _stop_on_signals() -> asyncio.Event:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(wanted, stopping.set)
    return stopping


def _preferred(port: int) -> int | None:
    """The port when it is free, so that addresses stay the same from run to run; else None: any free one."""
    try:
        with socket.create_server(("127.0.0.1", port)):
            return port
    except OSError:
        return None

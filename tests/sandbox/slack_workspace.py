"""A local Slack workspace with an app installed: what the tests of the sandbox's Slack and of its page start from."""

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.web import SlackResponse

from sandbox.server import Sandbox

WAIT_LIMIT_S = 10.0


class Received:
    """One request that the app got, after its signature was verified."""

    def __init__(self, path: str, headers: dict[str, str], body: bytes) -> None:
        self.path = path
        self.headers = headers
        self.body = body

    @property
    def form(self) -> dict[str, str]:
        """The fields of a slash command."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def payload(self) -> dict[str, Any]:
        """The payload of an interaction, or the JSON of an event."""
        text = self.form["payload"] if self.path == "/slack/interactive" else self.body.decode()
        loaded: dict[str, Any] = json.loads(text)
        return loaded


class ReceivingApp:
    """An app as its author would write it: it refuses what Slack has not signed, and answers as it is told."""

    def __init__(self, signing_secret: str) -> None:
        self.received: list[Received] = []
        self.refused: list[str] = []
        self.answer: Callable[[Received], Any] = lambda received: None
        self.news = asyncio.Condition()
        self._verifier = SignatureVerifier(signing_secret)
        self.asgi = FastAPI()
        self.asgi.post("/slack/{kind}")(self._receive)

    async def _receive(self, kind: str, request: Request) -> Response:
        body = await request.body()
        if not self._verifier.is_valid_request(body, dict(request.headers)):
            self.refused.append(request.url.path)
            return Response(status_code=401)
        received = Received(request.url.path, dict(request.headers), body)
        self.received.append(received)
        async with self.news:
            self.news.notify_all()
        answer = self.answer(received)
        if asyncio.iscoroutine(answer):
            answer = await answer
        if isinstance(answer, Response):
            return answer
        return Response() if answer is None else JSONResponse(answer)

    def got(self, path: str, event: str | None = None) -> list[Received]:
        """What arrived at a path; of the events only those of a type, or of a type and subtype (``a/b``)."""
        found = [received for received in self.received if received.path == path]
        return found if event is None else [r for r in found if _event_name(r) == event]

    async def wait_for(self, path: str, event: str | None = None, count: int = 1) -> list[Received]:
        """What arrived at a path, as soon as there are `count`."""
        async with asyncio.timeout(WAIT_LIMIT_S), self.news:
            await self.news.wait_for(lambda: len(self.got(path, event)) >= count)
        return self.got(path, event)


def _event_name(received: Received) -> str:
    event = received.payload.get("event", {})
    subtype = event.get("subtype")
    return f"{event.get('type')}/{subtype}" if subtype else str(event.get("type"))


class Workspace:
    """The sandbox, the app that it talks to, the app's client, and the people."""

    def __init__(self, sandbox: Sandbox, app: ReceivingApp, people: httpx2.AsyncClient) -> None:
        self.sandbox = sandbox
        self.app = app
        self.people = people
        self.client = self.client_with(sandbox.credentials.slack_bot_token.get_secret_value())

    def client_with(self, token: str | None) -> WebClient:
        """Slack's own client, as an app builds it."""
        return WebClient(token=token, base_url=f"{self.sandbox.http_url}/slack/api/", retry_handlers=[], timeout=5)

    async def call(self, method: str, client: WebClient | None = None, **arguments: Any) -> SlackResponse:
        """Calls a method of Slack's client, which blocks, in a thread."""
        answer: SlackResponse = await asyncio.to_thread(getattr(client or self.client, method), **arguments)
        return answer

    async def refusal(self, method: str, client: WebClient | None = None, **arguments: Any) -> dict[str, Any]:
        """The answer to a call that Slack refuses."""
        with pytest.raises(SlackApiError) as refused:
            await self.call(method, client, **arguments)
        answer = refused.value.response
        assert answer.status_code == 200
        assert isinstance(answer.data, dict)
        return dict(answer.data)

    async def does(self, what: str, **fields: Any) -> dict[str, Any]:
        """A person does something in Slack's client."""
        answer = await self.people.post(f"/people/slack/{what}", json=fields)
        assert answer.status_code == 200, answer.text
        done: dict[str, Any] = answer.json()
        return done

    async def under(self, **conditions: Any) -> dict[str, Any]:
        """The workspace works under other conditions from now on; gives all of them."""
        answer = await self.people.post("/sandbox/slack", json=conditions)
        assert answer.status_code == 200, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def written(self, operation: str) -> list[str | None]:
        """The markers of what took effect, oldest first."""
        return [entry.marker for entry in self.sandbox.ledger.entries("slack", operation)]

    async def sees(self, user: str, channel: str = "C0SUPL1") -> dict[str, Any]:
        """What a person has on the screen in a channel."""
        answer = await self.people.get(f"/people/slack/channels/{channel}/messages", params={"user": user})
        seen: dict[str, Any] = answer.json()
        return seen


async def hang_up(workspace: Workspace, client: SocketModeClient) -> None:
    """Closes slack_sdk's builtin client.

    Its ``disconnect`` looks whether there is a socket and only then takes its locks: while its own thread ends a connection that Slack
    has ended, a ``close`` from outside fails with an AttributeError. So Slack ends the connection first, the client's thread has the
    time to see it, and nothing is left for ``close`` to do but to end the threads.
    """
    client.default_auto_reconnect_enabled = client.auto_reconnect_enabled = False
    # What connects anew at the moment is waited for.
    await asyncio.to_thread(_taken_once, client.connect_operation_lock)
    await workspace.sandbox.slack.sockets.cut()
    await eventually(lambda: not client.is_connected())
    await asyncio.to_thread(client.close)


def _taken_once(lock: threading.Lock) -> None:
    with lock:
        pass


async def eventually(condition: Callable[[], bool]) -> None:
    """Returns as soon as the condition holds.

    Raises:
        TimeoutError: it did not within `WAIT_LIMIT_S`.
    """
    deadline = time.monotonic() + WAIT_LIMIT_S
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("what was waited for did not happen")
        await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def serving(asgi: FastAPI) -> AsyncIterator[str]:
    """Serves an application on a free port and gives its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = _Embedded(uvicorn.Config(asgi, log_level="warning", lifespan="off", timeout_graceful_shutdown=1))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        # Connections made before the server accepts wait in the listener's queue.
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await task


class _Embedded(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    """A fresh workspace with an app that answers every request with an empty 200."""
    sandbox = Sandbox()
    app = ReceivingApp(sandbox.credentials.slack_signing_secret.get_secret_value())
    async with serving(app.asgi) as app_url, sandbox, httpx2.AsyncClient(base_url=sandbox.http_url) as people:
        sandbox.gateway_url = app_url
        yield Workspace(sandbox, app, people)

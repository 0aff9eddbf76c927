"""Slack in Socket Mode: the gateway connects to Slack, which sends through that connection what it else posts over HTTP.

The connection is slack_sdk's: it asks for the address, greets, pings, and moves to a new connection when Slack announces the end of
one. What each envelope holds is handled where its HTTP twin is (``gateway.slack_intake``), and its acknowledgement carries the answer.
Slack sends again what is not acknowledged within three seconds; the ids are the same, so that nothing happens twice.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.socket_mode.websockets import SocketModeClient
from slack_sdk.web.async_client import AsyncWebClient
from websockets.exceptions import WebSocketException

from gateway.gateway import Gateway, SlackDoor
from gateway.payloads import Unreadable, at, parse_json, text_at
from gateway.slack_intake import Kind, taken_in
from gateway.slack_line import SlackLine
from gateway.slack_words import Answer
from gateway.tickets import DeskUnavailable
from gateway.unreadable import keep_aside

logger = logging.getLogger("tierline.gateway")

_KINDS = {"slash_commands": Kind.COMMAND, "interactive": Kind.INTERACTION, "events_api": Kind.EVENT}
_OF_THE_SENDING = ("envelope_id", "retry_attempt", "retry_reason")
_CALL_SECONDS = 10
_PING_SECONDS = 10.0
_LOOK_SECONDS = 0.5
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 30.0
_FINISH_SECONDS = 3.0


@asynccontextmanager
async def connected_to_slack(
    gateway: Gateway, slack: SlackDoor, line: SlackLine, app_token: SecretStr, base_url: str
) -> AsyncIterator[None]:
    """With a connection to Slack that is kept up; that it cannot be had is no error, but is logged and tried again.

    Args:
        gateway: who serves what comes.
        slack: the door that it comes through.
        line: where the connection's state is shown.
        app_token: the app-level token, which begins with ``xapp-``.
        base_url: the Web API's address, with a slash at its end.
    """
    socket = SlackSocket(gateway, slack, line, app_token, base_url)
    keeping = asyncio.create_task(socket.keep_up())
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        await socket.close()


class _Client(SocketModeClient):
    """The SDK's client, but what it cannot read is told instead of dropped."""

    unreadable: Callable[[str], None]

    async def enqueue_message(self, message: str) -> None:
        try:
            parse_json(message.encode("utf-8", "replace"))
        except Unreadable:
            self.unreadable(message)
            return
        await super().enqueue_message(message)


class SlackSocket:
    """One connection after the other. Build it within a running event loop."""

    def __init__(
        self, gateway: Gateway, slack: SlackDoor, line: SlackLine, app_token: SecretStr, base_url: str
    ) -> None:
        self._gateway = gateway
        self._slack = slack
        self._line = line
        self._serving: set[asyncio.Task[None]] = set()
        # The SDK logs messages that it cannot handle, with what people wrote, and addresses that open a connection.
        silent = logging.getLogger("gateway.slack_socket.sdk")
        silent.setLevel(logging.CRITICAL)
        web = AsyncWebClient(
            base_url=base_url, timeout=_CALL_SECONDS, retry_handlers=[], trust_env_in_session=True, logger=silent
        )
        # Whether to connect again is decided in one place, here, with growing pauses; the SDK does it.
        self._client = _Client(
            app_token.get_secret_value(),
            logger=silent,
            web_client=web,
            auto_reconnect_enabled=False,
            ping_interval=_PING_SECONDS,
        )
        self._client.unreadable = self._unreadable
        self._client.message_listeners.append(self._heard)
        gateway.metrics.connected.labels("slack").set(0)

    async def keep_up(self) -> None:
        """Connect, and connect again whenever the connection is gone; until cancelled."""
        pause = _FIRST_PAUSE_SECONDS
        while True:
            up = await self._client.is_connected()
            if not up:
                self._show(up=False)
                up = await self._connect()
            if up:
                pause = _FIRST_PAUSE_SECONDS
                await asyncio.sleep(_LOOK_SECONDS)
            else:
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)

    async def close(self) -> None:
        """Serve what has come, for a moment, and hang up."""
        if self._serving:
            await asyncio.wait(set(self._serving), timeout=_FINISH_SECONDS)
        await self._client.close()  # type: ignore[no-untyped-call]
        self._show(up=False)

    async def _connect(self) -> bool:
        try:
            await self._client.connect_to_new_endpoint()
        except SlackApiError as error:
            logger.warning("slack socket not connected error=%s", str(error.response.get("error", ""))[:60])
        except (SlackClientError, aiohttp.ClientError, WebSocketException, OSError, ValueError) as error:
            # The type alone: the text of some holds the address, which opens a connection.
            logger.warning("slack socket not connected error=%s", type(error).__name__)
        return await self._client.is_connected()

    def _unreadable(self, text: str) -> None:
        keep_aside(self._gateway, "slack", text.encode("utf-8", "replace"), {}, "the message is no JSON object")

    async def _heard(self, client: AsyncBaseSocketModeClient, message: dict[str, Any], raw: str | None) -> None:
        """A message of Slack's; the SDK runs a task for each."""
        kind = text_at(message, "type")
        if kind == "hello":
            self._line.greeted += 1
            self._gateway.metrics.connections.labels("slack").inc()
            self._show(up=True)
            return
        envelope_id = text_at(message, "envelope_id")
        task = asyncio.current_task()
        if envelope_id is None or task is None:
            return
        self._serving.add(task)
        try:
            await self._serve(client, envelope_id, message)
        finally:
            self._serving.discard(task)

    async def _serve(self, client: AsyncBaseSocketModeClient, envelope_id: str, message: dict[str, Any]) -> None:
        try:
            answer = await self._answer(message)
        except DeskUnavailable:
            # As over HTTP: not acknowledged, so that Slack sends it again.
            logger.warning("slack envelope not taken: temporal not reached")
            return
        if not at(message, "accepts_response_payload"):
            answer = None
        try:
            await client.send_socket_mode_response(SocketModeResponse(envelope_id, payload=answer))
        except (WebSocketException, OSError, AttributeError) as error:
            # The connection went away meanwhile; without one the SDK has none to send to. Slack sends the envelope again.
            logger.warning("slack envelope not acknowledged error=%s", type(error).__name__)

    async def _answer(self, message: dict[str, Any]) -> Answer:
        kind = _KINDS.get(text_at(message, "type") or "")

        def payload() -> dict[str, Any]:
            found = at(message, "payload")
            if not isinstance(found, dict):
                raise Unreadable("there is no payload")
            return found

        def aside(why: str) -> None:
            # Without its id, which differs from one sending to the next, so that what is sent again is kept once.
            body = json.dumps({name: value for name, value in message.items() if name not in _OF_THE_SENDING})
            keep_aside(self._gateway, "slack", body.encode(), _retry_headers(message), why)

        if kind is None:
            aside("it is of no known type")
            return None
        return await taken_in(self._gateway, self._slack, kind, payload, aside)

    def _show(self, *, up: bool) -> None:
        if up != self._line.up:
            logger.info("slack socket %s", "connected" if up else "lost")
        self._line.up = up
        self._gateway.metrics.connected.labels("slack").set(int(up))


def _retry_headers(message: dict[str, Any]) -> dict[str, str]:
    """What a repeated envelope says of the attempts before, as the headers of HTTP say it."""
    told = {
        "x-slack-retry-num": text_at(message, "retry_attempt"),
        "x-slack-retry-reason": text_at(message, "retry_reason"),
    }
    return {name: value for name, value in told.items() if value is not None}

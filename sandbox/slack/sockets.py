"""Socket Mode: the app's web sockets, and the envelopes that go over them instead of signed HTTP requests.

https://docs.slack.dev/apis/events-api/using-socket-mode: an app-level token opens an address that is good for one
connection; the connection says hello, and each envelope goes to one of the connections, which must acknowledge it within
three seconds.
"""

import asyncio
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect, WebSocketState

MAX_CONNECTIONS = 10
TICKET_SECONDS = 30.0
ACKNOWLEDGE_S = 3.0
CONNECTION_LIFE_S = 18060
"""What hello tells of how long the connection is meant to last."""

DisconnectReason = Literal["warning", "refresh_requested", "link_disabled"]
EnvelopeType = Literal["events_api", "slash_commands", "interactive"]


@dataclass(frozen=True)
class Envelope:
    """What goes to the app over a socket, with a new id each time it is sent."""

    type: EnvelopeType
    payload: dict[str, Any]
    accepts_response_payload: bool
    retry_attempt: int = 0
    retry_reason: str = ""

    def to_json(self, envelope_id: str) -> dict[str, Any]:
        """Slack's envelope; only events tell of their retries."""
        retry = {"retry_attempt": self.retry_attempt, "retry_reason": self.retry_reason}
        return {
            "envelope_id": envelope_id,
            "payload": self.payload,
            "type": self.type,
            "accepts_response_payload": self.accepts_response_payload,
            **(retry if self.type == "events_api" else {}),
        }


@dataclass(eq=False)
class Connection:
    """One web socket of the app."""

    socket: WebSocket
    number: int
    ending: bool = False
    """Whether it was told to go: nothing new is sent to it."""
    envelopes: int = 0
    waiting: dict[str, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)

    async def send(self, message: dict[str, Any]) -> None:
        """Sends one message as JSON."""
        await self.socket.send_text(json.dumps(message))


class Sockets:
    """The open connections of one app. Use it within one event loop."""

    def __init__(self, base_url: str, app_id: str, changed: Callable[[], None]) -> None:
        self._address = base_url.replace("http", "ws", 1) + "/slack/socket/link/"
        self._app_id = app_id
        self._changed = changed
        self._tickets: dict[str, float] = {}
        self._connections: list[Connection] = []
        self._opened = 0
        self._turn = 0

    @property
    def open(self) -> list[Connection]:
        """The connections that take envelopes, oldest first."""
        return [connection for connection in self._connections if not connection.ending]

    @property
    def were_used(self) -> bool:
        """Whether the app has ever been connected."""
        return self._opened > 0

    def issue_address(self) -> str:
        """An address for one connection (``apps.connections.open``)."""
        ticket = secrets.token_urlsafe(24)
        self._tickets[ticket] = time.monotonic()
        return f"{self._address}?ticket={ticket}&app_id={self._app_id}"

    async def serve(self, socket: WebSocket) -> None:
        """One connection from its handshake to its end; without a good ticket it is refused with 403."""
        issued = self._tickets.pop(socket.query_params.get("ticket", ""), None)
        if issued is None or time.monotonic() - issued > TICKET_SECONDS:
            await socket.close(1008)
            return
        await socket.accept()
        self._opened += 1
        connection = Connection(socket, self._opened)
        if len(self._connections) >= MAX_CONNECTIONS:
            await connection.send(self._disconnect_message("too_many_websockets"))
            await socket.close()
            return
        self._connections.append(connection)
        self._changed()
        try:
            await connection.send(self._hello())
            while True:
                self._take(connection, await socket.receive_text())
        except (WebSocketDisconnect, RuntimeError, KeyError):
            # The app closed it, or sent bytes instead of text: Slack ends such a connection.
            pass
        finally:
            self._forget(connection)

    async def deliver(self, envelope: Envelope, limit_s: float = ACKNOWLEDGE_S) -> dict[str, Any]:
        """Sends an envelope to one connection, another each time, and gives what the app acknowledged it with.

        Raises:
            ConnectionError: no connection is open, or the one that had the envelope went away.
            TimeoutError: it was not acknowledged within ``limit_s`` seconds.
        """
        candidates = self.open
        if not candidates:
            raise ConnectionError("no socket is connected")
        connection = candidates[self._turn % len(candidates)]
        self._turn += 1
        envelope_id = secrets.token_hex(16)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        connection.waiting[envelope_id] = answer
        connection.envelopes += 1
        try:
            await connection.send(envelope.to_json(envelope_id))
            return await asyncio.wait_for(answer, limit_s)
        except (WebSocketDisconnect, RuntimeError) as gone:
            raise ConnectionError("the socket was closed") from gone
        except TimeoutError:
            raise TimeoutError(f"not acknowledged in {limit_s:g} s") from None
        finally:
            connection.waiting.pop(envelope_id, None)

    async def disconnect(self, reason: DisconnectReason, number: int | None = None) -> int:
        """Tells connections to go, as Slack does when it renews them; gives how many were told.

        A ``warning`` comes some seconds before the end and closes nothing; with the others the connection is closed.
        """
        chosen = [each for each in self.open if number in (None, each.number)]
        for connection in chosen:
            await connection.send(self._disconnect_message(reason))
            if reason != "warning":
                connection.ending = True
                await connection.socket.close()
                self._forget(connection)
        return len(chosen)

    async def cut(self, number: int | None = None) -> int:
        """Ends connections without the message that says so beforehand; gives how many."""
        chosen = [each for each in self._connections if number in (None, each.number)]
        for connection in chosen:
            connection.ending = True
            if connection.socket.client_state is WebSocketState.CONNECTED:
                await connection.socket.close(1011)
            self._forget(connection)
        return len(chosen)

    def to_json(self) -> list[dict[str, Any]]:
        """The connections for the page and the tests."""
        return [
            {"number": each.number, "envelopes": each.envelopes, "unacknowledged": len(each.waiting)}
            for each in self.open
        ]

    def _take(self, connection: Connection, text: str) -> None:
        """An acknowledgement; anything else that the app sends is ignored, as Slack does."""
        try:
            message = json.loads(text)
        except ValueError:
            return
        if not isinstance(message, dict):
            return
        answer = connection.waiting.get(str(message.get("envelope_id")))
        if answer is not None and not answer.done():
            answer.set_result(message)

    def _forget(self, connection: Connection) -> None:
        if connection in self._connections:
            self._connections.remove(connection)
            self._changed()
        for answer in connection.waiting.values():
            if not answer.done():
                answer.set_exception(ConnectionError("the socket was closed"))

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": len(self._connections),
            "debug_info": {
                "host": "applink-sandbox",
                "build_number": 1,
                "approximate_connection_time": CONNECTION_LIFE_S,
            },
            "connection_info": {"app_id": self._app_id},
        }

    def _disconnect_message(self, reason: str) -> dict[str, Any]:
        return {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-sandbox"}}


def build_socket_router(sockets: Sockets) -> APIRouter:
    """``/slack/socket/link/``, where the connections are made."""
    router = APIRouter()

    @router.websocket("/slack/socket/link/")
    async def link(socket: WebSocket) -> None:
        await sockets.serve(socket)

    return router

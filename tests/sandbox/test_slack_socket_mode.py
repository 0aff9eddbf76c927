"""Socket Mode as slack_sdk's own clients meet it: the builtin one, and those on aiohttp and on websockets."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import pytest
import websockets
from slack_sdk.socket_mode.aiohttp import SocketModeClient as AiohttpClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.socket_mode.websockets import SocketModeClient as WebsocketsClient
from slack_sdk.web.async_client import AsyncWebClient
from websockets.asyncio.client import ClientConnection

from tests.sandbox.slack_workspace import WAIT_LIMIT_S, Workspace, eventually, hang_up
from tests.sandbox.slack_workspace import workspace as workspace


class Answers:
    """What an app in Socket Mode got, and how it acknowledges: with `payload` of the request, or not at all."""

    client: SocketModeClient

    def __init__(self) -> None:
        self.requests: list[SocketModeRequest] = []
        self.payload: Callable[[SocketModeRequest], Any] = lambda request: None
        self._lock = threading.Lock()

    def take(self, request: SocketModeRequest) -> SocketModeResponse:
        """Keeps a request and makes its acknowledgement."""
        with self._lock:
            self.requests.append(request)
        return SocketModeResponse(request.envelope_id, self.payload(request))

    async def wait_for(self, kind: str, count: int = 1) -> list[SocketModeRequest]:
        """The requests of a type, as soon as there are `count`."""
        await eventually(lambda: len(self.of(kind)) >= count)
        return self.of(kind)

    def of(self, kind: str) -> list[SocketModeRequest]:
        """The requests of a type."""
        return [request for request in self.requests if request.type == kind]


@pytest.fixture
async def answers(workspace: Workspace) -> AsyncIterator[Answers]:
    """An app that is connected with slack_sdk's builtin client."""
    answers = Answers()
    client = SocketModeClient(
        workspace.sandbox.credentials.slack_app_token.get_secret_value(), web_client=workspace.client
    )

    def listen(client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        client.send_socket_mode_response(answers.take(request))

    client.socket_mode_request_listeners.append(listen)
    answers.client = client
    try:
        await asyncio.to_thread(client.connect)
        await eventually(lambda: len(workspace.sandbox.slack.sockets.open) == 1)
        yield answers
    finally:
        await hang_up(workspace, client)


async def opened_address(workspace: Workspace) -> str:
    token = workspace.sandbox.credentials.slack_app_token.get_secret_value()
    answer = await workspace.call("apps_connections_open", app_token=token)
    address: str = answer["url"]
    return address


async def received(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(WAIT_LIMIT_S):
        message: dict[str, Any] = json.loads(await socket.recv())
    return message


# --- the connection ---


async def test_only_the_apps_own_token_opens_a_connection(workspace: Workspace) -> None:
    app_token = workspace.sandbox.credentials.slack_app_token.get_secret_value()
    bot_token = workspace.sandbox.credentials.slack_bot_token.get_secret_value()

    with_bot = await workspace.refusal("apps_connections_open", app_token=bot_token)
    with_app = await workspace.refusal("chat_postMessage", workspace.client_with(app_token), channel="C0ENG", text="x")

    assert (with_bot["error"], with_app["error"]) == ("not_allowed_token_type", "not_allowed_token_type")
    assert app_token.startswith("xapp-")
    assert (await opened_address(workspace)).startswith("ws://127.0.0.1:")


async def test_a_connection_says_hello_and_its_address_is_good_once(workspace: Workspace) -> None:
    address = await opened_address(workspace)

    async with websockets.connect(address, proxy=None) as socket:
        hello = await received(socket)
        pong = await socket.ping()
        await asyncio.wait_for(pong, WAIT_LIMIT_S)
        with pytest.raises(websockets.InvalidStatus):
            await websockets.connect(address, proxy=None)

    assert (hello["type"], hello["num_connections"]) == ("hello", 1)
    assert hello["connection_info"]["app_id"] == workspace.sandbox.credentials.slack_app_id


async def test_an_eleventh_connection_is_one_too_many(workspace: Workspace) -> None:
    open_ones = [await websockets.connect(await opened_address(workspace), proxy=None) for _ in range(10)]
    async with websockets.connect(await opened_address(workspace), proxy=None) as socket:
        assert (await received(socket))["reason"] == "too_many_websockets"
    for each in open_ones:
        await each.close()


# --- what goes over it ---


async def test_everything_goes_by_socket_once_one_is_connected(workspace: Workspace, answers: Answers) -> None:
    answers.payload = lambda request: {"text": "T-7 is with L2"} if request.type == "slash_commands" else None

    done = await workspace.does("command", user="U0LENA", channel="C0SUPL1", command="/tier", text="status T-7")
    written = await workspace.does("message", user="U0SAM", channel="C0SUPL1", text="hello")
    await workspace.does("shortcut", user="U0SAM", channel="C0SUPL1", ts=written["ts"], callback_id="escalate_this")

    [command] = await answers.wait_for("slash_commands")
    [event] = await answers.wait_for("events_api")
    [shortcut] = await answers.wait_for("interactive")
    assert (command.payload["command"], command.payload["text"]) == ("/tier", "status T-7")
    assert (command.accepts_response_payload, event.accepts_response_payload) == (True, False)
    assert (event.payload["type"], event.payload["event"]["text"], event.retry_attempt) == (
        "event_callback",
        "hello",
        0,
    )
    assert shortcut.payload["type"] == "message_action"
    assert (done["status"], done["error"]) == (200, None)
    assert [each["text"] for each in (await workspace.sees("U0LENA"))["ephemerals"]] == ["T-7 is with L2"]
    assert workspace.app.received == []
    log = workspace.sandbox.deliveries.log("slack")
    assert {entry.url for entry in log} == {
        "socket:/slack/commands",
        "socket:/slack/events",
        "socket:/slack/interactive",
    }


async def test_a_modal_is_refused_and_accepted_by_socket(workspace: Workspace, answers: Answers) -> None:
    note = {"type": "plain_text_input", "action_id": "text"}
    label = {"type": "plain_text", "text": "Note"}
    view = {
        "type": "modal",
        "title": label,
        "submit": label,
        "blocks": [{"type": "input", "block_id": "note", "label": label, "element": note}],
    }
    await workspace.does("global-shortcut", user="U0LENA", callback_id="escalate")
    [shortcut] = await answers.wait_for("interactive")
    opened = await workspace.call("views_open", trigger_id=shortcut.payload["trigger_id"], view=view)
    submission = {"user": "U0LENA", "view_id": opened["view"]["id"], "values": {"note": "short"}}

    answers.payload = lambda request: {"response_action": "errors", "errors": {"note": "Say more."}}
    refused = await workspace.does("submit", **submission)
    answers.payload = lambda request: None
    accepted = await workspace.does("submit", **submission)

    assert (refused["errors"], refused["open"]) == ({"note": "Say more."}, True)
    assert (accepted["error"], accepted["open"]) == (None, False)


async def test_the_transport_can_be_chosen(workspace: Workspace, answers: Answers) -> None:
    command = {"user": "U0LENA", "channel": "C0SUPL1", "command": "/tier", "text": "status"}

    shown = await workspace.under(transport="http")
    await workspace.does("command", **command)
    assert (shown["by_socket"], len(shown["sockets"])) == (False, 1)
    assert len(workspace.app.got("/slack/commands")) == 1

    await workspace.under(transport="socket")
    await workspace.does("command", **command)
    await answers.wait_for("slash_commands")
    assert len(workspace.app.got("/slack/commands")) == 1


async def test_while_no_socket_is_open_nothing_reaches_an_app_in_socket_mode(workspace: Workspace) -> None:
    workspace.sandbox.deliveries.scale = 0.0
    command = {"user": "U0LENA", "channel": "C0SUPL1", "command": "/tier", "text": "status"}
    await workspace.does("command", **command)
    over_http = len(workspace.app.received)
    async with websockets.connect(await opened_address(workspace), proxy=None) as socket:
        await received(socket)

    failed = await workspace.does("command", **command)
    await workspace.does("message", user="U0SAM", channel="C0SUPL1", text="anybody there?")
    await workspace.sandbox.deliveries.settled()

    assert (over_http, len(workspace.app.received)) == (1, 1)
    assert failed["error"] == "dispatch_failed"
    attempts = [each for each in workspace.sandbox.deliveries.log("slack") if each.event == "message"]
    assert [each.attempt for each in attempts] == [0, 1, 2, 3]
    assert {each.url for each in attempts} == {"socket:/slack/events"}


class _SlowToClose:
    """A socket whose end takes a while, as it does where a thread has to wait for its turn."""

    def __init__(self, socket: Any, ending: threading.Event) -> None:
        self._socket, self._ending = socket, ending

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def close(self) -> None:
        self._ending.set()
        time.sleep(0.1)
        self._socket.close()


async def test_a_client_is_closed_while_its_connection_ends(workspace: Workspace, answers: Answers) -> None:
    session, ending = answers.client.current_session, threading.Event()
    assert session is not None
    session.sock = cast(Any, _SlowToClose(session.sock, ending))

    await workspace.people.post("/sandbox/slack/sockets/cut", json={})
    await asyncio.to_thread(ending.wait, WAIT_LIMIT_S)
    await hang_up(workspace, answers.client)

    assert not answers.client.is_connected()


async def test_an_unacknowledged_event_comes_again_at_another_connection(workspace: Workspace) -> None:
    workspace.sandbox.deliveries.scale = 0.0
    first, second = [await websockets.connect(await opened_address(workspace), proxy=None) for _ in range(2)]
    for socket in (first, second):
        await received(socket)

    await workspace.does("message", user="U0SAM", channel="C0SUPL1", text="hello")
    lost = await received(first)
    # The one that has it goes away; its envelope is not lost with it.
    await first.close()
    again = await received(second)
    await second.send(json.dumps({"envelope_id": again["envelope_id"]}))
    await workspace.sandbox.deliveries.settled()
    await second.close()

    assert (lost["retry_attempt"], again["retry_attempt"], again["retry_reason"]) == (0, 1, "timeout")
    assert lost["payload"]["event_id"] == again["payload"]["event_id"]
    assert lost["envelope_id"] != again["envelope_id"]


async def test_each_envelope_goes_to_one_of_several_connections(workspace: Workspace) -> None:
    sockets = [await websockets.connect(await opened_address(workspace), proxy=None) for _ in range(2)]
    got: list[tuple[int, str]] = []

    async def listen(number: int, socket: ClientConnection) -> None:
        async for text in socket:
            message = json.loads(text)
            if "envelope_id" in message:
                got.append((number, message["payload"]["event"]["text"]))
                await socket.send(json.dumps({"envelope_id": message["envelope_id"]}))

    listeners = [asyncio.create_task(listen(number, socket)) for number, socket in enumerate(sockets)]
    await eventually(lambda: len(workspace.sandbox.slack.sockets.open) == 2)
    for number in range(4):
        await workspace.does("message", user="U0SAM", channel="C0SUPL1", text=str(number))
    await workspace.sandbox.deliveries.settled()
    for socket in sockets:
        await socket.close()
    await asyncio.gather(*listeners)

    assert sorted(text for _, text in got) == ["0", "1", "2", "3"]
    assert {number for number, _ in got} == {0, 1}


async def test_a_command_that_is_not_acknowledged_fails_after_three_seconds(workspace: Workspace) -> None:
    async with websockets.connect(await opened_address(workspace), proxy=None) as socket:
        await received(socket)
        done = await workspace.does("command", user="U0LENA", channel="C0SUPL1", command="/tier", text="status")

    assert done["error"] == "operation_timeout"
    assert "not acknowledged in 3 s" in (workspace.sandbox.deliveries.log("slack")[-1].error or "")


async def test_a_client_that_is_told_to_go_comes_back(workspace: Workspace, answers: Answers) -> None:
    sockets = workspace.sandbox.slack.sockets
    [before] = sockets.to_json()

    told = (
        await workspace.people.post("/sandbox/slack/sockets/disconnect", json={"reason": "refresh_requested"})
    ).json()
    await eventually(lambda: [each["number"] for each in sockets.to_json()] not in ([], [before["number"]]))
    await workspace.does("message", user="U0SAM", channel="C0SUPL1", text="still there?")

    assert told == {"told": 1}
    [event] = await answers.wait_for("events_api")
    assert event.payload["event"]["text"] == "still there?"


@pytest.mark.parametrize("client_class", [AiohttpClient, WebsocketsClient])
async def test_the_asynchronous_clients_are_served_too(
    workspace: Workspace, client_class: type[AiohttpClient] | type[WebsocketsClient]
) -> None:
    answers = Answers()
    web = AsyncWebClient(base_url=f"{workspace.sandbox.http_url}/slack/api/")
    client = client_class(app_token=workspace.sandbox.credentials.slack_app_token.get_secret_value(), web_client=web)

    async def listen(client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        await client.send_socket_mode_response(answers.take(request))

    client.socket_mode_request_listeners.append(listen)
    await client.connect_to_new_endpoint()
    await eventually(lambda: len(workspace.sandbox.slack.sockets.open) == 1)
    done = await workspace.does("command", user="U0LENA", channel="C0SUPL1", command="/tier", text="status")
    await client.close()  # type: ignore[no-untyped-call]

    assert done["status"] == 200
    assert [request.type for request in answers.requests] == ["slash_commands"]

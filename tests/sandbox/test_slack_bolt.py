"""Bolt for Python against the local Slack: its verification of requests, and an app of its own over HTTP and by socket."""

import asyncio
from typing import Any

from fastapi import FastAPI, Request, Response
from slack_bolt import Ack, App, BoltRequest, BoltResponse, Respond
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.starlette.handler import to_bolt_request, to_starlette_response
from slack_bolt.middleware import RequestVerification
from slack_sdk import WebClient

from tests.sandbox.slack_workspace import Received, Workspace, eventually, hang_up, serving
from tests.sandbox.slack_workspace import workspace as workspace

PLACE = {"user": "U0LENA", "channel": "C0SUPL1"}
BLOCKS: list[dict[str, Any]] = [
    {
        "type": "actions",
        "elements": [{"type": "button", "action_id": "ack", "text": {"type": "plain_text", "text": "Acknowledge"}}],
    }
]


def verdict(workspace: Workspace, received: Received, body: str | None = None, **headers: str) -> int:
    """The status that Bolt's own verification gives a request; 200 lets it pass."""
    verification = RequestVerification(workspace.sandbox.credentials.slack_signing_secret.get_secret_value())
    request = BoltRequest(body=body or received.body.decode(), headers={**received.headers, **headers})
    passed: list[bool] = []

    def proceed() -> BoltResponse:
        passed.append(True)
        return BoltResponse(status=200)

    answer = verification.process(req=request, resp=BoltResponse(status=404), next=proceed)
    assert bool(passed) == (answer.status == 200)
    status: int = answer.status
    return status


async def test_bolt_accepts_what_is_signed_and_refuses_what_was_altered(workspace: Workspace) -> None:
    written = await workspace.does("message", text="hello", **PLACE)
    await workspace.does("command", command="/tier", text="status", **PLACE)
    await workspace.does("shortcut", ts=written["ts"], callback_id="escalate", **PLACE)
    await workspace.app.wait_for("/slack/events")

    deliveries = workspace.app.received
    assert {received.path for received in deliveries} == {"/slack/events", "/slack/commands", "/slack/interactive"}
    for received in deliveries:
        stamp = int(received.headers["x-slack-request-timestamp"])
        assert verdict(workspace, received) == 200
        assert verdict(workspace, received, received.body.decode().replace("U0LENA", "U0EVE0")) == 401
        assert verdict(workspace, received, **{"x-slack-request-timestamp": str(stamp + 1)}) == 401
        assert verdict(workspace, received, **{"x-slack-request-timestamp": str(stamp - 600)}) == 401


class BoltApp:
    """An app as Bolt's users write it. It notes what it was told of."""

    def __init__(self, workspace: Workspace) -> None:
        self.heard: list[tuple[str, str]] = []
        client = WebClient(
            token=workspace.sandbox.credentials.slack_bot_token.get_secret_value(),
            base_url=f"{workspace.sandbox.http_url}/slack/api/",
        )
        self.app = App(
            signing_secret=workspace.sandbox.credentials.slack_signing_secret.get_secret_value(), client=client
        )
        self.app.command("/tier")(self._command)
        self.app.action("ack")(self._button)
        self.app.event("reaction_added")(self._reaction)

    def _command(self, ack: Ack, command: dict[str, Any]) -> None:
        self.heard.append(("command", command["text"]))
        ack(f"{command['text']}: L2")

    def _button(self, ack: Ack, body: dict[str, Any], respond: Respond) -> None:
        ack()
        self.heard.append(("button", body["actions"][0]["action_id"]))
        respond(text="acknowledged", replace_original=True)

    def _reaction(self, event: dict[str, Any]) -> None:
        self.heard.append(("reaction", event["reaction"]))

    async def waits_for(self, what: str) -> None:
        """Returns once the app was told of it."""
        await eventually(lambda: what in [kind for kind, _ in self.heard])


async def uses_the_app(workspace: Workspace, bolt: BoltApp) -> None:
    """Lena types a command, presses a button and reacts; the app answers each as it should."""
    posted = await workspace.call("chat_postMessage", channel="C0SUPL1", text="card", blocks=BLOCKS)
    typed = await workspace.does("command", command="/tier", text="T-7", **PLACE)
    pressed = await workspace.does("click", ts=posted["ts"], action_id="ack", **PLACE)
    await bolt.waits_for("button")
    await workspace.does("reaction", ts=posted["ts"], name="eyes", **PLACE)
    await bolt.waits_for("reaction")

    assert (typed["error"], pressed["error"]) == (None, None)
    assert bolt.heard == [("command", "T-7"), ("button", "ack"), ("reaction", "eyes")]
    await eventually(lambda: workspace.sandbox.slack.messages["C0SUPL1"][posted["ts"]].text == "acknowledged")
    seen = await workspace.sees("U0LENA")
    assert [each["text"] for each in seen["ephemerals"]] == ["T-7: L2"]


async def test_an_app_made_with_bolt_works_over_http(workspace: Workspace) -> None:
    bolt = await asyncio.to_thread(BoltApp, workspace)
    asgi = FastAPI()

    @asgi.post("/slack/{kind}")
    async def take(kind: str, request: Request) -> Response:
        # In a thread: Bolt blocks as it asks Slack, which is served by this very event loop.
        answer = await asyncio.to_thread(bolt.app.dispatch, to_bolt_request(request, await request.body()))
        return to_starlette_response(answer)

    async with serving(asgi) as address:
        workspace.sandbox.gateway_url = address
        await uses_the_app(workspace, bolt)
    assert workspace.app.received == []


async def test_an_app_made_with_bolt_works_by_socket(workspace: Workspace) -> None:
    bolt = await asyncio.to_thread(BoltApp, workspace)
    token = workspace.sandbox.credentials.slack_app_token.get_secret_value()
    handler = SocketModeHandler(bolt.app, token, web_client=workspace.client)
    await asyncio.to_thread(handler.connect)
    await eventually(lambda: bool(workspace.sandbox.slack.sockets.open))

    await uses_the_app(workspace, bolt)

    await hang_up(workspace, handler.client)
    assert workspace.app.received == []

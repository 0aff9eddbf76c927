"""Socket Mode: the gateway connects to Slack, hears through that connection what it else hears over HTTP, and answers through it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr
from slack_sdk import WebClient

from config.sections import GatewaySettings, SlackSettings
from config.settings import Settings
from domain.messages import Note
from domain.people import Role
from domain.policy import Policy
from gateway.app import app_for
from gateway.composition import open_gateway
from gateway.gateway import Gateway, SlackDoor
from gateway.quarantine import Quarantine
from gateway.running import Running
from gateway.slack_answers import LateAnswers
from gateway.slack_line import SlackLine
from gateway.slack_socket import connected_to_slack
from gateway.slack_surfaces import SlackSurfaces
from integrations.vendor_portal.links import VendorLinks
from sandbox.server import Sandbox
from sandbox.slack.sockets import Envelope
from tests.gateway.desk import RememberingDesk
from tests.gateway.front_door import LINK_SECRET, a_ticket, eventually

CHANNEL = "C0SUPL1"


class OneGateway:
    """A gateway that is not reached from outside."""

    def __init__(self, gateway: Gateway, line: SlackLine, quarantine: Path) -> None:
        self.gateway, self.line, self._quarantine = gateway, line, quarantine
        transport = httpx2.ASGITransport(app=app_for(gateway), raise_app_exceptions=False)
        self.http = httpx2.AsyncClient(transport=transport, base_url="http://tierline.example")

    @property
    def kept_aside(self) -> list[dict[str, Any]]:
        return [json.loads(file.read_text()) for file in sorted(self._quarantine.glob("*.json"))]

    def counted(self, name: str, **labels: str) -> float | None:
        return self.gateway.metrics.registry.get_sample_value(name, labels)


class World:
    """A sandbox without any address of a gateway, and people in it."""

    def __init__(self, sandbox: Sandbox, desk: RememberingDesk, folder: Path, people: httpx2.AsyncClient) -> None:
        self.sandbox, self.desk, self._folder, self._people = sandbox, desk, folder, people

    @asynccontextmanager
    async def gateway(self, *, token: SecretStr | None = None, number: int = 1) -> AsyncIterator[OneGateway]:
        base_url = f"{self.sandbox.http_url}/slack/api/"
        credentials = self.sandbox.credentials
        client = WebClient(
            token=credentials.slack_bot_token.get_secret_value(), base_url=base_url, timeout=2, retry_handlers=[]
        )
        line, quarantine = SlackLine(), self._folder / f"quarantine-{number}"
        async with httpx2.AsyncClient() as web:
            slack = SlackDoor(None, SlackSurfaces(client), LateAnswers(web), line=line)
            running = Running(self.desk, patience=5.0, pause=0.005)
            gateway = Gateway(
                policy=self.desk.policy,
                desk=self.desk,
                running=running,
                links=VendorLinks(LINK_SECRET, "https://tierline.example"),
                quarantine=Quarantine(quarantine),
                slack=slack,
            )
            token = token or credentials.slack_app_token
            async with connected_to_slack(gateway, slack, line, token, base_url):
                yield OneGateway(gateway, line, quarantine)
            await running.finish(2)

    async def types(self, text: str, *, user: str = "U0LENA") -> dict[str, Any]:
        body = {"user": user, "channel": CHANNEL, "command": "/tier", "text": text}
        answer = await self._people.post("/people/slack/command", json=body)
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said

    async def sends(self, envelope: Envelope) -> dict[str, Any]:
        return await self.sandbox.slack.sockets.deliver(envelope)


@pytest.fixture
async def world(policy: Policy, tmp_path: Path) -> AsyncIterator[World]:
    async with Sandbox() as sandbox, httpx2.AsyncClient(base_url=sandbox.http_url, timeout=15) as people:
        assert sandbox.gateway_url is None
        desk = RememberingDesk(policy)
        desk.have(a_ticket())
        yield World(sandbox, desk, tmp_path, people)


def a_command(text: str, *, trigger: str = "1.1.a") -> Envelope:
    payload = {"user_id": "U0LENA", "user_name": "lena", "team_id": "T0ACME", "trigger_id": trigger, "text": text}
    return Envelope("slash_commands", payload, accepts_response_payload=True)


async def test_a_command_is_answered_through_the_connection_though_slack_knows_no_address(world: World) -> None:
    async with world.gateway() as one:
        await eventually(lambda: one.line.up)
        answered = await world.types("note T-1042 We see it &amp; work")
        refused = await world.types("accept T-9")
        stranger = await world.types("status T-1042", user="U0KIRAN")

    assert answered["status"] == 200
    assert answered["body"] == {"response_type": "ephemeral", "text": "Done: note T-1042"}
    ((ticket_id, command),) = world.desk.commands
    assert (ticket_id, command.by.id, command.by.name) == ("T-1042", "U0LENA", "lena")
    assert "There is no ticket T-9" in refused["body"]["text"]
    assert "people of my own workspace alone" in stranger["body"]["text"]


async def test_what_slack_sends_twice_happens_once(world: World) -> None:
    async with world.gateway() as one:
        await eventually(lambda: one.line.up)
        first = await world.sends(a_command("note T-1042 again"))
        again = await world.sends(a_command("note T-1042 again"))
        await world.sends(a_command("note T-1042 again", trigger="1.1.b"))

    assert first["payload"] == again["payload"]
    assert first["envelope_id"] != again["envelope_id"]
    assert [command.request for _, command in world.desk.commands] == [Note(text="again"), Note(text="again")]


async def test_readiness_and_metrics_show_the_connection(world: World) -> None:
    async with world.gateway() as one:
        await eventually(lambda: one.line.up)
        assert (await one.http.get("/readyz")).json() == {"status": "ok", "slack_socket": "up"}
        assert one.counted("tierline_gateway_connection_up", vendor="slack") == 1
        assert one.counted("tierline_gateway_connections_total", vendor="slack") == 1
    assert (await one.http.get("/readyz")).json() == {"status": "ok", "slack_socket": "down"}
    assert one.counted("tierline_gateway_connection_up", vendor="slack") == 0


@pytest.mark.parametrize("end", ["refresh_requested", "warning", "cut"])
async def test_when_a_connection_ends_another_takes_its_place_and_no_secret_is_logged(
    world: World, end: str, caplog: pytest.LogCaptureFixture
) -> None:
    sockets = world.sandbox.slack.sockets
    with caplog.at_level("DEBUG", logger="tierline"):
        async with world.gateway() as one:
            await eventually(lambda: one.line.up)
            if end == "cut":
                await sockets.cut()
            else:
                await sockets.disconnect(end)  # type: ignore[arg-type]
            await eventually(lambda: one.line.greeted == 2 and one.line.up)
            await eventually(lambda: len(sockets.open) == 1)
            answered = await world.types("note T-1042 still here")

    assert answered["body"]["text"] == "Done: note T-1042"
    assert one.counted("tierline_gateway_connections_total", vendor="slack") == 2
    logged = " ".join(record.getMessage() for record in caplog.records)
    assert "slack socket connected" in logged
    assert not any(word in logged for word in ("xapp-", "xoxb-", "ticket=", "still here"))


async def test_two_gateways_share_what_comes(world: World) -> None:
    async with world.gateway(number=1) as one, world.gateway(number=2) as two:
        await eventually(lambda: one.line.up and two.line.up)
        for number in range(4):
            await world.types(f"note T-1042 {number}")

    assert len(world.desk.commands) == 4
    counts = [each.counted("tierline_gateway_webhooks_total", vendor="slack", outcome="command") for each in (one, two)]
    assert counts == [2, 2]


async def test_a_token_that_slack_refuses_is_logged_and_the_rest_of_the_gateway_lives(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("WARNING", logger="tierline"):
        async with world.gateway(token=SecretStr("xapp-1-A-wrong")) as one:
            await eventually(lambda: "invalid_auth" in caplog.text)
            assert (await one.http.get("/healthz")).status_code == 200
            assert (await one.http.get("/readyz")).json()["slack_socket"] == "down"
    assert "xapp-" not in caplog.text


@pytest.mark.parametrize(
    ("envelope", "answered"),
    [
        (Envelope("slash_commands", {"text": "accept T-1042"}, accepts_response_payload=True), True),
        (Envelope("slash_commands", ["no", "form"], accepts_response_payload=True), True),  # type: ignore[arg-type]
        (Envelope("interactive", {"type": "block_actions"}, accepts_response_payload=False), False),
        (Envelope("events_api", {"event": 7}, accepts_response_payload=False, retry_attempt=1), False),
        (Envelope("tea", {"milk": True}, accepts_response_payload=True), False),  # type: ignore[arg-type]
    ],
)
async def test_what_cannot_be_read_is_acknowledged_kept_aside_and_said(
    world: World, envelope: Envelope, answered: bool
) -> None:
    async with world.gateway() as one:
        await eventually(lambda: one.line.up)
        first = await world.sends(envelope)
        await world.sends(envelope)

    assert ("could not read" in json.dumps(first.get("payload"))) is answered
    assert len(one.kept_aside) == 1, "what is sent again is kept once"
    assert one.counted("tierline_gateway_quarantined_total", vendor="slack") == 2


async def test_a_message_that_is_no_json_is_kept_aside_and_the_next_one_is_taken(world: World) -> None:
    async with world.gateway() as one:
        await eventually(lambda: one.line.up)
        (connection,) = world.sandbox.slack.sockets.open
        await connection.socket.send_text('{"envelope_id": "e1", "payl')
        await connection.socket.send_text("[" * 100_000)
        await eventually(lambda: len(one.kept_aside) == 2)
        answered = await world.types("note T-1042 after the noise")

    assert answered["body"]["text"] == "Done: note T-1042"


async def test_a_failure_here_is_told_kept_aside_and_logged_without_its_text(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> None:
        raise LookupError("Robin Roe called")

    monkeypatch.setattr("gateway.slack_intake.slash_command", broken)
    async with world.gateway() as one:
        await eventually(lambda: one.line.up)
        answered = await world.types("note T-1042 x")

    assert "That failed here" in answered["body"]["text"]
    assert [kept["why"] for kept in one.kept_aside] == ["failed: LookupError"]
    assert "Robin" not in caplog.text


async def test_while_temporal_is_away_the_words_are_those_of_http(world: World) -> None:
    async with world.gateway() as one:
        await eventually(lambda: one.line.up)
        world.desk.away = True
        status = await world.types("status T-1042")
        asyncio.get_running_loop().call_later(2.2, setattr, world.desk, "away", False)
        working = await world.types("accept T-1042")
        await eventually(lambda: bool(world.desk.commands))
        await eventually(lambda: any("Done: accept" in said.text for said in world.sandbox.slack.ephemerals))

    assert "cannot reach its workflows" in status["body"]["text"]
    assert "Working on it" in working["body"]["text"]


async def test_the_token_alone_turns_it_on_and_user_groups_are_known_before_anybody_types(
    world: World, free_port: int, tmp_path: Path
) -> None:
    policy = world.desk.policy.model_copy(update={"roles": {Role.LEAD: ("S0LEADS",)}})
    credentials = world.sandbox.credentials
    settings = Settings(
        gateway=GatewaySettings(link_secret=LINK_SECRET, quarantine_dir=tmp_path / "quarantine"),
        slack=SlackSettings(
            bot_token=credentials.slack_bot_token,
            app_token=credentials.slack_app_token,
            base_url=f"{world.sandbox.http_url}/slack/api/",
        ),
    )
    async with open_gateway(settings, policy, {"target_host": f"127.0.0.1:{free_port}"}) as gateway:
        slack = gateway.slack
        assert slack is not None
        line = slack.line
        assert line is not None
        await eventually(lambda: line.up)
        await eventually(lambda: slack.directory.groups_of("U0LENA", ["S0LEADS"]) == {"S0LEADS"})
        helped = await world.types("help escalate")
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app_for(gateway)), base_url="http://tierline.example"
        ) as http:
            over_http = await http.post("/slack/commands", content=b"text=help")

    assert "/tier escalate T-1042" in helped["body"]["text"]
    assert over_http.status_code == 404, "without a signing secret nothing is taken over HTTP"

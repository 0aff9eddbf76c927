"""The events' address itself: what Slack says of the app, and deliveries that cannot be handed on in time."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from domain.ticket_references import ReferenceKind, reference
from gateway import slack_events
from tests.gateway.front_door import FrontDoor
from tests.gateway.slack_happenings import CARD, CHANNEL, a_reply, enveloped


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"type": "app_uninstalled"}, "install it again and put the new bot token into TIERLINE_SLACK__BOT_TOKEN"),
        ({"type": "tokens_revoked", "tokens": {"oauth": [], "bot": ["U0TIERLINE"]}}, "reinstall the app"),
    ],
)
async def test_what_ends_the_app_is_an_error_that_says_what_to_do(
    door: FrontDoor, caplog: pytest.LogCaptureFixture, event: dict[str, Any], words: str
) -> None:
    response = await door.slack("events", json.dumps(enveloped(event)).encode())

    assert response.status_code == 200
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert words in record.getMessage()


async def test_events_that_slack_held_back_are_an_error(door: FrontDoor, caplog: pytest.LogCaptureFixture) -> None:
    body = {"type": "app_rate_limited", "team_id": "T0ACME", "minute_rate_limited": 1518467820}
    assert (await door.slack("events", json.dumps(body).encode())).status_code == 200

    assert "slack held events back" in caplog.text


async def test_a_delivery_that_takes_too_long_comes_again(
    build: Callable[..., FrontDoor], monkeypatch: pytest.MonkeyPatch
) -> None:
    door = build()
    door.desk.references["T-1042"] = {reference(ReferenceKind.CARD, f"{CHANNEL}/{CARD}")}
    monkeypatch.setattr(slack_events, "_WITHIN_SECONDS", 0.05)
    blocked, deliver = asyncio.Event(), door.desk.deliver

    async def slow(*arguments: Any) -> bool:
        await blocked.wait()
        return await deliver(*arguments)

    monkeypatch.setattr(door.desk, "deliver", slow)
    body = json.dumps(enveloped(a_reply())).encode()
    first = await door.slack("events", body)
    blocked.set()
    again = await door.slack("events", body)

    assert (first.status_code, again.status_code) == (503, 200)
    assert len(door.desk.deliveries) == 1

"""Buttons and forms of the card, and the events that Slack sends."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from domain.messages import Accept, Escalate, Reopen, Request, Resolve, Return
from domain.tiers import Tier
from gateway.slack_words import FAILED, UNREADABLE
from sandbox.slack.blocks import find_view_errors
from tests.gateway.front_door import AGENT, LEAD, NOBODY, FrontDoor, chosen, eventually, written

OPENED_BY = '{"ticket": "T-1042", "response_url": "https://hooks.slack.example/actions/1"}'


def a_form(button: str, metadata: str = OPENED_BY) -> dict[str, Any]:
    return {"callback_id": f"tierline.{button}", "private_metadata": metadata}


async def test_accept_acts_at_once_and_counts_once(door: FrontDoor) -> None:
    for _ in range(2):
        response = await door.presses("tierline.accept", user=AGENT)
        assert (response.status_code, response.content) == (200, b"")
    await eventually(lambda: len(door.response_urls.told) == 2)

    ((ticket_id, command),) = door.desk.commands
    assert (ticket_id, command.request, command.by.id) == ("T-1042", Accept(), AGENT)
    assert set(door.response_urls.told) == {"Done: accept T-1042"}


async def test_pressing_again_later_is_a_new_command(door: FrontDoor) -> None:
    await door.presses("tierline.accept", moment="1.1")
    await door.presses("tierline.accept", moment="2.2")
    await eventually(lambda: len(door.desk.commands) == 2)


async def test_a_button_answers_at_once_however_long_the_work_takes(door: FrontDoor) -> None:
    door.desk.held = asyncio.Event()

    assert (await door.presses("tierline.accept")).status_code == 200
    assert door.response_urls.told == []
    door.desk.held.set()
    await eventually(lambda: door.response_urls.told == ["Done: accept T-1042"])


@pytest.mark.parametrize("button", ["return", "resolve", "reopen", "reply", "note", "snooze", "priority", "link"])
async def test_the_other_buttons_open_a_form_that_slack_takes(door: FrontDoor, button: str) -> None:
    assert (await door.presses(f"tierline.{button}")).content == b""

    (view,) = door.forms.views
    assert find_view_errors(dict(view)) == []
    assert view["callback_id"] == f"tierline.{button}"
    assert json.loads(view["private_metadata"])["ticket"] == "T-1042"
    assert door.desk.commands == []


async def test_a_press_without_the_role_is_refused_to_that_person_alone(door: FrontDoor) -> None:
    await door.presses("tierline.escalate", user=AGENT)
    await door.presses("tierline.accept", user=NOBODY)
    await eventually(lambda: len(door.response_urls.told) == 2)

    assert all("You cannot" in told and f"<@{LEAD}>" in told for told in door.response_urls.told)
    assert door.forms.views == []
    assert door.desk.commands == []


async def test_a_form_that_slack_does_not_open_is_said_so(door: FrontDoor) -> None:
    door.forms.works = False

    await door.presses("tierline.escalate")

    await eventually(lambda: bool(door.response_urls.told))
    assert "/tier help" in door.response_urls.told[0]


@pytest.mark.parametrize(
    ("button", "values", "request_"),
    [
        (
            "escalate",
            {"tier": chosen("L3"), "vendor": chosen("acquirer"), "reason": written("it burns")},
            Escalate(to=Tier.L3, reason="it burns"),
        ),
        (
            "escalate",
            {"tier": chosen("L4"), "vendor": chosen("acquirer"), "reason": written("they &lt;decline&gt;")},
            Escalate(to=Tier.L4, vendor="acquirer", reason="they <decline>"),
        ),
        (
            "escalate",
            {"tier": chosen("L4"), "vendor": {"selected_option": None}, "reason": written("theirs")},
            Escalate(to=Tier.L4, reason="theirs"),
        ),
        ("return", {"tier": chosen("any"), "reason": written("no steps")}, Return(reason="no steps")),
        ("return", {"tier": chosen("L1"), "reason": written("no steps")}, Return(to=Tier.L1, reason="no steps")),
        ("resolve", {"text": written("It works again")}, Resolve(text="It works again")),
        ("reopen", {"reason": written("not for Amex")}, Reopen(reason="not for Amex")),
    ],
)
async def test_a_submitted_form_becomes_a_command_once(
    door: FrontDoor, button: str, values: dict[str, Any], request_: Request
) -> None:
    for _ in range(2):
        response = await door.submits(a_form(button), values)
        assert (response.status_code, response.content) == (200, b"")

    ((ticket_id, command),) = door.desk.commands
    assert (ticket_id, command.request, command.by.id) == ("T-1042", request_, LEAD)


async def test_what_is_refused_is_shown_in_the_form_and_can_be_corrected(door: FrontDoor) -> None:
    values = {"tier": chosen("L2"), "reason": written("why")}
    door.desk.refusal = "T-1042 is in L2: escalate goes up"
    refused = await door.submits(a_form("escalate"), values)
    door.desk.refusal = None
    taken = await door.submits(a_form("escalate"), values | {"tier": chosen("L3")})

    assert refused.json() == {"response_action": "errors", "errors": {"reason": "T-1042 is in L2: escalate goes up"}}
    assert taken.content == b""
    assert len(door.desk.commands) == 1


@pytest.mark.parametrize(
    ("button", "values", "block"),
    [
        ("escalate", {"tier": chosen("L3"), "reason": written("  ")}, "reason"),
        ("escalate", {"tier": chosen("L3")}, "reason"),
        ("escalate", {"reason": written("why")}, "tier"),
        ("escalate", {"tier": chosen("L9"), "reason": written("why")}, "tier"),
        ("return", {"tier": chosen("nowhere"), "reason": written("why")}, "tier"),
        ("resolve", {"text": written("x" * 3_001)}, "text"),
        ("resolve", {"text": {"value": {"not": "text"}}}, "text"),
    ],
)
async def test_an_incomplete_form_says_what_is_missing_under_its_input(
    door: FrontDoor, button: str, values: dict[str, Any], block: str
) -> None:
    answer = (await door.submits(a_form(button), values)).json()

    assert answer["response_action"] == "errors"
    assert list(answer["errors"]) == [block]
    assert door.desk.commands == []


async def test_a_form_sent_without_the_role_is_refused_in_it(door: FrontDoor) -> None:
    answer = await door.submits(a_form("escalate"), {"tier": chosen("L3"), "reason": written("why")}, user=AGENT)

    assert answer.json()["errors"] == {"reason": "This is for support leads, engineers or operators."}
    assert door.desk.commands == []


@pytest.mark.parametrize("action", ["tierline.escalate", "tierline.resolve"])
async def test_a_press_is_acknowledged_in_time_though_slack_opens_its_form_slowly(
    build: Callable[..., FrontDoor], action: str
) -> None:
    door = build(slack_patience=0.05)
    door.forms.held = asyncio.Event()

    async with asyncio.timeout(5):
        response = await door.presses(action)
    assert (response.status_code, response.content) == (200, b"")
    assert door.forms.views == []
    door.forms.held.set()

    await eventually(lambda: len(door.forms.views) >= 1)


async def test_a_form_whose_work_takes_longer_closes_and_its_result_is_told(build: Callable[..., FrontDoor]) -> None:
    door = build(slack_patience=0.05)
    door.desk.held = asyncio.Event()

    response = await door.submits(a_form("resolve"), {"text": written("done")})
    assert response.content == b""
    door.desk.held.set()

    await eventually(lambda: door.response_urls.told == ["Done: resolve T-1042"])


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "block_actions", "user": {"id": LEAD}, "actions": []},
        {
            "type": "block_actions",
            "user": {"id": LEAD},
            "actions": [{"action_id": "tierline.unknown", "value": "T-1042"}],
        },
        {"type": "block_actions", "user": {"id": LEAD}, "actions": [{"action_id": "accept", "value": "T-1042"}]},
        {"type": "view_submission", "user": {"id": LEAD}, "view": a_form("accept", "{}") | {"callback_id": "theirs"}},
        {"type": "view_submission", "user": {"id": LEAD}, "view": a_form("accept")},
        {"type": "view_submission", "user": {"id": LEAD}},
        {"type": "something_new"},
    ],
)
async def test_what_is_not_ours_is_acknowledged_and_does_nothing(door: FrontDoor, payload: dict[str, Any]) -> None:
    response = await door.interacts(payload)

    assert (response.status_code, response.content) == (200, b"")
    assert [*door.desk.handed, *door.forms.views, *door.response_urls.told] == []


@pytest.mark.parametrize("value", [None, "", "../x", "t-1042"])
async def test_a_button_of_ours_that_names_no_ticket_is_kept_aside_and_said_so(
    door: FrontDoor, value: str | None
) -> None:
    assert (await door.presses("tierline.accept", value=value)).content == b""  # type: ignore[arg-type]
    await eventually(lambda: door.response_urls.told == [UNREADABLE])

    assert len(list(door.quarantine.iterdir())) == 1
    assert [*door.desk.handed, *door.forms.views] == []


async def test_a_form_whose_work_fails_here_does_not_close_as_if_all_were_well(
    door: FrontDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(door.desk, "execute", fails)
    answer = (await door.submits(a_form("resolve"), {"text": written("done")})).json()

    assert answer["response_action"] == "update"
    assert find_view_errors(answer["view"]) == []
    assert answer["view"]["blocks"][0]["text"]["text"] == FAILED


@pytest.mark.parametrize("body", [b'{"type": "url_verification"}', b'{"type": "event_callback", "event": {}}'])
async def test_an_event_that_lacks_what_it_is_about_is_kept_aside(door: FrontDoor, body: bytes) -> None:
    assert (await door.slack("events", body)).status_code == 200
    assert len(list(door.quarantine.iterdir())) == 1

"""Who is heard in Slack, and with which roles: user groups, strangers, apps, and a Slack that does not answer."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from domain.people import Role
from domain.policy import CommandName, Policy
from gateway.remembered import Remembered
from gateway.slack_directory import GROUP_SECONDS, SlackDirectory
from gateway.slack_people import NO_BOTS, NO_STRANGERS
from gateway.slack_surfaces import Profile, SurfaceFailure
from tests.gateway.front_door import AGENT, LEAD, NOBODY, FrontDoor, eventually
from tests.gateway.slack_stand_in import OpenedForms

STRANGER = "U0KIRAN"


@pytest.fixture
def policy(policy: Policy) -> Policy:
    """Leads are those of a user group; agents are named by id."""
    return policy.model_copy(update={"roles": {Role.LEAD: ("S0LEADS",), Role.AGENT: (AGENT,)}})


@pytest.fixture
def door(door: FrontDoor) -> FrontDoor:
    """In a workspace where Lena is in the leads' group, and Kiran is of another company."""
    door.forms.groups["S0LEADS"] = frozenset({LEAD})
    door.forms.teams = frozenset({"T0ACME"})
    door.forms.profiles[STRANGER] = Profile(user_id=STRANGER, name="kiran", stranger=True)
    door.forms.profiles["U0BOT"] = Profile(user_id="U0BOT", name="other app", bot=True)
    return door


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


async def test_a_member_of_a_user_group_has_the_roles_that_the_policy_gives_it(door: FrontDoor) -> None:
    assert await door.types("priority T-1042 P1") == "Done: priority T-1042"
    ((_, command),) = door.desk.commands
    assert command.by.roles == {Role.LEAD}


async def test_a_refusal_names_people_and_groups(door: FrontDoor) -> None:
    answer = await door.types("escalate T-1042 L3 it burns", user=AGENT)

    assert answer.startswith("You cannot escalate a ticket: that is for support leads")
    assert answer.endswith("Ask <!subteam^S0LEADS>.")
    assert "cannot read those" not in answer


async def test_while_groups_were_never_read_a_refusal_says_so_and_the_answer_is_in_time(door: FrontDoor) -> None:
    door.forms.works = False

    began = time.monotonic()
    answer = await door.types("escalate T-1042 L3 it burns")

    assert time.monotonic() - began < 2.5
    assert "If you are one by a user group: I cannot read those from Slack just now" in answer
    assert door.desk.commands == []


async def test_a_slack_that_hangs_is_waited_for_no_longer_than_a_part_of_its_three_seconds(
    door: FrontDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hangs(_: str) -> frozenset[str]:
        await asyncio.sleep(60)
        raise AssertionError

    monkeypatch.setattr(door.forms, "members", hangs)
    began = time.monotonic()
    answer = await door.types("note T-1042 by one who is named by id", user=AGENT)

    assert time.monotonic() - began < 2.0
    assert answer == "Done: note T-1042"
    assert door.gateway.slack is not None
    await door.gateway.slack.directory.close()


async def test_groups_are_read_again_after_five_minutes_and_kept_while_slack_fails() -> None:
    slack, clock = OpenedForms(), Hands()
    slack.groups["S0LEADS"] = frozenset({LEAD})
    directory = SlackDirectory(slack, clock=clock)
    groups = ("S0LEADS",)

    await directory.read_groups(groups)
    await directory.read_groups(groups)
    assert directory.groups_of(LEAD, groups) == {"S0LEADS"}
    assert slack.asked == ["S0LEADS"]

    clock.seconds = GROUP_SECONDS + 1
    slack.works = False
    await directory.read_groups(groups)
    assert directory.groups_of(LEAD, groups) == {"S0LEADS"}
    assert directory.unread_groups(groups) == frozenset()

    clock.seconds += 11
    slack.works, slack.groups["S0LEADS"] = True, frozenset()
    await directory.read_groups(groups)
    assert directory.groups_of(LEAD, groups) == frozenset()


async def test_many_who_ask_at_once_are_one_question_and_a_failure_is_not_asked_for_again_at_once() -> None:
    asked: list[str] = []
    clock, fails = Hands(), [True]

    async def load(key: str) -> str:
        asked.append(key)
        await asyncio.sleep(0)
        if fails[0]:
            raise SurfaceFailure("ratelimited")
        return key.upper()

    kept = Remembered(load, unknown=SurfaceFailure, fresh_for=60, clock=clock)
    assert await asyncio.gather(*(kept.get("a", patience=1) for _ in range(5))) == [None] * 5
    assert await kept.get("a", patience=1) is None
    assert asked == ["a"]

    fails[0], clock.seconds = False, 11.0
    assert await kept.get("a", patience=1) == "A"
    assert (await kept.get("a", patience=1), asked) == ("A", ["a", "a"])


async def test_of_those_whom_nobody_knows_no_more_are_remembered_than_of_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.remembered._MOST", 3)
    asked: list[str] = []

    async def load(key: str) -> str:
        asked.append(key)
        raise SurfaceFailure("user_not_found")

    kept = Remembered(load, unknown=SurfaceFailure, fresh_for=60, clock=Hands())
    for key in "abcd":
        await kept.get(key, patience=1)

    # The oldest failure is forgotten, so that it is asked for again; the newest is not.
    await kept.get("d", patience=1)
    await kept.get("a", patience=1)
    assert asked == ["a", "b", "c", "d", "a"]


async def test_what_comes_too_late_is_there_for_the_next_who_asks() -> None:
    answered = asyncio.Event()

    async def load(key: str) -> str:
        await answered.wait()
        return key.upper()

    kept = Remembered(load, unknown=SurfaceFailure, fresh_for=60)
    assert await kept.get("a", patience=0.01) is None
    answered.set()
    await eventually(lambda: kept.last("a") == "A")


async def test_a_stranger_is_refused_in_one_sentence_whatever_they_type(door: FrontDoor, policy: Policy) -> None:
    for text in ("", "who", "help", "status T-1042", "accept T-1042"):
        assert await door.types(text, user=STRANGER, team="T0CARDNET") == NO_STRANGERS
    assert await door.types("accept T-1042", user="U0BOT") == NO_BOTS
    assert door.desk.commands == []


async def test_where_slack_does_not_say_who_it_is_the_requests_own_team_decides(
    door: FrontDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unknown(_: str) -> Profile:
        raise SurfaceFailure("user_not_found")

    monkeypatch.setattr(door.forms, "profile", unknown)
    assert await door.types("who", user=NOBODY, team="T0CARDNET") == NO_STRANGERS
    assert NO_STRANGERS not in await door.types("who", user=NOBODY, team="T0ACME")


async def test_a_strangers_button_is_refused_to_them_alone(door: FrontDoor) -> None:
    response = await door.presses("tierline.accept", user=STRANGER)
    await eventually(lambda: bool(door.response_urls.told))

    assert (response.status_code, response.content) == (200, b"")
    assert door.response_urls.told == [NO_STRANGERS]
    assert door.desk.commands == []


async def test_a_strangers_shortcut_has_no_response_url_and_is_refused_in_the_channel(door: FrontDoor) -> None:
    await door.interacts(
        {
            "type": "message_action",
            "callback_id": "escalate_message",
            "user": {"id": STRANGER, "team_id": "T0CARDNET"},
            "channel": {"id": "C0CARDNET"},
            "trigger_id": "1",
        }
    )
    await eventually(lambda: bool(door.forms.whispers))

    assert [(channel, user, text) for channel, user, text, *_ in door.forms.whispers] == [
        ("C0CARDNET", STRANGER, NO_STRANGERS)
    ]
    assert door.forms.views == []


async def test_a_strangers_form_says_the_sentence(door: FrontDoor) -> None:
    view = {"callback_id": "tierline.resolve", "private_metadata": '{"ticket": "T-1042"}'}
    response = await door.submits(view, {}, user=STRANGER)

    answer = response.json()
    assert answer["response_action"] == "update"
    assert NO_STRANGERS in json.dumps(answer["view"])
    assert door.desk.commands == []


@pytest.mark.parametrize(("reaction", "told"), [("eyes", True), ("tada", False)])
async def test_a_strangers_reaction_does_nothing_and_is_refused_where_it_would_act(
    door: FrontDoor, reaction: str, told: bool
) -> None:
    door.desk.references["T-1042"] = {"card/C0SUPL1/1690000000.000100"}
    event = {
        "type": "reaction_added",
        "user": STRANGER,
        "reaction": reaction,
        "item": {"type": "message", "channel": "C0SUPL1", "ts": "1690000000.000100"},
    }
    await _event(door, event)
    if told:
        await eventually(lambda: bool(door.forms.whispers))

    assert bool(door.forms.whispers) is told
    assert door.desk.commands == []


async def test_a_strangers_message_stays_out_of_the_ticket(door: FrontDoor) -> None:
    door.desk.references["T-1042"] = {"card/C0SUPL1/1690000000.000100"}
    for user, team in ((STRANGER, "T0CARDNET"), ("U0BOT", "T0ACME")):
        event = {
            "type": "message",
            "user": user,
            "team": team,
            "channel": "C0SUPL1",
            "ts": "1690000009.000100",
            "thread_ts": "1690000000.000100",
            "text": "Let me in",
        }
        assert (await _event(door, event)).status_code == 200
    assert door.desk.deliveries == []


async def test_slack_repeating_a_command_by_http_changes_nothing(door: FrontDoor) -> None:
    again = {"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"}
    first = await door.types("note T-1042 again", user=AGENT)
    second = await door.types("note T-1042 again", user=AGENT, headers=again)

    assert first == second == "Done: note T-1042"
    assert len(door.desk.commands) == 1


@pytest.mark.parametrize("command", [CommandName.ACCEPT, CommandName.PRIORITY])
async def test_a_failure_inside_is_kept_aside_and_told(
    build: Callable[..., FrontDoor], monkeypatch: pytest.MonkeyPatch, command: CommandName
) -> None:
    async def broken(*_: object) -> None:
        raise LookupError("Robin Roe")

    monkeypatch.setattr("gateway.slack_intake.slash_command", broken)
    door = build()
    answer = await door.types(f"{command} T-1042 P1", user=AGENT)

    assert "That failed here" in answer
    assert len(list(door.quarantine.iterdir())) == 1


async def _event(door: FrontDoor, event: dict[str, Any]) -> Any:
    envelope = {"type": "event_callback", "team_id": "T0ACME", "event_id": "Ev1", "event": event}
    return await door.slack("events", json.dumps(envelope).encode())


async def test_a_form_without_a_user_is_unreadable_and_nobody_is_looked_up(door: FrontDoor) -> None:
    response = await door.slack("commands", urlencode({"text": "help", "trigger_id": "1"}).encode())

    assert "could not read" in response.json()["text"]
    assert door.forms.asked == []

"""Emoji on a card: taking a ticket with one, and being asked for what a resolution or an escalation needs."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from domain.messages import Accept
from domain.policy import EmojiRules
from domain.ticket_references import ReferenceKind, reference
from gateway.slack_surfaces import Profile
from sandbox.slack.blocks import find_errors
from tests.gateway.front_door import AGENT, LEAD, NOBODY, FrontDoor, eventually
from tests.gateway.slack_happenings import BOT, CARD, CHANNEL, a_reaction, enveloped

Build = Callable[..., FrontDoor]


@pytest.fixture
def door(door: FrontDoor) -> FrontDoor:
    """A gateway at which the card of T-1042 is known."""
    return knowing_the_card(door)


def knowing_the_card(door: FrontDoor) -> FrontDoor:
    door.desk.references["T-1042"] = {reference(ReferenceKind.CARD, f"{CHANNEL}/{CARD}")}
    return door


async def happens(door: FrontDoor, event: dict[str, Any], event_id: str = "Ev01") -> httpx2.Response:
    return await door.slack("events", json.dumps(enveloped(event, event_id)).encode())


def whispered(door: FrontDoor) -> str:
    """What one person was told, once."""
    ((channel, _, text, _),) = door.forms.whispers
    assert channel == CHANNEL
    return text


async def test_eyes_take_the_ticket_once_however_often_slack_sends_it(door: FrontDoor) -> None:
    for _ in range(3):
        assert (await happens(door, a_reaction("eyes"))).content == b""

    ((ticket_id, command),) = door.desk.commands
    assert (ticket_id, command.id, command.request, command.by.id) == ("T-1042", "slack/Ev01", Accept(), AGENT)
    assert door.forms.whispers == []


@pytest.mark.parametrize("name", ["eyes", "eyes::skin-tone-3"])
async def test_the_tone_of_a_skin_makes_no_difference(door: FrontDoor, name: str) -> None:
    await happens(door, a_reaction(name))

    assert len(door.desk.commands) == 1


async def test_a_person_without_the_role_is_told_who_can(door: FrontDoor) -> None:
    await happens(door, a_reaction("eyes", user=NOBODY))
    await happens(door, a_reaction("eyes", user=NOBODY))
    await eventually(lambda: bool(door.forms.whispers))

    assert whispered(door).startswith("You cannot accept a ticket: that is for support agents")
    assert f"<@{LEAD}>" in whispered(door)
    assert door.desk.commands == []


async def test_what_the_rules_refuse_is_told_to_that_person_alone(door: FrontDoor) -> None:
    door.desk.refusal = "T-1042 was taken by tom already"
    await happens(door, a_reaction("eyes"))
    await eventually(lambda: bool(door.forms.whispers))

    assert whispered(door) == "T-1042 was taken by tom already"
    assert door.forms.whispers[0][1] == AGENT


@pytest.mark.parametrize(
    ("emoji", "user", "button", "words"),
    [
        ("white_check_mark", AGENT, "tierline.resolve", "Done with T-1042? Say how, so that the customer can be told."),
        ("bangbang", LEAD, "tierline.escalate", "T-1042 must go up? Say where to and why."),
    ],
)
async def test_what_needs_words_is_asked_for_with_a_button(
    door: FrontDoor, emoji: str, user: str, button: str, words: str
) -> None:
    for _ in range(2):
        await happens(door, a_reaction(emoji, user=user))
    await eventually(lambda: bool(door.forms.whispers))
    await door.gateway.running.finish(1)

    assert whispered(door) == words
    (shown,) = door.forms.whispered_blocks
    assert find_errors(list(shown), "message") == []
    (pressed,) = shown[-1]["elements"]
    assert (pressed["action_id"], pressed["value"]) == (button, "T-1042")
    assert door.desk.commands == []
    # The button leads to the form that the card's own opens.
    await door.presses(button, user=user)
    assert len(door.forms.views) >= 1


async def test_an_agent_who_may_not_escalate_is_told_so(door: FrontDoor) -> None:
    await happens(door, a_reaction("bangbang", user=AGENT))
    await eventually(lambda: bool(door.forms.whispers))

    assert whispered(door).startswith("You cannot escalate a ticket")


@pytest.mark.parametrize(
    "event",
    [
        a_reaction("tada"),
        a_reaction("eyes", item_user="U0LENA"),
        a_reaction("eyes", user=BOT),
        a_reaction("eyes", item={"type": "file", "file": "F1"}),
        a_reaction("eyes") | {"type": "reaction_removed"},
        {"type": "reaction_added", "reaction": "eyes"},
    ],
    ids=["another emoji", "a person's message", "our own", "a file", "taken back", "by nobody"],
)
async def test_what_is_no_wish_about_a_card_is_not_even_looked_up(door: FrontDoor, event: dict[str, Any]) -> None:
    assert (await happens(door, event)).status_code == 200
    assert [*door.desk.handed, *door.desk.searches, *door.forms.whispers] == []


async def test_a_reaction_to_another_message_of_ours_does_nothing(door: FrontDoor) -> None:
    elsewhere = {"type": "message", "channel": CHANNEL, "ts": "1795160000.000100"}
    await happens(door, a_reaction("eyes", item=elsewhere, user=NOBODY))
    await door.gateway.running.finish(1)

    assert [*door.desk.handed, *door.forms.whispers] == []


async def test_the_policy_says_what_an_emoji_does(build: Build) -> None:
    door = knowing_the_card(build())
    rules = EmojiRules(accept="raised_hands", resolve=None, escalate=None)
    object.__setattr__(door.gateway, "policy", door.policy.model_copy(update={"emoji": rules}))
    for number, name in enumerate(("eyes", "white_check_mark", "bangbang", "raised_hands")):
        await happens(door, a_reaction(name, user=LEAD), f"Ev{number}")
    await door.gateway.running.finish(1)

    assert [command.id for _, command in door.desk.commands] == ["slack/Ev3"]
    assert door.forms.whispers == []


async def test_strangers_are_turned_away_on_cards_alone(door: FrontDoor) -> None:
    door.forms.profiles["U0KIRAN"] = Profile(user_id="U0KIRAN", name="kiran", stranger=True)
    elsewhere = {"type": "message", "channel": CHANNEL, "ts": "1795160000.000100"}
    await happens(door, a_reaction("eyes", user="U0KIRAN", item=elsewhere), "Ev1")
    await happens(door, a_reaction("eyes", user="U0KIRAN"), "Ev2")
    await eventually(lambda: bool(door.forms.whispers))
    await door.gateway.running.finish(1)

    assert "people of my own workspace" in whispered(door)
    assert door.desk.commands == []


async def test_another_apps_reaction_does_nothing(door: FrontDoor) -> None:
    door.forms.profiles["U0OTHERAPP"] = Profile(user_id="U0OTHERAPP", name="other", bot=True)
    await happens(door, a_reaction("eyes", user="U0OTHERAPP"))
    await door.gateway.running.finish(1)

    assert [*door.desk.handed, *door.forms.whispers] == []


async def test_while_no_worker_answers_slack_comes_again_and_the_person_knows(build: Build) -> None:
    door = knowing_the_card(build(slack_patience=0.05))
    door.desk.held = asyncio.Event()
    first = await happens(door, a_reaction("eyes"))
    again = await happens(door, a_reaction("eyes"))
    door.desk.held.set()
    last = await happens(door, a_reaction("eyes"))
    await door.gateway.running.finish(1)

    assert [answer.status_code for answer in (first, again, last)] == [503, 503, 200]
    assert whispered(door).startswith("I cannot reach my workflows at the moment.")
    assert [command.id for _, command in door.desk.commands] == ["slack/Ev01"]

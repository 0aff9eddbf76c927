"""The Slack app's manifest asks for what the code needs, and for nothing else."""

import re
from typing import Any

import yaml

from integrations.slack.room import NEEDED_SCOPES
from tests.shared import REPOSITORY

MANIFEST = REPOSITORY / "config" / "slack" / "manifest.yaml"
FOR_PRIVATE_CHANNELS = {"groups:read", "groups:history"}


def manifest() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    return read


def test_the_scopes_are_those_that_the_check_wants_and_the_pair_for_private_channels() -> None:
    scopes = manifest()["oauth_config"]["scopes"]
    assert set(scopes) == {"bot"}
    assert set(scopes["bot"]) == NEEDED_SCOPES | FOR_PRIVATE_CHANNELS
    assert len(scopes["bot"]) == len(set(scopes["bot"]))


def test_a_comment_says_what_scopes_are_for() -> None:
    text = MANIFEST.read_text(encoding="utf-8")
    listed = text[text.index("    bot:\n") : text.index("settings:")].splitlines()[1:]
    assert listed[0].lstrip().startswith("#")
    assert sum(line.lstrip().startswith("#") for line in listed) >= len(listed) // 3


def test_slack_calls_the_gateways_own_paths() -> None:
    read = manifest()
    (command,) = read["features"]["slash_commands"]
    addresses = {
        command["url"],
        read["settings"]["interactivity"]["request_url"],
        read["settings"]["event_subscriptions"]["request_url"],
    }
    assert addresses == {f"https://tierline.example.org/slack/{door}" for door in ("commands", "interactive", "events")}
    assert command["command"] == "/tier"


def test_it_keeps_to_slacks_limits() -> None:
    read = manifest()
    assert len(read["display_information"]["name"]) <= 35
    assert len(read["display_information"]["description"]) <= 140
    assert re.fullmatch(r"[\w\-.]{1,80}", read["features"]["bot_user"]["display_name"])


def test_no_event_shows_what_people_write() -> None:
    events = manifest()["settings"]["event_subscriptions"]["bot_events"]
    assert not [event for event in events if "message" in event or "mention" in event]

"""The Slack app's manifests ask for what the code needs, and for nothing else."""

import re
from typing import Any

import pytest
import yaml

from gateway.slack_interactions import ESCALATE, ESCALATE_MESSAGE, SEND_TO_CUSTOMER
from integrations.slack.scopes import EVENTS, METHODS, NEEDED_SCOPES, PRIVATE_SCOPES
from tests.shared import REPOSITORY

HTTP, SOCKET = "manifest.yaml", "manifest-socket.yaml"
WITHOUT_SCOPES = {"app_uninstalled", "tokens_revoked"}
both = pytest.mark.parametrize("name", [HTTP, SOCKET])


def text_of(name: str) -> str:
    return (REPOSITORY / "config" / "slack" / name).read_text(encoding="utf-8")


def manifest(name: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(text_of(name))
    return read


def methods_called() -> set[str]:
    """The Web API's methods that our clients call, as their names stand in the code: ``chat_postMessage``."""
    files = [*(REPOSITORY / "integrations" / "slack").glob("*.py"), REPOSITORY / "gateway" / "slack_surfaces.py"]
    calls = re.compile(
        r"client\.((?:api|auth|bookmarks|chat|conversations|files|pins|reactions|usergroups|users|views)_\w+)\("
    )
    found = {call for file in files for call in calls.findall(file.read_text(encoding="utf-8"))}
    return {call.replace("_", ".") for call in found}


@both
def test_the_scopes_are_those_that_the_check_wants_and_those_for_private_channels(name: str) -> None:
    scopes = manifest(name)["oauth_config"]["scopes"]
    assert set(scopes) == {"bot"}
    assert set(scopes["bot"]) == NEEDED_SCOPES | PRIVATE_SCOPES
    assert len(scopes["bot"]) == len(set(scopes["bot"]))


def test_the_scopes_are_those_of_the_methods_that_are_called() -> None:
    assert methods_called() == set(METHODS)


@both
def test_the_events_are_those_that_scopes_are_asked_for(name: str) -> None:
    events = manifest(name)["settings"]["event_subscriptions"]["bot_events"]
    assert set(events) == set(EVENTS) | WITHOUT_SCOPES
    assert len(events) == len(set(events))


@both
def test_comments_say_what_scopes_are_for(name: str) -> None:
    text = text_of(name)
    listed = text[text.index("    bot:\n") : text.index("settings:")].splitlines()[1:]
    assert listed[0].lstrip().startswith("#")
    assert sum(line.lstrip().startswith("#") for line in listed) >= len(listed) // 3


@both
def test_the_shortcuts_are_those_that_the_gateway_knows(name: str) -> None:
    shortcuts = {(each["type"], each["callback_id"]) for each in manifest(name)["features"]["shortcuts"]}
    assert shortcuts == {("global", ESCALATE), ("message", ESCALATE_MESSAGE), ("message", SEND_TO_CUSTOMER)}


def test_slack_calls_the_gateways_own_paths() -> None:
    read = manifest(HTTP)
    (command,) = read["features"]["slash_commands"]
    addresses = {
        command["url"],
        read["settings"]["interactivity"]["request_url"],
        read["settings"]["event_subscriptions"]["request_url"],
    }
    assert addresses == {f"https://tierline.example.org/slack/{door}" for door in ("commands", "interactive", "events")}
    assert command["command"] == "/tier"
    assert text_of(HTTP).count("https://tierline.example.org") + text_of(HTTP).count("    - tierline.example.org") == 4


def test_in_socket_mode_the_app_is_the_same_without_addresses() -> None:
    over_http, in_socket_mode = manifest(HTTP), manifest(SOCKET)
    assert in_socket_mode["settings"]["socket_mode_enabled"] is True
    assert over_http["settings"]["socket_mode_enabled"] is False
    over_http["settings"]["socket_mode_enabled"] = True
    del over_http["features"]["slash_commands"][0]["url"]
    del over_http["settings"]["interactivity"]["request_url"]
    del over_http["settings"]["event_subscriptions"]["request_url"]
    assert in_socket_mode == over_http


@both
def test_people_can_be_written_to_directly(name: str) -> None:
    # With the tab closed chat.postMessage answers messages_tab_disabled.
    assert manifest(name)["features"]["app_home"]["messages_tab_enabled"] is True


@both
def test_it_keeps_to_slacks_limits(name: str) -> None:
    read = manifest(name)
    assert len(read["display_information"]["name"]) <= 35
    assert len(read["display_information"]["description"]) <= 140
    assert re.fullmatch(r"[\w\-.]{1,80}", read["features"]["bot_user"]["display_name"])
    assert all(
        len(shortcut["name"]) <= 24 and len(shortcut["description"]) <= 150
        for shortcut in read["features"]["shortcuts"]
    )

"""Payloads that are not as they should be: at every door of the vendors each fault gets the refusal that suits it.

Not signed by the vendor, or too long ago: 401. Too large: 413, unread. Signed and not to be read: kept aside and acknowledged, since
vendors stop sending where they are refused. A field of another type than it should have counts as not there. In no case is anything
handed to a ticket that was not said, and no log and no answer repeats what people wrote.
"""

import base64
import copy
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from pydantic import SecretStr

from domain.issues import Tracker
from domain.messages import PageChanged
from domain.ticket_references import ReferenceKind, reference
from gateway.slack_words import UNREADABLE
from sandbox.signatures import github_signature, jira_signature, pagerduty_signature, slack_signature
from sandbox.slack.blocks import find_view_errors
from tests.gateway import pagerduty_deliveries as pd
from tests.gateway.front_door import GITHUB, JIRA, LEAD, MOST_BYTES, NOW, PAGERDUTY, SLACK, FrontDoor, written
from tests.gateway.slack_happenings import CARD, CHANNEL, a_home, a_reaction, a_reply, enveloped, links
from tests.gateway.test_webhooks import KnownPages

PAGE = "tierline/T-1042/page/1"
WRITTEN = "Robin Roe (robin@contoso.example) cannot pay"
PERSONAL = ("robin", "contoso", LEAD.lower(), "u0sam")
WRONG = SecretStr("another-secret")
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
DOORS = {
    "commands": "/slack/commands",
    "interactive": "/slack/interactive",
    "events": "/slack/events",
    "jira": "/webhooks/jira",
    "github": "/webhooks/github",
    "pagerduty": "/webhooks/pagerduty",
}
SLACK_DOORS = ("commands", "interactive", "events")
KINDS = {"commands": FORM, "interactive": FORM}
QUARANTINED = {"outcome": "quarantined"}


# --- what is well, before something is done to it ----------------------------------------------------------------------


def interaction(kind: str, **fields: Any) -> dict[str, Any]:
    user = {"id": LEAD, "username": "lena", "team_id": "T0ACME"}
    return {"type": kind, "team": {"id": "T0ACME"}, "user": user, "trigger_id": "1.2.b", **fields}


COMMAND = {
    "team_id": "T0ACME",
    "channel_id": CHANNEL,
    "channel_name": "support-l1",
    "user_id": LEAD,
    "user_name": "lena",
    "command": "/tier",
    "text": f"note T-1042 {WRITTEN}",
    "response_url": "https://hooks.slack.example/commands/1",
    "trigger_id": "13345224609.738474920.8088930838d88f008e0",
}
SUBMISSION = interaction(
    "view_submission",
    view={
        "id": "V1",
        "callback_id": "tierline.note",
        "private_metadata": '{"ticket": "T-1042"}',
        "state": {"values": {"text": {"value": written(WRITTEN)}}},
    },
)
PRESS = interaction(
    "block_actions",
    channel={"id": CHANNEL},
    message={"text": WRITTEN},
    response_url="https://hooks.slack.example/actions/1",
    actions=[{"action_id": "tierline.accept", "value": "T-1042", "type": "button", "action_ts": "1.1"}],
)
SHORTCUT = interaction(
    "message_action",
    callback_id="escalate_message",
    channel={"id": CHANNEL},
    message_ts="1795175000.000200",
    message=a_reply(WRITTEN),
)
MESSAGE = enveloped(a_reply(WRITTEN), "Ev0WRITTEN")
REACTION = enveloped(a_reaction("eyes"), "Ev0REACTED")
HOME = enveloped(a_home("U0SAM"))
LINKS = enveloped(links("https://tierline.example/tickets/T-1042"))
JIRA_ISSUE = {"webhookEvent": "jira:issue_updated", "issue": {"id": "10001", "fields": {"summary": WRITTEN}}}
GITHUB_ISSUE = {"action": "edited", "issue": {"node_id": "I_1", "title": WRITTEN}}
PAGE_NEWS = json.loads(pd.delivery("incident.acknowledged", pd.incident(PAGE, title=WRITTEN)))
PAGE_NOTE = json.loads(pd.delivery("incident.annotated", pd.a_note(WRITTEN)))
WELL: dict[str, dict[str, Any]] = {
    "commands": COMMAND,
    "interactive": SUBMISSION,
    "events": MESSAGE,
    "jira": JIRA_ISSUE,
    "github": GITHUB_ISSUE,
    "pagerduty": PAGE_NEWS,
}


def body_of(name: str, payload: object) -> bytes:
    """The payload as its vendor writes it."""
    if name == "commands":
        assert isinstance(payload, dict)
        return urlencode(payload).encode()
    text = json.dumps(payload)
    return urlencode({"payload": text}).encode() if name == "interactive" else text.encode()


def signed(name: str, body: bytes, *, secret: SecretStr | None = None, at: datetime = NOW) -> dict[str, str]:
    """What the vendor adds to this body."""
    if name in SLACK_DOORS:
        return slack_signature(secret or SLACK, body, int(at.timestamp()))
    if name == "jira":
        return jira_signature(secret or JIRA, body)
    if name == "github":
        return github_signature(secret or GITHUB, body)
    return pagerduty_signature(secret or PAGERDUTY, body)


async def sent(
    door: FrontDoor, name: str, content: bytes | AsyncIterator[bytes], headers: dict[str, str]
) -> httpx2.Response:
    """A request to that door, and whatever goes on after its answer is done."""
    kind = {"Content-Type": KINDS.get(name, JSON)} | ({"X-GitHub-Event": "issues"} if name == "github" else {})
    response = await door.http.post(DOORS[name], content=content, headers=kind | headers)
    await door.gateway.running.finish(2.0)
    return response


def kept_aside(door: FrontDoor) -> list[dict[str, Any]]:
    """What lies in the quarantine."""
    files = door.quarantine.iterdir() if door.quarantine.exists() else ()
    return [json.loads(file.read_text()) for file in files]


@pytest.fixture
def fresh(build: Callable[..., FrontDoor]) -> Callable[[], FrontDoor]:
    """Makes gateways at which everything that is well has an effect."""

    def make() -> FrontDoor:
        door = build(pager=KnownPages({pd.INCIDENT: PAGE}))
        object.__setattr__(door.gateway, "public_url", "https://tierline.example")
        door.desk.references["T-1042"] = {reference(ReferenceKind.CARD, f"{CHANNEL}/{CARD}")}
        door.desk.watched = {(Tracker.JIRA, "10001"), (Tracker.GITHUB, "I_1")}
        door.forms.teams = frozenset({"T0ACME"})
        return door

    return make


@pytest.fixture
def door(fresh: Callable[[], FrontDoor]) -> FrontDoor:
    return fresh()


@pytest.fixture(autouse=True)
def _nothing_personal_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Of whatever is sent in these tests; and nothing fails unseen, or with a traceback."""
    with caplog.at_level(logging.DEBUG):
        yield
    logged = [f"{record.name} {record.getMessage()}" for record in caplog.get_records("call")]
    assert logged != []
    assert [line for line in logged if any(word in line.lower() for word in PERSONAL)] == []
    assert [line for line in logged if "failed" in line] == []
    assert not any(record.exc_info for record in caplog.get_records("call"))


@pytest.mark.parametrize("name", DOORS)
async def test_what_is_well_is_handed_on(door: FrontDoor, name: str) -> None:
    body = body_of(name, WELL[name])
    response = await sent(door, name, body, signed(name, body))

    assert response.status_code == (200 if name in SLACK_DOORS else 202)
    assert len(door.desk.handed) == 1
    assert kept_aside(door) == []


# --- not the vendor's ------------------------------------------------------------------------------------------------


def _cut(headers: dict[str, str]) -> dict[str, str]:
    return {name: value[:-1] if "ignature" in name else value for name, value in headers.items()}


def _without(headers: dict[str, str], part: str) -> dict[str, str]:
    return {name: value for name, value in headers.items() if part not in name}


def _bare(headers: dict[str, str]) -> dict[str, str]:
    """The signature without the name of its method."""
    return {name: value.partition("=")[2] if "ignature" in name else value for name, value in headers.items()}


FORGED: dict[str, Callable[[str, bytes], dict[str, str]]] = {
    "by another secret": lambda name, body: signed(name, body, secret=WRONG),
    "of another body": lambda name, body: signed(name, body + b" "),
    "of the whole of a body that was cut off": lambda name, body: signed(name, body + b"}"),
    "of the empty body": lambda name, body: signed(name, b""),
    "without a signature": lambda name, body: _without(signed(name, body), "ignature"),
    "with an empty signature": lambda name, body: dict.fromkeys(signed(name, body), ""),
    "with a signature that was cut off": lambda name, body: _cut(signed(name, body)),
    "with a signature of no method": lambda name, body: _bare(signed(name, body)),
    "with another vendor's signature": lambda name, body: signed("jira" if name != "jira" else "github", body),
}
FORGED_SLACK: dict[str, Callable[[str, bytes], dict[str, str]]] = {
    "of six minutes ago": lambda name, body: signed(name, body, at=NOW - timedelta(minutes=6)),
    "of a year ago": lambda name, body: signed(name, body, at=NOW - timedelta(days=365)),
    "of six minutes ahead": lambda name, body: signed(name, body, at=NOW + timedelta(minutes=6)),
    "old, under a new time stamp": lambda name, body: (
        signed(name, body, at=NOW - timedelta(hours=1)) | {"X-Slack-Request-Timestamp": str(int(NOW.timestamp()))}
    ),
    "without a time stamp": lambda name, body: _without(signed(name, body), "Timestamp"),
}


def _pagerduty(*secrets: SecretStr) -> Callable[[str, bytes], dict[str, str]]:
    def of(name: str, body: bytes) -> dict[str, str]:
        return {
            "X-PagerDuty-Signature": ",".join(
                signed(name, body, secret=one)["X-PagerDuty-Signature"] for one in secrets
            )
        }

    return of


FORGED_PAGERDUTY = {
    "with two signatures, of which none is right": _pagerduty(WRONG, SecretStr("a-third-secret")),
    "with the right signature after more than there are while a secret is replaced": _pagerduty(
        *[WRONG] * 10, PAGERDUTY
    ),
}
FORGERIES = (
    *((name, fault, forge) for name in DOORS for fault, forge in FORGED.items()),
    *((name, fault, forge) for name in SLACK_DOORS for fault, forge in FORGED_SLACK.items()),
    *(("pagerduty", fault, forge) for fault, forge in FORGED_PAGERDUTY.items()),
)


@pytest.mark.parametrize(
    ("name", "forge"),
    [(name, forge) for name, _, forge in FORGERIES],
    ids=[f"{name}: {fault}" for name, fault, _ in FORGERIES],
)
async def test_what_the_vendor_did_not_sign_just_now_is_refused(
    door: FrontDoor, name: str, forge: Callable[[str, bytes], dict[str, str]]
) -> None:
    body = body_of(name, WELL[name])
    response = await sent(door, name, body, forge(name, body))

    slack = name in SLACK_DOORS
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {
        "type": "urn:tierline:problem:wrong-signature",
        "title": "The signature is wrong or too old" if slack else "The signature is wrong",
        "status": 401,
    }
    assert door.counted("tierline_gateway_webhooks_total", vendor="slack" if slack else name, outcome="refused") == 1
    assert [*door.desk.handed, *kept_aside(door), *door.response_urls.told] == []


@pytest.mark.parametrize("at", [-1, 0, 1])
async def test_pagerdutys_signature_may_stand_anywhere_in_its_list(door: FrontDoor, at: int) -> None:
    body = body_of("pagerduty", PAGE_NEWS)
    secrets = [WRONG, WRONG]
    secrets.insert(at, PAGERDUTY)

    assert (await sent(door, "pagerduty", body, _pagerduty(*secrets)("pagerduty", body))).status_code == 202
    assert len(door.desk.deliveries) == 1


@pytest.mark.parametrize("length", ["said", "not said"])
@pytest.mark.parametrize("name", DOORS)
async def test_what_is_too_large_is_refused_however_well_it_is_signed(door: FrontDoor, name: str, length: str) -> None:
    body = body_of(name, {**WELL[name], "padding": WRITTEN * (MOST_BYTES // len(WRITTEN) + 1)})
    assert len(body) > MOST_BYTES

    async def in_pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 4_096):
            yield body[start : start + 4_096]

    response = await sent(door, name, body if length == "said" else in_pieces(), signed(name, body))

    assert response.status_code == 413
    assert response.json()["type"] == "urn:tierline:problem:body-too-large"
    assert WRITTEN not in response.text
    assert [*door.desk.handed, *kept_aside(door)] == []


# --- signed, and not to be read --------------------------------------------------------------------------------------


def _payload(name: str, text: bytes) -> bytes:
    """JSON, or what was to be some, as it stands in that door's body."""
    return urlencode({"payload": text}).encode() if name == "interactive" else text


def _text(name: str) -> bytes:
    return json.dumps(WELL[name]).encode()


UNREADABLE_JSON: dict[str, Callable[[str], bytes]] = {
    "cut off in the middle": lambda name: _text(name)[: len(_text(name)) // 2],
    "cut off before its last character": lambda name: _text(name)[:-1],
    "followed by more": lambda name: _text(name) * 2,
    "empty": lambda name: b"",
    "of spaces": lambda name: b" \n ",
    "a list": lambda name: b"[" + _text(name) + b"]",
    "a text": lambda name: json.dumps(WRITTEN).encode(),
    "null": lambda name: b"null",
    "an empty object": lambda name: b"{}",
    "Python and not JSON": lambda name: repr(WELL[name]).encode(),
    "nested deeper than anybody writes": lambda name: b'{"issue": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "a number of many digits": lambda name: b'{"event": ' + b"9" * 6_000 + b"}",
    "its last word counts, and that cannot be read": lambda name: (
        _text(name)[:-1] + b', "issue": 1.5, "event": 1.5, "user": 1.5, "type": 1.5}'
    ),
}
UNREADABLE_BODIES: dict[str, Callable[[str], bytes]] = {
    "interactive: another field": lambda name: urlencode({"body": _text(name)}).encode(),
    "interactive: JSON and no form": lambda name: _text(name),
    "interactive: no body at all": lambda name: b"",
    "interactive: bytes that are no UTF-8, encoded": lambda name: b"payload=%7B%22type%22%3A%22%ff%fe%22%7D",
    "interactive: more fields than there are": lambda name: body_of(name, SUBMISSION) + b"&a=1" * 200,
    "commands: cut off in the middle": lambda name: body_of(name, COMMAND)[: len(body_of(name, COMMAND)) // 2],
    "commands: JSON and no form": lambda name: json.dumps(COMMAND).encode(),
    "commands: no body at all": lambda name: b"",
    "commands: bytes that are no UTF-8, encoded": lambda name: body_of(name, COMMAND) + b"&x=%ff%fe",
    "commands: half of a character, encoded": lambda name: body_of(name, COMMAND) + b"&x=%ED%A0%80",
    "commands: more fields than there are": lambda name: body_of(name, COMMAND) + b"&a=1" * 200,
    "commands: its first word counts, and that is empty": lambda name: b"user_id=&" + body_of(name, COMMAND),
    "jira: no UTF-8": lambda name: _text(name)[:-1] + b', "x": "\xff\xfe"}',
    "github: no UTF-8": lambda name: _text(name)[:-1] + b', "x": "\xff\xfe"}',
    "pagerduty: no UTF-8": lambda name: _text(name)[:-1] + b', "x": "\xff\xfe"}',
}
UNREADABLES = [
    *(
        (name, fault, _payload(name, make(name)))
        for name in DOORS
        if name != "commands"
        for fault, make in UNREADABLE_JSON.items()
    ),
    *(
        (name, fault, make(name))
        for label, make in UNREADABLE_BODIES.items()
        for name, _, fault in [label.partition(": ")]
    ),
]


@pytest.mark.parametrize(
    ("name", "body"),
    [(name, body) for name, _, body in UNREADABLES],
    ids=[f"{name}: {fault}" for name, fault, _ in UNREADABLES],
)
async def test_what_cannot_be_read_is_kept_aside_once_and_acknowledged(door: FrontDoor, name: str, body: bytes) -> None:
    for _ in range(2):
        await _acknowledged_as_unreadable(door, name, body)

    (kept,) = kept_aside(door)
    assert base64.b64decode(kept["body_base64"]) == body
    assert not any(word in kept["why"].lower() for word in PERSONAL)
    assert [*door.desk.handed, *door.response_urls.told, *door.forms.views] == []


async def _acknowledged_as_unreadable(door: FrontDoor, name: str, body: bytes) -> None:
    response = await sent(door, name, body, signed(name, body))
    if name == "commands":
        assert (response.status_code, response.json()) == (200, {"response_type": "ephemeral", "text": UNREADABLE})
    elif name in SLACK_DOORS:
        assert (response.status_code, response.content) == (200, b"")
    else:
        assert (response.status_code, response.json()) == (202, QUARANTINED)


@pytest.mark.parametrize("name", SLACK_DOORS)
async def test_slack_signs_text_alone(door: FrontDoor, name: str) -> None:
    body = body_of(name, WELL[name]) + b"\xff\xfe"
    response = await sent(door, name, body, signed(name, body))

    assert response.status_code == 401
    assert [*door.desk.handed, *kept_aside(door)] == []


@pytest.mark.parametrize("name", [name for name in DOORS if name != "commands"])
async def test_a_name_that_stands_twice_counts_as_it_stands_last(door: FrontDoor, name: str) -> None:
    first = b'{"type": "?", "user": "?", "event": "?", "issue": "?", "webhookEvent": 1, '
    body = _payload(name, first + _text(name)[1:])
    response = await sent(door, name, body, signed(name, body))

    assert response.status_code == (200 if name in SLACK_DOORS else 202)
    assert len(door.desk.handed) == 1
    assert kept_aside(door) == []


async def test_a_field_of_a_form_that_stands_twice_counts_as_it_stands_first(door: FrontDoor) -> None:
    body = body_of("commands", COMMAND) + b"&user_id=U0EVE&text=cancel+T-1042+all"
    await sent(door, "commands", body, signed("commands", body))

    ((_, command),) = door.desk.commands
    assert (command.by.id, command.request.do) == (LEAD, "note")


# --- fields of another type ------------------------------------------------------------------------------------------

OTHER_TYPES: tuple[object, ...] = (None, True, 1.5, [], {}, [[{}]], {"a": [1]})
ASIDE, IGNORED, TAKEN = "kept aside", "ignored", "taken"
FIELDS: tuple[tuple[str, dict[str, Any], dict[str, str]], ...] = (
    (
        "pagerduty",
        PAGE_NEWS,
        {
            "event": ASIDE,
            "event.id": ASIDE,
            "event.event_type": ASIDE,
            "event.data": ASIDE,
            "event.data.id": ASIDE,
            # It is looked up.
            "event.data.incident_key": TAKEN,
            "event.occurred_at": "at",
            "event.agent": "by",
            "event.agent.summary": "by",
            "event.data.assignees": "assigned_to",
            "event.data.assignees.0": "assigned_to",
            "event.data.assignees.0.summary": "assigned_to",
            "event.data.priority": "priority",
            "event.data.priority.summary": "priority",
            "event.data.urgency": "urgency",
            "event.data.html_url": "url",
            "event.data.status": TAKEN,
        },
    ),
    (
        "pagerduty",
        PAGE_NOTE,
        {"event.data.incident": ASIDE, "event.data.incident.id": ASIDE, "event.data.content": "note"},
    ),
    ("jira", JIRA_ISSUE, {"issue": ASIDE, "issue.id": ASIDE, "webhookEvent": TAKEN, "issue.fields": TAKEN}),
    ("github", GITHUB_ISSUE, {"issue": ASIDE, "issue.node_id": ASIDE, "action": TAKEN}),
    (
        "events",
        MESSAGE,
        {
            "type": ASIDE,
            "event_id": ASIDE,
            "event": ASIDE,
            "event.type": ASIDE,
            "event.channel": IGNORED,
            "event.user": IGNORED,
            "event.ts": IGNORED,
            "event.thread_ts": IGNORED,
            "event.text": IGNORED,
            "event.files": TAKEN,
            "event.attachments": TAKEN,
            "event.parent_user_id": TAKEN,
            "authorizations": TAKEN,
        },
    ),
    (
        "events",
        REACTION,
        {
            "event_id": ASIDE,
            "event.user": IGNORED,
            "event.reaction": IGNORED,
            "event.item": IGNORED,
            "event.item.channel": IGNORED,
            "event.item.ts": IGNORED,
            "event.item_user": TAKEN,
        },
    ),
    ("events", HOME, {"event.user": IGNORED, "event.tab": IGNORED}),
    (
        "events",
        LINKS,
        {
            "event.user": IGNORED,
            "event.channel": IGNORED,
            "event.message_ts": IGNORED,
            "event.links": IGNORED,
            "event.links.0": IGNORED,
            "event.links.0.url": IGNORED,
            # Who else reads along is not known.
            "is_ext_shared_channel": IGNORED,
        },
    ),
    (
        "interactive",
        SUBMISSION,
        {
            "type": ASIDE,
            "user": ASIDE,
            "user.id": ASIDE,
            "team": TAKEN,
            "view": IGNORED,
            "view.callback_id": IGNORED,
            "view.private_metadata": ASIDE,
            "view.state": "asked",
            "view.state.values": "asked",
            "view.state.values.text": "asked",
            "view.state.values.text.value": "asked",
            "view.state.values.text.value.value": "asked",
        },
    ),
    (
        "interactive",
        PRESS,
        {
            "type": ASIDE,
            "user.id": ASIDE,
            "actions": IGNORED,
            "actions.0": IGNORED,
            "actions.0.action_id": IGNORED,
            "actions.0.value": ASIDE,
            "actions.0.action_ts": TAKEN,
            "response_url": TAKEN,
            "channel": TAKEN,
            "view": TAKEN,
        },
    ),
    (
        "interactive",
        SHORTCUT,
        {
            "channel": ASIDE,
            "channel.id": ASIDE,
            "callback_id": IGNORED,
            # Which message it is also stands beside it.
            "message": "shown",
            "message.thread_ts": "shown",
            "message.text": "shown",
        },
    ),
)
CASES = [(name, payload, path, effect) for name, payload, fields in FIELDS for path, effect in fields.items()]


def put(payload: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """The payload with something else there."""
    changed = copy.deepcopy(payload)
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    at: Any = changed
    for step in way:
        at = at[step]
    at[last] = value
    return changed


@pytest.mark.parametrize(
    ("name", "payload", "path", "effect"), CASES, ids=[f"{name}: {path} {effect}" for name, _, path, effect in CASES]
)
async def test_a_field_of_another_type_counts_as_not_there(
    fresh: Callable[[], FrontDoor], name: str, payload: dict[str, Any], path: str, effect: str
) -> None:
    for value in OTHER_TYPES:
        door = fresh()
        body = body_of(name, put(payload, path, value))
        response = await sent(door, name, body, signed(name, body))

        assert response.status_code == (200 if name in SLACK_DOORS else 202), value
        asked = b'"response_action":"errors"' in response.content
        shown = [*door.forms.views, *door.forms.homes, *door.forms.unfurled]
        aside = [kept for kept in kept_aside(door) if base64.b64decode(kept["body_base64"]) == body]
        found = (len(aside), len(door.desk.handed), asked, bool(shown))
        handed = effect not in (ASIDE, IGNORED, "asked", "shown")
        assert found == (int(effect == ASIDE), int(handed), effect == "asked", effect == "shown"), value
        if handed and effect != TAKEN:
            ((_, delivery),) = door.desk.deliveries
            assert isinstance(delivery.body, PageChanged)
            assert not getattr(delivery.body, effect), value


@pytest.mark.parametrize("field", ["user_id", "trigger_id"])
@pytest.mark.parametrize("value", [None, "", "  "], ids=["missing", "empty", "of spaces"])
async def test_a_command_without_what_it_needs_is_kept_aside_and_said_so(
    door: FrontDoor, field: str, value: str | None
) -> None:
    form = {key: text for key, text in COMMAND.items() if key != field} | ({field: value} if value is not None else {})
    body = body_of("commands", form)
    response = await sent(door, "commands", body, signed("commands", body))

    assert response.json()["text"] == UNREADABLE
    assert len(kept_aside(door)) == 1
    assert door.desk.handed == []


@pytest.mark.parametrize("field", ["team_id", "channel_id", "channel_name", "user_name", "response_url", "command"])
async def test_a_command_without_what_it_can_do_without_is_carried_out(door: FrontDoor, field: str) -> None:
    body = body_of("commands", {key: text for key, text in COMMAND.items() if key != field})
    response = await sent(door, "commands", body, signed("commands", body))

    assert response.json()["text"] == "Done: note T-1042"
    assert len(door.desk.commands) == 1


@pytest.mark.parametrize("path", ["user.id", "view.private_metadata"])
async def test_a_form_that_cannot_be_read_does_not_close_as_if_all_were_well(door: FrontDoor, path: str) -> None:
    body = body_of("interactive", put(SUBMISSION, path, {}))
    answer = (await sent(door, "interactive", body, signed("interactive", body))).json()

    assert answer["response_action"] == "update"
    assert find_view_errors(answer["view"]) == []
    assert answer["view"]["blocks"][0]["text"]["text"] == UNREADABLE


@pytest.mark.parametrize(
    ("payload", "nowhere", "way"),
    [
        (PRESS, {}, "beside the card"),
        (PRESS, {"response_url": None}, "in the channel"),
        (PRESS, {"response_url": None, "channel": None}, "directly"),
        (SHORTCUT, {"message": {}, "message_ts": None}, "in the channel"),
    ],
    ids=["a card's button", "a button without an address", "a button of the home", "a shortcut"],
)
async def test_whoever_pressed_what_cannot_be_read_is_told_so_once(
    door: FrontDoor, payload: dict[str, Any], nowhere: dict[str, Any], way: str
) -> None:
    actions = [{"action_id": "tierline.accept", "value": None}]
    body = body_of("interactive", payload | {"actions": actions} | nowhere)
    await sent(door, "interactive", body, signed("interactive", body))

    said = {
        "beside the card": door.response_urls.told,
        "in the channel": [
            text for channel, user, text, _ in door.forms.whispers if (channel, user) == (CHANNEL, LEAD)
        ],
        "directly": [text for user, text in door.forms.letters if user == LEAD],
    }
    assert {there: words for there, words in said.items() if words} == {way: [UNREADABLE]}


async def test_a_delivery_of_github_that_does_not_name_its_event_is_kept_aside(door: FrontDoor) -> None:
    body = body_of("github", GITHUB_ISSUE)
    response = await door.http.post("/webhooks/github", content=body, headers=signed("github", body))

    assert (response.status_code, response.json()) == (202, QUARANTINED)
    assert door.desk.handed == []

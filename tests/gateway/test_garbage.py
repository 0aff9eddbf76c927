"""No input, signed or not, brings the gateway down: every answer is below 500."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.issues import Tracker
from domain.people import Role
from domain.policy import Policy
from tests.gateway.front_door import FrontDoor, a_ticket, token
from tests.gateway.test_vendor_page import a_case

QUICK = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
FIELDS = st.sampled_from(
    [
        "issue",
        "id",
        "node_id",
        "webhookEvent",
        "event",
        "event_type",
        "data",
        "incident",
        "incident_key",
        "agent",
        "summary",
        "user",
        "type",
        "actions",
        "action_id",
        "value",
        "view",
        "state",
        "values",
        "private_metadata",
        "callback_id",
        "team",
        "response_url",
        "trigger_id",
        "challenge",
        "assignees",
        "content",
        "html_url",
    ]
)
WORDS = st.sampled_from(
    [
        "jira:issue_updated",
        "incident.acknowledged",
        "incident.annotated",
        "incident.reassigned",
        "block_actions",
        "view_submission",
        "tierline.accept",
        "tierline.escalate",
        "T-1042",
        "tierline/T-1042/page/1",
        '{"ticket": "T-1042"}',
        "\ud800",
        "\x00",
        "",
    ]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | WORDS
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS | st.text(max_size=5), inner, max_size=6),
    max_leaves=25,
)


@pytest.fixture
def make(policy: Policy, tmp_path: Path) -> Callable[[], FrontDoor]:
    """Makes a fresh gateway for each example."""

    def fresh() -> FrontDoor:
        door = FrontDoor(policy=policy, quarantine=tmp_path / "quarantine")
        door.desk.have(a_ticket())
        door.desk.cases[("T-1042", 1)] = a_case()
        door.desk.watched = {(Tracker.JIRA, "1"), (Tracker.GITHUB, "1")}
        return door

    return fresh


async def _every_door(door: FrontDoor, body: bytes) -> None:
    answers = [
        await door.jira(body),
        await door.github("issues", body),
        await door.pagerduty(body),
        await door.slack("events", body),
        await door.slack("commands", body),
        await door.slack("interactive", body),
        await door.http.post(door.gateway.links.url("T-1042", 1), content=body),
        await door.http.post(
            "/api/v1/tickets",
            content=body,
            headers={"Authorization": f"Bearer {token(Role.LEAD)}", "Content-Type": "application/json"},
        ),
    ]
    await door.close()
    assert max(answer.status_code for answer in answers) < 500
    assert not any("Traceback" in answer.text for answer in answers)


@QUICK
@given(body=st.binary(max_size=300))
async def test_random_bytes(make: Callable[[], FrontDoor], body: bytes) -> None:
    await _every_door(make(), body)


@QUICK
@given(payload=JSON)
async def test_json_of_any_shape(make: Callable[[], FrontDoor], payload: Any) -> None:
    door = make()
    # As the vendors write it, and as a form field, which is how Slack sends it.
    assert (await door.interacts(payload)).status_code < 500
    await _every_door(door, json.dumps(payload).encode())


@QUICK
@given(event=JSON, kind=st.sampled_from(["incident.acknowledged", "incident.annotated", "incident.escalated"]))
async def test_pagerduty_events_of_any_shape(make: Callable[[], FrontDoor], event: Any, kind: str) -> None:
    door = make()
    body = json.dumps({"event": {"id": "E", "event_type": kind, "data": event, "agent": event}}).encode()
    assert (await door.pagerduty(body)).status_code < 500


@QUICK
@given(view=JSON, action=JSON, who=JSON)
async def test_interactions_of_any_shape(
    make: Callable[[], FrontDoor], caplog: pytest.LogCaptureFixture, view: Any, action: Any, who: Any
) -> None:
    door = make()
    for payload in (
        {"type": "block_actions", "user": {"id": "U0LENA", "username": who}, "actions": [action], "response_url": who},
        {
            "type": "block_actions",
            "user": {"id": "U0LENA"},
            "actions": [{"action_id": "tierline.accept", "value": "T-1042", "action_ts": action}],
            "response_url": who,
        },
        {"type": "view_submission", "user": {"id": "U0LENA"}, "view": view, "team": who},
        {
            "type": "view_submission",
            "user": {"id": "U0LENA"},
            "view": {
                "id": who,
                "callback_id": "tierline.escalate",
                "private_metadata": '{"ticket": "T-1042"}',
                "state": {"values": {"tier": {"value": action}, "reason": {"value": view}}},
            },
        },
    ):
        assert (await door.interacts(payload)).status_code < 500
    await door.close()
    # Nor does what goes on after the answer fail unseen.
    assert "work after the answer failed" not in caplog.text


@settings(QUICK, max_examples=20)
@given(event=JSON, inner=JSON, kind=st.sampled_from(["message", "reaction_added", "app_home_opened", "link_shared"]))
async def test_events_of_slack_of_any_shape(
    make: Callable[[], FrontDoor], caplog: pytest.LogCaptureFixture, event: Any, inner: Any, kind: str
) -> None:
    door = make()
    thread = {"channel": "C0SUPL1", "ts": "2.0", "thread_ts": "1.0", "user": "U0LENA"}
    for shape in (
        event,
        {**thread, "type": kind, "text": event, "files": inner, "attachments": inner, "user_team": event},
        {"type": kind, "subtype": "message_changed", **thread, "message": event, "previous_message": inner},
        {"type": kind, "subtype": "message_deleted", **thread, "previous_message": inner, "links": inner},
        {"type": kind, "user": "U0LENA", "reaction": "eyes", "item": inner, "tab": event, "links": inner},
        {
            "type": "link_shared",
            "user": "U0LENA",
            "channel": "C1",
            "message_ts": "1.0",
            "links": [{"url": inner}, event],
        },
    ):
        envelope = {"type": "event_callback", "event_id": "Ev1", "event": shape, "authorizations": inner}
        body = json.dumps(envelope | {"is_ext_shared_channel": False}).encode()
        assert (await door.slack("events", body)).status_code < 500
    await door.close()
    assert "work after the answer failed" not in caplog.text
    assert "slack event failed" not in caplog.text


@QUICK
@given(
    words=st.lists(
        st.sampled_from(["escalate", "accept", "T-1042", "L3", "L4", "acquirer", "<", ">", "|", "<@U1|a>"])
        | st.text(max_size=8),
        max_size=6,
    )
)
async def test_anything_typed_after_the_command(make: Callable[[], FrontDoor], words: list[str]) -> None:
    door = make()
    form = {"user_id": "U0LENA", "trigger_id": "1", "text": " ".join(words)}
    response = await door.slack("commands", urlencode(form, errors="replace").encode())

    assert response.status_code == 200
    # Nothing is answered where a form opens.
    assert not response.content or "<!" not in response.json()["text"]
    await door.close()


@QUICK
@given(
    headers=st.dictionaries(
        st.sampled_from(
            [
                "authorization",
                "content-type",
                "x-hub-signature",
                "x-hub-signature-256",
                "x-pagerduty-signature",
                "x-slack-signature",
                "x-slack-request-timestamp",
                "x-github-event",
                "idempotency-key",
            ]
        ),
        st.binary(max_size=40),
        max_size=6,
    ),
    body=st.binary(max_size=50),
)
async def test_headers_of_any_kind(make: Callable[[], FrontDoor], headers: dict[str, bytes], body: bytes) -> None:
    door = make()
    raw = [(name.encode(), value) for name, value in headers.items()]
    for path in ("/webhooks/jira", "/webhooks/github", "/webhooks/pagerduty", "/slack/commands", "/api/v1/tickets"):
        response = await door.http.post(path, content=body, headers=raw)
        assert response.status_code in (401, 413, 422), path
    await door.close()


@QUICK
@given(path=st.text(max_size=20), key=st.binary(min_size=1, max_size=30))
async def test_paths_and_keys_of_any_kind(make: Callable[[], FrontDoor], path: str, key: bytes) -> None:
    door = make()
    headers = [(b"authorization", f"Bearer {token(Role.LEAD)}".encode()), (b"idempotency-key", key)]
    for target in (f"/vendor/{path}", f"/api/v1/tickets/{path}", "/api/v1/tickets/T-1042/accept"):
        url = urlencode({"": target}, errors="replace").removeprefix("=").replace("%2F", "/")
        for method in ("GET", "POST"):
            assert (await door.http.request(method, url, headers=headers)).status_code < 500
    await door.close()

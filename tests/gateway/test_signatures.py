"""Who is let in: the vendors' own signature vectors, and everything else that must stay out."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from gateway.signatures import github_is_genuine, jira_is_genuine, pagerduty_is_genuine, slack_is_genuine
from sandbox.signatures import github_signature, jira_signature, pagerduty_signature, slack_signature
from tests.gateway.front_door import GITHUB, JIRA, NOW, PAGERDUTY, SLACK, FrontDoor
from tests.shared import shared_dir

Check = Callable[[SecretStr, bytes, Mapping[str, str]], bool]
CHECKS: dict[str, Check] = {
    "github": github_is_genuine,
    "jira": jira_is_genuine,
    "pagerduty": pagerduty_is_genuine,
    "slack": lambda secret, body, headers: slack_is_genuine(
        secret, body, headers, now=lambda: float(headers["x-slack-request-timestamp"])
    ),
}


def vectors() -> list[dict[str, Any]]:
    found = json.loads(shared_dir("contracts", "signature-vectors.json").read_text())
    return [vector for vector in found if vector["vendor"] in CHECKS]


def headers_of(vector: dict[str, Any], signature: str) -> dict[str, str]:
    return {vector["header"].lower(): signature, "x-slack-request-timestamp": vector.get("timestamp", "0")}


@pytest.mark.parametrize("vendor", CHECKS)
def test_the_published_vectors_are_accepted_and_nothing_near_them(vendor: str) -> None:
    vector = next(vector for vector in vectors() if vector["vendor"] == vendor)
    check, secret, body = CHECKS[vendor], SecretStr(vector["secret"]), vector["body"].encode()
    signature = vector["value"]
    last = "0" if signature[-1] != "0" else "1"

    assert check(secret, body, headers_of(vector, signature))
    assert not check(secret, body, headers_of(vector, signature[:-1] + last))
    assert not check(secret, body + b" ", headers_of(vector, signature))
    assert not check(SecretStr("another"), body, headers_of(vector, signature))
    assert not check(secret, body, headers_of(vector, signature.partition("=")[2]))
    assert not check(secret, body, headers_of(vector, "ü" + signature))
    assert not check(secret, body, headers_of(vector, ""))


def test_pagerduty_is_accepted_by_any_of_its_signatures_while_a_secret_is_replaced() -> None:
    mine = pagerduty_signature(PAGERDUTY, b"{}")["X-PagerDuty-Signature"]

    assert pagerduty_is_genuine(PAGERDUTY, b"{}", {"x-pagerduty-signature": f"v1={'0' * 64}, {mine}"})
    assert not pagerduty_is_genuine(PAGERDUTY, b"{}", {"x-pagerduty-signature": f"v1={'0' * 64},v1={'1' * 64}"})
    assert not pagerduty_is_genuine(PAGERDUTY, b"{}", {"x-pagerduty-signature": mine.replace("v1=", "v2=")})


@pytest.mark.parametrize("minutes", [-6, 6])
async def test_a_slack_request_of_more_than_five_minutes_ago_or_ahead_is_refused(door: FrontDoor, minutes: int) -> None:
    body = b"payload=%7B%7D"
    stale = await door.slack("interactive", body, at=NOW + timedelta(minutes=minutes))
    fresh = await door.slack("interactive", body, at=NOW + timedelta(minutes=4 if minutes > 0 else -4))

    assert (stale.status_code, fresh.status_code) == (401, 200)


@pytest.mark.parametrize("timestamp", ["", "soon", "1e9", "9" * 5000, "-1", "nan", "١٢٣".encode().decode("latin-1")])
async def test_a_slack_time_stamp_that_is_no_time_is_refused(door: FrontDoor, timestamp: str) -> None:
    headers = {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": "v0=" + "0" * 64}
    response = await door.http.post("/slack/events", content=b"{}", headers=[*_raw(headers)])

    assert response.status_code == 401


async def test_a_slack_body_that_is_not_utf8_is_refused(door: FrontDoor) -> None:
    body = b"text=\xff\xfe"
    headers = slack_signature(SLACK, body, int(NOW.timestamp()))

    assert (await door.http.post("/slack/commands", content=body, headers=headers)).status_code == 401


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/webhooks/jira", jira_signature(SecretStr("wrong"), b"{}")),
        ("/webhooks/jira", github_signature(JIRA, b"{}")),
        ("/webhooks/github", github_signature(SecretStr("wrong"), b"{}")),
        ("/webhooks/github", jira_signature(GITHUB, b"{}")),
        ("/webhooks/pagerduty", pagerduty_signature(SecretStr("wrong"), b"{}")),
        ("/webhooks/pagerduty", {}),
        ("/slack/commands", slack_signature(SecretStr("wrong"), b"{}", int(NOW.timestamp()))),
        ("/slack/interactive", {}),
        ("/slack/events", slack_signature(JIRA, b"{}", int(NOW.timestamp()))),
    ],
)
async def test_a_request_without_the_right_signature_is_told_so_and_changes_nothing(
    door: FrontDoor, path: str, headers: dict[str, str]
) -> None:
    response = await door.http.post(path, content=b"{}", headers=headers)

    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == "urn:tierline:problem:wrong-signature"
    assert door.desk.handed == []
    assert not door.quarantine.exists()


@pytest.mark.parametrize("path", ["/webhooks/jira", "/webhooks/github", "/webhooks/pagerduty", "/slack/events"])
async def test_a_vendor_that_is_not_configured_is_not_there(build: Callable[..., FrontDoor], path: str) -> None:
    response = await build(configured=False).http.post(path, content=b"{}")

    assert response.status_code == 404
    assert response.json()["title"].endswith("not configured here")


def _raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]

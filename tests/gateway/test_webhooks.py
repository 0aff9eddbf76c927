"""What vendors' deliveries lead to: the ones that matter, and the ones that cannot be read. `test_recorded_deliveries` has all of Jira's and
GitHub's that were recorded.
"""

import base64
import json
import stat
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from domain.issues import Tracker
from domain.messages import PageChanged
from domain.page_notes import with_marker
from domain.paging import OnCall, OnCallGap, PageDraft, PageRef, PageSnapshot, PageStatus, Urgency
from integrations.checks import Check
from integrations.errors import IntegrationError, PassingFailure, PermanentFailure
from integrations.pager import PagerNeeds, WebhookSubscription
from sandbox.signatures import pagerduty_signature
from tests.gateway.front_door import MOST_BYTES, PAGERDUTY, FrontDoor

PAGE = "tierline/T-1042/page/1"


def page_event(kind: str = "incident.acknowledged", event_id: str = "E1", **data: Any) -> bytes:
    incident = {
        "id": "PQ1K5C8",
        "incident_key": PAGE,
        "html_url": "https://acme.pagerduty.com/incidents/PQ1K5C8",
        "status": "triggered",
        **data,
    }
    event = {
        "id": event_id,
        "event_type": kind,
        "occurred_at": "2026-11-20T12:00:00.250Z",
        "agent": {"type": "user_reference", "summary": "Ada"},
        "data": data if "incident" in data else incident,
    }
    return json.dumps({"event": event}).encode()


class KnownPages:
    """``Pager``, as far as the gateway asks it."""

    def __init__(self, known: dict[str, str], failure: IntegrationError | None = None) -> None:
        self.known, self.failure = known, failure
        self.fetched: list[str] = []

    def fetch(self, page_id: str) -> PageSnapshot:
        self.fetched.append(page_id)
        if self.failure is not None:
            raise self.failure
        if page_id not in self.known:
            raise PermanentFailure("pagerduty", "there is no such incident", status=404)
        return PageSnapshot(ref=PageRef(key=self.known[page_id], id=page_id), status=PageStatus.TRIGGERED)

    def raise_page(self, draft: PageDraft) -> PageRef:
        raise AssertionError("the gateway pages nobody")

    def resolve(self, *, page_key: str, page_id: str | None) -> None:
        raise AssertionError("the gateway resolves nothing")

    def update(self, page_id: str, *, priority: str | None, urgency: Urgency | None) -> None:
        raise AssertionError("the gateway changes nothing")

    def note(self, page_id: str, text: str, *, key: str, recheck: bool) -> None:
        raise AssertionError("the gateway writes nothing")

    def on_call(self, escalation_policy: str | None, *, service: str | None = None) -> list[OnCall]:
        return []

    def gaps(self, escalation_policies: Sequence[str], start: datetime, end: datetime) -> list[OnCallGap]:
        return []

    def changed_since(self, since: datetime, services: Sequence[str]) -> list[PageSnapshot]:
        raise AssertionError("the gateway does not poll")

    def policy_of(self, service: str) -> str:
        return "PEPENG"

    def subscriptions(self) -> list[WebhookSubscription]:
        return []

    def enable(self, subscription_id: str) -> None:
        raise AssertionError("the gateway enables nothing")

    def check(self, needs: PagerNeeds) -> list[Check]:
        return []


# --- Jira ----------------------------------------------------------------------------------------------------------


async def test_a_jira_issue_that_no_ticket_is_on_is_ignored(door: FrontDoor) -> None:
    answer = await door.jira(b'{"webhookEvent": "jira:issue_updated", "issue": {"id": "7"}}')

    assert (answer.status_code, answer.json()) == (202, {"outcome": "ignored"})


JIRA_EVENT = b'{"webhookEvent": "jira:issue_updated", "issue": {"id": "7"}, "timestamp": 1}'
JIRA_RELEASE = b'{"webhookEvent": "jira:version_released", "version": {"released": true}, "timestamp": 1}'
GITHUB_EVENT = b'{"action": "edited", "issue": {"node_id": "I_1", "updated_at": "2026-11-20T12:00:01Z"}}'
GITHUB_RELEASE = b'{"action": "published", "repository": {"full_name": "acme/shop"}, "release": {"id": 1}}'


def heard_of(door: FrontDoor) -> tuple[int, int, int]:
    """How many hints, releases and deliveries the desk has taken as different ones."""
    return len(door.desk.heard), len(door.desk.releases), len(door.desk.deliveries)


@pytest.mark.parametrize(
    ("send", "header", "counted"),
    [
        (lambda door, body, **ids: door.jira(body or JIRA_EVENT, **ids), "X_Atlassian_Webhook_Identifier", (1, 0, 0)),
        (lambda door, body, **ids: door.jira(body or JIRA_RELEASE, **ids), "X_Atlassian_Webhook_Identifier", (0, 1, 0)),
        (lambda door, body, **ids: door.github("issues", body or GITHUB_EVENT, **ids), "X_GitHub_Delivery", (1, 0, 0)),
        (
            lambda door, body, **ids: door.github("release", body or GITHUB_RELEASE, **ids),
            "X_GitHub_Delivery",
            (0, 1, 0),
        ),
        (lambda door, body, **ids: door.pagerduty(body or page_event(), **ids), "X_Webhook_Id", (0, 0, 1)),
    ],
    ids=["an issue of Jira", "a release of Jira", "an issue of GitHub", "a release of GitHub", "an incident"],
)
async def test_a_signed_body_that_is_sent_again_under_another_id_changes_nothing(
    door: FrontDoor, send: Callable[..., Awaitable[httpx2.Response]], header: str, counted: tuple[int, int, int]
) -> None:
    """The header's id is not signed: whoever recorded a delivery can make any up."""
    door.desk.watched = {(Tracker.JIRA, "7"), (Tracker.GITHUB, "I_1")}
    for attempt in ("d-1", "d-1", "d-2", ""):
        assert (await send(door, None, **{header: attempt})).json() == {"outcome": "taken"}

    assert heard_of(door) == counted


async def test_what_happens_again_is_another_delivery_also_under_the_same_id(door: FrontDoor) -> None:
    door.desk.watched = {(Tracker.JIRA, "7"), (Tracker.GITHUB, "I_1")}
    for second in (b"1", b"2"):
        await door.jira(JIRA_EVENT.replace(b"1}", second + b"}"), X_Atlassian_Webhook_Identifier="d-1")
        await door.github("issues", GITHUB_EVENT.replace(b":01Z", b":0" + second + b"Z"), X_GitHub_Delivery="d-1")

    assert heard_of(door) == (4, 0, 0)


# --- GitHub --------------------------------------------------------------------------------------------------------


async def test_a_github_webhook_set_to_send_forms_is_read_as_well(door: FrontDoor) -> None:
    door.desk.watched = {(Tracker.GITHUB, "I_1")}
    body = b"payload=%7B%22issue%22%3A%20%7B%22node_id%22%3A%20%22I_1%22%7D%7D"

    answer = await door.github("issues", body, Content_Type="application/x-www-form-urlencoded")

    assert answer.json() == {"outcome": "taken"}


# --- PagerDuty -----------------------------------------------------------------------------------------------------


TOM = {"type": "user_reference", "summary": "Tom"}
OF_PAGE = {"incident": {"id": "PQ1K5C8", "html_url": "https://acme.pagerduty.com/incidents/PQ1K5C8"}}


async def test_a_helper_who_accepts(build: Callable[..., FrontDoor]) -> None:
    door = build(pager=KnownPages({"PQ1K5C8": PAGE}))
    for number, state in enumerate(("joined", "accepted", "wavers")):
        data = OF_PAGE | {"user": TOM, "state": state}
        await door.pagerduty(page_event("incident.responder.replied", event_id=f"E{number}", **data))

    notes = [delivery.body.note for _, delivery in door.desk.deliveries if isinstance(delivery.body, PageChanged)]
    assert notes == ["accepted", "accepted", "wavers"]


async def test_our_own_note_is_no_news(build: Callable[..., FrontDoor]) -> None:
    door = build(pager=KnownPages({"PQ1K5C8": PAGE}))
    ours = with_marker("The customer waits on the phone. " * 100, "T-1042/17", 10_000)
    for number, content in enumerate((ours, f"{ours} That is what the bot said.")):
        data = OF_PAGE | {"content": content}
        await door.pagerduty(page_event("incident.annotated", event_id=f"E{number}", **data))

    ((_, delivery),) = door.desk.deliveries
    assert delivery.id == "pagerduty/E1"


async def test_the_incident_of_a_note_is_looked_up_once(build: Callable[..., FrontDoor]) -> None:
    pager = KnownPages({"PQ1K5C8": PAGE})
    door = build(pager=pager)
    for number in range(3):
        for incident in ("PQ1K5C8", "PFOREIGN"):
            data = {"incident": {"id": incident}, "content": "A note"}
            await door.pagerduty(page_event("incident.annotated", event_id=f"{incident}/{number}", **data))

    assert pager.fetched == ["PQ1K5C8", "PFOREIGN"]
    assert len(door.desk.deliveries) == 3


async def test_a_key_that_is_not_accepted_loses_no_news(build: Callable[..., FrontDoor]) -> None:
    pager = KnownPages({"PQ1K5C8": PAGE}, PermanentFailure("pagerduty", "the API key is not accepted", status=401))
    door = build(pager=pager)

    refused = await door.pagerduty(page_event(incident_key=None))
    pager.failure = None
    told = await door.pagerduty(page_event(incident_key=None))

    assert (refused.status_code, told.json()) == (503, {"outcome": "taken"})


async def test_a_repeated_delivery_has_the_same_id_whatever_its_header_says(door: FrontDoor) -> None:
    for attempt in ("a", "b"):
        await door.pagerduty(page_event(), X_Webhook_Id=attempt)

    assert {delivery.id for _, delivery in door.desk.deliveries} == {"pagerduty/E1"}


async def test_one_right_signature_among_several_is_enough(door: FrontDoor) -> None:
    body = page_event()
    (right,) = pagerduty_signature(PAGERDUTY, body).values()
    (old,) = pagerduty_signature(SecretStr("the-secret-before"), body).values()

    async def sends(signature: str, content: bytes = body) -> int:
        headers = {"X-PagerDuty-Signature": signature}
        return (await door.http.post("/webhooks/pagerduty", content=content, headers=headers)).status_code

    assert await sends(f"{old},{right}") == 202
    assert [await sends(wrong) for wrong in (old, "", "v1=", right.replace("v1=", "v0="))] == [401] * 4
    # The body as it came is what was signed: the same JSON written in another way is not.
    assert await sends(right, json.dumps(json.loads(body), indent=1).encode()) == 401
    assert len(door.desk.deliveries) == 1


@pytest.mark.parametrize("moment", [None, 7, "yesterday", "2026-11-20T12:00:00"])
async def test_a_time_that_cannot_be_read_stops_no_news(door: FrontDoor, moment: object) -> None:
    event = json.loads(page_event())["event"] | {"occurred_at": moment}

    await door.pagerduty(json.dumps({"event": event}).encode())

    ((_, delivery),) = door.desk.deliveries
    assert isinstance(delivery.body, PageChanged)
    assert delivery.body.at == (
        datetime(2026, 11, 20, 12, tzinfo=UTC) if isinstance(moment, str) and "T" in moment else None
    )


async def test_a_page_of_a_ticket_that_is_gone_and_a_foreign_incident_are_ignored(door: FrontDoor) -> None:
    for key in ("tierline/T-9/page/1", "someone-elses-key", "tierline/T-1042/page/x"):
        answer = await door.pagerduty(page_event(incident_key=key))
        assert answer.json() == {"outcome": "ignored"}
    assert door.desk.deliveries == []


async def test_news_of_a_page_whose_ticket_is_closed_reach_the_tickets_that_it_still_serves(door: FrontDoor) -> None:
    door.desk.references["T-1042"] = {"page/tierline/T-9/page/1"}

    answer = await door.pagerduty(page_event(incident_key="tierline/T-9/page/1"))

    assert answer.json() == {"outcome": "taken"}
    ((ticket_id, delivery),) = door.desk.deliveries
    assert isinstance(delivery.body, PageChanged)
    assert (ticket_id, delivery.body.page_key) == ("T-1042", "tierline/T-9/page/1")


async def test_pagerduty_is_asked_again_when_the_incident_cannot_be_looked_up(build: Callable[..., FrontDoor]) -> None:
    door = build(pager=KnownPages({}, PassingFailure("pagerduty", "is down")))

    answer = await door.pagerduty(page_event(incident_key=None))

    assert answer.status_code == 503
    assert answer.headers["retry-after"]


# --- all -----------------------------------------------------------------------------------------------------------


async def test_while_temporal_is_away_vendors_are_asked_to_come_again(door: FrontDoor) -> None:
    door.desk.away = True

    answers = [
        await door.jira(b'{"webhookEvent": "jira:issue_updated", "issue": {"id": "7"}}'),
        await door.github("issues", b'{"issue": {"node_id": "I_1"}}'),
        await door.pagerduty(page_event()),
    ]

    assert [answer.status_code for answer in answers] == [503] * 3
    assert all(answer.headers["retry-after"] for answer in answers)
    assert answers[0].json()["type"] == "urn:tierline:problem:unavailable"


UNREADABLE: dict[str, bytes] = {
    "random": b"\x00\xff\xfe\x80garbage",
    "not JSON": b"{'a': 1}",
    "no object": b'["issue"]',
    "empty": b"",
    "too deep": b'{"issue":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "no fields": b"{}",
    "wrong types": b'{"webhookEvent": 7, "issue": "PAY-1", "event": []}',
}


@pytest.mark.parametrize("name", UNREADABLE)
@pytest.mark.parametrize("vendor", ["jira", "github", "pagerduty"])
async def test_a_signed_delivery_that_cannot_be_read_is_kept_aside(door: FrontDoor, vendor: str, name: str) -> None:
    body = UNREADABLE[name]
    for _ in range(2):
        answer = await {
            "jira": lambda: door.jira(body, Cookie="secret-cookie"),
            "github": lambda: door.github("issues", body, X_GitHub_Delivery="d-1"),
            "pagerduty": lambda: door.pagerduty(body),
        }[vendor]()
        assert (answer.status_code, answer.json()) == (202, {"outcome": "quarantined"})

    (file,) = door.quarantine.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(door.quarantine.stat().st_mode) == 0o700
    kept = json.loads(file.read_text())
    assert base64.b64decode(kept["body_base64"]) == body
    assert not any("signature" in header or header == "cookie" for header in kept["headers"])
    assert door.counted("tierline_gateway_quarantined_total", vendor=vendor) == 2


async def test_the_log_of_a_quarantined_delivery_shows_nothing_of_it(
    door: FrontDoor, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG", logger="tierline.gateway"):
        await door.jira(b'{"webhookEvent": "jira:issue_updated", "customer": "Robin Roe"}')

    assert "unreadable delivery vendor=jira" in caplog.text
    assert "Robin" not in caplog.text


async def test_a_full_quarantine_does_not_grow_and_still_answers(build: Callable[..., FrontDoor]) -> None:
    door = build()
    door.quarantine.mkdir()
    for number in range(1_000):
        (door.quarantine / f"jira-{number}.json").touch()

    answer = await door.jira(b"{}")

    assert answer.status_code == 202
    assert len(list(door.quarantine.iterdir())) == 1_000
    assert door.counted("tierline_gateway_webhooks_total", vendor="jira", outcome="lost") == 1


async def test_a_delivery_that_is_too_large_is_refused_before_it_is_read(door: FrontDoor) -> None:
    answer = await door.jira(b"[" + b" " * MOST_BYTES + b"]")

    assert answer.status_code == 413
    assert answer.json()["type"] == "urn:tierline:problem:body-too-large"

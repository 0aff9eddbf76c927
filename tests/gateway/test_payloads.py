"""Reading single fields of what vendors send."""

import json
from datetime import UTC, datetime

import pytest

from domain.issues import Tracker
from domain.messages import PageChanged
from gateway.payloads import Unreadable, at, digest, moment_at, parse_form, parse_json, text_at
from gateway.slack_text import plain
from tests.gateway.front_door import FrontDoor
from tests.gateway.test_webhooks import page_event


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        ("  a ", "a"),
        ("", None),
        (" ", None),
        (None, None),
        (True, None),
        (1.5, None),
        ([], None),
        ({}, None),
        (10040, "10040"),
        (10**4_000, "1" + "0" * 999),
        ("\ud800a", "\ufffda"),
        ("x" * 2_000, "x" * 1_000),
    ],
)
def test_a_text_is_a_text_of_bounded_length_that_utf8_can_write(value: object, text: str | None) -> None:
    assert text_at({"field": value}, "field") == text


def test_a_path_that_is_not_there_is_nothing() -> None:
    payload = {"a": [{"b": "c"}]}

    assert at(payload, "a", 0, "b") == "c"
    for path in (("a", 1, "b"), ("a", "b"), (0,), ("a", 0, "b", "c"), ("a", -1, "b")):
        assert at(payload, *path) is None


def test_a_body_must_be_an_object_or_a_form() -> None:
    assert parse_json(b'{"a": 1}') == {"a": 1}
    assert parse_form(b"a=1&a=2&b=") == {"a": "1", "b": ""}
    for body in (b"", b"[]", b"null", b"{", b"\xff", b"[" * 100_000):
        with pytest.raises(Unreadable):
            parse_json(body)
    for body in (b"\xff", b"a=%ff", b"&".join([b"a=1"] * 200)):
        with pytest.raises(Unreadable):
            parse_form(body)


def test_fingerprints_tell_parts_apart() -> None:
    assert digest("ab", "c") != digest("a", "bc") != digest("abc")
    assert digest("a", b"b") == digest(b"a", "b")
    assert len(digest("\ud800")) == 32


@pytest.mark.parametrize(
    ("sent", "written"),
    [
        ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
        ("<https://a.example/x?y=1&amp;z=2|here>", "here (https://a.example/x?y=1&z=2)"),
        ("<https://a.example/> <http://a.example|a.example>", "https://a.example/ http://a.example"),
        ("<tel:+49301234|+49 30 1234>", "+49 30 1234"),
        ("<mailto:robin@a.example|robin@a.example>", "robin@a.example"),
        ("ask <@U1|robin> in <#C1|support>, <!here> and <@U2>", "ask @robin in #support, @here and @U2"),
        ("<!subteam^S1|@leads> <!subteam^S2> <!channel> <#C2|>", "@leads @S2 @channel #C2"),
        (
            "<!date^1795175000^{date}|Friday> <!date^1795175000^{date}> <!date^soon^{date}>",
            "Friday 2026-11-20 11:43 UTC soon",
        ),
        ("&lt;@U1&gt; &lt;!here&gt;", "<@U1> <!here>"),
        ("1 < 2 > 0", "1  2  0"),
    ],
)
def test_slacks_markup_is_read_as_the_person_wrote_it(sent: str, written: str) -> None:
    assert plain(sent) == written


async def test_a_name_that_utf8_cannot_write_does_not_stop_a_page(door: FrontDoor) -> None:
    event = json.loads(page_event())
    event["event"]["agent"]["summary"] = "Ada \ud800"

    assert (await door.pagerduty(json.dumps(event).encode())).json() == {"outcome": "taken"}
    body = door.desk.deliveries[0][1].body
    assert isinstance(body, PageChanged)
    assert body.by == "Ada \ufffd"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-20T12:00:00+01:00", datetime(2026, 11, 20, 11, tzinfo=UTC)),
        ("2026-11-20T12:00:00.000+0000", datetime(2026, 11, 20, 12, tzinfo=UTC)),
        ("2026-11-20T12:00:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("9999-12-31T23:59:59.999999Z", None),
        ("12026-01-01T00:00:00Z", None),
        ("yesterday", None),
    ],
)
def test_an_instant_is_read_where_it_can_be_meant(text: str, at: datetime | None) -> None:
    assert moment_at({"at": text}, "at") == at


def test_an_instant_without_a_zone_is_read_in_the_one_that_it_is_known_to_be_in() -> None:
    assert moment_at({"at": "2026-11-20T12:00:00"}, "at", zone=UTC) == datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59.999999Z"]
)
async def test_a_delivery_from_the_end_of_the_calendar_is_taken_without_its_time(door: FrontDoor, at: str) -> None:
    door.desk.watched |= {(Tracker.JIRA, "10"), (Tracker.GITHUB, "I_1")}
    event = json.loads(page_event())
    event["event"]["occurred_at"] = at
    jira = {"webhookEvent": "jira:issue_updated", "issue": {"id": "10", "fields": {"updated": at}}}
    github = {"action": "edited", "issue": {"node_id": "I_1", "updated_at": at}}

    for answer in (
        await door.pagerduty(json.dumps(event).encode()),
        await door.jira(json.dumps(jira).encode()),
        await door.github("issues", json.dumps(github).encode()),
    ):
        assert answer.json() == {"outcome": "taken"}
    assert [hint.updated_at for hint in door.desk.heard.values()] == [None, None]
    body = door.desk.deliveries[0][1].body
    assert isinstance(body, PageChanged)
    assert body.at is None

"""The vendor's page: what a vendor sees behind its link, what it can do there, and what a bad link shows."""

import base64
import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from domain.calendar import ALWAYS
from domain.vendor_case import VendorCase
from integrations.vendor_portal.links import LinkExpired, LinkInvalid, VendorLinks
from tests.gateway.front_door import LINK_SECRET, FrontDoor

OPENED = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def a_case(**changes: Any) -> VendorCase:
    fields: dict[str, Any] = {
        "ticket_id": "T-1042",
        "number": 1,
        "vendor": "acquirer",
        "vendor_name": "Acquirer <Ltd>",
        "email": "desk@acquirer.example",
        "title": "Cards declined",
        "text": "Why is <b>every</b> card declined?\nSince 9:00.",
        "opened_at": OPENED,
        "target": timedelta(hours=4),
        "calendar": ALWAYS,
    }
    return VendorCase(**fields | changes)


@pytest.fixture
def asked(door: FrontDoor) -> FrontDoor:
    """A gateway with one open case."""
    door.desk.cases[("T-1042", 1)] = a_case()
    return door


def link(door: FrontDoor) -> str:
    return door.gateway.links.url("T-1042", 1)


def nonce_of(page: httpx2.Response) -> str:
    found = re.search(r'name="nonce" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


async def test_the_vendor_sees_what_is_asked_and_by_when(asked: FrontDoor) -> None:
    page = await asked.http.get(link(asked))

    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "Acquirer &lt;Ltd&gt;" in page.text
    assert "Why is &lt;b&gt;every&lt;/b&gt; card declined?" in page.text
    assert "20 November 2026, 16:00 UTC" in page.text
    assert "desk@acquirer.example" not in page.text


async def test_the_page_stands_alone_and_gives_nothing_away(asked: FrontDoor) -> None:
    page = await asked.http.get(link(asked))
    policy = page.headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script|src=|href=|https?://", page.text)
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-content-type-options"] == "nosniff"


async def test_the_style_is_the_one_that_the_policy_allows(asked: FrontDoor) -> None:

    page = await asked.http.get(link(asked))
    style = re.search(r"<style>(.*)</style>", page.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in page.headers["content-security-policy"]


async def test_an_answer_reaches_the_case_once_however_often_it_is_sent(asked: FrontDoor) -> None:
    nonce = nonce_of(await asked.http.get(link(asked)))
    form = {"answer": "  A rule was wrong.\r\nMended.  ", "solved": "yes", "nonce": nonce}

    pages = [await asked.http.post(link(asked), data=form) for _ in range(2)]

    assert [page.status_code for page in pages] == [200, 200]
    assert all("Thank you" in page.text for page in pages)
    replies = [reply for _, _, reply in asked.desk.replies]
    assert (replies[0].text, replies[0].solved) == ("A rule was wrong.\nMended.", True)
    assert len({reply.id for reply in replies}) == 1


async def test_two_forms_are_two_answers_and_the_box_is_off_by_itself(asked: FrontDoor) -> None:
    for _ in range(2):
        nonce = nonce_of(await asked.http.get(link(asked)))
        await asked.http.post(link(asked), data={"answer": "Still looking.", "nonce": nonce})

    assert len({reply.id for _, _, reply in asked.desk.replies}) == 2
    assert not any(reply.solved for _, _, reply in asked.desk.replies)


@pytest.mark.parametrize(
    ("answer", "told"), [("", "write an answer"), (" \n", "write an answer"), ("x" * 20_001, "at most")]
)
async def test_an_answer_that_cannot_be_taken_keeps_what_was_written(asked: FrontDoor, answer: str, told: str) -> None:
    page = await asked.http.post(link(asked), data={"answer": answer, "nonce": "n"})

    assert page.status_code == 422
    assert told in page.text
    assert answer.strip()[:100] in page.text
    assert asked.desk.replies == []


async def test_after_the_answer_the_page_shows_it(asked: FrontDoor) -> None:
    answered = a_case(answer="A rule <was> wrong.", solved=True, answered_at=OPENED + timedelta(hours=1))
    asked.desk.cases[("T-1042", 1)] = answered

    for page in (await asked.http.get(link(asked)), await asked.http.post(link(asked), data={"answer": "again"})):
        assert page.status_code == 200
        assert "A rule <was> wrong." in unescape(page.text)
        assert "<was>" not in page.text
        assert "<form" not in page.text
    assert asked.desk.replies == []


async def test_a_closed_or_unknown_case_says_so(asked: FrontDoor) -> None:
    asked.desk.cases[("T-1042", 1)] = a_case(closed="solved otherwise")

    closed = await asked.http.get(link(asked))
    unknown = await asked.http.get(asked.gateway.links.url("T-1042", 2))

    assert (closed.status_code, unknown.status_code) == (410, 404)
    assert "solved otherwise" not in closed.text


@pytest.mark.parametrize(
    "token", ["x", "a.b.c", "%00", "ü", "x" * 5_000, "eyJ0aWNrZXQiOiJULTEwNDIiLCJjYXNlIjoxfQ.aaaa.bbbb"]
)
async def test_a_link_that_is_not_ours_shows_nothing(asked: FrontDoor, token: str) -> None:
    for page in (
        await asked.http.get(f"/vendor/{token}"),
        await asked.http.post(f"/vendor/{token}", data={"answer": "a"}),
    ):
        assert page.status_code == 404
        assert "not valid" in page.text
    assert asked.desk.replies == []


async def test_an_old_link_says_that_it_has_expired(asked: FrontDoor) -> None:
    object.__setattr__(
        asked.gateway, "links", VendorLinks(LINK_SECRET, "https://x.example", lifetime=timedelta(seconds=-1))
    )

    page = await asked.http.get(link(asked))

    assert page.status_code == 410
    assert "expired" in page.text


async def test_while_temporal_is_away_the_vendor_is_asked_to_come_again(asked: FrontDoor) -> None:
    asked.desk.away = True
    for page in (await asked.http.get(link(asked)), await asked.http.post(link(asked), data={"answer": "a"})):
        assert page.status_code == 503
        assert page.headers["retry-after"]
        assert "nothing was stored" in page.text


async def test_the_link_is_in_no_log_line(asked: FrontDoor, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", logger="tierline.gateway"):
        await asked.http.get(link(asked))

    assert "route=/vendor/{token} status=200" in caplog.text
    assert link(asked).rpartition("/")[2] not in " ".join(
        r.getMessage() for r in caplog.records if "tierline" in r.name
    )


def test_a_link_opens_its_own_case_alone() -> None:
    links = VendorLinks(LINK_SECRET, "https://tierline.example/")
    token = links.sign("T-1042", 2)

    assert links.url("T-1042", 2).startswith("https://tierline.example/vendor/")
    assert (links.read(token).ticket, links.read(token).case) == ("T-1042", 2)
    foreign = VendorLinks(SecretStr("another secret"), "https://tierline.example")
    forged: list[tuple[VendorLinks, str]] = [(foreign, token), (links, token[:-1]), (links, "A" + token), (links, "")]
    for reader, presented in forged:
        with pytest.raises(LinkInvalid):
            reader.read(presented)
    with pytest.raises(LinkExpired):
        VendorLinks(LINK_SECRET, "", lifetime=timedelta(seconds=-1)).read(token)


async def test_links_of_another_gateway_are_refused(build: Callable[..., FrontDoor]) -> None:
    door = build()
    door.desk.cases[("T-1042", 1)] = a_case()
    foreign = VendorLinks(SecretStr("another secret of thirty-two letters"), "https://tierline.example")

    assert (await door.http.get(foreign.url("T-1042", 1))).status_code == 404

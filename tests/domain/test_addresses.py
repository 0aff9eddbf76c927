"""Addresses that people and other systems write, of which the standard library refuses some."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.addresses import joined, parts_of
from domain.chat import FileLink
from domain.intents import OpenIssue
from domain.messages import Delivery, Escalate, ThreadChange, ThreadMessage
from domain.pager_watch import same_address
from domain.tiers import Tier
from integrations.github.addresses import key_of as github_key_of
from integrations.github.attachments import attachments_in
from integrations.jira.tracker import key_of as jira_key_of
from tests.domain.building import LENA, NOON, SAM, Story

BROKEN = ("https://[x/y", "https://[::1", "//[", "https://host:port/x", "https://host:99999999/x", "https://\u2100/x")


@pytest.mark.parametrize("address", BROKEN)
def test_what_is_no_address_has_no_parts(address: str) -> None:
    parts = parts_of(address)
    assert (parts.scheme, parts.hostname, parts.port) == ("", None, None)
    assert joined(address, "/x").endswith("/x")
    assert not same_address(address, "https://tierline.example/webhooks/pagerduty")
    assert github_key_of(address, frozenset({"github.com"})) is None
    assert jira_key_of(address) is None
    text = f"See [the log]({address}) and https://github.com/user-attachments/files/1/trace.log"
    found = attachments_in(text, frozenset({"github.com"}), author="Ada", created_at=NOON, ours=False)
    assert [each.name for each in found] == ["trace.log"]


@given(st.text(max_size=30) | st.from_regex(r"(https?:)?//[\[\]@:/?#a-z0-9.%]{0,12}", fullmatch=True))
def test_any_text_can_be_taken_apart(address: str) -> None:
    parts = parts_of(address)
    assert parts.port is None or 0 <= parts.port < 65_536
    assert same_address(address, address)
    joined(address, address)


@pytest.mark.parametrize("address", BROKEN)
def test_an_escalation_with_a_file_that_has_no_address_is_decided(address: str) -> None:
    story = Story()
    file = FileLink(name="trace.log", url=address)
    said = ThreadMessage(change=ThreadChange.POSTED, ts="1.1", by=SAM, text="see", files=(file,))
    story.hears(Delivery(id="d", body=said))
    assert story.ticket.files
    story.does(LENA, Escalate(to=Tier.L3, reason="It fails"))
    assert story.only(OpenIssue).facts.evidence == ()

"""What people wrote, as Jira's document format has it: paragraphs of their words, and addresses that lead where they say."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.plain_text import plain_block
from integrations.jira.adf import document
from tests.integrations.test_github_text import HOSTILE, PIECES


def nodes_of(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("content", ()):
        yield from nodes_of(child)


def assert_plain(text: str) -> None:
    nodes = list(nodes_of(document(plain_block(text))))
    assert {node["type"] for node in nodes} <= {"doc", "paragraph", "text", "hardBreak"}
    for node in nodes:
        for mark in node.get("marks", ()):
            assert (mark["type"], mark["attrs"]["href"]) == ("link", node["text"])


@pytest.mark.parametrize("text", HOSTILE)
def test_peoples_words_are_paragraphs_and_links_say_where_they_lead(text: str) -> None:
    assert_plain(text)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_whatever_people_write_is_paragraphs_in_jira(text: str) -> None:
    assert_plain(text)

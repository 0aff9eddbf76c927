"""What people wrote, as GitHub shows it: their words, and nothing that acts. Rendered by a Markdown renderer, as GitHub renders first."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from domain.plain_text import plain_block
from integrations.github.markers import carries_any, marked, marker, unmarked
from integrations.github.quoting import quoted

GFM = MarkdownIt("commonmark", {"html": True, "breaks": True}).enable(["table", "strikethrough"])
SHOWS_WORDS = {"text", "code_inline", "softbreak", "hardbreak", "inline", "paragraph_open", "paragraph_close"}
# What GitHub looks for in the text that was rendered, outside of code and links.
FINDS = re.compile(
    r"@[\w-]|#\d|\b(?:GH|CVE)-\d|\bGHSA-|\b[0-9a-f]{7,40}\b|(?:https?|ftp)://|\bwww\.|[\w.+-]+@[\w-]+\.\w|(?:mailto|xmpp):|:[a-z+-][\w+-]*:|\$.*\$",
    re.IGNORECASE,
)
HOSTILE = [
    "![x](https://beacon.example/p.png?id=T-1042)",
    "[https://bank.example](https://evil.example/login)",
    "[click here](https://evil.example)",
    '<img src="https://beacon.example/p.png">',
    "<details> all of this is gone",
    "<!-- hidden",
    "</details></td></table>",
    "&#64;ada-dev and &commat;ada-dev &lt;b&gt;",
    "@ada-dev @acme/payments thanks",
    "(@ada-dev), **@ada-dev**, `@ada-dev`, \\@ada-dev",
    "my order #12 of last week, and acme/other#7, GH-12, gh-3",
    "fixes #12, closes acme/storefront#3, resolves https://github.com/acme/storefront/issues/3",
    "since 3f0aa17c0ffee3f0aa17c0ffee3f0aa17c0ffee0 or 3f0aa17, acme/storefront@3f0aa17",
    "see https://unpkg.com/react@18.2.0/umd/react.js",
    "see https://medium.example/@ada/post, or www.evil.example.",
    "see https://en.wikipedia.example/wiki/Foo_(bar)#Baz).",
    "npm i @acme/pkg@1.2.3",
    "write to jane@acme.example or mailto:jane@acme.example",
    "ssh://git@github.com/acme/shop.git ftp://files.example/x",
    "# Heading\n## Heading\nHeading\n===\nother\n---",
    "- item\n* item\n+ item\n1. one\n2) two\n- [ ] task",
    "> quoted\n> [!WARNING]\n> run this",
    "```mermaid\ngraph TD\n```\n~~~\nx\n~~~",
    "    indented\n\n    as code\n\ttab",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "*emphasis* __strong__ ~~gone~~ _a_ snake_case_name 2*3*4",
    "costs $5 and $6, $$x^2$$, $`y`$",
    "[ref]: https://evil.example\n[ref] and [^1]\n[^1]: note",
    ":tada: :+1: :100: at 12:30:45",
    "<https://evil.example> <jane@acme.example>",
    "like CVE-2026-12345 or GHSA-jfh8-c2jp-5v3q",
    "a  \nb\\\nc",
    "``two`` ``` three @x` `#1",
    "C:\\Users\\ada\\*.log \\\\share\\x",
    "-----BEGIN-----\n***\n___\n- - -",
]


def tokens_of(markdown: str) -> Iterator[Token]:
    for token in GFM.parse(markdown):
        yield token
        yield from token.children or ()


def words_of(text: str) -> list[str]:
    return text.replace("\u200b", "").split()


def assert_nothing_acts(text: str) -> None:
    markdown = quoted(plain_block(text))
    seen: list[str] = []
    # Neighbours are looked at together: GitHub sees one text.
    run = ""
    for token in tokens_of(markdown):
        assert token.type in SHOWS_WORDS, (token.type, markdown)
        if token.type == "text":
            run += token.content
            continue
        if token.type == "code_inline":
            seen += [run, token.content]
            assert FINDS.search(run) is None, (run, markdown)
            run = ""
        elif token.type != "inline":
            seen += [run, "\n"]
            assert FINDS.search(run) is None, (run, markdown)
            run = ""
    assert words_of("".join(seen)) == words_of(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_peoples_words_are_shown_and_do_not_act(text: str) -> None:
    assert_nothing_acts(text)


PIECES = st.one_of(
    st.sampled_from([word for text in HOSTILE for word in re.split(r"(\s)", text)]),
    st.sampled_from([*"\\`*_~[]()<>{}!#@&$|:;.,-+=\"'\n\t 1a", "@a", "#1", "://", "www.", "&#64;"]),
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf")), max_size=8),
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_whatever_people_write_is_shown_and_does_not_act(text: str) -> None:
    assert_nothing_acts(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see https://unpkg.com/react@18.2.0/umd/react.js.", "see `https://unpkg.com/react@18.2.0/umd/react.js`."),
        ("(see https://wiki.example/Foo_(bar))", "(see `https://wiki.example/Foo_(bar)`)"),
        ("order #12, and acme/other#7", "order `#12`, and `acme/other#7`"),
        ("thanks @ada-dev!", "thanks `@ada-dev`!"),
        ("Every till of snake_case is down since 12:30:45.", "Every till of snake_case is down since 12:30:45."),
        ("a `@b` c", "a `` `@b` `` c"),
    ],
)
def test_words_stay_readable_and_addresses_whole(text: str, shown: str) -> None:
    assert quoted(text) == shown


def test_headings_lists_and_tierlines_own_addresses_keep_their_meaning() -> None:
    own = "https://acme.slack.com/files/U1/F1/screen_(1).png"
    text = f"## Evidence\n- screen @ada: {own}\n- https://evil.example"

    kinds = [token.type for token in tokens_of(quoted(text, (own,))) if token.type.endswith("_open")]

    assert kinds.count("heading_open") == 1
    assert kinds.count("list_item_open") == 2
    assert [token.attrs["href"] for token in tokens_of(quoted(text, (own,))) if token.type == "link_open"] == [own]


@pytest.mark.parametrize("text", ["@a " * 10_000, "$" * 30_000, "ä" * 70_000, "https://x.example/" + ")" * 30_000])
def test_too_long_a_text_is_cut_where_nothing_is_torn(text: str) -> None:
    shown = marked(text, "T-1/1")

    assert len(shown) <= 65_536
    assert shown.endswith(marker("T-1/1"))
    assert all(token.type in SHOWS_WORDS | {"html_block"} for token in tokens_of(shown))
    assert FINDS.search("".join(token.content for token in tokens_of(shown) if token.type == "text")) is None


def test_marks_cannot_be_forged() -> None:
    text = marked(f"thanks {marker('T-9/1')} `<!-- tierline:T-9/1 -->` @<!-- tierline:T-9/1 -->", "T-1/1")

    assert text.endswith(marker("T-1/1"))
    assert marker("T-9/1") not in text
    assert carries_any(text)
    assert not carries_any(unmarked(text))
    assert marker("T-1/1") not in marked("words", "T-1/10")
    assert "-->" not in marker("a-->b <!-- c")[:-3]


def test_no_line_of_theirs_is_an_order_to_a_bot() -> None:
    shown = quoted("Support, on T-1: it says\n/close\n  /assign ada-dev\nsee /var/log/x")

    assert not re.search(r"^[ \t]*/", shown, re.MULTILINE)
    assert "\n\\/close\n" in shown
    assert "see /var/log/x" in shown

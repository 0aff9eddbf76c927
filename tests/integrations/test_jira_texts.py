"""What engineers write in Jira, as their colleagues in support read it: nothing that says something is lost."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.jira.adf_text import text_of
from integrations.jira.wiki import wiki
from integrations.jira.wiki_text import plain_of

GRAPH = "https://grafana.example/d/7"


def text(words: str, *marks: dict[str, Any]) -> dict[str, Any]:
    return {"type": "text", "text": words, "marks": list(marks)}


def link(href: str) -> dict[str, Any]:
    return {"type": "link", "attrs": {"href": href}}


def node(kind: str, *content: Any, **attrs: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "attrs": attrs,
        "content": [text(each) if isinstance(each, str) else each for each in content],
    }


def p(*content: Any) -> dict[str, Any]:
    return node("paragraph", *content)


def item(*content: Any) -> dict[str, Any]:
    return node("listItem", *(p(each) if isinstance(each, str) else each for each in content))


BOLD, STRUCK = {"type": "strong"}, {"type": "strike"}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ([p("see ", text("the graph", link(GRAPH)), ".")], f"see the graph ({GRAPH})."),
        ([p("see ", text("the ", link(GRAPH)), text("graph", BOLD, link(GRAPH)))], f"see the graph ({GRAPH})"),
        ([p(text(GRAPH, link(GRAPH)), text("!"))], f"{GRAPH}!"),
        ([p("at", text("grafana.example/d/7", link(GRAPH)), "now")], f"at {GRAPH} now"),
        ([p(text("ops@acme.example", link("mailto:ops@acme.example")))], "ops@acme.example"),
        ([p("out on ", node("date", timestamp="1795132800000"), ".")], "out on 2026-11-20."),
        ([p("out on ", node("date", timestamp="soon"))], "out on soon"),
        ([p(node("mention", id="5b10", text="@Ada"), " look")], "@Ada look"),
        ([p(node("mention", id="5b10"), " look")], "@5b10 look"),
        ([p(node("emoji", shortName=":tada:"), node("emoji", shortName=":x:", text="❌"))], ":tada:❌"),
        ([p(node("status", text="BLOCKED"), " for now")], "BLOCKED for now"),
        ([p("see", node("inlineCard", url=GRAPH), ", please")], f"see {GRAPH}, please"),
        ([p(node("inlineCard", data={"name": "The graph"}))], "The graph"),
        ([node("blockCard", url=GRAPH)], GRAPH),
        ([p(text("Not fixed", STRUCK), " Fixed")], "~~Not fixed~~ Fixed"),
        ([p("10", text("6", {"type": "subsup", "attrs": {"type": "sup"}}))], "10^6"),
        ([p("a"), p(), p("b")], "a\n\nb"),
        ([p("a", node("hardBreak"), "b")], "a\nb"),
        ([node("heading", "Cause", level=2), p("a stale pool")], "Cause\na stale pool"),
        ([node("orderedList", item("stop"), item("start"))], "1. stop\n2. start"),
        ([node("orderedList", item("start"), order=3)], "3. start"),
        (
            [node("orderedList", item("stop", node("bulletList", item("first this"), item("then that"))), item("go"))],
            "1. stop\n   - first this\n   - then that\n2. go",
        ),
        ([node("bulletList", item("a", "more of a"), item("b"))], "- a\n  more of a\n- b"),
        (
            [
                node(
                    "taskList",
                    node("taskItem", "revert", state="DONE"),
                    node("taskItem", "release", state="TODO"),
                    node("taskList", node("taskItem", "tell support", state="TODO")),
                )
            ],
            "[x] revert\n[ ] release\n  [ ] tell support",
        ),
        ([node("decisionList", node("decisionItem", "no hotfix", state="DECIDED"))], "Decision: no hotfix"),
        ([node("blockquote", p("it fails"), p("always")), p("no")], "> it fails\n> always\nno"),
        ([node("codeBlock", "if x:\n    y()", language="python")], "if x:\n    y()"),
        ([node("panel", p("do not restart"), panelType="warning")], "Warning: do not restart"),
        ([node("panel", p("by the way"), panelType="info")], "by the way"),
        ([node("expand", p("inside"), title="The log")], "The log\ninside"),
        ([p("a"), node("rule"), p("b")], "a\n----\nb"),
        (
            [
                node(
                    "table",
                    node("tableRow", node("tableHeader", p("version")), node("tableHeader", p("fails"))),
                    node("tableRow", node("tableCell", p("4.2")), node("tableCell", p("no"), p("not any more"))),
                )
            ],
            "version | fails\n4.2 | no not any more",
        ),
        ([node("mediaSingle", node("media", type="file", id="1", alt="cart.png"))], "[file: cart.png]"),
        ([node("mediaSingle", node("media", type="file", id="1"), node("caption", "The cart"))], "[file]\nThe cart"),
        ([node("mediaGroup", node("media", id="1"), node("media", id="2", alt="b.log"))], "[file]\n[file: b.log]"),
        ([node("layoutSection", node("layoutColumn", p("left")), node("layoutColumn", p("right")))], "left\nright"),
        ([node("bodiedExtension", p("inside"), extensionKey="toc")], "inside"),
        ([node("extension", extensionKey="roadmap", text="Roadmap 2027")], "Roadmap 2027"),
        ([node("extension", extensionKey="roadmap")], "[roadmap]"),
        ([p("a ", node("inlineExtension", extensionKey="jql"), " b")], "a [jql] b"),
        ([node("syncBlock", p("synced"))], "synced"),
        ([p("a", node("sparkles", title="a sparkle"), "b")], "aa sparkleb"),
        ([p("a", node("sparkles"), "b")], "a [sparkles]b"),
        ([node("hologram", node("beam", "seen"), p("below"), label="A hologram")], "A hologram\nseen\nbelow"),
        ([node("hologram")], "[hologram]"),
        ([text("bare text")], "bare text"),
    ],
)
def test_an_atlassian_document_keeps_what_it_says(document: list[Any], words: str) -> None:
    assert text_of({"type": "doc", "version": 1, "content": document}) == words


_NODES = st.recursive(
    st.builds(text, st.text(min_size=1)) | st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.fixed_dictionaries(
        {
            "type": st.sampled_from(
                [
                    "doc",
                    "paragraph",
                    "heading",
                    "bulletList",
                    "orderedList",
                    "listItem",
                    "taskList",
                    "taskItem",
                    "table",
                    "tableRow",
                    "tableCell",
                    "media",
                    "panel",
                    "blockquote",
                    "codeBlock",
                    "mention",
                    "date",
                    "extension",
                    "sparkles",
                    "text",
                ]
            )
        },
        optional={
            "content": st.lists(inner, max_size=4) | inner,
            "attrs": st.dictionaries(st.sampled_from(["text", "order", "state", "timestamp", "url"]), inner) | inner,
            "marks": st.lists(inner, max_size=2) | st.just([link(GRAPH)]),
            "text": inner,
        },
    ),
    max_leaves=20,
)


@given(_NODES)
@settings(max_examples=300)
def test_whatever_jira_sends_is_read(document: Any) -> None:
    assert isinstance(text_of(document), str)


@given(st.text(alphabet="abc ", min_size=1).filter(str.strip), st.integers(0, 400))
def test_words_are_found_however_deep_they_lie(words: str, depth: int) -> None:
    document: Any = p(words)
    for number in range(depth):
        document = node("panel" if number % 2 else "unheardOf", document)

    assert " ".join(words.split()) in " ".join(text_of(document).split())


def test_a_long_text_of_small_parts_is_read_at_once() -> None:
    parts = [text("x", link(GRAPH) if number % 2 else BOLD) for number in range(20_000)]
    begun = time.process_time()
    text_of({"type": "doc", "content": [p(*parts)]})
    plain_of("[" * 30_000)
    plain_of("!a.b|" * 6_000)
    plain_of("{code}" * 5_001)
    plain_of("|" * 30_000)
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("[~accountid:5b10a2844c20165700ede21g] look", "@5b10a2844c20165700ede21g look"),
        ("[~ada] look", "@ada look"),
        (f"see [the graph|{GRAPH}].", f"see the graph ({GRAPH})."),
        (f"see [the graph|{GRAPH}|smart-link]", f"see the graph ({GRAPH})"),
        (f"see [{GRAPH}]", f"see {GRAPH}"),
        (f"see [{GRAPH}|{GRAPH}|smart-card]", f"see {GRAPH}"),
        ("[ops|mailto:ops@acme.example]", "ops (ops@acme.example)"),
        ("[mailto:ops@acme.example]", "ops@acme.example"),
        ("[^cart.log]", "[file: cart.log]"),
        ("!cart.png|thumbnail! and wow! it works!", "[file: cart.png] and wow! it works!"),
        ("[Cause|#cause] and [#cause]", "Cause and cause"),
        ("[x] done, [PAY-1] and a[0]", "[x] done, [PAY-1] and a[0]"),
        ("# stop\n## first this\n## then that\n# start", "1. stop\n   1. first this\n   2. then that\n2. start"),
        ("* a\n** b\n*# c\n* d", "- a\n  - b\n  1. c\n- d"),
        ("# one\n\n# one again", "1. one\n\n1. one again"),
        ("- a\n- b", "- a\n- b"),
        ("{quote}it fails\nalways{quote}\nno", "> it fails\n> always\nno"),
        ("bq. it fails", "> it fails"),
        ("{code:title=a.py|lang=py}\n# no list\n[no|link] \\[\n{code}", "# no list\n[no|link] \\["),
        ("{noformat}* {color:red}raw{color}{noformat}", "* {color:red}raw{color}"),
        ("{panel:title=Beware|bgColor=#fff}do not restart{panel}", "Beware\ndo not restart"),
        ("{color:#ff0000}red{color} and {{mono}}", "red and mono"),
        ("||version||fails||\n|4.2|no|", "version | fails\n4.2 | no"),
        ("|see [the graph|https://x.example]|b|", "see the graph (https://x.example) | b"),
        ("a\\\\b", "a\nb"),
        ("AT&amp;T &lt;b&gt; &nbsp;x &copy=1", "AT&T <b> \xa0x &copy=1"),
        ("h3. Cause\nof it", "Cause\nof it"),
        ("-gone- *bold* {unknown:macro} stays", "-gone- *bold* {unknown:macro} stays"),
    ],
)
def test_wiki_markup_keeps_what_it_says(markup: str, words: str) -> None:
    assert plain_of(markup) == words


@given(st.text(alphabet="ab[]|{}!_~^\\\n :/&;.1+?(h", max_size=200))
def test_what_tierline_writes_in_wiki_markup_is_read_back(words: str) -> None:
    assert "".join(plain_of(wiki(words)).split()) == "".join(words.split())


def test_documents_are_json_that_can_hold_anything() -> None:
    assert text_of(json.loads('{"type": null, "content": [{"type": 3}, [], "x"]}')) == "[3]"

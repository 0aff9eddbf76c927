"""Atlassian Document Format: plain text into it, and readable text out of it.

Format: https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from integrations.jira.plain import ADDRESS, BULLET, HEADING

Node = dict[str, Any]

_BLOCKS = frozenset(
    {
        "paragraph",
        "heading",
        "blockquote",
        "codeBlock",
        "panel",
        "listItem",
        "taskItem",
        "decisionItem",
        "tableRow",
        "expand",
        "nestedExpand",
        "rule",
        "mediaSingle",
        "mediaGroup",
    }
)


def document(text: str) -> Node:
    """A document of paragraphs (parted by empty lines), line breaks, headings (lines with ``## ``), bullet lists (``- ``) and links."""
    content = [node for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()) for node in _part(part)]
    return {"type": "doc", "version": 1, "content": content or [{"type": "paragraph", "content": []}]}


def text_of(node: object) -> str:
    """The words of a document, a line for each block, as a person would read them. Tolerates nodes that it does not know."""
    if isinstance(node, str):
        return node.strip()
    lines = "".join(_words(node)).splitlines()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip()


def _part(part: str) -> Iterator[Node]:
    lines: list[str] = []
    bullets: list[str] = []
    for line in part.splitlines():
        bullet = BULLET.fullmatch(line.strip())
        heading = HEADING.fullmatch(line)
        if bullets and bullet is None:
            yield _list(bullets)
            bullets = []
        if lines and (bullet is not None or heading is not None):
            yield _paragraph(lines)
            lines = []
        if bullet is not None:
            bullets.append(bullet[1])
        elif heading is not None:
            yield _heading(len(heading[1]), heading[2])
        else:
            lines.append(line)
    if lines:
        yield _paragraph(lines)
    if bullets:
        yield _list(bullets)


def _heading(level: int, words: str) -> Node:
    return {"type": "heading", "attrs": {"level": level}, "content": _inline(words)}


def _paragraph(lines: list[str]) -> Node:
    content: list[Node] = []
    for number, line in enumerate(lines):
        if number:
            content.append({"type": "hardBreak"})
        content += _inline(line)
    return {"type": "paragraph", "content": content}


def _list(items: list[str]) -> Node:
    return {
        "type": "bulletList",
        "content": [{"type": "listItem", "content": [_paragraph([item])]} for item in items],
    }


def _inline(line: str) -> list[Node]:
    # A text node must not be empty.
    nodes: list[Node] = []
    end = 0
    for found in ADDRESS.finditer(line):
        if found.start() > end:
            nodes.append({"type": "text", "text": line[end : found.start()]})
        link = {"type": "link", "attrs": {"href": found[0]}}
        nodes.append({"type": "text", "text": found[0], "marks": [link]})
        end = found.end()
    if end < len(line):
        nodes.append({"type": "text", "text": line[end:]})
    return nodes


def _words(node: object) -> Iterator[str]:
    if not isinstance(node, Mapping):
        return
    kind = node.get("type")
    attrs = node.get("attrs")
    attrs = attrs if isinstance(attrs, Mapping) else {}
    if kind == "text":
        yield str(node.get("text", ""))
    elif kind == "hardBreak":
        yield "\n"
    elif kind in {"mention", "emoji", "status"}:
        yield str(attrs.get("text") or attrs.get("shortName") or "")
    elif kind in {"inlineCard", "blockCard", "embedCard"}:
        yield str(attrs.get("url", ""))
    if kind == "listItem":
        yield "- "
    content = node.get("content")
    if isinstance(content, list):
        for child in content:
            yield from _words(child)
            if kind == "tableRow":
                yield " "
    if kind in _BLOCKS and kind != "listItem":
        yield "\n"

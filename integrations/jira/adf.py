"""Atlassian Document Format: plain text into it. Text out of it is ``adf_text``.

Format: https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
"""

import re
from collections.abc import Iterator
from typing import Any

from integrations.jira.plain import ADDRESS, BULLET, HEADING

Node = dict[str, Any]


def document(text: str) -> Node:
    """A document of paragraphs (parted by empty lines), line breaks, headings (lines with ``## ``), bullet lists (``- ``) and links."""
    content = [node for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()) for node in _part(part)]
    return {"type": "doc", "version": 1, "content": content or [{"type": "paragraph", "content": []}]}


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

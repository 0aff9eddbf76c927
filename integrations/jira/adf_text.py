"""The words of an Atlassian document, as a person would read them: lists keep their numbers and levels, links their addresses.

Format: https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/. Apps and later versions bring nodes that this does
not know: of those the words are kept, and where there are none the node's name, so that nothing disappears unsaid.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

Node = Mapping[str, Any]

_MOST_DEPTH = 40
"""Levels of nodes that keep their form; of what lies deeper the words are kept."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INLINES = frozenset(
    {"text", "hardBreak", "mention", "emoji", "date", "status", "inlineCard", "mediaInline", "placeholder"}
    | {"inlineExtension"}
)
_HOLDS_INLINES = frozenset({"paragraph", "heading", "caption"})
_NAMED = ("text", "title", "label", "alt", "shortName", "name", "url", "localeText")
"""Attributes in which a node may have words."""
_OPENING, _CLOSING = frozenset("([{<\"'“‘"), frozenset(".,;:!?)]}>\"'”’")
_PANELS = {"note": "Note: ", "warning": "Warning: ", "error": "Error: ", "success": "Done: ", "tip": "Tip: "}


def text_of(document: object) -> str:
    """The words of a document; of a plain string, as old versions give one, itself."""
    if isinstance(document, str):
        return document.strip()
    if not isinstance(document, Mapping):
        return ""
    text = "\n".join(line.rstrip() for line in _block(document, 0))
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _block(node: Node, depth: int) -> list[str]:
    """The lines of a node that stands by itself."""
    if depth > _MOST_DEPTH:
        return [" ".join(_all_words(node))]
    kind, attrs, content = str(node.get("type")), _attrs(node), _content(node)
    if kind in _HOLDS_INLINES:
        return _inline(content, depth).split("\n")
    match kind:
        case "doc":
            return _blocks(content, depth)
        case "codeBlock":
            return "".join(str(child.get("text", "")) for child in content).split("\n")
        case "bulletList":
            return [line for child in content for line in _item("- ", child, depth)]
        case "orderedList":
            first = attrs.get("order")
            numbers = range(first if isinstance(first, int) else 1, 10**9)
            return [line for n, child in zip(numbers, content, strict=False) for line in _item(f"{n}. ", child, depth)]
        case "taskList" | "decisionList":
            return [line for child in content for line in _task(child, depth)]
        case "taskItem" | "blockTaskItem" | "decisionItem":
            return _task(node, depth)
        case "blockquote":
            return [f"> {line}".rstrip() for line in _blocks(content, depth)]
        case "panel":
            return _after(_PANELS.get(str(attrs.get("panelType")), ""), _blocks(content, depth))
        case "expand" | "nestedExpand":
            return [*([str(attrs["title"])] if attrs.get("title") else []), *_blocks(content, depth)]
        case "rule":
            return ["----"]
        case "tableRow":
            return [" | ".join(" ".join(filter(None, _blocks(_content(cell), depth))) for cell in content)]
    if kind in _INLINES or not content:
        return _inline([node], depth).split("\n")
    # A table, a layout, a group of files, or what is not known: what is in it says what it is.
    words = _words(attrs)
    return [*([words] if words and kind != "table" else []), *_blocks(content, depth)]


def _blocks(nodes: Sequence[Node], depth: int) -> list[str]:
    """Blocks below one another; what is no block makes a line with its neighbours."""
    lines: list[str] = []
    for is_inline, group in groupby(nodes, key=lambda node: node.get("type") in _INLINES):
        if is_inline:
            lines += _inline(list(group), depth + 1).split("\n")
        else:
            lines += [line for node in group for line in _block(node, depth + 1)]
    return lines


def _item(sign: str, node: Node, depth: int) -> list[str]:
    """A list's item: what is below its first line stands below its words."""
    lines = _blocks(_content(node), depth + 1) if node.get("type") == "listItem" else _block(node, depth + 1)
    return _after(sign, lines)


def _task(node: Node, depth: int) -> list[str]:
    state = str(_attrs(node).get("state"))
    match node.get("type"):
        case "taskItem" | "blockTaskItem":
            return _after("[x] " if state == "DONE" else "[ ] ", _blocks(_content(node), depth + 1))
        case "decisionItem":
            return _after("Decision: " if state == "DECIDED" else "To be decided: ", _blocks(_content(node), depth + 1))
        case _:
            return [f"  {line}" for line in _block(node, depth + 1)]


def _after(sign: str, lines: Sequence[str]) -> list[str]:
    indent = " " * len(sign) if sign.endswith((". ", "- ", "] ")) else ""
    first, *rest = lines or [""]
    return [sign + first, *(indent + line for line in rest)]


def _inline(nodes: Sequence[Node], depth: int) -> str:
    """Nodes within a line. Text that was formatted in parts is one link where it leads to one address."""
    line, after_address = "", False
    for href, group in groupby(nodes, key=_href):
        parts = [(_shown(node, depth), node.get("type") != "text") for node in group]
        if href is not None:
            parts = [(_linked("".join(words for words, _ in parts), href), True)]
        for piece, is_special in parts:
            begins = is_special and piece.startswith(("http://", "https://", "[")) and line[-1:] not in _OPENING
            # An address goes on to the next blank.
            goes_on = after_address and piece[:1] not in _CLOSING
            if line[-1:].strip() and piece[:1].strip() and (begins or goes_on):
                line += " "
            line += piece
            after_address = (is_special and "://" in piece and not piece.endswith(")")) if piece else after_address
    return line


def _shown(node: Node, depth: int) -> str:
    attrs = _attrs(node)
    match node.get("type"):
        case "text":
            return _marked(str(node.get("text", "")), node)
        case "hardBreak":
            return "\n"
        case "mention":
            return str(attrs.get("text") or f"@{attrs.get('id') or 'somebody'}")
        case "date":
            return _day(attrs.get("timestamp"))
        case "media" | "mediaInline":
            named = attrs.get("alt") or attrs.get("url")
            return f"[file: {named}]" if named else "[file]"
        case "inlineCard" | "blockCard" | "embedCard":
            data = attrs.get("data")
            return str(attrs.get("url") or (_words(data) if isinstance(data, Mapping) else "") or "[link]")
    below = _blocks(_content(node), depth + 1) if depth <= _MOST_DEPTH else _all_words({"content": _content(node)})
    words = " ".join(filter(None, (_words(attrs), *below)))
    return words or f"[{attrs.get('extensionKey') or node.get('type') or 'something'}]"


def _marked(text: str, node: Node) -> str:
    """Text with the marks that change what it says: what is struck out, a power, an index."""
    if not text.strip():
        return text
    for mark in _marks(node):
        kind, attrs = mark.get("type"), _attrs(mark)
        if kind == "strike":
            text = f"~~{text}~~"
        elif kind == "subsup":
            text = f"{'^' if attrs.get('type') == 'sup' else '_'}{text}"
    return text


def _linked(words: str, href: str) -> str:
    """``the graph (https://…)``; the address alone where the words are that."""
    bare = words.strip()
    if not bare or bare == href or re.sub(r"^https?://", "", href).rstrip("/") == bare.rstrip("/"):
        return href
    if href in (f"mailto:{bare}", f"tel:{bare}"):
        return words
    end = len(words.rstrip())
    return f"{words[:end]} ({href}){words[end:]}"


def _href(node: Node) -> str | None:
    if node.get("type") != "text":
        return None
    links = (_attrs(mark).get("href") for mark in _marks(node) if mark.get("type") == "link")
    return next((str(href) for href in links if href), None)


def _day(timestamp: object) -> str:
    """The day of a date, which is written in milliseconds since 1970."""
    try:
        return f"{_EPOCH + timedelta(milliseconds=int(str(timestamp))):%Y-%m-%d}"
    except (ValueError, OverflowError):
        return str(timestamp or "[date]")


def _words(attrs: Node) -> str:
    found = (attrs.get(name) for name in _NAMED)
    return next((text.strip() for text in found if isinstance(text, str) and text.strip()), "")


def _all_words(node: Node) -> Iterator[str]:
    """The words of a node and of all that is in it, whatever its form, however deep."""
    left: list[Node] = [node]
    while left:
        one = left.pop()
        words = str(one["text"]) if isinstance(one.get("text"), str) else _words(_attrs(one))
        if words.strip():
            yield words.strip()
        left += reversed(_content(one))


def _attrs(node: Node) -> Node:
    attrs = node.get("attrs")
    return attrs if isinstance(attrs, Mapping) else {}


def _content(node: Node) -> list[Node]:
    return _mappings(node.get("content"))


def _marks(node: Node) -> list[Node]:
    return _mappings(node.get("marks"))


def _mappings(value: object) -> list[Node]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, Iterable) else []

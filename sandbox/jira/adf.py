"""Atlassian Document Format, as far as the sandbox needs it: is it a document, and what does it say."""

from typing import Any

_BLOCKS = frozenset(
    {
        "blockquote",
        "bulletList",
        "codeBlock",
        "expand",
        "heading",
        "listItem",
        "mediaGroup",
        "mediaSingle",
        "nestedExpand",
        "orderedList",
        "panel",
        "paragraph",
        "rule",
        "table",
        "tableCell",
        "tableHeader",
        "tableRow",
        "taskItem",
        "taskList",
    }
)
_INLINES = frozenset({"date", "emoji", "hardBreak", "inlineCard", "media", "mention", "status", "text"})
# Nodes that hold text and other inline nodes; the other blocks hold blocks.
_INLINE_HOLDERS = frozenset({"codeBlock", "heading", "paragraph", "taskItem"})


def is_document(value: object) -> bool:
    """Whether Jira would take the value as a rich text: a ``doc`` of version 1 with well-formed nodes."""
    return (
        isinstance(value, dict)
        and value.get("type") == "doc"
        and value.get("version") == 1
        and isinstance(value.get("content"), list)
        and all(_is_block(node) for node in value["content"])
    )


def _is_block(node: object) -> bool:
    if not isinstance(node, dict) or node.get("type") not in _BLOCKS:
        return False
    children = node.get("content", [])
    if not isinstance(children, list):
        return False
    fits = _is_inline if node["type"] in _INLINE_HOLDERS else _is_block_or_media
    return all(fits(child) for child in children)


def _is_block_or_media(node: object) -> bool:
    return _is_block(node) or (isinstance(node, dict) and node.get("type") == "media")


def _is_inline(node: object) -> bool:
    if not isinstance(node, dict) or node.get("type") not in _INLINES:
        return False
    # Jira refuses a text node without text.
    return node["type"] != "text" or (isinstance(node.get("text"), str) and node["text"] != "")


def plain_text(document: dict[str, Any] | None) -> str:
    """What a document says, blocks on lines of their own; the form that webhooks carry."""
    if document is None:
        return ""
    return "\n".join(line for node in document.get("content", []) for line in _lines(node)).strip()


def _lines(node: dict[str, Any]) -> list[str]:
    children: list[dict[str, Any]] = node.get("content", [])
    match node["type"]:
        case "rule":
            return ["----"]
        case "bulletList" | "orderedList":
            sign = "*" if node["type"] == "bulletList" else "#"
            return [f"{sign} {line}" for child in children for line in _lines(child)]
        case kind if kind in _INLINE_HOLDERS:
            return "".join(_inline_text(child) for child in children).split("\n")
        case _:
            return [line for child in children for line in _lines(child)]


def _inline_text(node: dict[str, Any]) -> str:
    attributes: dict[str, Any] = node.get("attrs", {})
    match node["type"]:
        case "text":
            text = str(node["text"])
            links = [m["attrs"]["href"] for m in node.get("marks", []) if m.get("type") == "link"]
            return f"[{text}|{links[0]}]" if links else text
        case "hardBreak":
            return "\n"
        case "mention":
            return f"[~accountid:{attributes.get('id', '')}]"
        case "inlineCard":
            return str(attributes.get("url", ""))
        case _:
            return str(attributes.get("text", ""))


def length(node: dict[str, Any]) -> int:
    """How many characters a document shows, a line's end counted as one."""
    here = len(str(node.get("text", ""))) + (node.get("type") in _INLINE_HOLDERS or node.get("type") == "hardBreak")
    return here + sum(length(child) for child in node.get("content", []))


def document(text: str) -> dict[str, Any]:
    """A document of one paragraph per line."""
    paragraphs = [
        {"type": "paragraph", "content": [{"type": "text", "text": line}] if line else []} for line in text.split("\n")
    ]
    return {"type": "doc", "version": 1, "content": paragraphs}

"""Tierline's invisible marks in GitHub's texts, and texts that cannot do harm there."""

import re
from urllib.parse import quote

_MARKER = re.compile(r"\s*<!-- tierline:[^\s<>]+ -->")
# A name after @ calls that person; a zero-width space between them keeps the words and calls nobody.
_MENTION = re.compile(r"@(?=[A-Za-z0-9])")


def marker(key: str) -> str:
    """The HTML comment that carries a key; GitHub does not show it."""
    return f"<!-- tierline:{quote(key, safe='/:._-').replace('--', '-%2D')} -->"


def marked(text: str, key: str) -> str:
    """The text with its mark at the end; marks and mentions that people wrote into it have no effect."""
    harmless = _MENTION.sub("@\u200b", text.replace("<!--", "&lt;!--"))
    return f"{harmless}\n\n{marker(key)}"


def carries_any(text: str) -> bool:
    """Whether the text carries a mark of Tierline's."""
    return _MARKER.search(text) is not None


def unmarked(text: str) -> str:
    """The text without marks, for people."""
    return _MARKER.sub("", text).strip()

"""Tierline's invisible marks in GitHub's texts, and texts that cannot do harm there."""

import re
from urllib.parse import quote

_MARKER = re.compile(r"\s*<!-- tierline:[^\s<>]+ -->")
# GitHub refuses a text of more characters; what remains is room for the mark.
_TEXT_LIMIT = 65_536
_ROOM = 1_000
_CUT = "\n\n(cut: GitHub takes no longer text)"
# A name after @ calls that person; a zero-width space between them keeps the words and calls nobody.
_MENTION = re.compile(r"@(?=[A-Za-z0-9])")


def marker(key: str) -> str:
    """The HTML comment that carries a key; GitHub does not show it."""
    return f"<!-- tierline:{quote(key, safe='/:._-').replace('--', '-%2D')} -->"


def marked(text: str, key: str) -> str:
    """The text with its mark at the end; marks and mentions that people wrote into it have no effect, and too long a text is cut."""
    harmless = _MENTION.sub("@\u200b", text.replace("<!--", "&lt;!--"))
    if len(harmless) > _TEXT_LIMIT - _ROOM:
        harmless = harmless[: _TEXT_LIMIT - _ROOM] + _CUT
    return f"{harmless}\n\n{marker(key)}"


def carries_any(text: str) -> bool:
    """Whether the text carries a mark of Tierline's."""
    return _MARKER.search(text) is not None


def unmarked(text: str) -> str:
    """The text without marks, for people."""
    return _MARKER.sub("", text).strip()

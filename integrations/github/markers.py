"""Tierline's invisible marks in GitHub's texts, and texts that cannot do harm there."""

import re
from collections.abc import Collection
from urllib.parse import quote

from integrations.github.quoting import quoted

_MARKER = re.compile(r"\s*<!-- tierline:[^\s<>]+ -->")
# GitHub refuses a text of more characters; what remains is room for the mark.
_TEXT_LIMIT = 65_536
_ROOM = 1_000
_CUT = "\n\n(cut: GitHub takes no longer text)"


def marker(key: str) -> str:
    """The HTML comment that carries a key; GitHub does not show it."""
    return f"<!-- tierline:{quote(key, safe='/:._-').replace('--', '-%2D')} -->"


def marked(text: str, key: str, links: Collection[str] = ()) -> str:
    """The plain text as Markdown with its mark at the end; too long a text is cut.

    Nothing that people wrote acts (``quoting``), a mark neither. ``links`` are the addresses in it that may be followed.
    """
    shown, end = quoted(text, links), ""
    while len(shown) > _TEXT_LIMIT - _ROOM:
        # What is quoted is never cut: half a code span would be none.
        text = text[: len(text) * (_TEXT_LIMIT - _ROOM) // len(shown)]
        shown, end = quoted(text, links), _CUT
    return f"{shown}{end}\n\n{marker(key)}"


def carries_any(text: str) -> bool:
    """Whether the text carries a mark of Tierline's."""
    return _MARKER.search(text) is not None


def unmarked(text: str) -> str:
    """The text without marks, for people."""
    return _MARKER.sub("", text).strip()

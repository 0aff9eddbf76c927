"""The marker of a note that Tierline wrote on a page: by it the note is found again, and not told back as news."""

import re
from urllib.parse import quote

_MARKER = re.compile(r"\[Tierline [^\[\]\s]{1,200}\]\s*$")


def note_marker(key: str) -> str:
    """``[Tierline T-1042/17]``: what a note with this key ends in."""
    return f"[Tierline {quote(key, safe='/:._-')}]"


def with_marker(text: str, key: str, longest: int) -> str:
    """The note as it is written: the text, cut so that the whole fits, and the marker."""
    marker = note_marker(key)
    return f"{text[: longest - len(marker) - 1].rstrip()} {marker}"


def is_ours(text: str) -> bool:
    """Whether a note is Tierline's own."""
    return _MARKER.search(text) is not None

"""People's words in a text for a tracker: none of their lines is a heading, a list's item or the like.

A text for a tracker is plain: a line ``## …`` is a heading and a line ``- …`` a list's item, and each tracker's client makes of that what its
tracker reads. So the words that people wrote must begin no such line.
"""

import re

# What begins a heading, a list, a quotation, a table or a rule in a tracker's text; a zero-width space before it shows the same.
_STRUCTURE = re.compile(r"^(?=\s*(?:[#>*+=~`|_<•-]|\d{1,9}[.)](?:\s|$)))", re.MULTILINE)
_NO_STRUCTURE = "\u200b"


def plain_block(text: str) -> str:
    """Words of several lines; more than one empty line between them becomes one."""
    lines = (line.rstrip() for line in text.strip().splitlines())
    return _STRUCTURE.sub(_NO_STRUCTURE, re.sub(r"\n{3,}", "\n\n", "\n".join(lines)))


def plain_line(text: str) -> str:
    """Words as one line."""
    return _STRUCTURE.sub(_NO_STRUCTURE, " ".join(text.split()))

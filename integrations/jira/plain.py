"""What a line of plain text may be beside words, whichever form Jira wants it in."""

import re

ADDRESS = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]}']")
HEADING = re.compile(r"(#{2,6})\s+(\S.*)")
BULLET = re.compile(r"[-*•]\s+(.*)")
MOST_CHARACTERS = 32_000
"""Jira takes 32,767 in a comment or a description; escapes and the end's mark take a few."""


def fitting(text: str) -> str:
    """The text, cut to what Jira takes."""
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1].rstrip() + "…"

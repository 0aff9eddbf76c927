"""What every rule of redaction is: a text in, the text without one kind of detail out.

A rule runs inside a decision, on a text that a stranger wrote, so its work grows with the text's length and no faster. Three habits keep
it so: a match begins only where a run of its characters begins (a lookbehind), a repetition is possessive or bounded, and what stands
before a match is looked at no further back than ``LOOK_BACK``.
"""

import re
from collections.abc import Callable

Rule = Callable[[str], str]
Replace = Callable[[re.Match[str]], str]

LOOK_BACK = 24
"""Characters before a number in which a word says what it is."""


def replacing(pattern: str, replace: Replace, flags: int = 0) -> Rule:
    """A rule that replaces each match."""
    compiled = re.compile(pattern, flags)
    return lambda text: compiled.sub(replace, text)


def with_word(word: str) -> Replace:
    """Replaces all of a match by the word in brackets."""
    return lambda _: f"[{word}]"


def keeping(word: str) -> Replace:
    """Replaces the group ``secret`` and keeps what is around it."""

    def replace(found: re.Match[str]) -> str:
        start, end = found.span("secret")
        return f"{found[0][: start - found.start()]}[{word}]{found[0][end - found.start() :]}"

    return replace


def lowered(text: str) -> str:
    """The text in lower case, character by character: positions stay, which ``str.lower`` does not promise for ``İ``."""
    return text.replace("İ", "I").lower()


def named_before(text: str, at: int, words: re.Pattern[str]) -> bool:
    """Whether one of the words, a pattern that ends in ``\\Z``, stands right before a position."""
    return words.search(text, max(0, at - LOOK_BACK), at) is not None

"""A team's own patterns of what must not reach a tracker: which regular expressions are taken, and how they are used.

A pattern runs inside a ticket's decision, so its work is bounded: it is looked for line by line, in at most ``LONGEST_LINE`` characters
at once, and one whose attempts at a single place could be many is refused when the policy is read.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

# Python's own parser of patterns: it alone knows what a pattern says.
from re import _constants as constants  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

LONGEST_LINE = 500
"""Characters that a pattern is tried on at once; a longer line is cut at blanks."""
_LONGEST_PATTERN = 300
_MOST_ATTEMPTS = 10 * LONGEST_LINE
_MOST_REPEATED_CHOICES = 10
_WORD = re.compile(r"[A-Za-z][A-Za-z -]{0,39}")
_ROUNDS = 5


def problem_of(word: str, pattern: str) -> str | None:
    """Why a pattern, or the word that stands instead of what it finds, cannot be taken; None when it can."""
    if not _WORD.fullmatch(word):
        return "the word that stands instead has up to 40 letters, blanks and hyphens, such as customer number"
    if len(pattern) > _LONGEST_PATTERN:
        return f"a pattern has {_LONGEST_PATTERN} characters at the most"
    try:
        compiled, parsed = re.compile(pattern), parser.parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return f"not a regular expression: {error}"
    try:
        attempts = _attempts(parsed)
    except _Unbounded as unbounded:
        return str(unbounded)
    if attempts > _MOST_ATTEMPTS:
        return "it may be tried in too many ways: bound all of its repetitions but one, such as {1,20} instead of +"
    if compiled.search("") is not None:
        return "it finds nothing at all as well: write what must be there at least once"
    if compiled.search(f"[{word}]") is not None:
        return f"it finds its own replacement [{word}]: choose another word, or a narrower pattern"
    return None


def without_own(text: str, patterns: Mapping[str, str]) -> str:
    """The text with what each pattern finds replaced by its word in brackets. The patterns were taken by ``problem_of``."""
    if not patterns:
        return text
    rules = _compiled(tuple(patterns.items()))
    for _ in range(_ROUNDS):
        clean = "".join(_cleaned(piece, rules) for piece in _pieces(text))
        if clean == text:
            break
        text = clean
    return text


class _Unbounded(Exception):
    """A pattern whose work has no bound."""


def _attempts(parsed: Iterable[tuple[Any, Any]]) -> int:
    """In how many ways a pattern may be tried at one place, at the most."""
    attempts = 1
    for what, detail in parsed:
        if what in (constants.MAX_REPEAT, constants.MIN_REPEAT, constants.POSSESSIVE_REPEAT):
            attempts *= _repeated(*detail)
        elif what is constants.SUBPATTERN:
            attempts *= _attempts(detail[-1])
        elif what is constants.ATOMIC_GROUP:
            attempts *= _attempts(detail)
        elif what is constants.BRANCH:
            attempts *= sum(_attempts(branch) for branch in detail[1])
        elif what in (constants.ASSERT, constants.ASSERT_NOT):
            attempts *= _attempts(detail[1])
        elif what in (constants.GROUPREF, constants.GROUPREF_EXISTS):
            raise _Unbounded("it refers back to what it found before: write that out")
        if attempts > _MOST_ATTEMPTS**2:
            break
    return attempts


def _repeated(least: int, most: Any, what: Iterable[tuple[Any, Any]]) -> int:
    times = LONGEST_LINE if most is constants.MAXREPEAT else int(most)
    within = _attempts(what)
    if within > 1 and times > _MOST_REPEATED_CHOICES:
        raise _Unbounded(
            "a repetition stands within a repetition, or a choice does: bound the outer one, such as {1,5} instead of + or *"
        )
    return int((times - int(least) + 1) * within**times if within > 1 else times - int(least) + 1)


@lru_cache(maxsize=32)
def _compiled(patterns: tuple[tuple[str, str], ...]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern), f"[{word}]") for word, pattern in patterns)


def _cleaned(piece: str, rules: tuple[tuple[re.Pattern[str], str], ...]) -> str:
    for pattern, word in rules:
        piece = pattern.sub(lambda _, word=word: word, piece)  # type: ignore[misc]
    return piece


def _pieces(text: str) -> Iterator[str]:
    for line in text.splitlines(keepends=True):
        while len(line) > LONGEST_LINE:
            # A blank parts what stands on both sides of it; without one it is parted anywhere.
            end = line.rfind(" ", 1, LONGEST_LINE) + 1 or LONGEST_LINE
            yield line[:end]
            line = line[end:]
        yield line

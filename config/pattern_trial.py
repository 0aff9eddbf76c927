"""Tries a team's own patterns on the texts that are worst for them, before a ticket has to.

Which patterns can be run at all is a rule of the domain (``domain.own_patterns``): it bounds how often one may be tried at a place, and holds
for every policy that was ever taken. What a pattern costs is measured here, when a policy's file is read: on texts that begin like a
match again and again and never end as one, made from the pattern itself. The measure is Tierline's own redaction of an ordinary text of
the same length, in the same moment, so that a slow or busy machine changes nothing.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain

# Python's own parser of patterns: it alone knows what a pattern says.
from re import _compiler as compiler  # type: ignore[attr-defined]
from re import _constants as constants  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from domain.own_patterns import LONGEST_LINE, without_own
from domain.redaction import redact

LONGEST = 20_000
"""Characters of the longest text that a message may have."""
_SHORT = 4_000
_MOST_OF_ONE, _MOST_OF_ALL = 2.0, 4.0
"""How many times as long as Tierline's own redaction one pattern may take, and all of them together."""
_CERTAIN_S = 0.05
"""What takes this long is not measured twice."""
_ORDINARY = "Since noon the card payment of order 4711 fails with error 502, seen with version 4.2.1 in Brussels. "
_ALPHABET = [*map(chr, range(32, 127)), "ä", "\u00a0", "й", "字"]
_REPEATS = (constants.MAX_REPEAT, constants.MIN_REPEAT, constants.POSSESSIVE_REPEAT)
_ADVICE = "begin it with what must be there, bound its repetitions, such as CTR-\\d{4,8}, and let no two that stand side by side take the same letters"


def slow_patterns(patterns: Mapping[str, str]) -> Iterator[tuple[str | None, str]]:
    """The patterns that take too long, each by its word, with a sentence; None stands for all of them together.

    Args:
        patterns: expressions by the word that stands instead, taken by ``domain.own_patterns.problem_of``.
    """
    if not patterns:
        return
    unit = _seconds(lambda: redact(_filled(_ORDINARY, LONGEST)))
    total, any_slow = 0.0, False
    for word, pattern in patterns.items():
        seconds, text = _slowest(word, pattern, enough=_MOST_OF_ONE * unit)
        total += seconds
        if seconds > _MOST_OF_ONE * unit:
            any_slow = True
            yield word, f"it takes too long on a text such as {text[:24]!r}…: {_ADVICE}"
    if total > _MOST_OF_ALL * unit and not any_slow:
        yield None, f"all of them together take {total / unit:.0f} times as long as Tierline's own rules: {_ADVICE}"


def _slowest(word: str, pattern: str, *, enough: float) -> tuple[float, str]:
    """The seconds that the pattern takes on its worst text of full length, and that text. More than ``enough`` is looked for no further."""

    def seconds_on(text: str) -> float:
        return _seconds(lambda: without_own(text, {word: pattern}))

    short: dict[str, float] = {}
    for unit in dict.fromkeys(_units(pattern)):
        short[unit] = seconds_on(_filled(unit, _SHORT))
        if short[unit] > enough:
            return short[unit], unit
    worst = sorted(short, key=lambda unit: -short[unit])[:2]
    return max((seconds_on(_filled(unit, LONGEST)), unit) for unit in worst)


def _seconds(call: Callable[[], object]) -> float:
    """Seconds of this thread: what else the process does does not count."""
    found = []
    for _ in range(2):
        began = time.thread_time()
        call()
        found.append(time.thread_time() - began)
        if found[-1] > _CERTAIN_S:
            break
    return min(found)


def _filled(unit: str, length: int) -> str:
    return (unit * (length // len(unit) + 1))[:length]


def _units(pattern: str) -> Iterator[str]:
    """What a hostile text is made of: single signs, and beginnings of matches, broken off in several ways."""
    parsed = parser.parse(pattern)
    one_sign = [_compiled(parsed, node) for node in _signs(parsed)]
    kinds = {tuple(sign.fullmatch(each) is not None for sign in one_sign): each for each in reversed(_ALPHABET)}
    yield from kinds.values()
    for times in (1, 2, 10, LONGEST_LINE - 50):
        for choice in (0, -1):
            whole = _sample(parsed, times, choice)
            for part in (whole, whole[:-1], whole[: len(whole) // 2]):
                if part:
                    yield from (part + after for after in ("", " ", "!", "a"))


def _signs(parsed: Any) -> Iterator[tuple[Any, Any]]:
    """The parts of a pattern that take one sign each."""
    for what, detail in parsed:
        if what in (constants.LITERAL, constants.NOT_LITERAL, constants.IN, constants.ANY):
            yield what, detail
        else:
            yield from chain.from_iterable(map(_signs, _within(what, detail)))


def _within(what: Any, detail: Any) -> Sequence[Any]:
    if what in _REPEATS or what is constants.SUBPATTERN:
        return (detail[-1],)
    if what is constants.BRANCH:
        return tuple(detail[1])
    if what in (constants.ASSERT, constants.ASSERT_NOT):
        return (detail[1],)
    return (detail,) if what is constants.ATOMIC_GROUP else ()


def _sample(parsed: Any, times: int, choice: int) -> str:
    """A text that the pattern likes, with its repetitions that often where they allow it."""
    text = ""
    for what, detail in parsed:
        within = _within(what, detail)
        if what in (constants.LITERAL, constants.NOT_LITERAL, constants.IN, constants.ANY):
            sign = _compiled(parsed, (what, detail))
            text += chr(detail) if what is constants.LITERAL else next(filter(sign.fullmatch, reversed(_ALPHABET)), "")
        elif what in _REPEATS:
            least, most = detail[0], detail[1]
            text += _sample(within[0], times, choice) * min(int(most), max(int(least), times))
        elif what is constants.BRANCH:
            text += _sample(within[choice], times, choice)
        elif what in (constants.SUBPATTERN, constants.ATOMIC_GROUP):
            text += _sample(within[0], times, choice)
    return text[:LONGEST]


def _compiled(parsed: Any, node: tuple[Any, Any]) -> re.Pattern[str]:
    found: re.Pattern[str] = compiler.compile(parser.SubPattern(parsed.state, [node]))
    return found

"""Lengths of time as people write them in a policy: ``30s``, ``15m``, ``4h``, ``2d``, ``1h30m``."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_PATTERN = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.ASCII)
# Enough for the longest of all in seconds; Python refuses to read thousands of them.
_MOST_DIGITS = 9
_LONGEST = timedelta(days=3660)
_JSON_SCHEMA = {
    "type": "string",
    # Whatever matches is a length: longer than zero, and at most the longest.
    "pattern": (
        r"^(?=\d)(?=.*[1-9])(?:(?:[12]?\d{1,3}|3[0-5]\d\d)d(?:\d{1,3}h)?(?:\d{1,4}m)?(?:\d{1,6}s)?"
        r"|(?:\d{1,4}h)?(?:\d{1,6}m)?(?:\d{1,8}s)?)$"
    ),
    "examples": ["15m", "1h30m", "2d"],
}


def parse_duration(value: Any) -> timedelta:
    """Read ``1h30m`` and its like; a day is 24 hours of whatever calendar counts it.

    Raises:
        ValueError: the text is not of that form, or the length is zero, below a second or above ten years.
    """
    if isinstance(value, timedelta):
        if value <= timedelta(0) or value.microseconds:
            raise ValueError("a length of time is whole seconds, and longer than zero")
        return value
    match = _PATTERN.fullmatch(value) if isinstance(value, str) and value else None
    if match is None:
        raise ValueError("write a length of time as 30s, 15m, 4h, 2d or 1h30m")
    amounts = match.groups(default="0")
    readable = all(len(amount) <= _MOST_DIGITS for amount in amounts)
    if not readable or (seconds := _seconds(amounts)) > _LONGEST.total_seconds():
        raise ValueError(f"a length of time is {_LONGEST.days}d at the most")
    if seconds == 0:
        raise ValueError("a length of time must be longer than zero")
    return timedelta(seconds=seconds)


def _seconds(amounts: Sequence[str]) -> int:
    return sum(int(amount) * unit for amount, unit in zip(amounts, _SECONDS.values(), strict=True))


def format_duration(length: timedelta) -> str:
    """``timedelta(minutes=90)`` as ``1h30m``; whole seconds, ``0s`` for less, a leading ``-`` for negative lengths."""
    seconds = int(abs(length).total_seconds())
    parts = []
    for name, unit in _SECONDS.items():
        amount, seconds = divmod(seconds, unit)
        if amount:
            parts.append(f"{amount}{name}")
    return ("-" if length < timedelta(0) and parts else "") + ("".join(parts) or "0s")


Duration = Annotated[
    timedelta, BeforeValidator(parse_duration), PlainSerializer(format_duration), WithJsonSchema(_JSON_SCHEMA)
]
"""A positive timedelta written as ``1h30m`` in YAML and JSON."""

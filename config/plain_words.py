"""Pydantic's errors in the words of somebody who edits a file. No value is ever repeated: it may be a secret."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

_WORDS = {
    "missing": "missing; it has to be given",
    "extra_forbidden": "no such field",
    "string_type": "must be text; put it in quotes",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "frozen_set_type": "must be a list",
    "set_type": "must be a list",
    "dict_type": "must hold `name: value` lines",
    "model_type": "must hold `field: value` lines",
    "date_type": "must be a date such as 2026-12-25",
    "date_parsing": "must be a date such as 2026-12-25",
    "date_from_datetime_parsing": "must be a date such as 2026-12-25",
    "date_from_datetime_inexact": "must be a date such as 2026-12-25",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be at most {le:g}",
    "string_too_short": "must have at least {min_length} characters",
    "too_short": "must have at least {min_length} entries",
}


def in_plain_words(error: ErrorDetails) -> str:
    """What is wrong, in one clause, without the value."""
    context: Mapping[str, Any] = error.get("ctx", {})
    kind = error["type"]
    if kind in {"string_too_short", "too_short"} and context.get("min_length") == 1:
        return "must not be empty"
    if kind == "too_short" and context.get("field_type") == "Value":  # a secret's text
        kind = "string_too_short"
    if kind in _WORDS:
        return _WORDS[kind].format_map(context)
    if kind == "enum":
        return f"allowed: {allowed_values(error)}"
    if kind == "value_error":
        return str(context.get("error", error["msg"])).strip()
    return error["msg"].replace("Input should be", "must be").removeprefix("Value error, ")


def allowed_values(error: ErrorDetails) -> str:
    """``P1, P2, P3, P4`` from pydantic's ``'P1', 'P2', 'P3' or 'P4'``."""
    return str(error.get("ctx", {}).get("expected", "")).replace("'", "").replace(" or ", ", ")


def dotted(path: Iterable[object]) -> str:
    """``clocks.handoff.ladder`` and ``routes[0].project`` from the steps of a path."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")

"""Cutting the long texts of a value and of everything in it: the last resort of a state that would be too large for the server."""

import functools
from collections.abc import Iterator
from typing import Any, TypeVar, get_args

from pydantic import BaseModel

from domain.texts import cut

_T = TypeVar("_T", bound=BaseModel)
_SHORTEST_TEXT = 1_000
"""What is typed with a higher limit is a text; with a lower one a name, a key or an address, by which something may be looked up."""


def with_texts_cut(value: _T, most: int) -> _T:
    """The value with each of its texts within ``most`` bytes, and a visible mark where one was cut."""
    changes = {}
    texts = _texts_of(type(value))
    for name in type(value).model_fields:
        before = getattr(value, name)
        after = _cut(before, most, is_text=name in texts)
        if after is not before:
            changes[name] = after
    return value.model_copy(update=changes) if changes else value


def _cut(value: Any, most: int, *, is_text: bool) -> Any:
    """The very same object where nothing of it is cut."""
    if isinstance(value, str):
        return cut(value, most) if is_text else value
    if isinstance(value, BaseModel):
        return with_texts_cut(value, most)
    if isinstance(value, tuple):
        parts = [_cut(each, most, is_text=is_text) for each in value]
        return value if all(a is b for a, b in zip(parts, value, strict=True)) else tuple(parts)
    if isinstance(value, dict):
        items = {key: _cut(each, most, is_text=is_text) for key, each in value.items()}
        return value if all(items[key] is each for key, each in value.items()) else items
    return value


@functools.cache
def _texts_of(model: type[BaseModel]) -> frozenset[str]:
    """The fields that hold texts."""
    return frozenset(
        name
        for name, field in model.model_fields.items()
        if any(limit >= _SHORTEST_TEXT for limit in (*_limits(field.metadata), *_nested(field.annotation)))
    )


def _nested(annotation: Any) -> Iterator[int]:
    yield from _limits(getattr(annotation, "__metadata__", ()))
    for part in get_args(annotation):
        yield from _nested(part)


def _limits(metadata: Any) -> Iterator[int]:
    for each in metadata:
        if not getattr(each, "whole", False):
            yield from (limit for name in ("most", "max_length") if (limit := getattr(each, name, None)) is not None)
        # A description of a field (``Field(...)`` within a union) keeps its own limits.
        yield from _limits(getattr(each, "metadata", ()))

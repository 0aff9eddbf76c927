"""The largest value of any model: every text as long as its type lets it be, every collection with many members.

It is derived from the models, so that a field that somebody adds is filled as well, and a text without a limit fails.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel, JsonValue

from domain.calendar import ALWAYS, Calendar
from domain.engineering_rules import DuplicateRules, IssueRules
from domain.issue_roll import Roll
from domain.messages import Snooze
from domain.policy import Policy
from domain.texts import CutOver, RefusedOver, with_digest
from tests.domain.building import a_policy

_M = TypeVar("_M", bound=BaseModel)
WIDE = "\U0001f4a5"
"""A letter of four bytes."""
NOW = datetime(2026, 11, 16, 12, 0, 0, 123456, tzinfo=UTC)
Members = Mapping[str, int]
"""How many members a collection gets, by its field: ``Ticket.pages``. Others get ``OTHERS``."""
OTHERS = 5
_GIVEN: dict[type, Callable[[], Any]] = {
    Snooze: lambda: Snooze.model_validate({"for": timedelta(days=1), "reason": WIDE * 2_000}),
    # What a policy says is limited where the policy is loaded.
    Policy: a_policy,
    Calendar: lambda: ALWAYS,
    IssueRules: IssueRules,
    DuplicateRules: DuplicateRules,
    Roll: Roll,
}


class NoLimit(AssertionError):
    """A text has no limit: give it a type of ``domain.texts``."""


def full(model: type[_M], members: Members | None = None, **given: Any) -> _M:
    """The largest value of a model; ``given`` are fields that have a meaning."""
    fill = _Filler(members or {})
    return fill.model(model, given)


class _Filler:
    def __init__(self, members: Members) -> None:
        self._members = members
        self._number = 0

    def model(self, model: type[_M], given: Mapping[str, Any]) -> _M:
        if model in _GIVEN and not given:
            made: _M = _GIVEN[model]()
            return made
        values = dict(given)
        for name, field in model.model_fields.items():
            if name not in values:
                values[name] = self.value(field.annotation, field.metadata, f"{model.__name__}.{name}")
        return model.model_validate(values)

    def value(self, kind: Any, limits: Any, where: str) -> Any:
        origin, parts = get_origin(kind), get_args(kind)
        if origin is Annotated:
            return self.value(parts[0], [*limits, *parts[1:]], where)
        if origin in (Union, UnionType):
            options = [part for part in parts if part is not type(None)]
            return max((self.value(part, limits, where) for part in options), key=_weight)
        if origin is Literal:
            return parts[0]
        if kind is str:
            return self._text(limits, where)
        if isinstance(kind, type) and issubclass(kind, Enum):
            return max(kind, key=lambda each: len(str(each.value)))
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return self.model(kind, {})
        if origin in (tuple, frozenset, list, dict):
            return self._collection(origin, parts, where)
        if kind in _PLAIN:
            return _PLAIN[kind]
        if kind in _GIVEN:
            return _GIVEN[kind]()
        if kind is JsonValue or kind is Any:
            return WIDE * 100
        raise AssertionError(f"{where}: {kind!r} is not known here")

    def _text(self, limits: Any, where: str) -> str:
        self._number += 1
        flat = [each for one in limits for each in (one, *getattr(one, "metadata", ()))]
        for limit in flat:
            pattern = getattr(limit, "pattern", None)
            if pattern is not None:
                return f"T-{self._number:0>20}"
            if isinstance(limit, CutOver | RefusedOver):
                return with_digest(f"{self._number}/{WIDE * limit.most}", limit.most)
        longest = next((most for each in flat if (most := getattr(each, "max_length", None)) is not None), None)
        if longest is None:
            raise NoLimit(f"{where} has no limit: give it a type of domain.texts")
        return f"{self._number}{WIDE * longest}"[:longest]

    def _collection(self, origin: Any, parts: Any, where: str) -> Any:
        if origin is dict:
            made = {}
            for _ in range(self._count(where)):
                made[self.value(parts[0], (), where)] = self.value(parts[1], (), where)
            return made
        if origin is tuple and parts[-1] is not Ellipsis:
            return tuple(self.value(part, (), where) for part in parts)
        return origin(self.value(parts[0], (), where) for _ in range(self._count(where)))

    def _count(self, where: str) -> int:
        return self._members.get(where, OTHERS)


def _weight(value: Any) -> int:
    return len(value.model_dump_json()) if isinstance(value, BaseModel) else len(str(value))


_PLAIN: dict[Any, Any] = {
    datetime: NOW,
    AwareDatetime: NOW,
    date: NOW.date(),
    timedelta: timedelta(days=999, seconds=1),
    bool: False,
    int: 10**9,
    float: 1 / 3,
}

"""Arbitrary values of any type that the domain's models are made of, derived from the models: a new message is tried by itself.

Texts are nasty, instants lie at the ends of time, and what names something known (an issue, a page, a ticket) often does name one.
"""

import types
import typing
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import annotated_types
from hypothesis import assume
from hypothesis import strategies as st
from pydantic import AwareDatetime, BaseModel, BeforeValidator, JsonValue, ValidationError
from pydantic.fields import FieldInfo

from config.policy import load_policy
from domain.durations import parse_duration
from domain.engineering_rules import IssueRules
from domain.intents import Lane
from domain.issues import IssueRef, Tracker
from domain.paging import page_key
from domain.people import Actor, ActorKind, Role
from domain.policy import Policy
from tests.domain.building import NOON, a_policy, an_issue
from tests.domain.test_invariants import busy_policy

T = TypeVar("T")
SHIPPED = tuple(load_policy(path, years=range(2026, 2028)) for path in sorted(Path("config/policies").glob("*.yaml")))


def one_of_these(values: Sequence[T]) -> st.SearchStrategy[T]:
    """One of them by its place: a report of a failure would take minutes to write all of them down."""
    return st.integers(0, len(values) - 1).map(lambda place: values[place])


POLICIES: st.SearchStrategy[Policy] = one_of_these([*SHIPPED, a_policy(), busy_policy()])
TICKETS = ("T-1042", "T-1", "T-2")

NASTY = (
    "",
    " ",
    "\n",
    "\x00",
    "a\x00b\x1b[31m\x7f\x85",
    "\u2028\u2029\u202e\u200b\ufeff",
    "😀" * 50,
    "Ω≈ç√∫˜µ≤≥÷",
    "e\u0301" * 40,
    "https://[x/y",
    "https://[::1",
    "http://",
    "https://host:99999999/x",
    "https://host:port/x",
    "https://example.com/a?b=c#d",
    "//[",
    "://" * 50,
    "<@U0LENA> <!channel> <https://x|y> @channel *_~`",
    "%s %(x)s {0} {name} {",
    "<script>alert(1)</script> ![x](y)",
    "grace@navy.example +32 470 12 34 56 4111 1111 1111 1111",
    "null",
    "-1",
    "9" * 400,
    "PAY-12",
    "acme/storefront#7",
    "#",
    "-",
    "T-1042",
    "low",
    "Gold",
    "x" * 4_100,
    "word " * 4_000,
    "€" * 20_000,
)
ADDRESSES = (
    "https://acme.example/browse/PAY-12",
    "https://files.slack.com/files-pri/T0-F0/trace.log?pub_secret=x",
    "https://ada:secret@host.example/x",
    *(text for text in NASTY if "//" in text),
)
_LONGEST = 20_000
_REFS = [an_issue(1), an_issue(2), an_issue(3, Tracker.GITHUB)]
_ZONES = [timezone(timedelta(hours=hours)) for hours in (-12, -5, 2, 14)]
_EDGES = (
    datetime.min.replace(tzinfo=UTC),
    datetime.min.replace(tzinfo=_ZONES[3]),
    datetime(1, 1, 2, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    NOON,
    datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    datetime(9999, 12, 31, tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
    datetime.max.replace(tzinfo=_ZONES[0]),
)
_LENGTHS = (
    timedelta(0),
    timedelta(microseconds=1),
    timedelta(seconds=-1),
    timedelta(hours=1),
    timedelta(days=400),
    timedelta(days=-90_000),
    timedelta(days=3_000_000),
)


def texts(shortest: int = 0, longest: int = _LONGEST) -> st.SearchStrategy[str]:
    """Nasty ones that fit, and arbitrary short ones. UTF-8 can write all of them: what it cannot write reaches no decision."""
    fitting = [text[:longest] for text in NASTY if len(text) >= shortest]
    free = st.text(st.characters(exclude_categories=["Cs"]), min_size=shortest, max_size=min(longest, shortest + 12))
    return st.one_of(one_of_these(fitting), free) if fitting else free


_INSTANTS = st.one_of(
    st.sampled_from(_EDGES),
    st.builds(
        lambda days, seconds: NOON + timedelta(days=days, seconds=seconds),
        st.integers(-30, 400),
        st.integers(-86_400, 86_400),
    ),
    st.datetimes(timezones=st.sampled_from([UTC, *_ZONES])),
)
_DURATIONS = st.one_of(
    st.sampled_from([timedelta(seconds=1), timedelta(hours=2), timedelta(days=3660)]),
    st.builds(lambda seconds: timedelta(seconds=seconds), st.integers(1, 40 * 86_400)),
)
_PLAIN: Mapping[Any, st.SearchStrategy[Any]] = {
    str: texts(),
    bool: st.booleans(),
    int: st.one_of(st.integers(0, 4), st.sampled_from([-1, 2**31, -(2**63), 10**30])),
    float: st.one_of(st.floats(0, 10), st.sampled_from([0.0, 1e300, 5e-324])),
    datetime: _INSTANTS,
    AwareDatetime: _INSTANTS,
    date: st.one_of(st.sampled_from([date.min, date.max]), st.dates()),
    time: st.times(),
    timedelta: st.one_of(st.sampled_from(_LENGTHS), _DURATIONS),
    type(None): st.none(),
    Any: st.sampled_from([None, 1, "x", [], {}]),
    JsonValue: st.sampled_from([None, 1, "x", [1], {"a": {"b": [None]}}]),
    Policy: POLICIES,
    IssueRules: POLICIES.map(lambda policy: policy.issue_rules()),
}
_BY_NAME: Mapping[str, st.SearchStrategy[Any]] = {
    "ticket_id": st.sampled_from(TICKETS),
    "by_ticket": st.sampled_from(TICKETS),
    "lane": st.sampled_from([lane.value for lane in Lane]),
    "url": st.sampled_from(ADDRESSES),
    "page_key": st.one_of(
        st.builds(page_key, st.sampled_from(TICKETS), st.integers(1, 4)), st.sampled_from(["", "x", "T-1042/page/"])
    ),
}


def anything(hint: Any, *, name: str | None = None, metadata: tuple[Any, ...] = ()) -> st.SearchStrategy[Any]:
    """Values of this type. ``name`` is the field's; ``metadata`` what stands beside the type in ``Annotated``."""
    if get_origin(hint) is Annotated:
        inner, *more = get_args(hint)
        flat = [each for one in more for each in (one.metadata if isinstance(one, FieldInfo) else [one])]
        return anything(inner, name=name, metadata=(*metadata, *flat))
    if (
        any(isinstance(each, BeforeValidator) and each.func is parse_duration for each in metadata)
        and hint is timedelta
    ):
        return _DURATIONS
    if name in _BY_NAME and hint is str:
        return _BY_NAME[name]
    if hint is str and metadata:
        return _constrained_text(metadata)
    if hint in (int, float) and metadata:
        return _constrained_number(hint, metadata)
    if hint in _PLAIN:
        return _PLAIN[hint]
    return _composed(hint, name, metadata)


def _composed(hint: Any, name: str | None, metadata: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    origin, inside = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return st.one_of(*[anything(each, name=name, metadata=metadata) for each in inside])
    if origin is Literal:
        return st.sampled_from(inside)
    least = 1 if any(getattr(each, "min_length", None) for each in metadata) else 0
    if origin is tuple and inside[-1:] == (...,):
        return st.lists(anything(inside[0]), min_size=least, max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*[anything(each) for each in inside])
    if origin is list:
        return st.lists(anything(inside[0]), min_size=least, max_size=3)
    if origin in (set, frozenset):
        return st.frozensets(anything(inside[0]), min_size=least, max_size=3)
    if origin in (dict, Mapping, typing.get_origin(Mapping[str, str])):
        return st.dictionaries(anything(inside[0]), anything(inside[1]), max_size=2)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return a_model(hint)
    raise AssertionError(f"no way is known to make a {hint!r}")


def members(union: Any) -> list[type]:
    """The models of a union, also where it is nested or annotated."""
    if get_origin(union) is Annotated:
        return members(get_args(union)[0])
    if isinstance(union, type):
        return [union]
    return [model for each in get_args(union) for model in members(each)]


@cache
def a_model(model: type[BaseModel]) -> st.SearchStrategy[Any]:
    """Values of a model; optional fields are often left out. What the model itself refuses is not tried."""
    known = _KNOWN.get(model)
    drawn = st.deferred(lambda: _any_fields(model))
    return drawn if known is None else st.one_of(known, known, known, drawn)


def _any_fields(model: type[BaseModel]) -> st.SearchStrategy[Any]:
    required = {name: _field(name, field) for name, field in model.model_fields.items() if field.is_required()}
    optional = {name: _field(name, field) for name, field in model.model_fields.items() if not field.is_required()}
    return st.fixed_dictionaries(required, optional=optional).map(lambda fields: _built(model, fields))


def _field(name: str, field: FieldInfo) -> st.SearchStrategy[Any]:
    return anything(field.annotation, name=name, metadata=tuple(field.metadata))


def _built(model: type[BaseModel], fields: dict[str, Any]) -> BaseModel:
    try:
        return model.model_validate(fields)
    except ValidationError:
        # Rules between fields: as it is with the required ones alone, unless these break them too.
        bare = {name: value for name, value in fields.items() if model.model_fields[name].is_required()}
        try:
            return model.model_validate(bare)
        except ValidationError:
            assume(False)
            raise


def _constrained_text(metadata: tuple[Any, ...]) -> st.SearchStrategy[str]:
    shortest, longest = 0, _LONGEST
    for each in metadata:
        pattern = getattr(each, "pattern", None)
        if pattern is not None:
            return st.from_regex(pattern, fullmatch=True)
        shortest = max(shortest, getattr(each, "min_length", None) or 0)
        longest = min(longest, getattr(each, "max_length", None) or _LONGEST)
    return texts(shortest, longest)


def _constrained_number(hint: Any, metadata: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    low: Any = None
    high: Any = None
    for each in metadata:
        if isinstance(each, annotated_types.Ge):
            low = each.ge
        elif isinstance(each, annotated_types.Gt):
            low = each.gt + (1 if hint is int else 0.001)  # type: ignore[operator]
        elif isinstance(each, annotated_types.Le):
            high = each.le
    return st.integers(low, high) if hint is int else st.floats(low, high, allow_nan=False, allow_infinity=False)


_EVERYBODY = [Actor(kind=kind, id="all", name="All", roles=frozenset(Role)) for kind in ActorKind]
_KNOWN: dict[type[BaseModel], st.SearchStrategy[Any]] = {
    IssueRef: st.sampled_from(_REFS),
    Actor: st.sampled_from(_EVERYBODY),
}

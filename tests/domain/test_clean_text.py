"""Characters that are no text: left out of whatever Tierline takes in, at every door."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from pydantic.fields import FieldInfo

import domain
from domain.clean_text import ONE_LINE, TEXT, clean_line, clean_text, unwritable
from domain.decide import open_ticket
from domain.frozen import Frozen
from domain.messages import Note
from domain.policy import Policy
from telemetry.search_attributes import ticket_attributes
from tests.domain.building import NOON, a_policy, an_opening

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60) | st.text("\x00\x1b\x85\r\n\t\u2028\u202e\ud800a")


@pytest.mark.parametrize(
    ("written", "text", "line"),
    [
        ("pay\x00ments", "payments", "payments"),
        ("\x1b[31mred\x7f\x9b", "[31mred", "[31mred"),
        ("one\r\ntwo\rthree\u2028four\x85five", "one\ntwo\nthree\nfour\nfive", "one two three four five"),
        ("a\tb\v\fc", "a\tb\n\nc", "a b c"),
        ("half \ud83d of a pair", "half \ufffd of a pair", "half \ufffd of a pair"),
        ("Eve\u202enimda\u2066", "Eve\u202enimda\u2066", "Evenimda"),
        ("שלום\u200f, café 👩‍👩‍👧", "שלום\u200f, café 👩‍👩‍👧", "שלום\u200f, café 👩‍👩‍👧"),
    ],
)
def test_what_becomes_of_odd_characters(written: str, text: str, line: str) -> None:
    assert clean_text(written) == text
    assert clean_line(written) == line


@given(ANY_TEXT)
def test_what_is_clean_can_be_written_and_stays_as_it_is(written: str) -> None:
    for clean in (clean_text, clean_line):
        once = clean(written)
        once.encode()
        assert unwritable(once) is None
        assert clean(once) == once
    assert len(clean_line(written).splitlines()) <= 1


def test_what_a_ticket_is_found_by_has_no_control_character() -> None:
    opening = an_opening(product="pay\x00ments", external_ref="47\x0012", title="No\x00 pay\nment")
    ticket = open_ticket(opening, a_policy(), NOON).state
    assert (ticket.product, ticket.external_ref, ticket.title) == ("payments", "4712", "No pay ment")
    assert "\\x00" not in repr(ticket_attributes(ticket))


def test_a_limit_counts_what_is_left() -> None:
    assert Note(text="\x00" * 30_000 + "read me").text == "read me"
    with pytest.raises(ValueError, match="at least 1 character"):
        Note(text="\x00")


def test_every_text_of_a_message_and_of_a_state_is_clean() -> None:
    assert [
        f"{model.__name__}.{name}" for model in _models() for name, field in model.model_fields.items() if _bare(field)
    ] == []


def _models() -> list[type[BaseModel]]:
    """Every model but those of the policy, which its own file gives, and what is only shown."""
    for module in pkgutil.iter_modules(domain.__path__):
        importlib.import_module(f"domain.{module.name}")
    written_by_the_operator = {Policy, *_within(Policy)}
    return sorted(
        (each for each in set(_subclasses(Frozen)) - written_by_the_operator if each.__module__ in _CARRIED),
        key=lambda model: (model.__module__, model.__name__),
    )


_CARRIED = {
    f"domain.{name}"
    for name in (
        "chat",
        "issue_messages",
        "issues",
        "messages",
        "pager_watch",
        "paging",
        "people",
        "reconcile",
        "report",
        "vendor_case",
    )
}
"""The modules of what comes from outside."""


def _subclasses(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for each in model.__subclasses__():
        yield each
        yield from _subclasses(each)


def _within(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for field in model.model_fields.values():
        yield from _models_in(field.annotation)


def _models_in(hint: Any) -> Iterator[type[BaseModel]]:
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        yield hint
        yield from _within(hint)
    for each in get_args(hint):
        yield from _models_in(each)


def _bare(field: FieldInfo) -> bool:
    return any(_unmarked(field.annotation, tuple(field.metadata)))


def _unmarked(hint: Any, marks: tuple[Any, ...]) -> Iterator[bool]:
    """For each text of a type, whether nothing makes it clean: no mark, and no pattern that it must have."""
    if get_origin(hint) is Annotated:
        inner, *more = get_args(hint)
        flat = [mark for each in more for mark in (each.metadata if isinstance(each, FieldInfo) else [each])]
        yield from _unmarked(inner, (*marks, *flat))
    elif hint is str:
        yield not any(mark in (TEXT, ONE_LINE) or getattr(mark, "pattern", None) for mark in marks)
    elif get_origin(hint) is not Literal:
        for each in get_args(hint):
            yield from _unmarked(each, marks)

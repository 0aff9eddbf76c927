"""Reads the policy from a YAML file. Every problem is told with file, line, field and what is allowed."""

import dataclasses
import difflib
import json
import re
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from config.errors import PolicyError
from config.model_types import as_model, bare
from config.plain_words import allowed_values, dotted, in_plain_words
from config.positions import Document, Step, read_document
from domain.issues import Tracker
from domain.people import Role
from domain.policy import Action, ClockKind, CommandName, Policy
from domain.tiers import Priority, Tier, WaitingOn

__all__ = ["PLACEHOLDER", "Placeholder", "PolicyError", "find_placeholders", "load_policy", "policy_schema"]

_NOUNS: dict[type[Enum], str] = {
    Action: "an action",
    ClockKind: "a clock",
    CommandName: "a command",
    Priority: "a priority",
    Role: "a role",
    Tier: "a tier",
    Tracker: "a tracker",
    WaitingOn: "something that a ticket waits on",
}
PLACEHOLDER = "REPLACE"


def load_policy(path: Path) -> Policy:
    """Read and validate a policy.

    Raises:
        PolicyError: one line for each problem, such as
            ``default.yaml:12: clocks.handoff.targets.P5: not a priority; allowed: P1, P2, P3, P4``.
    """
    document = read_document(path)
    try:
        return Policy.model_validate(document.data)
    except ValidationError as error:
        problems = {problem for found in error.errors(include_url=False) for problem in _problems(document, found)}
    raise PolicyError(f"{document.file}:{line}: {text}" for line, text in sorted(problems))


@dataclasses.dataclass(frozen=True)
class Placeholder:
    """A value of a policy that still waits for the team's own."""

    file: str
    line: int
    field: str
    value: str


def find_placeholders(path: Path) -> tuple[Placeholder, ...]:
    """The values that contain ``REPLACE``, as the policy that ships with Tierline has them.

    Raises:
        PolicyError: the file cannot be read as YAML.
    """
    document = read_document(path)
    return tuple(
        Placeholder(document.file, document.line(steps), dotted(steps), value)
        for steps, value in _texts(document.data, ())
        if PLACEHOLDER in value
    )


def policy_schema() -> str:
    """The policy's JSON Schema (draft 2020-12), with which editors check and complete policy files."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_in_steady_order(Policy.model_json_schema(mode="validation")),
        "title": "Tierline policy",
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _in_steady_order(schema: Any) -> Any:
    """A set's default comes out in another order each time; the schema is a file under version control."""
    if isinstance(schema, list):
        return [_in_steady_order(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    steady = {name: _in_steady_order(item) for name, item in schema.items()}
    if steady.get("uniqueItems") and isinstance(steady.get("default"), list):
        steady["default"] = sorted(steady["default"])
    return steady


def _texts(value: Any, steps: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], str]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, (*steps, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*steps, index))
    elif isinstance(value, str):
        yield steps, value


def _problems(document: Document, error: ErrorDetails) -> Iterator[tuple[int, str]]:
    """Line and text of what an error of pydantic says; a rule of several fields may say several things."""
    steps = tuple(step for step in error["loc"] if step != "[key]")
    if error["type"] == "value_error":
        for sentence in in_plain_words(error).splitlines():
            yield _placed(document, steps, sentence)
    else:
        yield document.line(steps), _field(steps) + _what(error, steps)


def _placed(document: Document, steps: tuple[Step, ...], sentence: str) -> tuple[int, str]:
    """A rule about several fields names the one that is wrong at its beginning (``clocks.handoff.ladder: …``)."""
    named = re.match(r"([\w.\-]+): (.*)", sentence, re.DOTALL)
    if named is not None:
        inner = (*steps, *named[1].split("."))
        if inner in document.lines or inner[:-1] in document.lines:
            return document.line(inner), f"{_field(inner)}{named[2]}"
    return document.line(steps), f"{_field(steps)}{sentence}"


def _field(steps: Sequence[Step]) -> str:
    return f"{dotted(steps)}: " if steps else ""


def _what(error: ErrorDetails, steps: tuple[Step, ...]) -> str:
    if error["type"] == "extra_forbidden":
        return _unknown_field(steps)
    if error["type"] == "enum":
        found = _enum(_type_at(Policy, error["loc"]))
        noun = _NOUNS.get(found, "allowed") if found is not None else "allowed"
        return f"not {noun}; allowed: {allowed_values(error)}"
    if error["type"] in {"model_type", "model_attributes_type"}:
        model = as_model(_type_at(Policy, error["loc"]))
        names = ", ".join(model.model_fields) if model is not None else ""
        return f"must hold `field: value` lines; fields: {names}"
    return in_plain_words(error)


def _unknown_field(steps: tuple[Step, ...]) -> str:
    model = as_model(_type_at(Policy, steps[:-1])) or Policy
    names = list(model.model_fields)
    close = difflib.get_close_matches(str(steps[-1]), names, n=1)
    meant = f"did you mean {close[0]}? " if close else ""
    return f"no such field; {meant}allowed: {', '.join(names)}"


def _type_at(annotation: Any, steps: Sequence[object]) -> Any:
    """The type of a field, by the steps of its path (``[key]`` is the type of a mapping's keys)."""
    for position, step in enumerate(steps):
        annotation = bare(annotation)
        model = as_model(annotation)
        if model is not None:
            field = model.model_fields.get(str(step))
            if field is None:
                return None
            annotation = field.annotation
            continue
        arguments = get_args(annotation)
        if not arguments:
            return None
        if get_origin(annotation) is dict:
            is_key = list(steps[position + 1 : position + 2]) == ["[key]"]
            if is_key:
                return arguments[0]
            annotation = arguments[1]
        else:
            annotation = arguments[0]
    return annotation


def _enum(annotation: Any) -> type[Enum] | None:
    annotation = bare(annotation)
    return annotation if isinstance(annotation, type) and issubclass(annotation, Enum) else None

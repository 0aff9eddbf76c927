"""Reads the policy from a YAML file. Every problem is told with file, line, field and what is allowed."""

import dataclasses
import difflib
import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from config.errors import PolicyError
from config.holidays import HolidayRules, holiday_years
from config.issue_text import template_problems
from config.model_types import as_model, bare
from config.pattern_trial import slow_patterns
from config.plain_words import allowed_values, dotted, in_plain_words
from config.positions import Document, Step, read_document
from domain.issues import Tracker
from domain.mail_address import mail_address
from domain.page_rules import FallbackStep, ReachBy
from domain.people import Role
from domain.policy import Action, ClockKind, CommandName, Policy, VendorRules
from domain.texts import size_of
from domain.tiers import Priority, Tier, WaitingOn

__all__ = [
    "PLACEHOLDER",
    "Placeholder",
    "PolicyError",
    "find_placeholders",
    "load_own_policy",
    "load_policy",
    "policy_schema",
]

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
LARGEST_POLICY = 120_000
"""Bytes of a policy as JSON: a ticket hands it on twice from run to run, beside everything else."""


def load_policy(path: Path, *, years: range | None = None) -> Policy:
    """Read and validate a policy.

    Args:
        path: the policy file.
        years: for which the holidays of countries and iCalendar files are worked out; ``holiday_years`` of today if None.

    Raises:
        PolicyError: one line for each problem, such as
            ``default.yaml:12: clocks.handoff.targets.P5: not a priority; allowed: P1, P2, P3, P4``.
    """
    document = read_document(path)
    years = years or holiday_years(datetime.now(UTC).date())
    data, problems = _with_holidays(document, path.parent, years)
    try:
        policy = Policy.model_validate(data)
    except ValidationError as error:
        problems |= {problem for found in error.errors(include_url=False) for problem in _problems(document, found)}
    else:
        problems |= set(_closed_for_a_year(document, policy, years)) | set(_wrong_template(document, policy))
        problems |= set(_too_large(policy))
        problems |= set(_slow_patterns(document, policy))
        problems |= set(_wrong_addresses(document, policy, ()))
        if not problems:
            return policy
    raise PolicyError(f"{document.file}:{line}: {text}" for line, text in sorted(problems))


@dataclasses.dataclass(frozen=True)
class Placeholder:
    """A value of a policy that still waits for the team's own."""

    file: str
    line: int
    field: str
    value: str


def load_own_policy(path: Path) -> Policy:
    """Read a policy that a team runs with: as ``load_policy``, and nothing in it is still to be replaced.

    Raises:
        PolicyError: as ``load_policy``; or one line for each value that still says ``REPLACE``.
    """
    policy = load_policy(path)
    left = find_placeholders(path)
    if left:
        raise PolicyError(
            f"{place.file}:{place.line}: {place.field}: {place.value!r} is a placeholder; write your own, and let "
            "TIERLINE_POLICY_FILE name the file"
            for place in left
        )
    return policy


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
    policy = Policy.model_json_schema(mode="validation")
    fields = policy["$defs"]["Calendar"]["properties"]
    dates = fields["holidays"]
    policy["$defs"]["HolidayRules"] = HolidayRules.model_json_schema(mode="validation")
    fields["holidays"] = {"anyOf": [dates, {"$ref": "#/$defs/HolidayRules"}], "title": dates.pop("title")}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_in_steady_order(policy),
        "title": "Tierline policy",
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _too_large(policy: Policy) -> Iterator[tuple[int, str]]:
    size = size_of(policy.model_dump_json())
    if size > LARGEST_POLICY:
        yield (
            1,
            f"every ticket carries its policy, which may have {LARGEST_POLICY:,} bytes as JSON and has {size:,}: shorten it",
        )


def _with_holidays(document: Document, folder: Path, years: range) -> tuple[Any, set[tuple[int, str]]]:
    """The document with dates in place of each calendar's ``HolidayRules``, and what is wrong with those."""
    data, problems = document.data, set[tuple[int, str]]()
    calendars = data.get("calendars") if isinstance(data, dict) else None
    if not isinstance(calendars, dict):
        return data, problems
    dated = dict(calendars)
    for name, calendar in calendars.items():
        if not isinstance(calendar, dict) or not isinstance(calendar.get("holidays"), dict):
            continue
        at: tuple[Step, ...] = ("calendars", name, "holidays")
        days: Sequence[date] = ()
        try:
            days = HolidayRules.model_validate(calendar["holidays"]).closed_days(folder, years)
        except ValidationError as error:
            for found in error.errors(include_url=False):
                problems |= set(_problems(document, found, HolidayRules, at))
        except PolicyError as error:
            steps = (*at, "ical")
            problems |= {(document.line(steps), _field(steps) + problem) for problem in error.problems}
        dated[name] = {**calendar, "holidays": days}
    return {**data, "calendars": dated}, problems


def _closed_for_a_year(document: Document, policy: Policy, years: range) -> Iterator[tuple[int, str]]:
    """Calendars that weekly spans alone would open: a clock on them would stand still, and tell nobody."""
    for name, calendar in policy.calendars.items():
        closed = [year for year in years if not calendar.opens_in(year)] if calendar.holidays else []
        if closed:
            steps = ("calendars", name, "holidays")
            yield document.line(steps), f"{_field(steps)}they leave no open time in {closed[0]}"


def _wrong_template(document: Document, policy: Policy) -> Iterator[tuple[int, str]]:
    """Mistakes in the template of an issue's text, each on its own line: the text begins below its field, or beside it."""
    template = policy.engineering.template
    if template is None:
        return
    steps = ("engineering", "template")
    below = 1 if "\n" in template.rstrip("\n") else 0
    for line, problem in template_problems(template):
        yield document.line(steps) + (line - 1 + below), f"{_field(steps)}{problem}"


def _slow_patterns(document: Document, policy: Policy) -> Iterator[tuple[int, str]]:
    """Own patterns that would hold a ticket up."""
    for word, problem in slow_patterns(policy.engineering.redaction.patterns):
        steps = ("engineering", "redaction", "patterns", *([word] if word is not None else []))
        yield document.line(steps), f"{_field(steps)}{problem}"


def _wrong_addresses(document: Document, value: Any, steps: tuple[Step, ...]) -> Iterator[tuple[int, str]]:
    """Addresses to which no mail can be written.

    They are tried here and not by the models: an open ticket keeps the policy that it began under, whatever is in it.
    """
    if isinstance(value, VendorRules):
        yield from _wrong_address(document, value.email, (*steps, "email"))
    elif isinstance(value, FallbackStep) and value.by is ReachBy.MAIL:
        for index, person in enumerate(value.people):
            yield from _wrong_address(document, person, (*steps, "people", index))
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _wrong_addresses(document, getattr(value, name), (*steps, name))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _wrong_addresses(document, item, (*steps, str(key)))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _wrong_addresses(document, item, (*steps, index))


def _wrong_address(document: Document, address: str, steps: tuple[Step, ...]) -> Iterator[tuple[int, str]]:
    try:
        mail_address(address)
    except ValueError as error:
        yield document.line(steps), f"{_field(steps)}{error}"


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


def _problems(
    document: Document, error: ErrorDetails, root: type[BaseModel] = Policy, at: tuple[Step, ...] = ()
) -> Iterator[tuple[int, str]]:
    """Line and text of what an error of pydantic says; a rule of several fields may say several things.

    ``root`` is the model that was tried, ``at`` the place in the document that it was tried on.
    """
    steps = (*at, *(step for step in error["loc"] if step != "[key]"))
    if error["type"] == "value_error":
        for sentence in in_plain_words(error).splitlines():
            yield _placed(document, steps, sentence)
    else:
        yield document.line(steps), _field(steps) + _what(error, root)


def _placed(document: Document, steps: tuple[Step, ...], sentence: str) -> tuple[int, str]:
    """A rule about several fields names the one that is wrong at its beginning (``clocks.handoff.ladder: …``)."""
    named = re.match(r"([\w.\-]+): (.*)", sentence, re.DOTALL)
    if named is not None:
        inner = (*steps, *(int(step) if step.isdecimal() else step for step in named[1].split(".")))
        if inner in document.lines or inner[:-1] in document.lines:
            return document.line(inner), f"{_field(inner)}{named[2]}"
    return document.line(steps), f"{_field(steps)}{sentence}"


def _field(steps: Sequence[Step]) -> str:
    return f"{dotted(steps)}: " if steps else ""


def _what(error: ErrorDetails, root: type[BaseModel]) -> str:
    if error["type"] == "extra_forbidden":
        return _unknown_field(tuple(step for step in error["loc"] if step != "[key]"), root)
    if error["type"] == "enum":
        found = _enum(_type_at(root, error["loc"]))
        noun = _NOUNS.get(found, "allowed") if found is not None else "allowed"
        return f"not {noun}; allowed: {allowed_values(error)}"
    if error["type"] in {"model_type", "model_attributes_type"}:
        model = as_model(_type_at(root, error["loc"]))
        names = ", ".join(model.model_fields) if model is not None else ""
        return f"must hold `field: value` lines; fields: {names}"
    return in_plain_words(error)


def _unknown_field(steps: tuple[Step, ...], root: type[BaseModel]) -> str:
    model = as_model(_type_at(root, steps[:-1])) or root
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

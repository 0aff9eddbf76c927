"""Writes the policy's reference (docs/policy.md) from its models."""

import dataclasses
from collections.abc import Iterator
from datetime import date, timedelta
from enum import Enum
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from config.holidays import HolidayRules
from config.model_types import bare, inner_model
from domain.calendar import Calendar, Week
from domain.durations import format_duration
from domain.policy import DEFAULT_PERMISSIONS, ClockKind, Match, Policy, Route, TierRules, VendorRules

_INTRODUCTION = """\
# The policy

Everything that a team decides is in one YAML file: tiers, calendars, targets, ladders, routes and vendors. `TIERLINE_POLICY_FILE`
names it; without it, the file that ships with Tierline is used (`config/policies/default.yaml`), which is made to be copied.

- `tierline policy check FILE` tells each problem with file, line, field and what is allowed.
- `tierline check` tries what the policy names: Slack channels, Jira projects, GitHub repositories, PagerDuty services.
- With `# yaml-language-server: $schema=…/config/policy.schema.json` as its first line, editors complete and check the file.
- An open ticket keeps the policy that it was opened under. Change `version` with each edit.
- A *length of time* is written `30s`, `15m`, `4h`, `2d` or `1h30m`; a day is 24 hours of whatever calendar counts it.
- true, false, null and numbers are read as in YAML 1.2. YAML's anchors, aliases and `<<` work.

This page is made from the models by `tierline policy reference`.
"""

# What the models leave to their names, and a stranger would ask.
_WORDS: dict[tuple[type[BaseModel], str], str] = {
    (Policy, "name"): "What people call the policy.",
    (Policy, "calendars"): "When clocks count, by name. `always` (around the clock) is there without being written.",
    (Policy, "tiers"): "The tiers that tickets go through.",
    (Policy, "ladders"): "What happens as a clock runs, by name.",
    (Policy, "vendors"): "Outside companies that owe answers, by a short name.",
    (Policy, "digest"): "The joint retro of support and engineering; none if left out.",
    (Calendar, "zone"): "IANA time zone, such as `Europe/Brussels`.",
    (Calendar, "always_open"): "Around the clock; `weekly` and `holidays` then say nothing.",
    (Calendar, "weekly"): "The open spans of each weekday.",
    (Calendar, "holidays"): "Days on which it is closed, in its own time zone: own dates, or where to take them from.",
    (TierRules, "name"): "What people call the tier.",
    (Match, "product"): "The ticket's product.",
    (Match, "component"): "The ticket's component.",
    (Match, "priority"): "The ticket's priority.",
    (Match, "plan"): "The customer's plan.",
    (Route, "match"): "Which tickets go this way; all, if left out.",
    (Route, "tracker"): "Where the issue is opened.",
    (Route, "labels"): "Labels that each issue gets.",
    (VendorRules, "name"): "What people call the vendor.",
    (VendorRules, "email"): "Where its support is written to.",
    (VendorRules, "calendar"): "The calendar that counts its target.",
}
_LADDER_RUNGS = "The steps, in rising order of `at`."
_HOLIDAYS = """\
What is given adds up, and becomes dates when the policy is loaded: a ticket keeps those it was opened with. Countries and files are
worked out from 2000 to six years ahead of the day on which the gateway or the worker starts. In an iCalendar file each event of whole
days counts, once or recurring, with its exceptions; an event of some hours is refused.
"""
_TEAM = "Whose retro it is; part of its workflow's id."
_SPANS = "Spans such as `08:00-12:00`; an end before the start runs over midnight."


# What each clock counts, when it starts and what ends it.
_CLOCKS: dict[ClockKind, tuple[str, str]] = {
    ClockKind.FIRST_RESPONSE: ("from opening", "the first public reply by a person"),
    ClockKind.NEXT_RESPONSE: (
        "from the oldest message of the customer that nobody has answered; while the first response is still awaited, "
        "that clock covers it",
        "the next public reply by a person",
    ),
    ClockKind.PERIODIC_UPDATE: (
        "from a public reply by a person, or a reopening; with `pauses: [customer]` it is the pausable kind",
        "the next public reply by a person, after which a new one starts",
    ),
    ClockKind.HANDOFF: (
        "from the entry into a tier; again when the customer comes back after an answer",
        "somebody of the tier takes the ticket",
    ),
    ClockKind.TIER_WORK: (
        "while a tier has the ticket; each stay is a clock of its own",
        "leaving the tier, resolution",
    ),
    ClockKind.VENDOR: (
        "from the opening of a vendor case; its target and calendar are written under `vendors`",
        "the vendor's answer",
    ),
    ClockKind.REQUESTER_WAIT: (
        "from opening, but not while the ticket waits on the customer",
        "resolution; a reopening runs on with the time already counted",
    ),
    ClockKind.AGENT_WORK: (
        "from opening, only while it is the tier's own turn",
        "resolution; a reopening runs on with the time already counted",
    ),
    ClockKind.FIRST_RESOLUTION: ("from opening", "the first resolution; a reopening changes nothing"),
    ClockKind.RESOLUTION: ("from opening", "the last resolution; a reopening runs on with the time already counted"),
}
_AFTER_CLOCKS = """\
An SLA measures any of them. Auto-replies and bots (a reply with `automatic: true`) answer nothing, take no ticket and pause no clock.

A ticket is measured by the first entry of `slas` that matches it when it is opened, else by `clocks`; where neither is for it, no clock
runs, which its story, its card and a notice to the lead say. The choice stands, and is made anew when the priority changes: a clock
that runs keeps what it has counted and gets the new target, calendar, pauses and ladder; one that the new SLA does not measure ends as
`cancelled`; one that only the new SLA measures starts at the change. A finished clock is never rewritten.
"""


def policy_reference() -> str:
    """The whole page, as Markdown."""
    sections = [_written(section) for section in _sections(Policy, "")]
    return "\n".join([_INTRODUCTION, _clocks(), *sections, _permissions()])


def _clocks() -> str:
    lines = ["## The clocks", "", "| clock | counts | ends with |", "|---|---|---|"]
    lines += [f"| `{kind.value}` | {counts} | {end} |" for kind, (counts, end) in _CLOCKS.items()]
    return "\n".join([*lines, "", _AFTER_CLOCKS])


@dataclasses.dataclass(frozen=True)
class _Section:
    path: str
    model: type[BaseModel]


def _sections(model: type[BaseModel], path: str) -> Iterator[_Section]:
    yield _Section(path, model)
    for name, field in model.model_fields.items():
        inner = HolidayRules if _takes_holidays(model, name) else inner_model(field.annotation)
        if inner is not None:
            step = "" if inner is HolidayRules else _step(field)
            yield from _sections(inner, f"{path}.{name}{step}".removeprefix("."))


def _takes_holidays(model: type[BaseModel], name: str) -> bool:
    """Whether a file may say there where dates come from; the domain knows the dates alone."""
    return (model, name) == (Calendar, "holidays")


def _step(field: FieldInfo) -> str:
    kind = get_origin(bare(field.annotation))
    if kind is dict:
        key = bare(get_args(bare(field.annotation))[0])
        return f".<{_key_name(key)}>"
    return "[]" if kind is tuple else ""


def _key_name(key: Any) -> str:
    if isinstance(key, type) and issubclass(key, Enum):
        return {"ClockKind": "clock"}.get(key.__name__, key.__name__.lower())
    return "name"


def _written(section: _Section) -> str:
    about = (section.model.__doc__ or "").strip().split("\n\n")
    heading = f"## `{section.path}`" if section.path else "## Top level"
    lines = [heading, "", " ".join(about[0].split()), ""]
    if section.model.__name__ == "Rung":
        lines += [
            "`every` and `times` repeat the step: `times` more times, `every` apart on the clock's calendar. `hand_off` moves the",
            "ticket to the next tier of the policy below L4; where there is none the lead is told, since only people ask a vendor.",
            "",
        ]
    if section.model is HolidayRules:
        lines += [_HOLIDAYS]
    lines += ["| field | value | default | meaning |", "|---|---|---|---|"]
    for name, field in section.model.model_fields.items():
        kind = _type(field.annotation) + (", or fields" if _takes_holidays(section.model, name) else "")
        lines.append(f"| `{name}` | {kind} | {_default(field)} | {meaning(section.model, name)} |")
    return "\n".join(lines) + "\n"


def meaning(model: type[BaseModel], name: str) -> str:
    """What a field is for, in a sentence; empty where neither the model nor this page says it."""
    described = model.model_fields[name].description or _WORDS.get((model, name), "")
    if described:
        return described
    if model is Week:
        return _SPANS
    return {"rungs": _LADDER_RUNGS, "team": _TEAM}.get(name, "")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None or value == () or value == {} or isinstance(value, BaseModel):
        return ""
    if isinstance(value, frozenset | tuple):
        return ", ".join(f"`{item}`" for item in sorted(value)) if value else ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, timedelta):
        return f"`{format_duration(value)}`"
    return f"`{value}`"


def _type(annotation: Any) -> str:
    annotation = bare(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is dict:
        return f"for each {_each(arguments[0])}: {_type(arguments[1])}"
    if origin in {tuple, frozenset}:
        return f"list of {_type(arguments[0])}"
    if isinstance(annotation, type):
        if issubclass(annotation, Enum):
            return " \\| ".join(f"`{item.value}`" for item in annotation)
        if issubclass(annotation, BaseModel):
            return "fields"
        return {
            str: "text",
            int: "whole number",
            bool: "`true` \\| `false`",
            timedelta: "length of time",
            date: "date",
        }.get(annotation, annotation.__name__)
    return str(annotation)


def _each(key: Any) -> str:
    key = bare(key)
    if isinstance(key, type) and issubclass(key, Enum):
        return ", ".join(f"`{item.value}`" for item in key)
    return "name"


def _permissions() -> str:
    lines = ["## Who may do what, unless `permissions` says otherwise", "", "| command | roles |", "|---|---|"]
    for command, roles in DEFAULT_PERMISSIONS.items():
        lines.append(f"| `{command}` | {', '.join(f'`{role}`' for role in roles)} |")
    return "\n".join(lines) + "\n"

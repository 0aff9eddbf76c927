"""Writes the settings' reference (docs/settings.md) from their models."""

from pathlib import Path
from typing import Any

from config.model_types import as_model
from config.settings import API_TOKENS, DEFAULT_POLICY, Settings, settings_variables
from config.variables import Variable

_INTRODUCTION = """\
# The settings

Settings are environment variables. They are also read from a file `.env` in the working directory, one `NAME=value` a line; the
real environment wins, and an empty variable counts as not set. `tierline check` tells what is missing, wrong or unknown, one line
each, and tries every connection.

A system is configured as soon as one of its variables is set; only the systems that are configured are used. Slack and one
tracker (Jira or GitHub) are needed; PagerDuty and mail are not. *Required* below means: once its system is used.

*Read by* says which program a variable is for. Give each program its own alone, as `docker-compose.yml` does: the gateway faces the
internet and needs none of the worker's credentials. With one `.env` for both, each still ignores what is the other's.

Temporal is found by its own variables, as by every Temporal program: `TEMPORAL_ADDRESS` (default `127.0.0.1:7233`),
`TEMPORAL_NAMESPACE` (default `default`), `TEMPORAL_API_KEY`, `TEMPORAL_TLS_…`, or a profile (`TEMPORAL_PROFILE`).

This page is made from the models by `tierline settings reference`.
"""
# The reference names the file as it is in a checkout, not where it happens to be installed.
_POLICY_IN_CHECKOUT = "config/policies/default.yaml"


def settings_reference() -> str:
    """The whole page, as Markdown."""
    parts = [_INTRODUCTION]
    section: str | None = None
    for variable in settings_variables():
        if variable.section != section:
            parts += [""] if section is not None else []
            section = variable.section
            parts += [*_heading(section), "", "| variable | read by | default | meaning |", "|---|---|---|---|"]
        parts.append(_row(variable))
    return "\n".join(parts) + "\n"


def _heading(section: str) -> list[str]:
    if not section:
        return ["## General"]
    model = as_model(Settings.model_fields[section.lower()].annotation)
    return [
        f"## {section.capitalize() if model is None else (model.__doc__ or '').strip().splitlines()[0].rstrip('.')}"
    ]


def _row(variable: Variable) -> str:
    meaning = variable.description
    if variable.where:
        meaning = f"{meaning} {variable.where[0].upper()}{variable.where[1:]}."
    if variable.secret:
        meaning = f"{meaning} Secret."
    read_by = "both" if len(variable.read_by) > 1 else next(iter(variable.read_by)).value
    return f"| `{variable.name}` | {read_by} | {_default(variable)} | {meaning.replace('|', chr(92) + '|')} |"


def _default(variable: Variable) -> str:
    if variable.required:
        return "**required**"
    if variable.name == API_TOKENS:
        return "**required**"
    value: Any = variable.default
    if value is None or value == ():
        return ""
    if value == DEFAULT_POLICY:
        value = Path(_POLICY_IN_CHECKOUT)
    if isinstance(value, bool):
        value = str(value).lower()
    if isinstance(value, float):
        value = f"{value:g}"
    return f"`{value}`"

"""The settings: environment variables that begin with ``TIERLINE_``, nested with ``__``, and the same from ``.env``.

A system (Slack, Jira, GitHub, PagerDuty, mail) is configured as soon as one of its variables is set. Temporal's own
variables (``TEMPORAL_ADDRESS`` and the like) are read by ``config.temporal_client``.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from config.dotenv import with_dotenv
from config.errors import ConfigurationError
from config.plain_words import dotted, in_plain_words
from config.sections import (
    Address,
    ApiToken,
    AuditSettings,
    GatewaySettings,
    GitHubSettings,
    JiraSettings,
    MailSettings,
    PagerDutySettings,
    Part,
    SlackSettings,
    WorkerSettings,
)
from config.variables import DELIMITER, PREFIX, Variable, unknown_variables, variables_of

__all__ = [
    "API_TOKENS",
    "DEFAULT_POLICY",
    "ApiToken",
    "AuditSettings",
    "GatewaySettings",
    "GitHubSettings",
    "JiraSettings",
    "MailSettings",
    "PagerDutySettings",
    "Part",
    "Settings",
    "SlackSettings",
    "WorkerSettings",
    "load_settings",
    "settings_variables",
]

API_TOKENS = "TIERLINE_GATEWAY__API_TOKENS"
LINK_SECRET = "TIERLINE_GATEWAY__LINK_SECRET"  # noqa: S105 - the name of a variable
DEFAULT_POLICY = Path(__file__).parent / "policies" / "default.yaml"


class Settings(BaseSettings):
    """Everything that an operator decides. ``load_settings`` reads it from the environment."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter=DELIMITER,
        env_nested_max_split=1,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    public_url: Annotated[
        Address, Field(description="The gateway's address as customers, vendors and webhooks reach it.")
    ] = "http://127.0.0.1:8800"
    temporal_ui_url: Annotated[
        Address | None, Field(description="The Temporal UI's address, for links to a ticket's workflow.")
    ] = None
    policy_file: Annotated[Path, Field(description="The policy; the one that ships with Tierline if left out.")] = (
        DEFAULT_POLICY
    )
    gateway: GatewaySettings
    worker: WorkerSettings = WorkerSettings()
    audit: AuditSettings = AuditSettings()
    slack: SlackSettings | None = None
    jira: JiraSettings | None = None
    github: GitHubSettings | None = None
    pagerduty: PagerDutySettings | None = None
    mail: MailSettings | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is given: ``load_settings`` reads the environment, so that a value built in code is just that."""
        return (init_settings,)


def settings_variables() -> tuple[Variable, ...]:
    """Every variable there is, in the order of the models."""
    return variables_of(Settings)


def load_settings(
    *parts: Part, environ: Mapping[str, str] | None = None, dotenv: Path | None = Path(".env")
) -> Settings:
    """Read the settings from the environment, and from ``.env`` in the working directory where the environment is silent.

    Args:
        parts: which programs the settings are for; all, if none is named. What only others read is neither demanded nor taken.
        environ: the environment; the process's own if left out.
        dotenv: a file of ``NAME=value`` lines; it need not exist.

    Raises:
        ConfigurationError: one line for each variable that is missing, wrong or unknown.
    """
    everything = {
        name.upper(): value
        for name, value in with_dotenv(os.environ if environ is None else environ, dotenv).items()
        if name.upper().startswith(PREFIX) and value.strip()
    }
    readers = frozenset(parts or Part)
    read = tuple(variable for variable in settings_variables() if variable.read_by & readers)
    names = {variable.name for variable in read}
    given = {name: value for name, value in everything.items() if name in names}
    problems = {
        **_missing(everything, read),
        **unknown_variables(everything, settings_variables()),
    }
    try:
        settings = Settings(**_nested(given))
    except ValidationError as error:
        _add_invalid(problems, error, given)
    else:
        if not problems:
            return settings
    raise ConfigurationError(f"{name}: {text}" for name, text in _in_order(problems)) from None


def _nested(given: Mapping[str, str]) -> dict[str, Any]:
    source = EnvSettingsSource(Settings)
    source.env_vars = {name.lower(): value for name, value in given.items()}
    values = source()
    return {"gateway": {}, **values}


_GITHUB_APP = ("TIERLINE_GITHUB__APP_ID", "TIERLINE_GITHUB__PRIVATE_KEY", "TIERLINE_GITHUB__INSTALLATION_ID")
_GITHUB_TOKEN = "TIERLINE_GITHUB__TOKEN"  # noqa: S105 - the name of a variable
_JIRA_EMAIL = "TIERLINE_JIRA__EMAIL"
_JIRA_API_TOKEN = "TIERLINE_JIRA__API_TOKEN"  # noqa: S105 - the name of a variable
_JIRA_DATA_CENTER = "TIERLINE_JIRA__PERSONAL_ACCESS_TOKEN"
_IN_A_FILE = "_FILE"
_SLACK_SIGNING_SECRET = "TIERLINE_SLACK__SIGNING_SECRET"  # noqa: S105 - the name of a variable
_SLACK_APP_TOKEN = "TIERLINE_SLACK__APP_TOKEN"  # noqa: S105 - the name of a variable


def _missing(given: Mapping[str, str], read: Iterable[Variable]) -> dict[str, str]:
    """What has to be set and is not, by the name of the variable."""
    known = {variable.name: variable for variable in read}
    wanted = {known[name]: "" for name in (LINK_SECRET, API_TOKENS) if name in known}
    sections = {variable.section for variable in known.values()}
    used = {section for section in sections if any(name.startswith(f"{PREFIX}{section}{DELIMITER}") for name in given)}
    no_tracker = not used & {"JIRA", "GITHUB"}
    for variable in known.values():
        needed = _needed(variable, given)
        if not needed:
            continue
        if variable.name == _SLACK_SIGNING_SECRET:
            wanted[variable] = f" (not needed in Socket Mode, with {_SLACK_APP_TOKEN})"
        elif variable.section in used or variable.section == "SLACK":
            wanted[variable] = ""
        elif no_tracker and variable.section in {"JIRA", "GITHUB"}:
            other = "GitHub" if variable.section == "JIRA" else "Jira"
            wanted[variable] = f" (not needed if {other} is set instead: one tracker is enough)"
    return {
        variable.name: f"missing{aside}; {variable.told}"
        for variable, aside in wanted.items()
        if variable.name not in given
    }


def _needed(variable: Variable, given: Mapping[str, str]) -> bool:
    """Whether the variable has to be set once its system is used."""

    def has(name: str) -> bool:
        return name in given or f"{name}{_IN_A_FILE}" in given

    if variable.name == _GITHUB_TOKEN:
        return not has(_GITHUB_TOKEN) and not any(has(name) for name in _GITHUB_APP)
    if variable.name in _GITHUB_APP:
        return not has(variable.name) and not has(_GITHUB_TOKEN) and any(has(name) for name in _GITHUB_APP)
    if variable.name in {_JIRA_EMAIL, _JIRA_API_TOKEN}:
        return not has(variable.name) and not has(_JIRA_DATA_CENTER)
    if variable.name == _SLACK_SIGNING_SECRET:
        return _SLACK_APP_TOKEN not in given
    return variable.required


def _add_invalid(problems: dict[str, str], error: ValidationError, given: Mapping[str, str]) -> None:
    errors = error.errors(include_url=False, include_input=False)
    for found in errors:
        if found["type"] in {"missing", "extra_forbidden"} and len(found["loc"]) <= 2:
            continue  # told by name already
        depth = len(found["loc"])
        if any(other["loc"][:depth] == found["loc"] and len(other["loc"]) > depth for other in errors):
            continue  # a list is called empty because its entries are wrong
        name = PREFIX + DELIMITER.join(str(step) for step in found["loc"][:2]).upper()
        if name not in given:  # a rule about several variables of a section
            if any(problem.startswith(f"{name}{DELIMITER}") for problem in problems):
                continue
            name = f"{name}{DELIMITER}…"
        inside = dotted(found["loc"][2:])
        text = f"{inside}: {in_plain_words(found)}" if inside else in_plain_words(found)
        problems[name] = f"{problems[name]}; {text}" if name in problems else text


def _in_order(problems: Mapping[str, str]) -> list[tuple[str, str]]:
    order = [variable.name for variable in settings_variables()]
    return sorted(problems.items(), key=lambda problem: order.index(problem[0]) if problem[0] in order else len(order))

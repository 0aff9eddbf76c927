"""`tierline check`: are the settings whole, is the policy right, and does everything that they name answer?"""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import typer

from cli.connections import try_connections
from cli.findings import Finding, Verdict, note, ok, show, to_do
from config.dotenv import with_dotenv
from config.errors import ConfigurationError, PolicyError
from config.policy import PLACEHOLDER, Placeholder, find_placeholders, load_policy
from config.settings import DEFAULT_POLICY, Settings, load_settings, settings_variables
from config.temporal_client import DEFAULT_ADDRESS
from domain.issues import Tracker
from domain.policy import Policy
from integrations.clients import Clients, build_clients
from integrations.errors import IntegrationError

_POLICY_FILE = "TIERLINE_POLICY_FILE"
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def check(*, policy: Path | None, offline: bool) -> bool:
    """Print one line for everything that is checked, and tell whether all is well."""
    return asyncio.run(_check(policy, offline))


async def _check(policy_option: Path | None, offline: bool) -> bool:
    count = 0
    settings: Settings | None = None

    def tell(finding: Finding) -> None:
        nonlocal count
        count += finding.verdict is Verdict.TO_DO
        show(finding)

    environ = with_dotenv(os.environ, Path(".env"))
    try:
        settings = load_settings(environ=environ, dotenv=None)
        tell(ok("settings: every variable that is needed is there"))
    except ConfigurationError as error:
        for problem in error.problems:
            tell(to_do(problem))
    for finding in _notes(environ, settings):
        tell(finding)

    policy_file = policy_option or (
        settings.policy_file if settings else Path(environ.get(_POLICY_FILE) or DEFAULT_POLICY)
    )
    policy, findings = _read_policy(policy_file)
    for finding in findings:
        tell(finding)
    if settings is not None and policy is not None:
        for finding in _not_reachable(settings, policy):
            tell(finding)

    if offline:
        tell(note("connections: not tried (--offline)"))
    else:
        clients, trouble = _clients(settings)
        if trouble is not None:
            tell(trouble)
        public_url = settings.public_url if settings is not None else None
        for answer in try_connections(clients, policy, environ, public_url=public_url):
            for finding in await answer:
                tell(finding)
    typer.echo(f"{count} to do (!!)" if count else "All is well.")
    return count == 0


def _clients(settings: Settings | None) -> tuple[Clients | None, Finding | None]:
    if settings is None:
        return None, note("Slack and the other systems: tried once the settings are whole")
    try:
        return build_clients(settings), None
    except IntegrationError as error:
        return None, to_do(str(error))


def _notes(environ: Mapping[str, str], settings: Settings | None) -> Iterator[Finding]:
    """What is not set and need not be."""
    if not environ.get("TEMPORAL_ADDRESS") and not environ.get("TEMPORAL_PROFILE"):
        yield note(f"TEMPORAL_ADDRESS: not set; {DEFAULT_ADDRESS} is used")
    used = {
        variable.section
        for variable in settings_variables()
        if variable.section and environ.get(variable.name, "").strip()
    }
    optional = {"PAGERDUTY": "nobody is paged", "MAIL": "vendors and customers get no mail"}
    if used & {"JIRA", "GITHUB"}:
        optional |= {"JIRA": "no issues are opened there", "GITHUB": "no issues are opened there"}
    for section, consequence in optional.items():
        if section not in used:
            needed = ", ".join(
                variable.name
                for variable in settings_variables()
                if variable.section == section and (variable.required or variable.name.endswith("GITHUB__TOKEN"))
            )
            yield note(f"{section.lower()}: not set up, which is fine: {consequence}; to use it set {needed}")
    if settings is not None and urlsplit(settings.public_url).hostname in _LOOPBACK:
        yield note(
            f"TIERLINE_PUBLIC_URL: {settings.public_url} is reached from this machine only: no webhooks from outside"
        )


def _read_policy(file: Path) -> tuple[Policy | None, list[Finding]]:
    try:
        policy = load_policy(file)
        placeholders = find_placeholders(file)
    except PolicyError as error:
        return None, [to_do(problem) for problem in error.problems]
    if placeholders:
        return policy, list(_to_replace(file, placeholders))
    return policy, [ok(f"policy: {file}: {policy.name}, version {policy.version}")]


def _to_replace(file: Path, placeholders: Sequence[Placeholder]) -> Iterator[Finding]:
    if file == DEFAULT_POLICY:
        names = ", ".join(dict.fromkeys(placeholder.field for placeholder in placeholders))
        yield to_do(
            f"{_POLICY_FILE}: not set; copy {file}, replace what says {PLACEHOLDER} ({names}), and name your copy here"
        )
        return
    for found in placeholders:
        yield to_do(f"{found.file}:{found.line}: {found.field}: {found.value} is a placeholder; write your own value")


def _not_reachable(settings: Settings, policy: Policy) -> Iterator[Finding]:
    """What the policy asks of systems that are not configured."""
    for index, route in enumerate(policy.routes):
        system = settings.jira if route.tracker is Tracker.JIRA else settings.github
        if system is None:
            yield to_do(
                f"policy: routes[{index}] opens issues in {route.tracker}, which is not set up; set its variables "
                f"(TIERLINE_{route.tracker.upper()}__…) or take the route out"
            )
    if settings.pagerduty is None:
        pages = (field for tier, rules in policy.tiers.items() for field, _ in rules.pages(f"tiers.{tier}"))
        for field in pages:
            yield to_do(
                f"policy: {field} wakes people through PagerDuty, which is not set up; set its variables "
                "(TIERLINE_PAGERDUTY__…) or take `page` out"
            )
        if policy.pager_watch is not None:
            yield to_do(
                "policy: pager_watch looks after PagerDuty, which is not set up; set its variables "
                "(TIERLINE_PAGERDUTY__…) or take `pager_watch` out"
            )
    if settings.mail is None and policy.vendors:
        names = ", ".join(policy.vendors)
        yield to_do(
            f"policy: vendors ({names}) are written to by mail, which is not set up; set its variables "
            "(TIERLINE_MAIL__…) or take the vendors out"
        )

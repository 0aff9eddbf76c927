"""Tries every outside system that is configured, side by side and within a bounded time."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from cli.findings import Finding, ok, to_do
from cli.route_needs import needs_of
from config.errors import ConfigurationError
from config.policy import PLACEHOLDER
from config.temporal_client import temporal_connect_config
from domain.issues import Tracker
from domain.pager_watch import LOOPBACK, page_targets, webhook_address
from domain.policy import Policy
from integrations.checks import Check
from integrations.clients import Clients
from integrations.errors import IntegrationError
from integrations.pager import PagerNeeds

# A call to a vendor ends after ten seconds by itself; a system with several channels or projects needs several calls.
PATIENCE = timedelta(seconds=45)
_TEMPORAL_PATIENCE = timedelta(seconds=5)
_ON_CALL_AHEAD = timedelta(days=1)

Attempt = Callable[[], Awaitable[list[Check]]]


def try_connections(
    clients: Clients | None,
    policy: Policy | None,
    environ: Mapping[str, str],
    *,
    public_url: str | None = None,
    patience: timedelta = PATIENCE,
) -> list[asyncio.Task[list[Finding]]]:
    """Start all attempts at once; each task ends within its patience and never fails.

    Without clients only Temporal is tried; without a policy no channel, project or service is; without ``public_url`` (the gateway's
    address) no webhook.
    """
    attempts = _attempts(clients, policy, public_url) if clients is not None else ()
    temporal = asyncio.create_task(_temporal(environ))
    return [temporal, *(asyncio.create_task(_tried(system, attempt, patience)) for system, attempt in attempts)]


def _attempts(clients: Clients, policy: Policy | None, public_url: str | None) -> Iterator[tuple[str, Attempt]]:
    chat, jira, github, pager, mailer = clients.chat, clients.jira, clients.github, clients.pager, clients.mailer
    if chat is not None:
        channels = _own(_channels(policy))
        groups = _own(sorted(policy.user_groups)) if policy is not None else []
        own_channels = policy.severity_channel if policy is not None else None
        private = own_channels is not None and own_channels.private
        yield "Slack", _in_thread(lambda: chat.check(channels, groups, private_channels=private))
    if jira is not None:
        projects = _own(_projects(policy, Tracker.JIRA))
        jira_needs = needs_of(policy, Tracker.JIRA)
        yield "Jira", _in_thread(lambda: jira.check(projects, jira_needs))
    if github is not None:
        repositories = _own(_projects(policy, Tracker.GITHUB))
        github_needs = needs_of(policy, Tracker.GITHUB)
        yield "GitHub", _in_thread(lambda: github.check(repositories, github_needs))
    if pager is not None:
        needs = _of_pager(policy, public_url)
        yield "PagerDuty", _in_thread(lambda: pager.check(needs))
    if mailer is not None:
        yield "Mail", mailer.check


def _own(names: Iterable[str]) -> list[str]:
    """Each name once, without those that still wait for the team's own."""
    return [name for name in dict.fromkeys(names) if PLACEHOLDER not in name]


def _channels(policy: Policy | None) -> Iterator[str]:
    if policy is not None:
        for rules in policy.tiers.values():
            yield rules.channel
            yield from (team.channel for team in rules.teams.values() if team.channel is not None)
        if policy.digest is not None:
            yield policy.digest.channel
        if policy.audit is not None:
            yield policy.audit.channel
        if policy.pager_watch is not None:
            yield policy.pager_watch.channel
        if policy.engineering.reconcile is not None and policy.engineering.reconcile.channel is not None:
            yield policy.engineering.reconcile.channel


def _projects(policy: Policy | None, tracker: Tracker) -> Iterator[str]:
    if policy is not None:
        yield from (route.project for route in policy.routes if route.tracker is tracker)


def _of_pager(policy: Policy | None, public_url: str | None) -> PagerNeeds:
    """What the policy and the settings need of PagerDuty, without what still waits for the team's own."""
    targets = page_targets(policy) if policy is not None else ()
    rules = (
        [page for tier, where in policy.tiers.items() for _, page in where.pages(tier)] if policy is not None else []
    )
    # PagerDuty cannot reach this machine's own address: nothing is to be subscribed for it.
    reachable = public_url is not None and urlsplit(public_url).hostname not in LOOPBACK
    now = datetime.now(UTC)
    return PagerNeeds(
        targets=tuple(
            target for target in targets if PLACEHOLDER not in f"{target.service} {target.escalation_policy}"
        ),
        priorities=tuple(_own(name for page in rules for name in page.priorities.values())),
        webhook_url=webhook_address(public_url) if public_url is not None and reachable else None,
        start=now,
        end=now + _ON_CALL_AHEAD,
    )


async def _tried(system: str, attempt: Attempt, patience: timedelta) -> list[Finding]:
    try:
        async with asyncio.timeout(patience.total_seconds()):
            return [_finding(check) for check in await attempt()]
    except TimeoutError:
        return [
            to_do(
                f"{system}: no answer within {patience.total_seconds():g} seconds; is it down, or a firewall in between?"
            )
        ]
    except IntegrationError as error:
        return [to_do(str(error))]
    except Exception as error:  # one system's surprise must not hide what the others say
        return [to_do(f"{system}: cannot be tried: {type(error).__name__}: {' '.join(str(error).split())[:200]}")]


def _finding(check: Check) -> Finding:
    if check.ok:
        return ok(check.what)
    return to_do(f"{check.what}: {check.advice}" if check.advice else check.what)


def _in_thread(work: Callable[[], list[Check]]) -> Attempt:
    """The clients block. A daemon thread, unlike an executor's, does not hold the program back when its time is over."""

    async def run() -> list[Check]:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[list[Check]] = loop.create_future()

        def settle(found: list[Check] | None, error: BaseException | None) -> None:
            if done.cancelled():
                return
            if error is not None:
                done.set_exception(error)
            else:
                done.set_result(found or [])

        def call() -> None:
            found, failed = None, None
            try:
                found = work()
            except Exception as error:
                failed = error
            if not loop.is_closed():
                loop.call_soon_threadsafe(settle, found, failed)

        threading.Thread(target=call, daemon=True).start()
        return await done

    return run


async def _temporal(environ: Mapping[str, str]) -> list[Finding]:
    try:
        config = temporal_connect_config(environ=environ, dotenv=None)
    except ConfigurationError as error:
        return [to_do(problem) for problem in error.problems]
    address, namespace = config["target_host"], config["namespace"]
    try:
        async with asyncio.timeout(_TEMPORAL_PATIENCE.total_seconds()):
            client = await Client.connect(**config)
            await client.workflow_service.describe_namespace(
                DescribeNamespaceRequest(namespace=namespace), timeout=_TEMPORAL_PATIENCE
            )
    except RPCError as error:
        return [to_do(_temporal_refusal(error, address, namespace))]
    except (TimeoutError, RuntimeError, OSError, ValueError):
        return [
            to_do(
                f"Temporal: nothing answers at {address}; start a server (docker compose up, or temporal server start-dev), "
                "or name another in TEMPORAL_ADDRESS"
            )
        ]
    return [ok(f"Temporal: namespace {namespace} at {address}")]


def _temporal_refusal(error: RPCError, address: str, namespace: str) -> str:
    if error.status is RPCStatusCode.NOT_FOUND:
        return (
            f"Temporal: {address} has no namespace {namespace}; create it (temporal operator namespace create -n {namespace}), "
            "or name another in TEMPORAL_NAMESPACE"
        )
    if error.status in {RPCStatusCode.UNAUTHENTICATED, RPCStatusCode.PERMISSION_DENIED}:
        return f"Temporal: {address} refuses us; correct TEMPORAL_API_KEY or the TEMPORAL_TLS_… variables"
    return f"Temporal: {address} answers {error.status.name}: {error.message[:200]}"

"""The worker: settings -> clients -> activities -> one Temporal worker per task queue. ``python worker.py`` runs it.

It stops on SIGTERM and SIGINT: running activities get ``TIERLINE_WORKER__GRACEFUL_SHUTDOWN`` seconds to finish, and Temporal gives
the rest to another worker.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.client import Client
from temporalio.runtime import Runtime
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import PollerBehaviorAutoscaling, Worker
from temporalio.worker.workflow_sandbox import SandboxRestrictions

from activities.issue_files import IssueFileActivities
from activities.issue_opening import IssueOpeningActivities
from activities.issue_tracker import IssueTrackerActivities
from activities.mail import MailActivities
from activities.pager_watch import PagerWatchActivities
from activities.pagerduty import PagerDutyActivities
from activities.reconcile import ChangeFeedActivities, ReconcileActivities
from activities.retro import RetroActivities
from activities.sla_audit import SlaAuditActivities
from activities.slack import SlackActivities
from activities.ticket_telling import TicketTellingActivities
from activities.workflow_links import WorkflowLinkActivities
from config.errors import ConfigurationError
from config.issue_text import issue_text
from config.policy import load_own_policy
from config.settings import Part, Settings, load_settings
from config.temporal_client import temporal_connect_config
from domain.policy import Policy
from integrations.clients import Clients, build_clients
from integrations.errors import IntegrationError
from integrations.vendor_portal.links import VendorLinks
from telemetry.health import HealthServer
from telemetry.logs import configure_logging
from telemetry.metrics import runtime_with_metrics
from telemetry.registration import register_search_attributes
from workflows import task_queues
from workflows.connecting import connect
from workflows.desk import TemporalWorkflowDesk
from workflows.engineering_issue import EngineeringIssueWorkflow
from workflows.issue_desk import TemporalIssueDesk
from workflows.pager_watch import PagerWatchWorkflow
from workflows.reconcile import ReconcileWorkflow
from workflows.release_news import ReleaseNewsWorkflow
from workflows.resync import ResyncWorkflow
from workflows.retro_digest import RetroDigestWorkflow
from workflows.schedules import keep_schedules
from workflows.sla_audit import SlaAuditWorkflow
from workflows.ticket import TicketWorkflow
from workflows.vendor_case import VendorCaseWorkflow
from workflows.whole_tasks import WholeTasksRunner

logger = logging.getLogger("tierline.worker")

WORKFLOWS: Sequence[type[Any]] = (
    TicketWorkflow,
    EngineeringIssueWorkflow,
    VendorCaseWorkflow,
    RetroDigestWorkflow,
    PagerWatchWorkflow,
    ReconcileWorkflow,
    ResyncWorkflow,
    ReleaseNewsWorkflow,
)
AUDIT_WORKFLOWS: Sequence[type[Any]] = (SlaAuditWorkflow,)
CALLS_PER_SECOND: dict[str, float] = {
    # Slack allows about one post a second and channel, and 50 updates a minute; a team's tickets spread over a few channels.
    task_queues.SLACK: 8,
    # Atlassian publishes no fixed number and answers 429 with Retry-After; ten a second stays below it in practice.
    task_queues.JIRA: 10,
    # GitHub: 5,000 requests an hour, and at most 80 writes of content a minute.
    task_queues.GITHUB: 5,
    # PagerDuty: 960 requests a minute and key.
    task_queues.PAGERDUTY: 16,
    task_queues.MAIL: 10,
}
"""What each vendor's published limit allows, over all workers together."""
_THREADS = 8
_PASSED_THROUGH = ("activities", "domain", "integrations", "telemetry", "workflows")
_RECONNECT_S = 2.0


def workflow_runner() -> WholeTasksRunner:
    """The workflow sandbox, which hands on whole tasks only. Our own modules pass through it, which halves a task's CPU; lint bans clocks and randomness in them."""
    restrictions = SandboxRestrictions.default.with_passthrough_modules(*_PASSED_THROUGH)
    return WholeTasksRunner(restrictions=restrictions)


def build_workers(client: Client, settings: Settings, clients: Clients, executor: ThreadPoolExecutor) -> list[Worker]:
    """One worker per task queue, each with the activities of its outside system, whether or not that is configured:
    what is not says so at once instead of waiting for ever.
    """
    desk = TemporalWorkflowDesk(client, public_url=settings.public_url, now=lambda: datetime.now(UTC))
    links = VendorLinks(settings.gateway.link_secret, settings.public_url)
    slack = SlackActivities(clients.chat, ui_url=_workflows_page(settings, client.namespace))
    page = _workflows_page(settings, client.namespace)
    jira = IssueTrackerActivities(clients.jira, name="Jira", setting="TIERLINE_JIRA__URL", text=issue_text, ui_url=page)
    github = IssueTrackerActivities(
        clients.github, name="GitHub", setting="TIERLINE_GITHUB__TOKEN", text=issue_text, ui_url=page
    )
    before_jira = IssueOpeningActivities(clients.jira, name="Jira", setting="TIERLINE_JIRA__URL")
    before_github = IssueOpeningActivities(clients.github, name="GitHub", setting="TIERLINE_GITHUB__TOKEN")
    jira_feed = ChangeFeedActivities(clients.jira, name="Jira", setting="TIERLINE_JIRA__URL")
    github_feed = ChangeFeedActivities(clients.github, name="GitHub", setting="TIERLINE_GITHUB__TOKEN")
    reconcile = ReconcileActivities(TemporalIssueDesk(client))
    jira_files = IssueFileActivities(clients.chat, clients.jira, name="Jira", setting="TIERLINE_JIRA__URL")
    github_files = IssueFileActivities(clients.chat, clients.github, name="GitHub", setting="TIERLINE_GITHUB__TOKEN")
    pager = PagerDutyActivities(clients.pager, ui_url=_workflows_page(settings, client.namespace))
    pager_watch = PagerWatchActivities(clients.pager)
    mail = MailActivities(clients.mailer, links=links)
    joins = WorkflowLinkActivities(desk)
    telling = TicketTellingActivities(desk)
    retro = RetroActivities(desk)
    audit = SlaAuditActivities(desk, clients.dead_man)
    by_queue: dict[str, list[Any]] = {
        task_queues.SLACK: [
            slack.show_card,
            slack.post_line,
            slack.post_notice,
            slack.post_digest,
            slack.open_channel,
            slack.dress_channel,
            slack.tell_channel,
            slack.close_channel,
        ],
        task_queues.JIRA: [
            *_of_tracker(jira),
            before_jira.seek_duplicates,
            jira_files.put_file,
            jira_feed.changed_since,
        ],
        task_queues.GITHUB: [
            *_of_tracker(github),
            before_github.seek_duplicates,
            github_files.put_file,
            github_feed.changed_since,
        ],
        task_queues.PAGERDUTY: [
            pager.raise_page,
            pager.resolve_page,
            pager.update_page,
            pager.note_page,
            pager_watch.changed,
            pager_watch.subscriptions,
            pager_watch.enable,
            pager_watch.gaps,
            pager_watch.on_call,
        ],
        task_queues.MAIL: [mail.mail_customer, mail.mail_vendor, mail.mail_staff],
        task_queues.LINKS: [
            joins.join_issue,
            joins.leave_issue,
            joins.tell_issue,
            joins.open_case,
            joins.close_case,
            joins.open_ticket,
            retro.count,
            reconcile.catch_up,
            reconcile.watched,
            reconcile.tell_of_release,
        ],
        task_queues.TELLING: [telling.tell_tickets],
        task_queues.AUDIT: [audit.find_late, audit.find_ended, audit.ping],
    }
    stop = timedelta(seconds=settings.worker.graceful_shutdown)
    workers = [
        Worker(
            client,
            task_queue=task_queues.WORKFLOWS,
            workflows=WORKFLOWS,
            workflow_runner=workflow_runner(),
            max_cached_workflows=settings.worker.max_cached_workflows,
            sticky_queue_schedule_to_start_timeout=timedelta(seconds=settings.worker.sticky_timeout),
            workflow_task_poller_behavior=PollerBehaviorAutoscaling(),
            graceful_shutdown_timeout=stop,
        )
    ]
    workers += [
        Worker(
            client,
            task_queue=queue,
            workflows=AUDIT_WORKFLOWS if queue == task_queues.AUDIT else (),
            workflow_runner=workflow_runner(),
            activities=activities,
            activity_executor=executor,
            max_concurrent_activities=_THREADS,
            max_task_queue_activities_per_second=CALLS_PER_SECOND.get(queue),
            activity_task_poller_behavior=PollerBehaviorAutoscaling(),
            graceful_shutdown_timeout=stop,
        )
        for queue, activities in by_queue.items()
    ]
    return workers


def _of_tracker(tracker: IssueTrackerActivities) -> list[Any]:
    return [
        tracker.open_issue,
        tracker.find_issue,
        tracker.fetch_issue,
        tracker.comment,
        tracker.link_back,
        tracker.show_summary,
        tracker.change_fields,
    ]


def _workflows_page(settings: Settings, namespace: str) -> str | None:
    if settings.temporal_ui_url is None:
        return None
    return f"{settings.temporal_ui_url.rstrip('/')}/namespaces/{namespace}/workflows"


async def bring_up(client: Client, policy: Policy, public_url: str) -> None:
    """What the namespace needs before a ticket can live in it: the search attributes and the schedules."""
    added = await register_search_attributes(client)
    if added:
        logger.info("registered the search attributes %s", ", ".join(added))
    await keep_schedules(client, policy, public_url)


async def run(settings: Settings, policy: Policy, stopping: asyncio.Event) -> None:
    """Work until ``stopping`` is set, then finish or hand back what runs."""
    clients = build_clients(settings)
    metrics_address = f"127.0.0.1:{_free_port()}"
    connection: dict[str, Any] = dict(temporal_connect_config())
    client = await _connected(connection, metrics_address, policy, settings.public_url, stopping)
    if client is None:
        return

    async def ready() -> bool:
        try:
            return await client.service_client.check_health(timeout=timedelta(seconds=2))
        except RPCError:
            return False

    async with AsyncExitStack() as stack:
        executor = stack.enter_context(ThreadPoolExecutor(max_workers=_THREADS * len(CALLS_PER_SECOND)))
        health = await stack.enter_async_context(
            HealthServer(
                settings.worker.health_host,
                settings.worker.health_port,
                ready=ready,
                metrics_url=f"http://{metrics_address}/metrics",
            )
        )
        for worker in build_workers(client, settings, clients, executor):
            await stack.enter_async_context(worker)
        logger.info("working on %s, health at %s", client.service_client.config.target_host, health.url)
        await stopping.wait()
        logger.info("stopping: running activities may finish for %s s", settings.worker.graceful_shutdown)


async def _connected(
    connection: dict[str, Any], metrics_address: str, policy: Policy, public_url: str, stopping: asyncio.Event
) -> Client | None:
    """A client of a namespace that is ready, as soon as Temporal answers; None when the worker is stopped before."""
    runtime = runtime_with_metrics(metrics_address)
    logger.info("connecting to Temporal at %s", connection["target_host"])
    stopped = asyncio.create_task(stopping.wait())
    try:
        while not stopping.is_set():
            attempt = asyncio.create_task(_attempt(connection, runtime, policy, public_url))
            # A server that takes the connection and then says nothing must not keep the worker from stopping.
            await asyncio.wait({attempt, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if not attempt.done():
                attempt.cancel()
                return None
            try:
                return attempt.result()
            except (RuntimeError, RPCError) as error:
                logger.warning("%s", _trouble(error, connection))
            await asyncio.wait({stopped}, timeout=_RECONNECT_S)
    finally:
        stopped.cancel()
    return None


async def _attempt(connection: dict[str, Any], runtime: Runtime, policy: Policy, public_url: str) -> Client:
    client = await connect(**connection, runtime=runtime)
    await bring_up(client, policy, public_url)
    return client


def _trouble(error: RuntimeError | RPCError, connection: dict[str, Any]) -> str:
    """What is wrong, in one line that says what to do."""
    address = connection["target_host"]
    reason = " ".join(str(error).split())[:200]
    if not isinstance(error, RPCError) or error.status is RPCStatusCode.UNAVAILABLE:
        return f"Temporal at {address} does not answer ({reason}): trying on; TEMPORAL_ADDRESS names another"
    if error.status is RPCStatusCode.NOT_FOUND:
        namespace = connection["namespace"]
        return f"Temporal has no namespace {namespace}: create it, or correct TEMPORAL_NAMESPACE; trying on"
    if error.status in {RPCStatusCode.UNAUTHENTICATED, RPCStatusCode.PERMISSION_DENIED}:
        return f"Temporal at {address} refuses us ({reason}): correct TEMPORAL_API_KEY or the certificate; trying on"
    return f"Temporal at {address} could not be prepared ({reason}); trying on"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


async def _main() -> None:
    settings = load_settings(Part.WORKER)
    policy = load_own_policy(settings.policy_file)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for wanted in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wanted, stopping.set)
    await run(settings, policy, stopping)


def main() -> None:
    """Run the worker; a missing or wrong setting is one clear line each, and exit code 1."""
    configure_logging()
    try:
        asyncio.run(_main())
    except (ConfigurationError, IntegrationError) as error:
        print(error, file=sys.stderr)
        code = 1
    except OSError as error:
        print(f"worker: {error}", file=sys.stderr)
        code = 1
    else:
        code = 0
    sys.stdout.flush()
    sys.stderr.flush()
    # The client's native threads may crash an interpreter that takes itself apart.
    os._exit(code)


if __name__ == "__main__":
    main()

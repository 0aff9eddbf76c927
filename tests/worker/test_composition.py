"""What the worker is composed of: no workflow may wait for an activity or a queue that nobody serves."""

import ast
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

import activities.issue_files
import activities.issue_opening
import activities.issue_tracker
import activities.mail
import activities.pager_watch
import activities.pagerduty
import activities.reconcile
import activities.retro
import activities.sla_audit
import activities.slack
import activities.ticket_telling
import activities.workflow_links
import workflows.task_queues
from domain.intents import Lane
from domain.issues import Tracker
from integrations.clients import Clients
from tests.workflows.desk import the_settings
from worker import AUDIT_WORKFLOWS, WORKFLOWS, build_workers

ROOT = Path(__file__).resolve().parents[2]
MODULES = (
    activities.issue_files,
    activities.issue_opening,
    activities.issue_tracker,
    activities.mail,
    activities.pager_watch,
    activities.pagerduty,
    activities.reconcile,
    activities.retro,
    activities.sla_audit,
    activities.slack,
    activities.ticket_telling,
    activities.workflow_links,
)


@pytest.fixture
async def workers(temporal_client: Client) -> AsyncIterator[list[Worker]]:
    """The workers of a Tierline where nothing is set up."""
    with ThreadPoolExecutor(1) as executor:
        yield build_workers(temporal_client, the_settings(), Clients(), executor)


def served(workers: list[Worker]) -> dict[str, set[str]]:
    """The activities by the task queue that serves them."""
    names: dict[str, set[str]] = {}
    for worker in workers:
        config = worker.config(active_config=True)
        defined = [activity._Definition.must_from_callable(function) for function in config.get("activities", ())]
        names[config["task_queue"]] = {definition.name for definition in defined if definition.name is not None}
    return names


def activity_classes() -> dict[str, type]:
    """The classes whose methods are activities, by name."""
    return {
        name: found
        for module in MODULES
        for name, found in vars(module).items()
        if isinstance(found, type) and name.endswith("Activities")
    }


def referenced() -> set[str]:
    """The names of the activities that workflows start, read off their source."""
    classes = activity_classes()
    names: set[str] = set()
    for path in (ROOT / "workflows").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in classes:
                definition = activity._Definition.from_callable(getattr(classes[node.value.id], node.attr))
                assert definition is not None, f"{path.name}: {node.attr} is no activity"
                assert definition.name is not None
                names.add(definition.name)
    return names


def test_every_activity_that_a_workflow_starts_is_served(workers: list[Worker]) -> None:
    wanted = referenced()
    assert len(wanted) >= 19
    assert wanted <= set().union(*served(workers).values())


def test_every_activity_there_is_is_served(workers: list[Worker]) -> None:
    defined = {
        definition.name
        for found in activity_classes().values()
        for method in vars(found).values()
        if callable(method) and (definition := activity._Definition.from_callable(method)) is not None
    }
    assert defined == set().union(*served(workers).values())


def test_every_task_queue_has_one_worker(workers: list[Worker]) -> None:
    queues = {value for name, value in vars(workflows.task_queues).items() if name.isupper() and isinstance(value, str)}
    assert sorted(worker.config(active_config=True)["task_queue"] for worker in workers) == sorted(queues)
    assert {workflows.task_queues.of_lane(lane) for lane in Lane} <= queues
    assert {workflows.task_queues.of_tracker(tracker) for tracker in Tracker} <= queues


def test_a_lane_leads_to_the_queue_that_serves_its_activities(workers: list[Worker]) -> None:
    names = served(workers)
    prefixes = {Lane.SLACK: "slack_", Lane.JIRA: "tracker_", Lane.GITHUB: "tracker_", Lane.PAGERDUTY: "pagerduty_"}
    prefixes |= {Lane.MAIL: "mail_", Lane.WORKFLOWS: "workflows_", Lane.SLACK_CHANNELS: "slack_"}
    for lane, prefix in prefixes.items():
        found = names[workflows.task_queues.of_lane(lane)]
        assert found
        # What counts and catches up works on the workflows as well.
        assert all(name.startswith((prefix, "retro_", "reconcile_")) for name in found)


def test_every_workflow_there_is_is_served() -> None:
    names = {
        definition.name
        for found in (*WORKFLOWS, *AUDIT_WORKFLOWS)
        if (definition := workflow._Definition.from_class(found))
    }
    issues = {"EngineeringIssue", "Reconcile", "Resync", "ReleaseNews"}
    assert names == {"Ticket", "VendorCase", "RetroDigest", "SlaAudit", "PagerWatch"} | issues

"""Histories of tickets that live must replay with today's code: a changed sequence of commands needs ``workflow.patched``.

The policy that a ticket pinned is in its history, so that an edit of the policy's file changes nothing here.
"""

import base64
import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from telemetry.converter import data_converter
from tests.workflows import histories
from tests.workflows.changed_tickets import TicketThatWaitsFirst, TicketThatWaitsFirstFromNowOn
from worker import WORKFLOWS, workflow_runner

FOLDER = Path(histories.__file__).parent
RECORDED = sorted(path.stem for path in FOLDER.glob("*.json"))


def history_of(name: str) -> WorkflowHistory:
    """A recorded history."""
    recorded = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return WorkflowHistory.from_json(recorded["workflow_id"], {"events": recorded["events"]})


def replayer(*workflows: type[Any]) -> Replayer:
    """A replayer as ``worker.py`` would be: the same sandbox and converter."""
    return Replayer(
        workflows=workflows or WORKFLOWS,
        workflow_runner=workflow_runner(),
        data_converter=data_converter,
    )


@pytest.mark.parametrize("name", RECORDED)
async def test_a_recorded_history_replays(name: str) -> None:
    await replayer().replay_workflow(history_of(name))


def test_every_workflow_and_the_hard_cases_are_recorded() -> None:
    types = {
        history_of(name).events[0].workflow_execution_started_event_attributes.workflow_type.name for name in RECORDED
    }
    assert types == {"Ticket", "EngineeringIssue", "VendorCase", "RetroDigest"}
    kinds = {event.event_type for name in RECORDED for event in history_of(name).events}
    assert {
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
        EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
        EventType.EVENT_TYPE_TIMER_FIRED,
        EventType.EVENT_TYPE_TIMER_CANCELED,
        EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED,
        EventType.EVENT_TYPE_EXTERNAL_WORKFLOW_EXECUTION_SIGNALED,
    } <= kinds


def payloads(value: Any) -> list[str]:
    """The decoded payloads in a history's JSON."""
    if isinstance(value, dict):
        own = [base64.b64decode(value["data"]).decode(errors="replace")] if isinstance(value.get("data"), str) else []
        return own + [text for inner in value.values() for text in payloads(inner)]
    return [text for inner in value for text in payloads(inner)] if isinstance(value, list) else []


@pytest.mark.parametrize("name", RECORDED)
def test_a_recording_tells_nothing_of_the_machine(name: str) -> None:
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    everything = "\n".join([text, *payloads(json.loads(text))])
    assert socket.gethostname() not in everything
    assert str(FOLDER.parents[2]) not in everything
    assert not re.search(r"/(home|root|Users|tmp)/", everything)
    identities = set(re.findall(r'"identity": "([^"]*)"', text))
    assert all(identity == "recorder" or identity.startswith(("history-", "temporal-")) for identity in identities)


TICKETS = [name for name in RECORDED if name.startswith("ticket-")]


@pytest.mark.parametrize("name", TICKETS)
async def test_a_changed_sequence_of_commands_fails(name: str) -> None:
    with pytest.raises(workflow.NondeterminismError):
        await replayer(TicketThatWaitsFirst).replay_workflow(history_of(name))


@pytest.mark.parametrize("name", TICKETS)
async def test_the_same_change_behind_a_patch_replays(name: str) -> None:
    await replayer(TicketThatWaitsFirstFromNowOn).replay_workflow(history_of(name))

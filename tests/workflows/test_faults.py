"""A fault in our own rules: the task fails where operators see it, nothing is lost, and mended code goes on."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus

import domain.decide
import workflows.ticket
from domain.messages import Delivery, IntentResult, Note, PageChanged
from tests.domain.building import SAM, without_ladders
from tests.workflows.desk import Desk, OpenedTicket, until
from tests.workflows.outside import Outside

SOON = timedelta(seconds=1)
"""Temporal tries a failed task again when its time is over."""


def faulty(kind: type[object]) -> Any:
    """Rules that fail on one kind of event."""

    def decide(state: Any, event: Any, now: Any, intents: Any = None) -> Any:
        if isinstance(event, kind):
            raise KeyError("a fault of ours")
        return domain.decide.decide(state, event, now, intents)

    return decide


async def until_task_fails(ticket: OpenedTicket) -> None:
    """Wait until Temporal shows a failed workflow task."""

    async def failed() -> bool:
        history = await ticket.handle.fetch_history()
        return any(event.HasField("workflow_task_failed_event_attributes") for event in history.events)

    await until(failed, "a workflow task failed")


async def runs(ticket: OpenedTicket) -> bool:
    """Whether the ticket is still alive."""
    return (await ticket.handle.describe()).status is WorkflowExecutionStatus.RUNNING


async def test_a_message_that_our_rules_cannot_take_waits_for_mended_rules(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = await desk.opens(policy=without_ladders(), task_timeout=SOON)
    await ticket.rests()
    with monkeypatch.context() as patched:
        patched.setattr(workflows.ticket, "decide", faulty(Delivery))
        await ticket.hears(PageChanged(page_key="tierline/T-1042/page/1", note="lost?"))
        await until_task_fails(ticket)
        noted = asyncio.create_task(ticket.does(SAM, Note(text="written meanwhile")))
        assert await runs(ticket)
    assert (await noted).accepted
    assert await runs(ticket)


async def test_a_result_that_our_rules_cannot_take_is_not_lost(
    desk: Desk, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rules are called in a lane's own task here, where a fault could go unseen."""
    with monkeypatch.context() as patched:
        patched.setattr(workflows.ticket, "decide", faulty(IntentResult))
        ticket = await desk.opens(policy=without_ladders(), task_timeout=SOON)
        await until_task_fails(ticket)
        assert await runs(ticket)
    await ticket.does(SAM, Note(text="in the thread"))
    await until(lambda: "sam: in the thread" in outside.chat.texts(), "the thread knows its card")
    assert outside.chat.texts().count("T-1042") == 1

"""The living card under a storm, and the gravest ticket's own channel, on the real engine."""

import dataclasses
from datetime import timedelta

import pytest
from temporalio.client import Client

import worker
from domain.messages import Note, Resolve, SetPriority
from domain.policy import SeverityChannelRules
from domain.tiers import Priority
from integrations.slack.room import SlackRoom
from sandbox.faults import Fault
from sandbox.server import Sandbox
from tests.domain.building import LENA, SAM, an_opening, without_ladders
from tests.workflows.desk import Desk, until
from tests.workflows.outside import Outside
from workflows import task_queues

GRAVE = an_opening(priority=Priority.P1)
POLICY = without_ladders(severity_channel=SeverityChannelRules(invite=("U0MANAGER",)), quiet_time=timedelta(seconds=1))
STORM = 50


async def test_a_storm_of_fifty_messages_draws_the_card_a_few_times_and_loses_no_line(
    namespace: Client, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(worker.CALLS_PER_SECOND, task_queues.SLACK, 100)
    async with Sandbox() as sandbox:
        room = SlackRoom(sandbox.credentials.slack_bot_token, f"{sandbox.http_url}/slack/api/")
        async with Desk(namespace, outside, dataclasses.replace(outside.clients, chat=room)) as desk:
            ticket = await desk.opens(policy=without_ladders())
            await until(lambda: bool(sandbox.ledger.entries("slack", "chat.postMessage")), "the card is there")
            await ticket.rests()
            slow = Fault(system="slack", operation="chat.postMessage", kind="latency", delay_s=8, times=1)
            sandbox.faults.add(slow)
            for number in range(STORM):
                priority = Priority.P1 if number % 2 == 0 else Priority.P2
                await ticket.does(LENA, SetPriority(priority=priority))
            await until(lambda: len(lines(sandbox)) == STORM, "every change has its line")
            await ticket.rests()

        drawn = len(sandbox.ledger.entries("slack", "chat.update"))
        assert 1 <= drawn <= 4, drawn
        (card,) = (m for m in sandbox.slack.messages["C0SUPL1"].values() if not m.is_reply)
        assert "P2" in card.text
        # In order, each once.
        assert [f"to {'P1' if number % 2 == 0 else 'P2'}" in line for number, line in enumerate(lines(sandbox))] == [
            True
        ] * STORM


def lines(sandbox: Sandbox) -> list[str]:
    """The card's thread."""
    return [message.text for message in sandbox.slack.messages["C0SUPL1"].values() if message.is_reply]


async def test_a_grave_ticket_lives_in_its_channel_until_it_is_closed(desk: Desk, outside: Outside) -> None:
    ticket = await desk.opens(GRAVE, POLICY)
    await ticket.until_said("Has a channel of its own: #sev1-t-1042")
    await ticket.does(SAM, Note(text="a line of the story"))
    await ticket.does(SAM, Resolve(text="It works again."))
    await ticket.ends()

    (channel,) = outside.chat.channels.values()
    assert outside.chat.people[channel.id] == ["U0MANAGER", "U0LENA", "U0SAM"]
    milestones, summary = outside.chat.texts(channel.id)
    assert milestones == "sam took it in L1\nIt is resolved by sam"
    assert summary.startswith("T-1042 is over: Card payment fails")
    assert outside.chat.archived == [channel.id]
    assert outside.chat.cards["T-1042"].channel == channel


async def test_a_channel_that_slack_does_not_make_holds_up_neither_card_nor_thread(
    desk: Desk, outside: Outside
) -> None:
    outside.chat.system.fails(operation="open_severity_channel")
    ticket = await desk.opens(GRAVE, POLICY)
    await ticket.until(lambda view: "slack channels" in view.late, "the channel is late")
    await ticket.does(LENA, SetPriority(priority=Priority.P2))
    await until(lambda: outside.chat.cards["T-1042"].priority is Priority.P2, "the card goes on")
    await until(lambda: any("Priority changed" in text for text in outside.chat.texts("C0SUPL1")), "so does its thread")

    outside.chat.system.works()
    await ticket.until_said("Has a channel of its own")
    assert len(outside.chat.channels) == 1


async def test_a_refused_channel_is_told_to_the_lead_and_the_ticket_goes_on(desk: Desk, outside: Outside) -> None:
    outside.chat.system.refuses("the app lacks the scope channels:manage", operation="open_severity_channel")
    ticket = await desk.opens(GRAVE, POLICY)
    await ticket.until_said("No channel of its own, #sev1-t-1042 could not be made")
    await ticket.does(SAM, Resolve(text="It works again."))
    await ticket.ends()

    assert len([text for text in outside.chat.texts() if "Work on it in the card's thread" in text]) == 1
    assert outside.tried("open_severity_channel") == 1

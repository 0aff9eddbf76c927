"""Telling a batch of tickets: at the policy's pace, on from where an attempt died, each by its own key of a page."""

import dataclasses
import time
from collections.abc import Sequence
from typing import cast

import pytest
from temporalio.testing import ActivityEnvironment

from activities import ticket_telling
from activities.ticket_telling import TellTicketsInput, TicketTellingActivities
from domain.messages import Delivery, IssueGone, PageServed
from domain.paging import PageRef, PageStatus
from integrations.workflow_desk import WorkflowDesk
from tests.domain.building import an_issue

_TICKETS = tuple(f"T-{number}" for number in range(1, 26))
_GONE = IssueGone(ref=an_issue(), why="it was deleted")


class Ears:
    """Tickets that hear; ``over`` are closed, and after ``fails_after`` deliveries the line is cut."""

    def __init__(self, over: Sequence[str] = (), fails_after: int | None = None) -> None:
        self.heard: list[Delivery] = []
        self._over = over
        self._fails_after = fails_after

    async def deliver(self, ticket_id: str, delivery: Delivery) -> bool:
        if self._fails_after is not None and len(self.heard) >= self._fails_after:
            raise ConnectionError
        self.heard.append(delivery)
        return ticket_id not in self._over

    @property
    def ids(self) -> list[str]:
        """Of what was heard, in order."""
        return [delivery.id for delivery in self.heard]

    @property
    def activities(self) -> TicketTellingActivities:
        """What tells these tickets."""
        return TicketTellingActivities(cast(WorkflowDesk, self))


def a_batch(per_second: float = 10_000) -> TellTicketsInput:
    """News for 25 tickets."""
    return TellTicketsInput(delivery="d/1", ticket_ids=_TICKETS, body=_GONE, per_second=per_second)


async def test_each_ticket_hears_it_under_an_id_of_its_own_and_who_is_over_is_named() -> None:
    ears = Ears(over=("T-3", "T-25"))
    told = await ActivityEnvironment().run(ears.activities.tell_tickets, a_batch())
    assert ears.ids == [f"d/1/{ticket}" for ticket in _TICKETS]
    assert told.over == ("T-3", "T-25")


async def test_an_attempt_goes_on_where_the_one_before_said_it_was() -> None:
    beats: list[tuple[object, ...]] = []
    first = ActivityEnvironment()
    first.on_heartbeat = lambda *details: beats.append(details)
    with pytest.raises(ConnectionError):
        await first.run(Ears(over=("T-3",), fails_after=13).activities.tell_tickets, a_batch())
    assert set(map(str, beats)) == {"(10, ['T-3'])"}  # it may also say that it lives

    second, ears = ActivityEnvironment(), Ears()
    second.info = dataclasses.replace(second.info, heartbeat_details=beats[-1], attempt=2)
    told = await second.run(ears.activities.tell_tickets, a_batch())
    assert ears.ids[0] == "d/1/T-11"
    assert len(ears.ids) == 15
    assert told.over == ("T-3",)


async def test_it_is_no_faster_than_the_policy_wants() -> None:
    began = time.monotonic()
    await ActivityEnvironment().run(Ears().activities.tell_tickets, a_batch(per_second=50))
    assert time.monotonic() - began >= 0.45


async def test_while_it_waits_for_a_slow_pace_it_says_that_it_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticket_telling, "_BEAT_S", 0.05)
    beats: list[object] = []
    environment = ActivityEnvironment()
    environment.on_heartbeat = lambda *details: beats.append(details[0])
    two = a_batch(per_second=4).model_copy(update={"ticket_ids": _TICKETS[:2]})
    await environment.run(Ears().activities.tell_tickets, two)
    assert len(beats) > 5
    assert beats[-1] == 2


async def test_news_of_a_page_name_each_tickets_own_page_and_the_others_on_it() -> None:
    ref = PageRef(key="tierline/T-1/page/1", id="PI1")
    served = PageServed(page_key="", ref=ref, status=PageStatus.TRIGGERED)
    keys = tuple(f"tierline/{ticket}/page/1" for ticket in _TICKETS)
    batch = a_batch().model_copy(update={"body": served, "page_keys": keys})
    ears = Ears()
    await ActivityEnvironment().run(ears.activities.tell_tickets, batch)
    bodies = [delivery.body for delivery in ears.heard]
    assert all(isinstance(body, PageServed) for body in bodies)
    assert [body.page_key for body in bodies if isinstance(body, PageServed)] == list(keys)
    first = bodies[0]
    assert isinstance(first, PageServed)
    assert first.shared_with == _TICKETS[1:11]

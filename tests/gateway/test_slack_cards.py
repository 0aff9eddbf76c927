"""Looking cards up costs visibility little: each once in a while, several at once as one, a few a second."""

import asyncio

import pytest

from domain.policy import Policy
from domain.ticket_references import ReferenceKind, reference
from gateway.said_lately import SaidLately
from gateway.slack_cards import SlackCards
from gateway.tickets import DeskUnavailable
from tests.gateway.desk import RememberingDesk
from tests.gateway.front_door import NOW, a_ticket

CHANNEL, CARD, OTHER = "C0SUPL1", "1795170000.000100", "1795170001.000100"
JUST_NOW = f"{int(NOW.timestamp()) - 1}.000100"


class Seconds:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def desk(policy: Policy) -> RememberingDesk:
    desk = RememberingDesk(policy)
    desk.have(a_ticket())
    desk.references["T-1042"] = {reference(ReferenceKind.CARD, f"{CHANNEL}/{CARD}")}
    return desk


async def test_what_is_known_is_known_for_a_while(desk: RememberingDesk) -> None:
    seconds = Seconds()
    cards = SlackCards(between=0, seconds=seconds)
    for _ in range(3):
        assert await cards.ticket_of(desk, CHANNEL, CARD, NOW) == "T-1042"
        assert await cards.ticket_of(desk, CHANNEL, OTHER, NOW) is None
    assert len(desk.searches) == 2

    seconds.now += 601
    await cards.ticket_of(desk, CHANNEL, CARD, NOW)
    await cards.ticket_of(desk, CHANNEL, OTHER, NOW)
    assert len(desk.searches) == 3
    seconds.now += 3_600
    await cards.ticket_of(desk, CHANNEL, CARD, NOW)
    assert len(desk.searches) == 4


async def test_many_events_of_one_thread_are_one_look(desk: RememberingDesk) -> None:
    cards = SlackCards(between=0)
    found = await asyncio.gather(*(cards.ticket_of(desk, CHANNEL, CARD, NOW) for _ in range(50)))

    assert set(found) == {"T-1042"}
    assert len(desk.searches) == 1


async def test_a_flood_of_threads_is_looked_up_a_few_a_second_and_the_rest_comes_again(desk: RememberingDesk) -> None:
    seconds = Seconds()
    cards = SlackCards(between=1.0, seconds=seconds)
    looks = [asyncio.create_task(cards.ticket_of(desk, CHANNEL, f"{n}.0", NOW)) for n in range(100)]
    refused, _ = await asyncio.wait(looks, timeout=0.5)

    # By a clock that stands still, one look is due now and one in a second.
    assert len(refused) == 99
    assert sum(isinstance(look.exception(), DeskUnavailable) for look in refused) == 98
    assert len(desk.searches) == 1
    for look in looks:
        look.cancel()
    await asyncio.gather(*looks, return_exceptions=True)


async def test_nothing_is_concluded_of_a_message_that_is_as_young_as_visibility_is_late(desk: RememberingDesk) -> None:
    cards = SlackCards(between=0)
    with pytest.raises(DeskUnavailable):
        await cards.ticket_of(desk, CHANNEL, JUST_NOW, NOW)
    desk.references["T-1042"].add(reference(ReferenceKind.CARD, f"{CHANNEL}/{JUST_NOW}"))

    assert await cards.ticket_of(desk, CHANNEL, JUST_NOW, NOW) == "T-1042"


async def test_a_failure_is_not_kept(desk: RememberingDesk) -> None:
    cards = SlackCards(between=0)
    desk.away = True
    with pytest.raises(DeskUnavailable):
        await cards.ticket_of(desk, CHANNEL, CARD, NOW)
    desk.away = False

    assert await cards.ticket_of(desk, CHANNEL, CARD, NOW) == "T-1042"


async def test_one_who_runs_out_of_patience_ends_the_look_for_nobody_else(desk: RememberingDesk) -> None:
    cards = SlackCards(between=0.05)
    await cards.ticket_of(desk, CHANNEL, OTHER, NOW)
    patient = asyncio.create_task(cards.ticket_of(desk, CHANNEL, CARD, NOW))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await cards.ticket_of(desk, CHANNEL, CARD, NOW)

    assert await patient == "T-1042"


def test_a_thing_is_said_once_in_its_time_and_again_afterwards() -> None:
    seconds = Seconds()
    said = SaidLately(seconds=seconds)
    assert [said.is_new("a", lasting=60), said.is_new("a", lasting=60), said.is_new("b", lasting=60)] == [
        True,
        False,
        True,
    ]
    seconds.now += 61
    assert said.is_new("a", lasting=60)

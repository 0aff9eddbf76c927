"""Telling many tickets the same: a batch of an issue's fan-out, at the pace of the policy, each ticket once."""

import asyncio
import itertools
from collections.abc import AsyncIterator

from temporalio import activity

from domain.frozen import Frozen
from domain.messages import Delivery, DeliveryBody, PageChanged, PageRefused, PageServed
from integrations.workflow_desk import WorkflowDesk

_AT_ONCE = 10
"""Signals that are on their way at the same time: at a few milliseconds each, the pace is the policy's."""
_SHOWN_COLLEAGUES = 10


class TellTicketsInput(Frozen):
    """News for tickets. ``delivery`` begins each delivery's id; ``page_keys`` are, of news of a page, each ticket's own key of it."""

    delivery: str
    ticket_ids: tuple[str, ...]
    page_keys: tuple[str, ...] = ()
    body: DeliveryBody
    per_second: float


class ToldTickets(Frozen):
    """All of them are told, but for those that are over."""

    over: tuple[str, ...] = ()


class TicketTellingActivities:
    """Tells tickets."""

    def __init__(self, desk: WorkflowDesk) -> None:
        self._desk = desk

    @activity.defn(name="workflows_tell_tickets")
    async def tell_tickets(self, tell: TellTicketsInput) -> ToldTickets:
        """Tell each ticket; an attempt after one that died goes on near where that was.

        Nobody knows of the last few whether they were told: they are told again, with the same ids, which a ticket takes once.
        """
        over = _over_before()
        done = _told_before()
        async for wave in _paced(range(done, len(tell.ticket_ids)), tell.per_second):
            told = await asyncio.gather(*(self._tell(tell, index) for index in wave))
            over += [tell.ticket_ids[index] for index, here in zip(wave, told, strict=True) if not here]
            activity.heartbeat(wave[-1] + 1, over)
        return ToldTickets(over=tuple(over))

    async def _tell(self, tell: TellTicketsInput, index: int) -> bool:
        ticket_id = tell.ticket_ids[index]
        delivery = Delivery(id=f"{tell.delivery}/{ticket_id}", body=_for_ticket(tell, index))
        return await self._desk.deliver(ticket_id, delivery)


def _told_before() -> int:
    """How many an earlier attempt has told, as far as it could say."""
    details = activity.info().heartbeat_details
    return int(details[0]) if details else 0


def _over_before() -> list[str]:
    details = activity.info().heartbeat_details
    return [str(ticket) for ticket in details[1]] if len(details) > 1 else []


async def _paced(indexes: range, per_second: float) -> AsyncIterator[list[int]]:
    """The indexes in small waves, no more of them a second than that."""
    clock = asyncio.get_running_loop()
    began = clock.time()
    remaining = iter(indexes)
    done = 0
    while wave := list(itertools.islice(remaining, _AT_ONCE)):
        yield wave
        done += len(wave)
        await asyncio.sleep(max(0.0, began + done / per_second - clock.time()))


def _for_ticket(tell: TellTicketsInput, index: int) -> DeliveryBody:
    body = tell.body
    if not tell.page_keys or not isinstance(body, PageChanged | PageServed | PageRefused):
        return body
    own: dict[str, object] = {"page_key": tell.page_keys[index]}
    if isinstance(body, PageServed):
        others = (ticket for ticket in tell.ticket_ids if ticket != tell.ticket_ids[index])
        own["shared_with"] = tuple(itertools.islice(others, _SHOWN_COLLEAGUES))
    return body.model_copy(update=own)

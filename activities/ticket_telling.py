"""Telling many tickets the same: a batch of an issue's fan-out, at the pace of the policy, each ticket once."""

import asyncio
import itertools

from temporalio import activity

from domain.frozen import Frozen
from domain.messages import Delivery, DeliveryBody, PageChanged, PageRefused, PageServed
from integrations.workflow_desk import WorkflowDesk

_AT_ONCE = 10
"""Signals that are on their way at the same time: at a few milliseconds each, the pace is the policy's."""
_BEAT_S = 2.0
"""While it waits for its pace it says that it lives."""
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
        over, done = _over_before(), _told_before()
        clock = asyncio.get_running_loop()
        began, before = clock.time(), done
        while done < len(tell.ticket_ids):
            wave = range(done, min(done + _at_once(tell.per_second), len(tell.ticket_ids)))
            told = await asyncio.gather(*(self._tell(tell, index) for index in wave))
            over += [tell.ticket_ids[index] for index, here in zip(wave, told, strict=True) if not here]
            done = wave.stop
            activity.heartbeat(done, over)
            while (rest := began + (done - before) / tell.per_second - clock.time()) > 0:
                await asyncio.sleep(min(rest, _BEAT_S))
                activity.heartbeat(done, over)
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


def _at_once(per_second: float) -> int:
    """No more than a second's worth."""
    return max(1, min(_AT_ONCE, int(per_second)))


def _for_ticket(tell: TellTicketsInput, index: int) -> DeliveryBody:
    body = tell.body
    if not tell.page_keys or not isinstance(body, PageChanged | PageServed | PageRefused):
        return body
    own: dict[str, object] = {"page_key": tell.page_keys[index]}
    if isinstance(body, PageServed):
        others = (ticket for ticket in tell.ticket_ids if ticket != tell.ticket_ids[index])
        own["shared_with"] = tuple(itertools.islice(others, _SHOWN_COLLEAGUES))
    return body.model_copy(update=own)

"""Which messages in Slack are cards, and of which tickets: known from visibility, and kept, because most events concern no ticket.

The bot hears of every message in every channel that it is in. What its own kind did not write is no card, and is not looked for at
all; of the rest each is looked for once in a while, and no more than a few of them a second.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from domain.chat import MessageRef
from domain.ticket_references import card_reference
from gateway.tickets import DeskUnavailable, TicketDesk

_MOST_KEPT = 5_000
_CARD_SECONDS = 3_600.0
_NO_CARD_SECONDS = 120.0
_BETWEEN_LOOKS = 0.2
_LONGEST_QUEUE_SECONDS = 1.5
# Visibility may be this far behind a card: its worker may have died between posting it and saying so. Slack comes again within it.
_FRESH_SECONDS = 120.0
_LOOKS_WHILE_FRESH = 4


@dataclass(frozen=True)
class _Kept:
    ticket_id: str | None
    until: float


class SlackCards:
    """The cards that were looked for lately. Without an entry visibility is asked.

    Args:
        between: seconds between two looks; what would have to wait longer than a moment is refused, and comes again.
        seconds: a clock that only grows.
    """

    def __init__(self, *, between: float = _BETWEEN_LOOKS, seconds: Callable[[], float] = time.monotonic) -> None:
        self._between = between
        self._seconds = seconds
        self._kept: OrderedDict[MessageRef, _Kept] = OrderedDict()
        self._looks: dict[MessageRef, asyncio.Task[str | None]] = {}
        self._next_look = 0.0

    async def ticket_of(self, desk: TicketDesk, channel: str, ts: str, now: datetime) -> str | None:
        """The ticket whose card this message is, or None.

        Args:
            desk: whom to ask.
            channel: the channel's id.
            ts: the message's time stamp, which is seconds since 1970.
            now: the wall clock.

        Raises:
            DeskUnavailable: it cannot be known now; the same event may be sent again.
        """
        card = MessageRef(channel=channel, ts=ts)
        kept = self._kept.get(card)
        if kept is not None and self._seconds() < kept.until:
            return kept.ticket_id
        look = self._looks.get(card)
        if look is None:
            look = asyncio.create_task(self._look(desk, card, now))
            self._looks[card] = look
            look.add_done_callback(lambda done: self._ended(card, done))
        # Several events of one thread wait for the same look, and none of them ends it for the others.
        return await asyncio.shield(look)

    async def _look(self, desk: TicketDesk, card: MessageRef, now: datetime) -> str | None:
        for _ in range(_LOOKS_WHILE_FRESH if _is_fresh(card.ts, now) else 1):
            await self._turn()
            found = await desk.find([card_reference(card)])
            if found:
                break
        else:
            if _is_fresh(card.ts, now):
                raise DeskUnavailable
        ticket_id = found[0] if found else None
        self._keep(card, ticket_id)
        return ticket_id

    def _ended(self, card: MessageRef, look: asyncio.Task[str | None]) -> None:
        self._looks.pop(card, None)
        if not look.cancelled():
            # Whoever waited for it may have run out of patience: nobody else asks what came of it.
            look.exception()

    async def _turn(self) -> None:
        """Wait until it is this look's turn."""
        now = self._seconds()
        turn = max(now, self._next_look)
        if turn - now > _LONGEST_QUEUE_SECONDS:
            raise DeskUnavailable
        self._next_look = turn + self._between
        await asyncio.sleep(turn - now)

    def _keep(self, card: MessageRef, ticket_id: str | None) -> None:
        lasting = _CARD_SECONDS if ticket_id is not None else _NO_CARD_SECONDS
        self._kept[card] = _Kept(ticket_id, self._seconds() + lasting)
        self._kept.move_to_end(card)
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)


def _is_fresh(ts: str, now: datetime) -> bool:
    try:
        return abs(now.timestamp() - float(ts)) < _FRESH_SECONDS
    except ValueError:
        return False

"""Commands under way: a person is answered in time, and what takes longer goes on until it is known."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from domain.messages import Command
from gateway.tickets import DeskError, DeskUnavailable, TicketDesk

logger = logging.getLogger("tierline.gateway")

_PAUSE_SECONDS = 1.0


@dataclass(frozen=True)
class Outcome:
    """What came of a command: whether it was done, and one sentence about it."""

    done: bool
    message: str


class Running:
    """Carries commands out, and keeps those that outlast their request.

    Args:
        desk: who carries them out; each is taken once by its id, so that it may be sent again.
        patience: seconds for which an unreachable Temporal is tried again.
        pause: seconds between such attempts.
    """

    def __init__(self, desk: TicketDesk, *, patience: float = 120.0, pause: float = _PAUSE_SECONDS) -> None:
        self._desk = desk
        self._patience = patience
        self._pause = pause
        self._tasks: set[asyncio.Task[None]] = set()

    async def carry_out(self, ticket_id: str, command: Command) -> Outcome:
        """Have the command carried out, however long it takes within ``patience``."""
        try:
            async with asyncio.timeout(self._patience):
                return await self._until_reached(ticket_id, command)
        except TimeoutError:
            return Outcome(False, str(DeskUnavailable()))
        except DeskError as error:
            return Outcome(False, str(error))

    async def within(
        self, seconds: float, ticket_id: str, command: Command, afterwards: Callable[[Outcome], Awaitable[object]]
    ) -> Outcome | None:
        """The outcome if it is known within that time; else None, and ``afterwards`` is told it later."""
        return await self.in_time(seconds, self.carry_out(ticket_id, command), afterwards)

    async def in_time(
        self, seconds: float, work: Coroutine[Any, Any, Outcome], afterwards: Callable[[Outcome], Awaitable[object]]
    ) -> Outcome | None:
        """The same for any work with an outcome."""
        task = asyncio.create_task(work)
        await asyncio.wait({task}, timeout=seconds)
        if task.done():
            return task.result()

        async def tell() -> None:
            await afterwards(await task)

        self.keep(tell())
        return None

    def keep(self, work: Awaitable[object]) -> None:
        """Let this go on after the request has been answered."""

        async def run() -> None:
            try:
                await work
            except Exception as error:
                # The type alone: an exception's text may hold what somebody wrote.
                logger.error("work after the answer failed error=%s", type(error).__name__)  # noqa: TRY400

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self, seconds: float) -> None:
        """Give what is under way that much time, then stop it."""
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _until_reached(self, ticket_id: str, command: Command) -> Outcome:
        while True:
            try:
                result = await self._desk.execute(ticket_id, command)
                return Outcome(result.accepted, result.message)
            except DeskUnavailable:
                await asyncio.sleep(self._pause)

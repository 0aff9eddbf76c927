"""What somebody else knows, kept for a while: asked again when it is old, and kept as it was last known while they do not answer."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

_MOST = 10_000

Value = TypeVar("Value")


@dataclass(frozen=True)
class _Known(Generic[Value]):
    value: Value
    at: float


class Remembered(Generic[Value]):
    """Values by key.

    Args:
        load: asks for the value of a key.
        unknown: what ``load`` raises when it cannot be had.
        fresh_for: seconds for which a value is taken as it is.
        pause: seconds after a failure before the same key is asked for again.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        load: Callable[[str], Awaitable[Value]],
        *,
        unknown: type[Exception],
        fresh_for: float,
        pause: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._unknown = unknown
        self._fresh_for = fresh_for
        self._pause = pause
        self._clock = clock
        self._known: dict[str, _Known[Value]] = {}
        self._failed_at: dict[str, float] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}

    def last(self, key: str) -> Value | None:
        """What was last known, however old; None when nothing ever was."""
        known = self._known.get(key)
        return known.value if known is not None else None

    async def get(self, key: str, *, patience: float) -> Value | None:
        """The value; when it is old, or not known, it is waited for that many seconds, else what was last known.

        What comes later is there for the next who asks.
        """
        now = self._clock()
        known = self._known.get(key)
        if known is not None and now - known.at < self._fresh_for:
            return known.value
        failed_at = self._failed_at.get(key)
        if failed_at is None or now - failed_at >= self._pause:
            await asyncio.wait({self._ask(key)}, timeout=patience)
        return self.last(key)

    async def close(self) -> None:
        """Ask no further."""
        for task in self._asking.values():
            task.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)

    def _ask(self, key: str) -> asyncio.Task[None]:
        """One question at a time for each key, whoever wants to know."""
        task = self._asking.get(key)
        if task is None:
            task = asyncio.create_task(self._learn(key))
            self._asking[key] = task
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        return task

    async def _learn(self, key: str) -> None:
        try:
            value = await self._load(key)
        except self._unknown:
            self._failed_at.pop(key, None)
            while len(self._failed_at) >= _MOST:
                del self._failed_at[next(iter(self._failed_at))]
            self._failed_at[key] = self._clock()
            return
        self._failed_at.pop(key, None)
        # The oldest goes: whoever is heard of next is asked for again.
        self._known.pop(key, None)
        while len(self._known) >= _MOST:
            del self._known[next(iter(self._known))]
        self._known[key] = _Known(value, self._clock())

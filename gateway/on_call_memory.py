"""Who would be woken, kept for half a minute, so that a busy hour's questions cost PagerDuty few requests."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from domain.page_rules import PageTarget
from domain.paging import OnCall

_KEPT_S = 30.0


@dataclass(frozen=True)
class OnCallAnswer:
    """Who is on call, first level first, and until when; or ``unknown``: why that is not known, in one short clause."""

    people: tuple[OnCall, ...] = ()
    unknown: str | None = None

    @property
    def levels(self) -> dict[int, tuple[str, ...]]:
        """The names by level; 1 is woken first."""
        found: dict[int, tuple[str, ...]] = {}
        for person in self.people:
            names = found.get(person.level, ())
            if person.name not in names:
                found[person.level] = (*names, person.name)
        return dict(sorted(found.items()))

    @property
    def first(self) -> tuple[str, ...]:
        """The names of those who are woken first, whatever their level; nobody, where nobody is on call or it is not known."""
        return next(iter(self.levels.values()), ())

    @property
    def words(self) -> str:
        """``Ada, then Tom or Lena``: who is woken in which order, or why that is not known."""
        if self.unknown is not None:
            return f"not known ({self.unknown})"
        return ", then ".join(" and ".join(names) for names in self.levels.values()) or "nobody is on call"


@dataclass
class OnCallMemory:
    """Answers by whom they are about, and the questions that are under way. A failure is not kept."""

    seconds: Callable[[], float] = time.monotonic
    _kept: dict[PageTarget, tuple[float, OnCallAnswer]] = field(default_factory=dict)
    _asked: dict[PageTarget, asyncio.Task[OnCallAnswer]] = field(default_factory=dict)

    async def answer(self, target: PageTarget, ask: Callable[[], list[OnCall]], patience: float) -> OnCallAnswer:
        """What is known already, or what ``ask`` (blocking) gives within ``patience`` seconds.

        An answer that comes later is kept for the next question; several questions at once are one request.

        Raises:
            TimeoutError: no answer in time.
            IntegrationError: the answer was a failure.
        """
        kept = self._kept.get(target)
        if kept is not None and self.seconds() < kept[0]:
            return kept[1]
        task = self._asked.get(target)
        if task is None:
            task = self._asked[target] = asyncio.create_task(self._look(target, ask))
            task.add_done_callback(lambda done: self._over(target, done))
        # A caller who has waited long enough must not end what others wait for.
        return await asyncio.wait_for(asyncio.shield(task), patience)

    async def _look(self, target: PageTarget, ask: Callable[[], list[OnCall]]) -> OnCallAnswer:
        answer = OnCallAnswer(tuple(await asyncio.to_thread(ask)))
        self._kept = {known: kept for known, kept in self._kept.items() if self.seconds() < kept[0]}
        self._kept[target] = (self.seconds() + _KEPT_S, answer)
        return answer

    def _over(self, target: PageTarget, task: asyncio.Task[OnCallAnswer]) -> None:
        del self._asked[target]
        if not task.cancelled():
            # Nobody may be waiting any more: the failure counts as looked at.
            task.exception()

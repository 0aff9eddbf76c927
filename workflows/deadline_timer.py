"""The one timer of a workflow: it waits for an absolute instant and is left alone while the instant stays the same."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.texts import MOST_SUMMARY, cut


class DeadlineTimer:
    """Calls ``reached`` at the deadline."""

    def __init__(self, reached: Callable[[], None]) -> None:
        self._reached = reached
        self._at: datetime | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def at(self) -> datetime | None:
        """What it waits for, None for nothing."""
        return self._at

    def set(self, at: datetime | None, what: str = "") -> None:
        """Wait until ``at``, or for nothing; ``what`` is the timer's summary in the Temporal UI."""
        if at == self._at:
            return
        self.cancel()
        if at is not None:
            self._at = at
            self._task = asyncio.create_task(self._wait(at, what))

    def cancel(self) -> None:
        """Wait for nothing."""
        if self._task is not None:
            self._task.cancel()
        self._task = None
        self._at = None

    async def _wait(self, at: datetime, what: str) -> None:
        await workflow.sleep(max(at - workflow.now(), timedelta(0)), summary=cut(what, MOST_SUMMARY))
        self._at = None
        self._reached()

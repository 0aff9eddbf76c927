"""Lanes: one queue per outside system. Order holds within a lane; nothing waits across lanes.

An intent is tried in rounds. A round is one activity with a few attempts; when it fails for a passing reason the lane is reported as
late, and a new round begins with what is true by then. A lane never gives up: only a permanent refusal ends an intent.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Generic, Protocol, TypeVar

from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, FailureError

FIRST_ROUND = RetryPolicy(
    initial_interval=timedelta(seconds=1),
    backoff_coefficient=2,
    maximum_interval=timedelta(seconds=5),
    maximum_attempts=3,
)
"""Short, so that trouble is known, and shown, within seconds."""
LATER_ROUNDS = RetryPolicy(
    initial_interval=timedelta(seconds=2),
    backoff_coefficient=1.6,
    maximum_interval=timedelta(seconds=30),
    maximum_attempts=8,
)
"""A few minutes, so that what is sent is never much older than that, and an outage costs few events."""


class Sendable(Protocol):
    """What a lane carries."""

    @property
    def key(self) -> str:
        """Its stable idempotency key."""
        ...


_T = TypeVar("_T", bound=Sendable)
_R = TypeVar("_R")


class Refused(Exception):
    """An intent that the outside refused for good. ``code`` is the outside's own short word for it."""

    def __init__(self, message: str, code: str | None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class LaneListener(Protocol[_T, _R]):  # type: ignore[misc]
    """Who hears what becomes of a lane's intents."""

    def done(self, intent: _T, result: _R) -> None:
        """The intent was carried out."""
        ...

    def refused(self, intent: _T, error: str, code: str | None) -> None:
        """The intent was refused for good."""
        ...

    def late(self, lane: str, error: str) -> None:
        """The lane's head could not be carried out in a round; it is tried on."""
        ...

    def well(self, lane: str) -> None:
        """The lane works again."""
        ...


class Lanes(Generic[_T, _R]):
    """The lanes of one workflow.

    Args:
        carry_out: runs an intent as one activity: ``(intent, policy, recheck)``. ``recheck`` says that an earlier round may have done
            the work already.
        listener: hears what becomes of each intent; it must only enqueue.
    """

    def __init__(
        self,
        carry_out: Callable[[_T, RetryPolicy, bool], Awaitable[_R]],
        listener: LaneListener[_T, _R],
    ) -> None:
        self._carry_out = carry_out
        self._listener = listener
        self._queues: dict[str, deque[_T]] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._begun: set[str] = set()
        self._halted = False

    @property
    def idle(self) -> bool:
        """Whether nothing is queued or under way."""
        return not any(self._queues.values())

    @property
    def halted(self) -> bool:
        """Whether, after ``halt``, nothing is under way any more."""
        return all(worker.done() for worker in self._workers.values())

    def waiting(self, lane: str) -> list[_T]:
        """What is queued on a lane and not under way."""
        queue = list(self._queues.get(lane, ()))
        return queue[1:] if queue and queue[0].key in self._begun else queue

    def under_way(self) -> dict[str, _T]:
        """Everything not yet carried out, by key."""
        return {intent.key: intent for queue in self._queues.values() for intent in queue}

    def add(self, lane: str, intent: _T, *, begun: bool = False) -> None:
        """Queue an intent. ``begun`` marks one that an earlier run of the workflow had begun: it is looked for before it is repeated."""
        self._queues.setdefault(lane, deque()).append(intent)
        if begun:
            self._begun.add(intent.key)
        worker = self._workers.get(lane)
        if worker is None or worker.done():
            self._workers[lane] = asyncio.create_task(self._work(lane))

    def halt(self) -> None:
        """Begin nothing more: what is under way ends its round."""
        self._halted = True

    def carried(self) -> dict[str, list[tuple[_T, bool]]]:
        """What is left, in order, by lane, with whether it had begun: the next run of the workflow takes it over."""
        return {
            lane: [(intent, intent.key in self._begun) for intent in queue]
            for lane, queue in self._queues.items()
            if queue
        }

    async def _work(self, lane: str) -> None:
        queue = self._queues[lane]
        while queue and not self._halted:
            if await self._round_by_round(lane, queue[0]):
                self._begun.discard(queue.popleft().key)

    async def _round_by_round(self, lane: str, intent: _T) -> bool:
        """Try an intent until it is done or refused; False when the lane was halted before."""
        failed_rounds = 0
        while not self._halted:
            policy = LATER_ROUNDS if failed_rounds else FIRST_ROUND
            recheck = intent.key in self._begun
            self._begun.add(intent.key)
            try:
                result = await self._carry_out(intent, policy, recheck)
            except Refused as refusal:
                self._recover(lane, failed_rounds)
                self._listener.refused(intent, refusal.message, refusal.code)
                return True
            except ActivityError as error:
                refusal_or_none = _refusal(error)
                if refusal_or_none is not None:
                    self._recover(lane, failed_rounds)
                    self._listener.refused(intent, refusal_or_none.message, refusal_or_none.code)
                    return True
                failed_rounds += 1
                self._listener.late(lane, _words(error))
            else:
                self._recover(lane, failed_rounds)
                self._listener.done(intent, result)
                return True
        return False

    def _recover(self, lane: str, failed_rounds: int) -> None:
        if failed_rounds:
            self._listener.well(lane)


def _refusal(error: ActivityError) -> Refused | None:
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.non_retryable:
        code = cause.details[0] if cause.details else None
        return Refused(cause.message, code if isinstance(code, str) else None)
    return None


def _words(error: ActivityError) -> str:
    cause = error.cause
    if isinstance(cause, FailureError) and cause.message:
        return cause.message
    return "no answer in time"

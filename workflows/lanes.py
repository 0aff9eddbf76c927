"""Lanes: one queue per outside system. Order holds within a lane; nothing waits across lanes.

An intent is tried in rounds. A round is one activity with a few attempts; when it fails for a passing reason the lane is reported as
late, and a new round begins with what is true by then. A lane never gives up: only a permanent refusal ends an intent, and credentials
that are not taken are none where the activity says so. Between two
rounds what wakes somebody may overtake what waits before it: a note that cannot be written must not hold up a page that can be raised.

A fault in our own code must stop the workflow's task, where Temporal shows it and tries again with mended code; in a lane's own task it
would go unseen. ``until`` is therefore how a workflow waits.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import Generic, Protocol, TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError, FailureError

with workflow.unsafe.imports_passed_through():
    from activities.failures import LOCKED_OUT
    from domain import lane_room

ONE_ATTEMPT = timedelta(seconds=20)
"""More than a client's own time-out of 10 s, so that an attempt has ended before the next one begins."""
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

    def model_dump_json(self) -> str:
        """As it is handed from run to run."""
        ...


_T = TypeVar("_T", bound=Sendable)
_R = TypeVar("_R")


class Refused(Exception):
    """An intent that the outside refused for good. ``code`` is the outside's own short word for it."""

    def __init__(self, message: str, code: str | None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class BrokenLane(Exception):
    """Our own code failed in a lane. It is no ``FailureError``: it fails the workflow's task, never the workflow."""


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
        late: lanes that were in trouble in an earlier run of the workflow.
        overtakes: whether an intent may go before others that could not be carried out in a round; none may, if left out.
        fold: makes less of what waits on a lane, in order, where ``domain.lane_room`` finds it too much; nothing, if left out.
    """

    def __init__(
        self,
        carry_out: Callable[[_T, RetryPolicy, bool], Awaitable[_R]],
        listener: LaneListener[_T, _R],
        late: Iterable[str] = (),
        overtakes: Callable[[_T], bool] = lambda _: False,
        fold: Callable[[list[_T]], list[_T]] = lambda waiting: waiting,
    ) -> None:
        self._carry_out = carry_out
        self._overtakes = overtakes
        self._listener = listener
        self._queues: dict[str, deque[_T]] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._fold = fold
        self._bytes: dict[str, int] = {}
        self._begun: set[str] = set()
        self._late = set(late)
        self._halted = False
        self._fault: Exception | None = None

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

    def bytes_waiting(self, lane: str | None = None) -> int:
        """How many bytes wait on a lane, or on all of them: what a run would hand to the next."""
        return sum(self._bytes.values()) if lane is None else self._bytes.get(lane, 0)

    def add(self, lane: str, intent: _T, *, begun: bool = False) -> None:
        """Queue an intent. ``begun`` marks one that an earlier run of the workflow had begun: it is looked for before it is repeated."""
        self._queues.setdefault(lane, deque()).append(intent)
        if begun:
            self._begun.add(intent.key)
        self._bytes[lane] = self.bytes_waiting(lane) + lane_room.bytes_of(intent)
        if self._bytes[lane] > lane_room.LANE_BYTES:
            self._make_less(lane)
        worker = self._workers.get(lane)
        if worker is None or worker.done():
            self._workers[lane] = asyncio.create_task(self._work(lane))

    def _make_less(self, lane: str) -> None:
        queue = self._queues[lane]
        begun = [intent for intent in queue if intent.key in self._begun]
        kept = [*begun, *self._fold([intent for intent in queue if intent.key not in self._begun])]
        queue.clear()
        queue.extend(kept)
        self._measure(lane)

    def _measure(self, lane: str) -> None:
        self._bytes[lane] = sum(map(lane_room.bytes_of, self._queues[lane]))

    def withdraw(self, lane: str, unwanted: Callable[[_T], bool]) -> None:
        """Take back what waits and has not begun, where something newer stands for it."""
        queue = self._queues.get(lane)
        if queue:
            kept = [intent for intent in queue if intent.key in self._begun or not unwanted(intent)]
            queue.clear()
            queue.extend(kept)
            self._measure(lane)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition, or for a fault in a lane.

        Raises:
            BrokenLane: our own code failed in a lane.
        """
        await workflow.wait_condition(lambda: self._fault is not None or condition())
        if self._fault is not None:
            raise BrokenLane(str(self._fault)) from self._fault

    def halt(self) -> None:
        """Begin nothing more: what is under way ends its round. A lane in trouble gives its round up, which may last for minutes."""
        self._halted = True
        for lane, worker in self._workers.items():
            if lane in self._late:
                worker.cancel()

    def carried(self) -> dict[str, list[tuple[_T, bool]]]:
        """What is left, in order, by lane, with whether it had begun: the next run of the workflow takes it over."""
        return {
            lane: [(intent, intent.key in self._begun) for intent in queue]
            for lane, queue in self._queues.items()
            if queue
        }

    async def _work(self, lane: str) -> None:
        queue = self._queues[lane]
        try:
            while queue and not self._halted:
                if await self._round_by_round(lane, queue[0]):
                    done = queue.popleft()
                    self._begun.discard(done.key)
                    self._bytes[lane] -= lane_room.bytes_of(done)
                elif (first := self._overtaker(queue)) is not None:
                    queue.remove(first)
                    queue.appendleft(first)
        except asyncio.CancelledError:
            if not self._halted:
                raise
        except Exception as fault:
            self._fault = fault

    async def _round_by_round(self, lane: str, intent: _T) -> bool:
        """Try an intent until it is done or refused; False when the lane was halted before, or it is to be overtaken."""
        while not self._halted:
            policy = LATER_ROUNDS if lane in self._late else FIRST_ROUND
            recheck = intent.key in self._begun
            self._begun.add(intent.key)
            try:
                result = await self._carry_out(intent, policy, recheck)
            except Refused as refusal:
                self._recover(lane)
                self._listener.refused(intent, refusal.message, refusal.code)
                return True
            except ActivityError as error:
                if self._halted and isinstance(error.cause, CancelledError):
                    return False
                refusal_or_none = _refusal(error)
                if refusal_or_none is not None:
                    self._recover(lane)
                    self._listener.refused(intent, refusal_or_none.message, refusal_or_none.code)
                    return True
                self._late.add(lane)
                self._listener.late(lane, _words(error))
                await self._wait_as_asked(error)
                if self._overtaker(self._queues[lane]) is not None:
                    return False
            else:
                self._recover(lane)
                self._listener.done(intent, result)
                return True
        return False

    def _overtaker(self, queue: deque[_T]) -> _T | None:
        """What is to go before the head, which could not be carried out; the order among those stays."""
        if self._overtakes(queue[0]):
            return None
        return next((intent for intent in queue if self._overtakes(intent)), None)

    def _recover(self, lane: str) -> None:
        if lane in self._late:
            self._late.remove(lane)
            self._listener.well(lane)

    async def _wait_as_asked(self, error: ActivityError) -> None:
        """A round's last attempt may have been told when to come back; Temporal heeds that between attempts alone."""
        cause = error.cause
        delay = cause.next_retry_delay if isinstance(cause, ApplicationError) else None
        if delay is not None and not self._halted:
            await workflow.sleep(delay, summary="as long as the outside asked to wait")


def _refusal(error: ActivityError) -> Refused | None:
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.non_retryable and cause.type != LOCKED_OUT:
        code = cause.details[0] if cause.details else None
        return Refused(cause.message, code if isinstance(code, str) else None)
    return None


def _words(error: ActivityError) -> str:
    cause = error.cause
    if isinstance(cause, FailureError) and cause.message:
        return cause.message
    return "no answer in time"

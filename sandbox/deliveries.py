"""Webhooks on their way to the gateway: signed when sent, in order, retried as the vendor does, and logged.

A vendor's delays are real seconds multiplied by ``Deliveries.scale``, so that a trial of minutes shows what takes a
vendor hours. Its time limits are not scaled: the gateway must keep them.

Deliveries can be told to go astray (`sandbox.misdeliveries`).
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import httpx2
from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from sandbox.misdeliveries import ActiveMisdelivery, Kind, Misdeliveries, Misdelivery

_LOG_KEPT = 20_000


@dataclass(frozen=True)
class RetryPolicy:
    """What a vendor does about a delivery that failed."""

    timeout_s: float
    """How long it waits for the answer."""
    delays_s: tuple[float, ...]
    """How long it waits before each further attempt, before scaling; empty is one attempt only."""
    retried: Callable[[int | None], bool]
    """Whether a status (None: no answer) is tried again."""
    holds_queue: bool = False
    """Whether later deliveries of the same queue wait until this one is through or given up."""


JIRA = RetryPolicy(
    # Five more attempts, 5 to 15 minutes apart: developer.atlassian.com/cloud/jira/platform/webhooks, "Retry policy".
    timeout_s=30.0,
    delays_s=(300.0,) * 5,
    retried=lambda status: status is None or status in (408, 409, 425, 429) or status >= 500,
)
GITHUB = RetryPolicy(timeout_s=10.0, delays_s=(), retried=lambda status: False)
PAGERDUTY = RetryPolicy(
    # About 48 hours of growing delays; a 4xx other than 429 drops the event.
    timeout_s=5.0,
    delays_s=(20.0, 60.0, 180.0, 540.0, 1620.0, 4860.0, 14580.0, 43740.0, 86400.0),
    retried=lambda status: status is None or status == 429 or status >= 500,
    holds_queue=True,
)
SLACK_EVENTS = RetryPolicy(
    # Nearly at once, after one minute, after five: api.slack.com/apis/events-api, "Retries".
    timeout_s=3.0,
    delays_s=(0.0, 60.0, 300.0),
    retried=lambda status: status is None or not 200 <= status < 300,
)
SLACK_INTERACTION = RetryPolicy(timeout_s=3.0, delays_s=(), retried=lambda status: False)


@dataclass(frozen=True)
class Delivery:
    """One webhook to send."""

    system: str
    id: str
    """The vendor's own id of the delivery, as the gateway sees it in a header or in the body."""
    event: str
    path: str
    """Where it goes, below the gateway's address."""
    body: bytes
    policy: RetryPolicy
    headers: Callable[[int, int | None], dict[str, str]]
    """The headers of an attempt, the signature among them: of the attempt's number (0 is the first) and of the status
    that the attempt before it got (None: no answer)."""
    queue: str
    """Deliveries of one queue are first sent in the order they were given."""
    on_end: Callable[[int | None], None] | None = None
    """Told the last attempt's status when the delivery is through or given up."""
    carry: Callable[[int, int | None], Awaitable["Answer | None"]] | None = None
    """Another way than HTTP, of the arguments that `headers` has; it gives None where HTTP is to be taken after all,
    and raises an OSError (a TimeoutError among them) where there was no answer."""
    url: str | None = None
    """The whole address, where it does not go to the gateway; then ``path`` is not looked at."""
    wanted: Callable[[], bool] | None = None
    """Asked before each attempt; a delivery that is wanted no longer is dropped without a word to ``on_end``."""
    misdelivery: Kind | None = None
    """What befell it on order."""


class LoggedDelivery(BaseModel):
    """One attempt at a delivery."""

    model_config = ConfigDict(frozen=True)

    system: str
    id: str
    event: str
    url: str
    attempt: int
    """0 is the first."""
    status: int | None
    """None: no answer, or not sent."""
    error: str | None
    seconds: float
    at: AwareDatetime
    misdelivery: Kind | None = None
    """What befell it on order."""


class HeldDelivery(BaseModel):
    """A delivery that waits on order, to be released or for the one that it changes places with."""

    model_config = ConfigDict(frozen=True)

    system: str
    id: str
    event: str
    misdelivery: Kind | None
    order: int
    """The order's id."""


class Pace(BaseModel):
    """How fast time passes for the vendors' retries."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scale: float = Field(ge=0, le=1)
    """What the vendor's seconds between attempts are multiplied by."""


@dataclass(frozen=True)
class Answer:
    """What the gateway answered to one attempt."""

    status: int | None
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Held:
    order: int
    delivery: Delivery
    go: Callable[[str | None], None]
    """Lets it go, in the queue of this name (None: its own)."""


class Deliveries:
    """Sends deliveries to one gateway. Use it within one event loop, between ``start`` and ``stop``."""

    def __init__(self, gateway_url: str | None = None, *, scale: float = 1 / 100) -> None:
        self.gateway_url = gateway_url
        """The gateway's address without a trailing slash; may be set later. While None, deliveries are only logged."""
        self.scale = scale
        self.misdeliveries = Misdeliveries()
        self._held: list[_Held] = []
        self._log: deque[LoggedDelivery] = deque(maxlen=_LOG_KEPT)
        self._queues: dict[str, asyncio.Queue[Delivery]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._under_way = 0
        self._settled = asyncio.Event()
        self._settled.set()
        self._client: httpx2.AsyncClient | None = None

    async def start(self) -> None:
        """Open the connections."""
        self._client = httpx2.AsyncClient(follow_redirects=False, trust_env=False)

    async def stop(self) -> None:
        """Give up what is under way and close the connections."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._queues.clear()
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def send(self, delivery: Delivery) -> None:
        """Queue a delivery; it is sent after those of its queue that were given before, unless it is told to go astray."""
        self._begin()
        hit = self.misdeliveries.take(delivery.system, delivery.event)
        if hit is None:
            self._enqueue(delivery)
            return
        number, order = hit
        delivery = replace(delivery, misdelivery=order.kind)
        match order.kind:
            case "lose":
                self._log_loss(delivery)
                self._end(delivery, 200)
            case "double":
                self._begin()
                self._enqueue(delivery)
                self._enqueue(replace(delivery, on_end=None))
            case "delay":
                self._spawn(self._enqueue_after(order.delay_s, delivery))
            case "hold":
                self._hold(number, delivery)
            case "swap":
                earlier = self._other_of_the_pair(number)
                if earlier is None:
                    self._hold(number, delivery)
                else:
                    self._enqueue(delivery)
                    earlier.go(delivery.queue)

    async def exchange(self, delivery: Delivery) -> Answer:
        """Send once, now, and give the gateway's answer: for what a person waits for, such as a slash command."""
        hit = self.misdeliveries.take(delivery.system, delivery.event)
        if hit is None:
            return await self._attempt(delivery, 0, None)
        number, order = hit
        delivery = replace(delivery, misdelivery=order.kind)
        match order.kind:
            case "lose":
                self._log_loss(delivery)
                return Answer(None)
            case "double":
                answer = await self._attempt(delivery, 0, None)
                await self._attempt(delivery, 0, None)
                return answer
            case "delay":
                await asyncio.sleep(order.delay_s)
            case "hold":
                await self._released(number, delivery)
            case "swap":
                earlier = self._other_of_the_pair(number)
                if earlier is None:
                    await self._released(number, delivery)
                else:
                    answer = await self._attempt(delivery, 0, None)
                    earlier.go(None)
                    return answer
        return await self._attempt(delivery, 0, None)

    def held(self) -> list[HeldDelivery]:
        """What waits on order, oldest first."""
        return [
            HeldDelivery(
                system=each.delivery.system,
                id=each.delivery.id,
                event=each.delivery.event,
                misdelivery=each.delivery.misdelivery,
                order=each.order,
            )
            for each in self._held
        ]

    def release(self, order: int | None = None) -> int:
        """Let go what waits by one order, or by any, oldest first; give how many that were."""
        going = [each for each in self._held if order is None or each.order == order]
        self._held = [each for each in self._held if each not in going]
        for each in going:
            each.go(None)
        return len(going)

    def clear_orders(self, order: int | None = None) -> None:
        """End one order, or all, and let go what waited by it."""
        self.misdeliveries.clear(order)
        self.release(order)

    async def settled(self, timeout_s: float = 10.0) -> None:
        """Wait until nothing is queued, under way or waiting for a further attempt.

        Raises:
            TimeoutError: something still was, after ``timeout_s``.
        """
        await asyncio.wait_for(self._settled.wait(), timeout_s)

    def log(self, system: str | None = None) -> list[LoggedDelivery]:
        """The attempts, oldest first."""
        return [entry for entry in self._log if system is None or entry.system == system]

    def _enqueue(self, delivery: Delivery) -> None:
        if delivery.queue not in self._queues:
            self._queues[delivery.queue] = asyncio.Queue()
            self._spawn(self._work(delivery.queue, self._queues[delivery.queue]))
        self._queues[delivery.queue].put_nowait(delivery)

    async def _enqueue_after(self, seconds: float, delivery: Delivery) -> None:
        await asyncio.sleep(seconds)
        self._enqueue(delivery)

    def _hold(self, order: int, delivery: Delivery) -> None:
        self._held.append(
            _Held(order, delivery, lambda queue: self._enqueue(replace(delivery, queue=queue or delivery.queue)))
        )

    async def _released(self, order: int, delivery: Delivery) -> None:
        released = asyncio.Event()
        self._held.append(_Held(order, delivery, lambda _: released.set()))
        await released.wait()

    def _other_of_the_pair(self, order: int) -> _Held | None:
        earlier = next((each for each in self._held if each.order == order), None)
        if earlier is not None:
            self._held.remove(earlier)
        return earlier

    def _log_loss(self, delivery: Delivery) -> None:
        self._log.append(
            LoggedDelivery(
                system=delivery.system,
                id=delivery.id,
                event=delivery.event,
                url=self._url(delivery),
                attempt=0,
                status=None,
                error="lost, as ordered",
                seconds=0.0,
                at=datetime.now(UTC),
                misdelivery=delivery.misdelivery,
            )
        )

    def _url(self, delivery: Delivery) -> str:
        return delivery.url or f"{self.gateway_url or ''}{delivery.path}"

    def _begin(self) -> None:
        self._under_way += 1
        self._settled.clear()

    def _end(self, delivery: Delivery, status: int | None) -> None:
        if delivery.on_end is not None:
            delivery.on_end(status)
        self._forget()

    def _forget(self) -> None:
        self._under_way -= 1
        if self._under_way == 0:
            self._settled.set()

    def _spawn(self, coroutine: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, name: str, queue: asyncio.Queue[Delivery]) -> None:
        while not queue.empty():
            delivery = queue.get_nowait()
            if delivery.wanted is not None and not delivery.wanted():
                self._forget()
                continue
            answer = await self._attempt(delivery, 0, None)
            if not delivery.policy.retried(answer.status) or not delivery.policy.delays_s:
                self._end(delivery, answer.status)
            elif delivery.policy.holds_queue:
                await self._retry(delivery, answer.status)
            else:
                self._spawn(self._retry(delivery, answer.status))
        del self._queues[name]

    async def _retry(self, delivery: Delivery, status: int | None) -> None:
        for attempt, delay in enumerate(delivery.policy.delays_s, start=1):
            await asyncio.sleep(delay * self.scale)
            if delivery.wanted is not None and not delivery.wanted():
                self._forget()
                return
            status = (await self._attempt(delivery, attempt, status)).status
            if not delivery.policy.retried(status):
                break
        self._end(delivery, status)

    async def _attempt(self, delivery: Delivery, attempt: int, last_status: int | None) -> Answer:
        url = self._url(delivery)
        began, at = time.monotonic(), datetime.now(UTC)
        answer, error = Answer(None), None
        carried: Answer | None = None
        if delivery.carry is not None:
            try:
                carried = await delivery.carry(attempt, last_status)
            except OSError as failure:
                error = f"{type(failure).__name__}: {failure}"
        if carried is not None or error is not None:
            url, answer = f"socket:{delivery.path}", carried or answer
        elif (self.gateway_url is None and delivery.url is None) or self._client is None:
            # Nobody has subscribed: there is nothing to fail and nothing to try again.
            answer, error = Answer(204), "not sent: no gateway is known"
        else:
            try:
                response = await self._client.post(
                    url,
                    content=delivery.body,
                    headers=delivery.headers(attempt, last_status),
                    timeout=delivery.policy.timeout_s,
                )
                answer = Answer(response.status_code, response.content, dict(response.headers))
            except httpx2.HTTPError as failure:
                error = f"{type(failure).__name__}: {failure}"
        self._log.append(
            LoggedDelivery(
                system=delivery.system,
                id=delivery.id,
                event=delivery.event,
                url=url,
                attempt=attempt,
                status=None if error else answer.status,
                error=error,
                seconds=round(time.monotonic() - began, 4),
                at=at,
                misdelivery=delivery.misdelivery,
            )
        )
        return answer


def build_router(deliveries: Deliveries) -> APIRouter:
    """``GET /sandbox/deliveries`` and, below it, the orders to go astray, what waits by them, and the pace of retries."""
    router = APIRouter(prefix="/sandbox/deliveries")

    @router.get("")
    async def read_deliveries(system: str | None = None) -> list[LoggedDelivery]:
        """The attempts, oldest first, of one ``system`` where it is given."""
        return deliveries.log(system)

    @router.get("/orders")
    async def read_orders() -> list[ActiveMisdelivery]:
        return deliveries.misdeliveries.active()

    @router.post("/orders", status_code=201)
    async def add_order(order: Misdelivery) -> dict[str, int]:
        return {"id": deliveries.misdeliveries.add(order)}

    @router.delete("/orders", status_code=204)
    async def clear_orders() -> None:
        deliveries.clear_orders()

    @router.delete("/orders/{number}", status_code=204)
    async def clear_order(number: int) -> None:
        deliveries.clear_orders(number)

    @router.get("/held")
    async def read_held() -> list[HeldDelivery]:
        return deliveries.held()

    @router.post("/release")
    async def release(order: int | None = None) -> dict[str, int]:
        return {"released": deliveries.release(order)}

    @router.get("/pace")
    async def read_pace() -> Pace:
        return Pace(scale=deliveries.scale)

    @router.put("/pace")
    async def set_pace(pace: Pace) -> Pace:
        deliveries.scale = pace.scale
        return pace

    return router

"""Outages on order: what an outside system does when it is ill, laid over the sandbox's HTTP interface.

A fault names a system and, if wanted, a part of the path. While it lasts, the calls that it hits get an error status,
a rate limit in the vendor's own words, a delay, or have their connection cut after the work was done.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Annotated, Literal, Self

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

System = Literal["slack", "jira", "github", "pagerduty", "pagerduty-events", "mail"]

# The vendors' own interfaces, by path. The longer prefix comes first.
_PREFIXES: tuple[tuple[str, System], ...] = (
    ("/slack/", "slack"),
    ("/jira/", "jira"),
    ("/jira-dc/", "jira"),
    ("/jira-media/", "jira"),
    ("/github/", "github"),
    ("/pagerduty-events/", "pagerduty-events"),
    ("/pagerduty/", "pagerduty"),
)
_REQUESTS_KEPT = 50_000


class Fault(BaseModel):
    """An order for trouble."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: System
    operation: str | None = None
    """A part of the path (for Slack the method's name, for mail ``RCPT`` or ``DATA``); None hits every call."""
    method: str | None = None
    """The HTTP method that is hit (``POST``); None hits all."""
    kind: Literal["status", "latency", "rate_limit", "drop_after"]
    status: Annotated[int, Field(ge=400, le=599)] = 500
    """The answer's status for ``status``. For mail any 4xx/5xx SMTP code."""
    seconds: Annotated[float, Field(gt=0)] | None = None
    """How long the fault lasts; None until it is cleared or used up."""
    times: Annotated[int, Field(ge=1)] | None = None
    """How many calls it hits; None is all of them."""
    delay_s: Annotated[float, Field(ge=0, le=120)] = 0.0
    """How long ``latency`` holds a call before it is worked on."""
    retry_after_s: Annotated[int, Field(ge=0)] = 1
    """What ``rate_limit`` tells the caller to wait."""

    @model_validator(mode="after")
    def _latency_has_a_delay(self) -> Self:
        if self.kind == "latency" and self.delay_s == 0:
            raise ValueError("a latency fault needs delay_s")
        return self


class ActiveFault(BaseModel):
    """A fault in force, as ``GET /sandbox/faults`` shows it."""

    model_config = ConfigDict(frozen=True)

    id: int
    fault: Fault
    hits: int
    left: int | None
    """Calls that it will still hit; None is no limit."""


class RecordedRequest(BaseModel):
    """One call to a vendor's interface, whether or not a fault hit it."""

    model_config = ConfigDict(frozen=True)

    system: System
    method: str
    path: str
    status: int | None
    """The status that the caller saw; None where the connection was cut."""
    fault: str | None
    at: AwareDatetime


class _Entry:
    def __init__(self, number: int, fault: Fault, now: float) -> None:
        self.number = number
        self.fault = fault
        self.hits = 0
        self.ends_at = None if fault.seconds is None else now + fault.seconds

    def left(self) -> int | None:
        return None if self.fault.times is None else self.fault.times - self.hits

    def over(self, now: float) -> bool:
        return self.left() == 0 or (self.ends_at is not None and now >= self.ends_at)


class Faults:
    """The faults in force and the record of every call."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._entries: list[_Entry] = []
        self._numbers = count(1)
        self._requests: deque[RecordedRequest] = deque(maxlen=_REQUESTS_KEPT)

    def add(self, fault: Fault) -> int:
        """Put a fault in force and return its id."""
        number = next(self._numbers)
        self._entries.append(_Entry(number, fault, self._monotonic()))
        return number

    def clear(self, system: str | None = None) -> None:
        """End every fault, or every fault of one system."""
        self._entries = [entry for entry in self._entries if system is not None and entry.fault.system != system]

    def end(self, number: int) -> None:
        """End the fault with this id, if it is still in force."""
        self._entries = [entry for entry in self._entries if entry.number != number]

    def active(self) -> list[ActiveFault]:
        """The faults in force, oldest first."""
        self._drop_those_that_are_over()
        return [ActiveFault(id=e.number, fault=e.fault, hits=e.hits, left=e.left()) for e in self._entries]

    def take(self, system: str, operation: str, method: str | None = None) -> Fault | None:
        """The first fault that hits this call; it counts as one of the fault's times."""
        self._drop_those_that_are_over()
        for entry in self._entries:
            fault = entry.fault
            if (
                fault.system == system
                and (fault.operation is None or fault.operation in operation)
                and (fault.method is None or method is None or fault.method.upper() == method.upper())
            ):
                entry.hits += 1
                return fault
        return None

    def note(self, system: System, method: str, path: str, status: int | None, fault: Fault | None) -> None:
        """Record one call."""
        self._requests.append(
            RecordedRequest(
                system=system,
                method=method,
                path=path,
                status=status,
                fault=fault.kind if fault else None,
                at=datetime.now(UTC),
            )
        )

    def requests(self, system: str | None = None, path: str | None = None) -> list[RecordedRequest]:
        """The recorded calls, oldest first; ``path`` is a part of the path."""
        return [
            request
            for request in self._requests
            if (system is None or request.system == system) and (path is None or path in request.path)
        ]

    def _drop_those_that_are_over(self) -> None:
        now = self._monotonic()
        self._entries = [entry for entry in self._entries if not entry.over(now)]


def system_of(path: str) -> System | None:
    """Which vendor's interface a path belongs to; None for the sandbox's own pages and for what people do in it."""
    for prefix, system in _PREFIXES:
        if path.startswith(prefix):
            return system
    return None


class FaultMiddleware:
    """Lays the faults over an ASGI application.

    It must be the outermost application that the server runs (``uvicorn.Config(app=FaultMiddleware(app, faults))``),
    because cutting a connection needs the server's own ``send``.
    """

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of the server."""
        system = system_of(scope["path"]) if scope["type"] == "http" else None
        if system is None:
            await self._app(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        fault = self._faults.take(system, path, method)
        status: int | None = None

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            if fault is None:
                await self._app(scope, receive, counted)
            elif fault.kind == "latency":
                whole = await _received(receive)
                await asyncio.sleep(fault.delay_s)
                await self._app(scope, whole, counted)
            elif fault.kind == "drop_after":
                await self._work_then_cut(scope, receive, send)
            else:
                await _refuse(system, fault, counted)
        finally:
            self._faults.note(system, method, path, status, fault)

    async def _work_then_cut(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def swallow(message: Message) -> None:
            pass

        await self._app(scope, receive, swallow)
        await _cut(receive, send)


async def _received(receive: Receive) -> Receive:
    """Take the whole request in, so that the work is done even when the caller is gone by then, as a vendor would."""
    messages: deque[Message] = deque()
    while True:
        message = await receive()
        messages.append(message)
        if message["type"] != "http.request" or not message.get("more_body"):
            break

    async def replay() -> Message:
        return messages.popleft() if messages else await receive()

    return replay


async def _cut(receive: Receive, send: Send) -> None:
    """Close the connection so that the caller sees a broken one, never an answer."""
    # uvicorn hands down the bound method of its request cycle, which owns the transport. Closing that before a byte
    # is answered is what a crash between commit and answer looks like.
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is not None:
        transport.close()
        while (await receive())["type"] != "http.disconnect":
            continue
        return
    # Under another server: promise a body and end without it, which makes the server close the connection.
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4096")]})


async def _refuse(system: System, fault: Fault, send: Send) -> None:
    status, headers, body = _refusal(system, fault)
    content = json.dumps(body).encode()
    raw = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
    raw += [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": content})


def _refusal(system: System, fault: Fault) -> tuple[int, dict[str, str], dict[str, object]]:
    if fault.kind == "rate_limit":
        return _rate_limit(system, fault.retry_after_s)
    words: dict[str, dict[str, object]] = {
        "slack": {"ok": False, "error": "internal_error"},
        "jira": {"errorMessages": ["Internal server error"], "errors": {}},
        "github": {"message": "Server Error", "documentation_url": "https://docs.github.com/rest"},
        "pagerduty": {"error": {"message": "Internal Server Error", "code": 2000}},
        "pagerduty-events": {"status": "Internal Server Error", "message": "Internal Server Error"},
    }
    return fault.status, {}, words[system]


def _rate_limit(system: System, retry_after: int) -> tuple[int, dict[str, str], dict[str, object]]:
    seconds = str(retry_after)
    match system:
        case "slack":
            return 429, {"retry-after": seconds}, {"ok": False, "error": "ratelimited"}
        case "jira":
            return (
                429,
                {"retry-after": seconds, "x-ratelimit-remaining": "0", "ratelimit-reason": "jira-burst-based"},
                {"errorMessages": ["Rate limit exceeded."], "errors": {}},
            )
        case "github":
            # GitHub's secondary limits answer 403 with Retry-After, not 429.
            return (
                403,
                {"retry-after": seconds},
                {
                    "message": "You have exceeded a secondary rate limit. "
                    "Please wait a few minutes before you try again.",
                    "documentation_url": "https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api",
                },
            )
        case "pagerduty":
            return (
                429,
                {"ratelimit-limit": "960", "ratelimit-remaining": "0", "ratelimit-reset": seconds},
                {"error": {"message": "Rate Limit Exceeded", "code": 2020}},
            )
        case _:
            return (
                429,
                {"retry-after": seconds},
                {
                    "status": "throttle exceeded",
                    "message": "Requests for this service are arriving too quickly.  Please retry later.",
                },
            )


def build_router(faults: Faults) -> APIRouter:
    """``/sandbox/faults`` (GET, POST, DELETE) and ``GET /sandbox/requests``."""
    router = APIRouter(prefix="/sandbox")

    @router.get("/faults")
    async def read_faults() -> list[ActiveFault]:
        return faults.active()

    @router.post("/faults", status_code=201)
    async def add_fault(fault: Fault) -> dict[str, int]:
        return {"id": faults.add(fault)}

    @router.delete("/faults", status_code=204)
    async def clear_faults(system: str | None = None) -> None:
        faults.clear(system)

    @router.delete("/faults/{number}", status_code=204)
    async def end_fault(number: int) -> None:
        faults.end(number)

    @router.get("/requests")
    async def read_requests(system: str | None = None, path: str | None = None) -> list[RecordedRequest]:
        return faults.requests(system, path)

    return router

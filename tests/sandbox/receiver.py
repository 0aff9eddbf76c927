"""A gateway of the tests' own: it keeps what the sandbox's vendors send and answers as it is told."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response

WAIT_LIMIT_S = 10.0


@dataclass(frozen=True)
class Delivered:
    """One request that arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> dict[str, Any]:
        """The JSON of the body."""
        loaded: dict[str, Any] = json.loads(self.body)
        return loaded


Answer = Callable[[Delivered], Response | Awaitable[Response]]


class Receiver:
    """Listens on a free port and takes every POST."""

    def __init__(self) -> None:
        self.delivered: list[Delivered] = []
        self.answer: Answer = lambda _: Response(status_code=202)
        self._news = asyncio.Condition()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        app = FastAPI()
        app.post("/{path:path}")(self._take)
        self._server = _Embedded(uvicorn.Config(app, log_level="warning", lifespan="off", ws="none"))

    async def _take(self, request: Request) -> Response:
        delivered = Delivered(request.url.path, dict(request.headers), await request.body())
        self.delivered.append(delivered)
        async with self._news:
            self._news.notify_all()
        answer = self.answer(delivered)
        return answer if isinstance(answer, Response) else await answer

    def at(self, path: str) -> list[Delivered]:
        """What arrived at a path, in order."""
        return [delivered for delivered in self.delivered if delivered.path == path]

    async def wait_for(self, path: str, count: int = 1) -> list[Delivered]:
        """What arrived at a path, once there are so many."""
        async with self._news:
            enough = self._news.wait_for(lambda: len(self.at(path)) >= count)
            await asyncio.wait_for(enough, WAIT_LIMIT_S)
        return self.at(path)

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator["Receiver"]:
        """Serve within this context."""
        task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        try:
            yield self
        finally:
            self._server.should_exit = True
            await task
            self._socket.close()


class _Embedded(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

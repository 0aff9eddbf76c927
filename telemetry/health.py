"""A worker's health: live when its event loop answers, ready when Temporal does. A quiet queue is healthy."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Self

import httpx2
import uvicorn
from fastapi import FastAPI, Response

Check = Callable[[], Awaitable[bool]]


class HealthServer:
    """Serves ``/healthz``, ``/readyz`` and ``/metrics``.

    Args:
        host: the address to listen on.
        port: the port; 0 takes a free one, told by ``url``.
        ready: whether the process can do its work.
        metrics_url: where the Temporal runtime serves its metrics, passed on at ``/metrics``.
    """

    def __init__(self, host: str, port: int, *, ready: Check, metrics_url: str) -> None:
        self._ready = ready
        self._metrics_url = metrics_url
        self._socket = socket.create_server((host, port))
        self.url = f"http://{host}:{self._socket.getsockname()[1]}"
        self._server = _EmbeddedServer(
            uvicorn.Config(self._app(), log_level="warning", access_log=False, lifespan="off", ws="none")
        )
        self._serving: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving

    def _app(self) -> FastAPI:
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

        @app.get("/healthz")
        async def healthz() -> dict[str, str]:
            return {"status": "live"}

        @app.get("/readyz")
        async def readyz(response: Response) -> dict[str, str]:
            if await self._ready():
                return {"status": "ready"}
            response.status_code = 503
            return {"status": "Temporal does not answer"}

        @app.get("/metrics")
        async def metrics() -> Response:
            async with httpx2.AsyncClient(timeout=5) as http:
                answer = await http.get(self._metrics_url)
            return Response(answer.content, media_type="text/plain; version=0.0.4")

        return app


class _EmbeddedServer(uvicorn.Server):
    """A server inside another program, to which the signals belong."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

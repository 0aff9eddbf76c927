"""Routes that are built when the first of them is asked for: who talks to one vendor does not wait for the others to be set up."""

from collections.abc import Callable, Iterable

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send


class OnDemand(BaseRoute):
    """Everything below some addresses. Setting routes up takes most of a sandbox's start.

    Args:
        below: the addresses, such as ``/jira``; each with all that lies below it.
        build: the routers, with whole paths.
    """

    def __init__(self, below: Iterable[str], build: Callable[[], Iterable[APIRouter]]) -> None:
        self._below = tuple(below)
        self._build = build
        self._app: FastAPI | None = None

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether an address lies below."""
        if scope["type"] not in ("http", "websocket"):
            return Match.NONE, {}
        path = scope["path"]
        found = any(path == address or path.startswith(f"{address}/") for address in self._below)
        return (Match.FULL if found else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if self._app is None:
            app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
            for router in self._build():
                app.include_router(router)
            self._app = app
        await self._app(scope, receive, send)

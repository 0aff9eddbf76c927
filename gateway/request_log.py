"""One log line and one count a request: the route's pattern, never its path, query, body or a person."""

import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.gateway import Gateway
from gateway.problems import route_of

logger = logging.getLogger("tierline.gateway")

_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_HARDENING = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))


class RequestLog:
    """Logs and counts every request, and adds the headers that every answer carries."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.monotonic(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                present = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in _HARDENING if pair[0] not in present)]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            self._note(scope, status, time.monotonic() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route, method = route_of(scope), scope["method"] if scope["method"] in _METHODS else "OTHER"
        gateway: Gateway = scope["app"].state.gateway
        gateway.metrics.requests.labels(method, route, str(status)).inc()
        gateway.metrics.seconds.labels(route).observe(seconds)
        level = logging.DEBUG if route in _QUIET else logging.INFO
        logger.log(level, "request method=%s route=%s status=%d seconds=%.3f", method, route, status, seconds)

"""Answers a request that failed in a way nobody foresaw."""

import logging

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.problems import Problem, respond, route_of
from integrations.errors import place_of

logger = logging.getLogger("tierline.gateway")


class Unexpected:
    """Answers 500 to an exception that no route handles, and logs where it came from.

    The exception goes no further: the web server would log its text, which may hold what a customer wrote.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:
            logger.error(  # noqa: TRY400 - a traceback ends with the exception's text
                "request failed method=%s route=%s error=%s at=%s",
                scope["method"],
                route_of(scope),
                type(error).__name__,
                place_of(error),
            )
            if not started:
                problem = Problem(500, "internal", "Internal error", "Tierline logged it; try again later.")
                await respond(Request(scope), problem)(scope, receive, send)

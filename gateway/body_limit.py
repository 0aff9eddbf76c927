"""No request is read beyond a size, whether it says its length or not."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.problems import Problem, respond


class BodyLimit:
    """Answers 413 to a request of more than ``most`` bytes."""

    def __init__(self, app: ASGIApp, *, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        said = Headers(scope=scope).get("content-length", "0")
        if not said.isdecimal() or len(said) > 18 or int(said) > self._most:
            detail = f"Send at most {self._most} bytes."
            problem = Problem(413, "body-too-large", "The body is too large", detail, headers={"Connection": "close"})
            await respond(Request(scope), problem)(scope, receive, send)
            return
        read = 0

        async def counting() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._most:
                raise HTTPException(413, headers={"Connection": "close"})
            return message

        await self._app(scope, counting, send)

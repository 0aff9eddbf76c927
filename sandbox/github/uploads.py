"""Files that people put into texts: GitHub keeps them at an address that wants a session, and gives them out from a store elsewhere."""

from secrets import token_hex
from urllib.parse import urlsplit
from uuid import uuid4

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from sandbox.github.auth import GitHubError, caller
from sandbox.github.state import GitHubState

_LOGIN_PAGE = "<!DOCTYPE html><html><title>Sign in to GitHub</title><form action='/session'></form></html>"


def upload(state: GitHubState, content: bytes, content_type: str) -> str:
    """Keep a file and return the address that stands for it in texts."""
    id_ = str(uuid4())
    state.uploads[id_] = (content_type, content)
    return f"{state.base_url}/user-attachments/assets/{id_}"


def add_to(router: APIRouter, state: GitHubState) -> None:
    """``/user-attachments/assets/{id}`` and the store that it leads to."""
    tickets: dict[str, str] = {}

    @router.get("/user-attachments/assets/{id_}")
    async def read(request: Request, id_: str) -> Response:
        try:
            caller(state, request.headers.get("authorization"))
        except GitHubError:
            return Response(_LOGIN_PAGE, media_type="text/html; charset=utf-8")
        if id_ not in state.uploads:
            raise GitHubError(404, "Not Found")
        ticket = token_hex(8)
        tickets[ticket] = id_
        # The store is another host; this machine has two names.
        port = urlsplit(state.base_url).port
        return RedirectResponse(f"http://localhost:{port}/github/store/{ticket}", 302)

    @router.get("/store/{ticket}")
    async def give(request: Request, ticket: str) -> Response:
        if "authorization" in request.headers:
            raise GitHubError(400, "Only one auth mechanism allowed")
        if ticket not in tickets:
            raise GitHubError(403, "Access denied")
        content_type, content = state.uploads[tickets.pop(ticket)]
        return Response(content, media_type=content_type)

"""Slack's Web API over HTTP at ``/slack/api/{method}``: tokens, scopes and the form of every answer."""

import hmac
import secrets
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import SecretStr

from sandbox.slack.arguments import Arguments, read_arguments
from sandbox.slack.errors import SlackError
from sandbox.slack.methods import METHODS
from sandbox.slack.methods.method import Method
from sandbox.slack.responses import build_response_router
from sandbox.slack.sockets import build_socket_router
from sandbox.slack.state import SlackState
from sandbox.slack.uploads import build_upload_router

SOCKET_SCOPE = "connections:write"


def build_router(state: SlackState) -> APIRouter:
    """The Web API, the response URLs, the files and the web sockets, all below ``/slack``."""
    router = APIRouter(tags=["slack"])

    @router.api_route("/slack/api/{name}", methods=["GET", "POST"])
    async def call(name: str, request: Request) -> JSONResponse:
        headers = {
            "x-slack-req-id": secrets.token_hex(16),
            "x-slack-backend": "r",
            "cache-control": "private, no-cache",
        }
        try:
            arguments = await read_arguments(request)
            method = _find(name)
            _authenticate(state, method, request, arguments, headers)
            wait = state.limits.refusal(name, arguments.text("channel"))
            if wait is not None:
                headers["retry-after"] = str(wait)
                return JSONResponse({"ok": False, "error": "ratelimited"}, status_code=429, headers=headers)
            answer = _with_warning({"ok": True, **method.work(state, arguments)}, arguments)
        except SlackError as refusal:
            answer = refusal.to_json()
        return JSONResponse(answer, headers=headers)

    router.include_router(build_response_router(state), prefix="/slack")
    router.include_router(build_upload_router(state))
    router.include_router(build_socket_router(state.sockets))
    return router


def _find(name: str) -> Method:
    method = METHODS.get(name)
    if method is None:
        raise SlackError("unknown_method", req_method=name)
    return method


def _authenticate(
    state: SlackState, method: Method, request: Request, arguments: Arguments, headers: dict[str, str]
) -> None:
    """Checks token and scope, and tells the scopes in the headers that Slack uses."""
    if method.caller is None:
        return
    kind, _, bearer = request.headers.get("authorization", "").partition(" ")
    token = bearer.strip() if kind.lower() == "bearer" else arguments.text("token")
    if not token:
        raise SlackError("not_authed")
    if _is(token, state.credentials.slack_bot_token):
        found, scopes = "bot", ",".join(sorted(state.scopes))
    elif _is(token, state.credentials.slack_app_token):
        found, scopes = "app", SOCKET_SCOPE
    else:
        raise SlackError("invalid_auth")
    headers["x-oauth-scopes"] = scopes
    if found != method.caller:
        raise SlackError("not_allowed_token_type")
    needed = SOCKET_SCOPE if found == "app" else method.scope_of(state, arguments)
    if needed:
        headers["x-accepted-oauth-scopes"] = needed
        if found == "bot" and needed not in state.scopes:
            raise SlackError("missing_scope", needed=needed, provided=scopes)


def _is(token: str, secret: SecretStr) -> bool:
    # On bytes: a token with other than ASCII letters is wrong, not an internal error.
    return hmac.compare_digest(token.encode(), secret.get_secret_value().encode())


def _with_warning(answer: dict[str, Any], arguments: Arguments) -> dict[str, Any]:
    if not arguments.missing_charset:
        return answer
    metadata = answer.setdefault("response_metadata", {})
    metadata.setdefault("warnings", []).append("missing_charset")
    answer["warning"] = ",".join(metadata["warnings"])
    return answer

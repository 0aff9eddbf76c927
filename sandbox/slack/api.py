"""Slack's Web API over HTTP at ``/slack/api/{method}``: tokens, scopes and the form of every answer."""

import hmac
import secrets
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from sandbox.slack.arguments import Arguments, read_arguments
from sandbox.slack.errors import SlackError
from sandbox.slack.methods import METHODS
from sandbox.slack.methods.method import Method
from sandbox.slack.responses import build_response_router
from sandbox.slack.state import SlackState


def build_router(state: SlackState) -> APIRouter:
    """The Web API and the response URLs, all below ``/slack``."""
    router = APIRouter(prefix="/slack", tags=["slack"])

    @router.api_route("/api/{name}", methods=["GET", "POST"])
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
            answer = _with_warning({"ok": True, **method.work(state, arguments)}, arguments)
        except SlackError as refusal:
            answer = refusal.to_json()
        return JSONResponse(answer, headers=headers)

    router.include_router(build_response_router(state))
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
    if not method.needs_token:
        return
    kind, _, bearer = request.headers.get("authorization", "").partition(" ")
    token = bearer.strip() if kind.lower() == "bearer" else arguments.text("token")
    if not token:
        raise SlackError("not_authed")
    # On bytes: a token with other than ASCII letters is wrong, not an internal error.
    if not hmac.compare_digest(token.encode(), state.credentials.slack_bot_token.get_secret_value().encode()):
        raise SlackError("invalid_auth")
    provided = ",".join(sorted(state.scopes))
    headers["x-oauth-scopes"] = provided
    if method.scope:
        headers["x-accepted-oauth-scopes"] = method.scope
        if method.scope not in state.scopes:
            raise SlackError("missing_scope", needed=method.scope, provided=provided)


def _with_warning(answer: dict[str, Any], arguments: Arguments) -> dict[str, Any]:
    if not arguments.missing_charset:
        return answer
    metadata = answer.setdefault("response_metadata", {})
    metadata.setdefault("warnings", []).append("missing_charset")
    answer["warning"] = ",".join(metadata["warnings"])
    return answer

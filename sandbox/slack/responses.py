"""Response URLs: how an app answers an interaction later (https://docs.slack.dev/interactivity/handling-user-interaction)."""

import json
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from sandbox.slack import posting
from sandbox.slack.directory import BOT_USER_ID
from sandbox.slack.errors import SlackError
from sandbox.slack.state import RESPONSE_URL_USES, Message, ResponseUrl, SlackState


def build_response_router(state: SlackState) -> APIRouter:
    """``POST /response/{token}`` with ``text``, ``blocks``, ``response_type``, ``replace_original``…"""
    router = APIRouter()

    @router.post("/response/{token}")
    async def respond(token: str, request: Request) -> Response:
        permit = state.response_urls.get(token)
        if permit is None:
            return _refusal(404, "invalid_url")
        if state.clock() - permit.issued > state.response_url_seconds:
            return _refusal(404, "expired_url")
        if permit.uses >= RESPONSE_URL_USES:
            return _refusal(404, "used_url")
        try:
            answer = json.loads(await request.body())
            if not isinstance(answer, dict):
                return _refusal(400, "invalid_payload")
            show_answer(state, permit, answer)
        except ValueError:
            return _refusal(400, "invalid_payload")
        except SlackError as refusal:
            return JSONResponse(refusal.to_json(), status_code=404 if refusal.code.endswith("not_found") else 400)
        permit.uses += 1
        return PlainTextResponse("ok")

    return router


def show_answer(state: SlackState, permit: ResponseUrl, answer: dict[str, Any]) -> Message | None:
    """Does what an answer to an interaction asks for; gives the message that it made, if any.

    Raises:
        SlackError: the blocks are wrong, or there is nothing to show.
    """
    original = _original(state, permit)
    if answer.get("delete_original"):
        if original:
            posting.delete(state, original)
            _record(state, "response_url.delete", original, repeatable=True)
        return None
    content = posting.Content(answer.get("text"), answer.get("blocks"), answer.get("attachments"))
    if answer.get("replace_original"):
        if original is None:
            raise SlackError("message_not_found")
        posting.edit(state, original, content)
        _record(state, "response_url.replace", original, repeatable=True)
        return original
    thread_ts = answer.get("thread_ts")
    if answer.get("response_type") == "in_channel":
        message = posting.post(state, permit.channel, BOT_USER_ID, content, thread_ts=thread_ts)
        _record(state, "response_url", message)
        return message
    message = posting.post_ephemeral(state, permit.channel, permit.user, content, thread_ts=thread_ts)
    _record(state, "response_url.ephemeral", message)
    return message


def _record(state: SlackState, operation: str, message: Message, *, repeatable: bool = False) -> None:
    subject = f"{message.channel}/{message.ts}"
    state.ledger.record("slack", operation, subject, None, BOT_USER_ID, repeatable=repeatable)


def _original(state: SlackState, permit: ResponseUrl) -> Message | None:
    if permit.message_ts is None:
        return None
    shown = state.messages[permit.channel].get(permit.message_ts)
    return shown or state.ephemeral(permit.channel, permit.message_ts, permit.user)


def _refusal(status: int, code: str) -> JSONResponse:
    return JSONResponse({"ok": False, "error": code}, status_code=status)

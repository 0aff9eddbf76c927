"""Where files go to and come from: the upload addresses, and the private ones of finished files."""

import hmac

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from starlette.datastructures import UploadFile

from sandbox.slack.state import SlackState


def build_upload_router(state: SlackState) -> APIRouter:
    """``POST /slack/upload/v1/{token}`` and ``GET /slack/files-pri/…``, which wants the bot's token."""
    router = APIRouter(prefix="/slack", tags=["slack"])

    @router.post("/upload/v1/{token}")
    async def upload(token: str, request: Request) -> Response:
        file = state.files.get(state.uploads.get(token, ""))
        if file is None or file.complete:
            return PlainTextResponse("not found", status_code=404)
        file.content = await _content(request)
        file.size = len(file.content)
        return PlainTextResponse(f"OK - {file.size}")

    @router.get("/files-pri/{place}/{rest:path}")
    async def download(place: str, rest: str, request: Request) -> Response:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ").encode()
        known = hmac.compare_digest(bearer, state.credentials.slack_bot_token.get_secret_value().encode())
        if not known or "files:read" not in state.scopes:
            # Slack does not refuse: it leads to its page for signing in.
            return RedirectResponse(f"{state.base_url}/", status_code=302)
        file = state.files.get(place.partition("-")[2])
        if file is None or not file.complete or file.content is None:
            return PlainTextResponse("not found", status_code=404)
        return Response(file.content, media_type=file.mimetype)

    return router


async def _content(request: Request) -> bytes:
    """The bytes of a raw body, or of the first file in a form."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        for value in (await request.form()).values():
            if isinstance(value, UploadFile):
                return await value.read()
    return await request.body()

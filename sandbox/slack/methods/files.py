"""``files.*``: the upload in three steps that ``files_upload_v2`` of Slack's own clients takes.

https://docs.slack.dev/messaging/working-with-files#upload: ask for an address, send the bytes there, complete it.
"""

import mimetypes
import secrets
from typing import Any

from sandbox.slack import posting
from sandbox.slack.arguments import Arguments
from sandbox.slack.directory import BOT_USER_ID
from sandbox.slack.errors import SlackError
from sandbox.slack.methods.method import Method
from sandbox.slack.state import File, SlackState

MAX_SIZE = 100 * 1024 * 1024
"""Slack takes a gigabyte; the sandbox keeps everything in memory."""


def new_file(state: SlackState, name: str, size: int, user: str, alt_text: str = "") -> File:
    """A file that is announced, without its bytes."""
    file = File(
        id=f"F0{secrets.token_hex(5).upper()}",
        name=name,
        size=size,
        user=user,
        created=int(state.clock()),
        alt_text=alt_text,
        mimetype=mimetypes.guess_type(name)[0] or "application/octet-stream",
    )
    state.files[file.id] = file
    return file


def get_upload_url(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``files.getUploadURLExternal``."""
    name, size = arguments.required("filename"), arguments.number("length", 0)
    if size < 1:
        raise SlackError("invalid_arguments", "must be greater than 0: length")
    if size > MAX_SIZE:
        raise SlackError("file_upload_size_restricted")
    file = new_file(state, name, size, BOT_USER_ID, arguments.text("alt_txt") or "")
    token = secrets.token_urlsafe(24)
    state.uploads[token] = file.id
    return {"upload_url": f"{state.base_url}/slack/upload/v1/{token}", "file_id": file.id}


def complete_upload(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``files.completeUploadExternal``: with a channel the files are shared there in one message."""
    wanted = arguments.structure("files", "invalid_arguments")
    if not isinstance(wanted, list) or not wanted:
        raise SlackError("invalid_arguments", "missing required field: files")
    files = [_uploaded(state, each) for each in wanted]
    places = arguments.names("channels") or arguments.names("channel_id")
    # All are looked at before anything is shared.
    channels = [posting.writable_channel(state, place).id for place in places]
    for file, each in zip(files, wanted, strict=True):
        file.title = str(each.get("title") or file.name)
        file.complete = True
    content = posting.Content(
        text=arguments.text("initial_comment") or "",
        blocks=arguments.structure("blocks", "invalid_blocks_format"),
        files=[file.id for file in files],
    )
    for channel_id in channels:
        posting.post(state, channel_id, BOT_USER_ID, content, thread_ts=arguments.text("thread_ts"))
    for file in files:
        file.channels.extend(channels)
        state.ledger.record("slack", "files.completeUploadExternal", file.id, file.name, BOT_USER_ID, repeatable=True)
    state.changed()
    return {"files": [state.file_json(file) for file in files]}


def _uploaded(state: SlackState, each: Any) -> File:
    file = state.files.get(str(each.get("id"))) if isinstance(each, dict) else None
    if file is None or file.content is None or file.complete:
        raise SlackError("file_not_found")
    return file


def info(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``files.info``."""
    file = state.files.get(arguments.required("file"))
    if file is None or not file.complete:
        raise SlackError("file_not_found")
    return {"file": state.file_json(file), "comments": [], "response_metadata": {"next_cursor": ""}}


FILES = (
    Method("files.getUploadURLExternal", get_upload_url, "files:write"),
    Method("files.completeUploadExternal", complete_upload, "files:write"),
    Method("files.info", info, "files:read"),
)

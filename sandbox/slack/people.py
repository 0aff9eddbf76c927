"""What people do in Slack's client: for the page, the story and the tests. Nothing here is Slack's own interface."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field

from sandbox.slack import interactions, modals, posting
from sandbox.slack.controls import UnknownControl, action_of, collect_values, find_control, missing_inputs, value_of
from sandbox.slack.directory import BOT_USER_ID, SHORTCUTS, SLACKBOT_USER_ID, TEAM_DOMAIN, TEAM_ID
from sandbox.slack.errors import SlackError
from sandbox.slack.events import emit_home_opened
from sandbox.slack.methods.bookmarks import bookmark_json
from sandbox.slack.methods.files import new_file
from sandbox.slack.methods.reactions import react, take_back
from sandbox.slack.state import Message, SlackState, View
from sandbox.slack.transport import carries_by_socket

_CONFLICTS = ("already_reacted", "is_archived", "not_in_channel", "cant_update_message")


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")
    user: str


class CommandRequest(_Request):
    """A slash command as typed: ``command`` is ``/tier``, ``text`` what follows it."""

    channel: str
    command: Annotated[str, Field(pattern=r"^/\S+$")]
    text: str = ""


class ClickRequest(_Request):
    """A use of a control, in the message `ts` of `channel` or in the modal `view_id`.

    `value` is what was chosen in a select; `values` is what stands in the other inputs.
    """

    action_id: str
    block_id: str | None = None
    channel: str | None = None
    ts: str | None = None
    view_id: str | None = None
    value: Any = None
    values: dict[str, Any] = Field(default_factory=dict)


class SubmitRequest(_Request):
    """A modal's submit button; `values` as in `collect_values`."""

    view_id: str
    values: dict[str, Any] = Field(default_factory=dict)


class CloseRequest(_Request):
    """A modal's cancel button; with `whole_stack` its cross, which closes the modals below it too."""

    view_id: str
    whole_stack: bool = False


class MessageRequest(_Request):
    """Something that a person writes. `channel` may be the bot's user id, for a direct message to it."""

    channel: str
    text: Annotated[str, Field(min_length=1, max_length=posting.MAX_TEXT)]
    thread_ts: str | None = None


class EditRequest(_Request):
    """Another text for a message of one's own."""

    channel: str
    ts: str
    text: Annotated[str, Field(min_length=1, max_length=posting.MAX_TEXT)]


class DeleteRequest(_Request):
    """A message of one's own that shall go."""

    channel: str
    ts: str


class FileRequest(_Request):
    """A file that a person shares, with a word to it if wanted."""

    channel: str
    name: Annotated[str, Field(min_length=1, max_length=255)]
    content: Annotated[str, Field(max_length=1_000_000)]
    text: str = ""
    thread_ts: str | None = None


class ForwardRequest(_Request):
    """A message that a person forwards to `to`, with words of their own if wanted."""

    channel: str
    ts: str
    to: str
    text: str = ""
    thread_ts: str | None = None


class ReactionRequest(_Request):
    """An emoji on a message, or one that is taken back."""

    channel: str
    ts: str
    name: str
    remove: bool = False


class ShortcutRequest(_Request):
    """A message shortcut, chosen in the menu of a message."""

    channel: str
    ts: str
    callback_id: str


class GlobalShortcutRequest(_Request):
    """A global shortcut, chosen in the menu beside the message line."""

    callback_id: str


class HomeRequest(_Request):
    """The app's Home tab is opened."""


def build_router(state: SlackState) -> APIRouter:
    """The routes below ``/people/slack``. An unknown person, channel, message or control is a 404 that says which."""
    router = APIRouter(prefix="/people/slack", tags=["people"])

    @router.get("/workspace")
    async def workspace() -> dict[str, Any]:
        return _workspace(state)

    @router.get("/channels/{channel_id}/messages")
    async def messages(channel_id: str, user: str | None = None) -> dict[str, Any]:
        return _channel_view(state, channel_id, user)

    @router.get("/views")
    async def views(user: str | None = None) -> dict[str, Any]:
        return {"views": [_view_json(state, view) for view in state.views.values() if user in (None, view.user)]}

    @router.post("/command")
    async def command(body: CommandRequest) -> dict[str, Any]:
        with _found():
            channel = state.channel(body.channel)
            state.user(body.user)
        return (await interactions.send_command(state, body.user, channel, body.command, body.text)).to_json()

    @router.post("/click")
    async def click(body: ClickRequest) -> dict[str, Any]:
        return (await _click(state, body)).to_json()

    @router.post("/submit")
    async def submit(body: SubmitRequest) -> dict[str, Any]:
        return await _submit(state, body)

    @router.post("/close")
    async def close(body: CloseRequest) -> dict[str, Any]:
        view = _open_view(state, body.user, body.view_id)
        await interactions.send_close(state, view, whole_stack=body.whole_stack)
        return {"ok": True}

    @router.post("/message")
    async def message(body: MessageRequest) -> dict[str, Any]:
        return _say(state, body)

    @router.post("/reaction")
    async def reaction(body: ReactionRequest) -> dict[str, Any]:
        with _found():
            state.user(body.user)
            chosen, name = state.message(body.channel, body.ts), body.name.strip(":")
            (take_back if body.remove else react)(state, chosen, body.user, name)
        return {"ok": True}

    @router.post("/edit")
    async def edit(body: EditRequest) -> dict[str, Any]:
        with _found():
            posting.edit(state, _own_message(state, body.user, body.channel, body.ts), posting.Content(body.text))
        return {"ok": True}

    @router.post("/delete")
    async def delete(body: DeleteRequest) -> dict[str, Any]:
        with _found():
            posting.delete(state, _own_message(state, body.user, body.channel, body.ts))
        return {"ok": True}

    @router.post("/file")
    async def share(body: FileRequest) -> dict[str, Any]:
        return _share(state, body)

    @router.post("/forward")
    async def forward(body: ForwardRequest) -> dict[str, Any]:
        return _forward(state, body)

    @router.get("/files/{file_id}")
    async def file(file_id: str) -> Response:
        found = state.files.get(file_id)
        if found is None or not found.complete or found.content is None:
            raise HTTPException(404, "file_not_found")
        # As an attachment and of no type of its own: what was uploaded never runs as a part of this page.
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name)}"}
        return Response(found.content, media_type="application/octet-stream", headers=headers)

    @router.get("/home")
    async def home(user: str) -> dict[str, Any]:
        return {"view": _home_json(state, user)}

    @router.post("/home")
    async def open_home(body: HomeRequest) -> dict[str, Any]:
        with _found():
            state.user(body.user)
            emit_home_opened(state, body.user, _home_json(state, body.user))
        return {"view": _home_json(state, body.user)}

    @router.post("/global-shortcut")
    async def global_shortcut(body: GlobalShortcutRequest) -> dict[str, Any]:
        with _found():
            state.user(body.user)
        return (await interactions.send_global_shortcut(state, body.user, body.callback_id)).to_json()

    @router.post("/shortcut")
    async def shortcut(body: ShortcutRequest) -> dict[str, Any]:
        with _found():
            chosen = state.message(body.channel, body.ts)
            state.user(body.user)
        return (await interactions.send_message_shortcut(state, body.user, chosen, body.callback_id)).to_json()

    @router.post("/verify-events")
    async def verify_events() -> dict[str, Any]:
        challenge = uuid.uuid4().hex
        outcome = await interactions.verify_events_url(state, challenge)
        echoed = outcome.body.get("challenge") if isinstance(outcome.body, dict) else outcome.body
        return {**outcome.to_json(), "verified": outcome.status == 200 and echoed == challenge}

    return router


@contextmanager
def _found() -> Iterator[None]:
    """Turns Slack's refusals inside the block into a 404 (409 for what cannot be done now) that says which."""
    try:
        yield
    except SlackError as error:
        raise HTTPException(409 if error.code in _CONFLICTS else 404, error.code) from error
    except UnknownControl as error:
        raise HTTPException(404, str(error)) from error


def _workspace(state: SlackState) -> dict[str, Any]:
    people = [
        {
            "id": u.id,
            "name": u.name,
            "real_name": u.real_name,
            "title": u.title,
            "is_bot": u.is_bot,
            "is_stranger": u.is_stranger,
            "timezone": u.timezone,
        }
        for u in state.users.values()
    ]
    people.append({"id": SLACKBOT_USER_ID, "name": "slackbot", "real_name": "Slackbot", "title": "", "is_bot": True})
    channels = [
        {
            "id": channel.id,
            "name": channel.name,
            "topic": channel.topic,
            "is_im": channel.is_im,
            "is_private": channel.is_private,
            "is_archived": channel.is_archived,
            "is_shared": channel.is_shared,
            "members": channel.members,
            "user": channel.user,
            "last_ts": next(reversed(state.messages[channel.id]), None),
        }
        for channel in state.channels.values()
    ]
    groups = [{"id": g.id, "handle": g.handle, "name": g.name, "users": g.users} for g in state.user_groups.values()]
    return {
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "users": people,
        "channels": channels,
        "usergroups": groups,
        "shortcuts": [asdict(shortcut) for shortcut in SHORTCUTS],
        "transport": "socket" if carries_by_socket(state) else "http",
        "version": state.version,
    }


def _channel_view(state: SlackState, channel_id: str, user: str | None) -> dict[str, Any]:
    with _found():
        channel = state.channel(channel_id)
    tops = []
    for message in state.messages[channel.id].values():
        if message.is_reply and not message.broadcast:
            continue
        shape = state.message_json(message, with_metadata=True)
        if not message.is_reply:
            replies = state.replies(channel.id, message.ts)
            shape["replies"] = [state.message_json(reply, with_metadata=True) for reply in replies]
        tops.append(shape)
    return {
        "channel": {
            "id": channel.id,
            "name": channel.name,
            "topic": channel.topic,
            "purpose": channel.purpose,
            "is_im": channel.is_im,
            "is_private": channel.is_private,
            "is_archived": channel.is_archived,
            "is_shared": channel.is_shared,
            "user": channel.user,
            "members": channel.members,
            "bookmarks": [bookmark_json(state, each) for each in state.bookmarks.get(channel.id, [])],
        },
        "messages": tops,
        "ephemerals": [
            {**state.message_json(message), "visible_to": message.visible_to}
            for message in state.ephemerals
            if message.channel == channel.id and user in (None, message.visible_to)
        ],
        "version": state.version,
    }


def _view_json(state: SlackState, view: View) -> dict[str, Any]:
    return {**modals.view_json(state, view), "user": view.user, "errors": view.errors}


def _shown_message(state: SlackState, body: ClickRequest) -> Message:
    if body.channel is None or body.ts is None:
        raise HTTPException(422, "give channel and ts, or view_id")
    mine = state.ephemeral(body.channel, body.ts, body.user)
    return mine or state.message(body.channel, body.ts)


async def _click(state: SlackState, body: ClickRequest) -> interactions.Outcome:
    with _found():
        state.user(body.user)
        if body.view_id is not None:
            view = _open_view(state, body.user, body.view_id)
            block_id, element = find_control(view.definition["blocks"], body.action_id, body.block_id)
            action = action_of(block_id, element, body.value)
            view.values = collect_values(view.definition["blocks"], body.values, view.values)
            if element["type"] != "button":
                view.values[block_id][body.action_id] = value_of(element, body.value)
            return await interactions.send_view_action(state, view, action)
        message = _shown_message(state, body)
        block_id, element = find_control(message.blocks, body.action_id, body.block_id)
        action = action_of(block_id, element, body.value)
        values = collect_values(message.blocks, body.values)
        if element["type"] != "button":
            values[block_id][body.action_id] = value_of(element, body.value)
        return await interactions.send_block_action(state, body.user, message, action, values)


async def _submit(state: SlackState, body: SubmitRequest) -> dict[str, Any]:
    view = _open_view(state, body.user, body.view_id)
    blocks = view.definition["blocks"]
    with _found():
        view.values = collect_values(blocks, body.values, view.values)
    missing = missing_inputs(blocks, view.values)
    if missing:
        view.errors = missing
        state.changed()
        return {**interactions.Outcome(None, None, "incomplete").to_json(), "errors": missing, "open": True}
    outcome = await interactions.send_submission(state, view)
    return {**outcome.to_json(), "errors": view.errors, "open": view.id in state.views}


def _open_view(state: SlackState, user_id: str, view_id: str) -> View:
    home = state.homes.get(user_id)
    view = home if home and home.id == view_id else state.views.get(view_id)
    if view is None or view.user != user_id:
        raise HTTPException(404, f"{user_id} has no open modal {view_id}")
    return view


def _home_json(state: SlackState, user_id: str) -> dict[str, Any] | None:
    view = state.homes.get(user_id)
    return modals.view_json(state, view) if view else None


def _own_message(state: SlackState, user_id: str, channel_id: str, ts: str) -> Message:
    """A message that this person wrote; nobody may change another's."""
    state.user(user_id)
    message = state.message(channel_id, ts)
    if message.user != user_id:
        raise SlackError("cant_update_message")
    return message


def _place(state: SlackState, user_id: str, wanted: str) -> str:
    """Where a person writes: a public channel is joined by writing into it, a private one is not."""
    user = state.user(user_id)
    channel = state.direct_message(user_id)[0] if wanted == BOT_USER_ID else state.channel(wanted)
    if user_id not in channel.members:
        if channel.is_private or channel.is_im or (user.is_stranger and not channel.is_shared):
            raise SlackError("not_in_channel")
        channel.members.append(user_id)
    return channel.id


def _share(state: SlackState, body: FileRequest) -> dict[str, Any]:
    with _found():
        channel_id = _place(state, body.user, body.channel)
        content = body.content.encode()
        file = new_file(state, body.name, len(content), body.user)
        file.content, file.complete = content, True
        file.channels.append(channel_id)
        message = posting.post(
            state,
            channel_id,
            body.user,
            posting.Content(body.text, files=[file.id]),
            thread_ts=body.thread_ts,
            client_msg_id=str(uuid.uuid4()),
        )
    return {"channel": message.channel, "ts": message.ts, "file": file.id}


def _forward(state: SlackState, body: ForwardRequest) -> dict[str, Any]:
    with _found():
        shown = state.message(body.channel, body.ts)
        author = state.user(shown.user)
        attachment: dict[str, Any] = {
            "id": 1,
            "ts": shown.ts,
            "author_id": author.id,
            "author_name": author.real_name,
            "channel_id": shown.channel,
            "is_msg_unfurl": True,
            "is_share": True,
            "message_blocks": [
                {"team": author.team_id, "channel": shown.channel, "ts": shown.ts, "message": {"blocks": shown.blocks}}
            ],
            "fallback": f"{author.name}: {shown.text}",
            "from_url": f"{state.base_url}/#slack/{shown.channel}",
            "text": shown.text,
            "mrkdwn_in": ["text"],
            "files": [state.file_json(state.files[file_id]) for file_id in shown.files],
        }
        message = posting.post(
            state,
            _place(state, body.user, body.to),
            body.user,
            posting.Content(body.text, attachments=[attachment]),
            thread_ts=body.thread_ts,
            client_msg_id=str(uuid.uuid4()),
        )
    return {"channel": message.channel, "ts": message.ts}


def _say(state: SlackState, body: MessageRequest) -> dict[str, Any]:
    with _found():
        message = posting.post(
            state,
            _place(state, body.user, body.channel),
            body.user,
            posting.Content(body.text),
            thread_ts=body.thread_ts,
            client_msg_id=str(uuid.uuid4()),
        )
    return {"channel": message.channel, "ts": message.ts}

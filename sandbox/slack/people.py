"""What people do in Slack's client: for the page, the story and the tests. Nothing here is Slack's own interface."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from sandbox.slack import interactions, modals, posting
from sandbox.slack.controls import UnknownControl, action_of, collect_values, find_control, missing_inputs, value_of
from sandbox.slack.directory import BOT_USER_ID, SLACKBOT_USER_ID, TEAM_DOMAIN, TEAM_ID
from sandbox.slack.errors import SlackError
from sandbox.slack.methods.reactions import react
from sandbox.slack.state import Message, SlackState, View


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
    """A modal's cancel button."""

    view_id: str


class MessageRequest(_Request):
    """Something that a person writes. `channel` may be the bot's user id, for a direct message to it."""

    channel: str
    text: Annotated[str, Field(min_length=1, max_length=posting.MAX_TEXT)]
    thread_ts: str | None = None


class ReactionRequest(_Request):
    """An emoji on a message."""

    channel: str
    ts: str
    name: str


class ShortcutRequest(_Request):
    """A message shortcut, chosen in the menu of a message."""

    channel: str
    ts: str
    callback_id: str


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
        await interactions.send_close(state, _open_view(state, body.user, body.view_id))
        return {"ok": True}

    @router.post("/message")
    async def message(body: MessageRequest) -> dict[str, Any]:
        return _say(state, body)

    @router.post("/reaction")
    async def reaction(body: ReactionRequest) -> dict[str, Any]:
        with _found():
            state.user(body.user)
            react(state, state.message(body.channel, body.ts), body.user, body.name.strip(":"))
        return {"ok": True}

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
    """Turns Slack's refusals inside the block into a 404 (409 for what was done before) that says which."""
    try:
        yield
    except SlackError as error:
        raise HTTPException(409 if error.code.startswith("already") else 404, error.code) from error
    except UnknownControl as error:
        raise HTTPException(404, str(error)) from error


def _workspace(state: SlackState) -> dict[str, Any]:
    people = [
        {"id": u.id, "name": u.name, "real_name": u.real_name, "title": u.title, "is_bot": u.is_bot}
        for u in state.users.values()
    ]
    people.append({"id": SLACKBOT_USER_ID, "name": "slackbot", "real_name": "Slackbot", "title": "", "is_bot": True})
    channels = [
        {
            "id": channel.id,
            "name": channel.name,
            "topic": channel.topic,
            "is_im": channel.is_im,
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
        "channel": {"id": channel.id, "name": channel.name, "topic": channel.topic, "is_im": channel.is_im},
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
            view.values = collect_values(view.definition["blocks"], body.values)
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
        view.values = collect_values(blocks, body.values)
    missing = missing_inputs(blocks, view.values)
    if missing:
        view.errors = missing
        state.changed()
        return {**interactions.Outcome(None, None, "incomplete").to_json(), "errors": missing, "open": True}
    outcome = await interactions.send_submission(state, view)
    return {**outcome.to_json(), "errors": view.errors, "open": view.id in state.views}


def _open_view(state: SlackState, user_id: str, view_id: str) -> View:
    view = state.views.get(view_id)
    if view is None or view.user != user_id:
        raise HTTPException(404, f"{user_id} has no open modal {view_id}")
    return view


def _say(state: SlackState, body: MessageRequest) -> dict[str, Any]:
    with _found():
        state.user(body.user)
        channel_id = state.direct_message(body.user)[0].id if body.channel == BOT_USER_ID else body.channel
        message = posting.post(
            state,
            channel_id,
            body.user,
            posting.Content(body.text),
            thread_ts=body.thread_ts,
            client_msg_id=str(uuid.uuid4()),
        )
    return {"channel": message.channel, "ts": message.ts}

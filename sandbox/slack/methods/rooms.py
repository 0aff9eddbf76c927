"""``conversations.*`` that change a channel: making it, its people, its topic, its end."""

import re
import secrets
from typing import Any

from sandbox.slack.arguments import Arguments
from sandbox.slack.directory import BOT_USER_ID, Channel
from sandbox.slack.errors import SlackError
from sandbox.slack.methods.method import Method, of_conversation
from sandbox.slack.state import SlackState

MAX_NAME = 80
MAX_TOPIC = 250


def inside(state: SlackState, channel_id: str) -> Channel:
    """A channel that the app is in and that is still in use.

    Raises:
        SlackError: ``channel_not_found``, ``method_not_supported_for_channel_type``, ``is_archived`` or
            ``not_in_channel``.
    """
    channel = state.channel_of_bot(channel_id)
    if channel.is_im:
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    if BOT_USER_ID not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _checked_name(state: SlackState, name: str | None) -> str:
    """The rules of https://docs.slack.dev/reference/methods/conversations.create: archived channels keep their names."""
    if not name:
        raise SlackError("invalid_name_required")
    if len(name) > MAX_NAME:
        raise SlackError("invalid_name_maxlength")
    if not re.fullmatch(r"[\w-]+", name) or name != name.lower():
        raise SlackError("invalid_name_specials")
    if not re.search(r"[^\W_]", name):
        raise SlackError("invalid_name_punctuation")
    if any(channel.name == name for channel in state.channels.values()):
        raise SlackError("name_taken")
    return name


def create(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``conversations.create``: the app is its creator and first member."""
    channel = state.add_channel(
        Channel(
            f"C0{secrets.token_hex(4).upper()}",
            _checked_name(state, arguments.text("name")),
            members=[BOT_USER_ID],
            is_private=arguments.flag("is_private"),
            creator=BOT_USER_ID,
            created=int(state.clock()),
        )
    )
    state.ledger.record("slack", "conversations.create", channel.id, channel.name, BOT_USER_ID)
    return {"channel": channel.to_json()}


def invite(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``conversations.invite``: with ``force`` those who can come do, without it all or nobody."""
    channel = inside(state, arguments.required("channel"))
    wanted = arguments.names("users")
    if not wanted:
        raise SlackError("no_user")
    troubles = [
        {"user": user_id, "ok": False, "error": error}
        for user_id in wanted
        if (error := _trouble(state, channel, user_id))
    ]
    invited = [user_id for user_id in wanted if user_id not in {trouble["user"] for trouble in troubles}]
    if troubles and not (arguments.flag("force") and invited):
        raise SlackError(str(troubles[0]["error"]), errors=troubles)
    for user_id in invited:
        channel.members.append(user_id)
        state.ledger.record("slack", "conversations.invite", channel.id, f"{channel.id}/{user_id}", BOT_USER_ID)
    state.changed()
    return {"channel": channel.to_json(), **({"errors": troubles} if troubles else {})}


def _trouble(state: SlackState, channel: Channel, user_id: str) -> str | None:
    if user_id not in state.users:
        return "user_not_found"
    if user_id == BOT_USER_ID:
        return "cant_invite_self"
    if state.users[user_id].is_stranger and not channel.is_shared:
        return "user_team_not_in_channel"
    return "already_in_channel" if user_id in channel.members else None


def _short(arguments: Arguments, name: str) -> str:
    text = arguments.text(name) or ""
    if len(text) > MAX_TOPIC:
        raise SlackError("too_long")
    return text


def set_topic(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``conversations.setTopic``."""
    channel = inside(state, arguments.required("channel"))
    channel.topic = _short(arguments, "topic")
    state.changed()
    state.ledger.record("slack", "conversations.setTopic", channel.id, None, BOT_USER_ID, repeatable=True)
    return {"channel": channel.to_json()}


def set_purpose(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``conversations.setPurpose``."""
    channel = inside(state, arguments.required("channel"))
    channel.purpose = _short(arguments, "purpose")
    state.changed()
    state.ledger.record("slack", "conversations.setPurpose", channel.id, None, BOT_USER_ID, repeatable=True)
    return {"purpose": channel.purpose, "channel": channel.to_json()}


def archive(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``conversations.archive``."""
    channel = state.channel_of_bot(arguments.required("channel"))
    if channel.is_archived:
        raise SlackError("already_archived")
    inside(state, channel.id).is_archived = True
    state.changed()
    state.ledger.record("slack", "conversations.archive", channel.id, None, BOT_USER_ID)
    return {}


def unarchive(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``conversations.unarchive``."""
    channel = state.channel_of_bot(arguments.required("channel"))
    if not channel.is_archived:
        raise SlackError("not_archived")
    channel.is_archived = False
    state.changed()
    state.ledger.record("slack", "conversations.unarchive", channel.id, None, BOT_USER_ID)
    return {}


def leave(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``conversations.leave``."""
    channel = state.channel_of_bot(arguments.required("channel"))
    if BOT_USER_ID not in channel.members:
        return {"not_in_channel": True}
    inside(state, channel.id).members.remove(BOT_USER_ID)
    state.changed()
    return {}


def _creation_scope(state: SlackState, arguments: Arguments) -> str:
    return "groups:write" if arguments.flag("is_private") else "channels:manage"


ROOMS = (
    Method("conversations.create", create, _creation_scope),
    Method("conversations.invite", invite, of_conversation("manage")),
    Method("conversations.setTopic", set_topic, of_conversation("manage")),
    Method("conversations.setPurpose", set_purpose, of_conversation("manage")),
    Method("conversations.archive", archive, of_conversation("manage")),
    Method("conversations.unarchive", unarchive, of_conversation("manage")),
    Method("conversations.leave", leave, of_conversation("manage")),
)

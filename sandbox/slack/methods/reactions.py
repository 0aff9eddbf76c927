"""``reactions.*``."""

from typing import Any

from sandbox.slack.arguments import Arguments
from sandbox.slack.directory import BOT_USER_ID
from sandbox.slack.errors import SlackError
from sandbox.slack.events import emit_reaction_added, emit_reaction_removed
from sandbox.slack.methods.method import Method
from sandbox.slack.state import Message, SlackState


def react(state: SlackState, message: Message, user_id: str, name: str) -> None:
    """Adds a person's or the bot's reaction.

    Raises:
        SlackError: ``already_reacted`` or ``is_archived``.
    """
    if state.channels[message.channel].is_archived:
        raise SlackError("is_archived")
    users = message.reactions.setdefault(name, [])
    if user_id in users:
        raise SlackError("already_reacted")
    users.append(user_id)
    state.changed()
    emit_reaction_added(state, message, user_id, name)


def take_back(state: SlackState, message: Message, user_id: str, name: str) -> None:
    """Takes a person's or the bot's reaction away.

    Raises:
        SlackError: ``no_reaction``.
    """
    users = message.reactions.get(name, [])
    if user_id not in users:
        raise SlackError("no_reaction")
    users.remove(user_id)
    if not users:
        del message.reactions[name]
    state.changed()
    emit_reaction_removed(state, message, user_id, name)


def _name(arguments: Arguments) -> str:
    name = arguments.text("name")
    if not name:
        raise SlackError("no_item_specified" if not arguments.given("timestamp") else "invalid_name")
    return name.strip(":")


def _message(state: SlackState, arguments: Arguments) -> Message:
    channel = state.channel_of_bot(arguments.required("channel"))
    return state.message(channel.id, arguments.required("timestamp"))


def add(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``reactions.add``."""
    name, message = _name(arguments), _message(state, arguments)
    react(state, message, BOT_USER_ID, name)
    state.ledger.record("slack", "reactions.add", f"{message.channel}/{message.ts}", None, BOT_USER_ID)
    return {}


def remove(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``reactions.remove``."""
    name, message = _name(arguments), _message(state, arguments)
    take_back(state, message, BOT_USER_ID, name)
    state.ledger.record("slack", "reactions.remove", f"{message.channel}/{message.ts}", None, BOT_USER_ID)
    return {}


def get(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``reactions.get``."""
    message = _message(state, arguments)
    shape = state.message_json(message)
    shape["permalink"] = f"{state.base_url}/#slack/{message.channel}/{message.ts}"
    return {"type": "message", "channel": message.channel, "message": shape}


REACTIONS = (
    Method("reactions.add", add, "reactions:write"),
    Method("reactions.remove", remove, "reactions:write"),
    Method("reactions.get", get, "reactions:read"),
)

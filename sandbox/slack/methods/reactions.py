"""``reactions.*``."""

from typing import Any

from sandbox.slack.arguments import Arguments
from sandbox.slack.directory import BOT_USER_ID
from sandbox.slack.errors import SlackError
from sandbox.slack.events import emit_reaction_added
from sandbox.slack.methods.method import Method
from sandbox.slack.state import Message, SlackState


def react(state: SlackState, message: Message, user_id: str, name: str) -> None:
    """Adds a person's or the bot's reaction.

    Raises:
        SlackError: ``already_reacted``.
    """
    users = message.reactions.setdefault(name, [])
    if user_id in users:
        raise SlackError("already_reacted")
    users.append(user_id)
    state.changed()
    emit_reaction_added(state, message, user_id, name)


def add(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``reactions.add``."""
    name = arguments.text("name")
    if not name:
        raise SlackError("no_item_specified" if not arguments.given("timestamp") else "invalid_name")
    message = state.message(arguments.required("channel"), arguments.required("timestamp"))
    react(state, message, BOT_USER_ID, name.strip(":"))
    state.ledger.record("slack", "reactions.add", f"{message.channel}/{message.ts}", None, BOT_USER_ID)
    return {}


REACTIONS = (Method("reactions.add", add, "reactions:write"),)

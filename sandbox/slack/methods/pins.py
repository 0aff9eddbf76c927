"""``pins.*``: the messages that a channel keeps in sight."""

from typing import Any

from sandbox.slack.arguments import Arguments
from sandbox.slack.directory import BOT_USER_ID
from sandbox.slack.errors import SlackError
from sandbox.slack.methods.method import Method
from sandbox.slack.state import SlackState


def add(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``pins.add``."""
    channel = state.channel_of_bot(arguments.required("channel"))
    if BOT_USER_ID not in channel.members:
        raise SlackError("not_in_channel")
    if channel.is_archived:
        raise SlackError("is_archived")
    message = state.message(channel.id, arguments.required("timestamp"))
    pinned = state.pins.setdefault(channel.id, [])
    if message.ts in pinned:
        raise SlackError("already_pinned")
    pinned.append(message.ts)
    state.changed()
    state.ledger.record("slack", "pins.add", f"{channel.id}/{message.ts}", None, BOT_USER_ID)
    return {}


def remove(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``pins.remove``."""
    channel = state.channel_of_bot(arguments.required("channel"))
    ts = arguments.required("timestamp")
    if ts not in state.pins.get(channel.id, []):
        raise SlackError("no_pin")
    state.pins[channel.id].remove(ts)
    state.changed()
    state.ledger.record("slack", "pins.remove", f"{channel.id}/{ts}", None, BOT_USER_ID)
    return {}


PINS = (Method("pins.add", add, "pins:write"), Method("pins.remove", remove, "pins:write"))

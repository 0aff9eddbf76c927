"""``conversations.*``: channels, their members and what was said in them."""

from collections.abc import Iterable
from typing import Any

from sandbox.slack.arguments import Arguments
from sandbox.slack.directory import BOT_USER_ID, Channel
from sandbox.slack.errors import SlackError
from sandbox.slack.methods.method import Method, of_conversation
from sandbox.slack.methods.paging import page_metadata, page_of
from sandbox.slack.state import Message, SlackState

HISTORY_LIMIT = 100
REPLIES_LIMIT = 1000
LIST_LIMIT = 100
_TYPE_OF_KIND = {"channels": "public_channel", "groups": "private_channel", "im": "im"}


def _readable(state: SlackState, arguments: Arguments) -> Channel:
    channel = state.channel_of_bot(arguments.required("channel"))
    if BOT_USER_ID not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _seconds(arguments: Arguments, name: str) -> float | None:
    text = arguments.text(name)
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise SlackError(f"invalid_ts_{name}") from None


def _within(messages: Iterable[Message], arguments: Arguments) -> list[Message]:
    """Those between ``oldest`` and ``latest``; the two bounds themselves only when ``inclusive``."""
    oldest, latest = _seconds(arguments, "oldest"), _seconds(arguments, "latest")
    inclusive = arguments.flag("inclusive")
    kept = []
    for message in messages:
        at = float(message.ts)
        after = oldest is None or at > oldest or (inclusive and at == oldest)
        before = latest is None or at < latest or (inclusive and at == latest)
        if after and before:
            kept.append(message)
    return kept


def _messages_answer(state: SlackState, arguments: Arguments, messages: list[Message], limit: int) -> dict[str, Any]:
    shown, cursor = page_of(messages, arguments, limit)
    with_metadata = arguments.flag("include_all_metadata")
    answer: dict[str, Any] = {
        "messages": [state.message_json(message, with_metadata=with_metadata) for message in shown],
        "has_more": bool(cursor),
    }
    return answer | (page_metadata(cursor) if cursor else {})


def history(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``conversations.history``: newest first; replies only where they were broadcast to the channel."""
    channel = _readable(state, arguments)
    visible = [m for m in state.messages[channel.id].values() if not m.is_reply or m.broadcast]
    newest_first = sorted(_within(visible, arguments), key=lambda message: float(message.ts), reverse=True)
    answer = _messages_answer(state, arguments, newest_first, HISTORY_LIMIT)
    return answer | {
        "pin_count": len(state.pins.get(channel.id, ())),
        "channel_actions_ts": None,
        "channel_actions_count": 0,
    }


def replies(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``conversations.replies``: the parent, then its replies, oldest first."""
    channel = _readable(state, arguments)
    wanted = state.messages[channel.id].get(arguments.required("ts"))
    if wanted is None:
        raise SlackError("thread_not_found")
    root_ts = wanted.thread_ts or wanted.ts
    root = state.messages[channel.id].get(root_ts)
    thread = _within(state.replies(channel.id, root_ts), arguments)
    return _messages_answer(state, arguments, ([root] if root else []) + thread, REPLIES_LIMIT)


def info(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``conversations.info``."""
    channel = state.channel_of_bot(arguments.required("channel"))
    shape = channel.to_json()
    if not arguments.flag("include_num_members"):
        shape.pop("num_members", None)
    return {"channel": shape}


def list_channels(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``conversations.list``: public channels unless ``types`` says otherwise."""
    types = arguments.names("types") or ["public_channel"]
    unknown = set(types) - {"public_channel", "private_channel", "mpim", "im"}
    if unknown:
        raise SlackError("invalid_types")
    wanted = [
        channel
        for channel in state.channels.values()
        if _TYPE_OF_KIND[channel.kind] in types
        and (channel.kind != "groups" or BOT_USER_ID in channel.members)
        and not (channel.is_archived and arguments.flag("exclude_archived"))
    ]
    shown, cursor = page_of(wanted, arguments, LIST_LIMIT)
    return {"channels": [channel.to_json() for channel in shown], **page_metadata(cursor)}


def members(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``conversations.members``."""
    channel = state.channel_of_bot(arguments.required("channel"))
    shown, cursor = page_of(channel.members, arguments, LIST_LIMIT)
    return {"members": shown, **page_metadata(cursor)}


def join(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``conversations.join``."""
    channel = state.channel_of_bot(arguments.required("channel"))
    if channel.is_im or channel.is_private:
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    if BOT_USER_ID in channel.members:
        return {
            "channel": channel.to_json(),
            "warning": "already_in_channel",
            "response_metadata": {"warnings": ["already_in_channel"]},
        }
    channel.members.append(BOT_USER_ID)
    state.changed()
    return {"channel": channel.to_json()}


def open_conversation(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``conversations.open``: the direct message with one person."""
    if arguments.given("channel"):
        channel, existed = state.channel(arguments.required("channel")), True
    else:
        people = arguments.names("users")
        if not people:
            raise SlackError("users_list_not_supplied")
        if len(people) > 1:
            raise SlackError("method_not_supported_for_channel_type")
        channel, existed = state.direct_message(people[0])
    shape = channel.to_json() if arguments.flag("return_im") else {"id": channel.id}
    return {"channel": shape, **({"no_op": True, "already_open": True} if existed else {})}


def _list_scope(state: SlackState, arguments: Arguments) -> str:
    """The first scope that is missing for the wanted types; without a lack, that of the first type."""
    types = arguments.names("types") or ["public_channel"]
    kinds = [kind for kind, name in _TYPE_OF_KIND.items() if name in types] or ["channels"]
    needed = [f"{kind}:read" for kind in kinds]
    return next((scope for scope in needed if scope not in state.scopes), needed[0])


CONVERSATIONS = (
    Method("conversations.history", history, of_conversation("history")),
    Method("conversations.replies", replies, of_conversation("history")),
    Method("conversations.info", info, of_conversation("read")),
    Method("conversations.list", list_channels, _list_scope),
    Method("conversations.members", members, of_conversation("read")),
    Method("conversations.join", join, "channels:join"),
    Method("conversations.open", open_conversation, "im:write"),
)

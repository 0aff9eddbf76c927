"""``chat.*``: posting, changing and deleting messages."""

import html
from typing import Any

from sandbox.slack import posting
from sandbox.slack.arguments import Arguments
from sandbox.slack.blocks import find_errors
from sandbox.slack.directory import BOT_USER_ID
from sandbox.slack.errors import SlackError
from sandbox.slack.methods.method import Method
from sandbox.slack.state import SlackState


def _content(arguments: Arguments) -> posting.Content:
    blocks = arguments.structure("blocks", "invalid_blocks_format")
    if blocks is not None and not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    metadata = arguments.structure("metadata", "invalid_metadata_format")
    if metadata is not None and not isinstance(metadata, dict):
        raise SlackError("invalid_metadata_format")
    attachments = arguments.structure("attachments", "invalid_attachments")
    return posting.Content(arguments.text("text"), blocks, attachments, metadata)


def _marker(metadata: dict[str, Any] | None) -> str | None:
    """What tells two posts apart that a caller meant to be one: the values of the metadata, in a fixed order."""
    if not metadata:
        return None
    payload = metadata["event_payload"]
    return ",".join([metadata["event_type"], *(f"{name}={payload[name]}" for name in sorted(payload))])


def _target(state: SlackState, arguments: Arguments) -> str:
    """The conversation to post to; a user's id stands for the direct message with that person."""
    wanted = arguments.required("channel")
    if wanted in state.users:
        return state.direct_message(wanted)[0].id
    by_name = {f"#{channel.name}": channel.id for channel in state.channels.values() if channel.name}
    return posting.writable_channel(state, by_name.get(wanted, wanted)).id


def post_message(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``chat.postMessage``."""
    content = _content(arguments)
    message = posting.post(
        state,
        _target(state, arguments),
        BOT_USER_ID,
        content,
        thread_ts=arguments.text("thread_ts"),
        broadcast=arguments.flag("reply_broadcast"),
    )
    state.ledger.record(
        "slack", "chat.postMessage", f"{message.channel}/{message.ts}", _marker(content.metadata), BOT_USER_ID
    )
    return {
        "channel": message.channel,
        "ts": message.ts,
        "message": state.message_json(message, with_metadata=True),
    }


def update(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``chat.update``."""
    channel_id, ts = arguments.required("channel"), arguments.required("ts")
    message = state.message(channel_id, ts)
    if not message.from_app:
        raise SlackError("cant_update_message")
    content = _content(arguments)
    if not any(arguments.given(name) for name in ("text", "blocks", "attachments", "metadata")):
        raise SlackError("no_text")
    posting.edit(state, message, content)
    marker = _marker(message.metadata)
    state.ledger.record("slack", "chat.update", f"{channel_id}/{ts}", marker, BOT_USER_ID, repeatable=True)
    shape = state.message_json(message, with_metadata=True)
    return {"channel": channel_id, "ts": ts, "text": message.text, "message": shape}


def delete(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``chat.delete``."""
    channel_id, ts = arguments.required("channel"), arguments.required("ts")
    message = state.message(channel_id, ts)
    if not message.from_app:
        raise SlackError("cant_delete_message")
    posting.delete(state, message)
    marker = _marker(message.metadata)
    state.ledger.record("slack", "chat.delete", f"{channel_id}/{ts}", marker, BOT_USER_ID, repeatable=True)
    return {"channel": channel_id, "ts": ts}


def post_ephemeral(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``chat.postEphemeral``."""
    channel = state.channel_of_bot(arguments.required("channel"))
    user_id = arguments.required("user")
    if channel.is_archived:
        raise SlackError("is_archived")
    if BOT_USER_ID not in channel.members:
        raise SlackError("not_in_channel")
    if user_id not in channel.members:
        raise SlackError("user_not_in_channel")
    content = _content(arguments)
    message = posting.post_ephemeral(state, channel.id, user_id, content, thread_ts=arguments.text("thread_ts"))
    marker = _marker(content.metadata)
    state.ledger.record("slack", "chat.postEphemeral", f"{channel.id}/{message.ts}", marker, BOT_USER_ID)
    return {"message_ts": message.ts}


def unfurl(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``chat.unfurl``: the message by channel and ``ts``, or by the ``unfurl_id`` of the event."""
    channel_id, ts = arguments.text("channel"), arguments.text("ts")
    if arguments.given("unfurl_id"):
        channel_id, _, ts = arguments.required("unfurl_id").removeprefix("C").partition("-")
    try:
        message = state.message(channel_id or "", ts or "")
    except SlackError:
        raise SlackError("cannot_find_message") from None
    previews = arguments.structure("unfurls", "invalid_unfurls_format")
    if not previews:
        raise SlackError("missing_unfurls")
    if not isinstance(previews, dict) or not all(isinstance(preview, dict) for preview in previews.values()):
        raise SlackError("invalid_unfurls_format")
    for address, preview in previews.items():
        if address not in html.unescape(message.text):
            raise SlackError("cannot_unfurl_url")
        findings = find_errors(preview["blocks"], "message", "/unfurls/blocks") if "blocks" in preview else []
        if findings:
            raise SlackError("invalid_blocks", *findings)
    posting.unfurl(state, message, previews)
    for address in previews:
        subject = f"{message.channel}/{message.ts}"
        state.ledger.record("slack", "chat.unfurl", subject, f"{subject} {address}", BOT_USER_ID, repeatable=True)
    return {}


def get_permalink(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``chat.getPermalink``: here the deep link into the sandbox's page."""
    message = state.message(arguments.required("channel"), arguments.required("message_ts"))
    return {"channel": message.channel, "permalink": f"{state.base_url}/#slack/{message.channel}/{message.ts}"}


CHAT = (
    Method("chat.postMessage", post_message, "chat:write"),
    Method("chat.update", update, "chat:write"),
    Method("chat.delete", delete, "chat:write"),
    Method("chat.postEphemeral", post_ephemeral, "chat:write"),
    Method("chat.getPermalink", get_permalink),
    Method("chat.unfurl", unfurl, "links:write"),
)

"""Putting messages into a channel, changing and deleting them: the same for the app, for response URLs and for people."""

from dataclasses import dataclass, field
from typing import Any

from sandbox.slack import blocks as block_kit
from sandbox.slack.directory import BOT_ID, BOT_USER_ID, Channel
from sandbox.slack.errors import SlackError
from sandbox.slack.events import emit_message, emit_message_changed, emit_message_deleted
from sandbox.slack.state import Message, SlackState

MAX_TEXT = 40_000
"""Slack truncates or refuses longer texts (https://docs.slack.dev/changelog/2018-truncating-really-long-messages)."""


@dataclass
class Content:
    """What a message says. None means that the caller did not give it; an empty list means that it wants none."""

    text: str | None = None
    blocks: list[dict[str, Any]] | None = None
    attachments: list[dict[str, Any]] | None = None
    metadata: dict[str, Any] | None = None
    files: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Refuses what Slack refuses.

        Raises:
            SlackError: ``no_text``, ``msg_too_long``, ``invalid_blocks`` or ``invalid_metadata_format``.
        """
        if self.blocks:
            findings = block_kit.find_errors(self.blocks, "message")
            if findings:
                raise SlackError("invalid_blocks", *findings)
        if not (self.text or self.blocks or self.attachments or self.files):
            raise SlackError("no_text")
        if self.text is not None and len(self.text) > MAX_TEXT:
            raise SlackError("msg_too_long")
        if self.metadata and not _is_metadata(self.metadata):
            raise SlackError("invalid_metadata_format")


def post(
    state: SlackState,
    channel_id: str,
    author: str,
    content: Content,
    *,
    thread_ts: str | None = None,
    broadcast: bool = False,
    client_msg_id: str | None = None,
) -> Message:
    """Adds a message that everybody in the channel sees, and tells the app of it."""
    channel = state.channel(channel_id)
    if channel.is_archived:
        raise SlackError("is_archived")
    content.check()
    message = Message(
        channel=channel.id,
        ts=state.next_ts(),
        user=author,
        text=content.text or "",
        blocks=block_kit.completed(content.blocks or []),
        attachments=list(content.attachments or []),
        files=list(content.files),
        thread_ts=_thread_root(state, channel.id, thread_ts),
        broadcast=broadcast and thread_ts is not None,
        from_app=author == BOT_USER_ID,
        metadata=content.metadata,
        client_msg_id=client_msg_id,
    )
    state.messages[channel.id][message.ts] = message
    state.changed()
    emit_message(state, message)
    return message


def writable_channel(state: SlackState, channel_id: str) -> Channel:
    """A conversation that the app may write to.

    Raises:
        SlackError: ``channel_not_found``, ``is_archived`` or ``not_in_channel``.
    """
    channel = state.channel_of_bot(channel_id)
    if channel.is_archived:
        raise SlackError("is_archived")
    if BOT_USER_ID not in channel.members and (channel.is_private or "chat:write.public" not in state.scopes):
        raise SlackError("not_in_channel")
    return channel


def post_ephemeral(
    state: SlackState,
    channel_id: str,
    to: str,
    content: Content,
    *,
    author: str = BOT_USER_ID,
    thread_ts: str | None = None,
) -> Message:
    """Adds a message that one person sees; it is in no history."""
    channel = state.channel(channel_id)
    content.check()
    message = Message(
        channel=channel.id,
        ts=state.next_ts(),
        user=author,
        text=content.text or "",
        blocks=block_kit.completed(content.blocks or []),
        attachments=list(content.attachments or []),
        thread_ts=thread_ts,
        from_app=author == BOT_USER_ID,
        visible_to=to,
    )
    state.ephemerals.append(message)
    state.changed()
    return message


def edit(state: SlackState, message: Message, content: Content) -> None:
    """Changes a message. A text without blocks takes the blocks away; metadata stays unless given.

    The rule is that of https://docs.slack.dev/reference/methods/chat.update: blocks are only retained when neither
    text nor blocks are given.
    """
    if content.text is not None or content.blocks is not None or content.attachments is not None:
        content.check()
    before = state.message_json(message)
    if content.blocks is not None:
        message.blocks = block_kit.completed(content.blocks)
    elif content.text is not None:
        message.blocks = []
    if content.text is not None:
        message.text = content.text
    if content.attachments is not None:
        message.attachments = list(content.attachments)
    if content.metadata is not None:
        message.metadata = content.metadata or None
    if not message.blocks:
        message.edited_ts = state.next_ts()
    state.changed()
    if message.visible_to is None:
        emit_message_changed(state, message, before)


def unfurl(state: SlackState, message: Message, previews: dict[str, dict[str, Any]]) -> None:
    """Puts previews of its links below a message, by address; a link's earlier preview is replaced."""
    before = state.message_json(message)
    kept = [each for each in message.attachments if each.get("from_url") not in previews]
    shown = [
        {
            **preview,
            **({"blocks": block_kit.completed(preview["blocks"])} if "blocks" in preview else {}),
            "from_url": address,
            "app_unfurl_url": address,
            "is_app_unfurl": True,
            "app_id": state.credentials.slack_app_id,
            "bot_id": BOT_ID,
        }
        for address, preview in previews.items()
    ]
    message.attachments = [{**each, "id": number} for number, each in enumerate(kept + shown, start=1)]
    state.changed()
    emit_message_changed(state, message, before)


def delete(state: SlackState, message: Message) -> None:
    """Takes a message away."""
    if message.visible_to is not None:
        state.ephemerals.remove(message)
    else:
        before = state.message_json(message)
        del state.messages[message.channel][message.ts]
        if message.ts in state.pins.get(message.channel, ()):
            state.pins[message.channel].remove(message.ts)
        emit_message_deleted(state, message, before)
    state.changed()


def _thread_root(state: SlackState, channel_id: str, thread_ts: str | None) -> str | None:
    """The parent of the thread: a reply to a reply belongs below the same parent."""
    if thread_ts is None:
        return None
    parent = state.messages[channel_id].get(thread_ts)
    if parent is None:
        raise SlackError("thread_not_found")
    return parent.thread_ts if parent.is_reply else parent.ts


def _is_metadata(value: dict[str, Any]) -> bool:
    return isinstance(value.get("event_type"), str) and isinstance(value.get("event_payload"), dict)

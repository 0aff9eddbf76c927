"""References to messages in a chat (Slack)."""

from domain.frozen import Frozen
from domain.texts import Address, Key, Line, Name


class MessageRef(Frozen):
    """One posted message: the channel's id and the message's time stamp, which is its identity there."""

    channel: Key
    ts: Key
    permalink: Address | None = None


class ChannelRef(Frozen):
    """A channel by its id and name (without the ``#``)."""

    id: Key
    name: Name


class FileLink(Frozen):
    """A file that somebody shared: its address in the chat, which asks whoever opens it for access.

    ``id`` is the chat's own; ``download`` is where its bytes are to be had with the bot's token, None where the chat does not tell.
    """

    name: Name
    url: Address
    id: Key | None = None
    download: Address | None = None


class NoticeChoice(Frozen):
    """A button below a notice: what it says, and what it sends back (``value``) when it is pressed. ``action_id`` is unique in its notice."""

    action_id: Key
    label: Line
    value: Line

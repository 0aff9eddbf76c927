"""References to messages in a chat (Slack)."""

from domain.frozen import Frozen


class MessageRef(Frozen):
    """One posted message: the channel's id and the message's time stamp, which is its identity there."""

    channel: str
    ts: str
    permalink: str | None = None


class ChannelRef(Frozen):
    """A channel by its id and name (without the ``#``)."""

    id: str
    name: str


class NoticeChoice(Frozen):
    """A button below a notice: what it says, and what it sends back (``value``) when it is pressed. ``action_id`` is unique in its notice."""

    action_id: str
    label: str
    value: str

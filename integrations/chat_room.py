"""The capability of a chat (Slack)."""

from collections.abc import Sequence
from typing import Protocol

from domain.card import Card
from domain.chat import ChannelRef, FileLink, MessageRef, NoticeChoice
from domain.digest import Digest
from domain.frozen import Frozen
from integrations.checks import Check
from integrations.issue_tracker import AttachedFile


class ChatUser(Frozen):
    """A person in the chat."""

    id: str
    name: str
    time_zone: str | None = None


class ChatRoom(Protocol):
    """Posts messages. Every method is one attempt, blocking, and raises ``integrations.errors``.

    ``key`` is carried in the message's metadata; with ``recheck`` (an earlier attempt may have worked) the channel's history, or
    the thread, is searched for it before posting.
    """

    def post_card(self, channel: str, card: Card, *, key: str, recheck: bool) -> MessageRef:
        """Post a ticket's card."""
        ...

    def update_card(self, ref: MessageRef, card: Card) -> None:
        """Replace the card's contents."""
        ...

    def post_line(
        self, card: MessageRef, text: str, *, key: str, recheck: bool, choices: Sequence[NoticeChoice] = ()
    ) -> MessageRef:
        """Write a line into the card's thread, with buttons to choose by."""
        ...

    def post_notice(
        self,
        channel: str,
        text: str,
        *,
        mention: str | None,
        card: MessageRef | None,
        key: str,
        recheck: bool,
        choices: Sequence[NoticeChoice] = (),
    ) -> MessageRef:
        """Write to a channel, or a person (a user's id), with a link to the card and buttons to choose by."""
        ...

    def post_digest(self, channel: str, digest: Digest, *, key: str, recheck: bool) -> MessageRef:
        """Post the joint-retro digest."""
        ...

    def open_severity_channel(
        self, name: str, card: Card, *, private: bool, invite: Sequence[str], key: str, recheck: bool
    ) -> ChannelRef:
        """Have the ticket's own channel: made, or found again by its name and ours; people and user groups invited, topic and
        bookmarks set, the card's link posted. It may be repeated.

        People who cannot be invited (they left, or may not be in such a channel) are left out.
        """
        ...

    def dress_severity_channel(self, channel: ChannelRef, card: Card, *, invite: Sequence[str] = ()) -> None:
        """Bring topic and bookmarks up to date with the card, and invite more people. It may be repeated."""
        ...

    def tell_severity_channel(self, channel: ChannelRef, text: str, *, key: str, recheck: bool) -> MessageRef:
        """Write a line into the ticket's channel."""
        ...

    def close_severity_channel(
        self, channel: ChannelRef, summary: str, *, card: MessageRef | None, key: str, recheck: bool
    ) -> None:
        """Post the summary with a link to the card, and archive the channel; one that is archived already is fine."""
        ...

    def download(self, file: FileLink, *, most_bytes: int) -> AttachedFile:
        """Read a file's bytes as the bot. A page to sign in, and anything over the limit, is refused."""
        ...

    def user(self, user_id: str) -> ChatUser:
        """Who that is."""
        ...

    def check(
        self, channels: Sequence[str], groups: Sequence[str] = (), *, private_channels: bool = False
    ) -> list[Check]:
        """Try the tokens, the scopes (with those for private channels, if any is one), that the bot is in each channel, and that each
        user group is there.
        """
        ...

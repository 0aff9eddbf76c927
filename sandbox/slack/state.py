"""What the local Slack knows: messages, modals, and the short-lived permits it hands to the app."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote

from sandbox.credentials import Credentials
from sandbox.deliveries import Deliveries
from sandbox.ledger import Ledger
from sandbox.slack.directory import (
    BOT_ID,
    BOT_USER_ID,
    STRANGER_TEAM_ID,
    TEAM_ID,
    Channel,
    User,
    UserGroup,
    seed_channels,
    seed_user_groups,
    seed_users,
)
from sandbox.slack.errors import SlackError
from sandbox.slack.limits import RateLimits
from sandbox.slack.sockets import Sockets

# https://docs.slack.dev/interactivity/handling-user-interaction: a trigger works once and within three seconds, a
# response URL five times and within thirty minutes.
TRIGGER_SECONDS = 3.0
RESPONSE_URL_SECONDS = 30 * 60.0
RESPONSE_URL_USES = 5

# The event types that an app may ask for in its manifest; `message` is what message.channels, message.groups and
# message.im deliver.
SUBSCRIBED_EVENTS = ("message", "app_mention", "reaction_added", "reaction_removed", "app_home_opened", "link_shared")
# The domains of the manifest's unfurl_domains, without ports.
UNFURL_DOMAINS = ("127.0.0.1", "localhost", "tierline.example.org")
BOT_SCOPES = (
    "app_mentions:read",
    "bookmarks:read",
    "bookmarks:write",
    "channels:history",
    "channels:join",
    "channels:manage",
    "channels:read",
    "chat:write",
    "chat:write.public",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "groups:write",
    "im:history",
    "im:read",
    "im:write",
    "links:read",
    "links:write",
    "pins:write",
    "reactions:read",
    "reactions:write",
    "usergroups:read",
    "users:read",
    "users:read.email",
)


@dataclass
class Message:
    """One message; `visible_to` names the only person who sees an ephemeral one."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    thread_ts: str | None = None
    broadcast: bool = False
    from_app: bool = False
    metadata: dict[str, Any] | None = None
    edited_ts: str | None = None
    visible_to: str | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    client_msg_id: str | None = None
    mrkdwn: bool = True
    files: list[str] = field(default_factory=list)
    """The ids of the files that it shares."""

    @property
    def is_reply(self) -> bool:
        """Whether it stands in a thread below another message."""
        return self.thread_ts is not None and self.thread_ts != self.ts


@dataclass
class File:
    """A file, from its announcement on; it is to be had once its upload is completed."""

    id: str
    name: str
    size: int
    user: str
    created: int
    title: str = ""
    alt_text: str = ""
    mimetype: str = "application/octet-stream"
    content: bytes | None = None
    complete: bool = False
    channels: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Bookmark:
    """A link below a channel's name."""

    id: str
    channel: str
    title: str
    link: str
    emoji: str
    created: int


@dataclass
class View:
    """A modal as one person has it open, or the app's Home tab as one person sees it."""

    id: str
    user: str
    definition: dict[str, Any]
    hash: str
    root_id: str
    previous_id: str | None = None
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


@dataclass
class Trigger:
    """The permit to open one modal for a person, good once and for three seconds."""

    user: str
    issued: float
    used: bool = False
    view_id: str | None = None


@dataclass
class ResponseUrl:
    """The permit to answer one interaction later, by POST to its URL."""

    channel: str
    user: str
    issued: float
    message_ts: str | None = None
    uses: int = 0


Transport = Literal["auto", "http", "socket"]
"""How events and interactions reach the app; ``auto`` takes HTTP until the app connects its first socket, and sockets from then on."""


@dataclass
class SlackState:
    """One workspace with one installed app. `clock` gives Unix seconds."""

    base_url: str
    credentials: Credentials
    deliveries: Deliveries
    ledger: Ledger
    clock: Callable[[], float] = time.time
    trigger_seconds: float = TRIGGER_SECONDS
    response_url_seconds: float = RESPONSE_URL_SECONDS
    transport: Transport = "auto"
    unfurl_domains: set[str] = field(default_factory=lambda: set(UNFURL_DOMAINS))
    subscriptions: set[str] = field(default_factory=lambda: set(SUBSCRIBED_EVENTS))
    scopes: set[str] = field(default_factory=lambda: set(BOT_SCOPES))
    users: dict[str, User] = field(default_factory=seed_users)
    user_groups: dict[str, UserGroup] = field(default_factory=seed_user_groups)
    channels: dict[str, Channel] = field(init=False)
    messages: dict[str, dict[str, Message]] = field(init=False)
    ephemerals: list[Message] = field(default_factory=list)
    files: dict[str, File] = field(default_factory=dict)
    uploads: dict[str, str] = field(default_factory=dict)
    """The file that each upload address is for."""
    pins: dict[str, list[str]] = field(default_factory=dict)
    """The pinned messages' time stamps, by channel."""
    bookmarks: dict[str, list[Bookmark]] = field(default_factory=dict)
    views: dict[str, View] = field(default_factory=dict)
    homes: dict[str, View] = field(default_factory=dict)
    """The Home tab by person."""
    open_views: dict[str, list[str]] = field(default_factory=dict)
    triggers: dict[str, Trigger] = field(default_factory=dict)
    response_urls: dict[str, ResponseUrl] = field(default_factory=dict)
    verification_token: str = field(default_factory=lambda: secrets.token_hex(12))
    version: int = 0
    last_microsecond: int = 0
    sockets: Sockets = field(init=False)
    limits: RateLimits = field(init=False)

    def __post_init__(self) -> None:
        """Puts everybody into the channels of the seed."""
        self.channels = seed_channels(self.users.values())
        self.sockets = Sockets(self.base_url, self.credentials.slack_app_id, self.changed)
        self.limits = RateLimits(time.monotonic)
        self.messages = {channel: {} for channel in self.channels}

    def next_ts(self) -> str:
        """A time stamp of Slack's form ``seconds.microseconds``, unique in the workspace and increasing."""
        self.last_microsecond = max(int(self.clock() * 1_000_000), self.last_microsecond + 1)
        return f"{self.last_microsecond // 1_000_000}.{self.last_microsecond % 1_000_000:06d}"

    def changed(self) -> None:
        """Tells the page that there is something new to fetch."""
        self.version += 1

    def user(self, user_id: str) -> User:
        """A member by id.

        Raises:
            SlackError: ``user_not_found``.
        """
        if user_id not in self.users:
            raise SlackError("user_not_found")
        return self.users[user_id]

    def channel(self, channel_id: str) -> Channel:
        """A conversation by id.

        Raises:
            SlackError: ``channel_not_found``.
        """
        if channel_id not in self.channels:
            raise SlackError("channel_not_found")
        return self.channels[channel_id]

    def channel_of_bot(self, channel_id: str) -> Channel:
        """A conversation that the app may know of: a private one only when it is in it.

        Raises:
            SlackError: ``channel_not_found``.
        """
        channel = self.channel(channel_id)
        if channel.is_private and BOT_USER_ID not in channel.members:
            raise SlackError("channel_not_found")
        return channel

    def add_channel(self, channel: Channel) -> Channel:
        """Puts a new conversation into the workspace."""
        self.channels[channel.id] = channel
        self.messages[channel.id] = {}
        self.changed()
        return channel

    def direct_message(self, user_id: str) -> tuple[Channel, bool]:
        """The conversation between the bot and a person, and whether it was there before."""
        self.user(user_id)
        for channel in self.channels.values():
            if channel.is_im and channel.user == user_id:
                return channel, True
        channel = Channel(
            f"D0{user_id.removeprefix('U0')}", "", is_im=True, user=user_id, members=[user_id, BOT_USER_ID]
        )
        return self.add_channel(channel), False

    def message(self, channel_id: str, ts: str) -> Message:
        """A message that everybody in the channel sees.

        Raises:
            SlackError: ``channel_not_found`` or ``message_not_found``.
        """
        self.channel(channel_id)
        found = self.messages[channel_id].get(ts)
        if found is None:
            raise SlackError("message_not_found")
        return found

    def ephemeral(self, channel_id: str, ts: str, user_id: str) -> Message | None:
        """An ephemeral message that this person sees, if there is one."""
        for message in self.ephemerals:
            if (message.channel, message.ts, message.visible_to) == (channel_id, ts, user_id):
                return message
        return None

    def replies(self, channel_id: str, ts: str) -> list[Message]:
        """The replies in the thread below a message, oldest first."""
        return [
            message for message in self.messages[channel_id].values() if message.thread_ts == ts and message.is_reply
        ]

    def issue_trigger(self, user_id: str, view_id: str | None = None) -> str:
        """A new trigger id for an interaction of this person."""
        trigger_id = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self.triggers[trigger_id] = Trigger(user_id, self.clock(), view_id=view_id)
        return trigger_id

    def exchange_trigger(self, trigger_id: str) -> Trigger:
        """Uses a trigger up.

        Raises:
            SlackError: ``invalid_trigger_id``, ``exchanged_trigger_id`` or ``expired_trigger_id``.
        """
        trigger = self.triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self.clock() - trigger.issued > self.trigger_seconds:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger

    def issue_response_url(
        self, kind: Literal["commands", "actions"], channel_id: str, user_id: str, message: Message | None = None
    ) -> str:
        """A new URL at which the app may answer an interaction."""
        token = f"{kind}-{TEAM_ID}-{secrets.token_urlsafe(18)}"
        self.response_urls[token] = ResponseUrl(
            channel_id,
            user_id,
            self.clock(),
            message_ts=message.ts if message else None,
        )
        return f"{self.base_url}/slack/response/{token}"

    def message_json(self, message: Message, *, with_metadata: bool = False) -> dict[str, Any]:
        """Slack's message object (https://docs.slack.dev/reference/events/message), with thread facts on a parent."""
        shape: dict[str, Any] = {
            "user": message.user,
            "type": "message",
            "ts": message.ts,
            "text": message.text,
            "team": self.users[message.user].team_id if message.user in self.users else TEAM_ID,
        }
        if message.user in self.users and self.users[message.user].is_stranger:
            shape |= {"user_team": STRANGER_TEAM_ID, "source_team": STRANGER_TEAM_ID}
        if message.from_app:
            shape |= {
                "bot_id": BOT_ID,
                "app_id": self.credentials.slack_app_id,
                "bot_profile": {
                    "id": BOT_ID,
                    "app_id": self.credentials.slack_app_id,
                    "user_id": BOT_USER_ID,
                    "name": self.users[BOT_USER_ID].name,
                    "deleted": False,
                    "team_id": TEAM_ID,
                },
            }
        if message.client_msg_id:
            shape["client_msg_id"] = message.client_msg_id
        if message.blocks:
            shape["blocks"] = message.blocks
        if message.attachments:
            shape["attachments"] = message.attachments
        if message.files:
            shape["files"] = [self.file_json(self.files[file_id]) for file_id in message.files]
            shape["upload"] = False
        if message.ts in self.pins.get(message.channel, ()):
            shape["pinned_to"] = [message.channel]
        if message.edited_ts:
            shape["edited"] = {"user": message.user, "ts": message.edited_ts}
        if message.reactions:
            shape["reactions"] = [
                {"name": name, "users": list(users), "count": len(users)} for name, users in message.reactions.items()
            ]
        if with_metadata and message.metadata:
            shape["metadata"] = message.metadata
        if message.visible_to:
            shape["is_ephemeral"] = True
        if message.thread_ts:
            shape["thread_ts"] = message.thread_ts
        if message.is_reply:
            shape["parent_user_id"] = self._parent_user(message)
            if message.broadcast:
                shape["subtype"] = "thread_broadcast"
        elif not message.visible_to:
            shape |= self._thread_facts(message)
        if message.files:
            shape["subtype"] = "file_share"
        return shape

    def file_json(self, file: File) -> dict[str, Any]:
        """Slack's file object (https://docs.slack.dev/reference/objects/file-object)."""
        address = f"{self.base_url}/slack/files-pri/{TEAM_ID}-{file.id}"
        kind = file.name.rpartition(".")[2] if "." in file.name else "binary"
        shape: dict[str, Any] = {
            "id": file.id,
            "created": file.created,
            "timestamp": file.created,
            "name": file.name,
            "title": file.title or file.name,
            "mimetype": file.mimetype,
            "filetype": kind,
            "pretty_type": kind.upper(),
            "user": file.user,
            "user_team": TEAM_ID,
            "editable": False,
            "size": file.size,
            "mode": "hosted",
            "is_external": False,
            "external_type": "",
            "is_public": True,
            "public_url_shared": False,
            "display_as_bot": False,
            "url_private": f"{address}/{quote(file.name)}",
            "url_private_download": f"{address}/download/{quote(file.name)}",
            "permalink": f"{self.base_url}/#slack/{file.channels[0]}" if file.channels else "",
            "channels": [channel for channel in file.channels if self.channels[channel].kind == "channels"],
            "groups": [channel for channel in file.channels if self.channels[channel].kind == "groups"],
            "ims": [channel for channel in file.channels if self.channels[channel].kind == "im"],
            "file_access": "visible",
        }
        return shape | ({"alt_txt": file.alt_text} if file.alt_text else {})

    def _parent_user(self, message: Message) -> str | None:
        parent = self.messages[message.channel].get(message.thread_ts or "")
        return parent.user if parent else None

    def _thread_facts(self, message: Message) -> dict[str, Any]:
        replies = self.replies(message.channel, message.ts)
        if not replies:
            return {}
        people = list(dict.fromkeys(reply.user for reply in replies))
        return {
            "thread_ts": message.ts,
            "reply_count": len(replies),
            "reply_users_count": len(people),
            "latest_reply": replies[-1].ts,
            "reply_users": people,
            "is_locked": False,
            "subscribed": True,
        }

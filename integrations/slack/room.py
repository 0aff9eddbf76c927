"""Slack behind the chat room's Protocol."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from typing import Any, cast

from pydantic import SecretStr
from slack_sdk import WebClient

from domain.card import Card
from domain.chat import ChannelRef, FileLink, MessageRef, NoticeChoice
from domain.digest import Digest
from integrations.base_url import checked_base_url
from integrations.chat_room import ChatUser
from integrations.checks import Check
from integrations.errors import IntegrationError, PermanentFailure
from integrations.issue_tracker import AttachedFile
from integrations.slack.blocks import Block, actions, button, section
from integrations.slack.card import card_blocks, card_plain, card_text
from integrations.slack.digest import digest_blocks, digest_charts, digest_text
from integrations.slack.failures import SYSTEM, slack_failures
from integrations.slack.files import Downloads
from integrations.slack.mrkdwn import escaped, link, person, shortened
from integrations.slack.scopes import NEEDED_SCOPES, PRIVATE_SCOPES, needed_for
from integrations.slack.severity_channel import SeverityChannels

logger = logging.getLogger("integrations.slack")

METADATA_TYPE = "tierline"
CHOICES_BLOCK = "tierline.choices"
"""The block id of the buttons below a notice."""

_TIMEOUT_S = 10
# How far a recheck looks: a thousand messages of a channel, newest first; five thousand of a thread, which begins at its oldest.
_HISTORY_PAGE = 200
_THREAD_PAGE = 999
_PAGES = 5
_SOCKET_ADVICE = {
    "not_allowed_token_type": "TIERLINE_SLACK__APP_TOKEN is no app-level token; make one with the scope connections:write",
    "missing_scope": "the app-level token lacks the scope connections:write; make another one",
    "invalid_auth": "Slack does not know TIERLINE_SLACK__APP_TOKEN; make another one with the scope connections:write",
    "forbidden_team": "the app-level token is of an app in another workspace",
}
_TEXT_LIMIT = 3000
_REFUSED_BLOCKS = frozenset({"invalid_blocks", "invalid_blocks_format", "blocks_too_long", "msg_blocks_too_long"})


class SlackRoom:
    """``ChatRoom`` on the Web API. Building it calls nobody.

    Args:
        bot_token: the app's ``xoxb-`` token.
        base_url: the Web API's address, for a stand-in or GovSlack.
        app_token: the app-level token of Socket Mode, which ``check`` tries; everything else is done as the bot.
    """

    def __init__(
        self, bot_token: SecretStr, base_url: str = "https://slack.com/api/", *, app_token: SecretStr | None = None
    ) -> None:
        self._app_token = app_token
        # The SDK logs bodies that it cannot read; those may hold people's words.
        logger = logging.getLogger("integrations.slack.sdk")
        logger.setLevel(logging.CRITICAL)
        self._client = WebClient(
            token=bot_token.get_secret_value(),
            base_url=checked_base_url(SYSTEM, base_url) + "/",
            timeout=_TIMEOUT_S,
            retry_handlers=[],
            logger=logger,
        )
        # urllib heeds the environment's proxies by itself, and unlike the SDK it heeds NO_PROXY too.
        self._client.proxy = None
        self._downloads = Downloads(bot_token, base_url)
        self._channels = SeverityChannels(self._client, self._bot_user)
        self._workspace_url: str | None = None
        self._bot_user_id: str | None = None
        self._direct: dict[str, str] = {}
        self._lock = Lock()

    def post_card(self, channel: str, card: Card, *, key: str, recheck: bool) -> MessageRef:
        """Post a ticket's card."""
        if recheck and (found := self._find(channel, key)):
            return found
        try:
            return self._post(channel, key, text=card_text(card), blocks=card_blocks(card))
        except PermanentFailure as failure:
            _only_blocks(failure, f"the card of {card.ticket_id}")
        return self._post(channel, key, text=card_plain(card))

    def update_card(self, ref: MessageRef, card: Card) -> None:
        """Replace the card's contents; its metadata stays, as Slack keeps what an update does not name."""
        try:
            self._update(ref, card_text(card), card_blocks(card))
        except PermanentFailure as failure:
            _only_blocks(failure, f"the card of {card.ticket_id}")
            # Without an empty list Slack would keep the blocks that are there.
            self._update(ref, card_plain(card), [])

    def post_line(
        self, card: MessageRef, text: str, *, key: str, recheck: bool, choices: Sequence[NoticeChoice] = ()
    ) -> MessageRef:
        """Write a line into the card's thread, with buttons to choose by."""
        if recheck and (found := self._find(card.channel, key, thread=card.ts)):
            return found
        said = shortened(escaped(text), _TEXT_LIMIT)
        if choices:
            try:
                return self._post(card.channel, key, text=said, blocks=_with_choices(said, choices), thread=card.ts)
            except PermanentFailure as failure:
                _only_blocks(failure, "a line's buttons")
        return self._post(card.channel, key, text=said, thread=card.ts)

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
        where = self._conversation(channel)
        if recheck and (found := self._find(where, key)):
            return found
        words = [person(mention)] if mention else []
        words.append(shortened(escaped(text), _TEXT_LIMIT))
        address = self._address(card) if card is not None else None
        if address is not None:
            words.append(link(address, "Open the card"))
        said = " ".join(words)
        if choices:
            try:
                return self._post(where, key, text=said, blocks=_with_choices(said, choices))
            except PermanentFailure as failure:
                _only_blocks(failure, "a notice's buttons")
        return self._post(where, key, text=said)

    def post_digest(self, channel: str, digest: Digest, *, key: str, recheck: bool) -> MessageRef:
        """Post the joint-retro digest."""
        if recheck and (found := self._find(channel, key)):
            return found
        text, blocks, charts = digest_text(digest), digest_blocks(digest), digest_charts(digest)
        if charts:
            try:
                return self._post(channel, key, text=text, blocks=[*blocks, *charts])
            except PermanentFailure as failure:
                # Workspaces get new kinds of blocks one after the other; the numbers stand in the others too.
                _only_blocks(failure, "the digest's charts")
        return self._post(channel, key, text=text, blocks=blocks)

    def open_severity_channel(
        self, name: str, card: Card, *, private: bool, invite: Sequence[str], key: str, recheck: bool
    ) -> ChannelRef:
        """Have the ticket's own channel, with its people, topic, bookmarks and the link to its card."""
        about = f"{card.ticket_id}'s own channel"
        channel = self._channels.have(name, key=key, about=about, private=private)
        self._channels.invite(channel, invite)
        self._channels.dress(channel, card)
        if not (recheck and self._find(channel.id, key)):
            words = [card_text(card), *([link(card.card_url, "Open the card")] if card.card_url else [])]
            self._post(channel.id, key, text="\n".join(words))
        return channel

    def dress_severity_channel(self, channel: ChannelRef, card: Card, *, invite: Sequence[str] = ()) -> None:
        """Bring topic and bookmarks up to date with the card, and invite more people."""
        self._channels.dress(channel, card)
        self._channels.invite(channel, invite)

    def tell_severity_channel(self, channel: ChannelRef, text: str, *, key: str, recheck: bool) -> MessageRef:
        """Write a line into the ticket's channel."""
        if recheck and (found := self._find(channel.id, key)):
            return found
        return self._post(channel.id, key, text=shortened(escaped(text), _TEXT_LIMIT))

    def close_severity_channel(
        self, channel: ChannelRef, summary: str, *, card: MessageRef | None, key: str, recheck: bool
    ) -> None:
        """Post the summary with a link to the card, and archive the channel."""
        if self._channels.is_archived(channel):
            return
        if not (recheck and self._find(channel.id, key)):
            address = self._address(card) if card is not None else None
            words = [shortened(escaped(summary), _TEXT_LIMIT), *([link(address, "The card")] if address else [])]
            self._post(channel.id, key, text="\n".join(words))
        self._channels.archive(channel)

    def download(self, file: FileLink, *, most_bytes: int) -> AttachedFile:
        """Read a file's bytes as the bot."""
        return self._downloads.read(file, most_bytes)

    def user(self, user_id: str) -> ChatUser:
        """Who that is."""
        with slack_failures():
            user = cast(dict[str, Any], self._client.users_info(user=user_id)["user"])
        profile = cast(dict[str, Any], user.get("profile") or {})
        name = profile.get("display_name") or profile.get("real_name") or user.get("real_name") or user.get("name")
        return ChatUser(id=user_id, name=str(name or user_id), time_zone=user.get("tz"))

    def check(
        self, channels: Sequence[str], groups: Sequence[str] = (), *, private_channels: bool = False
    ) -> list[Check]:
        """Try the tokens, the scopes, that the bot is in each channel, and that each user group is there."""
        try:
            with slack_failures():
                me = self._client.auth_test()
        except IntegrationError as error:
            return [Check(what="Slack: token", ok=False, advice=str(error))]
        found = [Check(what=f"Slack: token, for the workspace {me.get('team', '')}", ok=True)]
        found += _scopes(me.headers, private_channels=private_channels)
        found += self._socket_mode()
        found += [self._channel(channel) for channel in channels]
        return found + [self._user_group(group) for group in groups]

    def _socket_mode(self) -> list[Check]:
        if self._app_token is None:
            return []
        what = "Slack: Socket Mode"
        try:
            with slack_failures():
                self._client.apps_connections_open(app_token=self._app_token.get_secret_value())
        except IntegrationError as error:
            code = getattr(error, "code", None)
            advice = _SOCKET_ADVICE.get(code or "", str(error))
            return [Check(what=what, ok=False, advice=advice)]
        return [Check(what=what, ok=True)]

    def _user_group(self, group: str) -> Check:
        what = f"Slack: user group {group}"
        try:
            with slack_failures():
                members = self._client.usergroups_users_list(usergroup=group).get("users") or []
        except IntegrationError as error:
            gone = getattr(error, "code", None) in ("no_such_subteam", "subteam_not_found")
            advice = "there is none; correct it in the policy" if gone else str(error)
            return Check(what=what, ok=False, advice=advice)
        if not members:
            return Check(what=what, ok=False, advice="nobody is in it, so that nobody has the roles it gives")
        return Check(what=f"{what}: {len(members)} in it", ok=True)

    def _channel(self, channel: str) -> Check:
        what = f"Slack: channel {channel}"
        try:
            with slack_failures():
                info = cast(dict[str, Any], self._client.conversations_info(channel=channel)["channel"])
        except IntegrationError as error:
            return Check(what=what, ok=False, advice=str(error))
        what = f"{what} (#{info.get('name', '')})"
        if info.get("is_archived"):
            return Check(what=what, ok=False, advice="it is archived; name another channel in the policy")
        if not info.get("is_member"):
            return Check(what=what, ok=False, advice="the bot is not in it; write /invite with the bot's name there")
        return Check(what=what, ok=True)

    def _update(self, ref: MessageRef, text: str, blocks: list[Block]) -> None:
        with slack_failures():
            self._client.chat_update(channel=ref.channel, ts=ref.ts, text=text, blocks=blocks, unfurl_links=False)

    def _post(
        self,
        channel: str,
        key: str,
        *,
        text: str,
        blocks: list[dict[str, Any]] | None = None,
        thread: str | None = None,
    ) -> MessageRef:
        with slack_failures():
            posted = self._client.chat_postMessage(
                channel=channel,
                text=text,
                blocks=blocks,
                thread_ts=thread,
                metadata={"event_type": METADATA_TYPE, "event_payload": {"key": key}},
                unfurl_links=False,
                unfurl_media=False,
            )
        return self._ref(str(posted["channel"]), str(posted["ts"]), thread)

    def _find(self, channel: str, key: str, *, thread: str | None = None) -> MessageRef | None:
        """The message that carries the key, newest first."""
        for message in self._messages(channel, thread):
            metadata = message.get("metadata") or {}
            payload = metadata.get("event_payload") or {}
            # Only an app can set metadata, and only ours uses this type.
            if message.get("bot_id") and metadata.get("event_type") == METADATA_TYPE and payload.get("key") == key:
                return self._ref(channel, str(message["ts"]), thread)
        return None

    def _messages(self, channel: str, thread: str | None) -> Iterator[dict[str, Any]]:
        cursor: str | None = None
        for _ in range(_PAGES):
            with slack_failures():
                page = (
                    self._client.conversations_history(
                        channel=channel, include_all_metadata=True, limit=_HISTORY_PAGE, cursor=cursor
                    )
                    if thread is None
                    else self._client.conversations_replies(
                        channel=channel, ts=thread, include_all_metadata=True, limit=_THREAD_PAGE, cursor=cursor
                    )
                )
            yield from cast(list[dict[str, Any]], page.get("messages") or [])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or None
            if cursor is None:
                return

    def _conversation(self, channel: str) -> str:
        """The conversation's own id: for a person (``U…``, ``W…``) the direct message with them."""
        if not channel.startswith(("U", "W")):
            return channel
        if channel not in self._direct:
            with slack_failures():
                opened = self._client.conversations_open(users=[channel])
            self._direct[channel] = str(cast(dict[str, Any], opened["channel"])["id"])
        return self._direct[channel]

    def _ref(self, channel: str, ts: str, thread: str | None) -> MessageRef:
        ref = MessageRef(channel=channel, ts=ts)
        address = self._address(ref)
        if address is not None and thread is not None and thread != ts:
            address = f"{address}?thread_ts={thread}&cid={channel}"
        return ref.model_copy(update={"permalink": address})

    def _address(self, ref: MessageRef) -> str | None:
        """The message's address in the web app; None where the workspace's own is not known just now.

        It is composed, not asked for: ``chat.getPermalink`` would be one more call for each message, and its failure must
        not undo a post that worked.
        """
        if ref.permalink is not None:
            return ref.permalink
        with self._lock:
            try:
                url, _ = self._identity()
            except IntegrationError:
                return None
        return f"{url}/archives/{ref.channel}/p{ref.ts.replace('.', '')}"

    def _bot_user(self) -> str:
        with self._lock:
            return self._identity()[1]

    def _identity(self) -> tuple[str, str]:
        """The workspace's address and the bot's own user id, asked for once."""
        if self._workspace_url is None or self._bot_user_id is None:
            with slack_failures():
                me = self._client.auth_test()
            self._workspace_url, self._bot_user_id = str(me["url"]).rstrip("/"), str(me["user_id"])
        return self._workspace_url, self._bot_user_id


def _only_blocks(failure: PermanentFailure, what: str) -> None:
    """Let pass that Slack refused the blocks of a message, which is then said without them; anything else is raised."""
    if failure.code not in _REFUSED_BLOCKS:
        raise failure
    logger.error("Slack refused the blocks of %s (%s); it is shown without them. Report this", what, failure.code)


def _with_choices(text: str, choices: Sequence[NoticeChoice]) -> list[Block]:
    row = [button(choice.label, action_id=choice.action_id, value=choice.value) for choice in choices]
    return [section(text), actions(row, block_id=CHOICES_BLOCK)]


def _scopes(headers: Mapping[str, str], *, private_channels: bool) -> list[Check]:
    listed = next((value for name, value in headers.items() if name.lower() == "x-oauth-scopes"), None)
    if listed is None:
        return []
    needed = NEEDED_SCOPES | PRIVATE_SCOPES if private_channels else NEEDED_SCOPES
    missing = sorted(needed - {scope.strip() for scope in listed.split(",")})
    if not missing:
        return [Check(what="Slack: scopes", ok=True)]
    told = ", ".join(f"{scope} (for {needed_for(scope) or 'private channels'})" for scope in missing)
    return [Check(what="Slack: scopes", ok=False, advice=f"add {told} to the app and reinstall it")]

"""A ticket's own channel on the Web API: made or found again, its people, its topic, its bookmarks, its end.

Slack takes a channel's name once, so making one can be repeated: a name that is taken is looked up, and the channel is ours when our bot made
it and its description carries the key (or nothing yet, where we died in between).
"""

import html
import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from slack_sdk import WebClient

from domain.card import Card
from domain.chat import ChannelRef
from integrations.errors import PermanentFailure
from integrations.slack.card import card_topic
from integrations.slack.failures import SYSTEM, slack_failures

GONE = frozenset({"is_archived", "channel_not_found", "not_in_channel"})
"""Slack's words for a channel that is not there for us any more."""

_PAGE = 1_000
_PAGES = 10
_INVITED_AT_ONCE = 100
_ALREADY_THERE = frozenset({"already_in_channel", "cant_invite_self"})
_ARCHIVED = frozenset({"already_archived", "is_archived"})

logger = logging.getLogger("integrations.slack")


class SeverityChannels:
    """Tickets' own channels. ``bot_user`` tells the bot's own user id."""

    def __init__(self, client: WebClient, bot_user: Callable[[], str]) -> None:
        self._client = client
        self._bot_user = bot_user

    def have(self, name: str, *, key: str, about: str, private: bool) -> ChannelRef:
        """The channel of that name: new, or found again.

        Raises:
            PermanentFailure: somebody else has the name, or the app may not make channels.
        """
        purpose = f"{about}, kept by Tierline ({key})"
        try:
            with slack_failures():
                made = self._client.conversations_create(name=name, is_private=private)
            channel = cast(dict[str, Any], made["channel"])
        except PermanentFailure as failure:
            if failure.code != "name_taken":
                raise
            channel = self._again(name, key, private=private)
        if key not in _value(channel, "purpose"):
            with slack_failures():
                self._client.conversations_setPurpose(channel=str(channel["id"]), purpose=purpose)
        return ChannelRef(id=str(channel["id"]), name=str(channel.get("name") or name))

    def invite(self, channel: ChannelRef, people: Sequence[str]) -> None:
        """Invite users and the members of user groups. Who is there already, or cannot come, is left out."""
        wanted = list(dict.fromkeys(user for person in people for user in self._users(person)))
        wanted = [user for user in wanted if user != self._bot_user()]
        for start in range(0, len(wanted), _INVITED_AT_ONCE):
            with _unless_gone("invite people", fine=_ALREADY_THERE), slack_failures():
                self._client.conversations_invite(
                    channel=channel.id, users=wanted[start : start + _INVITED_AT_ONCE], force=True
                )

    def dress(self, channel: ChannelRef, card: Card) -> None:
        """Bring topic and bookmarks up to date. Only what differs is set, since Slack tells everybody there of it."""
        with _unless_gone("set the topic"), slack_failures():
            shown = cast(dict[str, Any], self._client.conversations_info(channel=channel.id)["channel"])
            if shown.get("is_archived"):
                raise PermanentFailure(SYSTEM, "the channel is archived", code="is_archived")
            if _value(shown, "topic") != card_topic(card):
                self._client.conversations_setTopic(channel=channel.id, topic=card_topic(card))
        with _unless_gone("set bookmarks"):
            self._bookmark(channel, _bookmarks(card))

    def is_archived(self, channel: ChannelRef) -> bool:
        """Whether it is over."""
        with slack_failures():
            return bool(
                cast(dict[str, Any], self._client.conversations_info(channel=channel.id)["channel"])["is_archived"]
            )

    def archive(self, channel: ChannelRef) -> None:
        """End it; one that was ended already is fine."""
        try:
            with slack_failures():
                self._client.conversations_archive(channel=channel.id)
        except PermanentFailure as failure:
            if failure.code not in _ARCHIVED:
                raise

    def _again(self, name: str, key: str, *, private: bool) -> dict[str, Any]:
        taken = PermanentFailure(
            SYSTEM, f"another channel has the name #{name}; rename or delete it", code="name_taken"
        )
        channel = self._named(name, private=private)
        if channel is None or channel.get("creator") != self._bot_user() or channel.get("is_archived"):
            raise taken
        purpose = _value(channel, "purpose")
        if key not in purpose and "Tierline (" in purpose:
            # Ours as well, of another ticket that had this number.
            raise taken
        return channel

    def _named(self, name: str, *, private: bool) -> dict[str, Any] | None:
        cursor: str | None = None
        for _ in range(_PAGES):
            with slack_failures():
                page = self._client.conversations_list(
                    types="private_channel" if private else "public_channel",
                    exclude_archived=False,
                    limit=_PAGE,
                    cursor=cursor,
                )
            for channel in cast(list[dict[str, Any]], page.get("channels") or []):
                if channel.get("name") == name:
                    return channel
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or None
            if cursor is None:
                return None
        return None

    def _users(self, person: str) -> Sequence[str]:
        if not person.startswith("S"):
            return (person,)
        with _unless_gone("read a user group"), slack_failures():
            return cast(list[str], self._client.usergroups_users_list(usergroup=person)["users"])
        return ()

    def _bookmark(self, channel: ChannelRef, wanted: dict[str, str]) -> None:
        with slack_failures():
            there = cast(
                list[dict[str, Any]], self._client.bookmarks_list(channel_id=channel.id).get("bookmarks") or []
            )
            kept = set()
            for bookmark in there:
                title, address = str(bookmark.get("title")), html.unescape(str(bookmark.get("link")))
                if wanted.get(title) == address:
                    kept.add(title)
                elif title in wanted:
                    # It leads elsewhere by now (another page, a card that was posted anew).
                    self._client.bookmarks_remove(bookmark_id=str(bookmark["id"]), channel_id=channel.id)
            for title, address in wanted.items():
                if title not in kept:
                    self._client.bookmarks_add(channel_id=channel.id, title=title, type="link", link=address)


def _bookmarks(card: Card) -> dict[str, str]:
    """Where those who work on the ticket look, by title."""
    found = {
        "Card": card.card_url,
        **{issue.ref.key: issue.ref.url for issue in card.issues},
        "PagerDuty": card.page_url,
        "Help desk": card.help_desk_url,
        "Temporal": card.ticket_url,
    }
    return {title: url for title, url in found.items() if url is not None and url.startswith(("https://", "http://"))}


def _value(channel: dict[str, Any], field: str) -> str:
    """A topic or purpose as it was set: Slack escapes three characters of it."""
    return html.unescape(str((channel.get(field) or {}).get("value") or ""))


@contextmanager
def _unless_gone(what: str, fine: Collection[str] = ()) -> Iterator[None]:
    """What can be missing: a channel is worth having without it. It is logged, and the ticket goes on."""
    try:
        yield
    except PermanentFailure as failure:
        if failure.code in GONE:
            raise
        if failure.code not in fine:
            logger.warning("could not %s in a ticket's own channel: %s", what, failure)

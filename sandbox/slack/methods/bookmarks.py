"""``bookmarks.*``: the links below a channel's name."""

import secrets
from typing import Any

from sandbox.slack.arguments import Arguments
from sandbox.slack.directory import BOT_ID, BOT_USER_ID
from sandbox.slack.errors import SlackError
from sandbox.slack.methods.method import Method
from sandbox.slack.methods.rooms import inside
from sandbox.slack.state import Bookmark, SlackState

MAX_BOOKMARKS = 100


def bookmark_json(state: SlackState, bookmark: Bookmark) -> dict[str, Any]:
    """Slack's bookmark object."""
    return {
        "id": bookmark.id,
        "channel_id": bookmark.channel,
        "title": bookmark.title,
        "link": bookmark.link,
        "emoji": bookmark.emoji or None,
        "icon_url": None,
        "type": "link",
        "entity_id": None,
        "date_created": bookmark.created,
        "date_updated": 0,
        "rank": "o",
        "last_updated_by_user_id": BOT_USER_ID,
        "last_updated_by_team_id": None,
        "shortcut_id": None,
        "app_id": state.credentials.slack_app_id,
        "app_action_id": BOT_ID,
    }


def add(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``bookmarks.add``: links only."""
    channel = inside(state, arguments.required("channel_id"))
    if arguments.text("type") != "link":
        raise SlackError("invalid_bookmark_type")
    title, link = arguments.required("title"), arguments.text("link") or ""
    if not link.startswith(("http://", "https://")):
        raise SlackError("invalid_link")
    kept = state.bookmarks.setdefault(channel.id, [])
    if len(kept) >= MAX_BOOKMARKS:
        raise SlackError("too_many_bookmarks")
    bookmark = Bookmark(
        f"Bk0{secrets.token_hex(4).upper()}", channel.id, title, link, arguments.text("emoji") or "", int(state.clock())
    )
    kept.append(bookmark)
    state.changed()
    state.ledger.record("slack", "bookmarks.add", bookmark.id, f"{channel.id}/{link}", BOT_USER_ID)
    return {"bookmark": bookmark_json(state, bookmark)}


def list_bookmarks(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``bookmarks.list``."""
    channel = state.channel_of_bot(arguments.required("channel_id"))
    return {"bookmarks": [bookmark_json(state, bookmark) for bookmark in state.bookmarks.get(channel.id, [])]}


def remove(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``bookmarks.remove``."""
    channel = inside(state, arguments.required("channel_id"))
    wanted = arguments.required("bookmark_id")
    kept = state.bookmarks.get(channel.id, [])
    left = [bookmark for bookmark in kept if bookmark.id != wanted]
    if len(left) == len(kept):
        raise SlackError("not_found")
    state.bookmarks[channel.id] = left
    state.changed()
    state.ledger.record("slack", "bookmarks.remove", wanted, None, BOT_USER_ID)
    return {}


BOOKMARKS = (
    Method("bookmarks.add", add, "bookmarks:write"),
    Method("bookmarks.list", list_bookmarks, "bookmarks:read"),
    Method("bookmarks.remove", remove, "bookmarks:write"),
)

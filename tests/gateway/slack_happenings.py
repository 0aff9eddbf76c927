"""Events as Slack sends them, around what happened."""

from typing import Any

BOT = "U0TIERLINE"
CHANNEL, CARD = "C0SUPL1", "1795170000.000100"
"""Where the card of T-1042 stands: it was posted some hours before ``front_door.NOW``."""


def enveloped(event: dict[str, Any], event_id: str = "Ev01", *, shared: bool = False) -> dict[str, Any]:
    """What is sent to the events' address."""
    return {
        "type": "event_callback",
        "team_id": "T0ACME",
        "event_id": event_id,
        "event": event,
        "authorizations": [{"team_id": "T0ACME", "user_id": BOT, "is_bot": True}],
        "is_ext_shared_channel": shared,
    }


def a_reply(text: str = "the acquirer rotated its key", user: str = "U0SAM", **changes: Any) -> dict[str, Any]:
    """Somebody answers in the card's thread."""
    fields: dict[str, Any] = {
        "type": "message",
        "channel": CHANNEL,
        "user": user,
        "text": text,
        "ts": "1795175000.000200",
        "thread_ts": CARD,
        "parent_user_id": BOT,
        "team": "T0ACME",
    }
    return fields | changes


def an_edit(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Somebody changed what they had written."""
    edited = {"user": before.get("user"), "ts": "1795175060.000000"}
    return {
        "type": "message",
        "subtype": "message_changed",
        "channel": CHANNEL,
        "ts": "1795175060.000300",
        "hidden": True,
        "message": {"edited": edited} | after,
        "previous_message": before,
    }


def a_deletion(before: dict[str, Any]) -> dict[str, Any]:
    """What somebody had written was deleted."""
    return {
        "type": "message",
        "subtype": "message_deleted",
        "channel": CHANNEL,
        "ts": "1795175120.000400",
        "deleted_ts": before["ts"],
        "hidden": True,
        "previous_message": before,
    }


def a_reaction(name: str = "eyes", user: str = "U0SAM", **changes: Any) -> dict[str, Any]:
    """Somebody reacted to the card."""
    fields: dict[str, Any] = {
        "type": "reaction_added",
        "user": user,
        "reaction": name,
        "item": {"type": "message", "channel": CHANNEL, "ts": CARD},
        "item_user": BOT,
    }
    return fields | changes


def a_home(user: str, tab: str = "home") -> dict[str, Any]:
    """Somebody opened the app's home."""
    return {"type": "app_home_opened", "user": user, "channel": "D0SAM", "tab": tab}


def links(*urls: str, user: str = "U0SAM", **changes: Any) -> dict[str, Any]:
    """Somebody posted links."""
    fields: dict[str, Any] = {
        "type": "link_shared",
        "channel": CHANNEL,
        "user": user,
        "message_ts": "1795175000.000500",
        "source": "conversations_history",
        "links": [{"url": url, "domain": "tierline.example"} for url in urls],
    }
    return fields | changes

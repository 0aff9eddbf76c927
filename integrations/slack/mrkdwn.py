"""Slack's text format: escaping, links, dates, mentions.

Rules: https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from datetime import datetime

# A digit is in every id and in no name written in capitals.
_USER_ID = re.compile(r"[UW](?=[A-Z]*[0-9])[A-Z0-9]{3,20}")


def escaped(text: str) -> str:
    """Text from people, so that it can neither mention anybody nor make a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def shortened(text: str, limit: int) -> str:
    """At most ``limit`` characters, with an ellipsis where something was cut."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def link(url: str, label: str) -> str:
    """A link; only the label where the address is none that Slack would open."""
    if not url.startswith(("https://", "http://")):
        return escaped(label)
    address = escaped(url).replace("|", "%7C").replace(" ", "%20")
    return f"<{address}|{escaped(label).replace('|', '¦')}>"


def person(name_or_id: str) -> str:
    """A mention for a user's id, else the name as text."""
    return f"<@{name_or_id}>" if _USER_ID.fullmatch(name_or_id) else escaped(name_or_id)


def moment(at: datetime, form: str = "{date_short_pretty}, {time}") -> str:
    """A point in time that each reader sees in their own zone; the fallback is in UTC."""
    return f"<!date^{int(at.timestamp())}^{form}|{at:%Y-%m-%d %H:%M} UTC>"


def countdown(at: datetime) -> str:
    """How far off a point in time is (``in 3 hours``), which each reader's Slack counts by itself: it is never stale."""
    return moment(at, "{ago}")


def bar(share: float, width: int = 10) -> str:
    """A bar of blocks; ``share`` is 0 to 1, and what is beyond is cut. Something above 0 shows at least one block."""
    filled = round(max(0.0, min(share, 1.0)) * width)
    if share > 0:
        filled = max(filled, 1)
    return "▓" * filled + "░" * (width - filled)

"""Events: what happens in Slack without anybody asking Tierline for something, wherever it came through."""

from typing import Any

from gateway.gateway import Gateway, SlackDoor
from gateway.payloads import needed, text_at
from gateway.slack_words import Answer


async def event(gateway: Gateway, slack: SlackDoor, payload: dict[str, Any]) -> Answer:
    """Take in one event of the Events API; the answer matters for ``url_verification`` alone.

    Raises:
        Unreadable: it lacks its type, or what its type needs.
    """
    if needed(text_at(payload, "type"), "type") == "url_verification":
        return {"challenge": needed(text_at(payload, "challenge"), "challenge")}
    return None

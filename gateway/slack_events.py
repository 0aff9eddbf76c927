"""Events: what happens in Slack without anybody asking Tierline for something, wherever it came through.

What must not be lost is handed on before Slack is answered; while that cannot be done Slack is told to come again. What is only
shown is shown after the answer.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from gateway.gateway import Gateway, SlackDoor
from gateway.payloads import needed, text_at
from gateway.slack_home import home_opened
from gateway.slack_reactions import reaction
from gateway.slack_threads import thread_message
from gateway.slack_unfurls import link_shared
from gateway.slack_words import Answer
from gateway.tickets import DeskUnavailable

logger = logging.getLogger("tierline.gateway")

# With what else the answer takes, below the three seconds that Slack waits.
_WITHIN_SECONDS = 2.5


async def event(gateway: Gateway, slack: SlackDoor, payload: dict[str, Any]) -> Answer:
    """Take in one event of the Events API; the answer matters for ``url_verification`` alone.

    Raises:
        Unreadable: it lacks its type, or what its type needs.
        DeskUnavailable: it could not be handed on; Slack is to send it again.
    """
    kind = needed(text_at(payload, "type"), "type")
    if kind == "url_verification":
        return {"challenge": needed(text_at(payload, "challenge"), "challenge")}
    if kind == "app_rate_limited":
        logger.error("slack held events back: more than 30,000 in an hour; see which channels the bot needs to be in")
        return None
    happened = needed(text_at(payload, "event", "type"), "event.type") if kind == "event_callback" else ""
    take = _TAKEN.get(happened)
    if take is not None:
        try:
            async with asyncio.timeout(_WITHIN_SECONDS):
                await take(gateway, slack, payload)
        except TimeoutError:
            raise DeskUnavailable from None
    return None


async def _uninstalled(gateway: Gateway, slack: SlackDoor, payload: dict[str, Any]) -> None:
    logger.error(
        "slack: the app was removed from the workspace, and no card or notice can be posted; install it again and put the new bot "
        "token into TIERLINE_SLACK__BOT_TOKEN"
    )


async def _revoked(gateway: Gateway, slack: SlackDoor, payload: dict[str, Any]) -> None:
    logger.error(
        "slack: tokens of the app were revoked; if `tierline check` cannot sign in, reinstall the app and put the new bot token into "
        "TIERLINE_SLACK__BOT_TOKEN"
    )


_TAKEN: dict[str, Callable[[Gateway, SlackDoor, dict[str, Any]], Awaitable[None]]] = {
    "message": thread_message,
    "reaction_added": reaction,
    "app_home_opened": home_opened,
    "link_shared": link_shared,
    "app_uninstalled": _uninstalled,
    "tokens_revoked": _revoked,
}

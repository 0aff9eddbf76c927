"""What Slack sends, through whichever transport it came: strangers are turned away, everybody else is served."""

import logging
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from gateway.gateway import Gateway, SlackDoor
from gateway.payloads import Unreadable, text_at
from gateway.slack_events import event
from gateway.slack_interactions import interaction
from gateway.slack_people import turned_away
from gateway.slack_slash import slash_command
from gateway.slack_surfaces import SurfaceFailure
from gateway.slack_words import FAILED, UNREADABLE, Answer, ephemeral
from gateway.tickets import DeskUnavailable

logger = logging.getLogger("tierline.gateway")

_PRESSED = frozenset({"block_actions", "message_action", "shortcut"})
"""What people do by hand and wait for, besides sending a form."""


class Kind(StrEnum):
    """What Slack sends: a slash command, what somebody pressed or filled in, or an event that it tells of."""

    COMMAND = "command"
    INTERACTION = "interaction"
    EVENT = "event"


async def taken_in(
    gateway: Gateway,
    slack: SlackDoor,
    kind: Kind,
    read: Callable[[], Mapping[str, Any]],
    aside: Callable[[str], None],
) -> Answer:
    """Take one delivery in, and give what Slack is answered. What cannot be read, or fails here, is kept aside, and whoever asked for
    something is told so.

    Args:
        gateway: where it came to.
        slack: the door that it came through.
        kind: what it is.
        read: gives its payload; may raise Unreadable.
        aside: keeps the delivery for the operators, with the reason.

    Raises:
        DeskUnavailable: an event could not be taken in now; Slack is to send it again.
    """
    payload: Mapping[str, Any] = {}
    try:
        payload = read()
        return await _served(gateway, slack, kind, payload)
    except Unreadable as error:
        aside(str(error))
        words = UNREADABLE
    except DeskUnavailable as error:
        if kind is Kind.EVENT:
            raise
        words = str(error)
    except Exception as error:
        # The type alone: an exception's text may hold what somebody wrote.
        logger.error("slack %s failed error=%s", kind, type(error).__name__)  # noqa: TRY400
        aside(f"failed: {type(error).__name__}")
        words = FAILED
    if kind is Kind.INTERACTION:
        return _to_whoever_acted(gateway, slack, payload, words)
    return ephemeral(words) if kind is Kind.COMMAND else None


async def _served(gateway: Gateway, slack: SlackDoor, kind: Kind, payload: Mapping[str, Any]) -> Answer:
    refuse = _REFUSALS.get(kind)
    refused = await refuse(gateway, slack, payload) if refuse is not None else None
    if refused is not None:
        _count(gateway, "turned away")
        return refused.answer
    if kind is Kind.COMMAND:
        answer = await slash_command(gateway, slack, payload)
    elif kind is Kind.INTERACTION:
        answer = await interaction(gateway, slack, dict(payload))
    else:
        answer = await event(gateway, slack, dict(payload))
        # An answer to an event is that to Slack's check of the address.
        _count(gateway, "event" if answer is None else "ignored")
        return answer
    _count(gateway, kind.value)
    return answer


class _Refused:
    """What somebody who is not heard is answered; the sentence itself may go another way."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


async def _of_command(gateway: Gateway, slack: SlackDoor, form: Mapping[str, Any]) -> _Refused | None:
    user = text_at(form, "user_id")
    if user is None:
        return None
    teams = (text_at(form, "team_id"), text_at(form, "enterprise_id"))
    why = await turned_away(gateway, slack.directory, user, teams)
    return _Refused(ephemeral(why)) if why is not None else None


async def _of_interaction(gateway: Gateway, slack: SlackDoor, payload: Mapping[str, Any]) -> _Refused | None:
    user = text_at(payload, "user", "id")
    if user is None:
        return None
    teams = (text_at(payload, "user", "team_id"), text_at(payload, "enterprise", "id"))
    why = await turned_away(gateway, slack.directory, user, teams)
    return _Refused(_to_whoever_acted(gateway, slack, payload, why)) if why is not None else None


# Of events most concern no ticket: who is behind one is asked where it turns out to.
_REFUSALS = {Kind.COMMAND: _of_command, Kind.INTERACTION: _of_interaction}


def _to_whoever_acted(gateway: Gateway, slack: SlackDoor, payload: Mapping[str, Any], words: str) -> Answer:
    """Have the words reach the person: in the form that they sent, which would else close as if all were well, or where they pressed."""
    kind = text_at(payload, "type")
    if kind == "view_submission":
        return {"response_action": "update", "view": _sentence(words)}
    if kind in _PRESSED:
        url, channel = text_at(payload, "response_url", longest=2_000), text_at(payload, "channel", "id")
        gateway.running.keep(_told(slack, words, url, channel, text_at(payload, "user", "id")))
    return None


async def _told(slack: SlackDoor, words: str, response_url: str | None, channel: str | None, user: str | None) -> None:
    if await slack.late_answers.tell(response_url, words) or user is None:
        return
    try:
        if channel is not None:
            await slack.surfaces.whisper(channel, user, words)
        else:
            # From their home, or by a shortcut that is everywhere.
            await slack.surfaces.write(user, words)
    except SurfaceFailure:
        # Slack may not let us speak to people of another company: then they hear nothing, and nothing was done.
        return


def _sentence(text: str) -> dict[str, Any]:
    """A form that says one sentence."""
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Tierline"},
        "close": {"type": "plain_text", "text": "Close"},
        "blocks": [{"type": "section", "text": {"type": "plain_text", "text": text}}],
    }


def _count(gateway: Gateway, outcome: str) -> None:
    gateway.metrics.webhooks.labels("slack", outcome).inc()

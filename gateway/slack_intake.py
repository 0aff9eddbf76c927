"""What Slack sends, through whichever transport it came: strangers are turned away, everybody else is served."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from gateway.gateway import Gateway, SlackDoor
from gateway.payloads import text_at
from gateway.slack_events import event
from gateway.slack_interactions import interaction
from gateway.slack_people import turned_away
from gateway.slack_slash import slash_command
from gateway.slack_surfaces import SurfaceFailure
from gateway.slack_words import Answer, ephemeral


class Kind(StrEnum):
    """What Slack sends: a slash command, what somebody pressed or filled in, or an event that it tells of."""

    COMMAND = "command"
    INTERACTION = "interaction"
    EVENT = "event"


async def taken_in(gateway: Gateway, slack: SlackDoor, kind: Kind, payload: Mapping[str, Any]) -> Answer:
    """Take one delivery in, and give what Slack is answered.

    Raises:
        Unreadable: it lacks what is needed to place it.
    """
    refused = await _REFUSALS[kind](gateway, slack, payload)
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
    if why is None:
        return None
    kind, url = text_at(payload, "type"), text_at(payload, "response_url", longest=2_000)
    if kind == "view_submission":
        return _Refused({"response_action": "update", "view": _sentence(why)})
    if kind not in ("block_suggestion", "view_closed"):
        gateway.running.keep(_told(slack, why, url, text_at(payload, "channel", "id"), user))
    return _Refused(None)


async def _of_event(gateway: Gateway, slack: SlackDoor, payload: Mapping[str, Any]) -> _Refused | None:
    inner = ("event", "message") if text_at(payload, "event", "subtype") == "message_changed" else ("event",)
    user = text_at(payload, *inner, "user")
    if user is None:
        return None
    # A message says whose team its author is of; who reacted is known by id alone.
    given = next(
        (team for name in ("user_team", "source_team", "team") if (team := text_at(payload, *inner, name))), None
    )
    acts = text_at(payload, "event", "type") == "reaction_added"
    if acts and text_at(payload, "event", "reaction") not in set(gateway.policy.emoji.model_dump().values()):
        return None
    why = await turned_away(gateway, slack.directory, user, (given,))
    if why is None:
        return None
    if acts:
        channel = text_at(payload, "event", "item", "channel")
        gateway.running.keep(_told(slack, why, None, channel, user))
    return _Refused(None)


_REFUSALS = {Kind.COMMAND: _of_command, Kind.INTERACTION: _of_interaction, Kind.EVENT: _of_event}


async def _told(slack: SlackDoor, why: str, response_url: str | None, channel: str | None, user: str) -> None:
    if await slack.late_answers.tell(response_url, why) or channel is None:
        return
    try:
        await slack.surfaces.whisper(channel, user, why)
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

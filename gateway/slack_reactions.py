"""Emoji on a card: with one reaction a person takes the ticket, or says that it is done or must go up.

What each emoji does stands in the policy. A resolution needs words for the customer, and an escalation a reason; a reaction opens no
form, so the person alone gets a button that does.
"""

import asyncio
from typing import Any

from domain.card import CardButton
from domain.messages import Accept, Command
from domain.policy import CommandName, Policy
from gateway.gateway import Gateway, SlackDoor
from gateway.payloads import needed, text_at
from gateway.slack_people import NO_STRANGERS, actor_of, refusal_of, turned_away
from gateway.slack_threads import bots_of
from gateway.slack_whispers import whisper
from gateway.tickets import DeskError, DeskUnavailable
from integrations.slack import blocks
from integrations.slack.mrkdwn import escaped

_PROMPTS = {
    CommandName.RESOLVE: ("Done with {ticket}? Say how, so that the customer can be told.", CardButton.RESOLVE),
    CommandName.ESCALATE: ("{ticket} must go up? Say where to and why.", CardButton.ESCALATE),
}
_LABELS = {CardButton.RESOLVE: "Resolve…", CardButton.ESCALATE: "Escalate…"}
_LONGEST_ID = 100
# Of Slack's three seconds, some went into knowing who reacted, and to what.
_ACTING_SECONDS = 1.5
_LATE = (
    "I cannot reach my workflows at the moment. I try again for some minutes; if the card does not change, react anew."
)


async def reaction(gateway: Gateway, slack: SlackDoor, payload: dict[str, Any]) -> None:
    """Do what the emoji stands for, if it is on a card; once for each event.

    Raises:
        Unreadable: it has no id.
        DeskUnavailable: Slack is to send it again.
    """
    event_id = needed(text_at(payload, "event_id", longest=_LONGEST_ID), "event_id")
    wanted = command_of(gateway.policy, text_at(payload, "event", "reaction"))
    user = text_at(payload, "event", "user")
    channel, ts = (text_at(payload, "event", "item", name) for name in ("channel", "ts"))
    if wanted is None or user is None or channel is None or ts is None or not _is_on_ours(payload, user):
        return
    ticket_id = await slack.cards.ticket_of(gateway.desk, channel, ts, gateway.now())
    if ticket_id is None:
        return

    def tell(text: str, why: str, shown: list[blocks.Block] | None = None) -> None:
        key = f"{why}/{event_id}"
        whisper(gateway, slack, channel, user, text, key=key, blocks=shown or ())

    refusal = await turned_away(gateway, slack.directory, user, ())
    actor = actor_of(gateway, user, None)
    if refusal == NO_STRANGERS:
        tell(refusal, "stranger")
    elif refusal is not None:
        # An app: it reads nothing.
        return
    elif (refused := refusal_of(gateway, actor, wanted)) is not None:
        tell(refused, "refused")
    elif wanted is CommandName.ACCEPT:
        command = Command(id=f"slack/{event_id}", by=actor, request=Accept())
        try:
            async with asyncio.timeout(min(slack.patience, _ACTING_SECONDS)):
                result = await gateway.desk.execute(ticket_id, command)
        except (TimeoutError, DeskUnavailable):
            tell(_LATE, "late")
            raise DeskUnavailable from None
        except DeskError as error:
            tell(escaped(str(error)), "refused")
        else:
            if not result.accepted:
                tell(escaped(result.message), "refused")
    else:
        sentence, button = _PROMPTS[wanted]
        text = sentence.format(ticket=ticket_id)
        pressed = blocks.button(_LABELS[button], action_id=f"tierline.{button}", value=ticket_id, style="primary")
        tell(text, "asked", [blocks.section(text), blocks.actions([pressed], block_id="tierline.reaction")])


def command_of(policy: Policy, emoji: str | None) -> CommandName | None:
    """What a reaction stands for; the tone of a hand's skin makes no difference."""
    name = (emoji or "").partition("::")[0]
    known = {
        policy.emoji.accept: CommandName.ACCEPT,
        policy.emoji.resolve: CommandName.RESOLVE,
        policy.emoji.escalate: CommandName.ESCALATE,
    }
    return known.get(name) if name else None


def _is_on_ours(payload: object, user: str) -> bool:
    """Whether the reaction is a person's, on something that we wrote, as far as the event tells."""
    ours = bots_of(payload)
    author = text_at(payload, "event", "item_user")
    return user not in ours and (not ours or author is None or author in ours)

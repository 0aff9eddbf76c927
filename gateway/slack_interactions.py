"""Shortcuts, buttons and forms: what people choose, press and fill in, wherever it came through."""

import asyncio
from typing import Any

from domain.card import CardButton
from domain.messages import Accept, Command
from domain.people import Actor
from gateway.gateway import Gateway, SlackDoor
from gateway.payloads import Unreadable, digest, needed, text_at
from gateway.slack_forms import (
    changed,
    open_button_form,
    open_escalation,
    open_escalation_from,
    open_from_message,
    open_send_to_customer,
)
from gateway.slack_home import is_on_home, is_refresh, publish, tell_there
from gateway.slack_impact import impact_pressed, is_impact_answer
from gateway.slack_issue_choice import choice_of, is_issue_choice, issue_chosen
from gateway.slack_messages import message_of
from gateway.slack_origin import Origin, tell
from gateway.slack_people import actor_of, refusal_of
from gateway.slack_submissions import COMMANDS, submitted
from gateway.slack_words import Answer, said
from gateway.ticket_finder import is_ticket

ESCALATE_MESSAGE = "escalate_message"
SEND_TO_CUSTOMER = "send_to_customer"
ESCALATE = "escalate"
"""The callback ids of the shortcuts in the app's manifest: two on messages, one everywhere."""
_MORE = "tierline.more"
_PREFIX = "tierline."
_HEARD = frozenset({"block_actions", "view_submission", "message_action", "shortcut"})


async def interaction(gateway: Gateway, slack: SlackDoor, payload: dict[str, Any]) -> Answer:
    """Buttons act at once or open a form, shortcuts open one, a submitted form acts. Anything else is acknowledged.

    Whoever asks here was let in already (``gateway.slack_intake``).

    Raises:
        Unreadable: it lacks its type, the user's id, or what its kind needs.
    """
    kind = needed(text_at(payload, "type"), "type")
    if kind not in _HEARD:
        return None
    user = needed(text_at(payload, "user", "id"), "user.id")
    actor = actor_of(gateway, user, text_at(payload, "user", "username") or text_at(payload, "user", "name"))
    if kind == "view_submission":
        return await submitted(gateway, slack, payload, actor)
    act = _pressed if kind == "block_actions" else _shortcut
    task = asyncio.create_task(act(gateway, slack, payload, actor))
    # Slack waits three seconds for the acknowledgement, and a form that opens slowly must not use them up.
    await asyncio.wait({task}, timeout=slack.patience)
    if task.done():
        task.result()
    else:
        gateway.running.keep(task)
    return None


async def _shortcut(gateway: Gateway, slack: SlackDoor, payload: dict[str, Any], actor: Actor) -> None:
    trigger, name = text_at(payload, "trigger_id") or "", text_at(payload, "callback_id")
    if text_at(payload, "type") == "shortcut":
        words = await open_escalation(gateway, slack, trigger, None, actor) if name == ESCALATE else None
    elif name == ESCALATE_MESSAGE:
        words = await open_from_message(gateway, slack, trigger, message_of(payload), actor)
    elif name == SEND_TO_CUSTOMER:
        words = await open_send_to_customer(gateway, slack, trigger, message_of(payload), actor)
    else:
        words = None
    if words is not None:
        gateway.running.keep(tell(slack, _origin(payload), actor.id, words))


async def _pressed(gateway: Gateway, slack: SlackDoor, payload: dict[str, Any], actor: Actor) -> None:
    if text_at(payload, "view", "type") == "modal":
        # The answer must not wait for what is looked up.
        gateway.running.keep(changed(gateway, slack, payload, actor))
        return
    if is_refresh(payload):
        gateway.running.keep(publish(gateway, slack, actor.id))
        return
    if is_impact_answer(payload):
        await impact_pressed(gateway, slack, payload, actor, _origin(payload))
        return
    if is_issue_choice(payload):
        ticket_id, _ = choice_of(payload)
        gateway.running.keep(issue_chosen(gateway, slack, payload, actor, _origin(payload, ticket_id)))
        return
    pressed = _button(payload)
    if pressed is None:
        # Another app's button, or a link button, of which Slack tells as well.
        return
    button, ticket_id = pressed
    origin = _origin(payload, ticket_id)
    words = refusal_of(gateway, actor, COMMANDS[button])
    trigger = text_at(payload, "trigger_id") or ""
    if words is not None:
        pass
    elif button is CardButton.ACCEPT:
        gateway.running.keep(_accepted(gateway, slack, payload, actor, origin))
    elif button is CardButton.ESCALATE:
        words = await open_escalation_from(gateway, slack, trigger, origin, actor)
    else:
        words = await open_button_form(gateway, slack, trigger, button, origin, actor)
    if words is not None:
        gateway.running.keep(tell_there(gateway, slack, origin, actor.id, words))


async def _accepted(gateway: Gateway, slack: SlackDoor, payload: dict[str, Any], actor: Actor, origin: Origin) -> None:
    ticket_id = origin.ticket or ""
    team = text_at(payload, "team", "id") or ""
    moment = text_at(payload, "actions", 0, "action_ts") or text_at(payload, "trigger_id") or ""
    command = Command(id=f"slack/{digest(team, actor.id, moment, ticket_id)}", by=actor, request=Accept())
    await tell_there(gateway, slack, origin, actor.id, said(await gateway.running.carry_out(ticket_id, command)))


def _button(payload: dict[str, Any]) -> tuple[CardButton, str] | None:
    """Which of our buttons was pressed, for which ticket: by itself, or in the menu of those for which there is no room.

    Raises:
        Unreadable: it is ours, and names no ticket.
    """
    action, value = text_at(payload, "actions", 0, "action_id") or "", text_at(payload, "actions", 0, "value")
    if action == _MORE:
        chosen = text_at(payload, "actions", 0, "selected_option", "value") or ""
        name, _, value = chosen.partition(":")
    else:
        name = action.removeprefix(_PREFIX) if action.startswith(_PREFIX) else ""
    if name not in list(CardButton):
        return None
    if value is None or not is_ticket(value):
        raise Unreadable("the button names no ticket")
    return CardButton(name), value


def _origin(payload: dict[str, Any], ticket_id: str | None = None) -> Origin:
    response_url = text_at(payload, "response_url", longest=2_000)
    return Origin(
        ticket=ticket_id,
        response_url=response_url,
        channel=text_at(payload, "channel", "id"),
        # Beside its card a person sees what came of it.
        confirm=response_url is None,
        home=is_on_home(payload),
    )

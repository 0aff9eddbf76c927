"""The buttons by which somebody says whether an issue that is to be opened is the same as another: in the card's thread and on the card."""

from typing import Any

from domain.issue_choice import LINK_ACTION, OPEN_ACTION
from domain.messages import Command, LinkIssue, OpenNewIssue
from domain.people import Actor
from gateway.gateway import Gateway, SlackDoor
from gateway.payloads import Unreadable, digest, text_at
from gateway.slack_home import tell_there
from gateway.slack_origin import Origin
from gateway.slack_people import refusal_of
from gateway.slack_words import said
from gateway.ticket_finder import is_ticket

_LONGEST_VALUE = 700


def is_issue_choice(payload: object) -> bool:
    """Whether one of these buttons was pressed."""
    action = text_at(payload, "actions", 0, "action_id") or ""
    return action == OPEN_ACTION or action.startswith(f"{LINK_ACTION}.")


def choice_of(payload: object) -> tuple[str, LinkIssue | OpenNewIssue]:
    """The ticket, and what is asked of it.

    Raises:
        Unreadable: the button names no ticket, or no issue to link.
    """
    action = text_at(payload, "actions", 0, "action_id") or ""
    value = text_at(payload, "actions", 0, "value", longest=_LONGEST_VALUE) or ""
    ticket_id, _, reference = value.partition(" ")
    if not is_ticket(ticket_id):
        raise Unreadable("the button names no ticket")
    if action == OPEN_ACTION:
        return ticket_id, OpenNewIssue()
    if not reference:
        raise Unreadable("the button names no issue")
    return ticket_id, LinkIssue(reference=reference)


async def issue_chosen(
    gateway: Gateway, slack: SlackDoor, payload: dict[str, Any], actor: Actor, origin: Origin
) -> None:
    """Have it carried out, once for one press, and tell the person what came of it."""
    ticket_id, request = choice_of(payload)
    words = refusal_of(gateway, actor, request.do)
    if words is None:
        team, value = text_at(payload, "team", "id") or "", request.model_dump_json()
        moment = text_at(payload, "actions", 0, "action_ts") or text_at(payload, "trigger_id") or ""
        command = Command(id=f"slack/{digest(team, actor.id, moment, ticket_id, value)}", by=actor, request=request)
        words = said(await gateway.running.carry_out(ticket_id, command))
    await tell_there(gateway, slack, origin, actor.id, words)

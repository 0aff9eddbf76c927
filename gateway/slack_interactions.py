"""Buttons and forms: what people press and fill in, wherever it came through."""

from collections.abc import Awaitable, Callable
from typing import Any

from domain.card import CardButton
from domain.messages import Accept, Command
from domain.messages import Request as TicketRequest
from domain.people import Actor
from gateway import slack_commands, slack_modals
from gateway.access import may, named, refusal_in_slack
from gateway.gateway import Gateway, SlackDoor
from gateway.payloads import digest, needed, text_at
from gateway.running import Outcome
from gateway.slack_modals import InputErrors, Origin
from gateway.slack_people import actor_of
from gateway.slack_surfaces import SurfaceFailure
from gateway.slack_words import NO_FORM, Answer, form_errors, said


async def interaction(gateway: Gateway, slack: SlackDoor, payload: dict[str, Any]) -> Answer:
    """Buttons act at once or open a form; a submitted form acts. Anything else is acknowledged.

    Raises:
        Unreadable: it lacks the user's id.
    """
    kind = text_at(payload, "type")
    if kind not in ("block_actions", "view_submission"):
        return None
    user = needed(text_at(payload, "user", "id"), "user.id")
    actor = actor_of(gateway, user, text_at(payload, "user", "username") or text_at(payload, "user", "name"))
    if kind == "block_actions":
        return await _pressed(gateway, slack, payload, actor)
    return await _submitted(gateway, slack, payload, actor)


async def _pressed(gateway: Gateway, slack: SlackDoor, payload: dict[str, Any], actor: Actor) -> Answer:
    button = slack_modals.button_of(text_at(payload, "actions", 0, "action_id"))
    ticket_id = text_at(payload, "actions", 0, "value")
    url = text_at(payload, "response_url", longest=2_000)
    if button is None or ticket_id is None or not slack_commands.is_ticket(ticket_id):
        # Another app's button, or a link button, of which Slack tells as well.
        return None

    async def tell(text: str) -> None:
        await slack.late_answers.tell(url, text)

    command_name = slack_modals.COMMANDS[button]
    if not may(actor, gateway.policy.allowed(command_name)):
        gateway.running.keep(tell(refusal_in_slack(gateway.policy, command_name)))
    elif button is CardButton.ACCEPT:
        team = text_at(payload, "team", "id") or ""
        moment = text_at(payload, "actions", 0, "action_ts") or text_at(payload, "trigger_id") or ""
        command_id = f"slack/{digest(team, actor.id, moment, ticket_id)}"
        command = Command(id=command_id, by=actor, request=Accept())
        gateway.running.keep(_carried_out(gateway, ticket_id, command, tell))
    else:
        view = slack_modals.modal(button, Origin(ticket=ticket_id, response_url=url), gateway.policy)
        try:
            await slack.surfaces.open(text_at(payload, "trigger_id") or "", view)
        except SurfaceFailure:
            gateway.running.keep(tell(NO_FORM))
    return None


async def _carried_out(
    gateway: Gateway, ticket_id: str, command: Command, tell: Callable[[str], Awaitable[None]]
) -> None:
    await tell(said(await gateway.running.carry_out(ticket_id, command)))


async def _submitted(gateway: Gateway, slack: SlackDoor, payload: dict[str, Any], actor: Actor) -> Answer:
    button = slack_modals.button_of(text_at(payload, "view", "callback_id"))
    origin = slack_modals.origin_of(payload)
    if button is None or button is CardButton.ACCEPT or origin is None:
        return None
    command_name = slack_modals.COMMANDS[button]
    if not may(actor, gateway.policy.allowed(command_name)):
        # Mentions are not shown in a form's errors; names of roles are.
        allowed = named(gateway.policy.allowed(command_name))
        return form_errors({slack_modals.first_block(button): f"This is for {allowed}."})
    try:
        wanted = slack_modals.request_of(button, payload)
    except InputErrors as errors:
        return form_errors(errors.errors)

    async def later(outcome: Outcome) -> None:
        await slack.late_answers.tell(origin.response_url, said(outcome))

    command = Command(id=_submission_id(payload, actor, wanted), by=actor, request=wanted)
    outcome = await gateway.running.within(slack.patience, origin.ticket, command, later)
    if outcome is not None and not outcome.done:
        return form_errors({slack_modals.first_block(button): outcome.message[:500]})
    return None


def _submission_id(payload: dict[str, Any], actor: Actor, wanted: TicketRequest) -> str:
    """The same for the same form sent again; another once the person corrected what was refused."""
    team, view = text_at(payload, "team", "id") or "", text_at(payload, "view", "id") or ""
    return f"slack/{digest(team, actor.id, view, wanted.model_dump_json())}"

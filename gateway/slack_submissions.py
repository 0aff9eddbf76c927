"""Submitted forms: each acts once, however often it comes, or stays open with a sentence where something is to be mended."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from domain.card import CardButton
from domain.messages import Command, Escalate
from domain.messages import Request as TicketRequest
from domain.people import Actor
from domain.policy import CommandName
from domain.report import EscalationReport
from domain.tiers import Tier
from gateway import slack_escalation_form, slack_new_ticket_form, slack_reply_form, slack_short_forms
from gateway.access import OPENERS, may, named
from gateway.gateway import Gateway, SlackDoor
from gateway.payloads import Unreadable, digest, text_at
from gateway.running import Outcome
from gateway.slack_escalation_form import Filled
from gateway.slack_forms import confirmation_view, escalation_view, named_ticket
from gateway.slack_frames import told
from gateway.slack_home import tell_there
from gateway.slack_inputs import InputErrors
from gateway.slack_origin import Origin, origin_of
from gateway.slack_preview import preview_of
from gateway.slack_words import Answer, form_errors, said
from gateway.tickets import DeskError, DeskUnavailable

COMMANDS = {
    CardButton.ACCEPT: CommandName.ACCEPT,
    CardButton.ESCALATE: CommandName.ESCALATE,
    CardButton.RETURN: CommandName.RETURN,
    CardButton.RESOLVE: CommandName.RESOLVE,
    CardButton.REOPEN: CommandName.REOPEN,
    CardButton.REPLY: CommandName.REPLY,
    CardButton.NOTE: CommandName.NOTE,
    CardButton.SNOOZE: CommandName.SNOOZE,
    CardButton.HAND_OVER: CommandName.HAND_OVER,
    CardButton.PRIORITY: CommandName.PRIORITY,
    CardButton.LINK: CommandName.LINK,
}
"""What each button asks of a ticket."""
_PREFIX = "tierline."
_LONGEST_ERROR = 500
_MISSING_SECONDS = 0.3
"""What is left of Slack's three seconds when a refusal came late."""


async def submitted(gateway: Gateway, slack: SlackDoor, payload: dict[str, Any], actor: Actor) -> Answer:
    """Do what a submitted form asks for; None where it is none of ours.

    Raises:
        Unreadable: it is ours, and does not say what it was opened for.
    """
    callback, origin = text_at(payload, "view", "callback_id") or "", origin_of(payload)
    if not callback.startswith(_PREFIX):
        return None
    if origin is None:
        raise Unreadable("the form does not say what it was opened for")
    try:
        if callback == slack_new_ticket_form.CALLBACK:
            return await _opened(gateway, slack, payload, actor, origin)
        name = callback.removeprefix(_PREFIX)
        button = CardButton(name) if name in list(CardButton) else None
        if button is CardButton.ESCALATE:
            return await _escalated(gateway, slack, payload, actor, origin)
        if button is None or button is CardButton.ACCEPT:
            return None
        if origin.ticket is None:
            raise Unreadable("the form names no ticket")
        if button is CardButton.REPLY:
            return await _replied(gateway, slack, payload, actor, origin, origin.ticket)
        block = slack_short_forms.first_block(button)
        _require(gateway, actor, COMMANDS[button], block)
        wanted = slack_short_forms.request_of(button, payload)
        return await _done(gateway, slack, origin, origin.ticket, _command(payload, actor, wanted), block)
    except InputErrors as errors:
        return form_errors({block: sentence[:_LONGEST_ERROR] for block, sentence in errors.errors.items()})


async def _replied(
    gateway: Gateway, slack: SlackDoor, payload: dict[str, Any], actor: Actor, origin: Origin, ticket_id: str
) -> Answer:
    """What was previewed is sent; what was changed since is shown again first."""
    _require(gateway, actor, CommandName.REPLY, "text")
    reply = slack_reply_form.reply_of(payload)
    if origin.seen == slack_reply_form.fingerprint(reply):
        return await _done(gateway, slack, origin, ticket_id, _command(payload, actor, reply), "text")
    try:
        async with asyncio.timeout(slack.patience):
            view, refused = await confirmation_view(gateway, actor, origin, reply)
    except TimeoutError:
        raise InputErrors({"text": str(DeskUnavailable())}) from None
    if refused is not None:
        raise InputErrors({"text": refused})
    return {"response_action": "update", "view": view}


async def _escalated(
    gateway: Gateway, slack: SlackDoor, payload: dict[str, Any], actor: Actor, origin: Origin
) -> Answer:
    _require(gateway, actor, CommandName.ESCALATE, "reason")
    filled, tier = slack_escalation_form.wanted_of(payload, gateway.policy)
    if filled.reply is not None:
        _require(gateway, actor, CommandName.REPLY, "send")
    began = asyncio.get_running_loop().time()
    ticket_id = origin.ticket or await _named(gateway, filled, slack.patience / 2)
    commands = _escalation(payload, actor, filled, tier)
    work = _one_after_the_other(gateway, ticket_id, commands)
    left = slack.patience - (asyncio.get_running_loop().time() - began)
    outcome = await gateway.running.in_time(left, work, _later(gateway, slack, origin, actor))
    if outcome is not None and not outcome.done:
        raise InputErrors(await _refused(gateway, payload, ticket_id, commands[-1], outcome))
    _confirm(gateway, slack, origin, actor, outcome)
    return None


async def _named(gateway: Gateway, filled: Filled, seconds: float) -> str:
    try:
        async with asyncio.timeout(seconds):
            ticket_id, words = await named_ticket(gateway, filled.ticket)
    except TimeoutError:
        ticket_id, words = None, str(DeskUnavailable())
    if ticket_id is None:
        raise InputErrors({"ticket": words or "Name the ticket."})
    return ticket_id


def _escalation(payload: dict[str, Any], actor: Actor, filled: Filled, tier: Tier) -> list[Command]:
    """The customer is told first, by the tier that has the ticket; each command has an id of its own."""
    wanted: list[TicketRequest] = [] if filled.reply is None else [filled.reply]
    return [_command(payload, actor, request) for request in (*wanted, filled.request(tier))]


async def _one_after_the_other(gateway: Gateway, ticket_id: str, commands: list[Command]) -> Outcome:
    if len(commands) > 1:
        try:
            both = await preview_of(gateway, ticket_id, commands)
            alone = await preview_of(gateway, ticket_id, commands[-1:])
        except DeskError as error:
            return Outcome(False, str(error))
        if alone is not None and (alone.refusal is not None or alone.missing):
            # The customer is told nothing of an escalation that does not happen. One that has happened already says so.
            commands = commands[-1:]
        elif both is not None and both.refusal is not None:
            # Nor does one happen whose words cannot be sent.
            return Outcome(False, both.refusal)
    outcome = Outcome(False, "")
    for command in commands:
        outcome = await gateway.running.carry_out(ticket_id, command)
        if not outcome.done:
            break
    return outcome


async def _refused(
    gateway: Gateway, payload: dict[str, Any], ticket_id: str, command: Command, outcome: Outcome
) -> dict[str, str]:
    """The refusal under the inputs that it is about: those that are still to be filled in, else the reason."""
    assert isinstance(command.request, Escalate)
    try:
        async with asyncio.timeout(_MISSING_SECONDS):
            looked = await preview_of(gateway, ticket_id, [command])
    except (TimeoutError, DeskError):
        looked = None
    if looked is None or not looked.missing:
        return {"reason": outcome.message}
    words = f"{command.request.to} asks for this before it takes the ticket."
    return {slack_escalation_form.input_of(part, payload): words for part in looked.missing}


async def _opened(gateway: Gateway, slack: SlackDoor, payload: dict[str, Any], actor: Actor, origin: Origin) -> Answer:
    """Open the ticket, and go on with the form that escalates it."""
    if not may(actor, OPENERS):
        raise InputErrors({"title": f"This is for {named(OPENERS)}."})
    view_id, text = text_at(payload, "view", "id") or "", slack_new_ticket_form.words_of(payload)
    key = f"slack/{digest(text_at(payload, 'team', 'id') or '', actor.id, view_id, *text)}"
    opening = slack_new_ticket_form.opening_of(payload, actor, key)
    try:
        async with asyncio.timeout(slack.patience * 2 / 3):
            await gateway.desk.open(opening, idempotency_key=key)
    except (TimeoutError, DeskError) as error:
        raise InputErrors({"title": str(error) or str(DeskUnavailable())}) from None
    known = origin.model_copy(update={"ticket": opening.ticket_id})
    words = f"{opening.ticket_id} is open. Close this form, or escalate the ticket at once."
    filled = Filled(report=EscalationReport(component=opening.component) if opening.component else None)
    try:
        async with asyncio.timeout(slack.patience / 3):
            view = await escalation_view(gateway, actor, known, filled, words=words)
    except TimeoutError:
        view = told(known, "New ticket", f"{opening.ticket_id} is open.")
    if not may(actor, gateway.policy.allowed(CommandName.ESCALATE)):
        view = told(known, "New ticket", f"{opening.ticket_id} is open.")
    return {"response_action": "update", "view": view}


async def _done(
    gateway: Gateway, slack: SlackDoor, origin: Origin, ticket_id: str, command: Command, block: str
) -> Answer:
    """Have it carried out; a refusal stands under that block of the form."""
    later = _later(gateway, slack, origin, command.by)
    outcome = await gateway.running.within(slack.patience, ticket_id, command, later)
    if outcome is not None and not outcome.done:
        raise InputErrors({block: outcome.message})
    _confirm(gateway, slack, origin, command.by, outcome)
    return None


def _later(gateway: Gateway, slack: SlackDoor, origin: Origin, actor: Actor) -> Callable[[Outcome], Awaitable[object]]:
    async def later(outcome: Outcome) -> None:
        await tell_there(gateway, slack, origin, actor.id, said(outcome))

    return later


def _confirm(gateway: Gateway, slack: SlackDoor, origin: Origin, actor: Actor, outcome: Outcome | None) -> None:
    if outcome is not None and origin.confirm:
        gateway.running.keep(tell_there(gateway, slack, origin, actor.id, said(outcome)))


def _require(gateway: Gateway, actor: Actor, command: CommandName, block: str) -> None:
    allowed = gateway.policy.allowed(command)
    if not may(actor, allowed):
        # Mentions are not shown in a form's errors; names of roles are.
        raise InputErrors({block: f"This is for {named(allowed)}."})


def _command(payload: dict[str, Any], actor: Actor, wanted: TicketRequest) -> Command:
    """With an id that is the same for the same form sent again, and another once the person corrected what was refused."""
    team, view = text_at(payload, "team", "id") or "", text_at(payload, "view", "id") or ""
    return Command(id=f"slack/{digest(team, actor.id, view, wanted.model_dump_json())}", by=actor, request=wanted)

"""Opening forms within the three seconds that a trigger lives, before anything is looked up, and filling them in afterwards."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from domain.card import CardButton
from domain.messages import Command, Reply
from domain.people import Actor
from domain.policy import CommandName
from domain.preview import Preview
from domain.tiers import Tier
from domain.views import TicketView
from gateway import slack_escalation_form, slack_new_ticket_form, slack_reply_form
from gateway.gateway import Gateway, SlackDoor
from gateway.payloads import at, text_at
from gateway.slack_escalation_form import Filled, Shown, escalation_form, filled_so_far, tier_of
from gateway.slack_frames import skeleton, told
from gateway.slack_inputs import LONGEST_INPUT
from gateway.slack_messages import PickedMessage, text_of, tickets_of
from gateway.slack_origin import Origin, origin_of, tell
from gateway.slack_people import refusal_of
from gateway.slack_preview import preview_of, preview_text
from gateway.slack_short_forms import LOOKED_UP, short_form
from gateway.slack_surfaces import Form, SurfaceFailure
from gateway.slack_text import unescaped
from gateway.slack_words import NO_FORM
from gateway.ticket_finder import Unclear, find, mention_of
from gateway.tickets import DeskError, DeskUnavailable, TicketUnknown

_NO_MORE = "I could not fill the form in; please close it and open it again."
_NO_THREAD = (
    "This message is in no ticket's thread, so I do not know which customer is meant; use Reply on the ticket's card."
)
_NO_TICKET = (
    "Which ticket? Write its id, such as T-1042, the help desk's number, an issue such as PAY-12, or the card's link."
)
_LONGEST_QUOTE = 2_900
_ATTEMPTS = 2
_CLOSED = frozenset({"not_found", "view_not_found"})
"""What Slack says of a form that the person has closed."""


async def open_escalation(
    gateway: Gateway,
    slack: SlackDoor,
    trigger_id: str,
    ticket_id: str | None,
    actor: Actor,
    *,
    channel: str | None = None,
    response_url: str | None = None,
    text: str | None = None,
    tier: Tier | None = None,
) -> str | None:
    """Open the form by which a ticket is escalated.

    Args:
        gateway: where the request came to.
        slack: the door that it came through.
        trigger_id: Slack's, good for three seconds.
        ticket_id: the ticket; None lets the person choose one.
        actor: who asked for the form.
        channel: where they asked, so that they can be told there what came of it.
        response_url: where they can be told first of all.
        text: what the reason begins with.
        tier: the tier that is chosen in it; the next one up, if left out.

    Returns:
        None when it is open, else one sentence for the person.
    """
    origin = Origin(ticket=ticket_id, response_url=response_url, channel=channel, confirm=True)
    return await open_escalation_from(gateway, slack, trigger_id, origin, actor, text=text, tier=tier)


async def open_escalation_from(
    gateway: Gateway,
    slack: SlackDoor,
    trigger_id: str,
    origin: Origin,
    actor: Actor,
    *,
    text: str | None = None,
    tier: Tier | None = None,
) -> str | None:
    """The same for whoever knows where it was asked for."""
    refused = refusal_of(gateway, actor, CommandName.ESCALATE)
    if refused is not None:
        return refused
    filled = Filled(tier=tier, reason=(text or "")[:LONGEST_INPUT])
    if origin.ticket is None:
        # Nothing is to be looked up before the person has named a ticket.
        return await _opened(slack, trigger_id, escalation_form(gateway.policy, actor, origin, filled, Shown()))

    async def fill(form: Form) -> None:
        await _show(slack, form, await escalation_view(gateway, actor, origin, filled), origin, actor)

    return await _opened(slack, trigger_id, skeleton(origin, "Escalate"), gateway, fill)


async def open_button_form(
    gateway: Gateway, slack: SlackDoor, trigger_id: str, button: CardButton, origin: Origin, actor: Actor
) -> str | None:
    """Open the form of any of a card's buttons but Escalate and Accept; None when it is open, else one sentence for the person."""
    if button is CardButton.REPLY:
        return await _opened(slack, trigger_id, slack_reply_form.reply_form(origin))
    if button not in LOOKED_UP:
        return await _opened(slack, trigger_id, short_form(button, origin, gateway.policy))

    async def fill(form: Form) -> None:
        ticket, words = await _looked_up(gateway, origin.ticket or "")
        view = told(origin, "Hand over", words) if words else short_form(button, origin, gateway.policy, ticket)
        await _show(slack, form, view, origin, actor)

    return await _opened(slack, trigger_id, skeleton(origin, "Hand over"), gateway, fill)


async def open_from_message(
    gateway: Gateway, slack: SlackDoor, trigger_id: str, message: PickedMessage, actor: Actor
) -> str | None:
    """Open the form that escalates the message's ticket or, where it belongs to none, lets a ticket be named or opened from it."""
    refused = refusal_of(gateway, actor, CommandName.ESCALATE)
    if refused is not None:
        return refused
    origin = Origin(response_url=message.response_url, channel=message.channel, confirm=True)

    async def fill(form: Form) -> None:
        found, said = await asyncio.gather(_tickets(gateway, message), text_of(slack, message))
        known = origin.model_copy(update={"ticket": found[0] if found else None})
        filled = Filled(ticket=message.mentioned or "", reason="" if message.is_ours else said[:LONGEST_INPUT])
        quoted = None if found else said[:_LONGEST_QUOTE] or "(a message without text)"
        await _show(slack, form, await escalation_view(gateway, actor, known, filled, quoted), origin, actor)

    return await _opened(slack, trigger_id, skeleton(origin, "Escalate"), gateway, fill)


async def open_send_to_customer(
    gateway: Gateway, slack: SlackDoor, trigger_id: str, message: PickedMessage, actor: Actor
) -> str | None:
    """Open the form that shows what the customer would get of a message in a ticket's thread, and sends it."""
    refused = refusal_of(gateway, actor, CommandName.REPLY)
    if refused is not None:
        return refused
    origin = Origin(response_url=message.response_url, channel=message.channel, confirm=True)

    async def fill(form: Form) -> None:
        found, said = await asyncio.gather(_tickets(gateway, message), text_of(slack, message))
        known = origin.model_copy(update={"ticket": found[0] if found else None})
        # What Tierline writes is for colleagues: nobody sends that off by a click.
        text = "" if message.is_ours else said[:LONGEST_INPUT]
        if known.ticket is None:
            view = told(known, "Reply", _NO_THREAD)
        elif not text:
            view = slack_reply_form.reply_form(known)
        else:
            view, _ = await confirmation_view(gateway, actor, known, Reply(text=text))
        await _show(slack, form, view, origin, actor)

    return await _opened(slack, trigger_id, skeleton(origin, "Reply"), gateway, fill)


async def changed(gateway: Gateway, slack: SlackDoor, payload: dict[str, Any], actor: Actor) -> None:
    """Something was chosen in an open escalation form, or a new ticket is wanted of it: show what comes of that."""
    origin, view_id = origin_of(payload), text_at(payload, "view", "id")
    if origin is None or view_id is None or text_at(payload, "view", "callback_id") != slack_escalation_form.CALLBACK:
        return
    number = slack.changes.next(view_id)
    form = Form(view_id, text_at(payload, "view", "hash") or "")
    quoted = _quoted(payload)
    if text_at(payload, "actions", 0, "action_id") == slack_escalation_form.NEW_TICKET:
        view = slack_new_ticket_form.new_ticket_form(gateway.policy, origin, quoted or "")
    else:
        view = await escalation_view(gateway, actor, origin, filled_so_far(payload), quoted)
    if not slack.changes.is_newest(view_id, number):
        return
    try:
        await slack.surfaces.update(form, view)
    except SurfaceFailure as failure:
        # An earlier change was shown in between; this one is the newer.
        if failure.code == "hash_conflict" and slack.changes.is_newest(view_id, number):
            await _show(slack, replace(form, hash=""), view, origin, actor)


async def _opened(
    slack: SlackDoor,
    trigger_id: str,
    view: dict[str, Any],
    gateway: Gateway | None = None,
    fill: Callable[[Form], Awaitable[None]] | None = None,
) -> str | None:
    """Open it, and have it filled in afterwards; None when it is open, else one sentence for the person."""
    try:
        form = await slack.surfaces.open(trigger_id, view)
    except SurfaceFailure:
        return NO_FORM
    if gateway is not None and fill is not None:
        gateway.running.keep(fill(form))
    return None


async def _show(slack: SlackDoor, form: Form, view: dict[str, Any], origin: Origin, actor: Actor) -> None:
    """Replace what an open form shows; the person hears of it when Slack does not, since they would wait for ever."""
    for _ in range(_ATTEMPTS):
        try:
            await slack.surfaces.update(form, view)
        except SurfaceFailure as failure:
            if failure.code in _CLOSED:
                return
        else:
            return
    await tell(slack, origin, actor.id, _NO_MORE)


# --- what forms are filled with ------------------------------------------------------------------------------------


async def escalation_view(
    gateway: Gateway,
    actor: Actor,
    origin: Origin,
    filled: Filled,
    quoted: str | None = None,
    words: str | None = None,
) -> dict[str, Any]:
    """The escalation form as it is known now: the ticket, and what would happen by what is chosen so far."""
    ticket_id = origin.ticket
    if ticket_id is None and filled.ticket:
        ticket_id, words = await named_ticket(gateway, filled.ticket)
    ticket, preview = None, None
    if ticket_id is not None:
        ticket, trouble = await _looked_up(gateway, ticket_id)
        words = trouble or words
        if isinstance(trouble, _Unknown):
            # Another one can be named.
            origin, filled = origin.model_copy(update={"ticket": None}), replace(filled, ticket=ticket_id)
    tier = tier_of(gateway.policy, filled, ticket)
    if ticket is not None and tier is not None:
        looked = await _preview(gateway, ticket.id, commands_of(filled, tier, actor, "preview"))
        preview = await preview_text(gateway, looked)
    return escalation_form(gateway.policy, actor, origin, filled, Shown(ticket, words, preview, quoted))


async def confirmation_view(
    gateway: Gateway, actor: Actor, origin: Origin, reply: Reply
) -> tuple[dict[str, Any], str | None]:
    """What the customer would get of these words, and why they could not be sent now, if so."""
    ticket_id = origin.ticket or ""
    ticket, _ = await _looked_up(gateway, ticket_id)
    looked = await _preview(gateway, ticket_id, [Command(id="preview", by=actor, request=reply)])
    text = await preview_text(gateway, looked)
    return slack_reply_form.confirmation(origin, reply, ticket, text), looked.refusal if looked is not None else None


def commands_of(filled: Filled, tier: Tier, actor: Actor, command_id: str) -> list[Command]:
    """What a form asks for, in order: the customer is told first, by the tier that has the ticket, which then goes up."""
    escalate = Command(id=command_id, by=actor, request=filled.request(tier))
    reply = filled.reply
    return [escalate] if reply is None else [Command(id=f"{command_id}/reply", by=actor, request=reply), escalate]


async def named_ticket(gateway: Gateway, text: str) -> tuple[str | None, str | None]:
    """The ticket that somebody named, or a sentence that says why it is not known which one."""
    mention = mention_of(text.strip(), gateway.policy)
    if mention is None:
        return None, _NO_TICKET
    try:
        return await find(gateway.desk, mention), None
    except Unclear as unclear:
        return None, unescaped(str(unclear))
    except (DeskError, TimeoutError):
        return None, str(DeskUnavailable())


class _Unknown(str):
    """The words that there is no such ticket."""

    __slots__ = ()


async def _looked_up(gateway: Gateway, ticket_id: str) -> tuple[TicketView | None, str | None]:
    try:
        return await gateway.desk.view(ticket_id), None
    except TicketUnknown as unknown:
        return None, _Unknown(unknown)
    except DeskError as error:
        return None, str(error)


async def _preview(gateway: Gateway, ticket_id: str, commands: Sequence[Command]) -> Preview | None:
    try:
        return await preview_of(gateway, ticket_id, commands)
    except TicketUnknown as unknown:
        return Preview(refusal=str(unknown))


async def _tickets(gateway: Gateway, message: PickedMessage) -> list[str]:
    try:
        return await tickets_of(gateway, message)
    except DeskError:
        return []


def _quoted(payload: object) -> str | None:
    """The message that a form quotes, read back from the form itself."""
    blocks = at(payload, "view", "blocks")
    for block in blocks if isinstance(blocks, list) else []:
        if text_at(block, "block_id") == slack_escalation_form.QUOTED:
            text = text_at(block, "text", "text", longest=LONGEST_INPUT) or ""
            return unescaped(text)
    return None

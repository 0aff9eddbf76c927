"""The ``/tier`` command: what a person typed is carried out, and answered to them alone."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.messages import Command, Escalate
from domain.people import Actor
from gateway import slack_commands
from gateway.gateway import Gateway, SlackDoor
from gateway.payloads import digest, needed, text_at
from gateway.slack_commands import Ask, EscalationForm, ImpactAnswer, Place, Typed, Usage
from gateway.slack_forms import open_escalation
from gateway.slack_impact import impact_answered
from gateway.slack_people import actor_of, refusal_of
from gateway.slack_preview import preview_of
from gateway.slack_status import status_text
from gateway.slack_who import who_has, who_is_there
from gateway.slack_words import FAILED, WORKING, Answer, ephemeral, said
from gateway.ticket_finder import Unclear, find
from gateway.tickets import DeskError, DeskUnavailable
from integrations.slack.mrkdwn import escaped

logger = logging.getLogger("tierline.gateway")

NO_ROLE = "I tell that to people whom the policy gives a role; ask whoever keeps the policy."


@dataclass(frozen=True)
class _Asked:
    """Who typed it, where, and how they can be answered: the trigger opens a form, the address takes words later."""

    actor: Actor
    trigger_id: str
    command_id: str
    place: Place
    response_url: str | None


async def slash_command(gateway: Gateway, slack: SlackDoor, form: Mapping[str, Any]) -> Answer:
    """Do what stands after ``/tier``. The answer is what only the person sees; what is not known in time is told later.

    Raises:
        Unreadable: it lacks the user's id or the trigger.
    """
    user, team = needed(text_at(form, "user_id"), "user_id"), text_at(form, "team_id") or ""
    trigger = needed(text_at(form, "trigger_id"), "trigger_id")
    asked = _Asked(
        actor=actor_of(gateway, user, text_at(form, "user_name")),
        trigger_id=trigger,
        command_id=f"slack/{digest(team, user, trigger)}",
        place=Place(text_at(form, "channel_id"), text_at(form, "channel_name")),
        response_url=text_at(form, "response_url", longest=2_000),
    )
    try:
        typed = slack_commands.parse(text_at(form, "text", longest=10_000) or "", gateway.policy, asked.place)
    except Usage as usage:
        return ephemeral(escaped(str(usage)))
    task = asyncio.create_task(_answered(gateway, slack, typed, asked))
    await asyncio.wait({task}, timeout=slack.patience)
    if task.done():
        text = task.result()
        return ephemeral(text) if text is not None else None
    gateway.running.keep(_told_later(slack, task, asked.response_url))
    return ephemeral(WORKING)


async def _told_later(slack: SlackDoor, task: asyncio.Task[str | None], response_url: str | None) -> None:
    try:
        text = await task
    except Exception as error:
        # The type alone: an exception's text may hold what somebody wrote.
        logger.error("slack command failed error=%s", type(error).__name__)  # noqa: TRY400
        text = FAILED
    if text is not None:
        await slack.late_answers.tell(response_url, text)


async def _answered(gateway: Gateway, slack: SlackDoor, typed: Typed, asked: _Asked) -> str | None:
    """What the person is told; None when a form says it."""
    if typed.what is Ask.HELP:
        return slack_commands.help_text(gateway.policy, typed.topic)
    if typed.what is Ask.WHO and typed.about is None:
        return await who_is_there(gateway, typed.topic)
    if not isinstance(typed.what, Ask):
        refused = refusal_of(gateway, asked.actor, typed.what.do)
        if refused is not None:
            return refused
    elif not asked.actor.roles:
        return NO_ROLE
    try:
        if isinstance(typed.what, ImpactAnswer):
            assert typed.about is not None  # the grammar asks for one
            return escaped(
                await impact_answered(gateway, typed.about, typed.what.accept, asked.actor, asked.command_id)
            )
        ticket_id = await find(gateway.desk, typed.about) if typed.about is not None else None
        if isinstance(typed.what, Ask):
            assert ticket_id is not None  # the grammar asks for one
            return await _told_of(gateway, typed.what, ticket_id)
    except Unclear as unclear:
        return str(unclear)
    except TimeoutError:
        return escaped(str(DeskUnavailable()))
    except DeskError as error:
        return escaped(str(error))
    if isinstance(typed.what, EscalationForm):
        return await _form(gateway, slack, asked, ticket_id, typed.what)
    assert ticket_id is not None  # only the form can do without one
    command = Command(id=asked.command_id, by=asked.actor, request=typed.what)
    outcome = await gateway.running.carry_out(ticket_id, command)
    if outcome.done or not isinstance(typed.what, Escalate) or not await _lacks_something(gateway, ticket_id, command):
        return said(outcome)
    form = EscalationForm(typed.what.reason, typed.what.to)
    # What is missing is asked for at once; where no form can be opened any more the sentence says how to open one.
    return said(outcome) if await _form(gateway, slack, asked, ticket_id, form) is not None else None


async def _form(
    gateway: Gateway, slack: SlackDoor, asked: _Asked, ticket_id: str | None, form: EscalationForm
) -> str | None:
    """Open the escalation form with what was typed in it; None when it is open, else a sentence."""
    return await open_escalation(
        gateway,
        slack,
        asked.trigger_id,
        ticket_id,
        asked.actor,
        channel=asked.place.channel_id,
        response_url=asked.response_url,
        text=form.reason or None,
        tier=form.tier,
    )


async def _lacks_something(gateway: Gateway, ticket_id: str, command: Command) -> bool:
    """Whether the ticket's own policy asks for more than was typed; it may be an older one than the policy in force."""
    try:
        looked = await preview_of(gateway, ticket_id, [command])
    except DeskError:
        return False
    return looked is not None and bool(looked.missing)


async def _told_of(gateway: Gateway, question: Ask, ticket_id: str) -> str:
    view = await gateway.desk.view(ticket_id)
    return await who_has(gateway, view) if question is Ask.WHO else status_text(view, gateway.policy)

"""The ``/tier`` command: what a person typed is carried out, and answered to them alone."""

import asyncio
from collections.abc import Mapping
from typing import Any

from domain.messages import Command
from domain.people import Actor
from domain.policy import CommandName
from gateway import slack_commands
from gateway.access import may, named, refusal_in_slack
from gateway.gateway import Gateway, SlackDoor
from gateway.payloads import digest, needed, text_at
from gateway.running import Outcome
from gateway.slack_commands import Ask, Typed, Usage
from gateway.slack_people import actor_of
from gateway.slack_status import status_text
from gateway.slack_words import WORKING, Answer, ephemeral, said
from gateway.tickets import DeskError, DeskUnavailable
from integrations.slack.mrkdwn import escaped


async def slash_command(gateway: Gateway, slack: SlackDoor, form: Mapping[str, Any]) -> Answer:
    """Do what stands after ``/tier``. The answer is what only the person sees.

    Raises:
        Unreadable: it lacks the user's id or the trigger.
    """
    user, team = needed(text_at(form, "user_id"), "user_id"), text_at(form, "team_id") or ""
    trigger = needed(text_at(form, "trigger_id"), "trigger_id")
    try:
        typed = slack_commands.parse(text_at(form, "text", longest=10_000) or "", gateway.policy)
    except Usage as usage:
        return ephemeral(escaped(str(usage)))
    actor = actor_of(gateway, user, text_at(form, "user_name"))
    url = text_at(form, "response_url", longest=2_000)
    answer = await _answered(gateway, slack, typed, actor, f"slack/{digest(team, user, trigger)}", url)
    return ephemeral(answer)


async def _answered(
    gateway: Gateway, slack: SlackDoor, typed: Typed, actor: Actor, command_id: str, response_url: str | None
) -> str:
    if typed.what is Ask.HELP:
        return slack_commands.help_text()
    if typed.what is Ask.WHO:
        return _who(gateway)
    assert typed.ticket_id is not None
    if isinstance(typed.what, Ask):
        return await _status(gateway, slack, typed.ticket_id, actor)
    if not may(actor, gateway.policy.allowed(typed.what.do)):
        return refusal_in_slack(gateway.policy, typed.what.do)

    async def later(outcome: Outcome) -> None:
        await slack.late_answers.tell(response_url, said(outcome))

    command = Command(id=command_id, by=actor, request=typed.what)
    outcome = await gateway.running.within(slack.patience, typed.ticket_id, command, later)
    return WORKING if outcome is None else said(outcome)


async def _status(gateway: Gateway, slack: SlackDoor, ticket_id: str, actor: Actor) -> str:
    if not actor.roles:
        return "I tell that to people whom the policy gives a role; ask whoever keeps the policy."
    try:
        async with asyncio.timeout(slack.patience):
            return status_text(await gateway.desk.view(ticket_id))
    except TimeoutError:
        return escaped(str(DeskUnavailable()))
    except DeskError as error:
        return escaped(str(error))


def _who(gateway: Gateway) -> str:
    policy = gateway.policy
    lines = []
    for role, users in policy.roles.items():
        if users:
            lines.append(f"*{named([role]).capitalize()}*: {', '.join(f'<@{user}>' for user in users[:20])}")
    for tier, rules in policy.tiers.items():
        lead = f", led by <@{rules.lead}>" if rules.lead else ""
        lines.append(f"*{tier}* {escaped(rules.name)}: <#{rules.channel}>{lead}")
    lines += [
        f"To {name.replace('_', ' ')}: {named(policy.allowed(name))}"
        for name in CommandName
        # The customer writes by mail or in the help desk, never here.
        if name is not CommandName.CUSTOMER_MESSAGE
    ]
    return "\n".join(lines)

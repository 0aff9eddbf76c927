"""Slack's three doors: slash commands, interactivity and events.

Slack waits three seconds. A command goes to its ticket's workflow at once; what is not known in two seconds is told later through
the response URL. A retried delivery has the same id, and is taken once by the workflow.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from domain.card import CardButton
from domain.messages import Accept, Command
from domain.messages import Request as TicketRequest
from domain.people import Actor, ActorKind
from domain.policy import CommandName
from gateway import slack_commands, slack_modals
from gateway.access import may, named, refusal_in_slack
from gateway.gateway import Gateway, SlackDoor, gateway_of
from gateway.payloads import Unreadable, digest, parse_form, parse_json, text_at
from gateway.problems import Problem
from gateway.running import Outcome
from gateway.signatures import slack_is_genuine
from gateway.slack_commands import Ask, Typed, Usage
from gateway.slack_modals import InputErrors, Origin
from gateway.slack_status import status_text
from gateway.tickets import DeskError, DeskUnavailable
from gateway.unreadable import keep_aside
from integrations.slack.mrkdwn import escaped

WORKING = "Working on it; I tell you here when it is done. If you hear nothing within two minutes, please ask again."
_UNREADABLE = "I could not read what Slack sent me; the operators find it in the gateway's quarantine."
_NO_FORM = "Slack did not let me open the form in time; please press the button again, or type /tier help."

router = APIRouter(prefix="/slack", tags=["Slack"])


@router.post("/commands", summary="The /tier command", openapi_extra={"x-signed-by": "X-Slack-Signature"})
async def commands(request: Request) -> Response:
    """Answers the person who typed it, and nobody else."""
    gateway, slack, body = await _genuine(request)
    try:
        form = parse_form(body)
        if form.get("ssl_check"):
            return Response()
        user, team = _needed(text_at(form, "user_id"), "user_id"), text_at(form, "team_id") or ""
        trigger = _needed(text_at(form, "trigger_id"), "trigger_id")
    except Unreadable as error:
        keep_aside(gateway, "slack", body, request.headers, str(error))
        return _ephemeral(_UNREADABLE)
    _count(gateway, "command")
    try:
        typed = slack_commands.parse(text_at(form, "text", longest=10_000) or "", gateway.policy)
    except Usage as usage:
        return _ephemeral(escaped(str(usage)))
    actor = _actor(gateway, user, text_at(form, "user_name"))
    url = text_at(form, "response_url", longest=2_000)
    answer = await _answered(gateway, slack, typed, actor, f"slack/{digest(team, user, trigger)}", url)
    return _ephemeral(answer)


@router.post("/interactive", summary="Buttons and forms", openapi_extra={"x-signed-by": "X-Slack-Signature"})
async def interactive(request: Request) -> Response:
    """Buttons act at once or open a form; a submitted form acts. Anything else is acknowledged."""
    gateway, slack, body = await _genuine(request)
    try:
        payload = parse_json((parse_form(body).get("payload") or "").encode("utf-8", "replace"))
        kind = text_at(payload, "type")
        user = (
            _needed(text_at(payload, "user", "id"), "user.id") if kind in ("block_actions", "view_submission") else ""
        )
    except Unreadable as error:
        keep_aside(gateway, "slack", body, request.headers, str(error))
        return Response()
    _count(gateway, "interaction")
    name = text_at(payload, "user", "username") or text_at(payload, "user", "name")
    if kind == "block_actions":
        return await _pressed(gateway, slack, payload, _actor(gateway, user, name))
    if kind == "view_submission":
        return await _submitted(gateway, slack, payload, _actor(gateway, user, name))
    return Response()


@router.post("/events", summary="Events", openapi_extra={"x-signed-by": "X-Slack-Signature"})
async def events(request: Request) -> Response:
    """Acknowledges. What people write in a card's thread stays among them: nothing of it goes to the customer."""
    gateway, _, body = await _genuine(request)
    try:
        payload = parse_json(body)
        if text_at(payload, "type") == "url_verification":
            return JSONResponse({"challenge": _needed(text_at(payload, "challenge"), "challenge")})
        _needed(text_at(payload, "type"), "type")
    except Unreadable as error:
        keep_aside(gateway, "slack", body, request.headers, str(error))
        return Response()
    _count(gateway, "ignored")
    return Response()


async def _genuine(request: Request) -> tuple[Gateway, SlackDoor, bytes]:
    gateway = gateway_of(request)
    if gateway.slack is None:
        raise Problem(404, "not-configured", "Slack is not configured here")
    body = await request.body()
    now = gateway.now().timestamp()
    if not slack_is_genuine(gateway.slack.signing_secret, body, request.headers, now=lambda: now):
        _count(gateway, "refused")
        raise Problem(401, "wrong-signature", "The signature is wrong or too old")
    return gateway, gateway.slack, body


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
        await slack.late_answers.tell(response_url, _said(outcome))

    command = Command(id=command_id, by=actor, request=typed.what)
    outcome = await gateway.running.within(slack.patience, typed.ticket_id, command, later)
    return WORKING if outcome is None else _said(outcome)


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


async def _pressed(gateway: Gateway, slack: SlackDoor, payload: dict[str, Any], actor: Actor) -> Response:
    button = slack_modals.button_of(text_at(payload, "actions", 0, "action_id"))
    ticket_id = text_at(payload, "actions", 0, "value")
    url = text_at(payload, "response_url", longest=2_000)
    if button is None or ticket_id is None or not slack_commands.is_ticket(ticket_id):
        # Another app's button, or a link button, of which Slack tells as well.
        return Response()

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
        if not await slack.forms.open(text_at(payload, "trigger_id") or "", view):
            gateway.running.keep(tell(_NO_FORM))
    return Response()


async def _carried_out(
    gateway: Gateway, ticket_id: str, command: Command, tell: Callable[[str], Awaitable[None]]
) -> None:
    await tell(_said(await gateway.running.carry_out(ticket_id, command)))


async def _submitted(gateway: Gateway, slack: SlackDoor, payload: dict[str, Any], actor: Actor) -> Response:
    button = slack_modals.button_of(text_at(payload, "view", "callback_id"))
    origin = slack_modals.origin_of(payload)
    if button is None or button is CardButton.ACCEPT or origin is None:
        return Response()
    command_name = slack_modals.COMMANDS[button]
    if not may(actor, gateway.policy.allowed(command_name)):
        # Mentions are not shown in a form's errors; names of roles are.
        allowed = named(gateway.policy.allowed(command_name))
        return _form_errors({slack_modals.first_block(button): f"This is for {allowed}."})
    try:
        wanted = slack_modals.request_of(button, payload)
    except InputErrors as errors:
        return _form_errors(errors.errors)

    async def later(outcome: Outcome) -> None:
        await slack.late_answers.tell(origin.response_url, _said(outcome))

    command = Command(id=_submission_id(payload, actor, wanted), by=actor, request=wanted)
    outcome = await gateway.running.within(slack.patience, origin.ticket, command, later)
    if outcome is not None and not outcome.done:
        return _form_errors({slack_modals.first_block(button): outcome.message[:500]})
    return Response()


def _submission_id(payload: dict[str, Any], actor: Actor, wanted: TicketRequest) -> str:
    """The same for the same form sent again; another once the person corrected what was refused."""
    team, view = text_at(payload, "team", "id") or "", text_at(payload, "view", "id") or ""
    return f"slack/{digest(team, actor.id, view, wanted.model_dump_json())}"


def _actor(gateway: Gateway, user: str, name: str | None) -> Actor:
    return Actor(kind=ActorKind.SLACK, id=user, name=name or user, roles=gateway.policy.roles_of(user))


def _said(outcome: Outcome) -> str:
    return escaped(outcome.message)


def _needed(text: str | None, field: str) -> str:
    if text is None:
        raise Unreadable(f"there is no {field}")
    return text


def _ephemeral(text: str) -> JSONResponse:
    return JSONResponse({"response_type": "ephemeral", "text": text})


def _form_errors(errors: dict[str, str]) -> JSONResponse:
    return JSONResponse({"response_action": "errors", "errors": errors})


def _count(gateway: Gateway, outcome: str) -> None:
    gateway.metrics.webhooks.labels("slack", outcome).inc()

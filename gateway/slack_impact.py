"""The lead's answer to the question whether an issue's priority, which was set by hand, is to follow its impact."""

import asyncio
from typing import Any

from domain.impact_choices import ACCEPT, KEEP, issue_asked_about
from domain.issue_messages import ImpactAnswered
from domain.issues import IssueRef, Tracker
from domain.people import Actor
from domain.policy import CommandName
from domain.ticket_references import ReferenceKind, reference
from gateway.gateway import Gateway, SlackDoor
from gateway.payloads import Unreadable, digest, text_at
from gateway.slack_origin import Origin, tell
from gateway.slack_people import refusal_of
from gateway.ticket_finder import Mention
from gateway.tickets import DeskError, DeskUnavailable, TicketEnded, TicketUnknown
from integrations.slack.mrkdwn import escaped

_ANSWERS = {ACCEPT: True, KEEP: False}
_FINDING_SECONDS = 2.0


def is_impact_answer(payload: object) -> bool:
    """Whether one of the question's buttons was pressed."""
    return text_at(payload, "actions", 0, "action_id") in _ANSWERS


async def impact_pressed(
    gateway: Gateway, slack: SlackDoor, payload: dict[str, Any], actor: Actor, origin: Origin
) -> None:
    """Hand the answer of a button to the issue, and tell the person what came of it.

    Raises:
        Unreadable: the button names no issue.
    """
    asked = issue_asked_about(text_at(payload, "actions", 0, "value", longest=2_000) or "")
    if asked is None:
        raise Unreadable("the button names no issue")
    refused = refusal_of(gateway, actor, CommandName.IMPACT)
    if refused is not None:
        gateway.running.keep(tell(slack, origin, actor.id, refused))
        return
    accept = _ANSWERS[text_at(payload, "actions", 0, "action_id") or ""]
    moment = text_at(payload, "actions", 0, "action_ts") or text_at(payload, "trigger_id") or ""
    message = f"slack/{digest(text_at(payload, 'team', 'id') or '', actor.id, moment)}"
    gateway.running.keep(
        _handed_in(gateway, slack, asked, ImpactAnswered(id=message, accept=accept, by=actor.name), origin, actor)
    )


async def impact_answered(gateway: Gateway, about: Mention, accept: bool, actor: Actor, message: str) -> str:
    """Hand an answer that was typed to the issue, which is named by its key or by a ticket on it. Returns a sentence.

    Raises:
        DeskError: it cannot be done now.
        TimeoutError: the issue is not known in time.
    """
    async with asyncio.timeout(_FINDING_SECONDS):
        issues = await _issues_of(gateway, about)
    if not issues:
        return f"I know no issue by “{about.written}” that has a ticket; write its key, such as PAY-12."
    if len(issues) > 1:
        return f"{about.written} is on {', '.join(ref.key for ref in issues)}: write the key of the one that you mean."
    (ref,) = issues
    answer = ImpactAnswered(id=message, accept=accept, by=actor.name)
    return await _said((ref.tracker, ref.id, ref.key), answer, gateway)


async def _handed_in(
    gateway: Gateway,
    slack: SlackDoor,
    issue: tuple[Tracker, str, str],
    answer: ImpactAnswered,
    origin: Origin,
    actor: Actor,
) -> None:
    try:
        words = await _said(issue, answer, gateway)
    except DeskError as error:
        words = str(error)
    await tell(slack, origin, actor.id, escaped(words))


async def _said(issue: tuple[Tracker, str, str], answer: ImpactAnswered, gateway: Gateway) -> str:
    tracker, issue_id, key = issue
    if not await gateway.desk.answer_impact(tracker, issue_id, answer):
        return f"No ticket is on {key} any more: there is nothing to decide."
    return f"{key} follows its impact from now on." if answer.accept else f"{key} keeps what was set by hand."


async def _issues_of(gateway: Gateway, about: Mention) -> list[IssueRef]:
    """The issue that is named; of a ticket that is named, all that it is on."""
    if about.ticket_id is not None:
        return [issue.ref for issue in (await gateway.desk.view(about.ticket_id)).issues]
    keys = [one for one in about.references if one.startswith(reference(ReferenceKind.ISSUE, ""))]
    found = await gateway.desk.find(about.references)
    for ticket_id in found:
        try:
            view = await gateway.desk.view(ticket_id)
        except (TicketUnknown, TicketEnded, DeskUnavailable):
            # Another ticket on the same issue knows it as well.
            continue
        named = [issue.ref for issue in view.issues if reference(ReferenceKind.ISSUE, issue.ref.key) in keys]
        if named or not keys:
            return named or [issue.ref for issue in view.issues]
    return []

"""The short forms of a card's other buttons: what they show, and what a person filled in."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from domain.card import CardButton
from domain.durations import format_duration
from domain.messages import HandOver, LinkIssue, Note, Reopen, Request, Resolve, Return, SetPriority, Snooze
from domain.policy import Policy, ReportField
from domain.report import in_words, title_of
from domain.tiers import Priority, Tier
from domain.views import TicketView
from gateway.slack_frames import framed
from gateway.slack_inputs import (
    ANY,
    Block,
    InputErrors,
    Option,
    checkboxes,
    chosen,
    instant,
    picked,
    select,
    text_input,
    ticked,
    typed,
    written,
)
from gateway.slack_origin import Origin
from integrations.slack.blocks import section
from integrations.slack.mrkdwn import escaped

_LENGTHS = tuple(timedelta(minutes=minutes) for minutes in (30, 60, 120, 240, 480, 1_440))
_LONGEST_REASON = 2_000
_LONGEST_REFERENCE = 500
LOOKED_UP = frozenset({CardButton.HAND_OVER})
"""Forms that cannot be made without asking the ticket where it is."""


def short_form(button: CardButton, origin: Origin, policy: Policy, ticket: TicketView | None = None) -> dict[str, Any]:
    """The form that a button opens."""
    title, submit, make = _FORMS[button]
    blocks = make(policy, ticket)
    return framed(
        origin,
        f"tierline.{button}",
        title,
        blocks,
        submit=submit if any(b["type"] == "input" for b in blocks) else None,
    )


def request_of(button: CardButton, payload: object) -> Request:
    """What a submitted form asks for.

    Raises:
        InputErrors: an input is missing, too long or none of those offered.
    """
    return _READERS[button](payload)


def first_block(button: CardButton) -> str:
    """The input under which a refusal is shown."""
    return _FIRST.get(button, "reason")


# --- what they show ------------------------------------------------------------------------------------------------


def _return(policy: Policy, ticket: TicketView | None) -> list[Block]:
    # Nothing is returned to the highest tier.
    tiers = sorted(policy.tiers, key=lambda tier: tier.rank)
    lower = tiers[:-1] or tiers
    options = [("The tier that it came from", ANY), *((f"{t} {policy.tiers[t].name}", t.value) for t in lower)]
    parts: list[Option] = [(title_of(part), part.value) for part in ReportField]
    return [
        select("tier", "To", options, initial=ANY),
        checkboxes("missing", "What is missing?", parts),
        text_input("reason", "Tell them", optional=True, hint="What has to be there before it can come back?"),
    ]


def _resolve(policy: Policy, ticket: TicketView | None) -> list[Block]:
    return [text_input("text", "What the customer is told")]


def _reopen(policy: Policy, ticket: TicketView | None) -> list[Block]:
    return [text_input("reason", "Why is it not solved?")]


def _note(policy: Policy, ticket: TicketView | None) -> list[Block]:
    return [text_input("text", "For colleagues; the customer does not read it")]


def _snooze(policy: Policy, ticket: TicketView | None) -> list[Block]:
    lengths = [(_spoken(length), format_duration(length)) for length in _LENGTHS]
    return [
        select("length", "For", lengths, optional=True),
        instant("until", "Or until (in your time zone)"),
        text_input("reason", "Why?", optional=True, longest=_LONGEST_REASON),
    ]


def _spoken(length: timedelta) -> str:
    minutes = int(length.total_seconds()) // 60
    if minutes < 60:
        return f"{minutes} minutes"
    return "a day" if minutes == 1_440 else "an hour" if minutes == 60 else f"{minutes // 60} hours"


def _hand_over(policy: Policy, ticket: TicketView | None) -> list[Block]:
    assert ticket is not None  # it is looked up
    rules = policy.tiers.get(ticket.tier)
    teams = rules.teams if rules is not None else {}
    if not teams:
        return [section(f"The policy names no teams in {ticket.tier}, where {ticket.id} is.")]
    return [
        section(f"*{ticket.id}* {escaped(ticket.title)}"),
        select("team", f"To a team of {ticket.tier}", [(team.name, name) for name, team in teams.items()]),
        text_input("reason", "Why?"),
    ]


def _priority(policy: Policy, ticket: TicketView | None) -> list[Block]:
    return [select("priority", "Priority", [(one.value, one.value) for one in Priority])]


def _link(policy: Policy, ticket: TicketView | None) -> list[Block]:
    hint = "PAY-12, owner/repository#7 or the issue's address"
    return [text_input("reference", "Issue", multiline=False, longest=_LONGEST_REFERENCE, hint=hint)]


_FORMS: dict[CardButton, tuple[str, str, Callable[[Policy, TicketView | None], list[Block]]]] = {
    CardButton.RETURN: ("Return", "Return", _return),
    CardButton.RESOLVE: ("Resolve", "Resolve", _resolve),
    CardButton.REOPEN: ("Reopen", "Reopen", _reopen),
    CardButton.NOTE: ("Note", "Write", _note),
    CardButton.SNOOZE: ("Snooze", "Snooze", _snooze),
    CardButton.HAND_OVER: ("Hand over", "Hand over", _hand_over),
    CardButton.PRIORITY: ("Priority", "Change", _priority),
    CardButton.LINK: ("Link", "Link", _link),
}
SHORT = frozenset(_FORMS)
"""The buttons that open one of these."""
_FIRST = {
    CardButton.RESOLVE: "text",
    CardButton.NOTE: "text",
    CardButton.SNOOZE: "length",
    CardButton.HAND_OVER: "team",
    CardButton.PRIORITY: "priority",
    CardButton.LINK: "reference",
}


# --- what was filled in --------------------------------------------------------------------------------------------


def _returned(payload: object) -> Request:
    tier = chosen(payload, "tier")
    if tier is not None and tier not in Tier.__members__:
        raise InputErrors({"tier": "Choose a tier."})
    parts = [ReportField(name) for name in ticked(payload, "missing") if name in list(ReportField)]
    told = written(payload, "reason")
    if not parts and not told:
        raise InputErrors({"reason": "Tick what is missing, or write it here."})
    lacks = f"missing: {in_words(parts)}" if parts else ""
    return Return(to=Tier(tier) if tier else None, reason="; ".join(words for words in (lacks, told) if words))


def _snoozed(payload: object) -> Request:
    length, until = chosen(payload, "length"), picked(payload, "until")
    if (length is None) == (until is None):
        raise InputErrors({"length": "Choose a length of time, or an instant below: one of the two."})
    end: dict[str, Any] = {"for": length} if length is not None else {"until": _instant(until)}
    try:
        return Snooze.model_validate({**end, "reason": written(payload, "reason", _LONGEST_REASON)})
    except ValidationError:
        raise InputErrors({"length": "Choose one of those offered."}) from None


def _instant(seconds: int | None) -> datetime:
    try:
        return datetime.fromtimestamp(seconds or 0, UTC)
    except (ValueError, OverflowError, OSError):
        raise InputErrors({"until": "Choose another instant."}) from None


def _handed_over(payload: object) -> Request:
    team = chosen(payload, "team")
    if team is None:
        raise InputErrors({"team": "Choose a team."})
    return HandOver(to=team, reason=typed(payload, "reason"))


def _prioritised(payload: object) -> Request:
    priority = chosen(payload, "priority")
    if priority is None or priority not in Priority.__members__:
        raise InputErrors({"priority": "Choose a priority."})
    return SetPriority(priority=Priority(priority))


_READERS: dict[CardButton, Callable[[object], Request]] = {
    CardButton.RETURN: _returned,
    CardButton.RESOLVE: lambda payload: Resolve(text=typed(payload, "text")),
    CardButton.REOPEN: lambda payload: Reopen(reason=typed(payload, "reason")),
    CardButton.NOTE: lambda payload: Note(text=typed(payload, "text")),
    CardButton.SNOOZE: _snoozed,
    CardButton.HAND_OVER: _handed_over,
    CardButton.PRIORITY: _prioritised,
    CardButton.LINK: lambda payload: LinkIssue(reference=typed(payload, "reference", _LONGEST_REFERENCE)),
}

"""The ``/tier`` command: what a person typed, as a request to a ticket."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from pydantic import ValidationError

from domain.messages import (
    Accept,
    Cancel,
    Escalate,
    HandOver,
    LinkIssue,
    Merge,
    Note,
    Reopen,
    Reply,
    Request,
    Resolve,
    Return,
    SetPriority,
    Snooze,
    Split,
    Wait,
)
from domain.policy import Policy
from domain.tiers import Priority, Tier, WaitingOn
from gateway.slack_text import plain

_TICKET = re.compile(r"T-[0-9A-Z]{1,20}", re.ASCII)

USAGES = {
    "accept": "/tier accept T-1042",
    "reply": "/tier reply T-1042 text that the customer reads",
    "note": "/tier note T-1042 text for colleagues",
    "escalate": "/tier escalate T-1042 L3 reason   (or: L4 vendor reason)",
    "return": "/tier return T-1042 [L1] reason",
    "resolve": "/tier resolve T-1042 how it was solved",
    "reopen": "/tier reopen T-1042 reason",
    "priority": "/tier priority T-1042 P1",
    "link": "/tier link T-1042 PAY-12   (or owner/repository#7, or the issue's address)",
    "wait": "/tier wait T-1042 customer [reason]   (or: engineering, vendor, hold; tier ends the wait)",
    "snooze": "/tier snooze T-1042 2h [reason]   (or until an instant: 2026-12-24T18:00+01:00)",
    "cancel": "/tier cancel T-1042 reason",
    "merge": "/tier merge T-1042 T-1001 [reason]   (T-1042 goes on as T-1001)",
    "split": "/tier split T-1042 title   (a ticket of its own for a second problem)",
    "hand-over": "/tier hand-over T-1042 team reason   (to another team of the same tier)",
    "status": "/tier status T-1042",
    "who": "/tier who",
    "help": "/tier help",
}


class Usage(Exception):
    """What was typed cannot be taken; the text says what can."""


class Ask(StrEnum):
    """Questions, which change nothing."""

    STATUS = "status"
    WHO = "who"
    HELP = "help"


@dataclass(frozen=True)
class Typed:
    """A command that was understood. ``ticket_id`` is None for questions about no ticket."""

    what: Request | Ask
    ticket_id: str | None = None


def parse(text: str, policy: Policy) -> Typed:
    """Understand what stands after ``/tier``.

    Raises:
        Usage: it cannot be understood.
    """
    word, rest = _first(plain(text))
    name = word.casefold()
    if name in ("", Ask.HELP):
        return Typed(Ask.HELP)
    if name == Ask.WHO:
        return Typed(Ask.WHO)
    if name not in USAGES:
        raise Usage(f"I do not know “{word[:40]}”. I know {', '.join(USAGES)}; /tier help shows how each is written.")
    reference, rest = _first(rest)
    ticket_id = reference.strip("#:,.").upper()
    if not is_ticket(ticket_id):
        raise Usage(f"Which ticket? Write it as {USAGES[name]}")
    if name == Ask.STATUS:
        return Typed(Ask.STATUS, ticket_id)
    try:
        return Typed(_REQUESTS[name](rest, policy), ticket_id)
    except ValidationError:
        raise Usage(f"Something is missing or too long. Write it as {USAGES[name]}") from None
    except ValueError as error:
        raise Usage(f"{error} Write it as {USAGES[name]}") from None


def is_ticket(text: str) -> bool:
    """Whether this is written like a ticket's id."""
    return _TICKET.fullmatch(text) is not None


def escalation(to: str, rest: str, policy: Policy) -> Escalate:
    """An escalation to the tier named ``to``; for L4 ``rest`` may begin with a vendor's name.

    Raises:
        ValueError: there is no such tier, or no reason (a ValidationError).
    """
    tier = _tier(to)
    vendor = None
    if tier is Tier.L4:
        word, after = _first(rest)
        vendor = next((name for name in policy.vendors if name.casefold() == word.casefold()), None)
        rest = after if vendor else rest
    return Escalate(to=tier, reason=rest, vendor=vendor)


def help_text() -> str:
    """All commands, as Slack shows them."""
    return "What I can do:\n" + "\n".join(f"`{usage}`" for usage in USAGES.values())


def _escalate(rest: str, policy: Policy) -> Request:
    to, reason = _first(rest)
    return escalation(to, reason, policy)


def _return(rest: str, policy: Policy) -> Request:
    word, after = _first(rest)
    if word.upper() in Tier.__members__:
        return Return(to=_tier(word), reason=after)
    return Return(reason=rest)


def _priority(rest: str, policy: Policy) -> Request:
    if rest.upper() not in Priority.__members__:
        raise ValueError(f"The priority is one of {', '.join(Priority)}.")
    return SetPriority(priority=Priority(rest.upper()))


def _snooze(rest: str, policy: Policy) -> Request:
    word, reason = _first(rest)
    # An instant says its day; a length of time does not.
    field = "until" if "-" in word else "length"
    return Snooze.model_validate({field: word, "reason": reason})


def _wait(rest: str, policy: Policy) -> Request:
    word, reason = _first(rest)
    if word.upper() not in WaitingOn.__members__:
        raise ValueError(f"A ticket waits on one of {', '.join(WaitingOn)}.")
    return Wait(on=WaitingOn(word.lower()), reason=reason)


def _merge(rest: str, policy: Policy) -> Request:
    into, reason = _first(rest)
    return Merge(into=into.strip("#:,.").upper(), reason=reason)


def _hand_over(rest: str, policy: Policy) -> Request:
    to, reason = _first(rest)
    return HandOver(to=to, reason=reason)


def _tier(word: str) -> Tier:
    if word.upper() not in Tier.__members__:
        raise ValueError(f"The tier is one of {', '.join(Tier)}.")
    return Tier(word.upper())


def _first(text: str) -> tuple[str, str]:
    """The first word and what follows it."""
    word, *rest = text.split(maxsplit=1) or [""]
    return word, rest[0].strip() if rest else ""


_REQUESTS: dict[str, Callable[[str, Policy], Request]] = {
    "accept": lambda rest, policy: Accept(),
    "reply": lambda rest, policy: Reply(text=rest),
    "note": lambda rest, policy: Note(text=rest),
    "escalate": _escalate,
    "return": _return,
    "resolve": lambda rest, policy: Resolve(text=rest),
    "reopen": lambda rest, policy: Reopen(reason=rest),
    "priority": _priority,
    "wait": _wait,
    "snooze": _snooze,
    "cancel": lambda rest, policy: Cancel(reason=rest),
    "merge": _merge,
    "split": lambda rest, policy: Split(title=rest, description=rest),
    "hand-over": _hand_over,
    "link": lambda rest, policy: LinkIssue(reference=rest),
}

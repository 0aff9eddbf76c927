"""The ``/tier`` command: what a person typed, understood as a request to a ticket or as a question."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from pydantic import ValidationError

from domain.engineering_rules import RequestKind
from domain.issues import Visibility
from domain.messages import (
    Accept,
    AttachFile,
    Cancel,
    CommentIssue,
    Escalate,
    HandOver,
    LinkIssue,
    Merge,
    Note,
    OpenNewIssue,
    Reopen,
    Reply,
    Request,
    Resolve,
    Return,
    SetPriority,
    SetRequestKind,
    SetWorkaround,
    Snooze,
    Split,
    Wait,
)
from domain.policy import CommandName, Policy
from domain.tiers import Priority, Tier, WaitingOn
from gateway.access import named
from gateway.slack_text import plain
from gateway.ticket_finder import Mention, is_ticket, mention_of, own_channel

__all__ = ["Ask", "EscalationForm", "Place", "Typed", "Usage", "help_text", "is_ticket", "parse", "usage"]

_LIKE_A_TIER = re.compile(r"L\d+", re.IGNORECASE)
_FIRST = re.compile(r"\s*(<[^<>]*>|\S+)\s*(.*)", re.DOTALL)


class Usage(Exception):
    """What was typed cannot be taken; the text says what can."""


class Ask(StrEnum):
    """Questions, which change nothing."""

    STATUS = "status"
    WHO = "who"
    HELP = "help"


@dataclass(frozen=True)
class EscalationForm:
    """The form is to be opened: something of an escalation is still to be said. ``tier`` is the one that was named, if one was."""

    reason: str = ""
    tier: Tier | None = None
    do: CommandName = CommandName.ESCALATE


@dataclass(frozen=True)
class ImpactAnswer:
    """Whether an issue's priority, which was set by hand, is to follow its impact. It is about the issue, and no ticket changes by it."""

    accept: bool
    do: CommandName = CommandName.IMPACT


@dataclass(frozen=True)
class Place:
    """Where something was typed. A command does not tell of the thread: Slack does not."""

    channel_id: str | None = None
    channel_name: str | None = None


@dataclass(frozen=True)
class Typed:
    """A command that was understood.

    ``about`` is the ticket that it is about, None for questions about no ticket; ``topic`` what else a question is about: a tier, or a
    command.
    """

    what: Request | Ask | EscalationForm | ImpactAnswer
    about: Mention | None = None
    topic: str | None = None


@dataclass(frozen=True)
class _Command:
    """A command: its group in the help, what follows its ticket (``about``), and what it does."""

    group: str
    words: str
    does: str
    request: Callable[[str, Policy], Request | EscalationForm | ImpactAnswer]
    command: CommandName
    about: str = "T-1042"


def parse(text: str, policy: Policy, place: Place = Place()) -> Typed:
    """Understand what stands after ``/tier``.

    Raises:
        Usage: it cannot be understood.
    """
    word, rest = _first(text)
    name = _ALIASES.get(word.casefold(), word.casefold())
    if name in ("", Ask.HELP):
        return Typed(Ask.HELP, topic=_first(rest)[0].casefold() or None)
    if name == Ask.WHO:
        return _who(rest, policy, place)
    if name == Ask.STATUS:
        about = mention_of(_first(rest)[0], policy) or own_channel(place.channel_id, place.channel_name, policy)
        if about is None:
            raise Usage(_which(name))
        return Typed(Ask.STATUS, about)
    if name not in _COMMANDS:
        known = ", ".join((*_COMMANDS, *Ask))
        raise Usage(f"I do not know “{plain(word)[:40]}”. I know {known}; /tier help shows what each does.")
    return _request(name, rest, policy, place)


def usage(name: str) -> str:
    """How a command is written, with everything that it takes."""
    command = _COMMANDS.get(name)
    return (
        f"/tier {name} {command.about} {command.words}".rstrip()
        if command is not None
        else f"/tier {_QUESTIONS[name][0]}"
    )


def help_text(policy: Policy, topic: str | None = None) -> str:
    """All commands in a few lines, or everything about one, as Slack shows it."""
    name = _ALIASES.get(topic or "", topic or "")
    if name in _COMMANDS:
        command = _COMMANDS[name]
        return f"`{usage(name)}`\n{command.does} It is for {named(policy.allowed(command.command))}.\n{_REFERENCES}"
    if name in _QUESTIONS:
        return f"`/tier {_QUESTIONS[name][0]}`\n{_QUESTIONS[name][1]}"
    groups = {"Ask": list(_QUESTIONS)}
    for name, command in _COMMANDS.items():
        groups.setdefault(command.group, []).append(name)
    lines = [f"*{group}*: {_listed(names)}" for group, names in groups.items()]
    lines.append("Write `/tier status T-1042`; `/tier help escalate` tells how one is written, and what it does.")
    return "\n".join((*lines, _REFERENCES))


def _listed(names: Iterable[str]) -> str:
    return " ".join(f"`{name}`" for name in names)


def _who(rest: str, policy: Policy, place: Place) -> Typed:
    word, _ = _first(rest)
    if not word:
        return Typed(Ask.WHO, own_channel(place.channel_id, place.channel_name, policy))
    if word.upper() in Tier.__members__:
        return Typed(Ask.WHO, topic=word.upper())
    about = mention_of(word, policy)
    if about is None:
        raise Usage(f"Who of what? Write it as {usage(Ask.WHO)}")
    return Typed(Ask.WHO, about)


def _request(name: str, rest: str, policy: Policy, place: Place) -> Typed:
    here = own_channel(place.channel_id, place.channel_name, policy)
    word, after = _first(rest)
    about = mention_of(word, policy)
    if about is not None and (about.certain or here is None):
        try:
            return Typed(_built(name, after, policy), about)
        except Usage:
            # In a ticket's own channel ``/tier link PAY-12`` is about that ticket.
            if here is None:
                raise
    if here is not None:
        return Typed(_built(name, rest, policy), here)
    if name == CommandName.ESCALATE and not word:
        # The form asks which ticket, too.
        return Typed(EscalationForm())
    raise Usage(_which(name))


def _built(name: str, rest: str, policy: Policy) -> Request | EscalationForm | ImpactAnswer:
    try:
        return _COMMANDS[name].request(plain(rest, link_words=False), policy)
    except ValidationError:
        raise Usage(f"Something is missing or too long. Write it as {usage(name)}") from None
    except ValueError as error:
        raise Usage(f"{error} Write it as {usage(name)}") from None


def _which(name: str) -> str:
    return (
        f"Which ticket? Write it as {usage(name)}. (Name it also in its own thread: Slack does not tell me in which thread "
        "a command is typed.)"
    )


def _escalate(rest: str, policy: Policy) -> Request | EscalationForm:
    word, reason = _first(rest)
    if word.upper() not in Tier.__members__:
        if _LIKE_A_TIER.fullmatch(word):
            raise ValueError(f"The tier is one of {', '.join(Tier)}.")
        return EscalationForm(rest)
    tier = Tier(word.upper())
    rules = policy.tiers.get(tier)
    if rules is not None and rules.requires:
        return EscalationForm(reason, tier)
    if tier is Tier.L4:
        return _to_vendor(reason, policy)
    return Escalate(to=tier, reason=reason) if reason else EscalationForm(tier=tier)


def _to_vendor(rest: str, policy: Policy) -> Request | EscalationForm:
    word, after = _first(rest)
    vendor = next((name for name in policy.vendors if name.casefold() == word.casefold()), None)
    reason = after if vendor else rest
    rules = policy.tiers.get(Tier.L4)
    if not reason or (rules is not None and rules.requires):
        return EscalationForm(reason)
    return Escalate(to=Tier.L4, reason=reason, vendor=vendor)


def _vendor(rest: str, policy: Policy) -> Request | EscalationForm:
    if not policy.vendors:
        raise ValueError("The policy names no vendors.")
    word, _ = _first(rest)
    if len(policy.vendors) > 1 and word.casefold() not in {name.casefold() for name in policy.vendors}:
        raise ValueError(f"The vendor is one of {', '.join(policy.vendors)}.")
    return _to_vendor(rest, policy)


def _return(rest: str, policy: Policy) -> Request:
    word, after = _first(rest)
    if word.upper() in Tier.__members__:
        return Return(to=Tier(word.upper()), reason=after)
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


def _comment(rest: str, policy: Policy) -> Request:
    word, text = _first(rest)
    if word.casefold() in list(Visibility):
        return CommentIssue(text=text, visibility=Visibility(word.casefold()))
    return CommentIssue(text=rest)


def _kind(rest: str, policy: Policy) -> Request:
    if rest.casefold() not in list(RequestKind):
        raise ValueError(f"A ticket is one of {', '.join(RequestKind)}.")
    return SetRequestKind(request=RequestKind(rest.casefold()))


def _workaround(rest: str, policy: Policy) -> Request:
    if not rest:
        raise ValueError("Say how customers can help themselves; none takes it back.")
    return SetWorkaround(text=None if rest.casefold() == "none" else rest)


def _impact(rest: str, policy: Policy) -> ImpactAnswer:
    if rest.casefold() not in _ANSWERS:
        raise ValueError(f"The answer is one of {', '.join(_ANSWERS)}.")
    return ImpactAnswer(accept=_ANSWERS[rest.casefold()])


def _first(text: str) -> tuple[str, str]:
    """The first word, or what stands in Slack's angle brackets, and what follows it."""
    found = _FIRST.fullmatch(text)
    return (found[1], found[2].strip()) if found is not None else ("", "")


_ANSWERS = {"accept": True, "keep": False}
_QUESTIONS = {
    "status": ("status T-1042", "Where the ticket is, who has it, what waits on whom, its clocks, page and links."),
    "who": ("who [T-1042 | L3]", "Who is on call, who has the ticket, who leads, and who may do what."),
    "help": ("help [command]", "What there is, or everything about one command."),
}
_REFERENCES = (
    "For `T-1042` you can also write the help desk's number, `PAY-12`, `owner/repository#7`, or the address of the card, of a "
    "message in its thread or of the issue. In a ticket's own channel that ticket is meant."
)
_COMMANDS = {
    "accept": _Command(
        "Work on it",
        "",
        "You have the ticket, and its hand-off clock stops.",
        lambda rest, _: Accept(),
        CommandName.ACCEPT,
    ),
    "reply": _Command(
        "Work on it",
        "text",
        "The customer reads this text.",
        lambda rest, _: Reply(text=rest),
        CommandName.REPLY,
    ),
    "note": _Command(
        "Work on it",
        "text",
        "A remark for colleagues; no customer reads it.",
        lambda rest, _: Note(text=rest),
        CommandName.NOTE,
    ),
    "resolve": _Command(
        "Work on it",
        "text",
        "It is solved; the text tells the customer how.",
        lambda rest, _: Resolve(text=rest),
        CommandName.RESOLVE,
    ),
    "reopen": _Command(
        "Work on it", "reason", "It is not solved after all.", lambda rest, _: Reopen(reason=rest), CommandName.REOPEN
    ),
    "escalate": _Command(
        "Hand it on",
        "[L3] [reason]",
        "Hands the ticket up. Without a tier or a reason, and where the tier asks for a report, a form opens.",
        _escalate,
        CommandName.ESCALATE,
    ),
    "return": _Command(
        "Hand it on",
        "[L1] reason",
        "Hands the ticket back, to the tier that it came from if you name none; say what is missing.",
        _return,
        CommandName.RETURN,
    ),
    "handoff": _Command(
        "Hand it on",
        "team reason",
        "Hands the ticket to another team of the same tier.",
        _hand_over,
        CommandName.HAND_OVER,
    ),
    "vendor": _Command(
        "Hand it on",
        "[vendor] reason",
        "Asks an outside vendor (tier L4) by mail, and starts the vendor's clock.",
        _vendor,
        CommandName.ESCALATE,
    ),
    "priority": _Command(
        "Steer it", "P1", "Changes the priority, and with it the clocks' targets.", _priority, CommandName.PRIORITY
    ),
    "wait": _Command(
        "Steer it",
        "customer [reason]",
        "Says whose turn it is: customer, engineering, vendor, hold, or tier to end the wait.",
        _wait,
        CommandName.WAIT,
    ),
    "snooze": _Command(
        "Steer it",
        "2h [reason]",
        "Nobody is reminded or paged for so long, or until an instant such as 2026-12-24T18:00+01:00; clocks count on.",
        _snooze,
        CommandName.SNOOZE,
    ),
    "link": _Command(
        "Steer it",
        "PAY-12",
        "Puts the ticket on an issue that there is: its key, owner/repository#7, or its address.",
        lambda rest, _: LinkIssue(reference=rest),
        CommandName.LINK,
    ),
    "open": _Command(
        "Engineering",
        "",
        "None of the issues that the card shows is the same: opens a new one.",
        lambda rest, _: OpenNewIssue(),
        CommandName.OPEN_ISSUE,
    ),
    "comment": _Command(
        "Engineering",
        "[public|internal] text",
        "The engineers read this text on the ticket's issues; personal data is taken out. Without a word the policy says who may read it.",
        _comment,
        CommandName.COMMENT,
    ),
    "attach": _Command(
        "Engineering",
        "[file name]",
        "Copies a file of the card's thread to the ticket's issues: the named one, or the newest that is not there yet.",
        lambda rest, _: AttachFile(name=rest or None),
        CommandName.ATTACH,
    ),
    "workaround": _Command(
        "Engineering",
        "text",
        "Keeps how customers can help themselves until it is fixed; the issue shows it. The word none takes it back.",
        _workaround,
        CommandName.WORKAROUND,
    ),
    "kind": _Command(
        "Engineering",
        "bug",
        "Says whether it is a bug or a feature: engineering counts them apart.",
        _kind,
        CommandName.KIND,
    ),
    "impact": _Command(
        "Engineering",
        "accept",
        "Answers whether an issue's priority, which somebody set by hand, is to follow its impact (accept), or is to stay (keep).",
        _impact,
        CommandName.IMPACT,
        about="PAY-12",
    ),
    "merge": _Command(
        "Tidy up",
        "T-1001 [reason]",
        "T-1042 goes on as T-1001, a ticket of the same customer.",
        _merge,
        CommandName.MERGE,
    ),
    "split": _Command(
        "Tidy up",
        "title",
        "Makes a ticket of its own for a second problem.",
        lambda rest, _: Split(title=rest, description=rest),
        CommandName.SPLIT,
    ),
    "cancel": _Command(
        "Tidy up",
        "reason",
        "Nobody needs the ticket any more.",
        lambda rest, _: Cancel(reason=rest),
        CommandName.CANCEL,
    ),
}
_ALIASES = {
    "hand-over": "handoff",
    "hand_over": "handoff",
    "handover": "handoff",
    "hand-off": "handoff",
    "take": "accept",
    "?": "help",
    "-h": "help",
    "--help": "help",
}

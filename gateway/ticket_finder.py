"""Which ticket a person means: understood from any of the ways in which a ticket is known, and looked up where that needs it.

Understood are a ticket's id, the help desk's own number, a Jira key, a GitHub issue, the channel of a grave ticket, and addresses: of a
card or of any message in its thread, of the issue, of the ticket in the help desk, of the ticket's workflow.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from domain.chat import MessageRef
from domain.policy import Policy
from domain.ticket_references import ReferenceKind, card_reference, reference
from domain.tiers import Priority, Tier, WaitingOn
from domain.views import TicketView
from gateway.tickets import DeskError, TicketDesk
from integrations.slack.mrkdwn import escaped, shortened

_FINDING_SECONDS = 2.0
_LISTED = 5
_LONGEST = 500

_TICKET = re.compile(r"T-[0-9A-Z]{1,20}", re.ASCII)
_JIRA = re.compile(r"[A-Z][A-Z0-9_]{1,19}-[1-9][0-9]{0,9}", re.ASCII)
_GITHUB = re.compile(r"([\w.-]{1,60}/[\w.-]{1,100})#([1-9][0-9]{0,9})", re.ASCII)
_NUMBER = re.compile(r"#?(?=[\w./-]*\d)[\w][\w./-]{0,60}")
_CHANNEL = re.compile(r"<#([CG][A-Z0-9]+)(?:\|([^<>|]*))?>")
_OF_SLACK = re.compile(r"/archives/([A-Z][A-Z0-9]+)/p(\d{7,})", re.ASCII)
_OF_SLACKS_CLIENT = re.compile(r"/thread/([A-Z][A-Z0-9]+)-(\d+\.\d+)", re.ASCII)
_OF_GITHUB = re.compile(r"/([\w.-]+/[\w.-]+)/(?:issues|pull)/([1-9]\d*)(?:/|$)", re.ASCII)
_OF_JIRA = re.compile(r"/browse/([A-Za-z][A-Za-z0-9_]+-[1-9]\d*)", re.ASCII)
_OF_TICKET = re.compile(r"/tickets?/(T-[0-9A-Z]{1,20})(?:/|$)", re.ASCII)
_OTHER_WORDS = frozenset({*Tier.__members__, *Priority.__members__, *WaitingOn.__members__})


@dataclass(frozen=True)
class Mention:
    """What a person wrote for a ticket.

    ``ticket_id`` is there where it says so itself; else ``references`` are looked up, of which it is one. ``certain`` is false for a
    bare word with a digit in it, which may be the help desk's number and may be a part of a sentence.
    """

    written: str
    ticket_id: str | None = None
    references: tuple[str, ...] = ()
    certain: bool = True


class Unclear(Exception):
    """It is not known which ticket is meant; the text, in Slack's format, says so and asks."""


def is_ticket(text: str) -> bool:
    """Whether this is written like a ticket's id."""
    return _TICKET.fullmatch(text) is not None


def mention_of(word: str, policy: Policy) -> Mention | None:
    """What a word, as Slack sends it, says of a ticket; None when it is no reference to one."""
    channel = _CHANNEL.fullmatch(word)
    if channel is not None:
        return channel_mention(channel[1], channel[2] or "", policy)
    shown = word.strip("<>").partition("|")[0].replace("&amp;", "&")
    if len(shown) > _LONGEST:
        return None
    if shown.startswith(("http://", "https://")):
        return _of_address(shown, policy)
    bare = shown.strip("#:,.;!?()")
    upper = bare.upper()
    if is_ticket(upper):
        return Mention(bare, ticket_id=upper)
    of_channel = _ticket_of_channel(bare, policy)
    if of_channel is not None:
        return Mention(bare, ticket_id=of_channel)
    issue = _GITHUB.fullmatch(shown.strip(":,.;!?()"))
    if issue is not None:
        return Mention(issue[0], references=(reference(ReferenceKind.ISSUE, issue[0]),))
    of_help_desk = reference(ReferenceKind.HELP_DESK, bare)
    if _JIRA.fullmatch(upper) and upper not in _OTHER_WORDS:
        return Mention(bare, references=(reference(ReferenceKind.ISSUE, upper), of_help_desk))
    if _NUMBER.fullmatch(bare) and upper not in _OTHER_WORDS:
        return Mention(bare, references=(of_help_desk,), certain=shown.startswith("#"))
    return None


def channel_mention(channel_id: str, name: str, policy: Policy) -> Mention:
    """The ticket whose own channel this is."""
    found = reference(ReferenceKind.CHANNEL, channel_id)
    return Mention(f"#{name or channel_id}", ticket_id=_ticket_of_channel(name, policy), references=(found,))


def own_channel(channel_id: str | None, name: str | None, policy: Policy) -> Mention | None:
    """The ticket in whose own channel somebody is; None in any other channel.

    Of a private channel Slack tells a command the id alone.
    """
    rules = policy.severity_channel
    if rules is None or channel_id is None or name is None:
        return None
    if name.startswith(rules.prefix) or (name == "privategroup" and rules.private):
        return channel_mention(channel_id, name, policy)
    return None


async def find(desk: TicketDesk, mention: Mention) -> str:
    """The id of the ticket that is meant, within two seconds.

    Raises:
        Unclear: there is none, or there are several.
        DeskError: it cannot be known now.
        TimeoutError: it is not known in time.
    """
    if mention.ticket_id is not None:
        return mention.ticket_id
    async with asyncio.timeout(_FINDING_SECONDS):
        found = await desk.find(mention.references)
        if len(found) == 1:
            return found[0]
        if not found:
            raise Unclear(
                f"I know no ticket by “{escaped(shortened(mention.written, 100))}”. A ticket's id, which begins with T-, always does."
            )
        views = await asyncio.gather(*(_view(desk, ticket) for ticket in found[:_LISTED]))
    going_on = [view.id for view in views if view is not None and view.closed_at is None]
    if len(found) <= _LISTED and len(going_on) == 1 and None not in views:
        # The others are over: nobody means those.
        return going_on[0]
    raise Unclear(_which(mention, found, views))


async def _view(desk: TicketDesk, ticket_id: str) -> TicketView | None:
    try:
        return await desk.view(ticket_id)
    except DeskError:
        # It is listed without its title.
        return None


def _which(mention: Mention, found: Sequence[str], views: Sequence[TicketView | None]) -> str:
    lines = [f"Several tickets are known by “{escaped(shortened(mention.written, 100))}”; which one? Write its id:"]
    for ticket_id, view in zip(found, views, strict=False):
        told = f" {escaped(shortened(view.title, 80))} ({view.tier}, {view.status})" if view is not None else ""
        lines.append(f"• *{ticket_id}*{told}")
    if len(found) > _LISTED:
        lines.append("… and more.")
    return "\n".join(lines)


def _ticket_of_channel(name: str, policy: Policy) -> str | None:
    """The id in the name of a grave ticket's channel: ``sev1-t-1042``."""
    rules = policy.severity_channel
    if rules is None or not name.casefold().startswith(rules.prefix):
        return None
    ticket_id = name[len(rules.prefix) :].upper()
    return ticket_id if is_ticket(ticket_id) else None


def _of_address(address: str, policy: Policy) -> Mention:
    try:
        parts = urlsplit(address)
    except ValueError:
        return Mention(address)
    of_help_desk = _of_help_desk(address, policy)
    if of_help_desk is not None:
        return Mention(address, references=(reference(ReferenceKind.HELP_DESK, of_help_desk),))
    path = unquote(parts.path)
    ticket = _OF_TICKET.search(path)
    if ticket is not None:
        return Mention(address, ticket_id=ticket[1])
    asked = parse_qs(parts.query)
    message = _OF_SLACK.search(path)
    if message is not None:
        return Mention(address, references=_of_message(message[1], message[2], asked.get("thread_ts", [])))
    thread = _OF_SLACKS_CLIENT.search(path)
    if thread is not None:
        return Mention(address, references=(card_reference(MessageRef(channel=thread[1], ts=thread[2])),))
    issue = _OF_GITHUB.search(path)
    if issue is not None:
        return Mention(address, references=(reference(ReferenceKind.ISSUE, f"{issue[1]}#{issue[2]}"),))
    key = _OF_JIRA.search(path)
    named = key[1] if key is not None else next(iter(asked.get("selectedIssue", [])), None)
    if named is not None:
        return Mention(address, references=(reference(ReferenceKind.ISSUE, named.upper()),))
    return Mention(address)


def _of_message(channel: str, digits: str, threads: Sequence[str]) -> tuple[str, ...]:
    """A message of a thread names the thread's first one, the card; in a grave ticket's channel every message leads to it."""
    stamps = [f"{digits[:-6]}.{digits[-6:]}", *threads[:1]]
    cards = [card_reference(MessageRef(channel=channel, ts=ts)) for ts in stamps]
    return (*dict.fromkeys(cards), reference(ReferenceKind.CHANNEL, channel))


def _of_help_desk(address: str, policy: Policy) -> str | None:
    if policy.help_desk_url is None:
        return None
    before, _, after = policy.help_desk_url.partition("{ref}")
    if not address.startswith(before):
        return None
    end = "(?:[/?#].*)?" if not after else f"{re.escape(after)}.*"
    found = re.fullmatch(rf"([^/?#&]+){end}", address[len(before) :])
    return unquote(found[1]) if found is not None else None

"""Links to tickets in people's messages: a preview below the message, for colleagues.

A link is known as one of Tierline's own, of the Temporal UI, or of the help desk by the policy's ``help_desk_url``. A preview says
what the ticket is and who has it; of its customer it says nothing. Where another company reads along nothing is shown.
Events: https://docs.slack.dev/messaging/unfurling-links-in-messages
"""

import re
from typing import Any
from urllib.parse import unquote, urlsplit

from domain.clock_names import clock_name
from domain.engineering_issue import without_customer
from domain.people import Customer
from domain.ticket import TicketStatus
from domain.ticket_references import ReferenceKind, reference
from domain.tiers import WaitingOn
from domain.views import TicketView
from gateway.gateway import Gateway, SlackDoor
from gateway.payloads import at, text_at
from gateway.slack_home_layout import next_clock
from gateway.slack_people import actor_of, turned_away
from gateway.slack_surfaces import SurfaceFailure
from gateway.tickets import DeskError
from integrations.slack import blocks
from integrations.slack.blocks import Block
from integrations.slack.card import COLOURS
from integrations.slack.mrkdwn import escaped, link, moment, shortened

MOST_LINKS = 5
_LONGEST_URL = 2_000
_TICKET = re.compile(r"(?:^|/)tickets/(T-[0-9A-Z]{1,20})(?:/|$)", re.ASCII)
_WORKFLOW = re.compile(r"/workflows/ticket/(T-[0-9A-Z]{1,20})(?:/|$)", re.ASCII)


async def link_shared(gateway: Gateway, slack: SlackDoor, payload: dict[str, Any]) -> None:
    """Have previews shown, after the answer to Slack."""
    user, channel = text_at(payload, "event", "user"), text_at(payload, "event", "channel")
    ts = text_at(payload, "event", "message_ts")
    shared = at(payload, "is_ext_shared_channel") is not False
    # While a message is being written there is none yet: what is posted is told once more.
    if user is None or channel is None or ts is None or shared or text_at(payload, "event", "source") == "composer":
        return
    links = at(payload, "event", "links")
    urls = [text_at(one, "url", longest=_LONGEST_URL) for one in (links if isinstance(links, list) else [])]
    wanted = list(dict.fromkeys(url for url in urls if url is not None))[:MOST_LINKS]
    gateway.running.keep(_unfurl(gateway, slack, user, channel, ts, wanted))


async def _unfurl(gateway: Gateway, slack: SlackDoor, user: str, channel: str, ts: str, urls: list[str]) -> None:
    if await turned_away(gateway, slack.directory, user, ()) is not None or not actor_of(gateway, user, None).roles:
        return
    previews: dict[str, Any] = {}
    for url in urls:
        try:
            ticket_id = await ticket_at(gateway, url)
            if ticket_id is not None:
                previews[url] = {"blocks": preview(await gateway.desk.view(ticket_id))}
        except DeskError:
            # No such ticket, or nobody to ask: the link stays as it is.
            continue
    if not previews:
        return
    try:
        await slack.surfaces.unfurl(channel, ts, previews)
    except SurfaceFailure:
        # The call itself logged it.
        return


async def ticket_at(gateway: Gateway, url: str) -> str | None:
    """The ticket that an address is of, or None.

    Raises:
        DeskUnavailable: the help desk's number cannot be looked up now.
    """
    path = _below(gateway.public_url, url)
    found = _TICKET.search(path) if path is not None else None
    if found is None:
        path = _below(gateway.temporal_ui_url, url)
        found = _WORKFLOW.search(path) if path is not None else None
    if found is not None:
        return found[1]
    number = help_desk_number(gateway.policy.help_desk_url, url)
    if number is None:
        return None
    tickets = await gateway.desk.find([reference(ReferenceKind.HELP_DESK, number)])
    return tickets[0] if tickets else None


def help_desk_number(pattern: str | None, url: str) -> str | None:
    """The help desk's own number in an address that is written as the policy says, with what may follow it."""
    if pattern is None:
        return None
    before, _, after = pattern.partition("{ref}")
    found = re.match(rf"{re.escape(before)}([^/?#&\s]{{1,200}}){re.escape(after)}(?:[/?#&].*)?$", url)
    return unquote(found[1]) if found is not None else None


def preview(view: TicketView) -> list[Block]:
    """A ticket in a few lines, without a word about its customer."""
    title = escaped(shortened(without_customer(Customer(id="", name=view.customer), view.title), 120))
    name = link(view.card_permalink, view.id) if view.card_permalink is not None else view.id
    owner = f"with {escaped(view.owner)}" if view.owner is not None else "nobody has it yet"
    waits = f" · waits on {view.waiting_on}" if _waits_on_others(view) else ""
    shown = [
        blocks.section(f"{COLOURS[view.priority]} *{name}* {title}"),
        blocks.context([f"{view.priority} · {view.tier} · {view.status} · {owner}{waits}"]),
    ]
    clock = next_clock(view)
    if clock is not None and clock.due_at is not None:
        word = "breached, was due" if clock.breached_at is not None else "due"
        shown.append(blocks.context([f"⏱ {clock_name(clock.kind)} {word} {moment(clock.due_at)}"]))
    return shown


def _waits_on_others(view: TicketView) -> bool:
    return view.status is TicketStatus.OPEN and view.waiting_on is not WaitingOn.TIER


def _below(base: str | None, url: str) -> str | None:
    """The path of an address below another one, with what is encoded in it decoded."""
    if base is None:
        return None
    try:
        ours, theirs = urlsplit(base.rstrip("/")), urlsplit(url)
        same = (ours.scheme, ours.hostname, ours.port) == (theirs.scheme, theirs.hostname, theirs.port)
    except ValueError:
        return None
    return unquote(theirs.path[len(ours.path) :]) if same and theirs.path.startswith(f"{ours.path}/") else None

"""The App Home as Slack's view: a person's own tickets by soonest breach, their team's, and what waits on whom.

Limits: https://docs.slack.dev/surfaces/app-home (100 blocks); times are Slack's localised dates, which each reader sees in their zone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.card import CardButton
from domain.clock_names import clock_name
from domain.clocks import ClockStatus
from domain.intents import lane_name
from domain.tiers import Owner, Tier, WaitingOn
from domain.views import ClockView, TicketView
from gateway.tickets import ListedTicket
from integrations.slack import blocks
from integrations.slack.blocks import Block
from integrations.slack.card import COLOURS, card_button
from integrations.slack.mrkdwn import bar, countdown, escaped, link, shortened

REFRESH = "tierline.refresh"
"""The action id of the button that has the home made anew."""
TICKET_BLOCK = "tierline.home"
"""Where a ticket's buttons stand: ``tierline.home.T-1042``."""

_TITLE_SHOWN = 120
_LATE_SHOWN = 5
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class HomeTicket:
    """A ticket on somebody's home; ``view`` is None where its workflow could not be asked in time."""

    listed: ListedTicket
    view: TicketView | None = None

    @property
    def due_at(self) -> datetime:
        """When its next clock ends; where that is not known, when it next acts by itself."""
        clock = next_clock(self.view) if self.view is not None else None
        return (clock.due_at if clock is not None else self.listed.due_at) or _NEVER


@dataclass(frozen=True)
class Waiting:
    """How many tickets wait on somebody, and which of them has waited longest."""

    owner: Owner
    tickets: int
    oldest: str
    since: datetime


@dataclass(frozen=True)
class Home:
    """What a person's home shows.

    ``mine`` and ``team`` are in the order in which they are shown, with how many more there are; ``late`` is the tickets by the
    outside system that is late for them; ``more`` says that not every open ticket was read; ``said`` is what came of the person's
    last action here; ``zone`` an IANA name, for readers whose Slack shows no localised dates.
    """

    made_at: datetime
    team_name: str
    tier_names: Mapping[Tier, str]
    allowed: frozenset[CardButton]
    mine: Sequence[HomeTicket] = ()
    mine_hidden: int = 0
    team: Sequence[HomeTicket] = ()
    team_hidden: int = 0
    waiting: Sequence[Waiting] = ()
    late: Mapping[str, Sequence[str]] | None = None
    more: bool = False
    said: str | None = None
    zone: str | None = None


def home_view(home: Home) -> dict[str, Any]:
    """The view, as ``views.publish`` takes it."""
    zone = _zone(home.zone)
    shown = [
        *_top(home.made_at, zone, home.said),
        *_troubles(home.late or {}),
        blocks.header("Mine, by soonest breach"),
        *_tickets(home.mine, home.mine_hidden, home, zone, none="Nothing is with you right now."),
        blocks.divider(),
        blocks.header(f"My team's: {home.team_name}"),
        *_tickets(home.team, home.team_hidden, home, zone, none="Nothing else is open here: all clear."),
        blocks.divider(),
        blocks.header("What waits on whom"),
        blocks.section("\n".join(_waiting(home, zone)) or "No ticket is open anywhere. Enjoy the quiet."),
    ]
    if home.more:
        shown.append(blocks.context(["There are more open tickets than are read here: counts are of those that were."]))
    return {"type": "home", "blocks": shown}


def sentence_view(text: str, made_at: datetime, zone: str | None) -> dict[str, Any]:
    """A home that says one thing, in Slack's text format."""
    return {"type": "home", "blocks": [*_top(made_at, _zone(zone), None), blocks.section(text)]}


def next_clock(view: TicketView) -> ClockView | None:
    """The running clock that ends next; one that is over already says less than one that can still be kept."""
    running = [clock for clock in view.clocks if clock.status is ClockStatus.RUNNING and clock.due_at is not None]
    return min(running, key=lambda clock: (clock.breached_at is not None, clock.due_at or _NEVER), default=None)


def share_of(clock: ClockView, now: datetime) -> float:
    """How much of a clock's target is used up, from 0 to 1, at most a closed hour behind.

    A workflow's own time stands still between its messages, so what it says it counted is what it had counted by the last of them.
    """
    assert clock.due_at is not None  # it runs
    if clock.breached_at is not None:
        return 1.0
    left = (clock.due_at - now).total_seconds()
    return min(1.0, max(clock.counted_s / clock.target_s, 1 - left / clock.target_s))


def _top(made_at: datetime, zone: tzinfo, said: str | None) -> list[Block]:
    refresh = {
        "type": "button",
        "action_id": REFRESH,
        "text": {"type": "plain_text", "text": "Refresh", "emoji": True},
    }
    shown = [
        blocks.context([f"As of {_moment(made_at, zone, '{date_short_pretty}, {time_secs}')}, in your time zone"]),
        blocks.actions([refresh], block_id=REFRESH),
    ]
    return shown if said is None else [*shown, blocks.section(said)]


def _troubles(late: Mapping[str, Sequence[str]]) -> list[Block]:
    lines = []
    for lane, tickets in sorted(late.items()):
        named = ", ".join(tickets[:_LATE_SHOWN]) + (" and others" if len(tickets) > _LATE_SHOWN else "")
        lines.append(f"⚠️ *{escaped(lane_name(lane))} is late* for {_many(len(tickets))} ({escaped(named)})")
    return [blocks.section("\n".join(lines))] if lines else []


def _tickets(tickets: Sequence[HomeTicket], hidden: int, home: Home, zone: tzinfo, *, none: str) -> list[Block]:
    if not tickets:
        return [blocks.section(none)]
    shown: list[Block] = []
    for ticket in tickets:
        shown.append(blocks.section("\n".join(_lines(ticket, home, zone))))
        buttons = [card_button(button, ticket.listed.ticket_id) for button in _buttons(ticket, home.allowed)]
        if buttons:
            shown.append(blocks.actions(buttons, block_id=f"{TICKET_BLOCK}.{ticket.listed.ticket_id}"))
    if hidden:
        shown.append(blocks.context([f"… and {_many(hidden)} more, due later; their cards are in the channels"]))
    return shown


def _lines(ticket: HomeTicket, home: Home, zone: tzinfo) -> list[str]:
    listed, view = ticket.listed, ticket.view
    if view is None:
        due = f", next step {_moment(listed.due_at, zone)}" if listed.due_at is not None else ""
        return [
            f"{COLOURS[listed.priority]} *{listed.ticket_id}*",
            f"{listed.priority} · {_tier(listed.tier, home)}{due}",
            "_Its workflow did not answer in time: press Refresh for the rest._",
        ]
    name = link(view.card_permalink, view.id) if view.card_permalink is not None else view.id
    waits = "" if view.waiting_on is WaitingOn.TIER else f" · waits on {view.waiting_on}"
    owner = f"with {escaped(view.owner)}" if view.owner is not None else "nobody has it"
    return [
        f"{COLOURS[view.priority]} *{name}* {escaped(shortened(view.title, _TITLE_SHOWN))}",
        f"{view.priority} · {_tier(view.tier, home)} · {owner}{waits}",
        *_clocks(view, home.made_at, zone),
        *([f"💤 Snoozed until {_moment(view.snoozed_until, zone)}"] if view.snoozed_until is not None else []),
    ]


def _clocks(view: TicketView, now: datetime, zone: tzinfo) -> list[str]:
    clock = next_clock(view)
    missed = dict.fromkeys(clock_name(c.kind) for c in view.clocks if c.breached_at is not None and c is not clock)
    lines = [f"⛔ Breached: {', '.join(missed)}"] if missed else []
    if clock is None or clock.due_at is None:
        paused = any(one.status is ClockStatus.PAUSED for one in view.clocks)
        return [*lines, "⏸ Its clocks stand still" if paused else "No clock runs"]
    share, due = share_of(clock, now), f"{_moment(clock.due_at, zone)} ({countdown(clock.due_at)})"
    if clock.breached_at is not None:
        return [f"⛔ {clock_name(clock.kind)} `{bar(1)}` breached, was due {due}", *lines]
    percent = int(100 * share)
    return [f"⏱ {clock_name(clock.kind)} `{bar(percent / 100)}` {percent} % · due {due}", *lines]


def _buttons(ticket: HomeTicket, allowed: frozenset[CardButton]) -> list[CardButton]:
    listed, view = ticket.listed, ticket.view
    with_vendor = (view.tier if view is not None else listed.tier) is Tier.L4
    free = view is not None and view.stints[-1].accepted_at is None
    wanted = {
        CardButton.ACCEPT: free and not with_vendor,
        CardButton.REPLY: True,
        CardButton.ESCALATE: not with_vendor,
        CardButton.SNOOZE: view is not None and view.snoozed_until is None,
        CardButton.RESOLVE: True,
    }
    return [button for button, fits in wanted.items() if fits and button in allowed]


def _waiting(home: Home, zone: tzinfo) -> list[str]:
    return [
        f"*{escaped(_whom(waiting.owner, home))}*: {_many(waiting.tickets)}, longest {waiting.oldest} "
        f"since {_moment(waiting.since, zone)}"
        for waiting in home.waiting
    ]


def _whom(owner: Owner, home: Home) -> str:
    if owner is Owner.CUSTOMER:
        return "Customers"
    if owner is Owner.VENDOR:
        return "Vendors"
    return _tier(Tier(owner.value), home) if owner.value in Tier.__members__ else owner.value


def _tier(tier: Tier, home: Home) -> str:
    name = home.tier_names.get(tier)
    return f"{tier} {escaped(name)}" if name is not None else tier.value


def _many(tickets: int) -> str:
    return "1 ticket" if tickets == 1 else f"{tickets} tickets"


def _zone(name: str | None) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _moment(at: datetime, zone: tzinfo, form: str = "{date_short_pretty}, {time}") -> str:
    """As ``mrkdwn.moment``, with the person's own time also where no localised date is shown."""
    return f"<!date^{int(at.timestamp())}^{form}|{at.astimezone(zone):%Y-%m-%d %H:%M %Z}>"

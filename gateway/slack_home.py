"""A person's App Home: made when they open it, when they ask for it, and after they acted on it.

The tickets come off visibility, which wakes none of them; a bounded number is then asked for what only the ticket knows.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from domain.card import CardButton
from domain.people import Actor, Role
from domain.policy import CommandName, Policy
from domain.ticket import TicketStatus
from domain.ticket_references import assignee_of
from domain.tiers import Tier
from domain.views import TicketView
from gateway.access import may
from gateway.gateway import Gateway, SlackDoor
from gateway.payloads import text_at
from gateway.slack_home_layout import REFRESH, Home, HomeTicket, Waiting, home_view, sentence_view
from gateway.slack_origin import Origin, tell
from gateway.slack_people import actor_of, turned_away
from gateway.slack_surfaces import SurfaceFailure
from gateway.tickets import DeskError, DeskUnavailable, ListedTicket, OpenTickets
from integrations.slack.mrkdwn import escaped

MINE_SHOWN = 10
TEAM_SHOWN = 15
LIST_LAG_SECONDS = 2.0
"""How far lists are behind the tickets, more or less."""
_READ_AT_ONCE = 8
_READING_SECONDS = 2.0
_LEADS_NAMED = 3
_SOON = timedelta(hours=4)
_OFFERED = {
    CardButton.ACCEPT: CommandName.ACCEPT,
    CardButton.REPLY: CommandName.REPLY,
    CardButton.ESCALATE: CommandName.ESCALATE,
    CardButton.SNOOZE: CommandName.SNOOZE,
    CardButton.RESOLVE: CommandName.RESOLVE,
}


async def home_opened(gateway: Gateway, slack: SlackDoor, payload: dict[str, Any]) -> None:
    """Have the home of whoever opened it made, after the answer to Slack."""
    user = text_at(payload, "event", "user")
    if user is not None and text_at(payload, "event", "tab") == "home":
        gateway.running.keep(publish(gateway, slack, user))


def is_refresh(payload: object) -> bool:
    """Whether somebody pressed the home's own button."""
    return text_at(payload, "actions", 0, "action_id") == REFRESH


def is_on_home(payload: object) -> bool:
    """Whether what was pressed stands on somebody's home, where nobody can be told anything but by making it anew."""
    return text_at(payload, "view", "type") == "home"


async def tell_there(gateway: Gateway, slack: SlackDoor, origin: Origin, user: str, text: str) -> None:
    """Tell a person, in Slack's text format, what came of what they asked for, where they asked. On their home that is made anew: at
    once, and when the lists have followed the tickets.
    """
    if not origin.home:
        await tell(slack, origin, user, text)
        return
    await publish(gateway, slack, user, said=text)
    await asyncio.sleep(LIST_LAG_SECONDS)
    await publish(gateway, slack, user, said=text)


async def publish(gateway: Gateway, slack: SlackDoor, user: str, *, said: str | None = None) -> None:
    """Make a person's home as it is now. Never fails: what cannot be shown is said on it, or shown the next time."""
    if await turned_away(gateway, slack.directory, user, ()) is not None:
        return
    actor, profile = actor_of(gateway, user, None), await slack.directory.profile(user)
    zone = profile.time_zone if profile is not None else None
    if not tiers_of(gateway.policy, actor):
        view = sentence_view(_no_role(gateway.policy), gateway.now(), zone)
    else:
        try:
            view = home_view(await _home(gateway, actor, said, zone))
        except DeskUnavailable as error:
            view = sentence_view(f"⚠️ {escaped(str(error))}", gateway.now(), zone)
    try:
        await slack.surfaces.publish_home(user, view)
    except SurfaceFailure:
        # The call itself logged it; the person opens it again, or presses Refresh.
        return


def tiers_of(policy: Policy, actor: Actor) -> frozenset[Tier]:
    """The tiers whose tickets are the person's team's: by role, and where the policy names them as a lead. None without a part in it."""
    if not actor.roles.isdisjoint({Role.LEAD, Role.OPERATOR}):
        return frozenset(Tier)
    found = {
        tier
        for tier, rules in policy.tiers.items()
        if actor.id in (rules.lead, *(team.lead for team in rules.teams.values()))
    }
    if Role.AGENT in actor.roles:
        found |= {Tier.L0, Tier.L1, Tier.L2}
    if Role.ENGINEER in actor.roles:
        found.add(Tier.L3)
    return frozenset(found)


async def _home(gateway: Gateway, actor: Actor, said: str | None, zone: str | None) -> Home:
    policy, now = gateway.policy, gateway.now()
    own, everyone = await asyncio.gather(
        gateway.desk.open_tickets(assignee=assignee_of(actor)), gateway.desk.open_tickets()
    )
    mine = _soonest(own.tickets)
    own_ids = {ticket.ticket_id for ticket in mine}
    tiers = tiers_of(policy, actor)
    listed = {ticket.ticket_id: ticket for ticket in everyone.tickets}
    if everyone.more:
        # What was read is not by due time: what is due soon must not be missing.
        soon = await gateway.desk.open_tickets(due_before=now + _SOON)
        listed |= {ticket.ticket_id: ticket for ticket in soon.tickets}
    team = _soonest(t for t in listed.values() if t.tier in tiers and t.ticket_id not in own_ids)
    views = await _views(gateway, [*mine[:MINE_SHOWN], *team[:TEAM_SHOWN]])
    return Home(
        made_at=now,
        team_name=_team_name(policy, tiers),
        tier_names={tier: rules.name for tier, rules in policy.tiers.items()},
        allowed=frozenset(button for button, command in _OFFERED.items() if may(actor, policy.allowed(command))),
        mine=_shown(mine[:MINE_SHOWN], views),
        mine_hidden=max(0, len(mine) - MINE_SHOWN),
        team=_shown(team[:TEAM_SHOWN], views),
        team_hidden=max(0, len(team) - TEAM_SHOWN),
        waiting=_waiting(everyone),
        late=_late(everyone),
        more=everyone.more or own.more,
        said=said,
        zone=zone,
    )


def _soonest(tickets: Iterable[ListedTicket]) -> list[ListedTicket]:
    """By what they do next, the most urgent first; those that do nothing by themselves last."""
    return sorted(
        tickets,
        key=lambda t: (t.due_at is None, t.due_at or t.opened_at, t.priority, t.opened_at, t.ticket_id),
    )


async def _views(gateway: Gateway, tickets: Sequence[ListedTicket]) -> dict[str, TicketView]:
    """Those that answer in time."""
    turns = asyncio.Semaphore(_READ_AT_ONCE)

    async def read(ticket_id: str) -> TicketView | None:
        async with turns:
            try:
                return await gateway.desk.view(ticket_id)
            except DeskError:
                return None

    reading = [asyncio.create_task(read(ticket.ticket_id)) for ticket in tickets]
    if not reading:
        return {}
    done, late = await asyncio.wait(reading, timeout=_READING_SECONDS)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    found = (task.result() for task in done)
    return {view.id: view for view in found if view is not None}


def _shown(tickets: Sequence[ListedTicket], views: dict[str, TicketView]) -> list[HomeTicket]:
    """Without those that were solved since they were listed."""
    known = [HomeTicket(ticket, views.get(ticket.ticket_id)) for ticket in tickets]
    still_open = [t for t in known if t.view is None or t.view.status is TicketStatus.OPEN]
    return sorted(still_open, key=lambda ticket: (ticket.due_at, ticket.listed.priority, ticket.listed.ticket_id))


def _waiting(open_tickets: OpenTickets) -> list[Waiting]:
    """Whoever the most tickets wait on first."""
    by_owner = {
        owner: sorted((t for t in open_tickets.tickets if t.owner is owner), key=lambda t: (t.owner_since, t.ticket_id))
        for owner in {ticket.owner for ticket in open_tickets.tickets}
    }
    found = [Waiting(owner, len(all_), all_[0].ticket_id, all_[0].owner_since) for owner, all_ in by_owner.items()]
    return sorted(found, key=lambda waiting: (-waiting.tickets, waiting.owner))


def _late(open_tickets: OpenTickets) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for ticket in sorted(open_tickets.tickets, key=lambda ticket: ticket.ticket_id):
        for lane in ticket.late:
            found.setdefault(lane, []).append(ticket.ticket_id)
    return found


def _team_name(policy: Policy, tiers: frozenset[Tier]) -> str:
    named = [rules.name for tier, rules in sorted(policy.tiers.items()) if tier in tiers]
    return "all tiers" if tiers == frozenset(Tier) else ", ".join(named) or ", ".join(sorted(tiers))


def _no_role(policy: Policy) -> str:
    leads = [user for user in policy.roles.get(Role.LEAD, ()) if not user.startswith("S")][:_LEADS_NAMED]
    whom = " or ".join(f"<@{user}>" for user in leads) or "whoever keeps the policy"
    return (
        "👋 Hello! Here people who work on support tickets see theirs. The policy gives you no part in that yet: "
        f"if you should have one, ask {whom}."
    )

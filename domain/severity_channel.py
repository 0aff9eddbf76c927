"""A ticket's own channel: the gravest tickets have one, from the moment that they are grave until they are closed.

What is to be done there is read from the difference that a turn made, so that no way in which a ticket changes is forgotten. The channel
hears milestones, not every line of the story. Whatever becomes of the channel, the ticket goes on: it has a lane of its own, and what
could not be done there is said once.
"""

from collections.abc import Iterator

from domain.attribution import totals
from domain.chat import ChannelRef
from domain.clock_names import clock_name
from domain.clocks import Clock
from domain.durations import format_duration
from domain.intents import CloseSeverityChannel, DressSeverityChannel, OpenSeverityChannel, TellSeverityChannel
from domain.paging import PageStatus
from domain.people import ActorKind
from domain.telling import tell_lead
from domain.ticket import Ticket, TicketStatus
from domain.ticket_card import card_of
from domain.tiers import Owner
from domain.turn import Turn

_SHORTEST_TOLD = 1.0
"""Seconds of an owner's time from which on a summary names it."""


def name_of(prefix: str, ticket_id: str) -> str:
    """The channel's name by Slack's rules: lower-case letters, digits, hyphens and underscores, 80 characters at the most."""
    return f"{prefix}{ticket_id}".lower()[:80]


def people_of(ticket: Ticket) -> tuple[str, ...]:
    """Slack users and user groups that belong into the channel: the policy's, the leads of the tiers that had the ticket, and who took it there."""
    rules, tiers = ticket.policy.severity_channel, ticket.policy.tiers
    wanted = list(rules.invite) if rules is not None else []
    for stint in ticket.stints:
        tier = tiers.get(stint.tier)
        lead = tier.of_team(stint.team).lead if tier is not None else None
        wanted += [lead] if lead is not None else []
        if stint.accepted_by is not None and stint.accepted_by.kind is ActorKind.SLACK:
            wanted.append(stint.accepted_by.id)
    return tuple(dict.fromkeys(wanted))


def follow(turn: Turn, before: Ticket) -> None:
    """Have the channel follow what a turn changed of the ticket since it was ``before``."""
    if turn.silent:
        return
    ticket = turn.ticket
    channel = before.severity_channel if ticket.severity_channel is not None else None
    if channel is None:
        _open_if_grave(turn)
    elif ticket.status is TicketStatus.CLOSED and before.status is not TicketStatus.CLOSED:
        close(turn, channel)
    else:
        _tell(turn, channel, before)
        _dress(turn, channel, before)


def opened(turn: Turn, channel: ChannelRef) -> None:
    """The channel is there. What changed while it was being made is in its topic; a ticket that closed meanwhile needs none."""
    turn.set(severity_channel=channel)
    turn.say(f"Has a channel of its own: #{channel.name}")
    if turn.ticket.status is TicketStatus.CLOSED:
        close(turn, channel)
    else:
        turn.intend(lambda key: DressSeverityChannel(key=key, channel=channel, invite=people_of(turn.ticket)))


def could_not_open(turn: Turn, name: str, error: str) -> None:
    """The ticket goes on without a channel; the lead hears of it once."""
    turn.say(f"No channel of its own, #{name} could not be made: {error}")
    tell_lead(turn, f"{turn.ticket.id}: #{name} could not be made ({error}). Work on it in the card's thread")


def lost(turn: Turn, channel: ChannelRef, error: str) -> None:
    """Somebody archived or deleted it: the ticket goes on in the card's thread, and makes no other."""
    if turn.ticket.severity_channel == channel:
        turn.set(severity_channel=None)
        turn.say(f"#{channel.name} cannot be written to any more ({error}): go on in this thread")


def close(turn: Turn, channel: ChannelRef) -> None:
    """Sum up what happened and archive the channel."""
    summary = summary_of(turn.ticket)
    turn.intend(lambda key: CloseSeverityChannel(key=key, channel=channel, summary=summary))


def _open_if_grave(turn: Turn) -> None:
    ticket, rules = turn.ticket, turn.ticket.policy.severity_channel
    if rules is None or ticket.severity_channel_tried or ticket.severity_channel is not None:
        return
    if ticket.status is not TicketStatus.OPEN or ticket.priority not in rules.priorities:
        return
    name = name_of(rules.prefix, ticket.id)
    turn.set(severity_channel_tried=True)
    turn.intend(
        lambda key: OpenSeverityChannel(key=key, name=name, private=rules.private, invite=people_of(turn.ticket))
    )


def _dress(turn: Turn, channel: ChannelRef, before: Ticket) -> None:
    known = people_of(before)
    invite = tuple(person for person in people_of(turn.ticket) if person not in known)
    if invite or _dressed(before, turn) != _dressed(turn.ticket, turn):
        turn.intend(lambda key: DressSeverityChannel(key=key, channel=channel, invite=invite))


def _dressed(ticket: Ticket, turn: Turn) -> tuple[object, ...]:
    """What topic and bookmarks show."""
    card = card_of(ticket, turn.at)
    clock = (card.clock.name, card.clock.due_at, card.clock.breached) if card.clock is not None else card.standstill
    shown = (card.status, card.priority, card.tier, card.tier_name, card.owner, card.waiting_on, clock)
    # The channel may be there before the card is, and its link to the card comes with it.
    return (*shown, tuple(issue.ref for issue in card.issues), card.page_url, ticket.card)


# --- milestones ----------------------------------------------------------------------------------------------------


def _tell(turn: Turn, channel: ChannelRef, before: Ticket) -> None:
    told = list(_milestones(before, turn.ticket))
    if told:
        text = "\n".join(told)
        turn.intend(lambda key: TellSeverityChannel(key=key, channel=channel, text=text))


def _milestones(before: Ticket, after: Ticket) -> Iterator[str]:
    yield from _breaches(before, after)
    yield from _acknowledgements(before, after)
    yield from _moves(before, after)
    yield from _issues(before, after)
    if before.priority is not after.priority:
        yield f"The priority is {after.priority.value} now, it was {before.priority.value}"
    if before.status is not after.status:
        by = f" by {after.resolved_by}" if after.status is TicketStatus.RESOLVED and after.resolved_by else ""
        yield f"It is {after.status.value}{by}" if after.status is not TicketStatus.OPEN else "It is open again"


def _breaches(before: Ticket, after: Ticket) -> Iterator[str]:
    known = {clock.id for clock in before.clocks if clock.breached_at is not None}
    for clock in after.clocks:
        if clock.breached_at is not None and clock.id not in known:
            yield f"Breached: {_clock(after, clock)}, {format_duration(clock.target)} are over"


def _acknowledgements(before: Ticket, after: Ticket) -> Iterator[str]:
    known = {page.key: page.status for page in before.pages}
    for page in after.pages:
        if page.status is PageStatus.ACKNOWLEDGED and known.get(page.key) is not PageStatus.ACKNOWLEDGED:
            yield f"{page.acknowledged_by or 'Somebody'} acknowledged the page"
    owners = {stint.number: stint.accepted_by for stint in before.stints}
    for stint in after.stints:
        if stint.accepted_by is not None and owners.get(stint.number) is None:
            yield f"{stint.accepted_by.name} took it in {stint.tier.value}"


def _moves(before: Ticket, after: Ticket) -> Iterator[str]:
    new = after.stints[len(before.stints) :]
    for old, stint in zip(after.stints[len(before.stints) - 1 :], new, strict=False):
        if old.tier is not stint.tier:
            yield f"It went from {old.tier.value} to {stint.tier.value}"


def _issues(before: Ticket, after: Ticket) -> Iterator[str]:
    known = {(issue.ref.tracker, issue.ref.id): issue.status for issue in before.issues}
    for issue in after.issues:
        was = known.get((issue.ref.tracker, issue.ref.id))
        if was is None:
            yield f"{issue.ref.key} is linked: {issue.ref.url}"
        elif was != issue.status and issue.status:
            yield f"{issue.ref.key} is {issue.status}"


def _clock(ticket: Ticket, clock: Clock) -> str:
    where = f" in {ticket.stint_numbered(clock.stint).tier.value}" if clock.stint is not None else ""
    return f"{clock_name(clock.kind)}{where}"


# --- the summary ---------------------------------------------------------------------------------------------------


def summary_of(ticket: Ticket) -> str:
    """What happened, for whoever reads the channel later: path, times, people, breaches. It says no more of the customer than a card."""
    end = ticket.closed_at or ticket.owner_since
    took = dict.fromkeys(f"{s.accepted_by.name} ({s.tier.value})" for s in ticket.stints if s.accepted_by is not None)
    acknowledged = dict.fromkeys(page.acknowledged_by for page in ticket.pages if page.acknowledged_by is not None)
    breached = [_clock(ticket, clock) for clock in ticket.clocks if clock.breached_at is not None]
    spent = totals(ticket, end)
    lines = [
        f"{ticket.id} is over: {ticket.title}",
        f"Opened {ticket.opened_at:%Y-%m-%d %H:%M} UTC, {_ending(ticket)}",
        f"Path: {' → '.join(stint.tier.value for stint in ticket.stints)}",
        f"Taken by: {', '.join(took) or 'nobody'}",
        *(
            [f"Pages: {ticket.pages_wanted}, acknowledged by {', '.join(acknowledged) or 'nobody'}"]
            if ticket.pages
            else []
        ),
        f"Breached: {', '.join(breached) or 'no clock'}",
        "Whose time it was: "
        + ", ".join(
            f"{owner.value.replace('_', ' ')} {format_duration(length)}"
            for owner, length in spent.items()
            if owner is not Owner.RESOLVED and length.total_seconds() >= _SHORTEST_TOLD
        ),
        *(f"{issue.ref.key}: {issue.status or 'new'} {issue.ref.url}" for issue in ticket.issues),
    ]
    return "\n".join(lines)


def _ending(ticket: Ticket) -> str:
    if ticket.merged_into is not None:
        return f"merged into {ticket.merged_into}"
    if ticket.resolved_at is not None:
        by = f" by {ticket.resolved_by}" if ticket.resolved_by is not None else ""
        times = {0: "", 1: " after a reopening"}.get(ticket.reopened, f" after {ticket.reopened} reopenings")
        return f"resolved {ticket.resolved_at:%Y-%m-%d %H:%M} UTC{by}{times}"
    if ticket.cancelled_at is not None:
        return f"cancelled {ticket.cancelled_at:%Y-%m-%d %H:%M} UTC"
    return f"closed {ticket.closed_at:%Y-%m-%d %H:%M} UTC" if ticket.closed_at is not None else "not over yet"

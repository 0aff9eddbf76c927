"""What a run of a ticket's workflow hands to the next one, and what it leaves behind so that it fits.

The server ends a workflow that hands over more than 2 MiB. A ticket therefore carries so much of each thing (``Room``) and no more. What it
leaves behind is in the history of its earlier runs; the ticket counts it and shows the counts. When even that is too much, it carries half of
each, and so on; texts are then cut with a visible mark, and a line in the ticket says so. What decides a ticket's future is never left behind: its
running clocks, where it is, what it is linked to, and what still has to be done outside.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Annotated, Self, TypeVar

from pydantic import Field

from domain.clocks import Clock
from domain.frozen import Frozen
from domain.intents import Intent
from domain.messages import Command, CommandResult, Delivery
from domain.people import TIERLINE
from domain.snooze import Snooze
from domain.texts import Key, Mark, size_of
from domain.ticket import Entry, Page, Ticket
from domain.whole_texts import with_texts_cut

_T = TypeVar("_T")


class QueuedIntent(Frozen):
    """An intent that a run hands to the next; ``begun`` means that it may have been done already."""

    intent: Intent
    begun: bool


class TicketCarry(Frozen):
    """Everything that a ticket's next run needs. ``inbox`` are messages that the run before received and did not come to."""

    ticket: Ticket
    queued: tuple[QueuedIntent, ...] = ()
    seen: tuple[Key, ...] = ()
    answers: tuple[tuple[Key, CommandResult], ...] = ()
    fingerprints: tuple[tuple[Key, Mark], ...] = ()
    inbox: tuple[Annotated[Command | Delivery, Field(discriminator="kind")], ...] = ()


@dataclass(frozen=True)
class Room:
    """How much a ticket carries of each thing: ``timeline``, ``texts`` and ``answer_bytes`` are bytes, the others are counts, of the newest."""

    stints: int = 100
    clocks: int = 200
    clock_changes: int = 400
    stays: int = 400
    moves: int = 200
    ids: int = 200
    reached: int = 300
    held: int = 100
    heard: int = 50
    pages: int = 50
    cases: int = 50
    edits: int = 10
    answers: int = 100
    seen: int = 500
    timeline: int = 250_000
    texts: int = 100_000

    @property
    def half(self) -> Self:
        """Half of each, but never less than what a ticket needs to go on."""
        least = type(self)(
            stints=4, clocks=8, clock_changes=8, stays=8, moves=8, ids=8, reached=4, held=5, heard=10, pages=3, cases=2, edits=1,
            answers=10, seen=100, timeline=4_000, texts=400,
        )  # fmt: skip
        halves = {each.name: max(getattr(self, each.name) // 2, getattr(least, each.name)) for each in fields(self)}
        return type(self)(**halves)


def rooms() -> Iterable[Room]:
    """From what a ticket carries as a rule to the least that it can go on with."""
    room, smaller = Room(), Room().half
    yield room
    while smaller != room:
        yield smaller
        room, smaller = smaller, smaller.half


def in_room(carry: TicketCarry, room: Room, now: datetime) -> TicketCarry:
    """The carry with no more of each thing than there is room for; a ticket that had to shorten texts says so at ``now``."""
    ticket = in_its_room(carry.ticket, room)
    made = carry.model_copy(
        update={
            "ticket": ticket,
            "seen": carry.seen[-room.seen :],
            "answers": carry.answers[-room.answers :],
            "fingerprints": carry.fingerprints[-room.answers :],
        }
    )
    if room.texts == Room.texts:
        return made
    made = with_texts_cut(made, room.texts)
    said = Entry(
        at=now,
        who=TIERLINE.name,
        text="This ticket grew too large to be carried whole: long texts are shortened and old lines left out. All of it is in its "
        "workflow's history",
    )
    timeline = (*made.ticket.timeline, said)
    return made.model_copy(update={"ticket": made.ticket.model_copy(update={"timeline": timeline})})


def in_its_room(ticket: Ticket, room: Room) -> Ticket:
    """The ticket with the newest of each thing, as much as there is room for, and with what it left behind counted."""
    left = _Left(ticket)
    stints = left.newest("stints", ticket.stints, room.stints, first=1, over=[s.left_at for s in ticket.stints])
    clocks = _clocks(left, ticket, {stint.number for stint in stints}, room)
    held = left.newest("stays", ticket.held, room.stays)
    edits = left.newest("policy changes", ticket.edits, room.edits, over=[edit.at for edit in ticket.edits])
    if len(edits) < len(ticket.edits):
        # The policy of the time before them is not known any more.
        forgotten = ticket.edits[-len(edits) - 1].at
        held = tuple(stay for stay in held if stay.since >= forgotten)
    pages = _pages(ticket, room)
    timeline = _timeline(ticket, room)
    return ticket.model_copy(
        update={
            "stints": stints,
            "clocks": clocks,
            "held": held,
            "edits": edits,
            "pages": pages,
            "pages_dropped": ticket.pages_wanted - len(pages),
            "timeline": timeline,
            "timeline_dropped": ticket.timeline_dropped + len(ticket.timeline) - len(timeline),
            "handoffs": left.newest("handoffs", ticket.handoffs, room.moves),
            "returns": left.newest("returns", ticket.returns, room.moves),
            "reopenings": left.newest("reopenings", ticket.reopenings, room.moves),
            "merged_in": left.newest("tickets merged in", ticket.merged_in, room.ids),
            "split_into": left.newest("tickets split off", ticket.split_into, room.ids),
            "duplicates_left": left.newest("duplicates left", ticket.duplicates_left, room.ids),
            "snooze": _snooze(left, ticket, room),
            "reached": left.newest("reached", ticket.reached, room.reached),
            "cases": left.newest("vendor cases", ticket.cases, room.cases),
            "folded": left.counts,
            "folded_until": left.until,
        }
    )


class _Left:
    """What the ticket leaves behind: how many of each, and when the newest of them was over."""

    def __init__(self, ticket: Ticket) -> None:
        self.counts = dict(ticket.folded)
        self.until = ticket.folded_until

    def newest(
        self, what: str, things: tuple[_T, ...], room: int, *, first: int = 0, over: Iterable[datetime | None] = ()
    ) -> tuple[_T, ...]:
        """The newest things, and of the oldest the ``first`` ones; ``over`` says when each was over."""
        if len(things) <= room:
            return things
        cut_from, cut_to = first, len(things) - (room - first)
        self.leave(what, cut_to - cut_from, list(over)[cut_from:cut_to])
        return (*things[:cut_from], *things[cut_to:])

    def leave(self, what: str, count: int, over: Iterable[datetime | None] = ()) -> None:
        """So many of these are left behind."""
        if count:
            self.counts[what] = self.counts.get(what, 0) + count
        self.until = max((at for at in (self.until, *over) if at is not None), default=None)


def _clocks(left: _Left, ticket: Ticket, stints: set[int], room: Room) -> tuple[Clock, ...]:
    """Clocks that have not ended, the newest that have, and the last of each kind, whose number the next one goes on from."""
    last = {clock.kind: clock.id for clock in ticket.clocks}
    ended = [c for c in ticket.clocks if c.stopped and (c.stint is None or c.stint in stints)]
    kept = {clock.id for clock in ended[-room.clocks :]} | set(last.values())
    clocks = tuple(clock for clock in ticket.clocks if not clock.stopped or clock.id in kept)
    gone = [clock for clock in ticket.clocks if clock.stopped and clock.id not in kept]
    left.leave("clocks", len(gone), [clock.stopped_at for clock in gone])
    left.leave("breaches", sum(clock.breached_at is not None for clock in gone))
    room_left, shortened = room.clock_changes, []
    for clock in reversed(clocks):
        past = clock.past[max(0, len(clock.past) - room_left) :]
        room_left -= len(past)
        dropped = clock.past_dropped or len(past) < len(clock.past)
        shortened.append(clock.model_copy(update={"past": past, "past_dropped": dropped}))
        if dropped and not past:
            # Of its past nothing can be told, up to its last change.
            left.leave("clock changes", 0, [clock.past[-1].until if clock.past else None])
    return tuple(reversed(shortened))


def _snooze(left: _Left, ticket: Ticket, room: Room) -> Snooze | None:
    """The newest steps that were held back, and of older ones those that bring what none of these would make up for."""
    snooze, live = ticket.snooze, {clock.id for clock in ticket.clocks if not clock.stopped}
    if snooze is None or len(snooze.held) <= room.held:
        return snooze
    older, kept = snooze.held[: -room.held], list(snooze.held[-room.held :])
    actions = {(step.clock_id, action) for step in kept for action in step.actions}
    for step in reversed(older):
        more = {(step.clock_id, action) for action in step.actions} - actions
        if more and step.clock_id in live:
            actions |= more
            kept.insert(0, step)
    left.leave("steps held back", len(snooze.held) - len(kept))
    return snooze.model_copy(update={"held": tuple(kept)})


def _pages(ticket: Ticket, room: Room) -> tuple[Page, ...]:
    """The newest pages, and the newest of the open ones."""
    newest = ticket.pages[-room.pages :]
    open_page = ticket.open_page
    kept = newest if open_page is None or open_page in newest else (open_page, *newest[1:])
    # What the pager tells twice, it tells twice soon.
    return tuple(page.model_copy(update={"heard": page.heard[-room.heard :]}) for page in kept)


def _timeline(ticket: Ticket, room: Room) -> tuple[Entry, ...]:
    """The newest lines; each needs some 120 bytes besides its words."""
    left, kept = room.timeline, 0
    for entry in reversed(ticket.timeline):
        left -= size_of(entry.text) + size_of(entry.who) + 120
        if left < 0:
            break
        kept += 1
    return ticket.timeline[len(ticket.timeline) - kept :]

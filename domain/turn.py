"""One turn of a ticket: the working copy that a decision changes step by step, and the intents it collects."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from itertools import repeat
from operator import is_
from typing import Any

from domain.attribution import owner_of, settled
from domain.clock_past import remembered
from domain.clocks import Clock
from domain.intents import Intent, ShowCard, ThreadLine
from domain.people import TIERLINE, Actor
from domain.texts import size_of
from domain.ticket import Entry, LinkedIssue, Page, Stint, Ticket, VendorCaseLink

LONGEST_TIMELINE = 1_000
"""Entries that a ticket carries; older ones are counted and stay in the workflow's history."""
LARGEST_TIMELINE = 250_000
"""Bytes of all entries' words, so that a ticket stays far below the 2 MiB that Temporal takes in one piece."""
LONGEST_ENTRY = 4_000
"""Characters of one entry; a longer one is cut and says how much of it is in the workflow's history alone."""
_KEY_DIGITS = 12
"""Hexadecimal digits by which a ticket tells its intents apart: among 100,000 of them two are alike once in 50,000 tickets."""


class Turn:
    """A ticket being changed at the instant ``at``. It lives for one decision; what it yields is immutable.

    A ``silent`` turn changes the ticket by the same rules and neither tells its story nor intends anything.
    """

    def __init__(self, ticket: Ticket, at: datetime, *, silent: bool = False) -> None:
        self.ticket = ticket
        self.at = at
        self.silent = silent
        self.intents: list[Intent] = []
        self._cause = ""
        self._made: dict[str, int] = {}

    def because(self, *cause: object) -> None:
        """Name what everything from here on follows from.

        The keys of intents say it. So an intent has the same key when a ticket that was reset lives through the same messages again, also
        where results come in another order: what was done under that key is found, and not done twice.
        """
        self._cause = "\0".join(map(str, cause))

    # --- saying and intending ------------------------------------------------------------------------------------

    def say(self, text: str, who: Actor | str = TIERLINE, *, public: bool = False, thread: bool = True) -> None:
        """Add a line to the ticket's story and, with ``thread``, to the card's thread."""
        if self.silent:
            return
        name = who if isinstance(who, str) else who.name
        entry = Entry(at=self.at, who=name, text=_cut(text), public=public)
        timeline = (*self.ticket.timeline, entry)
        dropped = _too_many(timeline)
        self.set(timeline=timeline[dropped:], timeline_dropped=self.ticket.timeline_dropped + dropped)
        if thread:
            line = entry.text if name == TIERLINE.name else f"{name}: {entry.text}"
            self.intend(lambda key: ThreadLine(key=key, text=line))

    def intend(self, make: Callable[[str], Intent]) -> str:
        """Add an intent, made with the next stable key of this ticket. Returns that key; nothing of a silent turn has one."""
        if self.silent:
            return ""
        self.set(steps=self.ticket.steps + 1)
        number = self._made[self._cause] = self._made.get(self._cause, 0) + 1
        # What has no cause is numbered through.
        what = f"{self._cause}\0{number if self._cause else self.ticket.steps}"
        key = f"{self.ticket.id}/{hashlib.sha256(what.encode()).hexdigest()[:_KEY_DIGITS]}"
        self.intents.append(make(key))
        return key

    def show_card(self) -> None:
        """Have the card brought up to date, once a turn."""
        if not any(isinstance(intent, ShowCard) for intent in self.intents):
            self.intend(lambda key: ShowCard(key=key))

    # --- changing ------------------------------------------------------------------------------------------------

    def set(self, **changes: Any) -> None:
        """Replace fields of the ticket."""
        self.ticket = self.ticket.model_copy(update=changes)

    def set_stint(self, **changes: Any) -> None:
        """Replace fields of the current stint."""
        stint: Stint = self.ticket.stint.model_copy(update=changes)
        self.set(stints=(*self.ticket.stints[:-1], stint))

    def set_issue(self, issue: LinkedIssue) -> None:
        """Add an issue, or replace the one with the same identity."""
        others = tuple(old for old in self.ticket.issues if _identity(old) != _identity(issue))
        if len(others) == len(self.ticket.issues):
            self.set(issues=(*self.ticket.issues, issue))
        else:
            self.set(issues=tuple(issue if _identity(old) == _identity(issue) else old for old in self.ticket.issues))

    def set_page(self, page: Page) -> None:
        """Replace the page with the same key."""
        self.set(pages=tuple(page if old.key == page.key else old for old in self.ticket.pages))

    def set_case(self, case: VendorCaseLink) -> None:
        """Replace the vendor case with the same number."""
        self.set(cases=tuple(case if old.number == case.number else old for old in self.ticket.cases))

    def change_clocks(self, change: Callable[[Clock], Clock]) -> None:
        """Replace every clock by what ``change`` makes of it."""
        before = self.ticket.clocks
        after = tuple(map(change, before))
        if all(map(is_, before, after)):
            return
        if not self.silent:
            after = tuple(map(remembered, before, after, repeat(self.at)))
        self.set(clocks=after)

    def settle_owner(self) -> None:
        """Attribute the time up to now to whose turn it was, and see whose turn it is."""
        ticket = self.ticket
        owner = owner_of(ticket)
        if owner is not ticket.owner or ticket.waiting_on is not ticket.owner_waits_on:
            self.set(**settled(ticket, self.at), owner=owner, owner_waits_on=ticket.waiting_on)


def _identity(issue: LinkedIssue) -> tuple[str, str]:
    return issue.ref.tracker.value, issue.ref.id


def _too_many(timeline: tuple[Entry, ...]) -> int:
    """How many of the oldest entries a ticket no longer carries."""
    many = max(0, len(timeline) - LONGEST_TIMELINE)
    if len(timeline) * LONGEST_ENTRY * 4 <= LARGEST_TIMELINE:
        return many
    size = sum(size_of(entry.text) for entry in timeline[many:])
    while size > LARGEST_TIMELINE:
        size -= size_of(timeline[many].text)
        many += 1
    return many


def _cut(text: str) -> str:
    if len(text) <= LONGEST_ENTRY:
        return text
    kept = LONGEST_ENTRY - 60
    return f"{text[:kept]} … ({len(text) - kept:,} more characters, in the ticket's history)"

"""Pager load: who was woken how often, when, and how soon they acknowledged; for the joint retro."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from statistics import median

from domain.frozen import Frozen
from domain.page_draft import is_out_of_hours
from domain.paging import Urgency, Woken
from domain.texts import Key, Name
from domain.ticket import Page, Ticket

MOST_TOLD = 30
"""People woken that a ticket's facts carry; the newest of them."""


class PagedPerson(Frozen):
    """Somebody was woken once. ``page`` is the pager's key, which tickets that share a page have in common."""

    page: Key
    name: Name
    at: datetime
    urgency: Urgency
    out_of_hours: bool
    acknowledged_after_s: float | None = None


class PagerLoad(Frozen):
    """How often somebody was woken, and the median time until they acknowledged, None where they never did."""

    name: Name
    pages: int
    out_of_hours: int
    low_urgency: int
    acknowledged_within: timedelta | None


def paged_people(ticket: Ticket) -> tuple[PagedPerson, ...]:
    """Whom the ticket's pages woke, the newest of them, oldest first."""
    people = [person for page in ticket.pages for person in _woken_by(ticket, page)]
    return tuple(sorted(people, key=lambda person: (person.at, person.page, person.name))[-MOST_TOLD:])


def pager_load(people: Iterable[PagedPerson], start: datetime, end: datetime) -> tuple[PagerLoad, ...]:
    """Who was woken within ``[start, end)``, most often first. Tickets that share a page woke nobody twice."""
    once = {(one.page, one.name.casefold(), one.at): one for one in people if start <= one.at < end}
    by_name: dict[str, list[PagedPerson]] = {}
    for one in once.values():
        by_name.setdefault(one.name.casefold(), []).append(one)
    loads = [_load(mine) for mine in by_name.values()]
    return tuple(sorted(loads, key=lambda load: (-load.pages, -load.out_of_hours, load.name)))


def _load(mine: list[PagedPerson]) -> PagerLoad:
    seconds = [one.acknowledged_after_s for one in mine if one.acknowledged_after_s is not None]
    return PagerLoad(
        name=max(one.name for one in mine),
        pages=len(mine),
        out_of_hours=sum(one.out_of_hours for one in mine),
        low_urgency=sum(one.urgency is Urgency.LOW for one in mine),
        acknowledged_within=timedelta(seconds=median(seconds)) if seconds else None,
    )


def _woken_by(ticket: Ticket, page: Page) -> list[PagedPerson]:
    named = {woken.name for woken in page.woken}
    # Who acknowledged without a word on whom the pager woke was woken when the page went out.
    unnamed = {
        one.name: Woken(name=one.name, at=min(page.wanted_at or one.at, one.at))
        for one in page.acknowledgements
        if one.name not in named
    }
    return [_person(ticket, page, woken) for woken in (*page.woken, *unnamed.values())]


def _person(ticket: Ticket, page: Page, woken: Woken) -> PagedPerson:
    later = [one.at for one in page.woken if one.name == woken.name and one.at > woken.at]
    acknowledged = [
        one.at
        for one in page.acknowledgements
        if one.name == woken.name and woken.at <= one.at and (not later or one.at < min(later))
    ]
    return PagedPerson(
        page=page.served_by or page.key,
        name=woken.name,
        at=woken.at,
        urgency=page.urgency,
        out_of_hours=_out_of_hours(ticket, page, woken.at),
        acknowledged_after_s=(min(acknowledged) - woken.at).total_seconds() if acknowledged else None,
    )


def _out_of_hours(ticket: Ticket, page: Page, at: datetime) -> bool:
    stint = ticket.stint_numbered(page.stint)
    rules = ticket.policy.tiers.get(stint.tier)
    of_pages = rules.of_team(stint.team).page if rules is not None else None
    return is_out_of_hours(ticket.policy, stint.tier, of_pages, at) if of_pages is not None else page.out_of_hours

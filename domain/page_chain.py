"""The chain behind the pager: whom to reach by other ways when nobody acknowledges a page, and when an acknowledgement is worth no more.

Every instant here is exact: a step that is carried out late is noted at the instant at which it was due.
"""

from datetime import datetime

from domain import pages
from domain.durations import format_duration
from domain.engineering_issue import safe_title
from domain.frozen import Frozen
from domain.intents import MailStaff, Notice
from domain.maintenance import clear_from
from domain.page_rules import FallbackStep, ReachBy
from domain.paging import PageStatus
from domain.reach import Reach, ReachOutcome
from domain.ticket import Page, Ticket
from domain.tiers import WaitingOn
from domain.turn import Turn

MOST_REACHED = 300
"""Entries of the ledger that a ticket carries, the newest ones."""


class PageDue(Frozen):
    """When a ticket next does something for its page by itself, and what. ``step`` is the chain's, None where the page is to be renewed."""

    at: datetime
    what: str
    step: FallbackStep | None = None


def next_due(ticket: Ticket) -> PageDue | None:
    """What is due next for the ticket's page, or None. A snooze and a maintenance window put it off to their end."""
    page = ticket.pages[-1] if ticket.pages else None
    if page is None or not pages.serves_now(ticket, page):
        return None
    due = _renewal(ticket, page) or _step(ticket, page)
    at = _held_until(ticket, page, due.at) if due is not None else None
    return due.model_copy(update={"at": at}) if due is not None and at is not None else None


def carry_out(turn: Turn) -> None:
    """Do what is due for the ticket's page."""
    due = next_due(turn.ticket)
    assert due is not None  # it is due
    if due.step is None:
        _renew(turn)
    else:
        _reach(turn, due.step)


def snooze_is_over(turn: Turn) -> None:
    """What fell due for the page in the snooze is due now."""
    if turn.ticket.pages:
        turn.set_page(turn.ticket.pages[-1].model_copy(update={"quiet_until": turn.at}))


def page_failed(turn: Turn, key: str) -> None:
    """The pager reaches nobody with that page: the chain behind it begins at once."""
    page = next(page for page in turn.ticket.pages if page.key == key)
    turn.set_page(page.model_copy(update={"chain_hurried_at": turn.at}))
    _catch_up(turn)


def reached(turn: Turn, key: str) -> None:
    """What the intent with that key wanted was done: where it was the chain's, that person was reached."""
    _note_outcome(turn, key, ReachOutcome.DONE, None)


def not_reached(turn: Turn, key: str, error: str) -> bool:
    """It failed for good. Returns False where it was none of the chain's; a step that reaches nobody makes the next one due at once."""
    entry = _note_outcome(turn, key, ReachOutcome.FAILED, error)
    if entry is None:
        return False
    turn.say(f"{entry.person} could not be reached by {_WAYS[entry.by]}: {error}")
    together = [one for one in turn.ticket.reached if (one.page_key, one.step) == (entry.page_key, entry.step)]
    page = turn.ticket.page(entry.page_key)
    if (
        page is None
        or page.chain_steps != entry.step
        or any(one.outcome is not ReachOutcome.FAILED for one in together)
    ):
        return True
    turn.set_page(page.model_copy(update={"chain_hurried_at": turn.at}))
    _catch_up(turn)
    return True


# --- when ----------------------------------------------------------------------------------------------------------


def _renewal(ticket: Ticket, page: Page) -> PageDue | None:
    """Who acknowledged has the ticket by that, it is the tier's turn, and so long nobody did anything."""
    rules = pages.rules_of_pages(ticket)
    if rules is None or rules.acknowledged_for is None or page.acted_at is None or not page.took:
        return None
    if page.status is not PageStatus.ACKNOWLEDGED or ticket.waiting_on is not WaitingOn.TIER:
        return None
    return PageDue(at=page.acted_at + rules.acknowledged_for, what="page again: acknowledged, and nothing was done")


def _step(ticket: Ticket, page: Page) -> PageDue | None:
    rules = pages.rules_of_pages(ticket)
    over = page.status in (PageStatus.ACKNOWLEDGED, PageStatus.RESOLVED)
    if rules is None or page.chain_from is None or over or ticket.stint.accepted_by is not None:
        return None
    if page.chain_steps >= len(rules.fallback):
        return None
    step = rules.fallback[page.chain_steps]
    at = page.chain_from + step.after
    hurried = page.chain_hurried_at
    what = f"nobody acknowledged the page: step {page.chain_steps + 1} by {_WAYS[step.by]}"
    return PageDue(at=min(at, hurried) if hurried is not None else at, what=what, step=step)


def _held_until(ticket: Ticket, page: Page, at: datetime) -> datetime | None:
    quiet = ticket.snooze.until if ticket.snooze is not None else page.quiet_until
    at = max(at, quiet) if quiet is not None else at
    return clear_from(ticket.policy.maintenance, at, product=ticket.product, component=ticket.component)


def _catch_up(turn: Turn) -> None:
    while (due := next_due(turn.ticket)) is not None and due.at <= turn.at:
        carry_out(turn)


# --- reaching people -----------------------------------------------------------------------------------------------

_WAYS = {ReachBy.SLACK: "Slack", ReachBy.MAIL: "e-mail"}


def _reach(turn: Turn, step: FallbackStep) -> None:
    page = turn.ticket.pages[-1]
    number = page.chain_steps + 1
    turn.set_page(page.model_copy(update={"chain_steps": number, "chain_hurried_at": None}))
    known = {one.person for one in turn.ticket.reached if (one.page_key, one.step) == (page.key, number)}
    people = [person for person in dict.fromkeys(step.people) if person not in known]
    if not people:
        return
    why = _why(turn, page)
    turn.say(
        f"{why}: {', '.join(people)} {'is' if len(people) == 1 else 'are'} told by {_WAYS[step.by]} (step {number})"
    )
    for person in people:
        key = _tell(turn, step.by, person, page, why)
        entry = Reach(page_key=page.key, step=number, person=person, by=step.by, at=turn.at, key=key)
        turn.set(reached=(*turn.ticket.reached, entry)[-MOST_REACHED:])


def _why(turn: Turn, page: Page) -> str:
    if page.failed is not None:
        return f"Nobody could be paged ({page.failed})"
    assert page.chain_from is not None  # the chain runs
    return f"Nobody acknowledged the page within {format_duration(turn.at - page.chain_from)}"


def _tell(turn: Turn, by: ReachBy, person: str, page: Page, why: str) -> str:
    """Returns the intent's key."""
    ticket = turn.ticket
    what = f"{ticket.id} ({ticket.priority.value}, {ticket.tier.value}) needs somebody: {safe_title(ticket)}"
    if by is ReachBy.SLACK:
        where = f" Acknowledge it: {page.url}" if page.url else " Take it with the card's button."
        return turn.intend(lambda key: Notice(key=key, channel=person, text=f"{what}. {why}.{where}"))
    card = ticket.card.permalink if ticket.card is not None else None
    links = [*([f"The page: {page.url}"] if page.url else []), *([f"The ticket: {card}"] if card else [])]
    ask = "Acknowledge the page in PagerDuty, or take the ticket in Slack."
    text = "\n".join([f"{what}.", "", f"{why}.", ask, *links])
    subject = f"[{ticket.priority.value}] {ticket.id} needs somebody: the page is not acknowledged"
    return turn.intend(lambda key: MailStaff(key=key, to=person, subject=subject, text=text))


def _note_outcome(turn: Turn, key: str, outcome: ReachOutcome, why: str | None) -> Reach | None:
    entry = next((one for one in turn.ticket.reached if one.key == key), None)
    if entry is None or entry.outcome is not ReachOutcome.WANTED:
        return None
    told = entry.model_copy(update={"outcome": outcome, "why": why})
    turn.set(reached=tuple(told if one is entry else one for one in turn.ticket.reached))
    return told


# --- the acknowledgement that is worth no more ---------------------------------------------------------------------


def _renew(turn: Turn) -> None:
    """End the page and raise another one: whoever acknowledged it may have fallen asleep again."""
    page, rules = turn.ticket.pages[-1], pages.rules_of_pages(turn.ticket)
    assert rules is not None  # the page is out by them
    assert rules.acknowledged_for is not None  # that time is over
    who = page.acknowledged_by or "Somebody"
    quiet = f"{who} acknowledged the page, and nobody did anything for {format_duration(rules.acknowledged_for)}"
    turn.say(f"{quiet}: {'' if page.shared is not None else 'it is ended, and '}the on-call is paged again")
    shared = page.shared is not None
    pages.note_on_page(turn, f"{quiet}: a new page is raised{'' if shared else ', and this one is ended'}")
    pages.take_back(turn, page)
    pages.resolve_page(turn)
    pages.raise_page(turn, quiet, instead_of=page)

"""What the pager tells of a ticket's page, and what that means for the ticket.

News may come out of order and more than once. Of each thing (the page's status, who acknowledged it, with whom it is, its priority) the
last word counts by the pager's own clock, so that every order of the same news leads to the same end. What is told without a time counts
when it comes, unless the page was over before.
"""

from collections.abc import Iterable

from domain import moves, page_notes, pages, shared_pages
from domain.intents import ResolvePage
from domain.messages import PageChanged
from domain.page_draft import priority_name
from domain.paging import PageEvent, PageStatus, PageWord, Woken
from domain.people import Actor, ActorKind, Role
from domain.telling import tell_lead
from domain.ticket import Page
from domain.turn import Turn

_ENGINEERS = frozenset({Role.ENGINEER})
_REMEMBERED = 50
_LONGEST_FINGERPRINT = 200
_MOST_WOKEN = 20
_STATUS_OF = {
    PageEvent.TRIGGERED: PageStatus.TRIGGERED,
    PageEvent.ACKNOWLEDGED: PageStatus.ACKNOWLEDGED,
    PageEvent.UNACKNOWLEDGED: PageStatus.TRIGGERED,
    PageEvent.RESOLVED: PageStatus.RESOLVED,
    PageEvent.REOPENED: PageStatus.TRIGGERED,
}
_HANDED_ON = {
    PageEvent.REASSIGNED: "Reassigned the page",
    PageEvent.ESCALATED: "Escalated the page",
    PageEvent.DELEGATED: "Delegated the page",
}
_WAKES = frozenset({PageEvent.TRIGGERED, PageEvent.UNACKNOWLEDGED, PageEvent.REOPENED, *_HANDED_ON})
_IS_WORK = frozenset({PageEvent.ANNOTATED, PageEvent.RESPONDER_REPLIED, PageEvent.STATUS_UPDATE_PUBLISHED})
_NOTES = {
    PageEvent.RESPONDER_ADDED: "Asked for help with the page",
    PageEvent.RESPONDER_REPLIED: "Answered a call for help with the page",
    PageEvent.STATUS_UPDATE_PUBLISHED: "Status update in PagerDuty",
}


def page_changed(turn: Turn, change: PageChanged) -> None:
    """Take the news in."""
    # The newest first: a page that the ticket joined again may be one that it once raised by itself.
    page = next((page for page in reversed(turn.ticket.pages) if change.page_key in (page.key, page.served_by)), None)
    if page is None or (change.note is not None and page_notes.is_ours(change.note)):
        return
    heard = _fingerprint(change)
    if heard is not None:
        if heard in page.heard:
            return
        page = page.model_copy(update={"heard": (*page.heard, heard)[-_REMEMBERED:]})
    if change.page_id is not None and page.id is None:
        page = page.model_copy(update={"id": change.page_id, "url": change.url})
    turn.set_page(page)
    who = change.by or "PagerDuty"
    # What its issue tells a ticket goes by the ticket's own key of the page.
    from_pager = change.page_key == (page.served_by or page.key)
    _tell(turn, change, who)
    if not pages.serves_now(turn.ticket, page):
        _of_a_page_that_is_over(turn, page, _status(change))
        if from_pager:
            shared_pages.pass_on(turn, page, change, _status(change))
        return
    # What PagerDuty tells of a page, it has: whatever we were told when we raised it.
    turn.set_page(page.model_copy(update={"failed": None}))
    _assigned(turn, page.key, change)
    if not page.ended or change.event is PageEvent.REOPENED:
        _status_told(turn, page, change, who)
    _priority_told(turn, page.key, change, who)
    if change.event in _IS_WORK:
        pages.somebody_acted(turn)
    if page.served_by is None:
        shared_pages.offer(turn, change)
    elif from_pager:
        shared_pages.pass_on(turn, page, change, _status(change))


def _fingerprint(change: PageChanged) -> str | None:
    """By what the same news is known when it comes again; None for what has no time."""
    if change.event is None or change.at is None:
        return None
    told = (change.event, change.at.isoformat(), change.by, change.status, change.priority, *change.assigned_to)
    return "|".join(str(part or "") for part in (*told, change.note))[:_LONGEST_FINGERPRINT]


def _tell(turn: Turn, change: PageChanged, who: str) -> None:
    if change.event in _NOTES:
        words = _NOTES[change.event]
        turn.say(f"{words}: {change.note}" if change.note else words, who)
    elif change.note is not None and not (change.event in _HANDED_ON and change.assigned_to):
        turn.say(f"in PagerDuty: {change.note}", who)


def _of_a_page_that_is_over(turn: Turn, page: Page, status: PageStatus | None) -> None:
    """Nothing of it moves the ticket. One that could not be raised, and is there after all, is ended: its need is over, or served by another."""
    if page.failed is None or status not in (PageStatus.TRIGGERED, PageStatus.ACKNOWLEDGED):
        return
    turn.set_page(page.model_copy(update={"failed": None, "status": PageStatus.RESOLVED, "ended": True}))
    turn.say("A page that could not be raised is there after all: it is ended", thread=False)
    turn.intend(lambda key: ResolvePage(key=key, page_key=page.key, page_id=page.id))


# --- its status, and who has it ------------------------------------------------------------------------------------


def _status(change: PageChanged) -> PageStatus | None:
    """The page's status by this news; None where it says nothing of it."""
    if change.event is None or change.event is PageEvent.FOUND:
        return change.status
    if change.event in _HANDED_ON:
        # Whoever has it now has not acknowledged it; one that stays acknowledged, by somebody else, stays as it was.
        return PageStatus.TRIGGERED if change.status is PageStatus.TRIGGERED else None
    return _STATUS_OF.get(change.event)


def _status_told(turn: Turn, page: Page, change: PageChanged, who: str) -> None:
    status = _status(change)
    if status is None:
        if change.event in _HANDED_ON and change.assigned_to:
            turn.say(f"{_HANDED_ON[change.event]} to {', '.join(change.assigned_to)}", who)
        return
    before = page.status
    if change.event is PageEvent.FOUND and _is_known(page, change):
        return
    word = PageWord(at=change.at, said=_weighed(status), by=change.by or "") if change.at is not None else None
    if word is None:
        counts = status is not before and not (before is PageStatus.RESOLVED and status is PageStatus.ACKNOWLEDGED)
        speaks_of_holder = counts and status is not PageStatus.RESOLVED
    else:
        counts = word.is_after(page.last_status)
        speaks_of_holder = status is not PageStatus.RESOLVED and word.is_after(page.last_holder)
    updates: dict[str, object] = {}
    if counts:
        updates |= {"status": status, "ended": False, "last_status": word or page.last_status}
    if speaks_of_holder:
        by = who if status is PageStatus.ACKNOWLEDGED else None
        updates |= {"acknowledged_by": by, "last_holder": word or page.last_holder}
    anew = before in (PageStatus.ACKNOWLEDGED, PageStatus.RESOLVED) or change.event is PageEvent.UNACKNOWLEDGED
    if counts and status is PageStatus.TRIGGERED and anew:
        # It wakes people anew, and they have as long to acknowledge it as at first.
        updates |= {"chain_from": turn.at, "chain_hurried_at": None, "acted_at": None}
    turn.set_page(_now(turn, page.key).model_copy(update=updates))
    if counts or speaks_of_holder:
        _say_status(turn, change, status, before if counts else None, who)
    if speaks_of_holder:
        _holder_told(turn, page.key, status, change, who)


def _is_known(page: Page, change: PageChanged) -> bool:
    """Whether polling found what is known already: its times are rounded, so they alone are no news."""
    if change.status is not page.status:
        return False
    return change.status is not PageStatus.ACKNOWLEDGED or change.by in (None, page.acknowledged_by)


def _weighed(status: PageStatus) -> str:
    """Of two words of the same instant the one that leads further in a page's life counts."""
    return f"{tuple(PageStatus).index(status)} {status.value}"


def _say_status(turn: Turn, change: PageChanged, status: PageStatus, before: PageStatus | None, who: str) -> None:
    if status is PageStatus.ACKNOWLEDGED:
        turn.say("Acknowledged the page", who)
    elif status is PageStatus.RESOLVED and before is not PageStatus.RESOLVED:
        turn.say("Resolved the page; the ticket stays open", who)
    elif status is PageStatus.TRIGGERED and change.event in _HANDED_ON:
        to = f" to {', '.join(change.assigned_to)}" if change.assigned_to else ""
        turn.say(f"{_HANDED_ON[change.event]}{to}: it is not acknowledged", who)
    elif status is PageStatus.TRIGGERED and before is PageStatus.RESOLVED:
        turn.say("Opened the page again", who)
    elif status is PageStatus.TRIGGERED and before is PageStatus.ACKNOWLEDGED:
        turn.say("The page is no longer acknowledged", who)


def _holder_told(turn: Turn, key: str, status: PageStatus, change: PageChanged, who: str) -> None:
    page = _now(turn, key)
    if status is PageStatus.TRIGGERED:
        pages.take_back(turn, page)
        return
    page = page.model_copy(update={"acted_at": turn.at})
    turn.set_page(page)
    somebody = Actor(kind=ActorKind.PAGERDUTY, id=who, name=who, roles=_ENGINEERS)
    owner = turn.ticket.stint.accepted_by
    if owner is None:
        turn.set_page(page.model_copy(update={"took": True}))
        moves.accept(turn, somebody)
    elif page.took and owner.kind is ActorKind.PAGERDUTY and owner.name != who:
        turn.set_stint(accepted_by=somebody)
        turn.say(f"{who} has the ticket now, {owner.name} acknowledged it before", thread=False)


# --- with whom it is, and how grave --------------------------------------------------------------------------------


def _assigned(turn: Turn, key: str, change: PageChanged) -> None:
    """With whom the page is. Who was woken, and who acknowledged, is kept for the retro, also where it is told late."""
    page, names, at = _now(turn, key), change.assigned_to, change.at or turn.at
    if change.by is not None and not page.ended and _status(change) is PageStatus.ACKNOWLEDGED:
        page = page.model_copy(
            update={"acknowledgements": _kept({*page.acknowledgements, Woken(name=change.by, at=at)})}
        )
        turn.set_page(page)
    if not names:
        return
    missed = change.event is PageEvent.FOUND and change.status is PageStatus.TRIGGERED and names != page.assigned_to
    if change.event in _WAKES or missed:
        woken = {*page.woken, *(Woken(name=name, at=at) for name in names)}
        page = page.model_copy(update={"woken": _kept(woken)})
    word = PageWord(at=at, said=", ".join(names))
    if word.is_after(page.last_assigned):
        page = page.model_copy(update={"assigned_to": names, "last_assigned": word})
    turn.set_page(page)


def _priority_told(turn: Turn, key: str, change: PageChanged, who: str) -> None:
    """The pager's priority is the responders' own; the ticket keeps its own, and the lead hears where they differ."""
    if change.event is not PageEvent.PRIORITY_UPDATED and (
        change.event is not PageEvent.FOUND or change.priority is None
    ):
        return
    page, ticket = _now(turn, key), turn.ticket
    word = PageWord(at=change.at or turn.at, said=change.priority or "")
    if not word.is_after(page.last_priority):
        return
    turn.set_page(page.model_copy(update={"priority": change.priority, "last_priority": word}))
    if change.priority == page.priority:
        return
    name = change.priority or "none"
    turn.say(f"The page's priority is {name} now", who)
    rules = pages.rules_of_pages(ticket)
    if rules is not None and change.priority != priority_name(rules, ticket.priority):
        tell_lead(turn, f"{ticket.id} is {ticket.priority.value}, and {who} gave its page the priority {name}")


def _now(turn: Turn, key: str) -> Page:
    return next(page for page in turn.ticket.pages if page.key == key)


def _kept(those: Iterable[Woken]) -> tuple[Woken, ...]:
    return tuple(sorted(those, key=lambda one: (one.at, one.name)))[-_MOST_WOKEN:]

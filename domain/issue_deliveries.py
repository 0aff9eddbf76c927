"""What the engineering issues that a ticket is on tell it, and what it does about it.

Fixed is not resolved: a fix waits for the release that carries it, and only then are the customers told. What engineers write stays
inside: nothing of it reaches a customer by itself. Whether a ticket that is resolved is opened again is for a person, or the customer, to
say: a tracker's status never does.
"""

from collections.abc import Iterable

from domain import moves, pages, shared_pages
from domain.engineering_issue import is_public
from domain.intents import JoinIssue, LeaveIssue
from domain.issue_lead import LEAD_HEARS_OF
from domain.issues import IssueCategory, IssueMeaning, IssueRef, Tracker
from domain.messages import (
    GoneReason,
    IssueAttached,
    IssueChanged,
    IssueCommented,
    IssueGone,
    IssueMerged,
    IssueSaid,
)
from domain.people import Actor, ActorKind, Role
from domain.ticket import LinkedIssue, TicketStatus, issue_id
from domain.tiers import Tier, WaitingOn
from domain.turn import Turn

_ENGINEERS = frozenset({Role.ENGINEER})
_BY_CATEGORY = {
    IssueCategory.TO_DO: IssueMeaning.TO_DO,
    IssueCategory.IN_PROGRESS: IssueMeaning.IN_PROGRESS,
    IssueCategory.DONE: IssueMeaning.RELEASED,
}
_WORKED_ON = frozenset({IssueMeaning.TO_DO, IssueMeaning.IN_PROGRESS, IssueMeaning.FIXED})
"""As long as an issue means one of these, the ticket has something to wait for."""
_TRACKERS = {Tracker.JIRA: "Jira", Tracker.GITHUB: "GitHub"}


def meaning_of(issue: LinkedIssue | IssueChanged) -> IssueMeaning:
    """What the issue's status means for the ticket; by its category alone where nobody has told more."""
    return issue.meaning if issue.meaning is not None else _BY_CATEGORY[issue.category]


# --- an issue moved ------------------------------------------------------------------------------------------------


def changed(turn: Turn, change: IssueChanged) -> None:
    """The issue is different now. News that is older than what is known changes nothing; of one instant, being done wins."""
    before = turn.ticket.issue(change.ref)
    if before is None or _is_old(before, change):
        return
    turn.set_issue(
        LinkedIssue(
            ref=change.ref,
            title=change.title,
            status=change.status,
            category=change.category,
            assignee=change.assignee,
            tickets=change.tickets,
            meaning=change.meaning,
            priority=change.priority,
            release=change.release,
            impact=change.impact,
            told_at=change.at,
        )
    )
    _say_what_changed(turn, before, change)
    if turn.ticket.status is not TicketStatus.OPEN:
        _stays_settled(turn, before, change)
        return
    engineer = _engineer(turn, change)
    meaning = meaning_of(change)
    if meaning is IssueMeaning.IN_PROGRESS and turn.ticket.tier is Tier.L3:
        moves.accept(turn, engineer)
    # Only becoming so is news: a ticket that was reopened waits for the issue to be worked on again.
    if meaning is meaning_of(before):
        return
    match meaning:
        case IssueMeaning.FIXED:
            _is_fixed(turn, before, change, engineer)
        case IssueMeaning.RELEASED:
            _is_released(turn, change, engineer)
        case IssueMeaning.DECLINED:
            _is_declined(turn, change, engineer)
        case IssueMeaning.DUPLICATE if change.duplicate_of is not None:
            merged(turn, _into(change, change.duplicate_of))
        case IssueMeaning.DUPLICATE:
            turn.say(
                f"{change.ref.key} is a duplicate: the ticket goes on with the other issue as soon as the tracker names it; "
                "if it never does, link that one with /tier link"
            )
        case _:
            pass


def _is_old(before: LinkedIssue, change: IssueChanged) -> bool:
    if before.told_at is None or change.at > before.told_at:
        return False
    return change.at < before.told_at or _end(meaning_of(change)) < _end(meaning_of(before))


def _end(meaning: IssueMeaning) -> int:
    """How far an issue has come to its end; of two pieces of news of one instant the one that is further holds."""
    if meaning in (IssueMeaning.TO_DO, IssueMeaning.IN_PROGRESS):
        return 0
    return 2 if meaning is IssueMeaning.RELEASED else 1


def _say_what_changed(turn: Turn, before: LinkedIssue, change: IssueChanged) -> None:
    key = change.ref.key
    if before.ref.key != key:
        _has_moved(turn, before.ref, change.ref)
    if before.assignee != change.assignee:
        turn.say(f"{key} is now with {change.assignee or 'nobody'}")
    # Of an issue that was just opened nothing is known yet: its first status is no move.
    if before.status and before.status != change.status:
        turn.say(f"{key} moved from {before.status} to {change.status}")
        pages.somebody_acted(turn)
    both_fixed = meaning_of(before) is meaning_of(change) is IssueMeaning.FIXED
    if both_fixed and before.meaning is not None and (before.release or "") != (change.release or ""):
        turn.say(f"{key} waits for {_release(change.release)} now")


def _has_moved(turn: Turn, old: IssueRef, new: IssueRef) -> None:
    if old.project.casefold() == new.project.casefold():
        turn.say(f"{old.key} is now {new.key}; the ticket follows it")
        return
    turn.say(f"{old.key} was moved to {new.project} and is now {new.key}; the ticket follows it")
    if is_public(turn.ticket, new.project) and not is_public(turn.ticket, old.project):
        text = f"{new.key} is public now: strangers can read what is written there"
        turn.say(f"{text}, so internal comments are no longer written to it")
        _tell_lead_of_few(turn, new, f"{turn.ticket.id}: {text}. Look whether anything there must not be read")


def _stays_settled(turn: Turn, before: LinkedIssue, change: IssueChanged) -> None:
    """An issue that is taken up again reopens no ticket: whether the customer is concerned is for people to see."""
    taken_up = _end(meaning_of(change)) < _end(meaning_of(before)) and _end(meaning_of(change)) == 0
    if turn.ticket.status is not TicketStatus.RESOLVED or not taken_up:
        return
    what = f"{change.ref.key} was taken up again ({change.status})"
    turn.say(f"{what}; this ticket stays resolved. Use /tier reopen if the customer is hit by it")


def _is_fixed(turn: Turn, before: LinkedIssue, change: IssueChanged, engineer: Actor) -> None:
    """The customers have nothing of it yet: they are told when the release is out."""
    turn.say(f"{change.ref.key} is fixed and waits for {_release(change.release)}; the customer is told when it is out")
    if turn.ticket.tier is Tier.L3:
        moves.accept(turn, engineer)
    elif before.category is IssueCategory.DONE and before.meaning is None and not _was_given_back(turn):
        # It was linked as one that is done: there is something to wait for after all.
        _wait_for_engineers(turn)


def _is_released(turn: Turn, change: IssueChanged, engineer: Actor) -> None:
    others = [issue for issue in turn.ticket.issues if issue_id(issue.ref) != issue_id(change.ref)]
    awaited = [issue.ref.key for issue in others if meaning_of(issue) in _WORKED_ON]
    if awaited:
        turn.say(f"{_released_words(change)}; the ticket still waits for {_listed(awaited)}")
        return
    unfixed = [issue.ref.key for issue in others if meaning_of(issue) is not IssueMeaning.RELEASED]
    if unfixed:
        turn.say(f"{_released_words(change)}; {_listed(unfixed)} ended without a fix: it is the tier's to answer")
        moves.tell_owner(
            turn,
            f"{turn.ticket.id}: {_released_words(change)}, and {_listed(unfixed)} ended without a fix: tell the customer what holds",
        )
        _wait_for_the_tier(turn)
        return
    _engineering_is_done(turn, change, engineer)


def _engineering_is_done(turn: Turn, change: IssueChanged, engineer: Actor) -> None:
    if _was_given_back(turn):
        turn.say(f"{change.ref.key} is {change.status}, and the ticket is still with {turn.ticket.tier.value}")
        text = (
            f"{turn.ticket.id}: {change.ref.key} is {change.status} after the ticket came back: it is yours to resolve"
        )
        moves.tell_owner(turn, text)
        return
    if turn.ticket.tier is Tier.L3:
        moves.accept(turn, engineer)
    words = "Our engineers have fixed the problem behind your ticket."
    if change.release:
        words = f"{words} The fix is part of {_release(change.release)}."
    moves.resolve(turn, words, engineer)


def _is_declined(turn: Turn, change: IssueChanged, engineer: Actor) -> None:
    """No fix will come: whoever talks to the customer has the ticket again, and is told what can be done."""
    how = f"{change.status}, {change.resolution}" if change.resolution else change.status
    what = f"{change.ref.key} was closed without a fix ({how})"
    turn.say(what)
    if any(meaning_of(issue) in _WORKED_ON for issue in turn.ticket.issues) or _was_given_back(turn):
        return
    before = [stint.tier for stint in turn.ticket.stints[:-1] if stint.tier.rank < turn.ticket.tier.rank]
    if turn.ticket.tier is Tier.L3 and before:
        moves.accept(turn, engineer)
        moves.return_to(turn, before[-1], what, engineer)
    else:
        _wait_for_the_tier(turn)
    advice = "tell the customer, link another issue with /tier link, or escalate with what was missing"
    moves.tell_owner(turn, f"{turn.ticket.id}: {what}: {advice}")
    _tell_lead_of_few(turn, change.ref, f"{turn.ticket.id}: {what}: {advice}", tickets=change.tickets)


def _was_given_back(turn: Turn) -> bool:
    """Whether a tier above gave the ticket back, and it does not wait for engineers since: they may close what is not theirs."""
    ticket = turn.ticket
    before = ticket.stints[-2].tier.rank if len(ticket.stints) > 1 else 0
    came_back = ticket.tier.rank < Tier.L3.rank <= before
    return came_back and ticket.waiting_on is not WaitingOn.ENGINEERING


def _engineer(turn: Turn, change: IssueChanged) -> Actor:
    """Who works on the issue: its assignee; else who took the ticket in engineering; else engineering as a whole."""
    kind = ActorKind.JIRA if change.ref.tracker is Tracker.JIRA else ActorKind.GITHUB
    if change.assignee is not None:
        return Actor(kind=kind, id=change.assignee, name=change.assignee, roles=_ENGINEERS)
    took = [
        stint.accepted_by for stint in turn.ticket.stints if stint.tier is Tier.L3 and stint.accepted_by is not None
    ]
    return took[-1] if took else Actor(kind=kind, id="engineering", name="Engineering", roles=_ENGINEERS)


# --- what is said and put there ------------------------------------------------------------------------------------


def commented(turn: Turn, news: IssueCommented) -> None:
    """An engineer wrote, or changed what was written: colleagues read it here, the customer never does by that."""
    if turn.ticket.issue(news.ref) is None:
        return
    edited = "edited: " if news.edited else ""
    turn.say(f"on {news.ref.key}: {edited}{news.comment.text}", news.comment.author)
    pages.somebody_acted(turn)


def attached(turn: Turn, news: IssueAttached) -> None:
    """Somebody put a file on the issue; its bytes stay there."""
    if turn.ticket.issue(news.ref) is None:
        return
    file = news.attachment
    size = f" ({_size(file.size_bytes)})" if file.size_bytes is not None else ""
    turn.say(f"put a file on {news.ref.key}: {file.name}{size}, {file.url}", file.author or "Engineering")
    pages.somebody_acted(turn)


def said(turn: Turn, news: IssueSaid) -> None:
    """What everybody on the issue should know of it."""
    if turn.ticket.issue(news.ref) is None:
        return
    text = news.text if news.ref.key in news.text else f"{news.ref.key}: {news.text}"
    turn.say(text)
    if news.tell_lead:
        moves.tell_lead(turn, f"{turn.ticket.id}: {text}")


# --- an issue ends for the ticket ----------------------------------------------------------------------------------


def merged(turn: Turn, news: IssueMerged) -> None:
    """The issue is the same as another one: the ticket leaves it, and goes on with that one."""
    old = turn.ticket.issue(news.ref)
    if old is None or issue_id(news.into) == issue_id(news.ref):
        return
    if issue_id(news.into) in turn.ticket.duplicates_left:
        _goes_in_circles(turn, news)
        return
    _leave(turn, news.ref)
    turn.set(duplicates_left=tuple(dict.fromkeys((*turn.ticket.duplicates_left, issue_id(news.ref)))))
    needs_a_page = shared_pages.issue_is_left(turn, news.ref) and turn.ticket.status is TicketStatus.OPEN
    if turn.ticket.issue(news.into) is not None:
        turn.say(f"{news.ref.key} is a duplicate of {news.into.key}, which the ticket is on already")
    else:
        _join(turn, news)
    if needs_a_page:
        pages.raise_page(turn, f"{news.ref.key}, by which it was paged, is a duplicate of {news.into.key}")
    other = turn.ticket.issue(news.into)
    if other is not None and turn.ticket.status is TicketStatus.OPEN and not _somebody_works(turn.ticket.issues):
        what = f"{news.into.key}, of which {news.ref.key} is a duplicate, is {other.status} already"
        moves.tell_owner(turn, f"{turn.ticket.id}: {what}: it is yours to answer")
        _wait_for_the_tier(turn)


def _into(change: IssueChanged, into: IssueRef) -> IssueMerged:
    """Of the other issue only its name is known yet; its own workflow tells how it stands."""
    return IssueMerged(ref=change.ref, into=into, title=change.title, status="", category=IssueCategory.TO_DO)


def _join(turn: Turn, news: IssueMerged) -> None:
    status = f" ({news.status})" if news.status else ""
    turn.set_issue(LinkedIssue(ref=news.into, title=news.title, status=news.status, category=news.category))
    turn.say(
        f"{news.ref.key} is a duplicate of {news.into.key}{status}: the ticket goes on with that one, {news.into.url}"
    )
    turn.intend(lambda key: JoinIssue(key=key, ref=news.into))
    shared_pages.offer(turn)


def _goes_in_circles(turn: Turn, news: IssueMerged) -> None:
    """Each of the issues says that it is a duplicate of another one of them: the ticket would go round for ever."""
    text = f"{news.ref.key} is said to be a duplicate of {news.into.key}, from which the ticket came: it stays on {news.ref.key}"
    if any(text in entry.text for entry in turn.ticket.timeline):
        return
    turn.say(f"{text}. Ask the engineers which one it is, and link that with /tier link")
    if turn.ticket.status is TicketStatus.OPEN:
        moves.tell_lead(turn, f"{turn.ticket.id}: {text}. Ask the engineers which of the two they work on")


def gone(turn: Turn, news: IssueGone) -> None:
    """The issue cannot be read any more: the ticket leaves it, and says what happened and what to do."""
    old = turn.ticket.issue(news.ref)
    if old is None:
        return
    # The issue's workflow watches for as long as a ticket is on it.
    _leave(turn, news.ref)
    key = news.ref.key
    if news.reason is GoneReason.FORBIDDEN:
        what = f"Tierline may not read {key} any more ({news.why})"
        advice = (
            f"give its {_TRACKERS[news.ref.tracker]} account access to {news.ref.project}, then write /tier link {key}"
        )
    else:
        what = f"{key} was deleted, or moved to where Tierline cannot see it ({news.why})"
        advice = "link another issue with /tier link, or escalate again to have one opened"
    turn.say(f"{what}: {advice}")
    if shared_pages.issue_is_gone(turn, news.ref):
        pages.raise_page(turn, f"{key}, by which it shared another ticket's page, can no longer be read")
    if turn.ticket.status is not TicketStatus.OPEN:
        return
    many = news.tickets if news.tickets is not None else old.tickets
    _tell_lead_of_few(turn, news.ref, f"{turn.ticket.id}: {what}: {advice}", tickets=many)
    if not _somebody_works(turn.ticket.issues):
        _wait_for_the_tier(turn)


def _leave(turn: Turn, ref: IssueRef) -> None:
    turn.set(issues=tuple(issue for issue in turn.ticket.issues if issue_id(issue.ref) != issue_id(ref)))
    turn.intend(lambda key: LeaveIssue(key=key, ref=ref))


# --- words and waits -----------------------------------------------------------------------------------------------


def _somebody_works(issues: Iterable[LinkedIssue]) -> bool:
    return any(meaning_of(issue) in _WORKED_ON for issue in issues)


def _wait_for_the_tier(turn: Turn) -> None:
    if turn.ticket.waiting_on is WaitingOn.ENGINEERING:
        moves.wait_on(turn, WaitingOn.TIER)


def _wait_for_engineers(turn: Turn) -> None:
    if turn.ticket.tier.rank < Tier.L3.rank and turn.ticket.waiting_on is WaitingOn.TIER:
        moves.wait_on(turn, WaitingOn.ENGINEERING)


def _tell_lead_of_few(turn: Turn, ref: IssueRef, text: str, *, tickets: int | None = None) -> None:
    """Tell the lead, unless so many tickets are on the issue that it tells the lead itself, once for all of them."""
    issue = turn.ticket.issue(ref)
    many = tickets if tickets is not None else issue.tickets if issue is not None else 1
    if many <= LEAD_HEARS_OF:
        moves.tell_lead(turn, text)


def _released_words(change: IssueChanged) -> str:
    return f"{change.ref.key} is released" + (f" with {change.release}" if change.release else "")


def _release(name: str | None) -> str:
    return f"release {name}" if name else "its release"


def _listed(keys: list[str]) -> str:
    return keys[0] if len(keys) == 1 else f"{', '.join(keys[:-1])} and {keys[-1]}"


def _size(count: int) -> str:
    if count < 1_000:
        return f"{count} bytes"
    return f"{count / 1_000:.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"

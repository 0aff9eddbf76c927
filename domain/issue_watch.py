"""One engineering issue and the tickets that are on it: which part of the rules hears what.

A webhook is a hint, the truth is fetched: only a fetched snapshot changes what is known. The rules themselves are in modules of their own:
news (``issue_news``), telling tickets (``issue_fan_out``), pages (``issue_pages``).
"""

from datetime import datetime

from domain import issue_fan_out, issue_news, issue_pages
from domain.frozen import Frozen
from domain.issue_intents import FetchIssue, IssueIntent, LinkBack, TellTicket, WriteComment
from domain.issue_messages import (
    FieldsChanged,
    ImpactAnswered,
    IssueEvent,
    IssueFetched,
    IssueHint,
    IssueNote,
    IssuePageFailed,
    IssuePageRaised,
    IssueRulesChanged,
    IssueVanished,
    SummaryShown,
    TicketChanged,
    TicketJoined,
    TicketLeft,
    TicketReopened,
    TicketsTold,
    TimeCame,
)
from domain.issue_pages import PageOffered, PageReleased, PageWanted
from domain.messages import IssueGone
from domain.watched_issue import Step, WatchedIssue


class IssueDecision(Frozen):
    """What a message to an issue leads to. ``finished`` is true when no ticket is on it any more; at ``deadline`` it wants to be asked again."""

    state: WatchedIssue
    intents: tuple[IssueIntent, ...] = ()
    deadline: datetime | None = None

    @property
    def finished(self) -> bool:
        """Whether the workflow may end: it has had tickets, and has none now."""
        return self.state.roll.last > 0 and not self.state.roll


def decide_issue(state: WatchedIssue, event: IssueEvent, now: datetime) -> IssueDecision:
    """What the event means for the issue."""
    after, wanted = _heard(state, event, now)
    after, intents = _numbered(after, wanted)
    if after.known is not None and after.gone is None:
        after = issue_fan_out.welcome(after, issue_news.standing(after, after.known))
    after, batches = issue_fan_out.batches(after)
    return IssueDecision(state=after, intents=(*intents, *batches))


def _heard(state: WatchedIssue, event: IssueEvent, now: datetime) -> Step:
    match event:
        case TicketJoined():
            return _joined(state, event, now)
        case TicketChanged():
            return state.model_copy(update={"roll": state.roll.changed(event.ticket_id, event.facts)}), []
        case TicketLeft():
            return _left(state, event.ticket_id)
        case TicketsTold():
            return _told(state, event)
        case IssueFetched():
            return issue_news.fetched(state, event, now)
        case IssueVanished():
            gone = state.model_copy(update={"gone": event.why, "gone_reason": event.reason})
            return issue_fan_out.tell_all(gone, _gone(gone, event.why)), []
        case IssueHint():
            return state, _read_again(state, event)
        case IssueNote():
            return _noted(state, event)
        case IssueRulesChanged():
            return state.model_copy(update={"rules": event.rules}), []
        case PageWanted() | PageOffered() | PageReleased() | IssuePageRaised() | IssuePageFailed():
            return _paged(state, event)
        case TicketReopened() | ImpactAnswered() | FieldsChanged() | SummaryShown() | TimeCame():
            return state, []


def _joined(state: WatchedIssue, event: TicketJoined, now: datetime) -> Step:
    if event.ticket_id in state.roll:
        # A ticket says how it stands whenever it has something to say.
        roll = state.roll.changed(event.ticket_id, event.facts) if event.facts is not None else state.roll
        return state.model_copy(update={"roll": roll}), []
    joined = state.model_copy(update={"roll": state.roll.joined(event.ticket_id, event.facts, now)})
    intents: list[IssueIntent] = []
    if joined.roll.last <= state.rules.summary.linked:
        intents.append(LinkBack(key="", ticket_id=event.ticket_id, title=event.title))
    if joined.known is None or joined.gone is not None:
        intents.append(_fetch(joined))
    # Where it is known, the ticket is told what is true now: it knows only what was when it was linked.
    return joined, intents


def _left(state: WatchedIssue, ticket_id: str) -> Step:
    left = state.model_copy(update={"roll": state.roll.left(ticket_id)})
    if state.gone is not None:
        # Its tickets still need somebody: each goes on with its page by itself.
        return left, []
    return _with_pages(left, issue_pages.release(left.pages, ticket_id))


def _told(state: WatchedIssue, event: TicketsTold) -> Step:
    after = issue_fan_out.told(state, event)
    intents: list[IssueIntent] = []
    for ticket_id in event.over:
        after, more = _left(after, ticket_id)
        intents += more
    return after, intents


def _read_again(state: WatchedIssue, hint: IssueHint) -> list[IssueIntent]:
    if not state.roll:
        return []
    known = state.known.updated_at if state.known is not None and state.gone is None else None
    if known is not None and hint.updated_at is not None and hint.updated_at < known:
        return []
    return [_fetch(state)]


def _noted(state: WatchedIssue, note: IssueNote) -> Step:
    if state.gone is not None:
        return state, [TellTicket(key="", ticket_id=note.ticket_id, body=_gone(state, state.gone))]
    visibility = note.visibility or state.rules.comments
    return state, [WriteComment(key="", text=note.text, visibility=visibility)]


def _gone(state: WatchedIssue, why: str) -> IssueGone:
    return IssueGone(ref=state.ref, why=why, reason=state.gone_reason)


def _fetch(state: WatchedIssue) -> FetchIssue:
    return FetchIssue(key="", comments_since=issue_news.read_from(state))


def _paged(
    state: WatchedIssue, event: PageWanted | PageOffered | PageReleased | IssuePageRaised | IssuePageFailed
) -> Step:
    match event:
        case PageWanted():
            return _with_pages(state, issue_pages.want(state.pages, event))
        case PageOffered():
            return _with_pages(state, issue_pages.offer(state.pages, event))
        case PageReleased():
            return _with_pages(state, issue_pages.release(state.pages, event.ticket_id, event.page_key))
        case IssuePageRaised():
            return _with_pages(state, issue_pages.raised(state.pages, event.ref))
        case IssuePageFailed():
            return _with_pages(state, issue_pages.failed(state.pages, event.page_key, event.error))


def _with_pages(state: WatchedIssue, change: tuple[issue_pages.Pages, list[issue_pages.PageIntent]]) -> Step:
    pages, intents = change
    wanted: list[IssueIntent] = [
        TellTicket(key="", ticket_id=one.ticket_id, body=one.body) if isinstance(one, issue_pages.AnswerNeed) else one
        for one in intents
    ]
    return state.model_copy(update={"pages": pages}), wanted


def _numbered(state: WatchedIssue, intents: list[IssueIntent]) -> tuple[WatchedIssue, list[IssueIntent]]:
    """Give each intent a key of its own."""
    numbered: list[IssueIntent] = []
    for intent in intents:
        state, key = state.next_key()
        numbered.append(intent.model_copy(update={"key": key}))
    return state, numbered

"""One engineering issue and the tickets that are on it: what it hears, and whom it tells.

A webhook is a hint, the truth is fetched: only a fetched snapshot changes what is known. Comments are told once, by their remote ids;
our own are not told back.
"""

from datetime import datetime, timedelta

from domain import issue_pages
from domain.engineering_rules import IssueRules
from domain.frozen import Frozen
from domain.issue_intents import (
    FetchIssue,
    IssueIntent,
    LinkBack,
    TellTicket,
    WriteComment,
)
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
from domain.issue_pages import IssuePage, PageOffered, PageReleased, PageWanted
from domain.issues import IssueCategory, IssueComment, IssueRef, IssueSnapshot
from domain.messages import DeliveryBody, IssueChanged, IssueCommented, IssueGone

REMEMBERED_COMMENTS = 500
"""Remote ids of comments that are kept to tell each once; older ones lie before the watermark anyway."""


class WatchedIssue(Frozen):
    """The state of an issue's workflow. ``known`` is the last snapshot without its comments; ``watched_since`` when it began.

    ``forgotten_until`` is when the newest comment was written whose id is no longer kept: only later ones are read.
    """

    ref: IssueRef
    watched_since: datetime
    rules: IssueRules = IssueRules()
    forgotten_until: datetime | None = None
    known: IssueSnapshot | None = None
    tickets: tuple[str, ...] = ()
    told_comments: tuple[str, ...] = ()
    pages: tuple[IssuePage, ...] = ()
    gone: str | None = None
    steps: int = 0


class IssueDecision(Frozen):
    """What a message to an issue leads to. ``finished`` is true when no ticket is on it any more; at ``deadline`` it wants to be asked again."""

    state: WatchedIssue
    intents: tuple[IssueIntent, ...] = ()
    deadline: datetime | None = None

    @property
    def finished(self) -> bool:
        """Whether the workflow may end: it has had tickets, and has none now."""
        return self.state.steps > 0 and not self.state.tickets


def decide_issue(state: WatchedIssue, event: IssueEvent, now: datetime) -> IssueDecision:
    """What the event means for the issue."""
    match event:
        case TicketJoined():
            return _joined(state, event)
        case TicketLeft():
            tickets = tuple(ticket for ticket in state.tickets if ticket != event.ticket_id)
            left = state.model_copy(update={"tickets": tickets})
            if state.gone is not None:
                # Its tickets still need somebody: each goes on with its page by itself.
                return IssueDecision(state=left)
            return _with_pages(left, issue_pages.release(left.pages, event.ticket_id))
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
        case IssueHint():
            return _with(state, [_fetch(state)]) if state.tickets else IssueDecision(state=state)
        case IssueNote():
            if state.gone is not None:
                return _tell(state, (event.ticket_id,), IssueGone(ref=state.ref, why=state.gone))
            return _with(state, [WriteComment(key="", text=event.text)])
        case IssueFetched():
            return _fetched(state, event.snapshot)
        case IssueRulesChanged():
            return IssueDecision(state=state.model_copy(update={"rules": event.rules}))
        case (
            TicketChanged()
            | TicketReopened()
            | ImpactAnswered()
            | SummaryShown()
            | FieldsChanged()
            | TicketsTold()
            | TimeCame()
        ):
            return IssueDecision(state=state)
        case IssueVanished():
            gone = state.model_copy(update={"gone": event.why})
            return _tell(gone, state.tickets, IssueGone(ref=state.ref, why=event.why))


def _joined(state: WatchedIssue, event: TicketJoined) -> IssueDecision:
    if event.ticket_id in state.tickets:
        return IssueDecision(state=state)
    joined = state.model_copy(update={"tickets": (*state.tickets, event.ticket_id)})
    intents: list[IssueIntent] = [LinkBack(key="", ticket_id=event.ticket_id, title=event.title)]
    if joined.known is not None and joined.gone is None:
        # A later ticket knows only what was true when it was linked; it is told what is true now.
        intents.append(TellTicket(key="", ticket_id=event.ticket_id, body=_changed(joined, joined.known)))
    else:
        intents.append(_fetch(joined))
    return _with(joined, intents)


def _fetched(state: WatchedIssue, snapshot: IssueSnapshot) -> IssueDecision:
    before = state.known
    if before is not None and snapshot.updated_at < before.updated_at:
        # An answer that overtook a newer one says nothing new.
        return IssueDecision(state=state)
    news = _news(state, snapshot)
    bodies: list[DeliveryBody] = [IssueCommented(ref=snapshot.ref, comment=comment) for comment in news]
    if before is None or _facts(before) != _facts(snapshot):
        change = _changed(state, snapshot)
        # What an engineer wrote is told before the news that the issue is done, so that a ticket hears it while it is open.
        bodies = [*bodies, change] if snapshot.category is IssueCategory.DONE else [change, *bodies]
    told = (*state.told_comments, *(comment.id for comment in news))
    after = state.model_copy(
        update={
            "known": snapshot.model_copy(update={"comments": ()}),
            "ref": snapshot.ref,
            "told_comments": told[-REMEMBERED_COMMENTS:],
            "forgotten_until": _forgotten_until(state, snapshot, told[:-REMEMBERED_COMMENTS]),
            "gone": None,
        }
    )
    return _with(after, [TellTicket(key="", ticket_id=t, body=body) for body in bodies for t in state.tickets])


def _forgotten_until(state: WatchedIssue, snapshot: IssueSnapshot, forgotten: tuple[str, ...]) -> datetime | None:
    written = [comment.created_at for comment in snapshot.comments if comment.id in forgotten]
    return max((*written, *([state.forgotten_until] if state.forgotten_until is not None else [])), default=None)


def _read_from(state: WatchedIssue) -> datetime:
    if state.forgotten_until is None:
        # Trackers tell whole seconds: a comment of the very second in which the watch began is news.
        return state.watched_since.replace(microsecond=0)
    return state.forgotten_until + timedelta(microseconds=1)


def _news(state: WatchedIssue, snapshot: IssueSnapshot) -> list[IssueComment]:
    return [
        comment
        for comment in sorted(snapshot.comments, key=lambda comment: (comment.created_at, comment.id))
        if not comment.ours and comment.id not in state.told_comments and comment.created_at >= _read_from(state)
    ]


def _facts(snapshot: IssueSnapshot) -> tuple[object, ...]:
    """What a ticket is told of; not when it changed, which every comment (ours as well) moves."""
    return snapshot.ref, snapshot.title, snapshot.status, snapshot.category, snapshot.assignee


def _changed(state: WatchedIssue, snapshot: IssueSnapshot) -> IssueChanged:
    return IssueChanged(
        ref=snapshot.ref,
        title=snapshot.title,
        status=snapshot.status,
        category=snapshot.category,
        assignee=snapshot.assignee,
        tickets=max(1, len(state.tickets)),
        at=snapshot.updated_at,
    )


def _fetch(state: WatchedIssue) -> FetchIssue:
    return FetchIssue(key="", comments_since=_read_from(state))


def _with_pages(state: WatchedIssue, change: tuple[issue_pages.Pages, list[issue_pages.PageIntent]]) -> IssueDecision:
    pages, intents = change
    wanted: list[IssueIntent] = [
        TellTicket(key="", ticket_id=one.ticket_id, body=one.body) if isinstance(one, issue_pages.AnswerNeed) else one
        for one in intents
    ]
    return _with(state.model_copy(update={"pages": pages}), wanted)


def _tell(state: WatchedIssue, tickets: tuple[str, ...], body: DeliveryBody) -> IssueDecision:
    return _with(state, [TellTicket(key="", ticket_id=ticket, body=body) for ticket in tickets])


def _with(state: WatchedIssue, intents: list[IssueIntent]) -> IssueDecision:
    """Number the intents: a key is the issue, since when it is watched, and a number.

    It is stable over continue-as-new, and differs from those of an earlier watch: an issue may be left and joined again.
    """
    first = state.steps + 1
    prefix = f"{state.ref.tracker.value}-{state.ref.id}-{state.watched_since:%Y%m%dT%H%M%S%f}"
    numbered = tuple(
        intent.model_copy(update={"key": f"{prefix}/{first + index}"}) for index, intent in enumerate(intents)
    )
    return IssueDecision(state=state.model_copy(update={"steps": state.steps + len(intents)}), intents=numbered)

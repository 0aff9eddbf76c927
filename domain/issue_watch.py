"""One engineering issue and the tickets that are on it: which part of the rules hears what.

A webhook is a hint, the truth is fetched: only a fetched snapshot changes what is known. The rules themselves are in modules of their own:
what both sides are told of each other (``issue_sync``), telling tickets (``issue_fan_out``), pages (``issue_pages``),
the living summary (``issue_summary``).
"""

import dataclasses
from datetime import datetime

from domain import issue_fan_out, issue_lead, issue_news, issue_pages, issue_summary, issue_sync
from domain.frozen import Frozen
from domain.issue_facts import IssueSection
from domain.issue_follows import TellAll
from domain.issue_intents import AskLead, FetchIssue, IssueIntent, LinkBack, TellTicket, WriteComment
from domain.issue_messages import (
    CommentRefused,
    FieldsChanged,
    HintSource,
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
    TrackerLocked,
    TrackerOpen,
)
from domain.issue_pages import AnswerNeed, PageOffered, PageReleased, PageWanted
from domain.issue_sync import Around, Synced
from domain.issues import Tracker, Visibility
from domain.messages import IssueGone, IssueSaid
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
    after, summary = issue_summary.written(issue_summary.marked(state, after), now)
    after, intents = _numbered(after, [*wanted, *summary])
    if after.known is not None and after.gone is None:
        after = issue_fan_out.welcome(after, issue_sync.changed_body(after.sync, _around(after), after.known))
    after, batches = issue_fan_out.batches(after)
    return IssueDecision(state=after, intents=(*intents, *batches), deadline=_deadline(after))


def _deadline(state: WatchedIssue) -> datetime | None:
    wanted = (issue_sync.deadline(state.sync), issue_summary.due(state))
    return min((at for at in wanted if at is not None), default=None)


def _heard(state: WatchedIssue, event: IssueEvent, now: datetime) -> Step:
    match event:
        case TicketJoined():
            return _joined(state, event, now)
        case TicketChanged():
            return _weighed(
                state.model_copy(update={"roll": state.roll.changed(event.ticket_id, event.facts)}), [], now
            )
        case TicketLeft():
            return _weighed(*_left(state, event.ticket_id), now)
        case TicketsTold():
            return _weighed(*_told(state, event), now)
        case IssueFetched():
            return _fetched(state, event, now)
        case IssueVanished():
            return _vanished(state, event)
        case IssueHint():
            return state.also_known_as(event.alias), _read_again(state, event)
        case IssueNote():
            return _noted(state, event)
        case IssueRulesChanged():
            return _ruled(state, event, now)
        case PageWanted() | PageOffered() | PageReleased() | IssuePageRaised() | IssuePageFailed():
            return _paged(state, event)
        case CommentRefused():
            return _comment_refused(state, event)
        case TrackerLocked():
            return _locked(state, event.error, now)
        case TrackerOpen():
            return state.model_copy(update={"locked": False}), []
        case TicketReopened():
            return _reopened(state, event, now)
        case ImpactAnswered():
            return _followed(state, issue_sync.answered(state.sync, _around(state), event, now))
        case FieldsChanged():
            return _followed(state, issue_sync.fields_changed(state.sync, _around(state), event, now))
        case TimeCame():
            return _followed(state, issue_sync.time_came(state.sync, _around(state), now))
        case SummaryShown():
            return issue_summary.shown(state, event, now), []


def _joined(state: WatchedIssue, event: TicketJoined, now: datetime) -> Step:
    if event.ticket_id in state.roll:
        # A ticket says how it stands whenever it has something to say.
        roll = state.roll.changed(event.ticket_id, event.facts) if event.facts is not None else state.roll
        return _weighed(state.model_copy(update={"roll": roll}), [], now)
    joined = state.model_copy(update={"roll": state.roll.joined(event.ticket_id, event.facts, now)})
    intents: list[IssueIntent] = []
    named = IssueSection.TICKETS in state.rules.shared_in(event.ref.project)
    if named and joined.roll.last <= state.rules.summary.linked:
        intents.append(LinkBack(key="", ticket_id=event.ticket_id, title=event.title))
    if joined.known is None or joined.gone is not None:
        intents.append(_fetch(joined))
    # Where it is known, the ticket is told what is true now: it knows only what was when it was linked.
    return _weighed(joined, intents, now)


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
    # A release reaches its issues without touching them.
    told = hint.updated_at if hint.source is not HintSource.RELEASE and state.gone is None else None
    if not issue_news.is_new_to(state.known, told):
        return []
    return [_fetch(state)]


def _fetched(state: WatchedIssue, event: IssueFetched, now: datetime) -> Step:
    around = dataclasses.replace(_around(state), known=state.known)
    gone = state.gone is not None
    sync, truth, follows = issue_sync.fetched(state.sync, around, event.snapshot, now, was_gone=gone)
    former = state.ref.key if truth.ref.key != state.ref.key else None
    named = state.also_known_as(event.snapshot.alias, former)
    seen = named.model_copy(update={"known": truth, "ref": truth.ref, "gone": None})
    return _followed(seen, (sync, follows))


def _vanished(state: WatchedIssue, event: IssueVanished) -> Step:
    gone = state.model_copy(update={"gone": event.why, "gone_reason": event.reason})
    tickets = len(state.roll)
    told = issue_lead.is_gone(state.rules, state.ref, event.why, tickets) if state.gone is None else []
    body = _gone(gone, event.why).model_copy(update={"tickets": tickets})
    return issue_fan_out.tell_all(gone, body), [*told]


def _weighed(state: WatchedIssue, intents: list[IssueIntent], now: datetime) -> Step:
    """The tickets are others, or say something else: so may be what they come to."""
    state, more = _followed(state, issue_sync.weigh(state.sync, _around(state), now))
    return state, [*intents, *more]


def _ruled(state: WatchedIssue, event: IssueRulesChanged, now: datetime) -> Step:
    if event.rules == state.rules:
        # Each of its tickets that is put under the policy says so.
        return state, []
    ruled = state.model_copy(update={"rules": event.rules})
    return _followed(ruled, issue_sync.rules_changed(state.sync, _around(ruled), state.rules, now))


def _reopened(state: WatchedIssue, event: TicketReopened, now: datetime) -> Step:
    if state.gone is not None:
        return state, [TellTicket(key="", ticket_id=event.ticket_id, body=_gone(state, state.gone))]
    return _followed(state, issue_sync.reopened(state.sync, _around(state), event, now))


def _around(state: WatchedIssue) -> Around:
    known = state.known if state.gone is None else None
    return Around(rules=state.rules, roll=state.roll, known=known, watched_since=state.watched_since)


def _followed(state: WatchedIssue, synced: Synced) -> Step:
    sync, follows = synced
    state = state.model_copy(update={"sync": sync})
    intents: list[IssueIntent] = []
    for follow in follows:
        if isinstance(follow, TellAll):
            state = issue_fan_out.tell_all(state, follow.body)
        else:
            intents.append(follow)
    return state, intents


def _noted(state: WatchedIssue, note: IssueNote) -> Step:
    if state.gone is not None:
        return state, [TellTicket(key="", ticket_id=note.ticket_id, body=_gone(state, state.gone))]
    visibility = note.visibility or state.rules.comments
    return state, [WriteComment(key="", text=note.text, ticket_id=note.ticket_id, visibility=visibility)]


def _comment_refused(state: WatchedIssue, refused: CommentRefused) -> Step:
    text = (
        f"The engineers did not get this on {state.ref.key} ({refused.error}); tell them in the issue: {refused.text}"
    )
    if refused.ticket_id is not None:
        said = IssueSaid(ref=state.ref, text=text, tell_lead=True)
        return state, [TellTicket(key="", ticket_id=refused.ticket_id, body=said)]
    return state, _asked(state, text)


def _locked(state: WatchedIssue, error: str, now: datetime) -> Step:
    """Told once a day, whichever issue notices it first: a token that has run out stops them all, and each tries on by itself."""
    if state.locked:
        return state, []
    locked = state.model_copy(update={"locked": True})
    tracker = state.ref.tracker.value
    text = (
        f"{state.ref.key}, and whatever else is to be read or written there, has to wait: {error}. "
        "Nothing is lost; it goes on by itself once that is mended."
    )
    key = f"locked/{tracker}/{now:%Y-%m-%d}"
    return locked, [each.model_copy(update={"key": key, "shared": True}) for each in _asked(state, text)]


def _asked(state: WatchedIssue, text: str) -> list[IssueIntent]:
    if state.rules.channel is None:
        return []
    return [AskLead(key="", channel=state.rules.channel, lead=state.rules.lead, text=text)]


def _gone(state: WatchedIssue, why: str) -> IssueGone:
    return issue_sync.gone_body(state.ref, why, state.gone_reason)


def _fetch(state: WatchedIssue) -> FetchIssue:
    return FetchIssue(key="", comments_since=state.sync.news.read_from(state.watched_since))


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
    """Answers to many needs of a page go as one fan-out; a page that is over for good is told of one by one, since nobody keeps its needs."""
    pages, intents = change
    wanted: list[IssueIntent] = []
    answers: list[AnswerNeed] = []
    for one in intents:
        if isinstance(one, AnswerNeed):
            answers.append(one)
        else:
            wanted.append(one)
    after = state.model_copy(update={"pages": pages})
    after, told = issue_fan_out.tell_needs(after, answers)
    return after, [*wanted, *told]


def _numbered(state: WatchedIssue, intents: list[IssueIntent]) -> tuple[WatchedIssue, list[IssueIntent]]:
    """Give each intent a key of its own, unless it has one."""
    numbered: list[IssueIntent] = []
    for intent in intents:
        state, key = (state, intent.key) if intent.key else state.next_key()
        numbered.append(_readable(state, intent).model_copy(update={"key": key}))
    return state, numbered


def _readable(state: WatchedIssue, intent: IssueIntent) -> IssueIntent:
    """What Tierline says by itself is made for whoever reads the issue; GitHub keeps no comment from strangers.

    What a person wants written for the team alone stays so, and is refused there.
    """
    if not isinstance(intent, WriteComment) or intent.ticket_id is not None or state.ref.tracker is not Tracker.GITHUB:
        return intent
    if not state.rules.of_project(state.ref.project).public:
        return intent
    return intent.model_copy(update={"visibility": Visibility.PUBLIC})

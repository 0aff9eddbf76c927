"""What the workflow of an issue does with the domain's decisions, without Temporal: lanes, retries, fan-outs, deadlines.

Tracker's intents are carried out one after the other by the real clients. A call may do its work and be cut before its answer comes; it is
then repeated with ``recheck``, as an activity is.
"""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.engineering_rules import IssueRules
from domain.issue_intents import (
    AskLead,
    ChangeFields,
    FetchIssue,
    IssueIntent,
    LinkBack,
    ShowSummary,
    TellTicket,
    TellTickets,
    WriteComment,
)
from domain.issue_messages import (
    CommentRefused,
    FieldsChanged,
    IssueEvent,
    IssueFetched,
    SummaryShown,
    TicketsTold,
    TimeCame,
)
from domain.issue_watch import decide_issue
from domain.issues import IssueCategory, IssueFieldChanges, IssueRef, IssueSnapshot, SyncedField
from domain.messages import DeliveryBody, IssueChanged, IssueCommented, IssueSaid
from domain.watched_issue import WatchedIssue
from integrations.errors import PermanentFailure
from tests.fuzz.outside import Outside

_SOON = timedelta(minutes=10)
"""Deadlines that come this soon are waited for in the end; later ones are another day's."""
_MOST = 300
"""Steps after which an issue that does not come to rest is a loop."""


@dataclass
class Ticket:
    """A ticket as far as it shows its issue. It takes each delivery once, and nothing that is older than what it knows."""

    stands: IssueChanged | None = None
    comments: list[IssueCommented] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    _taken: set[str] = field(default_factory=set)

    def take(self, delivery: str, body: DeliveryBody) -> None:
        """Hear of something."""
        if delivery in self._taken:
            return
        self._taken.add(delivery)
        match body:
            case IssueChanged():
                if self.stands is None or not _is_old(self.stands, body):
                    self.stands = body
            case IssueCommented():
                self.comments.append(body)
            case IssueSaid():
                self.said.append(body.text)
            case _:
                pass

    def reads(self, comment_id: str) -> str | None:
        """The text of a comment as it was told last."""
        return next((each.comment.text for each in reversed(self.comments) if each.comment.id == comment_id), None)


class Hub:
    """One issue's workflow."""

    def __init__(self, outside: Outside, ref: IssueRef, rules: IssueRules) -> None:
        self._outside = outside
        self._tracker = outside.trackers[ref.tracker]
        self.state = WatchedIssue(ref=ref, watched_since=outside.now, rules=rules)
        self.deadline: datetime | None = None
        self.lane: deque[tuple[IssueIntent, bool]] = deque()
        self.tickets: dict[str, Ticket] = {}
        self.calls: Counter[str] = Counter()
        """Calls of the tracker's client, by intent."""
        self.written: list[str] = []
        """The texts of the comments that were wanted on the issue and not refused."""
        self.asked: list[str] = []
        self.made: list[IssueFieldChanges] = []
        self.overwritten: list[str] = []
        """Priorities of people that our writing replaced unseen, which nobody has changed again since."""
        self._just_overwritten: str | None = None
        self._heard: set[str] = set()
        self._inbox: deque[IssueEvent] = deque()

    @property
    def writes(self) -> int:
        """Calls that change something in the tracker."""
        return sum(self.calls.values()) - self.calls["fetch_issue"]

    def hear(self, event: IssueEvent) -> None:
        """Take in an event, once by its id."""
        known = getattr(event, "id", None)
        if known is not None:
            if known in self._heard:
                return
            self._heard.add(known)
        self._decide(event)

    def work(self, *, cut: bool = False) -> None:
        """Carry out the first intent that waits for the tracker; ``cut``: the answer is lost, and it waits to be repeated."""
        if not self.lane:
            return
        intent, begun = self.lane[0]
        self.calls[intent.kind] += 1
        try:
            event = self._call(intent, recheck=begun)
        except PermanentFailure as error:
            event = _refused(intent, error)
        if cut:
            self.lane[0] = (intent, True)
            return
        self.lane.popleft()
        if isinstance(intent, WriteComment) and not isinstance(event, CommentRefused):
            self.written.append(intent.text)
        if event is not None:
            self._decide(event)

    def rest(self) -> None:
        """Work until nothing is left to do; time comes as soon as it is waited for.

        Raises:
            AssertionError: it does not come to rest: a loop.
        """
        for _ in range(_MOST):
            if self.lane:
                self.work()
            elif self.deadline is not None and self.deadline <= self._outside.now + _SOON:
                self._outside.now = max(self._outside.now, self.deadline)
                self._decide(TimeCame())
            else:
                return
        raise AssertionError(f"the issue does not come to rest: {self.calls}, {[i.kind for i, _ in self.lane]}")

    def come_back(self) -> None:
        """End, and go on from what was stored."""
        self.state = WatchedIssue.model_validate_json(self.state.model_dump_json())

    def _decide(self, event: IssueEvent) -> None:
        self._inbox.append(event)
        while self._inbox:
            decision = decide_issue(self.state, self._inbox.popleft(), self._outside.now)
            self.state, self.deadline = decision.state, decision.deadline
            self._begin(decision.intents)

    def _begin(self, intents: Sequence[IssueIntent]) -> None:
        for intent in intents:
            match intent:
                case TellTicket():
                    self.tickets[intent.ticket_id].take(intent.key, intent.body)
                case TellTickets():
                    for ticket in intent.ticket_ids:
                        self.tickets[ticket].take(f"{intent.delivery}/{ticket}", intent.body)
                    self._inbox.append(TicketsTold(key=intent.key))
                case AskLead():
                    self.asked.append(intent.text)
                case FetchIssue() if any(isinstance(each, FetchIssue) and not begun for each, begun in self.lane):
                    # The reading that waits will see this change too.
                    pass
                case _:
                    self.lane.append((intent, False))

    def _call(self, intent: IssueIntent, *, recheck: bool) -> IssueEvent | None:
        ref = self.state.ref
        match intent:
            case FetchIssue():
                snapshot = self._tracker.fetch(ref, comments_since=intent.comments_since)
                self._look_back(snapshot)
                return IssueFetched(snapshot=snapshot)
            case WriteComment():
                self._tracker.comment(ref, intent.text, key=intent.key, recheck=recheck, visibility=intent.visibility)
                return None
            case ShowSummary():
                comment_id = self._tracker.show_summary(
                    ref, intent.text, comment_id=intent.comment_id, key=f"summary/{ref.id}", recheck=recheck
                )
                return SummaryShown(key=intent.key, comment_id=comment_id)
            case ChangeFields():
                self._look_ahead(intent.changes)
                self._tracker.change(ref, intent.changes)
                self.made.append(intent.changes)
                return FieldsChanged(key=intent.key)
            case LinkBack():
                link = f"https://support.example/{intent.ticket_id}"
                self._tracker.link_back(ref, global_id=intent.ticket_id, url=link, title=intent.title)
                return None
            case _:
                raise AssertionError(f"nobody carries out {intent.kind}")

    def _look_ahead(self, changes: IssueFieldChanges) -> None:
        """See what a change of ours is about to replace that the domain does not know of."""
        there = self._outside.priority_of(self.state.ref)
        known = self.state.known.priority if self.state.known is not None else None
        if changes.priority is not None and there not in (None, known, changes.priority):
            self._just_overwritten = there

    def _look_back(self, snapshot: IssueSnapshot) -> None:
        """What somebody changed again before we read it is theirs: they saw what we had set."""
        stamp = snapshot.stamps.get(SyncedField.PRIORITY)
        if self._just_overwritten is not None and stamp is not None and stamp.ours:
            self.overwritten.append(self._just_overwritten)
        self._just_overwritten = None


def _is_old(before: IssueChanged, change: IssueChanged) -> bool:
    """As a ticket goes by: of news of one instant, being done wins."""
    if change.at != before.at:
        return change.at < before.at
    return before.category is IssueCategory.DONE and change.category is not IssueCategory.DONE


def _refused(intent: IssueIntent, error: PermanentFailure) -> IssueEvent | None:
    match intent:
        case ChangeFields():
            return FieldsChanged(key=intent.key, error=str(error))
        case WriteComment():
            return CommentRefused(key=intent.key, ticket_id=intent.ticket_id, text=intent.text, error=str(error))
        case ShowSummary():
            return SummaryShown(key=intent.key, error=str(error))
        case _:
            raise error

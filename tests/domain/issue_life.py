"""An issue's life in the domain: what it hears, and what it does about it."""

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from domain.engineering_rules import ImpactClass, ImpactRules, ImpactWeights, IssueRules, ProjectRules
from domain.frozen import Frozen
from domain.issue_intents import AskLead, ChangeFields, FetchIssue, IssueIntent, TellTickets, WriteComment
from domain.issue_messages import (
    FieldsChanged,
    ImpactAnswered,
    IssueEvent,
    IssueFetched,
    IssueHint,
    TicketJoined,
    TicketOnIssue,
    TicketReopened,
    TicketsTold,
)
from domain.issue_watch import decide_issue
from domain.issues import (
    FieldStamp,
    IssueCategory,
    IssueComment,
    IssueFieldChanges,
    IssueRef,
    IssueSnapshot,
    SyncedField,
    Tracker,
)
from domain.messages import DeliveryBody
from domain.tiers import Priority
from domain.watched_issue import WatchedIssue

NOON = datetime(2026, 11, 16, 12, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
JIRA_ISSUE = IssueRef(tracker=Tracker.JIRA, id="10012", key="PAY-1", url="https://acme.example/browse/PAY-1")
GITHUB_ISSUE = IssueRef(
    tracker=Tracker.GITHUB, id="I_kwDO1", key="acme/checkout#7", url="https://git.example/acme/checkout/issues/7"
)
ENGINEER = "Ada (engineering)"
CLASSES = (
    ImpactClass(name="low", at=5, priority="Medium", labels=("impact-low",)),
    ImpactClass(name="high", at=20, priority="High", labels=("impact-high",)),
    ImpactClass(name="severe", at=100, priority="Highest", labels=("impact-severe",)),
)
FIVE_A_TICKET = ImpactWeights(ticket=5, customer=0, severity={}, growth=0, age=0)

_Kind = TypeVar("_Kind", bound=Frozen)
_Body = TypeVar("_Body", bound=Frozen)


def the_rules(**changes: Any) -> IssueRules:
    """Five points a ticket: one is low, four are high, twenty are severe."""
    rules: dict[str, Any] = {
        "impact": ImpactRules(weights=FIVE_A_TICKET, classes=CLASSES),
        "channel": "C0ENG",
        "lead": "U0LENA",
    }
    return IssueRules(**(rules | changes))


def in_project(**rules: Any) -> dict[str, ProjectRules]:
    """The rules of the project of the issues here, whichever tracker they are in."""
    return {"PAY": ProjectRules(**rules), "acme/checkout": ProjectRules(**rules)}


def a_ticket(customer: str = "cus-1", **facts: Any) -> TicketOnIssue:
    """What an issue knows of a ticket."""
    told: dict[str, Any] = {"customer": customer, "severity": Priority.P3, "opened_at": NOON}
    return TicketOnIssue(**(told | facts))


def by_engineer(at: datetime, **more: Any) -> FieldStamp:
    """A field that an engineer changed."""
    return FieldStamp(at=at, by=ENGINEER, **more)


def by_us(at: datetime, **more: Any) -> FieldStamp:
    """A field that our own account changed."""
    return FieldStamp(at=at, by="Tierline", ours=True, **more)


def an_engineers_comment(number: int, at: datetime = NOON + MINUTE, **more: Any) -> IssueComment:
    """A comment of an engineer's."""
    comment = {"id": f"c{number}", "author": ENGINEER, "text": f"comment {number}", "created_at": at}
    return IssueComment(**(comment | more))


class Life:
    """One issue, in a tracker that shows what it is told to show."""

    def __init__(self, rules: IssueRules | None = None, ref: IssueRef = JIRA_ISSUE) -> None:
        self.state = WatchedIssue(ref=ref, watched_since=NOON, rules=rules or the_rules())
        self.now = NOON
        self.intents: tuple[IssueIntent, ...] = ()
        self.deadline: datetime | None = None
        self.shown = IssueSnapshot(
            ref=ref,
            title="Card payment fails",
            status="To Do" if ref.tracker is Tracker.JIRA else "open",
            category=IssueCategory.TO_DO,
            updated_at=NOON,
            project="PAY" if ref.tracker is Tracker.JIRA else "acme/checkout",
            priority="Medium" if ref.tracker is Tracker.JIRA else None,
        )
        self._messages = 0

    # --- what happens ---------------------------------------------------------------------------------------------

    def hears(self, event: IssueEvent) -> "Life":
        """An event, now; batches of news reach their tickets at once."""
        decision = decide_issue(self.state, event, self.now)
        self.state, self.deadline = decision.state, decision.deadline
        found = list(decision.intents)
        waiting = [each for each in found if isinstance(each, TellTickets)]
        while waiting:
            decision = decide_issue(self.state, TicketsTold(key=waiting.pop(0).key), self.now)
            self.state, self.deadline = decision.state, decision.deadline
            found += decision.intents
            waiting += [each for each in decision.intents if isinstance(each, TellTickets)]
        self.intents = tuple(found)
        return self

    def later(self, by: timedelta = MINUTE) -> "Life":
        """Time goes by."""
        self.now += by
        return self

    def joined(self, *tickets: str, **facts: Any) -> "Life":
        """Tickets join, each of a customer of its own."""
        found: tuple[IssueIntent, ...] = ()
        for ticket in tickets:
            given: dict[str, Any] = {"customer": f"of {ticket}", "opened_at": self.now}
            told = a_ticket(**(given | facts))
            self.hears(
                TicketJoined(id=f"join {ticket}", ticket_id=ticket, title="Card", ref=self.shown.ref, facts=told)
            )
            found += self.intents
        self.intents = found
        return self

    def reads(self, **changes: Any) -> "Life":
        """The tracker shows this, and it is fetched; ``updated_at`` is now unless it is given."""
        self.shown = self.shown.model_copy(update={"updated_at": self.now, **changes})
        return self.hears(IssueFetched(snapshot=self.shown))

    def hint(self, **more: Any) -> "Life":
        """The tracker says that something may have changed."""
        self._messages += 1
        return self.hears(IssueHint(id=f"hint {self._messages}", **more))

    def set_in_tracker(self, error: str | None = None) -> "Life":
        """The change that was asked for last is made, and is heard of; or is refused."""
        (change,) = self.of(ChangeFields)
        if error is None:
            self.shown = self._changed(change.changes)
        return self.hears(FieldsChanged(key=change.key, error=error))

    def reopened(self, ticket: str, *, by_customer: bool = True) -> "Life":
        """A ticket is open again."""
        self._messages += 1
        text = "It fails again."
        return self.hears(
            TicketReopened(id=f"again {self._messages}", ticket_id=ticket, by_customer=by_customer, text=text)
        )

    def answered(self, *, accept: bool) -> "Life":
        """The lead chooses."""
        self._messages += 1
        return self.hears(ImpactAnswered(id=f"answer {self._messages}", accept=accept, by="lena"))

    def _changed(self, changes: IssueFieldChanges) -> IssueSnapshot:
        kept = tuple(label for label in self.shown.labels if label not in changes.remove_labels)
        stamps = dict(self.shown.stamps)
        update: dict[str, Any] = {"labels": (*kept, *changes.add_labels), "updated_at": self.now}
        if changes.priority is not None:
            stamps[SyncedField.PRIORITY] = by_us(self.now, before=self.shown.priority)
            update["priority"] = changes.priority
        if changes.status is not None:
            stamps[SyncedField.STATUS] = by_us(self.now, before=self.shown.status)
            update |= {"status": changes.status, "category": IssueCategory.TO_DO}
        return self.shown.model_copy(update={**update, "stamps": stamps})

    # --- what came of it ------------------------------------------------------------------------------------------

    def of(self, kind: type[_Kind]) -> list[_Kind]:
        """What the last event wants done, of a kind."""
        return [intent for intent in self.intents if isinstance(intent, kind)]

    @property
    def reads_again(self) -> bool:
        """Whether the issue is to be fetched."""
        return bool(self.of(FetchIssue))

    @property
    def changes(self) -> IssueFieldChanges | None:
        """What the last event wants set in the tracker."""
        wanted = self.of(ChangeFields)
        assert len(wanted) < 2
        return wanted[0].changes if wanted else None

    @property
    def written(self) -> list[str]:
        """What it wants written on the issue."""
        return [comment.text for comment in self.of(WriteComment)]

    @property
    def asked(self) -> list[str]:
        """What it asks the lead."""
        return [ask.text for ask in self.of(AskLead)]

    @property
    def told(self) -> list[DeliveryBody]:
        """What it tells every ticket; those who joined just now are told with them."""
        return [batch.body for batch in self.of(TellTickets)]

    def told_of(self, kind: type[_Body]) -> list[_Body]:
        """What it tells every ticket, of a kind."""
        return [body for body in self.told if isinstance(body, kind)]

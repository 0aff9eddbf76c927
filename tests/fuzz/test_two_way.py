"""Both sides change an issue in any order, and what is delivered is lost, doubled, late and swapped: in the end both agree.

Real clients work in the sandbox's Jira and GitHub over HTTP; the gateway's own translation reads what they deliver; the domain's own rules
decide. What is proven: every field that tickets show is the tracker's; every comment of an engineer is told once to each ticket; every
comment of ours is on the issue once; every conflict is written on both sides; and once all is quiet, nothing that is heard again leads to
writing.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from domain.engineering_rules import ImpactClass, ImpactRules, ImpactWeights, IssueRules, Winner
from domain.issue_conflicts import conflict_words
from domain.issue_intents import ChangeFields
from domain.issue_messages import (
    HintSource,
    ImpactAnswered,
    IssueHint,
    IssueNote,
    TicketChanged,
    TicketJoined,
    TicketLeft,
    TicketOnIssue,
    TicketReopened,
)
from domain.issues import IssueCategory, IssueDraft, IssueRef, SyncedField, Tracker
from domain.tiers import Priority
from sandbox.deliveries import Delivery
from tests.fuzz.hub import Hub, Ticket
from tests.fuzz.outside import Outside, an_outside

EXAMPLES, STEPS = 100, 12
_TICKETS = ("T-1", "T-2", "T-3", "T-4")
_CLASSES = (
    ImpactClass(name="low", at=5, priority="Medium", labels=("impact-low",)),
    ImpactClass(name="high", at=10, priority="High", labels=("impact-high",)),
    ImpactClass(name="severe", at=50, priority="Highest", labels=("impact-severe",)),
)
_IMPACT = ImpactRules(
    weights=ImpactWeights(ticket=5, customer=0, severity={Priority.P1: 50}, growth=0, age=0), classes=_CLASSES
)
_PASSING = st.sampled_from([0.0, 0.001, 0.4, 1.0, 20.0]).map(lambda seconds: timedelta(seconds=seconds))
_WINNERS = st.fixed_dictionaries(
    {SyncedField.PRIORITY: st.sampled_from(Winner), SyncedField.STATUS: st.sampled_from(Winner)}
)


def _words(text: str) -> str:
    """A text as it is compared: a tracker keeps paragraphs in its own way, and on GitHub what would act stands in code spans."""
    return " ".join(text.replace("`", "").split())


class TwoWay(RuleBasedStateMachine):
    """One issue with a few tickets. What a tracker's people do is its subclass's."""

    tracker: Tracker
    project: str
    outside: Outside

    def __init__(self) -> None:
        super().__init__()
        self.number = 0
        self.deeds = 0
        """What people of both sides did."""
        self.joined_at: dict[str, int] = {}
        self.left: set[str] = set()
        self.comments: dict[str, int] = {}
        """Engineers' comments by their remote ids: when each was written, in deeds."""
        self.late: list[Delivery] = []
        self.priorities_by_hand = 0

    # --- both sides -----------------------------------------------------------------------------------------------

    @initialize(winners=_WINNERS, ours=st.booleans(), reopen_after=st.integers(1, 2))
    def begins(self, winners: dict[SyncedField, Winner], ours: bool, reopen_after: int) -> None:
        self.outside.now += timedelta(seconds=5)
        self.began_at: datetime = self.outside.now
        self.ref = self._opened() if ours else self._opened_by_ada()
        rules = IssueRules(impact=_IMPACT, conflicts=winners, reopen_after=reopen_after, channel="C0ENG", lead="U0LENA")
        self.hub = Hub(self.outside, self.ref, rules)
        self.joins("T-1", Priority.P3)

    @rule(ticket=st.sampled_from(_TICKETS), severity=st.sampled_from([Priority.P1, Priority.P3, Priority.P3]))
    def joins(self, ticket: str, severity: Priority) -> None:
        self.deeds += 1
        if ticket in self.left:
            return
        self.joined_at.setdefault(ticket, self.deeds)
        self.hub.tickets.setdefault(ticket, Ticket())
        facts = TicketOnIssue(customer=f"of {ticket}", severity=severity, opened_at=self.outside.now)
        if ticket in self.hub.state.roll:
            self.hub.hear(TicketChanged(id=self._id("changed"), ticket_id=ticket, facts=facts))
        else:
            self.hub.hear(
                TicketJoined(id=self._id("joined"), ticket_id=ticket, title="Card", ref=self.ref, facts=facts)
            )

    @precondition(lambda self: len(self.hub.state.roll) > 1)
    @rule()
    def leaves(self) -> None:
        self.deeds += 1
        ticket = list(self.hub.state.roll)[-1]
        self.left.add(ticket)
        self.hub.hear(TicketLeft(id=self._id("left"), ticket_id=ticket))

    @rule()
    def notes(self) -> None:
        self.deeds += 1
        self.hub.hear(IssueNote(id=self._id("note"), ticket_id="T-1", text=f"note {self._next()} of support"))

    @rule(ticket=st.integers(0, 3))
    def customer_comes_back(self, ticket: int) -> None:
        self.deeds += 1
        here = list(self.hub.state.roll)
        self.hub.hear(
            TicketReopened(
                id=self._id("again"),
                ticket_id=here[ticket % len(here)],
                by_customer=True,
                text=f"It fails again ({self._next()}).",
            )
        )

    @rule(accept=st.booleans())
    def lead_answers(self, accept: bool) -> None:
        self.deeds += 1
        self.hub.hear(ImpactAnswered(id=self._id("answer"), accept=accept, by="lena"))

    # --- in between -----------------------------------------------------------------------------------------------

    @rule(times=st.integers(1, 4), cut=st.booleans())
    def works(self, times: int, cut: bool) -> None:
        for _ in range(times - 1):
            self.hub.work()
        self.hub.work(cut=cut)

    @precondition(lambda self: self.outside.door or self.late)
    @rule(which=st.integers(0, 5), times=st.integers(0, 2), again=st.booleans())
    def is_delivered(self, which: int, times: int, again: bool) -> None:
        """A delivery comes in once, twice, or never, before and after others; and perhaps another time later."""
        waiting = self.outside.door or self.late
        delivery = waiting.pop(which % len(waiting))
        if again:
            self.late.append(delivery)
        for _ in range(times):
            self._comes_in(delivery)

    @rule(by=_PASSING)
    def time_passes(self, by: timedelta) -> None:
        self.outside.now += by

    @rule()
    def worker_is_replaced(self) -> None:
        self.hub.come_back()

    # --- the end --------------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        if not hasattr(self, "hub"):
            return
        try:
            self._reconciles()
            self._agree()
            self._is_quiet()
        finally:
            self.outside.forget(self.ref)

    def _reconciles(self) -> None:
        """Whatever was under way is lost; the tracker's own feed says what changed. What that leads to is delivered."""
        self.outside.door.clear()
        self.late.clear()
        self.hub.rest()
        self.outside.door.clear()
        feed = self.outside.trackers[self.tracker].changed_since([self.project], self.began_at, {})
        (changed,) = [issue for issue in feed.issues if self._is_it(issue.key)]
        self._hint(HintSource.RECONCILE, changed.updated_at)
        self.hub.rest()
        for _ in range(20):
            if not self.outside.door:
                return
            self._comes_in(self.outside.door.pop(0))
            self.hub.rest()
        raise AssertionError("what Tierline does leads to more and more of it")

    def _agree(self) -> None:
        hub, truth = self.hub, self.outside.trackers[self.tracker].fetch(self.ref, comments_since=None)
        assert hub.state.known is not None
        impact = hub.state.sync.impact
        assert self.priorities_by_hand or not impact.by_hand
        for name in ("title", "status", "category", "assignee", "priority", "labels", "resolution", "fix_versions"):
            assert getattr(hub.state.known, name) == getattr(truth, name), name
        here = list(hub.state.roll)
        for ticket in here:
            shown = hub.tickets[ticket].stands
            assert shown is not None
            for name in ("title", "status", "category", "assignee", "priority"):
                assert getattr(shown, name) == getattr(truth, name), (ticket, name)
            assert shown.impact == impact.name
        if truth.category is not IssueCategory.DONE:
            wanted = {label for each in _CLASSES if each.name == impact.name for label in each.labels}
            assert {label for label in truth.labels if label.startswith("impact-")} <= wanted
            if self.tracker is Tracker.JIRA and not impact.by_hand:
                assert truth.priority == next(each.priority for each in _CLASSES if each.name == impact.name)
        self._comments_are_told(here, {comment.id: comment.text for comment in truth.comments})
        ours = Counter(_words(text) for text in self.outside.our_comments(self.ref) if not text.startswith("Support:"))
        assert ours == Counter(_words(text) for text in hub.written)
        self._conflicts_are_written(here)
        assert sum(hub.calls.values()) <= 15 + 10 * self.deeds, hub.calls

    def _comments_are_told(self, here: list[str], texts: dict[str, str]) -> None:
        for ticket in self.hub.tickets.values():
            told = Counter(body.comment.id for body in ticket.comments if not body.edited)
            assert all(times == 1 for times in told.values()), told
            assert set(told) <= set(self.comments)
        for name in here:
            for comment, written in self.comments.items():
                if written > self.joined_at[name]:
                    assert self.hub.tickets[name].reads(comment) == texts[comment]

    def _conflicts_are_written(self, here: list[str]) -> None:
        hub = self.hub
        conflicts = hub.state.sync.wishes.conflicts
        for conflict in conflicts:
            words = conflict_words(self.ref.key, conflict)
            assert words in hub.written
            assert any(words in hub.tickets[ticket].said for ticket in hub.tickets)
        assert {conflict.theirs for conflict in conflicts} >= set(hub.overwritten)

    def _is_quiet(self) -> None:
        """Whatever is heard again, nothing is written and nobody is told anything."""
        hub = self.hub
        writes, fetches = hub.writes, hub.calls["fetch_issue"]
        told = {name: (len(ticket.comments), len(ticket.said)) for name, ticket in hub.tickets.items()}
        for source in (HintSource.WEBHOOK, HintSource.RECONCILE, HintSource.RELEASE):
            self._hint(source, None)
            hub.rest()
        assert hub.writes == writes
        assert hub.calls["fetch_issue"] <= fetches + 3
        assert not self.outside.door
        assert told == {name: (len(ticket.comments), len(ticket.said)) for name, ticket in hub.tickets.items()}

    # --- pieces ---------------------------------------------------------------------------------------------------

    def _opened(self) -> IssueRef:
        draft = IssueDraft(
            key=f"T-1-stint-{self.outside.now:%H%M%S%f}",
            tracker=self.tracker,
            project=self.project,
            title="Card payment fails",
            body="It fails.",
            priority="Medium",
        )
        return self.outside.trackers[self.tracker].open_issue(draft, recheck=False)

    def _opened_by_ada(self) -> IssueRef:
        raise NotImplementedError

    def _works_until_it_is_about_to_set_fields(self) -> None:
        for _ in range(10):
            if not self.hub.lane or isinstance(self.hub.lane[0][0], ChangeFields):
                return
            self.hub.work()

    def _is_it(self, key: str) -> bool:
        return key == self.ref.key

    def _comes_in(self, delivery: Delivery) -> None:
        delivery_id, news = self.outside.comes_in(delivery)
        if self.ref.id in {issue.id for issue in news.issues}:
            self.hub.hear(IssueHint(id=delivery_id, updated_at=news.updated_at))

    def _hint(self, source: HintSource, updated_at: datetime | None) -> None:
        self.hub.hear(IssueHint(id=self._id("hint"), source=source, updated_at=updated_at))

    def _did(self, path: str, **form: Any) -> dict[str, Any]:
        """Ada does something in the tracker."""
        self.deeds += 1
        found: dict[str, Any] = self.outside.people(path, user="ada", **form)
        return found

    def _commented(self, seen: dict[str, Any]) -> None:
        self.comments[str(seen["comments"][-1]["id"])] = self.deeds

    def _next(self) -> int:
        self.number += 1
        return self.number

    def _id(self, what: str) -> str:
        return f"{what} {self._next()}"


class InJira(TwoWay):
    """An issue in Jira."""

    tracker, project = Tracker.JIRA, "PAY"

    @rule()
    def engineer_comments(self) -> None:
        self._commented(self._did(f"{self._path}/comment", text=f"remark {self._next()} of an engineer"))

    @rule(
        to=st.sampled_from(["To Do", "In Progress", "Done", "Done"]), resolution=st.sampled_from(["Done", "Won't Do"])
    )
    def engineer_moves(self, to: str, resolution: str) -> None:
        self._did(f"{self._path}/transition", to=to, resolution=resolution)

    @rule(priority=st.sampled_from(["Highest", "High", "Medium", "Low"]))
    def engineer_sets_the_priority(self, priority: str) -> None:
        self.priorities_by_hand += 1
        self._did(f"{self._path}/edit", priority=priority)

    @rule(priority=st.sampled_from(["Low", "Lowest"]), at_the_last_moment=st.booleans())
    def both_sides_set_the_priority(self, priority: str, at_the_last_moment: bool) -> None:
        """The impact changes class, and an engineer decides otherwise before that is read, or between our reading and our writing."""
        facts = self.hub.state.roll.facts("T-1")
        self.joins("T-1", Priority.P3 if facts is not None and facts.severity is Priority.P1 else Priority.P1)
        if at_the_last_moment:
            self._works_until_it_is_about_to_set_fields()
        self.engineer_sets_the_priority(priority)

    @rule(labels=st.sampled_from([[], ["checkout"], ["checkout", "impact-low"]]))
    def engineer_takes_labels_off(self, labels: list[str]) -> None:
        issue = self.outside.trackers[self.tracker].fetch(self.ref, comments_since=self.outside.now)
        self._did(f"{self._path}/edit", labels=[label for label in labels if label in (*issue.labels, "checkout")])

    @rule()
    def engineer_retitles(self) -> None:
        self._did(f"{self._path}/edit", summary=f"Card payment fails, as seen {self._next()} times")

    @rule()
    def engineer_takes_it(self) -> None:
        self._did(f"{self._path}/assign")

    @property
    def _path(self) -> str:
        return f"/jira/issues/{self.ref.key}"

    def _opened_by_ada(self) -> IssueRef:
        seen = self._did("/jira/issues", summary="Card payment fails")
        return IssueRef(tracker=self.tracker, id=seen["id"], key=seen["key"], url=f"https://jira/{seen['key']}")


class InGitHub(TwoWay):
    """An issue in GitHub, whose times are whole seconds."""

    tracker, project = Tracker.GITHUB, "acme/storefront"

    @rule()
    def engineer_comments(self) -> None:
        self._commented(self._did(f"{self._path}/comment", text=f"remark {self._next()} of an engineer"))

    @precondition(lambda self: self.comments)
    @rule()
    def engineer_edits_a_comment(self) -> None:
        self._did(f"{self._path}/comments/{list(self.comments)[-1]}", text=f"better words {self._next()}")

    @rule(reason=st.sampled_from(["completed", "not_planned", None]))
    def engineer_closes_or_reopens(self, reason: str | None) -> None:
        if reason is None:
            self._did(f"{self._path}/reopen")
        else:
            self._did(f"{self._path}/close", reason=reason)

    @rule()
    def both_sides_reopen(self) -> None:
        """A customer comes back, and an engineer closes the issue another way before that is read."""
        self._did(f"{self._path}/close", reason="completed")
        self._hint(HintSource.WEBHOOK, None)
        self.hub.rest()
        self.customer_comes_back(0)
        self._did(f"{self._path}/reopen")
        self._did(f"{self._path}/close", reason="not_planned")

    @rule()
    def engineer_labels(self) -> None:
        self._did(f"{self._path}/label", label="checkout")

    @rule()
    def engineer_retitles(self) -> None:
        self._did(f"{self._path}/edit", title=f"Card payment fails, as seen {self._next()} times")

    @rule()
    def engineer_takes_it(self) -> None:
        self._did(f"{self._path}/assign")

    @property
    def _path(self) -> str:
        repository, _, number = self.ref.key.partition("#")
        return f"/github/issues/{repository}/{number}"

    def _opened_by_ada(self) -> IssueRef:
        seen = self._did(f"/github/issues/{self.project}", title="Card payment fails")
        key = f"{seen['repository']}#{seen['number']}"
        return IssueRef(tracker=self.tracker, id=seen["node_id"], key=key, url=f"https://github/{key}")


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    with an_outside() as trackers:
        yield trackers


@pytest.mark.parametrize("story", [InJira, InGitHub])
def test_whatever_both_sides_do_and_whatever_is_delivered_in_the_end_they_agree(
    story: type[TwoWay], outside: Outside
) -> None:
    class Story(story):  # type: ignore[misc, valid-type]
        pass

    Story.outside = outside
    run_state_machine_as_test(
        Story,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
            print_blob=True,
        ),
    )

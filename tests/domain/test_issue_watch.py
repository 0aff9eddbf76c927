"""An engineering issue and the tickets on it."""

from datetime import datetime
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st

from domain.engineering_rules import IssueRules, SummaryRules
from domain.frozen import Frozen
from domain.issue_intents import AskLead, FetchIssue, IssueIntent, LinkBack, TellTicket, TellTickets, WriteComment
from domain.issue_messages import (
    CommentRefused,
    IssueEvent,
    IssueFetched,
    IssueHint,
    IssueNote,
    IssueVanished,
    TicketChanged,
    TicketJoined,
    TicketLeft,
    TicketOnIssue,
    TicketsTold,
    TrackerLocked,
    TrackerOpen,
)
from domain.issue_news import REMEMBERED_COMMENTS
from domain.issue_watch import IssueDecision, decide_issue
from domain.issues import IssueCategory, IssueComment, IssueSnapshot
from domain.messages import DeliveryBody, IssueChanged, IssueCommented, IssueGone, IssueSaid
from domain.tiers import Priority
from domain.watched_issue import WatchedIssue
from tests.domain.building import DAY, HOUR, INSTANT, MINUTE, NOON, a_comment, an_issue

_T = TypeVar("_T", bound=Frozen)


def a_snapshot(
    category: IssueCategory = IssueCategory.TO_DO,
    *comments: IssueComment,
    at: datetime = NOON + MINUTE,
    status: str | None = None,
) -> IssueSnapshot:
    return IssueSnapshot(
        ref=an_issue(),
        title="Card payment fails",
        status=status or category.value,
        category=category,
        updated_at=at,
        comments=comments,
    )


class Watch:
    """An issue's life. Batches of tickets are told at once, unless ``holding``."""

    def __init__(self, rules: IssueRules | None = None) -> None:
        self.decisions: list[IssueDecision] = []
        self.intents: list[IssueIntent] = []
        self.state = WatchedIssue(ref=an_issue(), watched_since=NOON, rules=rules or IssueRules())
        self.holding = False

    def hears(self, event: IssueEvent, now: datetime = NOON) -> "Watch":
        """An event, and all that follows from it at once."""
        self.intents = []
        self._hears(event, now)
        return self

    def _hears(self, event: IssueEvent, now: datetime) -> None:
        decision = decide_issue(self.state, event, now)
        self.decisions.append(decision)
        self.intents += decision.intents
        self.state = decision.state
        for intent in decision.intents:
            if isinstance(intent, TellTickets) and not self.holding:
                self._hears(TicketsTold(key=intent.key), now)

    def joined(self, ticket: str) -> "Watch":
        return self.hears(TicketJoined(id=f"join-{ticket}", ticket_id=ticket, title="Card", ref=an_issue()))

    def left(self, ticket: str) -> "Watch":
        return self.hears(TicketLeft(id=f"leave-{ticket}", ticket_id=ticket))

    def fetched(self, snapshot: IssueSnapshot) -> "Watch":
        return self.hears(IssueFetched(snapshot=snapshot))

    def now(self, kind: type[_T]) -> list[_T]:
        """What the last event brought, of a kind."""
        return [intent for intent in self.intents if isinstance(intent, kind)]

    @property
    def told(self) -> list[tuple[str, str]]:
        """Whom the last event told, and what kind of news."""
        return [(ticket_id, body.kind) for ticket_id, body in self.telling]

    @property
    def telling(self) -> list[tuple[str, DeliveryBody]]:
        """The same with the news themselves."""
        found: list[tuple[str, DeliveryBody]] = []
        for intent in self.intents:
            if isinstance(intent, TellTicket):
                found.append((intent.ticket_id, intent.body))
            elif isinstance(intent, TellTickets):
                found += [(ticket_id, intent.body) for ticket_id in intent.ticket_ids]
        return found


def test_the_first_ticket_is_shown_on_the_issue_and_the_truth_is_fetched() -> None:
    watch = Watch().joined("T-1")
    assert watch.now(LinkBack)[0].ticket_id == "T-1"
    assert watch.now(FetchIssue)[0].comments_since == NOON


def test_a_ticket_that_joins_twice_is_on_it_once() -> None:
    watch = Watch().joined("T-1").joined("T-1")
    assert list(watch.state.roll) == ["T-1"]
    assert not watch.intents


def test_a_later_ticket_is_told_what_is_true_now() -> None:
    watch = Watch().joined("T-1").fetched(a_snapshot(IssueCategory.IN_PROGRESS)).joined("T-2")
    assert watch.told == [("T-2", "issue_changed")]
    assert not watch.now(FetchIssue)


def test_a_hint_only_has_the_truth_fetched() -> None:
    watch = Watch().joined("T-1").hears(IssueHint(id="h"))
    assert [type(intent) for intent in watch.intents] == [FetchIssue]
    assert not Watch().hears(IssueHint(id="h")).intents


def test_a_change_is_told_to_every_ticket_once() -> None:
    watch = Watch().joined("T-1").joined("T-2").fetched(a_snapshot(IssueCategory.IN_PROGRESS))
    assert watch.told == [("T-1", "issue_changed"), ("T-2", "issue_changed")]
    watch.fetched(a_snapshot(IssueCategory.IN_PROGRESS))
    assert watch.told == []


def test_an_issue_that_was_only_touched_is_no_news() -> None:
    """Every comment moves the time of an issue's last change; our own does as well."""
    watch = Watch().joined("T-1").fetched(a_snapshot(IssueCategory.DONE))
    watch.fetched(a_snapshot(IssueCategory.DONE, a_comment(1, ours=True, at=NOON + HOUR), at=NOON + HOUR))
    assert watch.told == []
    assert watch.state.known is not None
    assert watch.state.known.updated_at == NOON + HOUR


def test_comments_are_told_once_and_ours_never() -> None:
    first, ours = a_comment(1, at=NOON + MINUTE), a_comment(2, at=NOON + MINUTE, ours=True)
    watch = Watch().joined("T-1").fetched(a_snapshot(IssueCategory.TO_DO, first, ours))
    assert watch.told == [("T-1", "issue_changed"), ("T-1", "issue_commented")]
    watch.fetched(a_snapshot(IssueCategory.TO_DO, first, ours, at=NOON + HOUR))
    assert watch.told == []


def test_what_was_written_before_the_first_ticket_is_not_told() -> None:
    watch = Watch().joined("T-1").fetched(a_snapshot(IssueCategory.TO_DO, a_comment(1, at=NOON - INSTANT)))
    assert watch.told == [("T-1", "issue_changed")]


def test_what_an_engineer_wrote_is_told_before_the_issue_is_done_and_after_it_moved() -> None:
    comment = a_comment(1, at=NOON + MINUTE)
    done = Watch().joined("T-1").fetched(a_snapshot(IssueCategory.DONE, comment))
    assert [kind for _, kind in done.told] == ["issue_commented", "issue_changed"]
    moved = Watch().joined("T-1").fetched(a_snapshot(IssueCategory.IN_PROGRESS, comment))
    assert [kind for _, kind in moved.told] == ["issue_changed", "issue_commented"]


def test_comments_are_told_in_the_order_they_were_written() -> None:
    later, earlier = a_comment(1, "later", NOON + HOUR), a_comment(2, "earlier", NOON + MINUTE)
    watch = Watch().joined("T-1").fetched(a_snapshot(IssueCategory.TO_DO, later, earlier))
    bodies = [body for _, body in watch.telling]
    assert [body.comment.text for body in bodies if isinstance(body, IssueCommented)] == ["earlier", "later"]


def test_an_answer_that_was_overtaken_says_nothing() -> None:
    watch = Watch().joined("T-1").fetched(a_snapshot(IssueCategory.DONE, at=NOON + HOUR))
    watch.fetched(a_snapshot(IssueCategory.TO_DO, at=NOON + MINUTE))
    assert watch.told == []
    assert watch.state.known is not None
    assert watch.state.known.category is IssueCategory.DONE


def test_after_more_comments_than_are_remembered_none_is_told_twice() -> None:
    comments = [a_comment(n, at=NOON + n * MINUTE) for n in range(REMEMBERED_COMMENTS + 50)]
    watch = Watch().joined("T-1").fetched(a_snapshot(IssueCategory.TO_DO, *comments))
    assert len(watch.told) == len(comments) + 1
    assert len(watch.state.sync.news.comments) == REMEMBERED_COMMENTS
    fresh = a_comment(9_999, at=NOON + DAY)
    watch.fetched(a_snapshot(IssueCategory.TO_DO, *comments, fresh, at=NOON + DAY))
    assert [body.comment.id for _, body in watch.telling if isinstance(body, IssueCommented)] == ["c9999"]


def test_a_note_of_a_ticket_is_written_on_the_issue() -> None:
    watch = Watch().joined("T-1").hears(IssueNote(id="n", ticket_id="T-1", text="Reopened"))
    assert [note.text for note in watch.now(WriteComment)] == ["Reopened"]


def test_an_issue_that_is_gone_is_told_to_all_and_a_later_note_is_answered_so() -> None:
    watch = Watch().joined("T-1").joined("T-2").hears(IssueVanished(why="404"))
    assert watch.told == [("T-1", "issue_gone"), ("T-2", "issue_gone")]
    watch.hears(IssueNote(id="n", ticket_id="T-2", text="Reopened"))
    assert watch.told == [("T-2", "issue_gone")]
    ((_, body),) = watch.telling
    assert isinstance(body, IssueGone)
    assert body.why.startswith("404")


def test_a_ticket_that_joins_an_issue_that_was_gone_has_it_looked_for_again() -> None:
    watch = Watch().joined("T-1").fetched(a_snapshot()).hears(IssueVanished(why="404")).joined("T-2")
    assert watch.now(FetchIssue)
    assert watch.told == []


def test_an_issue_that_can_be_read_again_takes_notes_again() -> None:
    watch = Watch().joined("T-1").hears(IssueVanished(why="403")).fetched(a_snapshot())
    assert watch.state.gone is None
    assert watch.hears(IssueNote(id="n", ticket_id="T-1", text="Hello")).now(WriteComment)


def test_an_issue_that_moved_is_told_with_its_new_key() -> None:
    watch = Watch().joined("T-1").fetched(a_snapshot())
    moved = an_issue().model_copy(update={"key": "CORE-1"})
    watch.fetched(a_snapshot(at=NOON + HOUR).model_copy(update={"ref": moved}))
    ((_, body),) = watch.telling
    assert isinstance(body, IssueChanged)
    assert body.ref.key == "CORE-1"
    assert watch.state.ref.key == "CORE-1"


def test_its_workflow_may_end_when_the_last_ticket_has_left() -> None:
    watch = Watch().joined("T-1").joined("T-2").left("T-1")
    assert not watch.decisions[-1].finished
    assert watch.left("T-2").decisions[-1].finished
    assert not watch.hears(IssueHint(id="h")).intents


_EVENTS = st.lists(
    st.one_of(
        st.sampled_from(["T-1", "T-2", "T-3"]).map(
            lambda t: TicketJoined(id=t, ticket_id=t, title="x", ref=an_issue())
        ),
        st.sampled_from(["T-1", "T-2", "T-3"]).map(lambda t: TicketLeft(id=t, ticket_id=t)),
        st.just(IssueHint(id="h")),
        st.just(IssueNote(id="n", ticket_id="T-1", text="x")),
        st.just(IssueVanished(why="404")),
        st.builds(
            lambda category, numbers, minutes: IssueFetched(
                snapshot=a_snapshot(
                    category,
                    *(a_comment(n, at=NOON + n * MINUTE) for n in sorted(numbers)),
                    at=NOON + minutes * MINUTE,
                )
            ),
            st.sampled_from(IssueCategory),
            st.sets(st.integers(0, 9)),
            st.integers(0, 60),
        ),
    ),
    max_size=30,
)


@given(_EVENTS)
def test_whatever_happens_keys_are_unique_comments_are_told_once_and_the_state_can_be_kept(
    events: list[IssueEvent],
) -> None:
    watch = Watch()
    intents: list[IssueIntent] = []
    told: list[tuple[str, DeliveryBody]] = []
    for event in events:
        before = watch.state
        kept = before.model_dump_json()
        decision = decide_issue(before, event, NOON)
        watch.hears(event)
        assert decide_issue(before, event, NOON) == decision
        assert before.model_dump_json() == kept
        assert WatchedIssue.model_validate_json(watch.state.model_dump_json()) == watch.state
        intents += watch.intents
        told += watch.telling
    keys = [intent.key for intent in intents]
    assert all(key.startswith("jira-10012-20261116T120000000000/") for key in keys)
    assert len(keys) == len(set(keys))
    comments = [(ticket_id, body.comment.id) for ticket_id, body in told if isinstance(body, IssueCommented)]
    assert len(comments) == len(set(comments))


def test_credentials_that_are_refused_are_told_once_a_day_for_all_issues_of_the_tracker() -> None:
    rules = IssueRules(channel="C0ENG", lead="U0LENA")
    refused = TrackerLocked(error="jira: renew the token")
    watch = Watch(rules).joined("T-1").hears(refused)
    (asked,) = watch.now(AskLead)
    assert (asked.key, asked.shared) == ("locked/jira/2026-11-16", True)
    assert "renew the token" in asked.text
    assert watch.hears(refused).now(AskLead) == []
    assert watch.hears(TrackerOpen()).hears(refused).now(AskLead)


def test_a_comment_that_is_refused_goes_back_to_the_ticket_that_wanted_it() -> None:
    watch = Watch().joined("T-1").joined("T-2").fetched(a_snapshot())
    watch.hears(CommentRefused(key="k", ticket_id="T-2", text="It fails again", error="403"))
    ((ticket, body),) = watch.telling
    assert ticket == "T-2"
    assert isinstance(body, IssueSaid)
    assert "It fails again" in body.text


def test_only_the_first_tickets_are_linked_one_by_one() -> None:
    watch = Watch(IssueRules(summary=SummaryRules(linked=2)))
    links = [len(watch.joined(f"T-{number}").now(LinkBack)) for number in range(1, 5)]
    assert links == [1, 1, 0, 0]


def test_a_ticket_that_changes_is_counted_as_it_is_now() -> None:
    watch = Watch().joined("T-1")
    facts = TicketOnIssue(customer="c-1", severity=Priority.P1, opened_at=NOON)
    watch.hears(TicketChanged(id="c", ticket_id="T-1", facts=facts))
    assert watch.state.roll.facts("T-1") == facts
    watch.hears(TicketChanged(id="d", ticket_id="T-9", facts=facts))
    assert list(watch.state.roll) == ["T-1"]

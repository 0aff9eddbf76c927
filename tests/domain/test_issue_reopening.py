"""Customers who come back after a fix."""

from typing import Any

from domain.engineering_rules import ImpactRules
from domain.issue_intents import TellTicket
from domain.issue_messages import IssueVanished, TimeCame
from domain.issues import IssueCategory, IssueFieldChanges
from domain.messages import IssueGone
from tests.domain.issue_life import GITHUB_ISSUE, JIRA_ISSUE, MINUTE, Life, in_project, the_rules


def a_fixed_issue(*, after: int | None = 2, ref: Any = JIRA_ISSUE, **rules: Any) -> Life:
    """Three tickets on an issue that was worked on and is done."""
    told = the_rules(**({"impact": ImpactRules(), "reopen_after": after} | rules))
    life = Life(told, ref).joined("T-1", "T-2", "T-3")
    life.reads(status="In Review", category=IssueCategory.IN_PROGRESS).later()
    return life.reads(status="Done", category=IssueCategory.DONE).later()


def test_each_ticket_that_comes_back_is_told_to_the_engineers_with_its_words() -> None:
    life = a_fixed_issue().reopened("T-1")
    assert life.written == ["T-1 is open again: its customer came back.\n\nIt fails again."]
    assert not life.reads_again


def test_many_that_come_back_in_a_short_time_are_told_together() -> None:
    life = a_fixed_issue(after=None).reopened("T-1")
    for n in range(40):
        life.reopened(f"T-{n + 10}")
        assert not life.written
    assert life.deadline == life.now + 5 * MINUTE
    life.later(5 * MINUTE).hears(TimeCame())
    (text,) = life.written
    assert text.startswith("40 more tickets are open again")
    assert "T-29 and 20 more" in text
    assert life.deadline is None
    life.later(6 * MINUTE).reopened("T-2")
    assert life.written[0].startswith("T-2 is open again")


def test_after_as_many_as_the_policy_says_the_issue_is_reopened_once_with_words_why() -> None:
    life = a_fixed_issue().reopened("T-1").reopened("T-2")
    assert life.reads_again
    life.reads()
    assert life.changes == IssueFieldChanges(status="In Review")
    life.set_in_tracker()
    assert life.written == ["Reopened: after the fix the customers of 2 tickets came back (T-1, T-2)."]
    life.reads().reopened("T-3")
    assert not life.reads_again


def test_one_customer_who_comes_back_twice_counts_once() -> None:
    life = a_fixed_issue().reopened("T-1").reopened("T-1")
    assert not life.reads_again


def test_what_support_reopens_itself_is_told_and_not_counted() -> None:
    life = a_fixed_issue(after=1).reopened("T-1", by_customer=False)
    assert "support reopened it" in life.written[0]
    assert not life.reads_again


def test_customers_are_counted_anew_for_each_fix() -> None:
    life = a_fixed_issue().reopened("T-1").later()
    life.reads(status="To Do", category=IssueCategory.TO_DO).later()
    life.reads(status="Done", category=IssueCategory.DONE).reopened("T-2")
    assert not life.reads_again
    assert life.reopened("T-3").reads_again


def test_an_issue_that_was_declined_is_not_reopened() -> None:
    life = a_fixed_issue(after=1).reads(resolution="Won't Do").reopened("T-1")
    assert life.written
    assert not life.reads_again


def test_the_policy_names_the_status_of_a_reopened_issue() -> None:
    life = a_fixed_issue(after=1, projects=in_project(reopen_to="Reopened")).reopened("T-1").reads()
    assert life.changes == IssueFieldChanges(status="Reopened")


def test_a_github_issue_is_opened_again() -> None:
    life = Life(the_rules(impact=ImpactRules(), reopen_after=1), GITHUB_ISSUE).joined("T-1")
    life.reads(status="closed", category=IssueCategory.DONE).reopened("T-1").reads()
    assert life.changes == IssueFieldChanges(status="open")


def test_an_issue_that_an_engineer_reopened_meanwhile_is_left_alone() -> None:
    """Reopening is decided, never accidental."""
    life = a_fixed_issue(after=1).reopened("T-1").reads(status="To Do", category=IssueCategory.TO_DO)
    assert life.changes is None
    assert not life.state.sync.wishes.conflicts


def test_an_issue_that_the_tracker_does_not_let_us_reopen_asks_the_engineers() -> None:
    life = a_fixed_issue(after=1).reopened("T-1").reads().set_in_tracker(error="no transition leads there")
    assert "no transition leads there" in life.written[0]
    assert "please reopen it" in life.written[0]
    life.reads()
    assert life.changes is None


def test_of_an_issue_that_is_gone_the_ticket_hears_so() -> None:
    life = a_fixed_issue().hears(IssueVanished(why="404")).reopened("T-1")
    assert [type(each.body) for each in life.of(TellTicket)] == [IssueGone]
    assert not life.written

"""Both sides changed a field since the last sync: the policy decides, and the loser is written down on both sides."""

from datetime import timedelta
from typing import Any

import pytest

from domain.engineering_rules import Winner
from domain.issue_conflicts import REMEMBERED_CONFLICTS
from domain.issue_view import view_of
from domain.issues import IssueCategory, SyncedField
from domain.messages import IssueChanged, IssueSaid
from tests.domain.issue_life import MINUTE, SECOND, Life, by_engineer, by_us, the_rules


def both_change_the_priority(winner: Winner | None, since: timedelta = SECOND) -> Life:
    """The class rises to high, which is to set High over Medium; before that is done an engineer sets Low."""
    rules = the_rules(conflicts={SyncedField.PRIORITY: winner} if winner is not None else {})
    life = Life(rules).joined("T-1").reads(labels=("impact-low",)).later()
    life.joined("T-2", "T-3", "T-4")
    life.now += since
    return life.reads(priority="Low", stamps={SyncedField.PRIORITY: by_engineer(life.now)})


def said(life: Life) -> list[str]:
    return [body.text for body in life.told_of(IssueSaid)]


def priority_set(life: Life) -> str | None:
    return life.changes.priority if life.changes is not None else None


@pytest.mark.parametrize(
    ("winner", "since", "set_to"),
    [
        (None, SECOND, None),
        (Winner.TRACKER, SECOND, None),
        (Winner.TIERLINE, SECOND, "High"),
        (Winner.NEWEST, SECOND, None),
        (Winner.NEWEST, -20 * SECOND, "High"),
    ],
)
def test_the_policy_says_per_field_who_wins(winner: Winner | None, since: timedelta, set_to: str | None) -> None:
    life = both_change_the_priority(winner, since)
    assert priority_set(life) == set_to


@pytest.mark.parametrize(
    ("winner", "kept", "lost"), [(Winner.TRACKER, "Low", "High"), (Winner.TIERLINE, "High", "Low")]
)
def test_the_loser_is_written_where_both_sides_see_it(winner: Winner, kept: str, lost: str) -> None:
    life = both_change_the_priority(winner)
    (on_issue,), (in_tickets,) = life.written, said(life)
    assert on_issue == in_tickets
    assert f"{kept} stays, and {lost} is dropped" in on_issue
    assert "from Medium: Ada (engineering) to Low, Tierline to High" in on_issue
    (conflict,) = life.state.sync.wishes.conflicts
    assert (conflict.base, conflict.ours, conflict.theirs, conflict.winner) == ("Medium", "High", "Low", winner)


def test_a_conflict_is_written_once() -> None:
    life = both_change_the_priority(Winner.TRACKER)
    for _ in range(3):
        life.later().hint().reads()
        assert not life.written
        assert not said(life)


def test_whoever_asks_the_issue_reads_the_latest_conflicts() -> None:
    (conflict,) = view_of(both_change_the_priority(Winner.TRACKER).state).conflicts
    assert (conflict.field, conflict.winner) == (SyncedField.PRIORITY, Winner.TRACKER)


def test_both_sides_who_want_the_same_are_in_no_conflict() -> None:
    life = Life().joined("T-1").reads(labels=("impact-low",)).later().joined("T-2", "T-3", "T-4")
    life.reads(priority="high", stamps={SyncedField.PRIORITY: by_engineer(life.now)})
    assert priority_set(life) is None
    assert not life.written


def test_a_priority_that_won_against_us_is_a_persons_from_then_on() -> None:
    life = both_change_the_priority(Winner.TRACKER)
    assert life.changes is not None
    life.set_in_tracker().reads().later().joined(*(f"T-{n}" for n in range(5, 21)))
    assert "set Highest, or keep Low?" in life.asked[-1]


def test_labels_are_merged_and_nobody_loses() -> None:
    life = Life().joined("T-1").reads(labels=("impact-low",)).later().joined("T-2", "T-3", "T-4")
    life.reads(labels=("impact-low", "checkout"))
    assert life.changes is not None
    assert life.changes.add_labels == ("impact-high",)
    assert not life.changes.remove_labels
    assert not life.written


def test_an_issue_that_is_closed_otherwise_while_it_is_to_be_reopened_stays_closed() -> None:
    life = Life(the_rules(reopen_after=1)).joined("T-1").reads().later()
    life.reads(status="Done", category=IssueCategory.DONE).later().reopened("T-1")
    life.reads(status="Declined", stamps={SyncedField.STATUS: by_engineer(life.now)})
    assert life.changes is None
    assert "the status of PAY-1" in life.written[0]
    assert "Declined stays, and To Do is dropped" in life.written[0]


# --- what happened between our reading and our writing -------------------------------------------------------------


def overwritten(winner: Winner) -> Life:
    """An engineer set Low after we read Medium and before we wrote High: the tracker's history alone tells."""
    rules = the_rules(conflicts={SyncedField.PRIORITY: winner})
    life = Life(rules).joined("T-1").reads(labels=("impact-low",)).later().joined("T-2", "T-3", "T-4").reads()
    assert priority_set(life) == "High"
    life.set_in_tracker()
    return life.reads(stamps={SyncedField.PRIORITY: by_us(life.now, before="Low")})


@pytest.mark.parametrize("winner", [Winner.TRACKER, Winner.NEWEST])
def test_what_was_overwritten_unseen_is_put_back_and_written_down(winner: Winner) -> None:
    life = overwritten(winner)
    assert priority_set(life) == "Low"
    assert "somebody in the tracker to Low, Tierline to High" in life.written[0]
    assert said(life) == life.written
    life.later().set_in_tracker().reads()
    assert life.changes is None
    assert not life.written
    assert life.state.sync.impact.by_hand
    assert life.told_of(IssueChanged)[0].priority == "Low"


def test_where_tierline_wins_what_was_overwritten_is_only_written_down() -> None:
    life = overwritten(Winner.TIERLINE)
    assert life.changes is None
    assert "High stays, and Low is dropped" in life.written[0]


def test_what_tierline_overwrote_of_its_own_is_no_conflict() -> None:
    life = Life().joined("T-1").reads(labels=("impact-low",)).later().joined("T-2", "T-3", "T-4").reads()
    life.set_in_tracker().reads().later()
    assert life.shown.stamps[SyncedField.PRIORITY].before == "Medium"
    assert not life.written
    assert not life.state.sync.wishes.conflicts


def test_only_the_latest_conflicts_are_kept_in_the_state() -> None:
    life = Life(the_rules(reopen_after=1)).joined("T-1").reads()
    for n in range(REMEMBERED_CONFLICTS + 5):
        life.later(10 * MINUTE).reads(status="To Do", category=IssueCategory.TO_DO)
        life.later().reads(status="Done", category=IssueCategory.DONE).later().reopened("T-1")
        change: dict[str, Any] = {"status": f"Declined {n}", "stamps": {SyncedField.STATUS: by_engineer(life.now)}}
        life.reads(**change)
        assert said(life)
    assert len(life.state.sync.wishes.conflicts) == REMEMBERED_CONFLICTS

"""Which issues of a tracker are shown as likely the same, and what becomes of a tracker that cannot be asked."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.issue_opening import Found, IssueOpeningActivities, SeekInput, likeness
from domain.duplicates import Sought, ranked
from domain.engineering_rules import DuplicateRules
from domain.issues import IssueCandidate, IssueCategory
from integrations.errors import IntegrationError, PassingFailure, PermanentFailure, RateLimited
from integrations.issue_tracker import Say, unsaid
from tests.domain.building import an_issue

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
RULES = DuplicateRules(similarity=60, closed_within=timedelta(days=30), most=3)
SOUGHT = Sought(
    title="Card payment fails (T-1042)", text="Every card payment ends with error 502.", components=("cards",)
)


def an_issue_like(number: int, title: str, **changes: Any) -> IssueCandidate:
    fields: dict[str, Any] = {
        "ref": an_issue(number),
        "title": title,
        "status": "To Do",
        "category": IssueCategory.TO_DO,
        "updated_at": NOW - timedelta(days=1),
    }
    return IssueCandidate(**(fields | changes))


def shown(*candidates: IssueCandidate, sought: Sought = SOUGHT) -> list[str]:
    likely = ranked(candidates, sought, RULES, likeness, closed_since=NOW - RULES.closed_within)
    return [each.ref.key for each in likely]


def test_the_likeliest_comes_first_and_what_is_not_alike_is_not_shown() -> None:
    same = an_issue_like(1, "Card payments fail with 502")
    near = an_issue_like(2, "Payment by card is slow")
    other = an_issue_like(3, "Invoice export is empty")

    assert shown(other, near, same)[0] == "PAY-1"
    assert "PAY-3" not in shown(other, near, same)


def test_the_order_of_words_and_the_tickets_number_say_nothing() -> None:
    assert shown(an_issue_like(1, "Fails: payment, card (T-7)")) == ["PAY-1"]


def test_a_short_title_within_a_longer_one_is_not_the_same() -> None:
    assert shown(an_issue_like(1, "Login page is slow on Mondays"), sought=Sought(title="Login")) == []


def test_the_same_component_counts() -> None:
    title = "Card fails at checkout of the shop"
    without = an_issue_like(1, title, components=("search",))
    same = an_issue_like(2, title, components=("Cards",))
    scores = ranked(
        (without, same), SOUGHT, DuplicateRules(similarity=1), likeness, closed_since=NOW - timedelta(days=30)
    )
    assert [each.ref.key for each in scores] == ["PAY-2", "PAY-1"]
    assert scores[0].similarity == scores[1].similarity + 10


def test_what_was_closed_long_ago_is_left_out_and_of_equals_the_open_one_comes_first() -> None:
    title = "Card payment fails"
    closed = an_issue_like(1, title, category=IssueCategory.DONE, updated_at=NOW - timedelta(hours=1))
    long_ago = an_issue_like(2, title, category=IssueCategory.DONE, updated_at=NOW - timedelta(days=31))
    old_and_open = an_issue_like(3, title, updated_at=NOW - timedelta(days=300))

    assert shown(closed, long_ago, old_and_open) == ["PAY-3", "PAY-1"]


def test_no_more_are_shown_than_the_policy_says_and_without_their_texts() -> None:
    many = [an_issue_like(number, "Card payment fails", text="secret " * 9) for number in range(9)]
    likely = ranked(many, SOUGHT, RULES, likeness, closed_since=NOW)

    assert len(likely) == 3
    assert {each.text for each in likely} == {""}


class OneTracker:
    """A tracker of which nothing but the likes of an issue is asked."""

    def __init__(self, *answers: list[IssueCandidate] | IntegrationError) -> None:
        self.answers = list(answers)

    def similar(
        self, project: str, title: str, components: Sequence[str], *, closed_since: datetime, say: Say = unsaid
    ) -> list[IssueCandidate]:
        answer = self.answers.pop(0)
        if isinstance(answer, IntegrationError):
            raise answer
        return answer


def sought_in(tracker: OneTracker | None, attempt: int = 1) -> Found:
    environment = ActivityEnvironment()
    environment.info = ActivityEnvironment.default_info().__class__(
        **{**vars(ActivityEnvironment.default_info()), "attempt": attempt}
    )
    activities = IssueOpeningActivities(tracker, name="Jira", setting="TIERLINE_JIRA__URL")  # type: ignore[arg-type]
    found = environment.run(activities.seek_duplicates, SeekInput(project="PAY", sought=SOUGHT, rules=RULES))
    assert isinstance(found, Found)
    return found


@pytest.mark.parametrize(
    "failure",
    [
        PermanentFailure("jira", "the search is switched off", status=400),
        PermanentFailure("jira", "the token is refused", status=401),
        RateLimited("jira", "come back later", retry_after=timedelta(minutes=5)),
    ],
)
def test_a_refusal_is_told_at_once_and_holds_nothing_up(failure: IntegrationError) -> None:
    assert sought_in(OneTracker(failure)) == Found(error=str(failure))


def test_a_passing_failure_is_tried_again_twice_and_then_told() -> None:
    for attempt in (1, 2):
        with pytest.raises(ApplicationError) as raised:
            sought_in(OneTracker(PassingFailure("jira", "no answer")), attempt)
        assert not raised.value.non_retryable
    assert sought_in(OneTracker(PassingFailure("jira", "no answer")), 3).error == "jira: no answer"


def test_a_tracker_that_is_not_set_up_says_so() -> None:
    with pytest.raises(ApplicationError, match="TIERLINE_JIRA__URL"):
        sought_in(None)

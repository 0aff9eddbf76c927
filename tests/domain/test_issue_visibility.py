"""Who may read what is written on an issue that everybody reads."""

import pytest

from domain.issue_intents import WriteComment
from domain.issue_messages import IssueNote
from domain.issues import IssueRef, Visibility
from tests.domain.issue_life import GITHUB_ISSUE, JIRA_ISSUE, Life, in_project, the_rules


def visibility(life: Life) -> list[Visibility]:
    return [intent.visibility for intent in life.intents if isinstance(intent, WriteComment)]


@pytest.mark.parametrize(
    ("ref", "public", "expected"),
    [
        (GITHUB_ISSUE, True, Visibility.PUBLIC),
        (GITHUB_ISSUE, False, Visibility.INTERNAL),
        # Jira Service Management keeps an internal comment from customers, also in a project that they read.
        (JIRA_ISSUE, True, Visibility.INTERNAL),
    ],
)
def test_what_tierline_says_by_itself_is_public_where_github_shows_all(
    ref: IssueRef, public: bool, expected: Visibility
) -> None:
    life = Life(the_rules(projects=in_project(public=public)), ref).joined("T-1")
    life.reads(status="Done").reopened("T-1")

    assert visibility(life) == [expected]


def test_what_a_person_wants_for_the_team_alone_is_made_public_by_nobody() -> None:
    life = Life(the_rules(projects=in_project(public=True)), GITHUB_ISSUE).joined("T-1")

    life.hears(IssueNote(id="n-1", ticket_id="T-1", text="Initech is angry", visibility=Visibility.INTERNAL))

    assert visibility(life) == [Visibility.INTERNAL]

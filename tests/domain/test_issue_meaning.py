"""What a status means for the tickets on an issue, and the release that a fix waits for."""

from typing import Any

import pytest

from domain.engineering_rules import ImpactRules, ProjectRules
from domain.issue_meaning import meaning_of
from domain.issue_messages import IssueRulesChanged
from domain.issues import FixVersion, IssueCategory, IssueMeaning, IssueSnapshot
from domain.messages import IssueChanged
from tests.domain.issue_life import GITHUB_ISSUE, JIRA_ISSUE, NOON, Life, in_project, the_rules

OUT = FixVersion(name="2.4.0", released=True)
COMING = FixVersion(name="2.4.1")


def an_issue(status: str, category: IssueCategory = IssueCategory.DONE, **more: Any) -> IssueSnapshot:
    return IssueSnapshot(ref=JIRA_ISSUE, title="Card", status=status, category=category, updated_at=NOON, **more)


def meaning(issue: IssueSnapshot, **rules: Any) -> IssueMeaning:
    return meaning_of(ProjectRules(**rules), issue)


@pytest.mark.parametrize(
    ("resolution", "expected"),
    [
        (None, "released"),
        ("Done", "released"),
        ("completed", "released"),
        ("Won't Do", "declined"),
        ("Won't Fix", "declined"),
        ("WONTFIX", "released"),  # nobody's name for it: a table says it
        ("Declined", "declined"),
        ("Cannot Reproduce", "declined"),
        ("not_planned", "declined"),
        ("Duplicate", "duplicate"),
        ("duplicate", "duplicate"),
    ],
)
def test_without_a_table_the_resolution_of_what_is_done_tells(resolution: str | None, expected: str) -> None:
    assert meaning(an_issue("Done", resolution=resolution)) == expected


def test_what_was_closed_in_favour_of_another_is_a_duplicate_whatever_its_resolution() -> None:
    other = JIRA_ISSUE.model_copy(update={"id": "2"})
    assert meaning(an_issue("Done", resolution="Done", duplicate_of=other)) is IssueMeaning.DUPLICATE


def test_a_status_that_nobody_knows_goes_by_its_category() -> None:
    assert meaning(an_issue("Brewing", IssueCategory.TO_DO)) is IssueMeaning.TO_DO
    assert meaning(an_issue("In QA", IssueCategory.IN_PROGRESS)) is IssueMeaning.IN_PROGRESS


def test_the_projects_table_comes_first_in_any_case_of_letters() -> None:
    table = {"in qa": IssueMeaning.FIXED, "Shipped": IssueMeaning.RELEASED}
    assert meaning(an_issue("In QA", IssueCategory.IN_PROGRESS), statuses=table) is IssueMeaning.FIXED
    assert meaning(an_issue("SHIPPED"), statuses=table) is IssueMeaning.RELEASED


def test_the_table_may_name_a_resolution_which_says_more_than_the_status() -> None:
    table = {"Done": IssueMeaning.FIXED, "Workaround": IssueMeaning.DECLINED}
    assert meaning(an_issue("Done", resolution="workaround"), statuses=table) is IssueMeaning.DECLINED
    assert meaning(an_issue("Done", resolution="Fixed"), statuses=table) is IssueMeaning.FIXED


def test_an_issue_that_was_taken_up_again_does_not_go_by_the_resolution_of_its_last_end() -> None:
    stale = an_issue("In Progress", IssueCategory.IN_PROGRESS, resolution="Won't Do")
    assert meaning(stale, statuses={"won't do": IssueMeaning.DECLINED}) is IssueMeaning.IN_PROGRESS


def test_githubs_closed_is_named_with_or_without_its_reason() -> None:
    closed = an_issue("closed (completed)", resolution="completed")
    assert meaning(closed, statuses={"closed": IssueMeaning.FIXED}) is IssueMeaning.FIXED
    assert meaning(closed, statuses={"completed": IssueMeaning.RELEASED}) is IssueMeaning.RELEASED


@pytest.mark.parametrize(
    ("versions", "expected"),
    [((), "fixed"), ((COMING,), "fixed"), ((OUT, COMING), "fixed"), ((OUT,), "released"), ((OUT, OUT), "released")],
)
def test_a_project_that_waits_for_releases_is_fixed_until_each_release_is_out(
    versions: tuple[FixVersion, ...], expected: str
) -> None:
    assert meaning(an_issue("Done", fix_versions=versions), wait_for_release=True) == expected


def test_what_was_declined_waits_for_no_release() -> None:
    issue = an_issue("Done", resolution="Won't Do", fix_versions=(COMING,))
    assert meaning(issue, wait_for_release=True) is IssueMeaning.DECLINED


def test_the_table_may_say_that_a_status_is_released_although_no_release_is_known() -> None:
    table = {"Shipped": IssueMeaning.RELEASED}
    assert meaning(an_issue("Shipped"), statuses=table, wait_for_release=True) is IssueMeaning.RELEASED


# --- told to the tickets -------------------------------------------------------------------------------------------


def fixed(life: Life, *versions: FixVersion) -> Life:
    return life.reads(status="Done", category=IssueCategory.DONE, fix_versions=versions)


def a_life(**rules: Any) -> Life:
    waiting = in_project(wait_for_release=True)
    return Life(the_rules(**({"impact": ImpactRules(), "projects": waiting} | rules))).joined("T-1").reads().later()


def test_fixed_waits_for_the_release_by_name_and_released_tells_which_carried_it() -> None:
    life = fixed(a_life(), COMING)
    (body,) = life.told_of(IssueChanged)
    assert (body.meaning, body.release) == ("fixed", "2.4.1")
    fixed(life, COMING.model_copy(update={"released": True}))
    (body,) = life.told_of(IssueChanged)
    assert (body.meaning, body.release) == ("released", "2.4.1")
    assert not life.asked


def test_a_fix_that_names_no_release_waits_and_the_lead_hears_of_it_once() -> None:
    life = fixed(a_life())
    (body,) = life.told_of(IssueChanged)
    assert (body.meaning, body.release) == ("fixed", "")
    assert "names no fix version" in life.asked[0]
    assert not fixed(life.later()).asked
    fixed(life, COMING)
    life.later().reads(status="To Do", category=IssueCategory.TO_DO, fix_versions=())
    assert fixed(life.later()).asked


def test_of_a_github_issue_the_milestone_is_asked_for() -> None:
    life = Life(the_rules(impact=ImpactRules(), projects=in_project(wait_for_release=True)), GITHUB_ISSUE)
    life.joined("T-1").reads(status="closed", category=IssueCategory.DONE)
    assert "names no milestone" in life.asked[0]


def test_a_release_that_is_taken_back_is_waited_for_again() -> None:
    life = fixed(a_life(), OUT)
    assert life.told_of(IssueChanged)[0].meaning == "released"
    fixed(life, OUT.model_copy(update={"released": False}))
    assert life.told_of(IssueChanged)[0].meaning == "fixed"


def test_another_table_in_the_policy_tells_the_tickets_anew() -> None:
    life = fixed(a_life(), COMING)
    life.hears(IssueRulesChanged(id="p", rules=the_rules(impact=ImpactRules())))
    assert life.told_of(IssueChanged)[0].meaning == "released"


def test_the_same_rules_from_each_of_many_tickets_are_news_once() -> None:
    life = fixed(a_life(), COMING)
    for number in range(3):
        life.hears(IssueRulesChanged(id=f"p{number}", rules=the_rules(impact=ImpactRules())))
        assert bool(life.told_of(IssueChanged)) is (number == 0)

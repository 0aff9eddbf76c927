"""Who may read what is written on an issue that everybody reads."""

import pytest

from domain.engineering_rules import ImpactRules, ShareRules, SummaryRules
from domain.issue_facts import IssueSection
from domain.issue_intents import LinkBack, ShowSummary, WriteComment
from domain.issue_messages import IssueNote, TimeCame
from domain.issues import IssueCategory, IssueRef, Visibility
from tests.domain.issue_life import GITHUB_ISSUE, HOUR, JIRA_ISSUE, MINUTE, NOON, Life, in_project, the_rules


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


def told_in_public(*sections: IssueSection, public: bool = True) -> Life:
    """Two tickets with all that an issue can know of them, in a project that shares these sections."""
    rules = the_rules(projects=in_project(public=public, shares=sections), summary=SummaryRules(every=MINUTE))
    life = Life(rules).joined(
        "T-1", "T-2", plan="enterprise", due_at=NOON + HOUR, workaround="Use https://till.acme.example instead"
    )
    return life.reads()


def summary_of(life: Life) -> str:
    return life.of(ShowSummary)[-1].text


def test_the_living_summary_tells_strangers_no_more_than_the_issues_text_does() -> None:
    told = summary_of(told_in_public(*ShareRules().public)).splitlines()

    assert told == [
        "Support: 2 tickets",
        "- Impact: low (score 10)",
        "- Tickets by severity: P3 2",
        "- New in the last 7 days: 2, after 0 in the 7 days before (rising)",
        "- First reported: 2026-11-16",
    ]


def test_what_a_policy_shares_with_strangers_still_names_no_plan_and_no_address() -> None:
    told = summary_of(told_in_public(*IssueSection))

    assert told.startswith("Support: 2 tickets of 2 customers")
    assert "Workaround (from T-2): Use [link] instead" in told
    assert "enterprise" not in told


def test_within_the_company_a_section_that_is_not_shared_is_left_out_as_well() -> None:
    told = summary_of(told_in_public(IssueSection.SUMMARY, IssueSection.CUSTOMERS, public=False))

    assert "Customers by plan: enterprise 2" in told
    assert "Workaround: Use https://till.acme.example instead" in told
    assert "First reported" not in told


@pytest.mark.parametrize(("sections", "linked"), [((IssueSection.TICKETS,), 1), ((), 0)])
def test_tickets_are_linked_where_their_numbers_are_shared(sections: tuple[IssueSection, ...], linked: int) -> None:
    life = Life(the_rules(projects=in_project(public=True, shares=sections))).joined("T-1")

    assert len(life.of(LinkBack)) == linked


def test_who_comes_back_is_not_named_where_numbers_are_not_shared() -> None:
    rules = the_rules(projects=in_project(public=True), reopen_after=2, impact=ImpactRules())
    life = Life(rules).joined("T-1", "T-2", "T-3").reads(status="Done", category=IssueCategory.DONE)

    texts = [*life.reopened("T-1").written]
    life.reopened("T-2").reads().set_in_tracker()
    texts += life.written
    texts += life.reopened("T-3").later(5 * MINUTE).hears(TimeCame()).written

    assert texts[0] == "A ticket is open again: its customer came back.\n\nIt fails again."
    assert texts[1] == "Reopened: after the fix the customers of 2 tickets came back."
    assert texts[2] == "2 more tickets are open again after this issue's fix."

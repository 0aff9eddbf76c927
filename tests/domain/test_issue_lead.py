"""What the lead hears of an issue that many tickets are on."""

import pytest

from domain.engineering_rules import ImpactRules, ProjectRules
from domain.issue_lead import LEAD_HEARS_OF
from domain.issue_messages import IssueVanished
from domain.issues import IssueCategory
from tests.domain.issue_life import Life, the_rules


def an_issue_with(tickets: int) -> Life:
    rules = the_rules(impact=ImpactRules(), projects={"WEB": ProjectRules(public=True)})
    return Life(rules).joined(*(f"T-{number}" for number in range(1, tickets + 1))).reads().later()


@pytest.mark.parametrize(("tickets", "told"), [(LEAD_HEARS_OF, 0), (LEAD_HEARS_OF + 1, 1)])
def test_of_few_tickets_each_tells_the_lead_and_of_many_the_issue_does(tickets: int, told: int) -> None:
    declined = an_issue_with(tickets).reads(status="Closed", category=IssueCategory.DONE, resolution="Won't Do")
    assert len(declined.asked) == told
    gone = an_issue_with(tickets).hears(IssueVanished(why="it was deleted"))
    assert len(gone.asked) == told
    moved = an_issue_with(tickets)
    moved.reads(project="WEB", ref=moved.shown.ref.model_copy(update={"key": "WEB-1"}))
    assert len(moved.asked) == told


def test_the_lead_hears_of_it_once_with_how_many_they_are() -> None:
    life = an_issue_with(30).reads(status="Closed", category=IssueCategory.DONE, resolution="Won't Do")
    assert life.asked[0].startswith("PAY-1 was closed without a fix (Closed, Won't Do): the 30 tickets on it")
    assert not life.later().reads(assignee="Ada").asked
    life.later().hears(IssueVanished(why="it was deleted"))
    assert life.asked == [
        "PAY-1 can no longer be read (it was deleted): 30 tickets leave it, and each thread says what can be done"
    ]
    assert not life.later().hears(IssueVanished(why="it was deleted")).asked

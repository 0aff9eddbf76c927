"""A ticket that waits for somebody to say whether its issue is the same as another, on the real server."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.engineering_rules import DuplicateRules, EngineeringRules
from domain.issues import IssueCandidate, IssueCategory, Tracker
from domain.messages import Escalate, LinkIssue, OpenNewIssue
from domain.policy import Policy
from domain.tiers import Tier
from domain.views import TicketView
from tests.domain.building import LENA, an_opening, without_ladders
from tests.workflows.desk import Desk, OpenedTicket, until
from tests.workflows.outside import Outside, RecordedTracker


def choosing(wait: timedelta) -> Policy:
    return without_ladders(engineering=EngineeringRules(duplicates=DuplicateRules(wait=wait)))


def there_is(tracker: RecordedTracker, title: str = "Card payments fail") -> IssueCandidate:
    """An issue in the tracker that nobody opened through Tierline."""
    issue = tracker.has(title)
    alike = IssueCandidate(
        ref=issue.ref,
        title=title,
        status="To Do",
        category=IssueCategory.TO_DO,
        components=("cards",),
        updated_at=datetime.now(UTC),
    )
    tracker.alike.append(alike)
    return alike


async def escalated(desk: Desk, wait: timedelta, product: str = "payments") -> OpenedTicket:
    ticket = await desk.opens(an_opening(product=product), choosing(wait))
    await ticket.does(LENA, Escalate(to=Tier.L3, reason="cards fail everywhere"))
    return ticket


def is_asked(view: TicketView) -> bool:
    return view.issue_choice is not None and view.issue_choice.until is not None


def opened(tracker: RecordedTracker) -> list[str]:
    """What was opened through Tierline, by the ticket's number in its title."""
    return [issue.title for issue in tracker.issues.values() if "T-1042" in issue.title]


@pytest.mark.parametrize("tracker", list(Tracker))
async def test_an_issue_that_nobody_opened_through_tierline_is_linked_instead(
    desk: Desk, outside: Outside, tracker: Tracker
) -> None:
    where = outside.jira if tracker is Tracker.JIRA else outside.github
    same = there_is(where)
    ticket = await escalated(desk, timedelta(hours=1), "payments" if tracker is Tracker.JIRA else "storefront")
    await ticket.until(is_asked, "somebody is asked")
    await until(lambda: bool(outside.chat.choices), "the thread has its buttons")
    assert [choice.label for _, choice in outside.chat.choices] == [f"Link {same.ref.key}", "Open a new issue"]
    assert outside.chat.cards["T-1042"].choice is not None

    await ticket.does(LENA, LinkIssue(reference=same.ref.key))
    view = await ticket.until(lambda view: bool(view.issues), "the ticket is on the issue")

    assert [issue.ref.key for issue in view.issues] == [same.ref.key]
    assert view.issue_choice is None
    assert opened(where) == []


async def test_nobody_chooses_and_one_issue_is_opened_when_the_time_is_over(desk: Desk, outside: Outside) -> None:
    there_is(outside.jira)
    ticket = await escalated(desk, timedelta(seconds=1))

    view = await ticket.until(lambda view: bool(view.issues), "an issue was opened")

    assert opened(outside.jira) == ["Card payment fails (T-1042)"]
    assert any(entry.text.startswith("Nobody chose in time") for entry in view.timeline)


async def test_somebody_opens_a_new_one_and_its_text_is_made_of_what_the_policy_shares(
    desk: Desk, outside: Outside
) -> None:
    there_is(outside.jira)
    ticket = await escalated(desk, timedelta(hours=1))
    await ticket.until(is_asked, "somebody is asked")

    await ticket.does(LENA, OpenNewIssue())
    await ticket.until(lambda view: bool(view.issues), "an issue was opened")

    (draft,) = outside.jira.drafts
    assert draft.key == "T-1042-stint-1"
    assert draft.body.startswith("## Summary\ncards fail everywhere\n\n## What the customer reports\n")


async def test_what_is_not_alike_asks_nobody(desk: Desk, outside: Outside) -> None:
    there_is(outside.jira, "Invoice export is empty")
    ticket = await escalated(desk, timedelta(hours=1))

    await ticket.until(lambda view: bool(view.issues), "an issue was opened")

    assert outside.chat.choices == []
    assert len(opened(outside.jira)) == 1


async def test_what_the_tracker_does_not_take_of_an_issue_is_said_in_the_ticket(desk: Desk, outside: Outside) -> None:
    outside.jira.leaves_out.append("PAY does not know the component Kasse")
    ticket = await escalated(desk, timedelta(hours=1))

    view = await ticket.until_said("PAY does not know the component Kasse (opening)")

    assert len(opened(outside.jira)) == 1
    assert sum("Kasse (searching)" in entry.text for entry in view.timeline) == 1

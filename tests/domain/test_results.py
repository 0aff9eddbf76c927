"""What came of a ticket's own intents, and of the systems that they go to: nothing is lost, and somebody is told."""

import pytest

from domain.card import CardTrouble
from domain.chat import MessageRef
from domain.intents import (
    CloseVendorCase,
    FindIssue,
    Intent,
    JoinIssue,
    Lane,
    LeaveIssue,
    MailCustomer,
    Notice,
    OpenIssue,
    RaisePage,
    ReopenOnIssue,
    ResolvePage,
    ShowCard,
    ThreadLine,
    lane_of,
)
from domain.issues import IssueCategory
from domain.messages import (
    CardShown,
    Done,
    IntentResult,
    IssueFound,
    IssueOpened,
    LaneChanged,
    LaneHealth,
    LinkIssue,
    Note,
    PageRaised,
)
from domain.paging import PageRef
from domain.ticket import TicketStatus
from domain.ticket_card import card_of
from domain.tiers import Tier, WaitingOn
from tests.domain.building import (
    DAY,
    L1_CHANNEL,
    L3_CHANNEL,
    LENA,
    MINUTE,
    NOON,
    SAM,
    Story,
    a_policy,
    an_issue,
    an_opening,
)

CARD = MessageRef(channel=L1_CHANNEL, ts="1700000000.000100", permalink="https://slack.example/p1")


def found(category: IssueCategory = IssueCategory.TO_DO) -> IssueFound:
    return IssueFound(ref=an_issue(), title="Card payment fails", status="To Do", category=category)


def test_the_card_is_remembered() -> None:
    story = Story()
    story.comes_of(story.only(ShowCard), CardShown(ref=CARD))
    assert story.ticket.card == CARD
    assert not story.last


def test_a_card_that_was_deleted_is_posted_anew() -> None:
    story = Story()
    story.comes_of(story.only(ShowCard), CardShown(ref=CARD)).fails(ShowCard, code="message_not_found")
    assert story.ticket.card is None
    assert [type(intent) for intent in story.last] == [ShowCard]


def test_an_issue_that_was_opened_is_joined() -> None:
    story = Story().escalated(Tier.L3).issue_opened()
    assert story.only(JoinIssue).ref == an_issue()
    assert story.ticket.issues[0].ref == an_issue()
    assert "Opened PAY-12: https://acme.example/browse/PAY-12" in story.thread


def test_an_issue_that_was_opened_after_the_ticket_closed_is_not_joined_and_the_lead_hears() -> None:
    story = Story().escalated(Tier.L3).resolved().passes(2 * DAY)
    assert story.ticket.status is TicketStatus.CLOSED
    story.issue_opened()
    assert not story.all(JoinIssue)
    assert story.told == [(L3_CHANNEL, "PAY-12 was opened after T-1042 was closed: it may need nobody any more")]


def test_a_link_puts_the_ticket_on_the_issue_and_waits_for_engineering() -> None:
    story = Story().accepted().does(LENA, LinkIssue(reference="PAY-12"))
    story.comes_of(story.only(FindIssue), found())
    assert story.ticket.waiting_on is WaitingOn.ENGINEERING
    assert story.only(JoinIssue).ref == an_issue()
    assert "Linked to PAY-12 (To Do): https://acme.example/browse/PAY-12" in story.thread


def test_a_link_in_l3_leaves_the_ticket_with_l3() -> None:
    story = Story().escalated(Tier.L3).does(LENA, LinkIssue(reference="PAY-12"))
    story.comes_of(story.only(FindIssue), found())
    assert story.ticket.waiting_on is WaitingOn.TIER


def test_a_second_link_to_the_same_issue_is_only_said() -> None:
    story = Story().accepted().linked().linked()
    assert len(story.ticket.issues) == 1
    assert story.thread[-1] == "PAY-12 was linked already"


def test_a_link_that_is_found_after_the_ticket_closed_is_not_joined() -> None:
    story = Story().does(LENA, LinkIssue(reference="PAY-12")).resolved().passes(2 * DAY)
    story.comes_of(story.only(FindIssue), found())
    assert not story.ticket.issues
    assert not story.all(JoinIssue)


def test_a_page_that_was_raised_while_slack_is_late_says_so() -> None:
    story = Story().escalated(Tier.L3)
    story.hears(LaneChanged(lane="slack", health=LaneHealth.LATE, error="500"))
    story.page_raised()
    assert "Tierline: Slack was late; the page went out through PagerDuty all the same" in story.timeline


def test_what_is_done_and_what_nobody_waits_for_changes_nothing() -> None:
    story = Story().accepted()
    before = story.ticket
    story.comes_of(story.all(ThreadLine)[-1], Done())
    story.hears(IntentResult(key="T-1042/99", body=IssueOpened(ref=an_issue())))
    raised = PageRaised(ref=PageRef(key="tierline/T-1042/page/9", id="Q"))
    story.comes_of(story.all(ShowCard)[0], raised)
    assert story.ticket == before


# --- what failed for good ------------------------------------------------------------------------------------------------


def test_an_issue_that_could_not_be_opened_is_told_to_the_lead_with_what_to_do() -> None:
    story = Story().escalated(Tier.L3).fails(OpenIssue, "project PAY does not exist")
    assert "Open one by hand and use /tier link" in story.thread[-1]
    assert story.told == [(L3_CHANNEL, "T-1042: no issue could be opened in jira PAY (project PAY does not exist)")]


def test_a_link_that_failed_is_said() -> None:
    story = Story().does(LENA, LinkIssue(reference="PAY-99")).fails(FindIssue, "there is no such issue")
    assert story.thread[-1] == "PAY-99 could not be linked: there is no such issue"


def test_a_page_that_failed_asks_the_lead_to_call() -> None:
    story = Story().escalated(Tier.L3).fails(RaisePage, "the service is disabled")
    said = "T-1042: nobody could be paged (the service is disabled). Call the on-call yourself"
    assert story.told == [(L3_CHANNEL, said)]
    assert story.ticket.open_page is None
    assert card_of(story.ticket, story.now).page == "nobody could be paged: the service is disabled"


def test_a_customer_who_could_not_be_mailed_is_told_to_the_lead() -> None:
    story = Story().replied().fails(MailCustomer, "mailbox unknown")
    assert "Reach them another way" in story.thread[-1]
    assert story.told == [(L1_CHANNEL, "T-1042: the customer could not be mailed (mailbox unknown)")]


def test_a_notice_to_a_channel_that_is_gone_is_said_in_the_thread() -> None:
    story = Story().escalated(Tier.L2).fails(Notice, "channel_not_found")
    assert story.thread[-1].startswith("C0SUPL2 could not be told (channel_not_found): T-1042 was escalated")
    assert not story.told


@pytest.mark.parametrize(
    ("story", "kind", "said"),
    [
        (Story().with_engineering(), JoinIssue, "Join issue failed: gone"),
        (Story().with_engineering().resolved().customer_writes(), ReopenOnIssue, "Reopen on issue failed: gone"),
        (Story().with_engineering().resolved().passes(2 * DAY), LeaveIssue, "Leave issue failed: gone"),
        (Story().escalated(Tier.L3).page_raised().resolved(), ResolvePage, "Resolve page failed: gone"),
        (Story().escalated(Tier.L4).resolved(), CloseVendorCase, "Close vendor case failed: gone"),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_whatever_else_failed_is_said_in_the_thread(story: Story, kind: type[Intent], said: str) -> None:
    story.fails(kind, "gone")
    assert story.thread[-1] == said


@pytest.mark.parametrize("kind", [ThreadLine, ShowCard])
def test_a_line_or_card_that_failed_is_in_the_story_and_makes_no_further_line(kind: type[Intent]) -> None:
    story = Story().does(SAM, Note(text="x")).fails(kind, "thread_locked")
    assert "failed: thread_locked" in story.timeline[-1]
    assert not story.now_intended(ThreadLine)


# --- lanes -------------------------------------------------------------------------------------------------------------


def test_a_late_system_is_shown_on_the_card_until_it_catches_up() -> None:
    story = Story().passes(MINUTE)
    story.hears(LaneChanged(lane="jira", health=LaneHealth.LATE, error="503"))
    assert story.timeline[-1] == "Tierline: Jira is late: 503. Tierline keeps trying"
    assert card_of(story.ticket, story.now).troubles == (CardTrouble(system="Jira", since=NOON + MINUTE),)
    assert [type(intent) for intent in story.last] == [ThreadLine, ShowCard]
    story.passes(MINUTE).hears(LaneChanged(lane="jira", health=LaneHealth.LATE, error="504"))
    assert story.ticket.lanes["jira"].since == NOON + MINUTE
    assert story.ticket.lanes["jira"].error == "504"
    story.hears(LaneChanged(lane="jira", health=LaneHealth.WELL))
    assert not story.ticket.lanes
    assert story.thread[-1] == "Jira caught up; it was late since 12:01:00 UTC"
    assert story.now_intended(ShowCard)


def test_a_system_that_was_never_late_does_not_catch_up() -> None:
    story = Story()
    before = story.ticket
    story.hears(LaneChanged(lane="jira", health=LaneHealth.WELL))
    assert story.ticket == before


def test_a_late_system_changes_no_clock() -> None:
    story = Story()
    clocks = story.ticket.clocks
    for lane in Lane:
        story.hears(LaneChanged(lane=lane.value, health=LaneHealth.LATE))
    assert story.ticket.clocks == clocks


def test_each_intent_runs_on_the_lane_of_its_system() -> None:
    story = Story().escalated(Tier.L3)
    assert lane_of(story.only(OpenIssue)) is Lane.JIRA
    assert lane_of(story.only(RaisePage)) is Lane.PAGERDUTY
    storefront = Story(opening=an_opening(product="storefront")).escalated(Tier.L3)
    assert lane_of(storefront.only(OpenIssue)) is Lane.GITHUB
    assert {lane_of(intent) for intent in Story(a_policy()).replied().last} == {Lane.SLACK, Lane.MAIL}

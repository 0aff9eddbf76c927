"""What other systems tell a ticket: pages, engineering issues, vendors."""

import pytest

from domain.clocks import ClockOutcome, ClockStatus
from domain.intents import CloseVendorCase, Notice, OpenVendorCase, RaisePage, ResolvePage, ShowCard
from domain.messages import (
    Failed,
    PageChanged,
    PageRaised,
    Reopen,
    Return,
    VendorAnswered,
    VendorOverdue,
)
from domain.paging import PageRef, PageStatus
from domain.policy import ClockKind
from domain.ticket import TicketStatus
from domain.tiers import Owner, Tier
from tests.domain.building import (
    ADA,
    HOUR,
    L4_CHANNEL,
    LENA,
    MINUTE,
    NOON,
    SAM,
    Story,
)

# --- pages -----------------------------------------------------------------------------------------------------------


def test_acknowledging_the_page_takes_the_ticket_and_stops_the_ladder() -> None:
    story = Story().with_engineering().passes(MINUTE).page_is(PageStatus.ACKNOWLEDGED, by="Ada")
    assert story.ticket.stint.accepted_by is not None
    assert story.ticket.stint.accepted_by.name == "Ada"
    assert story.clock(ClockKind.HANDOFF).outcome is ClockOutcome.MET
    assert story.now_intended(ShowCard)
    story.passes(7 * HOUR)
    assert "Ada: Acknowledged the page" in story.timeline
    assert not any("acceptance clock is at" in line for line in story.timeline)


def test_an_acknowledgement_may_be_quicker_than_the_answer_to_our_own_call() -> None:
    story = Story().escalated(Tier.L3).page_is(PageStatus.ACKNOWLEDGED, page_id="Q7", url="https://pager.example/Q7")
    assert story.ticket.stint.accepted_at == NOON
    story.page_raised("Q7")
    page = story.ticket.pages[0]
    assert (page.status, page.id, page.url) == (PageStatus.ACKNOWLEDGED, "Q7", "https://pager.example/Q7")


def test_an_acknowledgement_that_comes_after_the_ticket_moved_on_takes_nothing() -> None:
    story = Story().with_engineering().does(ADA, Return(reason="not ours"))
    before = story.ticket
    story.page_is(PageStatus.ACKNOWLEDGED)
    assert story.ticket.stint.accepted_at is None
    # The issue hears of it, since the page may serve others.
    assert story.ticket.model_copy(update={"steps": before.steps}) == before


def test_an_acknowledgement_that_comes_after_the_answer_changes_who_has_it_for_nobody() -> None:
    story = Story().with_engineering().accepted(ADA).page_is(PageStatus.ACKNOWLEDGED, by="Bob")
    assert story.ticket.stint.accepted_by == ADA
    # The acceptance had ended the page.
    assert story.ticket.pages[0].status is PageStatus.RESOLVED


def test_a_page_that_is_none_of_ours_is_ignored() -> None:
    story = Story()
    before = story.ticket
    story.told_of(PageChanged(page_key="tierline/T-1042/page/9", status=PageStatus.ACKNOWLEDGED, by="Ada"))
    assert story.ticket == before
    assert not story.last


def test_a_note_in_the_pager_is_in_the_story() -> None:
    story = Story().with_engineering().page_is(None, by="Ada", note="Restarting the pods")
    assert story.timeline[-1] == "Ada: in PagerDuty: Restarting the pods"
    assert story.ticket.pages[0].status is PageStatus.TRIGGERED


def test_resolving_the_page_resolves_no_ticket() -> None:
    story = Story().with_engineering().page_is(PageStatus.RESOLVED)
    assert story.ticket.status is TicketStatus.OPEN
    assert story.timeline[-1] == "Ada: Resolved the page; the ticket stays open"


def test_a_page_that_loses_its_acknowledgement_says_so() -> None:
    story = Story().with_engineering().page_is(PageStatus.ACKNOWLEDGED).page_is(PageStatus.TRIGGERED)
    assert "Ada: The page is no longer acknowledged" in story.timeline
    assert "Tierline: Ada no longer has the ticket: somebody is to take it" in story.timeline
    assert story.ticket.stint.accepted_at is None
    assert story.clock(ClockKind.HANDOFF).status is ClockStatus.RUNNING


def test_a_page_that_never_was_acknowledged_does_not_lose_it() -> None:
    story = Story().escalated(Tier.L3).page_is(PageStatus.TRIGGERED)
    assert not any("no longer acknowledged" in line for line in story.timeline)


def test_a_page_that_is_opened_again_is_open() -> None:
    story = Story().with_engineering().page_is(PageStatus.RESOLVED).page_is(PageStatus.TRIGGERED, by="Bob")
    assert story.timeline[-1] == "Bob: Opened the page again"
    assert story.ticket.open_page is not None


def test_what_is_told_late_of_a_page_that_is_over_is_ignored() -> None:
    story = Story().with_engineering().page_is(PageStatus.RESOLVED).page_is(PageStatus.ACKNOWLEDGED)
    assert story.ticket.pages[0].status is PageStatus.RESOLVED
    assert story.ticket.stint.accepted_at is None


def test_the_events_api_as_the_way_out_is_told() -> None:
    story = Story().escalated(Tier.L3)
    raised = story.all(RaisePage)[-1]
    ref = PageRef(key=raised.draft.key, via_events=True, why="the REST API answered 503")
    story.comes_of(raised, PageRaised(ref=ref))
    assert story.thread[-1] == "Paged the on-call through the Events API: the REST API answered 503"
    assert story.ticket.pages[0].via_events


def test_a_ticket_that_is_solved_while_its_page_is_being_raised_ends_the_page() -> None:
    story = Story().escalated(Tier.L3).resolved(ADA)
    assert story.only(ResolvePage).page_id is None
    story.page_raised("Q7")
    page = story.ticket.pages[0]
    assert (page.id, page.status) == ("Q7", PageStatus.RESOLVED)


def test_a_page_that_fails_after_the_need_for_it_is_over_alarms_nobody() -> None:
    story = Story().escalated(Tier.L3).resolved(ADA).fails(RaisePage)
    assert not story.told


def test_a_page_that_the_pager_has_after_all_did_not_fail() -> None:
    story = Story().escalated(Tier.L3).fails(RaisePage, "timed out").page_is(PageStatus.ACKNOWLEDGED)
    page = story.ticket.pages[0]
    assert (page.failed, page.acknowledged_by) == (None, "Ada")
    assert story.ticket.stint.accepted_at is not None


# --- vendors -----------------------------------------------------------------------------------------------------------


def test_the_vendors_answer_brings_the_ticket_back_to_who_asked() -> None:
    story = Story().escalated(Tier.L3).escalated(Tier.L4).passes(HOUR)
    story.told_of(VendorAnswered(case=1, text="We changed the certificate", solved=True))
    assert (story.ticket.tier, story.ticket.owner) == (Tier.L3, Owner.L3)
    assert story.ticket.cases[0].answered_at == NOON + HOUR
    assert "Cardnet: answered: We changed the certificate" in story.timeline
    assert story.ticket.returns == (NOON + HOUR,)
    assert not story.all(CloseVendorCase)
    assert story.clock(ClockKind.HANDOFF).status is ClockStatus.RUNNING


def test_an_answer_is_taken_once() -> None:
    story = Story().escalated(Tier.L4).told_of(VendorAnswered(case=1, text="Yes"))
    before = story.ticket
    story.told_of(VendorAnswered(case=1, text="Yes")).told_of(VendorAnswered(case=7, text="Yes"))
    assert story.ticket == before


def test_an_answer_to_a_case_that_was_closed_does_not_end_the_next_one() -> None:
    story = Story().escalated(Tier.L4).does(LENA, Return(reason="wrong question")).escalated(Tier.L4)
    story.told_of(VendorAnswered(case=1, text="About your first question"))
    assert story.ticket.tier is Tier.L4
    assert story.ticket.open_case is not None
    assert story.ticket.open_case.number == 2
    assert [intent.case for intent in story.all(OpenVendorCase)] == [1, 2]


def test_an_answer_after_the_ticket_was_resolved_is_in_the_story_only() -> None:
    story = Story().escalated(Tier.L4).resolved().told_of(VendorAnswered(case=1, text="Sorry, late"))
    assert story.ticket.status is TicketStatus.RESOLVED
    assert story.timeline[-1] == "Cardnet: answered: Sorry, late"


def test_a_vendor_that_is_late_is_told_with_the_exact_instant() -> None:
    story = Story().escalated(Tier.L4).jumps(3 * HOUR)
    story.told_of(VendorOverdue(case=1, at=NOON + 3 * HOUR, warning=True)).jumps(HOUR)
    assert "Cardnet has until 16:00:00 UTC to answer, and was reminded" in story.thread[-1]
    assert story.ticket.cases[0].overdue_at is None
    story.told_of(VendorOverdue(case=1, at=NOON + 4 * HOUR))
    assert story.ticket.cases[0].overdue_at == NOON + 4 * HOUR
    assert story.told == [(L4_CHANNEL, "T-1042: Cardnet is overdue with its answer")]
    story.passes(MINUTE)
    assert [notice.text for notice in story.all(Notice)].count("T-1042: Cardnet is overdue with its answer") == 1


def test_a_vendor_that_owes_nothing_is_not_late() -> None:
    story = Story().escalated(Tier.L4).resolved()
    before = story.ticket
    story.told_of(VendorOverdue(case=1, at=NOON + 4 * HOUR))
    assert story.ticket == before


def test_a_reopened_ticket_can_be_escalated_to_the_vendor_again() -> None:
    story = Story().escalated(Tier.L4).resolved().does(SAM, Reopen(reason="No")).escalated(Tier.L4)
    assert [(case.number, case.is_open) for case in story.ticket.cases] == [(1, False), (2, True)]


@pytest.mark.parametrize("kind", [OpenVendorCase])
def test_a_vendor_that_could_not_be_asked_leaves_the_ticket_with_who_asked(kind: type[OpenVendorCase]) -> None:
    story = Story().escalated(Tier.L2).escalated(Tier.L4)
    story.comes_of(story.all(kind)[-1], Failed(error="no such workflow"))
    assert story.ticket.tier is Tier.L2
    assert story.ticket.open_case is None
    assert (L4_CHANNEL, "T-1042: the vendor could not be asked (no such workflow)") in story.told

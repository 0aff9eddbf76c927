"""What the pager tells of a page: each kind of news, in any order, once or more often."""

from datetime import datetime
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.clocks import ClockStatus
from domain.intents import Notice, RaisePage
from domain.issues import IssueCategory
from domain.messages import PageChanged
from domain.page_notes import with_marker
from domain.paging import PageEvent, PageStatus
from domain.policy import Action, ClockKind
from domain.ticket import Ticket
from domain.tiers import Tier
from tests.domain.building import (
    HOUR,
    MINUTE,
    NOON,
    SAM,
    SECOND,
    Story,
    a_ladder,
    a_policy,
    rung,
    the_ladders,
)

_TRIGGERS = (
    PageEvent.UNACKNOWLEDGED,
    PageEvent.REASSIGNED,
    PageEvent.ESCALATED,
    PageEvent.DELEGATED,
    PageEvent.REOPENED,
)
_STATUS = {
    PageEvent.TRIGGERED: PageStatus.TRIGGERED,
    PageEvent.ACKNOWLEDGED: PageStatus.ACKNOWLEDGED,
    PageEvent.RESOLVED: PageStatus.RESOLVED,
} | dict.fromkeys(_TRIGGERS, PageStatus.TRIGGERED)


def news(story: Story, event: PageEvent, at: datetime | None = None, by: str | None = "Ada", **other: Any) -> Story:
    """The pager tells of the latest page."""
    fields: dict[str, Any] = {"status": _STATUS.get(event)} | other
    return story.page_is(fields.pop("status"), by=by, event=event, at=at or story.now, **fields)


def owner(ticket: Ticket) -> str | None:
    """Who has the ticket."""
    return ticket.stint.accepted_by.name if ticket.stint.accepted_by is not None else None


# --- each kind of news ---------------------------------------------------------------------------------------------------


def test_the_news_of_our_own_page_tells_its_id_and_whom_it_woke() -> None:
    story = Story().escalated(Tier.L3)
    news(story, PageEvent.TRIGGERED, by=None, page_id="Q7", url="https://pager.example/Q7", assigned_to=("Ada",))
    page = story.ticket.pages[0]
    assert (page.id, page.url, page.status, page.assigned_to) == (
        "Q7",
        "https://pager.example/Q7",
        PageStatus.TRIGGERED,
        ("Ada",),
    )
    assert [woken.name for woken in page.woken] == ["Ada"]


def test_an_acknowledgement_that_is_taken_back_leaves_nobody_with_the_ticket() -> None:
    story = news(Story().with_engineering().passes(10 * MINUTE), PageEvent.ACKNOWLEDGED).passes(20 * MINUTE)
    assert owner(story.ticket) == "Ada"
    news(story, PageEvent.UNACKNOWLEDGED, by=None)
    assert owner(story.ticket) is None
    assert story.clock(ClockKind.HANDOFF).status is ClockStatus.RUNNING
    assert "PagerDuty: The page is no longer acknowledged" in story.timeline
    assert "Tierline: Ada no longer has the ticket: somebody is to take it" in story.timeline
    assert len(story.all(RaisePage)) == 1  # the pager itself wakes again
    # Ten of thirty minutes were used before somebody had it.
    story.passes(20 * MINUTE)
    assert story.clock(ClockKind.HANDOFF).breached_at == NOON + 50 * MINUTE


@pytest.mark.parametrize("event", [PageEvent.REASSIGNED, PageEvent.ESCALATED, PageEvent.DELEGATED])
def test_whoever_a_page_is_handed_on_to_has_not_acknowledged_it_yet(event: PageEvent) -> None:
    story = news(Story().with_engineering(), PageEvent.ACKNOWLEDGED).passes(MINUTE)
    news(story, event, assigned_to=("Bob", "Cy"))
    page = story.ticket.pages[0]
    assert (page.status, page.assigned_to, page.acknowledged_by) == (PageStatus.TRIGGERED, ("Bob", "Cy"), None)
    assert owner(story.ticket) is None
    assert any(line.endswith("the page to Bob, Cy: it is not acknowledged") for line in story.timeline)
    news(story.passes(MINUTE), PageEvent.ACKNOWLEDGED, by="Bob")
    assert owner(story.ticket) == "Bob"


@pytest.mark.parametrize("stays", [None, PageStatus.ACKNOWLEDGED])
def test_a_page_that_is_handed_on_and_stays_acknowledged_keeps_who_has_the_ticket(stays: PageStatus | None) -> None:
    story = news(Story().with_engineering(), PageEvent.ACKNOWLEDGED).passes(MINUTE)
    news(story, PageEvent.REASSIGNED, status=stays, assigned_to=("Bob",))
    assert owner(story.ticket) == "Ada"
    assert story.ticket.pages[0].assigned_to == ("Bob",)


def test_what_responders_and_status_updates_say_is_in_the_story() -> None:
    story = Story().with_engineering()
    news(story, PageEvent.RESPONDER_ADDED, note="Bob")
    news(story.passes(SECOND), PageEvent.RESPONDER_REPLIED, by="Bob", note="accepted: on my way")
    news(story.passes(SECOND), PageEvent.STATUS_UPDATE_PUBLISHED, note="the database is back")
    assert story.timeline[-3:] == [
        "Ada: Asked for help with the page: Bob",
        "Bob: Answered a call for help with the page: accepted: on my way",
        "Ada: Status update in PagerDuty: the database is back",
    ]


def test_a_note_of_our_own_is_not_told_back() -> None:
    story = Story().with_engineering()
    before = story.ticket
    news(story, PageEvent.ANNOTATED, note=with_marker("sam: error 502", "T-1042/9", 1_000))
    assert story.ticket == before


def test_another_priority_in_the_pager_is_told_to_the_lead_and_changes_no_ticket() -> None:
    story = Story().with_engineering()
    news(story, PageEvent.PRIORITY_UPDATED, priority="P1")
    assert story.ticket.priority.value == "P3"
    assert story.timeline[-1] == "Ada: The page's priority is P1 now"
    assert [notice.text for notice in story.now_intended(Notice)] == [
        "T-1042 is P3, and Ada gave its page the priority P1"
    ]
    # An older word about it comes late.
    news(story, PageEvent.PRIORITY_UPDATED, story.now - MINUTE, priority="P2")
    assert story.ticket.pages[0].priority == "P1"


def test_what_polling_finds_is_taken_as_if_it_had_been_told_once() -> None:
    story = Story().with_engineering().passes(MINUTE)
    for _ in range(3):
        story.page_is(PageStatus.ACKNOWLEDGED, event=PageEvent.FOUND, at=NOON + 30 * SECOND, by="Ada")
    assert owner(story.ticket) == "Ada"
    assert story.timeline.count("Ada: Acknowledged the page") == 1
    story.page_is(PageStatus.RESOLVED, event=PageEvent.FOUND, at=NOON + 40 * SECOND)
    assert story.ticket.open_page is None


def test_polling_that_finds_what_is_known_says_nothing_although_its_times_are_rounded() -> None:
    story = news(Story().with_engineering().passes(MINUTE), PageEvent.ACKNOWLEDGED)
    told = story.timeline
    story.page_is(PageStatus.ACKNOWLEDGED, event=PageEvent.FOUND, at=story.now + SECOND, by="Ada", assigned_to=("Ada",))
    story.page_is(PageStatus.ACKNOWLEDGED, event=PageEvent.FOUND, at=None, by=None)
    assert story.timeline == told
    assert not story.ticket.pages[0].woken
    news(story.passes(MINUTE), PageEvent.UNACKNOWLEDGED, by=None)
    assert owner(story.ticket) is None


def test_polling_that_finds_an_acknowledgement_gone_takes_the_ticket_back() -> None:
    story = news(Story().with_engineering().passes(MINUTE), PageEvent.ACKNOWLEDGED).passes(MINUTE)
    story.page_is(PageStatus.TRIGGERED, event=PageEvent.FOUND, at=story.now, by=None, assigned_to=("Bob",))
    assert owner(story.ticket) is None
    assert [woken.name for woken in story.ticket.pages[0].woken] == ["Bob"]


def test_news_of_a_page_that_is_over_moves_nothing() -> None:
    story = Story().with_engineering().passes(MINUTE).accepted(SAM)
    taken = story.ticket
    for event in (PageEvent.ACKNOWLEDGED, PageEvent.UNACKNOWLEDGED, PageEvent.ESCALATED, PageEvent.RESOLVED):
        news(story, event, story.now + SECOND, by="Bob")
        assert owner(story.ticket) == "sam"
        assert story.ticket.open_page is None
        assert story.ticket.clocks == taken.clocks


def test_who_had_the_ticket_before_its_page_keeps_it_when_the_page_is_unacknowledged() -> None:
    story = Story().with_engineering().issue_is(IssueCategory.IN_PROGRESS)
    news(story, PageEvent.REOPENED)
    news(story.passes(SECOND), PageEvent.ACKNOWLEDGED, by="Bob")
    news(story.passes(SECOND), PageEvent.UNACKNOWLEDGED, by=None)
    assert owner(story.ticket) == "Ada"


def test_the_same_news_under_another_delivery_has_no_effect() -> None:
    story = news(Story().with_engineering(), PageEvent.ANNOTATED, note="restarting")
    news(story, PageEvent.ACKNOWLEDGED)
    once = story.ticket
    news(story, PageEvent.ANNOTATED, note="restarting")
    news(story, PageEvent.ACKNOWLEDGED)
    assert story.ticket == once


def test_an_old_note_is_told_although_its_page_changed_since() -> None:
    story = news(Story().with_engineering().passes(MINUTE), PageEvent.ACKNOWLEDGED)
    news(story, PageEvent.ANNOTATED, NOON, note="looking")
    assert story.timeline[-1] == "Ada: in PagerDuty: looking"


# --- in any order ------------------------------------------------------------------------------------------------------


def outcome(ticket: Ticket) -> dict[str, object]:
    """What the order of news must not change."""
    page = ticket.pages[0]
    kept = {"status", "acknowledged_by", "assigned_to", "priority", "took", "woken", "acknowledgements", "is_open"}
    running = [clock.id for clock in ticket.clocks if clock.status is ClockStatus.RUNNING]
    return {name: getattr(page, name) for name in kept} | {"owner": owner(ticket), "running": running}


_NEWS = st.builds(
    lambda event, second, by, to: PageChanged(
        page_key="tierline/T-1042/page/1",
        event=event,
        at=NOON + second * SECOND,
        status=_STATUS.get(event),
        by=by,
        assigned_to=to,
        priority="P2" if event is PageEvent.PRIORITY_UPDATED else None,
    ),
    st.sampled_from([*_STATUS, PageEvent.PRIORITY_UPDATED]),
    st.integers(1, 4),
    st.sampled_from(["Ada", "Bob"]),
    st.sampled_from([(), ("Ada",), ("Bob",)]),
)


@settings(max_examples=150)
@given(st.lists(_NEWS, min_size=2, max_size=3))
def test_every_order_of_the_same_news_comes_to_the_same_end(changes: list[PageChanged]) -> None:
    ends = []
    for order in permutations(changes):
        story = Story().with_engineering().passes(MINUTE)
        for change in order:
            story.told_of(change)
            story.told_of(change)  # and each twice
        ends.append(outcome(story.ticket))
    assert all(end == ends[0] for end in ends)


def test_an_acknowledgement_that_its_resolution_overtook_still_takes_the_ticket() -> None:
    story = news(Story().with_engineering().passes(MINUTE), PageEvent.RESOLVED)
    news(story, PageEvent.ACKNOWLEDGED, story.now - SECOND)
    assert owner(story.ticket) == "Ada"
    assert story.ticket.open_page is None


def test_a_ticket_that_was_paged_for_anew_is_not_moved_by_its_first_page() -> None:
    again = a_ladder(rung(20, Action.PAGE), rung(100, Action.TELL_LEAD))
    story = Story(a_policy(ladders=the_ladders() | {"handoff": again})).with_engineering()
    news(story.passes(MINUTE), PageEvent.RESOLVED)
    story.passes(10 * MINUTE)
    first, second = story.ticket.pages
    for event in (PageEvent.REOPENED, PageEvent.ACKNOWLEDGED):
        story.told_of(PageChanged(page_key=first.key, event=event, at=story.now, status=_STATUS[event], by="Ada"))
    assert owner(story.ticket) is None
    assert [page.is_open for page in story.ticket.pages] == [False, True]
    assert story.ticket.open_page == second
    story.passes(HOUR)

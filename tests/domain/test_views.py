"""What people see of a ticket: its card, its view, its story."""

from datetime import datetime

import pytest

from domain.card import CardButton
from domain.decide import decide, open_ticket
from domain.issues import IssueCategory
from domain.messages import Note, TimePassed
from domain.paging import PageStatus, page_key, ticket_of_page
from domain.texts import size_of
from domain.ticket_card import card_of, facts_of
from domain.ticket_story import SHOWN_ENTRIES, story_of
from domain.tiers import Owner, Tier
from domain.turn import LARGEST_TIMELINE, LONGEST_ENTRY, LONGEST_TIMELINE
from domain.views import view_of
from tests.domain.building import (
    DAY,
    HOUR,
    MINUTE,
    NOON,
    SAM,
    Story,
    a_policy,
    an_opening,
    without_ladders,
)


def test_a_card_shows_where_the_ticket_is_and_which_clock_ends_next() -> None:
    story = Story().passes(10 * MINUTE)
    card = card_of(story.ticket, story.now)
    assert (card.tier, card.tier_name, card.status, card.waiting_on) == (Tier.L1, "Frontline", "open", "L1")
    assert card.clock is not None
    assert (card.clock.name, card.clock.due_at, card.clock.percent) == ("acceptance", NOON + 30 * MINUTE, 33)


def test_a_clock_that_can_still_be_kept_comes_before_one_that_is_over() -> None:
    story = Story(without_ladders()).passes(2 * HOUR)
    card = card_of(story.ticket, story.now)
    assert card.clock is not None
    assert (card.clock.name, card.clock.breached) == ("tier work", False)
    assert set(card.breached) == {"acceptance in L1", "first response"}


def test_a_card_shows_the_path_the_issue_and_the_page() -> None:
    story = Story().with_engineering().page_is(PageStatus.ACKNOWLEDGED).issue_is(IssueCategory.IN_PROGRESS)
    card = card_of(story.ticket, story.now)
    assert card.path == (Tier.L1, Tier.L3)
    assert [(issue.ref.key, issue.status, issue.assignee) for issue in card.issues] == [
        ("PAY-12", "In Progress", "Ada")
    ]
    assert (card.page, card.page_url, card.owner) == ("acknowledged by Ada", "https://pager.example/QINC1", "Ada")


@pytest.mark.parametrize(
    ("story", "words"),
    [
        (Story().escalated(Tier.L3), "paging the on-call"),
        (Story().with_engineering(), "paged, nobody acknowledged yet"),
        (Story().with_engineering().resolved(), "page is over"),
        (
            Story().with_engineering().page_is(PageStatus.ACKNOWLEDGED).resolved(),
            "page is over, it was acknowledged by Ada",
        ),
    ],
)
def test_a_card_says_what_became_of_the_page(story: Story, words: str) -> None:
    assert card_of(story.ticket, story.now).page == words


@pytest.mark.parametrize(
    ("story", "waiting_on"),
    [
        (Story().replied(), "customer"),
        (Story().linked(), "engineering"),
        (Story().escalated(Tier.L4), "Cardnet"),
        (Story().resolved(), "nobody"),
    ],
)
def test_a_card_says_who_is_waited_for(story: Story, waiting_on: str) -> None:
    assert card_of(story.ticket, story.now).waiting_on == waiting_on


@pytest.mark.parametrize(
    ("story", "buttons"),
    [
        (Story(), ("accept", "escalate", "reply", "resolve")),
        (Story().accepted(), ("escalate", "reply", "resolve")),
        (Story().escalated(Tier.L2), ("accept", "escalate", "return", "reply", "resolve")),
        (Story().escalated(Tier.L4), ("return", "reply", "resolve")),
        (Story().resolved(), ("reopen",)),
        (Story().resolved().passes(2 * DAY), ()),
        (Story(a_policy(entry_tier=Tier.L2)).resolved().customer_writes(), ("accept", "escalate", "reply", "resolve")),
    ],
)
def test_a_card_offers_what_can_be_done(story: Story, buttons: tuple[str, ...]) -> None:
    assert card_of(story.ticket, story.now).buttons == tuple(CardButton(button) for button in buttons)


def test_a_card_does_not_change_when_nothing_did() -> None:
    story = Story().accepted()
    before = card_of(story.ticket, story.now)
    story.does(SAM, Note(text="x"))
    assert card_of(story.ticket, story.now) == before


def test_a_view_counts_up_to_now_and_stops_with_the_ticket() -> None:
    story = Story().replied().passes(HOUR)
    view = view_of(story.ticket, story.now)
    assert view.spent_s == {Owner.CUSTOMER: 3600.0}
    resolution = view.clocks[-1]
    assert (resolution.status.value, resolution.counted_s, resolution.due_at) == ("paused", 0.0, None)
    story.resolved().passes(30 * DAY)
    closed = story.ticket.closed_at
    assert closed is not None
    total = (closed - NOON).total_seconds()
    assert sum(view_of(story.ticket, story.now).spent_s.values()) == total
    assert sum(facts_of(story.ticket, story.now).seconds_by_owner.values()) == total


def test_a_view_of_a_breached_clock_keeps_its_instants() -> None:
    story = Story(without_ladders()).passes(2 * HOUR)
    handoff = next(clock for clock in view_of(story.ticket, story.now).clocks if clock.kind.value == "handoff")
    assert (handoff.due_at, handoff.breached_at) == (NOON + 30 * MINUTE, NOON + 30 * MINUTE)
    assert handoff.counted_s == 7200.0


def test_a_story_is_short_and_says_what_is_next() -> None:
    story = Story().with_engineering()
    for number in range(30):
        story.does(SAM, Note(text=f"note\nnumber {number}"))
    text = story_of(story.ticket)
    assert text.startswith("**T-1042** · open · P3 · with **L3** (nobody yet)")
    assert "Path: L1 → L3" in text
    assert "Next: acceptance clock: 50 % (tell_channel) at 2026-11-16 12:15:00 UTC" in text
    assert "Issue: [PAY-12](https://acme.example/browse/PAY-12)" in text
    assert text.count("\n- ") == SHOWN_ENTRIES
    assert text.endswith("sam: note number 29")
    assert "Next: nothing is due" in story_of(Story().resolved().passes(2 * DAY).ticket)


# --- the timeline --------------------------------------------------------------------------------------------------------


def test_the_timeline_keeps_the_newest_entries_and_counts_the_others() -> None:
    story = Story()
    for number in range(LONGEST_TIMELINE + 5):
        story.does(SAM, Note(text=str(number)))
    assert len(story.ticket.timeline) == LONGEST_TIMELINE
    assert story.ticket.timeline_dropped == 7
    assert story.timeline[-1] == f"sam: {LONGEST_TIMELINE + 4}"


def test_long_entries_leave_room_for_fewer() -> None:
    story = Story()
    for _ in range(400):
        story.does(SAM, Note(text="語" * 5_000))
    assert sum(size_of(entry.text) for entry in story.ticket.timeline) <= LARGEST_TIMELINE
    assert len(story.ticket.timeline) + story.ticket.timeline_dropped == 402
    assert len(story.ticket.model_dump_json().encode()) < 2**20
    assert len(story.ticket.timeline[-1].text) <= LONGEST_ENTRY
    assert story.ticket.timeline[-1].text.endswith("more characters, in the ticket's history)")


# --- instants ------------------------------------------------------------------------------------------------------------


def test_an_instant_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 11, 16, 12)
    with pytest.raises(ValueError, match="needs a time zone"):
        open_ticket(an_opening(), a_policy(), naive)
    with pytest.raises(ValueError, match="needs a time zone"):
        decide(Story().ticket, TimePassed(), naive)


def test_a_page_key_leads_back_to_its_ticket() -> None:
    assert ticket_of_page(page_key("T-1042", 3)) == "T-1042"
    for other in ("T-1042", "tierline/T-1042/page/", "tierline/t-1/page/1", "x/tierline/T-1/page/1"):
        assert ticket_of_page(other) is None


def test_a_reopening_in_the_same_tier_is_no_step_on_the_cards_path() -> None:
    story = Story().accepted().resolved().customer_writes("It fails again.")
    assert [stint.tier for stint in story.ticket.stints] == [Tier.L1, Tier.L1]
    assert card_of(story.ticket, story.now).path == (Tier.L1,)

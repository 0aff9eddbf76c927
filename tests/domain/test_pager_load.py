"""Who was woken how often, out of hours or not, and how soon they acknowledged: from the pages to the digest."""

from datetime import timedelta

from domain.digest import summarise
from domain.pager_load import MOST_TOLD, PagedPerson, PagerLoad, paged_people, pager_load
from domain.paging import PageEvent, PageStatus, Urgency, Woken
from domain.people import TIERLINE
from domain.ticket_card import facts_of
from integrations.slack.digest import digest_blocks
from telemetry.search_attributes import ticket_attributes
from tests.domain.building import DAY, HOUR, MINUTE, NOON, Story
from tests.domain.test_pages import paging


def woken_at_night() -> Story:
    """Ada is woken at midnight, hands on to Bob, who acknowledges after five minutes."""
    story = Story(paging(hours="office", low_urgency=frozenset()), at=NOON + 12 * HOUR).with_engineering()
    story.page_is(PageStatus.TRIGGERED, by=None, event=PageEvent.TRIGGERED, at=story.now, assigned_to=("Ada",))
    story.passes(10 * MINUTE)
    story.page_is(PageStatus.TRIGGERED, by="Ada", event=PageEvent.REASSIGNED, at=story.now, assigned_to=("Bob",))
    story.passes(5 * MINUTE)
    return story.page_is(PageStatus.ACKNOWLEDGED, by="Bob", event=PageEvent.ACKNOWLEDGED, at=story.now)


def test_everybody_whom_a_page_woke_is_counted_in_the_digest() -> None:
    story = woken_at_night()
    digest = summarise("support", [facts_of(story.ticket, story.now)], NOON, NOON + 7 * DAY)
    assert digest.pager_load == (
        PagerLoad(name="Ada", pages=1, out_of_hours=1, low_urgency=0, acknowledged_within=None),
        PagerLoad(name="Bob", pages=1, out_of_hours=1, low_urgency=0, acknowledged_within=5 * MINUTE),
    )
    shown = str(digest_blocks(digest))
    assert "Bob: 1 page, 1 out of hours, acknowledged within 5 min (median)" in shown
    assert "Ada: 1 page, 1 out of hours" in shown


def test_a_page_in_working_hours_is_not_out_of_hours() -> None:
    story = Story(paging(hours="office")).with_engineering().page_is(PageStatus.ACKNOWLEDGED, by="Ada")
    (ada,) = paged_people(story.ticket)
    assert (ada.name, ada.out_of_hours, ada.urgency) == ("Ada", False, Urgency.LOW)


def test_names_of_responders_reach_no_search_attribute() -> None:
    story = woken_at_night()
    assert "Bob" in str(facts_of(story.ticket, story.now).paged)
    assert "Bob" not in str([pair.value for pair in ticket_attributes(story.ticket)])
    assert TIERLINE.name not in {one.name for one in paged_people(story.ticket)}


def person(name: str, after: timedelta, page: str = "p1", took: float | None = None) -> PagedPerson:
    """Somebody who was woken."""
    return PagedPerson(
        page=page, name=name, at=NOON + after, urgency=Urgency.HIGH, out_of_hours=False, acknowledged_after_s=took
    )


def test_tickets_that_share_a_page_woke_nobody_twice_and_one_name_may_be_written_two_ways() -> None:
    people = [
        person("Ada", MINUTE, took=60.0),
        person("Ada", MINUTE, took=60.0),
        person("ada", HOUR, "p2", took=180.0),
        person("Ada", 2 * HOUR, "p3", took=600.0),
        person("Bob", -MINUTE),
        person("Bob", DAY),
    ]
    (ada,) = pager_load(people, NOON, NOON + DAY)
    assert (ada.pages, ada.acknowledged_within) == (3, timedelta(seconds=180))


def test_a_ticket_hands_on_a_bounded_number_of_wakings() -> None:
    ticket = Story().with_engineering().ticket
    pages = tuple(
        ticket.pages[0].model_copy(
            update={"key": f"p{number}", "woken": (Woken(name="Ada", at=NOON + number * MINUTE),)}
        )
        for number in range(MOST_TOLD + 5)
    )
    told = paged_people(ticket.model_copy(update={"pages": pages}))
    assert len(told) == MOST_TOLD
    assert told[-1].page == f"p{MOST_TOLD + 4}"

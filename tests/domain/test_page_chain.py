"""The chain behind the pager, and the acknowledgement that is worth no more: each at its own instant, each person once a step."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.clocks import ClockStatus
from domain.intents import MailStaff, NotePage, Notice, RaisePage, ResolvePage
from domain.issues import IssueCategory
from domain.ladders import next_deadline
from domain.maintenance import MaintenanceWindow
from domain.messages import (
    Accept,
    Done,
    Failed,
    Note,
    PageChanged,
    SetPriority,
    Snooze,
    ThreadChange,
    ThreadMessage,
    TimePassed,
    Wait,
)
from domain.page_rules import FallbackStep, ReachBy
from domain.pages import MOST_PAGES
from domain.paging import PageEvent, PageStatus, page_key
from domain.policy import ClockKind, Policy
from domain.reach import ReachOutcome
from domain.ticket import Ticket
from domain.ticket_card import card_of
from domain.ticket_story import story_of
from domain.tiers import Priority, Tier, WaitingOn
from domain.views import view_of
from tests.domain.building import ADA, DAY, HOUR, LENA, MINUTE, NOON, SAM, SECOND, Story, an_opening
from tests.domain.test_pages import paging

SLACK = FallbackStep(after=5 * MINUTE, by=ReachBy.SLACK, people=("U0SAM", "U0TOM"))
MAIL = FallbackStep(after=10 * MINUTE, by=ReachBy.MAIL, people=("lena@acme.example",))
LAST = FallbackStep(after=20 * MINUTE, by=ReachBy.SLACK, people=("U0LENA",))


def chained(*steps: FallbackStep, **rules: Any) -> Policy:
    """A policy with this chain behind the engineers' pager."""
    return paging(fallback=steps or (SLACK, MAIL, LAST), **rules)


def paged(policy: Policy | None = None) -> Story:
    """A ticket whose page is out. It is on no issue, whose page it would share."""
    return Story(policy or chained(), an_opening(product=None)).escalated(Tier.L3).page_raised()


def entries(ticket: Ticket) -> list[tuple[int, str, timedelta, str]]:
    """The ledger: step, person, how long after noon, outcome."""
    return [(one.step, one.person, one.at - NOON, one.outcome.value) for one in ticket.reached]


def acknowledged(story: Story, by: str = "Ada") -> Story:
    """Somebody acknowledges in the pager."""
    return story.page_is(PageStatus.ACKNOWLEDGED, by=by, event=PageEvent.ACKNOWLEDGED, at=story.now)


# --- nobody acknowledges -----------------------------------------------------------------------------------------------


def test_each_step_is_carried_out_at_its_own_instant_once() -> None:
    story = paged().passes(HOUR)
    assert entries(story.ticket) == [
        (1, "U0SAM", 5 * MINUTE, "wanted"),
        (1, "U0TOM", 5 * MINUTE, "wanted"),
        (2, "lena@acme.example", 10 * MINUTE, "wanted"),
        (3, "U0LENA", 20 * MINUTE, "wanted"),
    ]
    direct = [notice.channel for notice in story.all(Notice) if notice.channel in ("U0SAM", "U0TOM")]
    assert direct == ["U0SAM", "U0TOM"]
    assert [mail.to for mail in story.all(MailStaff)] == ["lena@acme.example"]
    told = [line for line in story.timeline if "Nobody acknowledged the page within" in line]
    assert told[0] == "Tierline: Nobody acknowledged the page within 5m: U0SAM, U0TOM are told by Slack (step 1)"


def test_the_ledger_and_the_page_are_shown() -> None:
    story = paged().passes(6 * MINUTE)
    story.page_is(None, by=None, event=PageEvent.TRIGGERED, at=story.now, assigned_to=("Ada",))
    view = view_of(story.ticket, story.now)
    assert [(one.page, one.step, one.person, one.outcome) for one in view.reached] == [
        (view.pages[0].key, 1, person, ReachOutcome.WANTED) for person in ("U0SAM", "U0TOM")
    ]
    assert (view.pages[0].wanted_at, view.pages[0].assigned_to) == (NOON, ("Ada",))
    assert "Behind the pager: step 1 by slack at 11-16 12:05:00: wanted" in story_of(story.ticket)
    assert card_of(story.ticket, story.now).page == "paged Ada, nobody acknowledged yet"


def test_steps_that_are_carried_out_late_have_their_own_instants() -> None:
    on_time = paged().passes(HOUR)
    late = paged().jumps(HOUR)
    late.hears(TimePassed())
    assert entries(late.ticket) == entries(on_time.ticket)


def test_the_ticket_waits_for_the_next_step() -> None:
    deadline = next_deadline(paged().ticket)
    assert deadline is not None
    assert (deadline.at, deadline.what) == (NOON + 5 * MINUTE, "nobody acknowledged the page: step 1 by Slack")


def test_a_person_who_is_named_twice_in_a_step_is_reached_once() -> None:
    twice = FallbackStep(after=MINUTE, by=ReachBy.SLACK, people=("U0SAM", "U0SAM"))
    assert len(paged(chained(twice)).passes(HOUR).ticket.reached) == 1


@pytest.mark.parametrize("how", ["pager", "slack", "issue"])
def test_an_acknowledgement_anywhere_stops_the_chain(how: str) -> None:
    story = Story(chained()).with_engineering().passes(6 * MINUTE)
    if how == "pager":
        acknowledged(story)
    elif how == "slack":
        story.does(SAM, Accept())
    else:
        story.issue_is(IssueCategory.IN_PROGRESS)
    story.passes(DAY)
    assert {step for step, *_ in entries(story.ticket)} == {1}


def test_what_reaches_people_says_what_it_is_about_and_names_no_customer() -> None:
    story = paged().passes(HOUR)
    mail = story.only(MailStaff)
    assert mail.subject == "[P3] T-1042 needs somebody: the page is not acknowledged"
    assert "Card payment fails" in mail.text
    assert "https://pager.example/QINC1" in mail.text
    assert "Grace" not in mail.text + mail.subject


# --- what cannot be raised, or does not arrive -----------------------------------------------------------------------


def test_a_page_that_could_not_be_raised_begins_the_chain_at_once_and_keeps_the_times_of_the_rest() -> None:
    story = Story(chained()).escalated(Tier.L3).passes(MINUTE).fails(RaisePage, "the key is wrong")
    assert [entry[:3] for entry in entries(story.ticket)] == [(1, "U0SAM", MINUTE), (1, "U0TOM", MINUTE)]
    assert "Tierline: Nobody could be paged (the key is wrong): U0SAM, U0TOM are told by Slack (step 1)" in (
        story.timeline
    )
    story.passes(HOUR)
    assert [(step, at) for step, _, at, _ in entries(story.ticket)[2:]] == [(2, 10 * MINUTE), (3, 20 * MINUTE)]


def test_a_step_that_reaches_nobody_hands_on_at_once() -> None:
    story = paged().passes(5 * MINUTE)
    sam, tom = story.now_intended(Notice)
    story.comes_of(sam, Failed(error="user_not_found"))
    assert len(story.ticket.reached) == 2  # Tom may still hear of it
    story.passes(MINUTE).comes_of(tom, Failed(error="user_disabled"))
    assert entries(story.ticket) == [
        (1, "U0SAM", 5 * MINUTE, "failed"),
        (1, "U0TOM", 5 * MINUTE, "failed"),
        (2, "lena@acme.example", 6 * MINUTE, "wanted"),
    ]
    assert [one.why for one in story.ticket.reached] == ["user_not_found", "user_disabled", None]
    story.fails(MailStaff, "mailbox unavailable")
    assert entries(story.ticket)[-1] == (3, "U0LENA", 6 * MINUTE, "wanted")
    story.passes(DAY)
    assert len(story.ticket.reached) == 4


def test_a_step_that_arrives_is_noted_and_does_not_hurry_the_next() -> None:
    story = paged().passes(5 * MINUTE)
    sam, tom = story.now_intended(Notice)
    story.comes_of(sam, Failed(error="user_not_found")).comes_of(tom, Done())
    assert [one.outcome for one in story.ticket.reached] == [ReachOutcome.FAILED, ReachOutcome.DONE]
    story.comes_of(tom, Failed(error="told twice"))  # whatever is repeated
    assert story.ticket.reached[1].outcome is ReachOutcome.DONE
    assert next_deadline(story.ticket).at == NOON + 10 * MINUTE  # type: ignore[union-attr]


def test_a_failure_after_somebody_acknowledged_wakes_nobody_else() -> None:
    story = paged().passes(10 * MINUTE)
    acknowledged(story).fails(MailStaff, "mailbox unavailable").passes(DAY)
    assert {step for step, *_ in entries(story.ticket)} == {1, 2}


# --- quiet -------------------------------------------------------------------------------------------------------------


def test_a_snooze_holds_the_chain_back_to_its_end() -> None:
    story = paged().does(LENA, Snooze(length=8 * MINUTE)).passes(9 * MINUTE)
    assert [(step, at) for step, _, at, _ in entries(story.ticket)] == [(1, 8 * MINUTE), (1, 8 * MINUTE)]


def test_maintenance_holds_the_chain_back_to_its_end() -> None:
    window = MaintenanceWindow(name="Release", start=NOON + MINUTE, end=NOON + 30 * MINUTE)
    story = paged(chained().model_copy(update={"maintenance": (window,)})).passes(29 * MINUTE)
    assert not story.ticket.reached
    story.passes(MINUTE)
    assert {at for _, _, at, _ in entries(story.ticket)} == {30 * MINUTE}


def test_weekly_maintenance_holds_the_chain_back_too() -> None:
    window = MaintenanceWindow.model_validate({"name": "Backup", "weekly": {"mon": ["12:01-12:45", "12:45-13:00"]}})
    story = paged(chained().model_copy(update={"maintenance": (window,)})).passes(2 * HOUR)
    assert {at for _, _, at, _ in entries(story.ticket)} == {HOUR}


def test_a_page_that_is_unacknowledged_begins_the_time_of_the_chain_anew() -> None:
    story = acknowledged(paged().passes(MINUTE)).passes(30 * MINUTE)
    story.page_is(PageStatus.TRIGGERED, by=None, event=PageEvent.UNACKNOWLEDGED, at=story.now).passes(HOUR)
    assert [(step, at) for step, _, at, _ in entries(story.ticket)] == [
        (1, 36 * MINUTE),
        (1, 36 * MINUTE),
        (2, 41 * MINUTE),
        (3, 51 * MINUTE),
    ]


# --- acknowledged, and then nothing ----------------------------------------------------------------------------------


def sleepy() -> Story:
    """Somebody acknowledged; the policy gives them half an hour."""
    return acknowledged(paged(chained(acknowledged_for=30 * MINUTE)).passes(MINUTE))


def test_an_acknowledgement_that_nothing_follows_ends_the_page_and_pages_anew() -> None:
    story = sleepy().passes(31 * MINUTE)
    first, second = story.ticket.pages
    assert (first.status, second.wanted_at, second.is_open) == (PageStatus.RESOLVED, NOON + 31 * MINUTE, True)
    assert [type(one) for one in story.intents if isinstance(one, RaisePage | ResolvePage | NotePage)] == [
        RaisePage,
        NotePage,
        ResolvePage,
        RaisePage,
    ]
    assert story.ticket.stint.accepted_by is None
    assert story.clock(ClockKind.HANDOFF).status is ClockStatus.RUNNING
    assert (
        "Tierline: Ada acknowledged the page, and nobody did anything for 30m: it is ended, and the on-call is paged again"
        in story.timeline
    )
    # The new page has a chain of its own.
    story.passes(5 * MINUTE)
    assert [(one.page_key, one.step) for one in story.ticket.reached] == [(second.key, 1), (second.key, 1)]


@pytest.mark.parametrize("work", ["note", "thread", "issue", "priority", "pager"])
def test_whoever_does_something_has_the_time_anew(work: str) -> None:
    story = Story(chained(acknowledged_for=30 * MINUTE)).with_engineering().passes(MINUTE)
    acknowledged(story).passes(20 * MINUTE)
    match work:
        case "note":
            story.does(SAM, Note(text="restarting"))
        case "thread":
            story.told_of(ThreadMessage(change=ThreadChange.POSTED, ts="1.1", by=ADA, text="restarting"))
        case "issue":
            story.issue_is(IssueCategory.TO_DO).issue_is(IssueCategory.IN_PROGRESS)
        case "priority":
            story.does(LENA, SetPriority(priority=Priority.P2))
        case _:
            story.page_is(None, event=PageEvent.ANNOTATED, at=story.now, note="restarting")
    story.passes(29 * MINUTE + 59 * SECOND)
    assert len(story.ticket.pages) == 1
    story.passes(SECOND)
    assert len(story.ticket.pages) == 2


def test_the_customers_own_words_are_no_work() -> None:
    story = sleepy().does(SAM, Wait(on=WaitingOn.ENGINEERING)).does(SAM, Wait(on=WaitingOn.TIER))
    story.passes(20 * MINUTE).customer_writes().passes(10 * MINUTE)
    assert len(story.ticket.pages) == 2


def test_nobody_is_paged_anew_while_it_is_the_customers_turn() -> None:
    story = sleepy().replied().passes(DAY)
    assert len(story.ticket.pages) == 1


def test_the_new_page_waits_for_the_end_of_a_snooze() -> None:
    story = sleepy().passes(MINUTE).does(LENA, Snooze(length=HOUR)).passes(2 * HOUR)
    assert story.ticket.pages[1].wanted_at == NOON + 62 * MINUTE


# --- whatever happens --------------------------------------------------------------------------------------------------

_EVENTS = st.one_of(
    st.tuples(st.just("news"), st.sampled_from(PageEvent), st.integers(-30, 5), st.sampled_from(["Ada", "Bob"])),
    st.tuples(st.just("wait"), st.integers(0, 25)),
    st.tuples(st.just("late"), st.integers(0, 25)),
    st.tuples(st.just("fails"), st.integers(0, 5)),
    st.tuples(st.just("done"), st.integers(0, 5)),
    st.tuples(st.just("snooze"), st.integers(1, 20)),
    st.tuples(st.just("accept")),
    st.tuples(st.just("note")),
    st.tuples(st.just("customer")),
    st.tuples(st.just("grave")),
)
_SAYS = {
    PageEvent.TRIGGERED: PageStatus.TRIGGERED,
    PageEvent.ACKNOWLEDGED: PageStatus.ACKNOWLEDGED,
    PageEvent.UNACKNOWLEDGED: PageStatus.TRIGGERED,
    PageEvent.REOPENED: PageStatus.TRIGGERED,
    PageEvent.RESOLVED: PageStatus.RESOLVED,
    PageEvent.FOUND: PageStatus.ACKNOWLEDGED,
}


def happens(story: Story, what: tuple[Any, ...], settled: set[str]) -> None:
    """One of the things that may happen. Each intent comes to one result: ``settled`` are those that have theirs."""
    reaching = [
        one for one in story.intents if isinstance(one, MailStaff | RaisePage | Notice) and one.key not in settled
    ]
    match what:
        case ("news", event, minutes, by):
            for page in story.ticket.pages:
                at = story.now + minutes * MINUTE
                change = PageChanged(page_key=page.key, event=event, at=at, status=_SAYS.get(event), by=by)
                story.told_of(change).told_of(change)
        case ("wait", minutes):
            story.passes(minutes * MINUTE)
        case ("late", minutes):
            story.jumps(minutes * MINUTE)
        case ("fails" | "done" as how, which) if reaching:
            one = reaching[which % len(reaching)]
            settled.add(one.key)
            story.comes_of(one, Failed(error="refused") if how == "fails" else Done())
        case ("snooze", minutes):
            story.does(LENA, Snooze(length=minutes * MINUTE))
        case ("accept",) if story.ticket.stint.accepted_by is None:
            story.does(SAM, Accept())
        case ("note",):
            story.does(SAM, Note(text="looking"))
        case ("customer",):
            story.customer_writes()
        case ("grave",) if story.ticket.priority is not Priority.P1:
            story.does(LENA, SetPriority(priority=Priority.P1))


@settings(max_examples=200)
@given(st.lists(_EVENTS, min_size=1, max_size=14))
def test_never_two_open_pages_and_never_the_same_person_twice_in_a_step(events: list[tuple[Any, ...]]) -> None:
    story = Story(chained(acknowledged_for=12 * MINUTE), an_opening(product=None)).escalated(Tier.L3)
    settled: set[str] = set()
    for event in events:
        before, was = story.ticket.reached, story.ticket
        happens(story, event, settled)
        ticket = story.ticket
        assert sum(page.is_open for page in ticket.pages) <= 1
        assert len({(one.page_key, one.step, one.person) for one in ticket.reached}) == len(ticket.reached)
        assert [one.key for one in ticket.reached[: len(before)]] == [one.key for one in before]
        if event[0] in ("wait", "late") and _is_acknowledged(was) and _is_acknowledged(ticket):
            assert len(ticket.pages) > len(was.pages) or ticket.reached == before
    keys = [intent.key for intent in story.intents]
    assert len(keys) == len(set(keys))
    raised = [intent.draft.key for intent in story.all(RaisePage)]
    assert raised == [page.key for page in story.ticket.pages]
    mailed = [one.person for one in story.ticket.reached if one.by is ReachBy.MAIL]
    assert [mail.to for mail in story.all(MailStaff)] == mailed


def _is_acknowledged(ticket: Ticket) -> bool:
    return ticket.open_page is not None and ticket.open_page.status is PageStatus.ACKNOWLEDGED


def test_a_ticket_that_nobody_works_on_for_months_stays_small() -> None:
    story = paged(chained(acknowledged_for=30 * MINUTE))
    for round_ in range(1, MOST_PAGES + 10):
        for number in range(5):
            story.page_is(None, event=PageEvent.ANNOTATED, note="still looking " * 10, at=story.now + number * SECOND)
        acknowledged(story)
        story.passes(30 * MINUTE)
        assert story.ticket.pages[-1].key == page_key("T-1042", round_ + 1)

    pages = story.ticket.pages
    assert (len(pages), story.ticket.pages_wanted) == (MOST_PAGES, MOST_PAGES + 10)
    assert len({page.key for page in pages}) == MOST_PAGES
    assert [bool(page.heard) for page in pages[:-3]] == [False] * (MOST_PAGES - 3)
    assert len(story.ticket.model_dump_json(include={"pages", "reached"})) < 200_000

"""When somebody is woken for a ticket, by which service, how urgently, with what facts; and what goes onto the page afterwards."""

from datetime import timedelta
from typing import Any

import pytest

from domain.intents import NotePage, RaisePage, ResolvePage, UpdatePage
from domain.maintenance import MaintenanceWindow
from domain.match import Match
from domain.messages import Accept, Escalate, Note, OpenTicket, PageChanged, SetPriority
from domain.page_draft import draft_page
from domain.page_rules import Conference, PageRules, PageService
from domain.paging import PageEvent, PageStatus, Urgency
from domain.policy import Action, Policy, TierRules
from domain.tiers import Priority, Tier
from tests.domain.building import (
    GRACE,
    HOUR,
    L3_CHANNEL,
    LENA,
    MINUTE,
    NOON,
    SAM,
    Story,
    a_ladder,
    a_policy,
    an_issue,
    an_opening,
    office_hours,
    rung,
    the_ladders,
    the_tiers,
)


def paging(**rules: Any) -> Policy:
    """A policy whose engineers are paged by these rules as soon as a ticket comes to them."""
    tier = TierRules(
        name="Engineering",
        channel=L3_CHANNEL,
        lead=LENA.id,
        page=PageRules(**({"service": "PSVCPAY", "escalation_policy": "PEPENG"} | rules)),
        page_on_entry=True,
    )
    return a_policy(tiers=the_tiers() | {Tier.L3: tier}, calendars={"office": office_hours(zone="UTC")})


def escalated(policy: Policy, opening: OpenTicket | None = None, at: timedelta = timedelta(0)) -> Story:
    """A ticket that was handed to engineering."""
    return Story(policy, opening, NOON + at).escalated(Tier.L3)


# --- raising -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("opening", "service", "escalation_policy"),
    [
        (an_opening(priority=Priority.P1), "PSVCGRAVE", "PEPGRAVE"),
        (an_opening(component="Cards"), "PSVCCARDS", None),
        (an_opening(component="refunds"), "PSVCGOLD", None),
        (an_opening(component="refunds", customer=GRACE.model_copy(update={"plan": None})), "PSVCPAY", "PEPENG"),
    ],
)
def test_the_first_service_that_the_ticket_matches_is_paged(
    opening: OpenTicket, service: str, escalation_policy: str | None
) -> None:
    services = (
        PageService(match=Match(priority=Priority.P1), service="PSVCGRAVE", escalation_policy="PEPGRAVE"),
        PageService(match=Match(product="payments", component="cards"), service="PSVCCARDS"),
        PageService(match=Match(plan="gold"), service="PSVCGOLD"),
    )
    draft = escalated(paging(services=services), opening).only(RaisePage).draft
    assert (draft.service, draft.escalation_policy) == (service, escalation_policy)


def test_the_pager_is_told_its_own_name_of_the_priority() -> None:
    named = paging(priorities={Priority.P3: "Sev-3"})
    assert escalated(named).only(RaisePage).draft.priority == "Sev-3"
    assert escalated(named, an_opening(priority=Priority.P1)).only(RaisePage).draft.priority == "P1"


@pytest.mark.parametrize(
    ("priority", "later", "urgency"),
    [
        (Priority.P1, 12 * HOUR, Urgency.HIGH),
        (Priority.P2, timedelta(0), Urgency.HIGH),
        (Priority.P2, 12 * HOUR, Urgency.LOW),
        (Priority.P4, timedelta(0), Urgency.LOW),
    ],
)
def test_urgency_is_by_priority_and_by_working_hours(priority: Priority, later: timedelta, urgency: Urgency) -> None:
    rules = paging(
        hours="office", low_urgency=frozenset({Priority.P4}), low_urgency_outside_hours=frozenset({Priority.P2})
    )
    story = escalated(rules, an_opening(priority=priority), later)
    assert story.only(RaisePage).draft.urgency is urgency
    assert story.ticket.pages[0].out_of_hours is bool(later)


def test_whoever_is_woken_reads_the_facts_and_no_personal_data() -> None:
    opening = an_opening(title="Grace Hopper cannot pay", component="cards")
    conference = Conference(url="https://meet.example/pay", number="+32 2 555 01 00")
    story = Story(paging(conference=conference), opening)
    story.does(LENA, Escalate(to=Tier.L3, reason="Grace Hopper (grace@navy.example, +32 475 12 34 56) waits"))
    draft = story.only(RaisePage).draft
    assert draft.facts == {
        "Ticket": "T-1042",
        "Tier": "L3 Engineering",
        "Priority": "P3",
        "Plan": "Gold",
        "Product": "payments",
        "Component": "cards",
        "Customers on it": "1",
        "Next clock": "acceptance, ends 2026-11-16 12:30:00 UTC",
        "Reason": "[customer] ([e-mail], [phone number]) waits",
    }
    assert (draft.conference_url, draft.conference_number) == ("https://meet.example/pay", "+32 2 555 01 00")
    everything = draft.model_dump_json()
    assert not [word for word in ("Grace", "Hopper", "navy", "475") if word in everything]


def test_a_page_for_a_known_bug_says_how_many_wait_for_it_and_where_it_is() -> None:
    ticket = Story().linked().ticket
    issue = ticket.issues[0].model_copy(update={"tickets": 7})
    known = ticket.model_copy(update={"issues": (issue,)})
    draft = draft_page(known, PageRules(service="PSVCPAY"), key="k", tier="L3 Engineering", reason="down", at=NOON)
    assert draft.facts["Customers on it"] == "7"
    assert draft.facts["Issue PAY-12"] == an_issue().url


# --- one need, one page ------------------------------------------------------------------------------------------------


def test_nobody_is_paged_for_a_ticket_that_somebody_has() -> None:
    policy = a_policy(ladders=the_ladders() | {"tell": a_ladder(rung(50, Action.PAGE), rung(100, Action.TELL_LEAD))})
    story = Story(policy).escalated(Tier.L3).page_raised().does(SAM, Accept()).passes(8 * HOUR)
    assert len(story.all(RaisePage)) == 1
    assert story.ticket.open_page is None


def test_nobody_is_paged_in_maintenance_which_the_channel_hears() -> None:
    window = MaintenanceWindow(name="Release", start=NOON - HOUR, end=NOON + HOUR)
    story = escalated(paging().model_copy(update={"maintenance": (window,)}))
    assert not story.all(RaisePage)
    assert "Tierline: Nobody was paged: maintenance “Release” is on" in story.timeline


def test_a_graver_ticket_raises_its_page_and_no_second_one() -> None:
    story = Story().with_engineering().does(LENA, SetPriority(priority=Priority.P1))
    update = story.only(UpdatePage)
    assert (update.page_key, update.priority, update.urgency) == (
        story.ticket.pages[0].key,
        "P1",
        Urgency.HIGH,
    )
    assert len(story.all(RaisePage)) == 1
    # Its own echo is no news.
    told = len(story.timeline)
    story.page_is(None, event=PageEvent.PRIORITY_UPDATED, at=story.now + MINUTE, priority="P1")
    assert len(story.timeline) == told


def test_a_less_grave_ticket_leaves_its_page_as_it_is() -> None:
    story = Story(opening=an_opening(priority=Priority.P1)).with_engineering()
    story.does(LENA, SetPriority(priority=Priority.P3))
    assert not story.all(UpdatePage)


def test_a_graver_ticket_without_a_page_updates_none() -> None:
    assert not Story().does(LENA, SetPriority(priority=Priority.P1)).all(UpdatePage)


def test_a_page_that_could_not_be_raised_and_is_there_after_all_is_ended_when_another_one_is_out() -> None:
    policy = a_policy(
        tiers=the_tiers(page_on_entry=True),
        ladders=the_ladders() | {"handoff": a_ladder(rung(50, Action.PAGE), rung(100, Action.TELL_LEAD))},
    )
    story = Story(policy).escalated(Tier.L3).fails(RaisePage, "timed out").passes(15 * MINUTE)
    first, second = story.ticket.pages
    assert (first.is_open, second.is_open) == (False, True)
    story.told_of(PageChanged(page_key=first.key, event=PageEvent.TRIGGERED, status=PageStatus.TRIGGERED, page_id="Q1"))
    assert [page.is_open for page in story.ticket.pages] == [False, True]
    assert [ended.page_key for ended in story.now_intended(ResolvePage)] == [first.key]


# --- notes -------------------------------------------------------------------------------------------------------------


def test_a_note_goes_to_the_page_that_is_out_without_personal_data() -> None:
    story = Story().with_engineering().does(SAM, Note(text="Grace Hopper called, grace@navy.example, error 502"))
    note = story.only(NotePage)
    assert note.page_key == story.ticket.pages[0].key
    assert note.text == "sam: [customer] called, [e-mail], error 502"


def test_a_note_on_a_ticket_without_a_page_stays_in_the_ticket() -> None:
    assert not Story().does(SAM, Note(text="look at the logs")).all(NotePage)
    ended = Story().with_engineering().does(SAM, Accept()).does(SAM, Note(text="look at the logs"))
    assert not ended.all(NotePage)


def test_a_note_that_the_pager_refuses_is_told() -> None:
    story = Story().with_engineering().does(SAM, Note(text="look at the logs")).fails(NotePage, "no such page")
    assert story.timeline[-1] == "Tierline: The note could not be written on the page: no such page"

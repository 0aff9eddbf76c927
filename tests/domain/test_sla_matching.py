"""Which SLA a ticket is measured by: written order, first match; said where none matches; pinned, and chosen anew by priority."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.clocks import ClockOutcome, ClockStatus, counted_at
from domain.intents import Notice
from domain.messages import SetPriority, Wait
from domain.people import Customer
from domain.policy import Action, ClockKind, ClockRules, Policy, Sla
from domain.sla_match import SlaFacts, SlaMatch
from domain.ticket_card import card_of
from domain.tiers import Priority, Tier, WaitingOn
from domain.views import view_of
from tests.domain.building import (
    HOUR,
    L1_CHANNEL,
    LENA,
    MINUTE,
    NOON,
    SAM,
    Story,
    a_ladder,
    a_policy,
    an_opening,
    office_hours,
    rung,
    targets,
    the_clocks,
    the_ladders,
    without_ladders,
)

P1, P2, P3, P4 = Priority


def facts(**known: Any) -> SlaFacts:
    """What is known of a ticket."""
    return SlaFacts(**({"priority": P3} | known))


def sla(name: str, hours: int, *, measures: tuple[ClockKind, ...] = (ClockKind.RESOLUTION,), **match: Any) -> Sla:
    """An SLA with one target for all that it measures."""
    rules = ClockRules(targets=targets(hours * HOUR))
    return Sla(name=name, match=SlaMatch(**match), clocks=dict.fromkeys(measures, rules))


def policy_of(*slas: Sla, clocks: dict[ClockKind, ClockRules] | None = None, **changes: Any) -> Policy:
    """A policy of these SLAs, in this order, and no other clocks unless given."""
    return a_policy(slas=slas, clocks=clocks or {}, **changes)


def opened(policy: Policy, plan: str | None = "Gold", **known: Any) -> Story:
    """A ticket of a customer on that plan."""
    return Story(policy, an_opening(customer=Customer(id="cus-1", name="Grace", plan=plan), **known))


# --- the match -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("match", "known", "fits"),
    [
        ({}, {}, True),
        ({"plan": ["gold", "platinum"]}, {"plan": "Gold"}, True),
        ({"plan": ["gold", "platinum"]}, {"plan": "silver"}, False),
        ({"plan": ["gold"]}, {}, False),
        ({"channel": ["email"]}, {"channel": "E-mail"}, False),
        ({"channel": ["email"]}, {"channel": "EMAIL "}, True),
        ({"product": ["payments"], "component": ["cards"]}, {"product": "payments", "component": "cards"}, True),
        ({"product": ["payments"], "component": ["cards"]}, {"product": "payments", "component": "terminals"}, False),
        ({"priority": ["P1", "P2"]}, {"priority": "P2"}, True),
        ({"priority": ["P1", "P2"]}, {"priority": "P3"}, False),
        ({"language": ["fr"]}, {"language": "fr-BE"}, True),
        ({"language": ["fr-BE"]}, {"language": "fr_be"}, True),
        ({"language": ["fr-BE"]}, {"language": "fr"}, False),
        ({"language": ["fr"]}, {"language": "fro"}, False),
        ({"language": ["fr"]}, {}, False),
    ],
)
def test_each_field_that_is_given_lists_what_it_allows(match: Any, known: Any, fits: bool) -> None:
    assert SlaMatch(**match).accepts(facts(**known)) is fits


def test_the_first_match_in_written_order_wins() -> None:
    gold, all_p1 = sla("Gold", 8, plan=("gold",)), sla("Urgent", 2, priority=(P1,))
    assert policy_of(gold, all_p1).sla_for(facts(plan="gold", priority=P1)) == "Gold"
    assert policy_of(all_p1, gold).sla_for(facts(plan="gold", priority=P1)) == "Urgent"


def test_the_policys_own_clocks_are_for_what_no_sla_matches() -> None:
    policy = policy_of(sla("Gold", 8, plan=("gold",)), clocks=the_clocks())
    assert opened(policy).ticket.sla == "Gold"
    other = opened(policy, plan="silver")
    assert other.ticket.sla == "default"
    assert {clock.kind for clock in other.ticket.clocks} == set(the_clocks())


def test_each_channel_language_and_product_can_have_its_own_promise() -> None:
    policy = policy_of(
        sla("Chat", 1, channel=("chat",)), sla("Français", 2, language=("fr",)), sla("Cards", 3, component=("cards",))
    )
    assert opened(policy, channel="chat", language="fr").ticket.sla == "Chat"
    assert opened(policy, language="fr-BE").ticket.sla == "Français"
    assert opened(policy, language="nl").ticket.sla == "Cards"


@pytest.mark.parametrize(
    ("slas", "clocks", "message"),
    [
        ((sla("Gold", 1), sla("gold", 2)), {}, "slas.0.name: another SLA has the name 'Gold' already"),
        ((sla("Default", 1),), the_clocks(), "slas.0.name: the SLA of `clocks` has the name 'Default' already"),
        ((sla("Gold", 1, measures=(ClockKind.VENDOR,)),), {}, "slas.0.clocks.vendor: a vendor's target"),
        (
            (Sla(name="Gold", clocks={ClockKind.RESOLUTION: ClockRules(targets=targets(HOUR), ladder="none")}),),
            {},
            "slas.0.clocks.resolution.ladder: there is no 'none'",
        ),
    ],
)
def test_slas_that_contradict_each_other_are_refused(slas: Any, clocks: Any, message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        policy_of(*slas, clocks=clocks)
    assert message in str(refused.value)


def test_a_value_that_is_written_twice_is_refused() -> None:
    with pytest.raises(ValidationError, match="written twice: GOLD, gold"):
        SlaMatch(plan=("gold", "GOLD"))


# --- shown and pinned ------------------------------------------------------------------------------------------------


def test_the_sla_is_shown_in_the_story_the_view_and_on_the_card() -> None:
    story = opened(policy_of(sla("Gold", 8, plan=("gold",))), language="fr-BE")
    assert story.timeline[-1] == "Tierline: SLA Gold: resolution starts, 8h, due 2026-11-16 20:00:00 UTC"
    view = view_of(story.ticket, story.now)
    assert (view.sla, view.language, [clock.sla for clock in view.clocks]) == ("Gold", "fr-BE", ["Gold"])
    assert card_of(story.ticket, story.now).sla == "Gold"


def test_a_policy_of_one_sla_spares_the_card_its_name() -> None:
    story = Story()
    assert view_of(story.ticket, story.now).sla == "default"
    assert card_of(story.ticket, story.now).sla is None


def test_a_ticket_that_no_sla_matches_has_no_clocks_and_says_so() -> None:
    story = opened(policy_of(sla("Gold", 8, plan=("gold",))), plan="Silver")
    assert (story.ticket.sla, story.ticket.clocks) == (None, ())
    known = "plan Silver, channel api, product payments, component cards, priority P3"
    assert any(f"No SLA of the policy matches this ticket ({known})" in line for line in story.timeline)
    (notice,) = story.all(Notice)
    assert (notice.channel, notice.mention) == (L1_CHANNEL, LENA.id)
    assert "has no clocks, no SLA of the policy matches it" in notice.text
    assert card_of(story.ticket, story.now).sla == "none matches: nothing is measured"
    story.replied().customer_writes().escalated(Tier.L2).resolved().customer_writes()
    assert story.ticket.clocks == ()


def test_a_policy_that_measures_nothing_on_purpose_complains_of_nothing() -> None:
    story = opened(a_policy(clocks={}))
    assert (story.ticket.clocks, story.all(Notice)) == ((), [])


# --- another priority ------------------------------------------------------------------------------------------------

URGENT = sla("Urgent", 2, measures=(ClockKind.RESOLUTION, ClockKind.FIRST_RESPONSE), priority=(P1, P2))
CALM = sla("Calm", 40, measures=(ClockKind.RESOLUTION, ClockKind.TIER_WORK), priority=(P3, P4))


def test_another_priority_chooses_the_sla_anew_where_slas_name_priorities() -> None:
    story = opened(policy_of(URGENT, CALM)).passes(HOUR).does(LENA, SetPriority(priority=P1))
    assert story.ticket.sla == "Urgent"
    resolution = story.clock(ClockKind.RESOLUTION)
    assert (resolution.sla, resolution.target, resolution.started_at, resolution.counted) == (
        "Urgent",
        2 * HOUR,
        NOON,
        HOUR,
    )
    assert story.clock(ClockKind.TIER_WORK).outcome is ClockOutcome.CANCELLED
    assert story.clock(ClockKind.FIRST_RESPONSE).started_at == NOON + HOUR
    changed, clocks = story.timeline[-2:]
    assert changed == (
        "lena: Priority changed from P3 to P1: the SLA is now Urgent instead of Calm; the clocks that run keep the time they counted"
    )
    assert "resolution now has 2h, 1h of them counted, due 2026-11-16 14:00:00 UTC" in clocks
    assert "tier work in L1 was cancelled after 1h of 1d16h" in clocks
    story.passes(HOUR)
    assert story.clock(ClockKind.RESOLUTION).breached_at == NOON + 2 * HOUR


def test_another_priority_stays_in_an_sla_that_names_none() -> None:
    gold = sla("Gold", 8, plan=("gold",))
    story = opened(policy_of(gold, CALM)).does(LENA, SetPriority(priority=P4))
    assert story.ticket.sla == "Gold"
    assert "the clocks that run have new targets and keep the time they counted" in " ".join(story.timeline)


def test_finished_clocks_are_never_rewritten_by_another_sla() -> None:
    story = opened(policy_of(URGENT, CALM), priority=P1).replied().passes(HOUR)
    before = story.clock(ClockKind.FIRST_RESPONSE)
    story.does(LENA, SetPriority(priority=P4)).does(LENA, SetPriority(priority=P2))
    assert story.clocks(ClockKind.FIRST_RESPONSE) == [before]


def test_a_priority_that_no_sla_is_for_ends_the_clocks_and_says_so() -> None:
    story = opened(policy_of(URGENT), priority=P1).passes(HOUR).does(LENA, SetPriority(priority=P3))
    assert story.ticket.sla is None
    assert {clock.outcome for clock in story.ticket.clocks} == {ClockOutcome.CANCELLED}
    assert "the SLA Urgent ends, and with it its clocks" in " ".join(story.timeline)
    assert ["no SLA of the policy matches it" in notice.text for notice in story.now_intended(Notice)] == [True]


def test_a_priority_that_brings_an_sla_starts_its_clocks() -> None:
    story = opened(policy_of(URGENT), priority=P3).passes(HOUR).does(LENA, SetPriority(priority=P1))
    assert {(clock.kind, clock.started_at) for clock in story.ticket.clocks} == {
        (ClockKind.RESOLUTION, NOON + HOUR),
        (ClockKind.FIRST_RESPONSE, NOON + HOUR),
    }


def test_a_clock_that_waits_goes_on_waiting_by_the_new_slas_own_pauses() -> None:
    waits = ClockRules(targets=targets(40 * HOUR), pauses=frozenset({WaitingOn.HOLD}))
    calm = Sla(name="Calm", match=SlaMatch(priority=(P3,)), clocks={ClockKind.RESOLUTION: waits})
    story = opened(policy_of(URGENT, calm)).passes(HOUR).does(SAM, Wait(on=WaitingOn.HOLD)).passes(HOUR)
    assert story.clock(ClockKind.RESOLUTION).status is ClockStatus.PAUSED
    story.does(LENA, SetPriority(priority=P1)).passes(30 * MINUTE)
    resolution = story.clock(ClockKind.RESOLUTION)
    assert resolution.status is ClockStatus.RUNNING
    assert counted_at(resolution, story.ticket.policy.calendar("always"), story.now) == HOUR + 30 * MINUTE


def test_steps_that_another_ladder_has_done_are_not_done_again() -> None:
    ladders = the_ladders() | {
        "calm": a_ladder(rung(50, Action.TELL_LEAD), rung(100, Action.TELL_LEAD)),
        "urgent": a_ladder(rung(25, Action.TELL_LEAD), rung(50, Action.TELL_LEAD), rung(75, Action.TELL_LEAD)),
    }
    calm = ClockRules(targets=targets(4 * HOUR), ladder="calm")
    urgent = ClockRules(targets=targets(4 * HOUR), ladder="urgent")
    policy = policy_of(
        Sla(name="Urgent", match=SlaMatch(priority=(P1,)), clocks={ClockKind.RESOLUTION: urgent}),
        Sla(name="Calm", clocks={ClockKind.RESOLUTION: calm}),
        ladders=ladders,
    )
    story = opened(policy).passes(2 * HOUR)
    assert len(story.all(Notice)) == 1
    story.does(LENA, SetPriority(priority=P1)).passes(MINUTE)
    assert len(story.all(Notice)) == 1
    assert story.clock(ClockKind.RESOLUTION).steps_done == {"0", "1"}
    story.passes(HOUR)
    assert len(story.all(Notice)) == 2


def test_a_vendors_clock_is_the_vendors_contract_whatever_the_priority() -> None:
    story = opened(policy_of(URGENT, CALM), priority=P1).escalated(Tier.L4)
    before = story.clock(ClockKind.VENDOR)
    assert story.does(LENA, SetPriority(priority=P4)).clock(ClockKind.VENDOR) == before


# --- faults of others ------------------------------------------------------------------------------------------------


def test_glpi_6902_pending_time_is_kept_when_the_sla_changes() -> None:
    calendars = {"office": office_hours("UTC")}
    paused = ClockRules(targets=targets(20 * HOUR), pauses=frozenset({WaitingOn.CUSTOMER}), calendar="office")
    urgent = ClockRules(targets=targets(8 * HOUR), pauses=frozenset({WaitingOn.CUSTOMER}))
    policy = policy_of(
        Sla(name="Urgent", match=SlaMatch(priority=(P1,)), clocks={ClockKind.RESOLUTION: urgent}),
        Sla(name="Calm", clocks={ClockKind.RESOLUTION: paused}),
        calendars=calendars,
    )
    # An hour of work, then two hours in which the customer is to act; the SLA changes while it is still the customer's turn.
    story = opened(policy).passes(HOUR).replied().passes(2 * HOUR).does(LENA, SetPriority(priority=P1))
    assert story.clock(ClockKind.RESOLUTION).counted == HOUR
    story.passes(3 * HOUR).customer_writes()
    view = next(c for c in view_of(story.ticket, story.now).clocks if c.kind is ClockKind.RESOLUTION)
    assert (view.counted_s, view.due_at) == (3600, NOON + 13 * HOUR)
    story.passes(7 * HOUR)
    assert story.clock(ClockKind.RESOLUTION).breached_at == NOON + 13 * HOUR


def test_what_was_counted_by_the_old_calendar_stays_counted_by_the_new_one() -> None:
    evening = NOON + 5 * HOUR
    calm = ClockRules(targets=targets(20 * HOUR), calendar="office")
    policy = policy_of(
        sla("Urgent", 8, priority=(P1,)),
        Sla(name="Calm", clocks={ClockKind.RESOLUTION: calm}),
        calendars={"office": office_hours("UTC")},
    )
    story = Story(policy, an_opening(), at=evening).passes(3 * HOUR).does(LENA, SetPriority(priority=P1)).passes(HOUR)
    resolution = story.clock(ClockKind.RESOLUTION)
    # One hour until the office closed at six, none until the change at eight, one since.
    assert counted_at(resolution, story.ticket.policy.calendar(resolution.calendar), story.now) == 2 * HOUR
    assert without_ladders().sla_for(facts()) == "default"

"""What a policy may say, and what it chooses."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from domain.calendar import Calendar, Week
from domain.issues import Tracker
from domain.paging import Urgency
from domain.people import Role
from domain.policy import (
    DEFAULT_PERMISSIONS,
    Action,
    ClockKind,
    ClockRules,
    CommandName,
    DigestRules,
    Ladder,
    Match,
    PageRules,
    Route,
    Rung,
    VendorRules,
)
from domain.tiers import Priority, Tier, WaitingOn
from tests.domain.building import DAY, HOUR, LENA, MINUTE, a_ladder, a_policy, rung, targets, the_clocks, the_tiers


def clocks_with(**changes: Any) -> dict[ClockKind, ClockRules]:
    """The clocks, of which one is different."""
    return the_clocks() | {ClockKind.RESOLUTION: ClockRules(**({"targets": targets(HOUR)} | changes))}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"clocks": clocks_with(calendar="office")},
            "clocks.resolution.calendar: there is no 'office'; defined: always",
        ),
        (
            {"clocks": clocks_with(ladder="nowhere")},
            "clocks.resolution.ladder: there is no 'nowhere'; defined: handoff",
        ),
        ({"entry_tier": Tier.L0}, "entry_tier: L0 is not among the tiers"),
        ({"entry_tier": Tier.L4}, "no ticket starts in L4"),
        (
            {"vendors": {"x": VendorRules(name="X", email="x@x.example", target=HOUR, calendar="moon")}},
            "vendors.x.calendar: there is no 'moon'",
        ),
        (
            {"tiers": {Tier.L1: the_tiers()[Tier.L1].model_copy(update={"page_on_entry": True})}},
            "tiers.L1: page_on_entry needs `page`",
        ),
        (
            {
                "calendars": {"mondays": Calendar(weekly=Week(mon=("08:00-08:01",)))},
                "clocks": clocks_with(calendar="mondays", targets=targets(100 * HOUR)),
            },
            "clocks.resolution: the calendar 'mondays' is not open that long",
        ),
        (
            {
                "calendars": {"mondays": Calendar(weekly=Week(mon=("08:00-08:01",)))},
                "vendors": {"x": VendorRules(name="X", email="x@x.example", target=DAY, calendar="mondays")},
            },
            "vendors.x.target: the calendar 'mondays' is not open that long",
        ),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused_with_the_field(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        a_policy(**changes)
    assert message in str(refused.value)


def test_repeats_that_go_on_longer_than_the_calendar_are_refused() -> None:
    with pytest.raises(ValidationError, match="not open that long"):
        a_policy(
            calendars={"mondays": Calendar(weekly=Week(mon=("08:00-09:00",)))},
            clocks=clocks_with(calendar="mondays", ladder="long"),
            ladders=a_policy().ladders | {"long": a_ladder(rung(100, Action.TELL_LEAD, every=10 * DAY, times=100))},
        )


def test_every_priority_needs_a_target() -> None:
    with pytest.raises(ValidationError, match="give a target for P2, P4 as well"):
        ClockRules(targets={Priority.P1: HOUR, Priority.P3: HOUR})


def test_a_clock_cannot_pause_while_the_tier_is_to_act() -> None:
    with pytest.raises(ValidationError, match="cannot pause while the tier itself is to act"):
        ClockRules(targets=targets(HOUR), pauses=frozenset({WaitingOn.TIER}))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"times": 2}, "`times` needs `every`"),
        ({"every": MINUTE}, "`every` needs `times`"),
        ({"at": 0}, "greater than"),
    ],
)
def test_a_rung_that_makes_no_sense_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Rung(**({"at": 50, "do": (Action.TELL_LEAD,)} | fields))


def test_a_ladder_is_written_in_rising_order() -> None:
    with pytest.raises(ValidationError, match="rising order"):
        Ladder(rungs=(rung(100, Action.TELL_LEAD), rung(50, Action.TELL_OWNER)))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"tracker": Tracker.GITHUB, "project": "storefront"}, "owner/repository"),
        ({"tracker": Tracker.JIRA, "project": "PAY"}, "needs an issue_type"),
    ],
)
def test_a_route_fits_its_tracker(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Route(**fields)


@pytest.mark.parametrize("rhythm", [{}, {"every": DAY, "cron": "0 7 * * MON"}])
def test_a_digest_has_one_rhythm(rhythm: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="either `every` or `cron`"):
        DigestRules(team="support", channel="C0LEADS", period=timedelta(days=7), **rhythm)


def test_a_field_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        a_policy(quiettime=DAY)


def test_the_first_route_that_matches_wins() -> None:
    anything = Route(tracker=Tracker.GITHUB, project="acme/other")
    policy = a_policy(routes=(*a_policy().routes, anything))

    def project(**changes: Any) -> str | None:
        ticket = {"product": "payments", "component": None, "priority": Priority.P3, "plan": None} | changes
        route = policy.route(**ticket)
        return route.project if route is not None else None

    assert project() == "PAY"
    assert project(product="PAYMENTS") == "PAY"
    assert project(product="storefront") == "acme/storefront"
    assert project(product=None) == "acme/other"


def test_a_match_takes_every_field_that_is_set() -> None:
    match = Match(product="payments", priority=Priority.P1, plan="gold")
    fields: dict[str, Any] = {"product": "payments", "component": "cards", "priority": Priority.P1, "plan": "Gold"}
    assert match.accepts(**fields)
    assert not match.accepts(**(fields | {"priority": Priority.P2}))
    assert not match.accepts(**(fields | {"plan": None}))


def test_the_vendor_is_the_one_that_matches_or_the_only_one() -> None:
    one = a_policy().vendors
    two = one | {"hostco": VendorRules(name="Hostco", email="desk@hostco.example", target=HOUR)}
    ticket: dict[str, Any] = {"product": None, "component": None, "priority": Priority.P3, "plan": None}
    cards = ticket | {"component": "cards"}
    assert a_policy(vendors=one).vendor_for(**ticket) == "cardnet"
    assert a_policy(vendors=two).vendor_for(**ticket) is None
    assert a_policy(vendors=two).vendor_for(**cards) == "cardnet"
    assert a_policy(vendors={}).vendor_for(**cards) is None


def test_urgency_is_low_for_what_waits_until_the_morning() -> None:
    rules = PageRules(service="P", low_urgency=frozenset({Priority.P4}))
    assert rules.urgency(Priority.P4) is Urgency.LOW
    assert rules.urgency(Priority.P1) is Urgency.HIGH


def test_roles_come_from_the_policy_and_permissions_have_defaults() -> None:
    policy = a_policy(
        roles={Role.LEAD: (LENA.id,), Role.ENGINEER: (LENA.id, "U0ADA")},
        permissions={CommandName.ESCALATE: (Role.AGENT,)},
    )
    assert policy.roles_of(LENA.id) == {Role.LEAD, Role.ENGINEER}
    assert policy.roles_of("U0EVE") == frozenset()
    assert policy.allowed(CommandName.ESCALATE) == (Role.AGENT,)
    assert policy.allowed(CommandName.RETURN) == DEFAULT_PERMISSIONS[CommandName.RETURN]


def test_tiers_know_what_is_above_and_below() -> None:
    assert [tier.above() for tier in Tier] == [Tier.L1, Tier.L2, Tier.L3, Tier.L4, None]
    assert [tier.below() for tier in Tier] == [None, Tier.L0, Tier.L1, Tier.L2, Tier.L3]

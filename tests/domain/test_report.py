"""The quality gate: what a tier asks for before a person may escalate to it, and where what was written goes."""

from typing import Any

import pytest

from config.issue_text import issue_text
from domain.clocks import ClockStatus
from domain.intents import OpenIssue, OpenVendorCase, TellIssue
from domain.messages import Escalate, Return
from domain.people import ActorKind, Role
from domain.policy import ClockKind, CommandName, Policy, ReportField, Sla, VendorRules
from domain.report import EscalationReport, in_words, merged, missing_parts, report_text
from domain.sla_match import SlaMatch
from domain.tiers import Priority, Tier
from domain.views import view_of
from tests.domain.building import (
    ADA,
    GRACE,
    HOUR,
    LENA,
    MINUTE,
    Story,
    a_person,
    a_policy,
    an_opening,
    the_clocks,
    the_tiers,
)

IMPACT = "Every shop of Contoso is down"
STEPS = "Pay any basket by card: 502"
WORDS = "We are looking at it"


def asking(*parts: ReportField, tier: Tier = Tier.L3, **changes: Any) -> Policy:
    """A policy in which a tier asks for these parts."""
    tiers = the_tiers()
    tiers[tier] = tiers[tier].model_copy(update={"requires": parts})
    return a_policy(tiers=tiers, **changes)


def up(to: Tier = Tier.L3, priority: Priority | None = None, vendor: str | None = None, **parts: str) -> Escalate:
    report = EscalationReport(**parts) if parts else None
    return Escalate(to=to, reason="needs engineers", priority=priority, vendor=vendor, report=report)


def test_a_person_without_what_the_tier_asks_for_is_told_what_is_missing() -> None:
    story = Story(asking(ReportField.IMPACT, ReportField.REPRODUCTION, ReportField.CUSTOMER_SUMMARY))

    all_of_it = story.refuses(LENA, up())
    some = story.refuses(LENA, up(impact=IMPACT))

    assert (
        "L3 Engineering does not take T-1042 without the impact, how to reproduce it and what the customer" in all_of_it
    )
    assert "without how to reproduce it and what the customer may read" in some


def test_the_api_is_asked_as_people_are() -> None:
    caller = a_person("help-desk", "Help desk", Role.LEAD, kind=ActorKind.API)
    assert "without the impact" in Story(asking(ReportField.IMPACT)).refuses(caller, up())


def test_blanks_are_nothing_written() -> None:
    assert "without the impact" in Story(asking(ReportField.IMPACT)).refuses(LENA, up(impact="  \n "))


def test_what_is_written_down_opens_the_gate_and_is_kept() -> None:
    story = Story(asking(ReportField.IMPACT, ReportField.REPRODUCTION))

    story.does(LENA, up(impact=IMPACT, reproduction=STEPS))

    assert story.ticket.tier is Tier.L3
    assert story.ticket.report == EscalationReport(impact=IMPACT, reproduction=STEPS)
    assert view_of(story.ticket, story.now).report == story.ticket.report
    assert any(f"Impact:\n{IMPACT}" in line and line.startswith("lena: ") for line in story.thread)


def test_an_earlier_report_counts_and_a_later_one_is_laid_over_it() -> None:
    story = Story(asking(ReportField.IMPACT, ReportField.REPRODUCTION))
    story.does(LENA, up(Tier.L2, impact="One shop", reproduction=STEPS))

    story.does(LENA, up(impact=IMPACT))

    assert story.ticket.report == EscalationReport(impact=IMPACT, reproduction=STEPS)


def test_a_component_that_is_known_of_the_ticket_need_not_be_named_again() -> None:
    policy = asking(ReportField.COMPONENT)
    Story(policy, an_opening(component="cards")).does(LENA, up())
    unknown = Story(policy, an_opening(component=None))
    assert "without the component" in unknown.refuses(LENA, up())
    assert unknown.does(LENA, up(component="wallets")).ticket.component == "wallets"


def test_a_ladder_is_not_held_up_and_the_story_says_what_is_missing() -> None:
    story = Story(asking(ReportField.IMPACT, tier=Tier.L2))

    story.passes(30 * MINUTE)

    assert story.ticket.tier is Tier.L2
    assert "Tierline: L2 Technical asks for the impact, and nobody has written it down yet" in story.timeline


def test_after_a_return_what_was_written_still_counts() -> None:
    story = Story(asking(ReportField.IMPACT)).does(LENA, up(impact=IMPACT))
    story.does(ADA, Return(reason="missing: how to reproduce it"))

    story.does(LENA, up(reproduction=STEPS))

    assert story.ticket.tier is Tier.L3
    assert story.ticket.report == EscalationReport(impact=IMPACT, reproduction=STEPS)


def test_engineers_read_the_report_in_the_issue_without_whose_it_is() -> None:
    story = Story(asking()).does(
        LENA, up(impact=f"{GRACE.name} cannot pay", reproduction=f"mail {GRACE.email}", customer_summary=WORDS)
    )

    facts = story.only(OpenIssue).facts
    assert facts is not None
    body = issue_text(None, facts, None)

    assert "## Impact\n[customer] cannot pay" in body
    assert "## How to reproduce it\nmail [e-mail]" in body
    assert f"## What the customer may read\n{WORDS}" in body
    assert body.count("## Impact") == 1
    assert "Grace" not in body


def test_engineers_who_have_the_issue_already_read_the_new_report_there() -> None:
    story = Story(asking()).with_engineering().does(ADA, Return(reason="what are the steps?"))

    story.does(LENA, up(reproduction=f"{STEPS}, as {GRACE.name}", customer_summary=WORDS))

    (told,) = [tell.text for tell in story.now_intended(TellIssue)]
    assert f"How to reproduce it:\n{STEPS}, as [customer]" in told
    assert WORDS not in told


def test_a_vendor_reads_impact_and_steps_and_not_the_words_for_the_customer() -> None:
    story = Story(asking()).does(LENA, up(Tier.L2, impact=IMPACT, reproduction=STEPS, customer_summary=WORDS))

    story.does(LENA, up(Tier.L4))

    text = story.only(OpenVendorCase).text
    assert IMPACT in text
    assert STEPS in text
    assert WORDS not in text


def test_the_severity_changes_in_the_same_decision_and_the_ticket_goes_by_it() -> None:
    story = Story(asking()).does(LENA, up(priority=Priority.P1))

    assert (story.ticket.tier, story.ticket.priority) == (Tier.L3, Priority.P1)
    resolution = story.clock(ClockKind.RESOLUTION)
    assert (resolution.status, resolution.target) == (ClockStatus.RUNNING, 4 * HOUR)
    assert story.only(OpenIssue).draft.priority == "Highest"


def test_the_same_severity_again_changes_nothing() -> None:
    story = Story(asking()).does(LENA, up(priority=Priority.P3))
    assert not any("Priority changed" in line for line in story.timeline)


def test_who_may_escalate_and_not_set_priorities_cannot_do_so_by_the_way() -> None:
    story = Story(asking(permissions={CommandName.PRIORITY: (Role.OPERATOR,)}))
    assert "lena may not change the priority" in story.refuses(LENA, up(priority=Priority.P1))
    assert story.does(LENA, up(priority=Priority.P3)).ticket.tier is Tier.L3


def test_the_component_that_is_named_chooses_the_route_the_vendor_and_the_sla() -> None:
    vendors = {
        "cardnet": VendorRules(name="Cardnet", email="desk@cardnet.example", target=HOUR, match={"component": "cards"}),
        "boxes": VendorRules(name="Boxes", email="desk@boxes.example", target=HOUR, match={"component": "terminals"}),
    }
    slas = (Sla(name="terminals", match=SlaMatch(component=("terminals",)), clocks=the_clocks()),)
    story = Story(asking(vendors=vendors, slas=slas), an_opening(component=None))

    story.does(LENA, up(Tier.L4, component="terminals"))

    assert story.only(OpenVendorCase).vendor == "boxes"
    assert story.ticket.sla == "terminals"
    assert any("The component is terminals: the SLA is now terminals" in line for line in story.timeline)


@pytest.mark.parametrize(
    ("before", "after", "both"),
    [
        (None, None, None),
        ({"impact": "a"}, None, {"impact": "a"}),
        (None, {"impact": "b"}, {"impact": "b"}),
        ({"impact": "a", "component": "c"}, {"impact": "b"}, {"impact": "b", "component": "c"}),
        ({"impact": "a"}, {"impact": " "}, {"impact": "a"}),
    ],
)
def test_reports_are_laid_over_each_other(
    before: dict[str, str] | None, after: dict[str, str] | None, both: dict[str, str] | None
) -> None:
    reports = [EscalationReport(**parts) if parts is not None else None for parts in (before, after, both)]
    assert merged(reports[0], reports[1]) == reports[2]


def test_parts_are_said_as_people_say_them() -> None:
    assert in_words([ReportField.IMPACT]) == "the impact"
    assert in_words([ReportField.COMPONENT, ReportField.IMPACT]) == "the component and the impact"
    assert report_text(None) == ""
    assert report_text(EscalationReport(component="cards", impact="x")) == "Component:\ncards\n\nImpact:\nx"
    assert missing_parts([ReportField.IMPACT], None, "cards") == (ReportField.IMPACT,)

"""Acknowledged anywhere is acknowledged everywhere: in PagerDuty, in Slack, through the API, or by work that begins in the tracker."""

from collections.abc import Callable

import pytest

from domain.intents import Notice
from domain.issues import IssueCategory
from domain.messages import Accept, CustomerMessage, Reply
from domain.paging import PageStatus
from domain.policy import Action, ClockKind, Policy
from domain.tiers import Priority, Tier
from tests.domain.building import (
    ADA,
    DAY,
    HELPDESK,
    HOUR,
    MINUTE,
    Story,
    a_ladder,
    a_person,
    a_policy,
    rung,
    the_clocks,
    the_ladders,
)

PAGING = a_ladder(
    rung(50, Action.PAGE),
    rung(90, Action.PAGE, Action.TELL_LEAD, every=20 * MINUTE, times=5),
)

WAYS: dict[str, Callable[[Story], Story]] = {
    "the page, in PagerDuty": lambda story: story.page_is(PageStatus.ACKNOWLEDGED, by="Ada"),
    "the card, in Slack": lambda story: story.does(ADA, Accept()),
    "the API": lambda story: story.does(HELPDESK, Accept()),
    "the issue, in progress in Jira": lambda story: story.issue_is(IssueCategory.IN_PROGRESS),
    "an answer to the customer": lambda story: story.does(ADA, Reply(text="We are on it", awaits_customer=False)),
}


def paged_by(kind: ClockKind) -> Policy:
    """A policy in which that clock's ladder pages, again and again; its target is an hour, and no other clock has a ladder."""
    clocks = {k: rules.model_copy(update={"ladder": None}) for k, rules in the_clocks().items()}
    clocks[kind] = clocks[kind].model_copy(update={"ladder": "paging", "targets": dict.fromkeys(Priority, HOUR)})
    return a_policy(clocks=clocks, ladders=the_ladders() | {"paging": PAGING})


def with_engineering(kind: ClockKind) -> Story:
    """In L3 with an issue and an open page."""
    return Story(paged_by(kind)).with_engineering()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", list(the_clocks()))
def test_oncall_4760_no_page_goes_on_after_the_acknowledgement(kind: ClockKind, way: str) -> None:
    """Whichever clock's ladder pages, and wherever somebody says that they have it."""
    story = WAYS[way](with_engineering(kind).passes(10 * MINUTE))
    assert story.ticket.stint.accepted_by is not None
    raised = len(story.wanted_pages)
    story.passes(DAY)
    assert story.ticket.tier is Tier.L3
    assert len(story.wanted_pages) == raised
    # The pager itself wakes nobody any more: the page is acknowledged there, or was ended.
    page = story.ticket.pages[-1]
    assert page.status is PageStatus.ACKNOWLEDGED or story.ended_pages == [page.key]


@pytest.mark.parametrize("way", WAYS)
def test_the_acceptance_clock_and_its_ladder_end(way: str) -> None:
    story = WAYS[way](with_engineering(ClockKind.HANDOFF).passes(10 * MINUTE))
    assert story.clock(ClockKind.HANDOFF).stopped
    told = len(story.all(Notice))
    story.passes(DAY)
    assert len(story.all(Notice)) == told


@pytest.mark.parametrize("kind", [ClockKind.TIER_WORK, ClockKind.RESOLUTION])
def test_who_has_the_ticket_is_told_where_somebody_would_have_been_woken(kind: ClockKind) -> None:
    story = with_engineering(kind).does(ADA, Accept()).passes(30 * MINUTE)
    assert story.told[0][0] == ADA.id
    assert story.told[0][1].endswith("nobody was paged: ada has it")
    assert any("nobody was paged: ada has it" in line for line in story.timeline)


def test_the_lead_goes_on_to_hear_of_a_clock_that_runs_on() -> None:
    story = with_engineering(ClockKind.TIER_WORK).does(ADA, Accept()).passes(54 * MINUTE)
    assert any("is at 90 %" in notice.text for notice in story.all(Notice) if notice.mention)


def test_a_page_that_nobody_had_answered_yet_is_ended_once() -> None:
    story = with_engineering(ClockKind.HANDOFF).does(ADA, Accept())
    story.issue_is(IssueCategory.IN_PROGRESS).does(ADA, Reply(text="We are on it"))
    assert len(story.ended_pages) == 1
    assert any("The page is ended: ada has the ticket" in line for line in story.timeline)


def test_an_acknowledgement_counts_for_its_stint_alone() -> None:
    ops = a_person("U0OPS", "ops", *ADA.roles)
    story = with_engineering(ClockKind.HANDOFF).does(ops, Accept()).replied(ops).passes(DAY)
    story.does(HELPDESK, CustomerMessage(text="It fails again")).passes(30 * MINUTE)
    assert len(story.wanted_pages) == 2, "the follow-up is a need of its own"


def test_zammad_3140_nothing_is_escalated_after_the_agent_has_replied() -> None:
    story = Story().passes(20 * MINUTE).replied()
    told, tier = len(story.all(Notice)), story.ticket.tier
    story.passes(10 * DAY)
    assert story.clock(ClockKind.FIRST_RESPONSE).breached_at is None
    assert (story.ticket.tier, len(story.all(Notice))) == (tier, told)

"""An edited policy meets tickets that are open: from now on, counted anew, or not at all."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain import policy_edit
from domain.clocks import Clock, counted_at
from domain.engineering_rules import EngineeringRules
from domain.intents import Notice, RaisePage, RuleIssue
from domain.messages import ApplyPolicy, Wait
from domain.people import Role
from domain.policy import Action, ClockKind, Policy
from domain.policy_edit import effect_of
from domain.ticket import EditMode, Ticket
from domain.tiers import Owner, Tier, WaitingOn
from domain.timeline import TicketTimeline, WhyUntold, timeline_of
from tests.domain.building import (
    DAY,
    HOUR,
    LENA,
    MINUTE,
    NOON,
    SAM,
    Story,
    a_ladder,
    a_person,
    a_policy,
    an_issue,
    office_hours,
    rung,
    targets,
    the_ladders,
    the_tiers,
    without_ladders,
)

OLGA = a_person("olga", "olga", Role.OPERATOR)


def edited(policy: Policy, resolution: timedelta, *, version: str = "8", **changes: Any) -> Policy:
    """The policy with another target for resolution."""
    rules = policy.clocks[ClockKind.RESOLUTION].model_copy(update={"targets": targets(resolution), **changes})
    return policy.model_copy(update={"version": version, "clocks": policy.clocks | {ClockKind.RESOLUTION: rules}})


def apply(story: Story, policy: Policy, mode: EditMode) -> Story:
    """The operator applies a policy."""
    return story.does(OLGA, ApplyPolicy(policy=policy, mode=mode, why="the contract changed"))


def test_from_now_a_running_clock_keeps_what_it_counted() -> None:
    story = Story(without_ladders()).accepted().replied(awaits_customer=False).passes(HOUR)
    apply(story, edited(story.ticket.policy, 4 * HOUR), EditMode.FROM_NOW)
    clock = story.clock(ClockKind.RESOLUTION)
    assert (clock.target, clock.counted, clock.policy_version) == (4 * HOUR, HOUR, "8")
    assert story.passes(4 * HOUR).clock(ClockKind.RESOLUTION).breached_at == NOON + 4 * HOUR
    assert any("Put under the policy Acme 8 instead of Acme 7, from now on" in line for line in story.timeline)
    assert any(
        "resolution now has 4h, 1h of them counted, due 2026-11-16 16:00:00 UTC" in line for line in story.timeline
    )


def test_issues_go_by_the_policy_that_their_ticket_is_put_under() -> None:
    story = Story(without_ladders()).accepted().linked()
    apply(story, edited(story.ticket.policy, 4 * HOUR), EditMode.FROM_NOW)
    assert not story.all(RuleIssue)
    rules = EngineeringRules(reopen_after=3)
    apply(
        story,
        edited(story.ticket.policy, HOUR, version="9").model_copy(update={"engineering": rules}),
        EditMode.FROM_NOW,
    )
    assert [intent.ref for intent in story.all(RuleIssue)] == [an_issue()]
    assert story.ticket.policy.issue_rules().reopen_after == 3


def test_a_finished_clock_is_never_rewritten() -> None:
    story = Story(without_ladders()).replied().passes(HOUR)
    before = story.clock(ClockKind.FIRST_RESPONSE)
    apply(story, edited(story.ticket.policy, 4 * HOUR), EditMode.RETROACTIVELY)
    assert story.clock(ClockKind.FIRST_RESPONSE) == before
    assert before.policy_version == "7"


def test_retroactively_a_breach_is_where_the_new_rules_put_it() -> None:
    story = Story(without_ladders()).accepted().does(SAM, Wait(on=WaitingOn.CUSTOMER)).passes(DAY)
    story.does(SAM, Wait(on=WaitingOn.TIER)).passes(5 * HOUR)
    apply(story, edited(story.ticket.policy, 2 * HOUR), EditMode.RETROACTIVELY)
    clock = story.clock(ClockKind.RESOLUTION)
    assert (clock.breached_at, clock.counted) == (NOON + DAY + 2 * HOUR, 5 * HOUR)


def test_retroactively_a_breach_is_taken_back() -> None:
    story = Story(without_ladders()).accepted().passes(3 * DAY)
    assert story.clock(ClockKind.RESOLUTION).breached_at == NOON + 2 * DAY
    apply(story, edited(story.ticket.policy, 9 * DAY), EditMode.RETROACTIVELY)
    assert story.clock(ClockKind.RESOLUTION).breached_at is None


def test_from_now_a_breach_stays() -> None:
    story = Story(without_ladders()).accepted().passes(3 * DAY)
    apply(story, edited(story.ticket.policy, 9 * DAY), EditMode.FROM_NOW)
    assert story.clock(ClockKind.RESOLUTION).breached_at == NOON + 2 * DAY


@pytest.mark.parametrize("mode", [EditMode.FROM_NOW, EditMode.RETROACTIVELY])
def test_steps_in_the_past_are_summed_up_in_one_notice(mode: EditMode) -> None:
    ladders = the_ladders() | {"loud": a_ladder(*(rung(at, Action.TELL_LEAD) for at in (20, 40, 60, 80, 100)))}
    policy = a_policy(ladders=ladders)
    story = Story(policy).accepted().replied(awaits_customer=False).passes(10 * HOUR)
    notices, pages = len(story.all(Notice)), len(story.all(RaisePage))
    apply(story, edited(policy, 8 * HOUR, ladder="loud"), mode)
    assert len(story.now_intended(Notice)) == 1
    assert "5 steps of its ladder behind it" in story.now_intended(Notice)[0].text
    story.passes(DAY)
    assert (len(story.all(Notice)), len(story.all(RaisePage))) == (notices + 1, pages)


def test_the_same_version_is_applied_once() -> None:
    story = Story(without_ladders()).passes(HOUR)
    policy = edited(story.ticket.policy, 4 * HOUR)
    apply(story, policy, EditMode.FROM_NOW)
    said = story.refuses(OLGA, ApplyPolicy(policy=policy, mode=EditMode.FROM_NOW, why="again"))
    assert said == "T-1042 is under Acme 8 already: an edited policy needs a new version"


def test_a_policy_without_a_tier_that_the_ticket_was_in_is_refused() -> None:
    story = Story(without_ladders()).escalated(Tier.L2)
    tiers = {tier: rules for tier, rules in the_tiers(page_on_entry=False).items() if tier is not Tier.L2}
    policy = without_ladders(tiers=tiers, version="8")
    said = story.refuses(OLGA, ApplyPolicy(policy=policy, mode=EditMode.FROM_NOW, why="fewer tiers"))
    assert said == "Acme 8 has no tier L2, in which T-1042 has been: keep it in the policy"


def test_only_an_operator_applies_a_policy() -> None:
    story = Story(without_ladders())
    said = story.refuses(LENA, ApplyPolicy(policy=edited(story.ticket.policy, HOUR), mode=EditMode.FROM_NOW, why="x"))
    assert said == "lena may not apply policy: it takes the role operator"


def test_a_resolved_ticket_keeps_its_policy() -> None:
    story = Story(without_ladders()).resolved()
    said = story.refuses(OLGA, ApplyPolicy(policy=edited(story.ticket.policy, HOUR), mode=EditMode.FROM_NOW, why="x"))
    assert said == "T-1042 is resolved: reopen it first"


def test_a_dry_run_tells_what_would_be_said_and_changes_nothing() -> None:
    story = Story(without_ladders()).accepted().passes(HOUR)
    request = ApplyPolicy(policy=edited(story.ticket.policy, 4 * HOUR), mode=EditMode.FROM_NOW, why="tighter")
    before = story.ticket
    effect = effect_of(story.ticket, request, OLGA, story.now)
    assert story.ticket is before
    said = len(story.ticket.timeline)
    story.does(OLGA, request)
    assert effect.changes == tuple(entry.text for entry in story.ticket.timeline[said:])
    assert any("resolution now has 4h" in change for change in effect.changes)


def test_the_time_before_an_edit_is_told_by_the_policy_then_in_force() -> None:
    tiers = the_tiers(page_on_entry=False)
    closed = {t: r.model_copy(update={"calendar": "office"}) for t, r in tiers.items()}
    first = without_ladders(tiers=closed, calendars={"office": office_hours()})
    story = Story(first).accepted().passes(DAY)
    apply(story, without_ladders(tiers=tiers, version="8"), EditMode.FROM_NOW)
    story.passes(DAY)
    assert story.spent() == {Owner.L1: 10 * HOUR + DAY, Owner.CLOSED_HOURS: 14 * HOUR}
    told = timeline_of(story.ticket, story.now, NOON + HOUR)
    assert isinstance(told, TicketTimeline)
    assert (told.policy, {clock.policy_version for clock in told.clocks}) == ("Acme 7", {"7"})
    now = timeline_of(story.ticket, story.now)
    assert isinstance(now, TicketTimeline)
    assert [span.owner for span in now.spans] == [Owner.L1, Owner.CLOSED_HOURS, Owner.L1]
    assert now.policy == "Acme 8"


def test_a_ticket_carries_the_newest_edits_and_says_from_when_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_edit, "MOST_EDITS", 2)
    story = Story(without_ladders()).accepted()
    for version in ("8", "9", "10"):
        story.passes(HOUR)
        apply(story, edited(story.ticket.policy, DAY, version=version), EditMode.FROM_NOW)
    story.passes(HOUR)
    assert getattr(timeline_of(story.ticket, story.now, NOON + 30 * MINUTE), "why", None) is WhyUntold.NOT_CARRIED
    told = timeline_of(story.ticket, story.now, NOON + 90 * MINUTE)
    assert isinstance(told, TicketTimeline)
    assert told.policy == "Acme 8"
    assert sum(story.spent().values(), timedelta(0)) == 4 * HOUR


_WAITS = st.lists(st.tuples(st.sampled_from(WaitingOn), st.timedeltas(MINUTE, 3 * DAY)), max_size=8)


@example(waits=[(WaitingOn.TIER, 4 * DAY), (WaitingOn.VENDOR, MINUTE)], target=40 * HOUR, office=True)
@given(_WAITS, st.sampled_from([HOUR, 9 * HOUR, 40 * HOUR]), st.booleans())
def test_counted_anew_is_as_if_the_rules_had_always_been_these(
    waits: list[tuple[WaitingOn, timedelta]], target: timedelta, office: bool
) -> None:
    old = without_ladders(calendars={"office": office_hours()})
    pauses = frozenset({WaitingOn.HOLD, WaitingOn.VENDOR})
    new = edited(old, target, calendar="office" if office else "always", pauses=pauses)
    always, later = (_lived(Story(policy).accepted(), waits) for policy in (new, old))
    apply(later, new, EditMode.RETROACTIVELY)
    for kind in (ClockKind.RESOLUTION, ClockKind.TIER_WORK):
        assert _essence(later.ticket, later.clock(kind), later) == _essence(always.ticket, always.clock(kind), always)


def _lived(story: Story, waits: list[tuple[WaitingOn, timedelta]]) -> Story:
    for on, length in waits:
        if on is not story.ticket.waiting_on:
            story.does(SAM, Wait(on=on))
        story.passes(length)
    return story


def _essence(ticket: Ticket, clock: Clock, story: Story) -> tuple[object, ...]:
    counted = counted_at(clock, ticket.policy.calendar(clock.calendar), story.now)
    return clock.target, counted, clock.breached_at, clock.started_at, clock.status

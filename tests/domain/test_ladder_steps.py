"""Steps of ladders: where they stand, when they are not for a ticket, and what happens when one reaches nobody."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.calendar import Calendar, Week
from domain.intents import Notice, RaisePage
from domain.messages import OpenTicket, SetPriority, TimePassed
from domain.policy import Action, ClockKind, Ladder, Policy, Rung, Unacknowledged, When
from domain.tiers import Priority, Tier
from tests.domain.building import (
    HOUR,
    INSTANT,
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
    the_tiers,
)

LEAD_AT_THE_END = rung(100, Action.TELL_LEAD)


def climbing(*rungs: Rung, unacknowledged: Unacknowledged | None = None, **changes: Any) -> Policy:
    """A policy in which acceptance alone has a ladder, this one; its target is half an hour."""
    quiet = {kind: rules.model_copy(update={"ladder": None}) for kind, rules in the_clocks().items()}
    clocks = quiet | {ClockKind.HANDOFF: the_clocks()[ClockKind.HANDOFF]}
    ladders = the_ladders() | {"handoff": a_ladder(*rungs, unacknowledged=unacknowledged)}
    return a_policy(**({"clocks": clocks, "ladders": ladders} | changes))


def notices(story: Story) -> list[str]:
    """All that was told so far."""
    return [notice.text for notice in story.all(Notice)]


# --- where a step stands -------------------------------------------------------------------------------------------------


def test_a_step_before_the_breach_is_due_by_the_time_that_is_left() -> None:
    before = Rung(before=10 * MINUTE, do=(Action.TELL_CHANNEL,))
    story = Story(climbing(before, LEAD_AT_THE_END))
    assert story.decisions[-1].deadline is not None
    assert story.decisions[-1].deadline.what == "acceptance clock: 10m before the breach (tell_channel)"
    assert story.decisions[-1].deadline.at == NOON + 20 * MINUTE
    story.passes(20 * MINUTE)
    assert story.told == [(L1_CHANNEL, "T-1042: the acceptance clock is at 66 %, 10m are left")]


def test_time_before_the_breach_is_counted_on_the_clocks_calendar() -> None:
    clocks = the_clocks()
    clocks[ClockKind.HANDOFF] = clocks[ClockKind.HANDOFF].model_copy(
        update={"calendar": "office", "targets": targets(8 * HOUR)}
    )
    ladder = a_ladder(Rung(before=HOUR, do=(Action.TELL_CHANNEL,)), LEAD_AT_THE_END)
    policy = a_policy(clocks=clocks, ladders=the_ladders() | {"handoff": ladder}, calendars={"office": office_hours()})
    # 12:00 UTC is 13:00 in Brussels: five hours are left of Monday, and three more pass on Tuesday from 08:00 to 11:00.
    story = Story(policy)
    steps = [deadline for deadline in [story.decisions[-1].deadline] if deadline is not None]
    story.passes(timedelta(hours=20, minutes=59))
    assert not [text for text in notices(story) if "acceptance" in text]
    assert steps
    story.passes(timedelta(hours=3))
    breached = story.clock(ClockKind.HANDOFF).breached_at
    told = [entry.at for entry in story.ticket.timeline if "acceptance clock is at 87 %" in entry.text]
    assert breached is not None
    assert [breached - at for at in told] == [HOUR]


def test_a_step_that_lies_before_the_clocks_beginning_is_due_at_once() -> None:
    story = Story(climbing(Rung(before=2 * HOUR, do=(Action.TELL_CHANNEL,)), LEAD_AT_THE_END)).passes(timedelta(0))
    assert notices(story) == ["T-1042: the acceptance clock is at 0 %, 30m are left"]


def test_a_step_is_repeated_after_the_breach_until_its_end() -> None:
    story = Story(climbing(rung(100, Action.TELL_LEAD, every=10 * MINUTE, times=2))).passes(5 * HOUR)
    told = [entry.at - NOON for entry in story.ticket.timeline if entry.text.endswith(": the lead was told")]
    assert told == [30 * MINUTE, 40 * MINUTE, 50 * MINUTE]


@pytest.mark.parametrize(
    ("rungs", "message"),
    [
        ([{"do": ["page"]}], "give either `at` (percent) or `before`"),
        ([{"at": 50, "before": "5m", "do": ["page"]}], "give either `at` (percent) or `before`"),
        ([{"before": "5m", "do": ["page"]}, {"before": "9m", "do": ["page"]}], "falling order of `before`"),
        ([{"at": 100, "do": ["page"]}, {"before": "9m", "do": ["page"]}], "ahead of those at 100"),
        ([{"at": 50, "do": ["page"], "when": {"working_hours": True}}], "`working_hours` and `calendar` go together"),
        ([], "a ladder needs a step"),
    ],
)
def test_a_ladder_that_makes_no_sense_is_refused(rungs: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Ladder.model_validate({"rungs": rungs})
    assert message in str(refused.value)


# --- conditions ----------------------------------------------------------------------------------------------------------


def for_the(**when: Any) -> Rung:
    """A step at half of the target under a condition."""
    return Rung(at=50, do=(Action.TELL_CHANNEL,), when=When(**when))


@pytest.mark.parametrize(
    ("when", "opening", "runs"),
    [
        ({"priority": (Priority.P1, Priority.P2)}, an_opening(priority=Priority.P2), True),
        ({"priority": (Priority.P1, Priority.P2)}, an_opening(priority=Priority.P3), False),
        ({"plan": ("gold",)}, an_opening(), True),
        ({"plan": ("silver", "bronze")}, an_opening(), False),
        ({"working_hours": True, "calendar": "mornings"}, an_opening(), False),
        ({"working_hours": False, "calendar": "mornings"}, an_opening(), True),
        ({"working_hours": False, "calendar": "mornings", "plan": ("silver",)}, an_opening(), False),
    ],
)
def test_a_step_runs_when_all_its_conditions_hold(when: dict[str, Any], opening: OpenTicket, runs: bool) -> None:
    mornings = Calendar(weekly=Week(mon=("08:00-12:00",)))
    story = Story(climbing(for_the(**when), LEAD_AT_THE_END, calendars={"mornings": mornings}), opening)
    story.passes(15 * MINUTE)
    assert bool(notices(story)) is runs
    story.passes(15 * MINUTE)
    assert notices(story)[-1].startswith("T-1042: the acceptance clock ran out in L1")


def test_a_step_that_is_not_for_the_ticket_says_so_and_leaves_the_next_its_own_time() -> None:
    story = Story(climbing(for_the(priority=(Priority.P1,)), LEAD_AT_THE_END)).passes(30 * MINUTE - INSTANT)
    said = "Tierline: The acceptance clock is at 50 %, 15m are left: the step (50 %) is skipped, it is for P1 alone"
    assert said in story.timeline
    assert not notices(story)
    story.passes(INSTANT)
    assert len(notices(story)) == 1


def test_a_condition_is_looked_at_when_the_step_is_due() -> None:
    story = Story(climbing(for_the(priority=(Priority.P1,)), LEAD_AT_THE_END)).passes(5 * MINUTE)
    story.does(LENA, SetPriority(priority=Priority.P1)).passes(10 * MINUTE)
    assert notices(story) == ["T-1042: the acceptance clock is at 50 %, 15m are left"]


def test_a_condition_names_a_calendar_that_exists() -> None:
    with pytest.raises(ValidationError, match=r"ladders\.handoff: there is no 'moon'"):
        climbing(for_the(working_hours=True, calendar="moon"), LEAD_AT_THE_END)


# --- raising the priority ------------------------------------------------------------------------------------------------


def test_a_ladder_raises_the_priority_and_the_clocks_get_its_targets() -> None:
    policy = climbing(rung(50, Action.RAISE_PRIORITY, Action.TELL_LEAD), LEAD_AT_THE_END)
    story = Story(policy, an_opening(priority=Priority.P2)).passes(15 * MINUTE)
    assert story.ticket.priority is Priority.P1
    assert story.clock(ClockKind.TIER_WORK).target == 2 * HOUR
    assert any("the priority was raised to P1, the lead was told" in line for line in story.timeline)


def test_a_ticket_of_the_highest_priority_stays_there() -> None:
    policy = climbing(rung(50, Action.RAISE_PRIORITY, Action.TELL_LEAD), LEAD_AT_THE_END)
    story = Story(policy, an_opening(priority=Priority.P1)).passes(15 * MINUTE)
    assert story.ticket.priority is Priority.P1
    assert notices(story) == ["T-1042: the acceptance clock is at 50 %, 15m are left; there is no priority above P1"]


# --- empty steps ---------------------------------------------------------------------------------------------------------


def test_goalert_4548_an_empty_step_is_skipped_at_once_and_the_next_runs_without_waiting() -> None:
    # Nobody is on call for L1, so a page there would reach nobody.
    story = Story(climbing(rung(10, Action.PAGE), rung(80, Action.TELL_CHANNEL), LEAD_AT_THE_END)).passes(3 * MINUTE)
    assert notices(story) == ["T-1042: the acceptance clock is at 10 %, 27m are left"]
    assert story.timeline[-2:] == [
        "Tierline: The acceptance clock is at 10 %, 27m are left: the step is skipped at once, "
        "the policy names nobody to page for L1",
        "Tierline: The acceptance clock is at 10 %, 27m are left: the channel was told",
    ]
    story.passes(27 * MINUTE - INSTANT)
    assert len(notices(story)) == 1, "the step that came early does not come again"


def test_the_repeats_of_an_empty_step_are_skipped_with_it() -> None:
    pages = rung(10, Action.PAGE, every=MINUTE, times=5)
    story = Story(climbing(pages, rung(80, Action.TELL_CHANNEL), LEAD_AT_THE_END)).passes(30 * MINUTE - INSTANT)
    assert len(notices(story)) == 1
    assert sum("skipped at once" in line for line in story.timeline) == 1


def test_empty_steps_and_those_for_others_lead_to_the_first_that_reaches_somebody() -> None:
    steps = [rung(10, Action.PAGE), for_the(plan=("silver",)), rung(60, Action.PAGE), rung(90, Action.TELL_LEAD)]
    story = Story(climbing(*steps)).passes(3 * MINUTE)
    assert [(notice.channel, notice.mention) for notice in story.all(Notice)] == [(L1_CHANNEL, LENA.id)]


def test_a_step_of_which_a_part_is_empty_does_the_rest_and_says_so() -> None:
    story = Story(climbing(rung(50, Action.PAGE, Action.TELL_LEAD), LEAD_AT_THE_END)).passes(15 * MINUTE)
    assert notices(story) == [
        "T-1042: the acceptance clock is at 50 %, 15m are left; the policy names nobody to page for L1"
    ]


def test_every_step_that_is_carried_out_leaves_a_sentence() -> None:
    policy = climbing(rung(50, Action.TELL_CHANNEL, Action.TELL_LEAD), rung(100, Action.HAND_OFF, Action.TELL_LEAD))
    story = Story(policy).passes(30 * MINUTE)
    said = [line.removeprefix("Tierline: ") for line in story.timeline if "clock" in line and ": the " in line]
    assert said[0] == "The acceptance clock is at 50 %, 15m are left: the channel was told, the lead was told"
    assert "Tierline: The acceptance clock ran out in L1: it goes to L2, the lead was told" in story.timeline


# --- nobody acknowledges -------------------------------------------------------------------------------------------------


def test_when_nobody_acknowledges_the_policy_says_what_happens() -> None:
    end = Unacknowledged(do=(Action.TELL_LEAD,), after=5 * MINUTE, every=10 * MINUTE, times=1)
    story = Story(climbing(rung(50, Action.TELL_CHANNEL), unacknowledged=end)).passes(5 * HOUR)
    told = [(e.at - NOON, e.text) for e in story.ticket.timeline if "nobody acknowledged" in e.text]
    assert told == [
        (
            20 * MINUTE,
            "The acceptance clock is at 66 %, 10m are left, and nobody acknowledged: the lead was told",
        ),
        (30 * MINUTE, "The acceptance clock ran out in L1, and nobody acknowledged: the lead was told"),
    ]


def test_what_happens_when_nobody_acknowledges_is_not_needed_when_somebody_did() -> None:
    clocks = the_clocks()
    end = Unacknowledged(do=(Action.TELL_LEAD,), after=5 * MINUTE)
    ladders = the_ladders() | {"tell": a_ladder(rung(50, Action.TELL_OWNER), unacknowledged=end)}
    story = Story(a_policy(clocks=clocks, ladders=ladders)).accepted(SAM).passes(40 * MINUTE)
    assert [notice.channel for notice in story.all(Notice)] == [SAM.id]
    assert any("sam has the ticket" in line for line in story.timeline)


@pytest.mark.parametrize(
    ("ladder", "where"),
    [
        (a_ladder(rung(100, Action.TELL_OWNER)), "for P1 in L1"),
        (a_ladder(rung(100, Action.RAISE_PRIORITY)), "for P1 in L1"),
        (a_ladder(rung(50, Action.TELL_LEAD), rung(100, Action.PAGE)), "for P1 in L1"),
        (a_ladder(rung(50, Action.TELL_LEAD), rung(100, Action.HAND_OFF)), "for P1 in L3"),
        (a_ladder(Rung(at=100, do=(Action.TELL_LEAD,), when=When(priority=(Priority.P1,)))), "for P2 in L1"),
        (a_ladder(Rung(at=100, do=(Action.TELL_LEAD,), when=When(plan=("gold",)))), "for P1 in L1"),
        (
            a_ladder(rung(50, Action.PAGE), Rung(at=100, do=(Action.TELL_LEAD,), when=When(plan=("gold",)))),
            "for P1 in L1",
        ),
        (a_ladder(LEAD_AT_THE_END, unacknowledged=Unacknowledged(do=(Action.TELL_OWNER,))), "for P1 in L1"),
    ],
)
def test_a_ladder_that_ends_in_nobody_is_refused(ladder: Ladder, where: str) -> None:
    with pytest.raises(ValidationError) as refused:
        a_policy(ladders=the_ladders() | {"handoff": ladder})
    assert f"ladders.handoff: it ends in nobody {where}" in str(refused.value)


@pytest.mark.parametrize(
    "ladder",
    [
        a_ladder(rung(100, Action.HAND_OFF), unacknowledged=Unacknowledged(do=(Action.TELL_LEAD,))),
        a_ladder(rung(50, Action.PAGE), rung(100, Action.TELL_CHANNEL)),
        a_ladder(LEAD_AT_THE_END, Rung(at=150, do=(Action.TELL_LEAD,), when=When(plan=("gold",)))),
    ],
)
def test_a_ladder_that_ends_with_somebody_is_taken(ladder: Ladder) -> None:
    a_policy(ladders=the_ladders() | {"handoff": ladder})


def test_a_ladder_may_end_with_a_page_where_every_tier_has_somebody_on_call() -> None:
    on_call = the_tiers()[Tier.L3].page
    tiers = {tier: rules.model_copy(update={"page": on_call}) for tier, rules in the_tiers().items()}
    story = Story(climbing(rung(100, Action.PAGE), tiers=tiers)).passes(30 * MINUTE)
    assert len(story.all(RaisePage)) == 1


# --- the policy is pinned ------------------------------------------------------------------------------------------------


def test_editing_the_policy_bends_no_ladder_that_is_running() -> None:
    ladder = a_ladder(rung(50, Action.TELL_CHANNEL), LEAD_AT_THE_END)
    edited = the_ladders() | {"handoff": a_ladder(rung(10, Action.TELL_LEAD))}
    story, untouched = Story(climbing(*ladder.rungs)), Story(climbing(*ladder.rungs))
    # The editor's own value is another one: nothing that the ticket holds can be changed from there.
    changed = story.ticket.policy.model_copy(update={"ladders": edited, "version": "8"})
    for one in (story, untouched):
        one.passes(HOUR)
    assert changed.version != story.ticket.policy.version
    assert story.ticket == untouched.ticket
    assert story.clock(ClockKind.HANDOFF).policy_version == "7"


# --- whatever the ladder -------------------------------------------------------------------------------------------------

_ACTIONS = st.lists(st.sampled_from(Action), min_size=1, max_size=3, unique=True).map(tuple)
_WHENS = st.one_of(
    st.just(When()),
    st.builds(When, priority=st.sampled_from([(Priority.P1,), (Priority.P3, Priority.P4)])),
    st.builds(When, plan=st.sampled_from([("gold",), ("silver",)])),
    st.builds(When, working_hours=st.booleans(), calendar=st.just("office")),
)
_REPEATS = st.one_of(st.just((None, 0)), st.tuples(st.sampled_from([MINUTE, 7 * MINUTE]), st.integers(1, 4)))


@st.composite
def ladders(draw: st.DrawFn) -> Ladder:
    """Any ladder that ends with the lead."""
    rungs = []
    for at in sorted(draw(st.lists(st.integers(1, 300), max_size=5))):
        every, times = draw(_REPEATS)
        rungs.append(Rung(at=at, do=draw(_ACTIONS), when=draw(_WHENS), every=every, times=times))
    if draw(st.booleans()):
        rungs.insert(0, Rung(before=draw(st.sampled_from([MINUTE, 20 * MINUTE, HOUR])), do=draw(_ACTIONS)))
    if not rungs or draw(st.booleans()):
        rungs.append(rung(300, Action.TELL_LEAD))
    return a_ladder(
        *rungs, unacknowledged=Unacknowledged(do=(Action.TELL_LEAD,), every=HOUR, times=draw(st.integers(1, 3)))
    )


@given(ladders(), st.sampled_from(Priority), st.booleans())
def test_no_step_is_run_twice_and_repeats_end(ladder: Ladder, priority: Priority, late: bool) -> None:
    policy = climbing(*ladder.rungs, unacknowledged=ladder.unacknowledged, calendars={"office": office_hours()})
    story = Story(policy, an_opening(priority=priority))
    if late:
        story.jumps(timedelta(days=9)).hears(TimePassed())
    else:
        story.passes(timedelta(days=9))
    for clock in story.clocks(ClockKind.HANDOFF):
        steps = policy.ladder_steps(clock.ladder, clock.target)
        said = [e for e in story.ticket.timeline if "acceptance clock" in e.text and "breached" not in e.text]
        assert clock.steps_done <= {step.label for step in steps}
        if not clock.stopped:
            assert clock.steps_done == {step.label for step in steps}
        assert len({step.label for step in steps}) == len(steps)
        stints = len(story.ticket.stints)
        assert len(said) <= stints * len(steps)
    assert story.clock(ClockKind.HANDOFF).stopped or story.decisions[-1].deadline is None

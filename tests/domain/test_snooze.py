"""A snooze: ladders are silent until it ends, clocks count on, and what fell into it is made up for once."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.intents import Notice, RaisePage
from domain.messages import Accept, Escalate, Reopen, Resolve, Snooze, TimePassed
from domain.paging import PageStatus
from domain.policy import Action, ClockKind, Policy
from domain.snoozing import refusal_of
from domain.ticket_card import card_of
from domain.ticket_story import story_of
from domain.tiers import Priority, Tier
from domain.views import view_of
from tests.domain.building import (
    ADA,
    DAY,
    EVE,
    GRACE_HERSELF,
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
    essence,
    rung,
    the_ladders,
    the_tiers,
)

STEPS = (
    rung(20, Action.TELL_CHANNEL),
    rung(40, Action.TELL_LEAD),
    rung(100, Action.HAND_OFF, Action.TELL_LEAD),
)
QUIET = a_ladder(rung(1000, Action.TELL_LEAD))


def with_steps(*steps: Any, **changes: Any) -> Policy:
    """A policy in which the ladder of acceptance (half an hour) has these steps, and the others stay out of the way."""
    ladders = the_ladders() | {"handoff": a_ladder(*(steps or STEPS)), "tell": QUIET}
    return a_policy(**({"ladders": ladders} | changes))


def snoozed(length: timedelta, policy: Policy | None = None) -> Story:
    """A ticket that sam snoozed as it came."""
    return Story(policy or with_steps()).does(SAM, Snooze(length=length))


def test_ladders_are_silent_and_breaches_are_noted_at_their_instants() -> None:
    story = snoozed(2 * HOUR).passes(2 * HOUR - INSTANT)
    assert not story.all(Notice)
    assert story.ticket.tier is Tier.L1
    assert story.clock(ClockKind.HANDOFF).breached_at == NOON + 30 * MINUTE
    assert story.clock(ClockKind.FIRST_RESPONSE).breached_at == NOON + HOUR


def test_the_end_makes_up_for_all_at_once_with_one_notice_and_the_most_serious_action() -> None:
    story = snoozed(HOUR).passes(HOUR)
    assert (story.ticket.tier, story.ticket.stint.entered_at) == (Tier.L2, NOON + HOUR)
    (notice,) = [notice for notice in story.all(Notice) if "snooze is over" in notice.text]
    assert notice.mention == LENA.id
    for missed in ("is at 20 %", "is at 40 %", "ran out in L1"):
        assert missed in notice.text
    assert story.ticket.snooze is None


def test_steps_after_the_snooze_come_at_their_own_time() -> None:
    story = snoozed(10 * MINUTE).passes(10 * MINUTE)
    assert len(story.all(Notice)) == 1
    story.passes(2 * MINUTE)
    assert story.told == [(L1_CHANNEL, "T-1042: the acceptance clock is at 40 %, 18m are left")]


def test_a_step_at_the_very_end_is_no_longer_held_back() -> None:
    story = snoozed(6 * MINUTE).passes(6 * MINUTE)
    assert [notice.text for notice in story.all(Notice)] == ["T-1042: the acceptance clock is at 20 %, 24m are left"]


def test_a_snooze_in_which_nothing_fell_due_ends_in_silence() -> None:
    story = snoozed(5 * MINUTE).passes(5 * MINUTE)
    assert not story.all(Notice)
    assert story.timeline[-1] == "Tierline: The snooze is over, its time is up: nothing fell due in it"


def test_a_page_that_fell_into_the_snooze_is_raised_at_its_end() -> None:
    policy = with_steps(rung(20, Action.PAGE), rung(100, Action.TELL_LEAD), tiers=the_tiers(page_on_entry=False))
    story = Story(policy).escalated(Tier.L3).does(SAM, Snooze(length=HOUR)).passes(HOUR - INSTANT)
    assert not story.all(RaisePage)
    story.passes(INSTANT)
    assert len(story.all(RaisePage)) == 1


def test_a_held_step_that_reaches_nobody_gives_way_to_the_next_at_the_end() -> None:
    story = snoozed(5 * MINUTE, with_steps(rung(10, Action.PAGE), rung(90, Action.TELL_LEAD))).passes(5 * MINUTE)
    assert [notice.text for notice in story.all(Notice)] == ["T-1042: the acceptance clock is at 16 %, 25m are left"]


def test_an_acknowledgement_wakes_it_and_who_has_the_ticket_hears_what_was_held_back() -> None:
    ladders = the_ladders() | {"tell": a_ladder(rung(10, Action.TELL_LEAD)), "handoff": a_ladder(*STEPS)}
    story = Story(a_policy(ladders=ladders)).does(SAM, Snooze(length=DAY)).passes(20 * MINUTE)
    story.does(SAM, Accept()).passes(timedelta(0))
    assert story.ticket.snooze is None
    assert story.ticket.tier is Tier.L1, "what nobody needs any more is not made up for"
    (notice,) = [notice for notice in story.all(Notice) if "snooze" in notice.text]
    assert notice.channel == SAM.id
    assert "first response clock is at 10 %" in notice.text
    assert "(that clock has ended)" in notice.text


def test_an_acknowledgement_when_every_clock_behind_it_has_ended_is_told_in_the_timeline_alone() -> None:
    story = snoozed(DAY).passes(20 * MINUTE).does(SAM, Accept()).passes(timedelta(0))
    assert not [notice for notice in story.all(Notice) if "snooze" in notice.text]
    assert story.timeline[-1].startswith("Tierline: The snooze is over, sam has the ticket. It held back: at 12:06 UTC")


def test_a_later_snooze_sets_the_end_anew_and_forgets_nothing() -> None:
    story = snoozed(15 * MINUTE).passes(14 * MINUTE).does(SAM, Snooze(length=6 * MINUTE)).passes(6 * MINUTE)
    (notice,) = story.all(Notice)
    assert "is at 20 %" in notice.text
    assert "is at 40 %" in notice.text


def test_a_snooze_until_an_instant() -> None:
    story = Story(with_steps()).does(LENA, Snooze(until=NOON + 10 * MINUTE, reason="known to the customer"))
    assert "lena: Snoozed until 2026-11-16 12:10:00 UTC: known to the customer" in story.timeline[-1]
    assert story.decisions[-1].deadline is not None
    story.passes(10 * MINUTE)
    assert len(story.all(Notice)) == 1


def test_it_is_shown_on_the_card_in_the_view_and_to_operators() -> None:
    story = snoozed(HOUR)
    card, view = card_of(story.ticket, story.now), view_of(story.ticket, story.now)
    assert (card.snoozed_until, card.snoozed_by) == (NOON + HOUR, "sam")
    assert view.snoozed_until == NOON + HOUR
    assert "Snoozed by sam until 2026-11-16 13:00:00 UTC" in story_of(story.ticket)
    story.passes(HOUR)
    assert card_of(story.ticket, story.now).snoozed_until is None


def test_a_solved_ticket_is_no_longer_snoozed_when_it_is_reopened() -> None:
    story = snoozed(DAY).does(SAM, Resolve(text="Done")).does(SAM, Reopen(reason="not at all")).passes(6 * MINUTE)
    assert story.ticket.snooze is None
    assert story.told == [(L1_CHANNEL, "T-1042: the acceptance clock is at 20 %, 24m are left")]


def test_what_a_person_asks_for_is_done_in_a_snooze_as_well() -> None:
    story = snoozed(DAY).does(LENA, Escalate(to=Tier.L3, reason="needs the logs"))
    assert len(story.all(RaisePage)) == 1


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (Snooze(until=NOON), "a snooze ends in the future"),
        (Snooze(until=NOON - HOUR), "a snooze ends in the future"),
        (Snooze(length=31 * DAY), "a snooze lasts 30d at the most"),
    ],
)
def test_an_end_that_cannot_be_is_refused(request_: Snooze, words: str) -> None:
    assert words in Story().refuses(SAM, request_)


@pytest.mark.parametrize("by", [EVE, ADA, GRACE_HERSELF])
def test_snoozing_is_for_agents_and_leads(by: Any) -> None:
    assert "may not snooze" in Story().refuses(by, Snooze(length=HOUR))


@pytest.mark.parametrize("fields", [{}, {"for": "2h", "until": NOON}, {"until": NOON.replace(tzinfo=None)}])
def test_a_snooze_has_one_end(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Snooze.model_validate(fields)


def test_oncall_1206_a_paused_escalation_goes_on_after_a_restart() -> None:
    story, restarted = snoozed(HOUR), snoozed(HOUR)
    # What is kept of a ticket is all that it needs: another process reads it, late, and goes on.
    kept = restarted.ticket.model_dump_json()
    assert type(restarted.ticket).model_validate_json(kept) == restarted.ticket
    story.passes(3 * HOUR)
    restarted.jumps(3 * HOUR).hears(TimePassed())
    assert story.ticket.tier is not Tier.L1
    assert story.ticket.model_copy(update={"steps": 0}) == restarted.ticket.model_copy(update={"steps": 0})
    assert essence(story.intents) == essence(restarted.intents)


_TIMES = st.integers(0, 120).map(lambda minutes: minutes * MINUTE)


@given(_TIMES, st.integers(1, 120).map(lambda minutes: minutes * MINUTE), st.sampled_from(Priority))
def test_a_snooze_never_loses_a_step(begins: timedelta, length: timedelta, priority: Priority) -> None:
    steps = (
        rung(20, Action.TELL_CHANNEL, every=3 * MINUTE, times=4),
        rung(100, Action.TELL_LEAD, every=20 * MINUTE, times=3),
    )
    opening = an_opening(priority=priority)
    awake = Story(with_steps(*steps), opening).passes(3 * HOUR + length)
    story = Story(with_steps(*steps), opening).passes(begins)
    story.does(SAM, Snooze(length=length)).passes(3 * HOUR + length - begins)
    assert story.clock(ClockKind.HANDOFF).steps_done == awake.clock(ClockKind.HANDOFF).steps_done
    assert story.clock(ClockKind.HANDOFF).breached_at == awake.clock(ClockKind.HANDOFF).breached_at

    def said(one: Story) -> list[str]:
        whole = "\n".join(notice.text for notice in one.all(Notice))
        return [sentence for sentence in _sentences(awake) if sentence in whole]

    assert said(story) == said(awake)


def _sentences(story: Story) -> list[str]:
    return [notice.text.removeprefix("T-1042: ") for notice in story.all(Notice)]


def test_a_page_that_is_acknowledged_wakes_the_snooze_too() -> None:
    story = Story(with_steps()).with_engineering().does(SAM, Snooze(length=DAY)).passes(MINUTE)
    story.page_is(PageStatus.ACKNOWLEDGED).passes(timedelta(0))
    assert story.ticket.snooze is None


@pytest.mark.parametrize(
    ("until", "why"),
    [
        ("0001-01-01T00:00:00+14:00", "a snooze ends in the future"),
        ("0001-01-01T00:00:00Z", "a snooze ends in the future"),
        ("1969-12-31T23:59:59-12:00", "a snooze ends in the future"),
        ("9999-12-31T23:59:59-14:00", "a snooze lasts 30d at the most"),
        ("9999-12-31T23:59:59.999999Z", "a snooze lasts 30d at the most"),
    ],
)
def test_an_instant_at_the_end_of_the_calendar_is_refused_in_words(until: str, why: str) -> None:
    asked = Snooze.model_validate_json(json.dumps({"until": until}))
    refused = Story(with_steps()).refuses(SAM, asked)
    assert why in refused


@given(st.datetimes(timezones=st.timezones()), st.integers(-1439, 1439))
def test_whatever_instant_is_asked_for_there_is_an_answer(at: datetime, minutes: int) -> None:
    written = at.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    for until in (at, written):
        refusal_of(Snooze(until=until), NOON)

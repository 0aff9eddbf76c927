"""What a ticket does by itself, when nobody keeps its clocks."""

from datetime import timedelta

import pytest

from domain.intents import Notice, OpenIssue, OpenVendorCase, RaisePage, ShowCard
from domain.messages import CustomerMessage, TimePassed
from domain.paging import PageStatus
from domain.policy import Action, ClockKind
from domain.ticket import TicketStatus
from domain.tiers import Tier
from tests.domain.building import (
    DAY,
    HELPDESK,
    HOUR,
    INSTANT,
    L1_CHANNEL,
    L2_CHANNEL,
    L3_CHANNEL,
    L4_CHANNEL,
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
    the_clocks,
    the_ladders,
    the_tiers,
)


def test_nobody_takes_a_ticket_and_it_goes_to_l2_by_itself() -> None:
    story = Story().passes(15 * MINUTE)
    assert story.told == [(L1_CHANNEL, "T-1042: the acceptance clock is at 50 %, 15m are left")]
    story.passes(15 * MINUTE - INSTANT)
    assert story.ticket.tier is Tier.L1
    story.passes(INSTANT)
    assert (story.ticket.tier, story.ticket.stint.entered_at) == (Tier.L2, NOON + 30 * MINUTE)
    assert "Tierline: Escalated from L1 to L2 Technical: nobody in L1 kept the acceptance clock" in story.timeline


def test_a_follow_up_that_nobody_takes_goes_to_l2_by_itself() -> None:
    story = Story().replied().passes(DAY).customer_writes().passes(30 * MINUTE)
    assert (story.ticket.tier, story.ticket.stint.entered_at) == (Tier.L2, NOON + DAY + 30 * MINUTE)


def test_a_follow_up_that_is_taken_stays() -> None:
    story = Story().replied().passes(DAY).customer_writes().passes(29 * MINUTE).accepted().passes(DAY)
    assert story.ticket.tier is Tier.L1


def test_a_ticket_that_nobody_takes_goes_on_to_engineering_and_never_to_a_vendor() -> None:
    story = Story().passes(3 * DAY)
    assert [stint.tier for stint in story.ticket.stints] == [Tier.L1, Tier.L2, Tier.L3]
    assert [stint.entered_at - NOON for stint in story.ticket.stints] == [timedelta(0), 30 * MINUTE, 60 * MINUTE]
    assert len(story.all(OpenIssue)) == len(story.all(RaisePage)) == 1
    assert not story.all(OpenVendorCase)
    said = "T-1042: the acceptance clock ran out in L3; there is no tier above L3 to hand it to by itself"
    assert [(notice.channel, notice.mention) for notice in story.all(Notice) if notice.text == said] == [
        (L3_CHANNEL, LENA.id)
    ]


def test_a_team_without_l2_hands_on_to_the_tier_it_has() -> None:
    tiers = {tier: rules for tier, rules in the_tiers().items() if tier is not Tier.L2}
    story = Story(a_policy(tiers=tiers)).passes(30 * MINUTE)
    assert story.ticket.tier is Tier.L3


def test_what_comes_after_a_handing_off_speaks_of_the_tier_that_was_left() -> None:
    story = Story().passes(30 * MINUTE)
    assert story.told[-1] == (L2_CHANNEL, "T-1042: the acceptance clock ran out in L1")


def test_the_owner_hears_in_person_and_the_channel_while_there_is_none() -> None:
    nobody = Story().passes(45 * MINUTE)
    assert (L2_CHANNEL, "T-1042: the first response clock is at 75 %, 15m are left") in [
        (notice.channel, notice.text) for notice in nobody.all(Notice)
    ]
    owned = Story().accepted(SAM).passes(45 * MINUTE)
    assert owned.told == [(SAM.id, "T-1042: the first response clock is at 75 %, 15m are left")]


def test_the_lead_is_mentioned_at_the_breach_and_the_breach_is_noted_first() -> None:
    story = Story().accepted().passes(HOUR)
    breach, told = story.timeline[-2:]
    assert breach.endswith("The first response clock is breached: 1h are over")
    assert told.endswith("The first response clock ran out in L1: the lead was told")
    assert story.clock(ClockKind.FIRST_RESPONSE).breached_at == NOON + HOUR
    assert [(notice.channel, notice.mention) for notice in story.all(Notice)][-1] == (L1_CHANNEL, LENA.id)


def test_a_step_that_is_repeated_stops_when_the_clock_stops() -> None:
    ladder = a_ladder(rung(100, Action.TELL_LEAD, every=10 * MINUTE, times=50))
    story = Story(a_policy(ladders=the_ladders() | {"tell": ladder})).accepted().passes(85 * MINUTE)
    assert len(story.all(Notice)) == 3
    story.replied().passes(HOUR)
    assert len(story.all(Notice)) == 3


def test_the_deadline_says_what_it_is_for() -> None:
    deadline = Story().decisions[-1].deadline
    assert deadline is not None
    assert deadline.what == "acceptance clock: 50 % (tell_channel)"
    story = Story().accepted().passes(59 * MINUTE)
    assert story.decisions[-1].deadline is not None
    assert story.decisions[-1].deadline.what == "first response clock: breach"
    resolved = Story().resolved().decisions[-1].deadline
    assert resolved is not None
    assert resolved.what == "close after the quiet time"


def test_a_ladder_pages_whom_the_policy_names() -> None:
    ladder = a_ladder(rung(50, Action.PAGE), rung(100, Action.TELL_LEAD))
    story = Story(a_policy(ladders=the_ladders() | {"handoff": ladder}, tiers=the_tiers(page_on_entry=False)))
    story.escalated(Tier.L3).passes(15 * MINUTE)
    assert story.only(RaisePage).draft.service == "PSVCPAY"


def test_one_need_raises_one_page() -> None:
    ladder = a_ladder(
        rung(25, Action.PAGE), rung(50, Action.PAGE), rung(90, Action.PAGE, Action.TELL_LEAD, every=MINUTE, times=5)
    )
    story = Story(a_policy(ladders=the_ladders() | {"handoff": ladder})).escalated(Tier.L3).passes(HOUR)
    assert len(story.all(RaisePage)) == 1


def test_a_page_that_somebody_resolved_without_taking_the_ticket_is_raised_anew() -> None:
    ladder = a_ladder(rung(50, Action.PAGE), rung(100, Action.TELL_LEAD))
    story = Story(a_policy(ladders=the_ladders() | {"handoff": ladder})).with_engineering()
    story.page_is(PageStatus.RESOLVED).passes(15 * MINUTE)
    assert [draft.key for draft in story.wanted_pages] == ["tierline/T-1042/page/1", "tierline/T-1042/page/2"]


def test_a_follow_up_after_an_acknowledged_page_may_wake_somebody_again() -> None:
    ladder = a_ladder(rung(50, Action.PAGE), rung(100, Action.TELL_LEAD))
    story = Story(a_policy(ladders=the_ladders() | {"handoff": ladder})).with_engineering()
    story.page_is(PageStatus.ACKNOWLEDGED).replied().passes(DAY).customer_writes().passes(15 * MINUTE)
    assert len(story.wanted_pages) == 2


def test_no_ladder_runs_while_a_ticket_is_resolved() -> None:
    story = Story().resolved().passes(2 * DAY - INSTANT)
    assert not story.all(Notice)
    assert story.ticket.status is TicketStatus.RESOLVED


def test_a_ticket_with_the_vendor_is_not_handed_on() -> None:
    clocks = the_clocks()
    clocks[ClockKind.RESOLUTION] = clocks[ClockKind.RESOLUTION].model_copy(update={"ladder": "handoff"})
    story = Story(a_policy(clocks=clocks)).escalated(Tier.L4).passes(3 * DAY)
    assert story.ticket.tier is Tier.L4
    assert any(notice.channel == L4_CHANNEL and "no tier above" in notice.text for notice in story.all(Notice))


@pytest.mark.parametrize("late", [INSTANT, 20 * MINUTE, 3 * HOUR, 5 * DAY])
def test_a_ticket_whose_worker_slept_does_the_same_at_the_same_instants(late: timedelta) -> None:
    opening = an_opening()
    on_time, slept = Story(opening=opening), Story(opening=opening)
    on_time.passes(HOUR + late)
    slept.jumps(HOUR + late).hears(TimePassed())
    assert on_time.ticket.model_copy(update={"steps": 0}) == slept.ticket.model_copy(update={"steps": 0})
    assert essence(on_time.intents) == essence(slept.intents)


def test_what_time_brought_comes_before_the_message_that_came_later() -> None:
    story = Story().jumps(31 * MINUTE).does(HELPDESK, CustomerMessage(text="Hello?"))
    assert story.ticket.tier is Tier.L2
    assert story.timeline[-1] == "Help desk: The customer wrote: Hello?"


def test_many_changes_in_one_turn_draw_one_card() -> None:
    story = Story().jumps(5 * DAY)
    story.hears(TimePassed())
    assert len(story.now_intended(ShowCard)) == 1


def test_a_channel_hears_a_step_once_while_nobody_has_the_ticket() -> None:
    both = a_ladder(rung(50, Action.TELL_OWNER, Action.TELL_CHANNEL))
    late = a_ladder(rung(100, Action.TELL_LEAD))
    ladders = {name: both if name == "handoff" else late for name in the_ladders()}
    story = Story(a_policy(ladders=ladders)).passes(20 * MINUTE)
    assert [channel for channel, _ in story.told] == [L1_CHANNEL]

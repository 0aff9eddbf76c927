"""Every second of a ticket's life has one owner, and they add up to its wall time."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain import attribution
from domain.attribution import OwnerSpan, spans, totals
from domain.calendar import Calendar, Week
from domain.messages import Resolve, Wait
from domain.policy import Policy
from domain.tiers import Owner, Tier, WaitingOn
from tests.domain.building import (
    DAY,
    HOUR,
    INSTANT,
    MINUTE,
    NOON,
    SAM,
    Story,
    office_hours,
    the_tiers,
    without_ladders,
)

LUNCH = Calendar(zone="Europe/Brussels", weekly=Week(mon=("08:00-12:00", "13:00-17:30"), tue=("22:00-02:00",)))


def office_policy() -> Policy:
    """L1 works from eight to six in Brussels, L2 keeps odd hours, engineering works around the clock."""
    tiers = the_tiers(page_on_entry=False)
    tiers[Tier.L1] = tiers[Tier.L1].model_copy(update={"calendar": "office"})
    tiers[Tier.L2] = tiers[Tier.L2].model_copy(update={"calendar": "lunch"})
    return without_ladders(tiers=tiers, calendars={"office": office_hours(), "lunch": LUNCH})


def the_spans(story: Story) -> list[tuple[str, datetime, datetime]]:
    """Who had it when."""
    return [(span.owner.value, span.since, span.until) for span in spans(story.ticket, story.now)]


def test_the_night_belongs_to_closed_hours() -> None:
    # Monday 12:00 UTC is 13:00 in Brussels, where the office closes at 18:00 and opens at 8:00.
    story = Story(office_policy()).passes(DAY)
    closes, opens = NOON + 5 * HOUR, NOON + 19 * HOUR
    assert the_spans(story) == [
        ("L1", NOON, closes),
        ("closed_hours", closes, opens),
        ("L1", opens, NOON + DAY),
    ]
    assert story.spent() == {Owner.L1: 10 * HOUR, Owner.CLOSED_HOURS: 14 * HOUR}


def test_only_the_tier_that_has_the_ticket_is_closed() -> None:
    story = Story(office_policy()).accepted()
    story.does(SAM, Wait(on=WaitingOn.CUSTOMER)).passes(DAY)
    story.does(SAM, Wait(on=WaitingOn.VENDOR)).passes(DAY)
    story.does(SAM, Wait(on=WaitingOn.ENGINEERING)).passes(DAY)
    assert story.spent() == {Owner.CUSTOMER: DAY, Owner.VENDOR: DAY, Owner.L3: DAY}


def test_a_ticket_on_hold_stays_with_its_tier() -> None:
    story = Story(office_policy()).accepted().does(SAM, Wait(on=WaitingOn.HOLD)).passes(6 * HOUR)
    assert story.spent() == {Owner.L1: 5 * HOUR, Owner.CLOSED_HOURS: HOUR}


def test_each_tier_is_closed_by_its_own_calendar() -> None:
    story = Story(office_policy()).passes(HOUR).escalated(Tier.L2).passes(DAY)
    # L2 works on Monday until 17:30 in Brussels, from 14:00 on, and begins again on Tuesday at 22:00.
    assert story.spent() == {
        Owner.L1: HOUR,
        Owner.L2: 3 * HOUR + 30 * MINUTE,
        Owner.CLOSED_HOURS: 20 * HOUR + 30 * MINUTE,
    }


def test_a_closed_ticket_has_had_all_its_time() -> None:
    story = Story(office_policy()).passes(HOUR).does(SAM, Resolve(text="Done")).passes(30 * DAY)
    assert story.ticket.closed_at == NOON + HOUR + 2 * DAY
    assert story.spent() == {Owner.L1: HOUR, Owner.RESOLVED: 2 * DAY}
    assert the_spans(story)[-1] == ("resolved", NOON + HOUR, NOON + HOUR + 2 * DAY)


def test_a_ticket_of_many_stays_carries_the_newest_and_all_totals() -> None:
    story = Story(office_policy()).accepted()
    for _ in range(attribution.MOST_HELD):
        story.does(SAM, Wait(on=WaitingOn.CUSTOMER)).passes(MINUTE).does(SAM, Wait(on=WaitingOn.TIER)).passes(MINUTE)
    assert len(story.ticket.held) == attribution.MOST_HELD
    assert spans(story.ticket, story.now)[0].since > NOON
    assert sum(totals(story.ticket, story.now).values(), timedelta(0)) == story.now - NOON


_TURNS = st.one_of(
    st.sampled_from(WaitingOn).map(lambda on: ("wait", on)),
    st.sampled_from(["reply", "customer", "resolve", "up", "nothing"]).map(lambda what: (what, None)),
)


@given(
    st.lists(st.tuples(_TURNS, st.timedeltas(timedelta(0), 9 * DAY)), max_size=12),
    st.sampled_from([office_policy(), without_ladders()]),
    st.timedeltas(timedelta(0), 30 * DAY),
)
def test_owners_add_up_to_the_wall_time(
    turns: list[tuple[tuple[str, WaitingOn | None], timedelta]], policy: Policy, back: timedelta
) -> None:
    story = Story(policy).accepted()
    for (what, on), length in turns:
        _take(story, what, on)
        story.passes(length)
    end = story.ticket.closed_at or story.now
    assert sum(totals(story.ticket, story.now).values(), timedelta(0)) == end - NOON
    told = spans(story.ticket, story.now)
    _tile(told, NOON, end)
    assert {owner: length for owner, length in totals(story.ticket, story.now).items() if length} == _lengths(told)
    then = max(NOON, story.now - back)
    _tile(spans(story.ticket, then), NOON, min(then, end))
    assert spans(story.ticket, then) == _until(told, min(then, end))


def _take(story: Story, what: str, on: WaitingOn | None) -> None:
    ticket = story.ticket
    if ticket.closed_at is not None or what == "nothing":
        return
    if what == "customer":
        story.customer_writes()
    elif ticket.settled_at is None and what == "wait" and on is not None and on is not ticket.waiting_on:
        story.does(SAM, Wait(on=on))
    elif ticket.settled_at is None and what == "reply":
        story.replied()
    elif ticket.settled_at is None and what == "resolve":
        story.resolved()
    elif ticket.settled_at is None and what == "up" and (above := ticket.tier.above()) is not None:
        story.escalated(above)


def _tile(told: tuple[OwnerSpan, ...], start: datetime, end: datetime) -> None:
    edges = [start, *(span.until for span in told)]
    assert [span.since for span in told] == edges[:-1]
    assert edges[-1] == end
    assert all(span.until - span.since >= INSTANT for span in told)


def _lengths(told: tuple[OwnerSpan, ...]) -> dict[Owner, timedelta]:
    lengths: dict[Owner, timedelta] = {}
    for span in told:
        lengths[span.owner] = lengths.get(span.owner, timedelta(0)) + (span.until - span.since)
    return lengths


def _until(told: tuple[OwnerSpan, ...], end: datetime) -> tuple[OwnerSpan, ...]:
    return tuple(span.model_copy(update={"until": min(span.until, end)}) for span in told if span.since < end)

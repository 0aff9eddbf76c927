"""Maintenance windows: no pages and no hand-offs, notices instead, and the ticket's story tells so."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from domain.calendar import Week
from domain.intents import Notice, RaisePage
from domain.maintenance import MaintenanceWindow, window_at
from domain.policy import Action, Policy
from domain.tiers import Tier
from tests.domain.building import (
    HOUR,
    L1_CHANNEL,
    L3_CHANNEL,
    MINUTE,
    NOON,
    Story,
    a_ladder,
    a_policy,
    an_opening,
    rung,
    the_ladders,
    the_tiers,
)

RELEASE = MaintenanceWindow(name="Payments release", product="Payments", start=NOON, end=NOON + HOUR)


def under(window: MaintenanceWindow = RELEASE, **changes: Any) -> Policy:
    """A policy with a window, and a ladder that pages and hands off."""
    ladder = a_ladder(rung(50, Action.PAGE, Action.TELL_LEAD), rung(100, Action.HAND_OFF, Action.TELL_CHANNEL))
    return a_policy(**({"maintenance": (window,), "ladders": the_ladders() | {"handoff": ladder}} | changes))


def test_nobody_is_paged_and_the_channel_is_told() -> None:
    story = Story(under(tiers=the_tiers(page_on_entry=False))).escalated(Tier.L3).passes(15 * MINUTE)
    assert not story.all(RaisePage)
    assert story.told[0] == (
        L3_CHANNEL,
        "T-1042: the acceptance clock is at 50 %, 15m are left; nobody was paged: maintenance “Payments release” is on",
    )
    assert any("nobody was paged: maintenance “Payments release” is on" in line for line in story.timeline)


def test_nothing_is_handed_off_and_the_channel_is_told_once() -> None:
    story = Story(under()).passes(30 * MINUTE)
    assert story.ticket.tier is Tier.L1
    assert [channel for channel, _ in story.told] == [L1_CHANNEL]
    assert "it was not handed to L2: maintenance “Payments release” is on" in story.told[0][1]
    assert any("it was not handed to L2" in line for line in story.timeline)


def test_an_entry_that_would_page_tells_the_channel() -> None:
    story = Story(under()).escalated(Tier.L3)
    assert not story.all(RaisePage)
    assert any("maintenance “Payments release” is on" in text for channel, text in story.told if channel == L3_CHANNEL)
    assert any("Nobody was paged: maintenance “Payments release” is on" in line for line in story.timeline)


def test_after_it_ladders_go_on_as_ever() -> None:
    short = RELEASE.model_copy(update={"end": NOON + 30 * MINUTE})
    story = Story(under(short)).passes(30 * MINUTE)
    assert story.ticket.tier is Tier.L2, "the end is outside"


@pytest.mark.parametrize("opening", [{"product": "storefront"}, {"product": None}])
def test_other_tickets_are_not_touched(opening: dict[str, Any]) -> None:
    story = Story(under(), an_opening(**opening)).passes(30 * MINUTE)
    assert story.ticket.tier is Tier.L2


def test_what_is_told_is_told_once_in_a_window() -> None:
    story = Story(under()).passes(30 * MINUTE)
    texts = [notice.text for notice in story.all(Notice)]
    assert len(texts) == len(set(texts))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of November 2026, in UTC; the 16th is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "inside", "outside"),
    [
        (
            {"start": "2026-11-16 22:00", "end": "2026-11-17 02:00", "zone": "Europe/Brussels"},
            [at(16, 21), at(17, 0, 59)],
            [at(16, 20, 59), at(17, 1)],
        ),
        ({"start": "2026-11-16", "end": "2026-11-18"}, [at(16, 0), at(17, 23, 59)], [at(15, 23, 59), at(18, 0)]),
        (
            {"start": "2026-11-16T22:00+09:00", "end": "2026-11-16T23:00+09:00", "zone": "Europe/Brussels"},
            [at(16, 13)],
            [at(16, 14), at(16, 21)],
        ),
        (
            {"weekly": {"sun": ["22:00-02:00"]}, "zone": "Europe/Brussels"},
            [at(15, 21), at(16, 0, 59), at(22, 22)],
            [at(16, 1), at(16, 21), at(14, 22)],
        ),
    ],
)
def test_when_it_is_on(window: dict[str, Any], inside: list[datetime], outside: list[datetime]) -> None:
    found = MaintenanceWindow.model_validate({"name": "x"} | window)
    assert [found.covers(instant) for instant in inside] == [True] * len(inside)
    assert [found.covers(instant) for instant in outside] == [False] * len(outside)


@pytest.mark.parametrize(
    ("product", "component", "found"),
    [
        ("payments", "cards", "both"),
        ("PAYMENTS", "wallet", "product"),
        (None, "cards", None),
        ("storefront", None, None),
    ],
)
def test_the_first_that_concerns_the_ticket_counts(
    product: str | None, component: str | None, found: str | None
) -> None:
    week = Week(mon=("00:00-24:00",))
    windows = (
        MaintenanceWindow(name="both", product="payments", component="cards", weekly=week),
        MaintenanceWindow(name="product", product="payments", weekly=week),
    )
    window = window_at(windows, NOON, product=product, component=component)
    assert (window.name if window is not None else None) == found


@pytest.mark.parametrize(
    ("window", "message"),
    [
        ({}, "give either `start` and `end`, or `weekly`"),
        ({"start": "2026-11-16"}, "give either `start` and `end`, or `weekly`"),
        ({"start": "2026-11-16", "end": "2026-11-17", "weekly": {"sun": ["22:00-02:00"]}}, "give either"),
        ({"start": "2026-11-17", "end": "2026-11-16"}, "`end` must be after `start`"),
        ({"start": 20261116, "end": 20261117}, "write a time as 2026-12-05 22:00"),
        ({"weekly": {}}, "never open"),
        ({"weekly": {"sun": ["22:00-02:00"]}, "zone": "Europe/Bruxelles"}, "not an IANA time zone"),
    ],
)
def test_one_that_makes_no_sense_is_refused(window: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        MaintenanceWindow.model_validate({"name": "x"} | window)
    assert message in str(refused.value)


def test_times_across_a_change_of_time_are_the_walls() -> None:
    # On 25 October 2026 Brussels goes back from 03:00 to 02:00: the window from 01:00 to 04:00 lasts four hours.
    window = MaintenanceWindow(
        name="x", start=datetime(2026, 10, 25, 1), end=datetime(2026, 10, 25, 4), zone="Europe/Brussels"
    )
    hours = [datetime(2026, 10, 24, 22, tzinfo=UTC) + timedelta(hours=n) for n in range(8)]
    assert [window.covers(hour) for hour in hours] == [False, True, True, True, True, False, False, False]


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_window_as_long_as_the_calendar_is_one(zone: str) -> None:
    always = MaintenanceWindow(name="For ever", zone=zone, start=datetime.min, end=datetime.max)
    story = Story(under(always)).escalated(Tier.L3).passes(30 * 24 * HOUR)
    assert not story.all(RaisePage)
    assert any("maintenance “For ever” is on" in line for line in story.timeline)

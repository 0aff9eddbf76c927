"""The roll of an issue: who is on it, what they come to, and how little room it takes."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.engineering_rules import RequestKind
from domain.issue_messages import TicketOnIssue
from domain.issue_roll import READABLE, Roll, Tally
from domain.tiers import Priority
from domain.watched_issue import WatchedIssue
from tests.domain.building import DAY, HOUR, NOON, an_issue

_WARNS_FROM = 256 * 1024
"""From this size on Temporal warns of a payload."""


def facts(
    customer: str = "c-1",
    plan: str | None = "business",
    severity: Priority = Priority.P3,
    request: RequestKind = RequestKind.BUG,
    *,
    opened_at: datetime = NOON,
    due_at: datetime | None = None,
    workaround: str | None = None,
) -> TicketOnIssue:
    """A ticket as its issue knows it."""
    return TicketOnIssue(
        customer=customer,
        plan=plan,
        severity=severity,
        request=request,
        opened_at=opened_at,
        due_at=due_at,
        workaround=workaround,
    )


def stored(roll: Roll) -> str:
    """The roll as a part of an issue's state, as a payload has it."""
    return WatchedIssue(ref=an_issue(), watched_since=NOON, roll=roll).model_dump_json()


def a_roll(count: int) -> Roll:
    """Tickets like those of a real rush: customers come again, every ticket has its own times."""
    chance = random.Random(count)
    roll = Roll()
    days = sorted(chance.randrange(30 * 86_400) for _ in range(count))
    for number, second in enumerate(days, start=1):
        opened = NOON - 30 * DAY + timedelta(seconds=second)
        due = opened + timedelta(seconds=chance.randrange(86_400)) if chance.random() < 0.7 else None
        ticket = facts(
            customer=f"cust-{chance.randrange(count):x}",
            plan=chance.choice(["free", "business", "enterprise"]),
            severity=chance.choice(list(Priority)),
            request=chance.choice(list(RequestKind)),
            opened_at=opened,
            due_at=due,
        )
        roll = roll.joined(f"T-{number}", ticket, opened)
    return roll


def test_tickets_stand_in_the_order_in_which_they_joined_and_keep_their_numbers() -> None:
    roll = Roll()
    for ticket in ("T-3", "T-1", "T-2"):
        roll = roll.joined(ticket, facts(), NOON)
    roll = roll.left("T-1").changed("T-3", facts("c-9")).joined("T-1", None, NOON)
    assert list(roll) == ["T-3", "T-2", "T-1"]
    assert [roll.number(ticket) for ticket in roll] == [1, 3, 4]
    assert roll.after(1, 4, 10) == [(3, "T-2"), (4, "T-1")]
    assert roll.after(0, 3, 1) == [(1, "T-3")]
    assert roll.first(2) == ("T-3", "T-2")


def test_a_roll_never_changes() -> None:
    one = Roll().joined("T-1", facts(), NOON)
    other = one.joined("T-2", facts("c-2"), NOON).changed("T-1", facts("c-3")).left("T-1")
    assert list(one) == ["T-1"]
    assert (one.tally.tickets, one.tally.customers) == (1, 1)
    assert list(other) == ["T-2"]


def test_what_changes_nothing_is_the_same_roll() -> None:
    roll = Roll().joined("T-1", facts(), NOON)
    assert roll.joined("T-1", facts("c-2"), NOON) is roll
    assert roll.changed("T-1", facts()) is roll
    assert roll.changed("T-9", facts()) is roll
    assert roll.left("T-9") is roll


def test_customers_are_counted_once_and_requests_apart() -> None:
    roll = Roll()
    roll = roll.joined("T-1", facts("c-1", "enterprise", Priority.P1), NOON)
    roll = roll.joined("T-2", facts("c-1", "enterprise", Priority.P3), NOON)
    roll = roll.joined("T-3", facts("c-2", "free", Priority.P4, RequestKind.FEATURE), NOON)
    roll = roll.joined("T-4", None, NOON)
    assert (roll.tally.tickets, roll.tally.customers) == (4, 2)
    bugs, features = roll.of(RequestKind.BUG), roll.of(RequestKind.FEATURE)
    assert (bugs.tickets, bugs.customers, dict(bugs.customers_by_plan)) == (3, 1, {"enterprise": 1})
    assert (features.tickets, features.customers, dict(features.customers_by_plan)) == (1, 1, {"free": 1})
    assert dict(roll.tally.by_severity) == {Priority.P1: 1, Priority.P3: 1, Priority.P4: 1}
    assert (bugs.gravest, features.gravest) == (Priority.P1, Priority.P4)
    assert roll.left("T-1").of(RequestKind.BUG).customers == 1
    assert roll.left("T-1").left("T-2").of(RequestKind.BUG).customers == 0


def test_growth_is_counted_by_the_day_of_joining() -> None:
    roll = Roll()
    for number, days in enumerate((0, 0, 1, 6, 7, 13, 14)):
        roll = roll.joined(f"T-{number}", facts(), NOON - days * DAY)
    today = NOON.date()
    assert roll.tally.joined_by_day(today) == (1, 0, 0, 0, 0, 1, 2)
    assert roll.tally.grown(today) == 4
    assert roll.tally.grown(today - timedelta(days=7)) == 2


def test_the_next_deadline_is_the_first_that_is_yet_to_come() -> None:
    roll = Roll().joined("T-1", facts(due_at=NOON - HOUR), NOON).joined("T-2", facts(due_at=NOON + 2 * HOUR), NOON)
    roll = roll.joined("T-3", facts(due_at=NOON + HOUR), NOON)
    assert roll.next_due_at(NOON) == NOON + HOUR
    assert roll.next_due_at(NOON + HOUR) == NOON + 2 * HOUR
    assert roll.overdue(NOON) == 1


def test_the_first_opening_is_known_when_the_first_has_left() -> None:
    roll = Roll().joined("T-1", facts(opened_at=NOON - DAY), NOON).joined("T-2", facts(opened_at=NOON), NOON)
    assert roll.first_opened_at() == NOON - DAY
    left = roll.left("T-1")
    assert left.first_opened_at(RequestKind.BUG) == NOON
    assert left.joined("T-3", facts(opened_at=NOON - HOUR), NOON).first_opened_at() == NOON - HOUR
    assert roll.first_opened_at(RequestKind.FEATURE) is None


def test_a_short_roll_can_be_read_by_people_and_a_long_one_is_packed() -> None:
    few, many = stored(a_roll(READABLE)), stored(a_roll(READABLE + 1))
    assert '"T-7":{"number":7' in few
    assert "T-7" not in many


def test_ten_thousand_tickets_are_less_than_temporal_warns_of() -> None:
    roll = a_roll(10_000)
    text = stored(roll)
    assert len(text.encode()) < 2 / 3 * _WARNS_FROM
    assert WatchedIssue.model_validate_json(text).roll == roll


def test_what_is_no_roll_is_refused() -> None:
    for written in ('{"last": 1}', '{"last": 1, "packed": "zz"}', "7", '{"last": 1, "tickets": {"T-1": {"no": 1}}}'):
        text = stored(Roll()).replace('{"last":0,"tickets":{}}', written)
        with pytest.raises(ValidationError, match="no roll of tickets"):
            WatchedIssue.model_validate_json(text)


_FACTS = st.builds(
    facts,
    st.sampled_from(["c-1", "c-2", "ü", '"']),
    st.sampled_from([None, "free", "enterprise"]),
    st.sampled_from(Priority),
    st.sampled_from(RequestKind),
    opened_at=st.integers(0, 10**8).map(lambda s: NOON - timedelta(seconds=s)),
    due_at=st.none() | st.integers(0, 10**6).map(lambda s: NOON + timedelta(seconds=s)),
    workaround=st.none() | st.text(max_size=20),
)
_STEPS = st.lists(
    st.tuples(st.sampled_from(["join", "change", "leave"]), st.integers(0, READABLE * 2), st.none() | _FACTS),
    max_size=150,
)


def counted(tally: Tally) -> tuple[Any, ...]:
    """Everything that a tally says."""
    return (
        tally.tickets,
        tally.customers,
        dict(tally.customers_by_plan),
        dict(tally.by_severity),
        tally.joined_by_day(NOON.date(), 14),
    )


@given(_STEPS)
def test_whatever_happens_counts_are_what_counting_anew_gives_and_it_can_be_stored(
    steps: list[tuple[str, int, TicketOnIssue | None]],
) -> None:
    roll = Roll()
    known: dict[str, TicketOnIssue | None] = {}
    for do, number, about in steps:
        ticket = f"T-{number}"
        if do == "join":
            roll = roll.joined(ticket, about, NOON)
            known.setdefault(ticket, about)
        elif do == "leave":
            roll = roll.left(ticket)
            known.pop(ticket, None)
        elif about is not None:
            roll = roll.changed(ticket, about)
            known |= {ticket: about} if ticket in known else {}
    assert list(roll) == list(known)
    assert [roll.facts(ticket) for ticket in known] == list(known.values())
    again = WatchedIssue.model_validate_json(stored(roll)).roll
    assert again == roll
    assert list(again) == list(roll)
    for kind in RequestKind:
        assert counted(again.of(kind)) == counted(roll.of(kind))
        assert again.first_opened_at(kind) == roll.first_opened_at(kind)
    assert counted(again.tally) == counted(roll.tally)
    assert roll.tally.customers == len({about.customer for about in known.values() if about is not None})

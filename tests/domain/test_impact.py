"""The score of an issue: the policy's formula, to the digit."""

import itertools
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.engineering_rules import ImpactClass, ImpactRules, ImpactWeights, RequestKind
from domain.impact import ImpactCounts, changes_with_time, class_after, counted, kind_of, score
from domain.issue_messages import TicketOnIssue
from domain.issue_roll import Roll
from domain.tiers import Priority
from tests.domain.issue_life import CLASSES, DAY, HOUR, NOON, a_ticket

WEIGHTS = ImpactWeights(plans={"Gold": 10, "silver": 4})


def a_roll(*tickets: TicketOnIssue, joined: timedelta = timedelta()) -> Roll:
    roll = Roll()
    for number, ticket in enumerate(tickets, start=1):
        roll = roll.joined(f"T-{number}", ticket, NOON + joined)
    return roll


def scored(roll: Roll, after: timedelta = timedelta(), weights: ImpactWeights = WEIGHTS) -> float:
    kind = kind_of(roll)
    return score(weights, counted(roll, kind, NOON + after), NOON + after)


def test_each_part_of_the_formula_counts_what_it_says() -> None:
    roll = a_roll(
        a_ticket("cus-1", plan="gold", severity=Priority.P1, opened_at=NOON - 10 * DAY),
        a_ticket("cus-1", plan="gold", severity=Priority.P3),
        a_ticket("cus-2", plan="Silver", severity=Priority.P4),
        a_ticket("cus-3", plan="bronze", severity=Priority.P3),
    )
    tickets, customers, plans, severity, growth, age = 4 * 1, 3 * 3, 10 + 4 + 0, 20, 4 * 1, 10 * 0.2
    assert scored(roll) == pytest.approx(tickets + customers + plans + severity + growth + age)


def test_without_tickets_there_is_no_impact() -> None:
    assert scored(Roll()) == 0
    assert score(WEIGHTS, ImpactCounts(first_at=NOON - DAY), NOON) == 0


def test_growth_is_that_of_the_last_seven_days() -> None:
    weights = ImpactWeights(ticket=0, customer=0, severity={}, growth=1, age=0)
    roll = a_roll(a_ticket(), a_ticket())
    assert [scored(roll, day * DAY, weights) for day in (0, 6, 7)] == [2, 2, 0]


def test_age_counts_whole_days_and_not_without_end() -> None:
    weights = ImpactWeights(ticket=0, customer=0, severity={}, growth=0, age=0.5, oldest=90)
    roll = a_roll(a_ticket())
    assert [scored(roll, after, weights) for after in (23 * HOUR, DAY, 90 * DAY, 400 * DAY)] == [0, 0.5, 45, 45]


def test_feature_requests_are_counted_the_same_way_and_apart() -> None:
    """Three customers who wish for something do not make the bug of two others graver."""
    wishes = [a_ticket(f"cus-{n}", request=RequestKind.FEATURE) for n in range(3)]
    bugs = [a_ticket(f"cus-{n}", severity=Priority.P1) for n in range(2)]
    both = a_roll(*wishes, *bugs)
    assert kind_of(both) is RequestKind.FEATURE
    assert scored(both) == scored(a_roll(*wishes))
    assert counted(both, RequestKind.BUG, NOON) == counted(a_roll(*bugs), RequestKind.BUG, NOON)


def test_an_issue_that_is_as_much_a_bug_as_a_wish_is_a_bug() -> None:
    assert kind_of(a_roll(a_ticket(), a_ticket(request=RequestKind.FEATURE))) is RequestKind.BUG


def test_a_class_holds_from_its_score_on_and_is_left_downwards_only_well_below_it() -> None:
    rules = ImpactRules(classes=CLASSES)

    def after(before: str | None, value: float) -> str | None:
        reached = class_after(rules, before, value, RequestKind.BUG)
        return reached.name if reached is not None else None

    assert [after(None, value) for value in (4.9, 5, 19.9, 20, 100)] == [None, "low", "low", "high", "severe"]
    assert [after("high", value) for value in (19.9, 18, 17.9, 4)] == ["high", "high", "low", None]
    assert after("low", 4.6) == "low"
    assert after("a class of yesterday's policy", 19) == "low"


def test_feature_requests_have_classes_of_their_own() -> None:
    rules = ImpactRules(classes=CLASSES, features=(ImpactClass(name="wanted", at=2),))
    wanted = class_after(rules, None, 50, RequestKind.FEATURE)
    assert wanted is not None
    assert wanted.name == "wanted"


def test_it_is_known_when_time_alone_changes_a_score() -> None:
    counts = counted(a_roll(a_ticket()), RequestKind.BUG, NOON)
    assert changes_with_time(WEIGHTS, counts, NOON)
    assert not changes_with_time(ImpactWeights(growth=0, age=0), counts, NOON)
    old = counted(a_roll(a_ticket()), RequestKind.BUG, NOON + 200 * DAY)
    assert not changes_with_time(WEIGHTS, old, NOON + 200 * DAY)
    assert not changes_with_time(WEIGHTS, ImpactCounts(), NOON)


_TICKETS = st.lists(
    st.builds(
        lambda customer, plan, severity, days: a_ticket(
            f"cus-{customer}", plan=plan, severity=severity, opened_at=NOON - days * DAY
        ),
        st.integers(1, 5),
        st.sampled_from([None, "gold", "silver", "bronze"]),
        st.sampled_from(Priority),
        st.integers(0, 120),
    ),
    max_size=12,
)


@given(_TICKETS, _TICKETS)
def test_one_more_ticket_never_lowers_a_score_and_none_is_negative(
    some: list[TicketOnIssue], more: list[TicketOnIssue]
) -> None:
    scores = [scored(a_roll(*some, *more[:n])) for n in range(len(more) + 1)]
    assert min(scores) >= 0
    assert all(before <= after + 1e-9 for before, after in itertools.pairwise(scores))


@given(_TICKETS.flatmap(lambda tickets: st.tuples(st.just(tickets), st.permutations(tickets))))
def test_the_order_of_joining_does_not_matter(orders: tuple[list[TicketOnIssue], list[TicketOnIssue]]) -> None:
    one, other = orders
    assert scored(a_roll(*one)) == pytest.approx(scored(a_roll(*other)))


@given(_TICKETS)
def test_a_ticket_that_leaves_takes_its_weight_along(tickets: list[TicketOnIssue]) -> None:
    roll = a_roll(*tickets, a_ticket("somebody", plan="gold", severity=Priority.P1))
    assert scored(roll.left(f"T-{len(tickets) + 1}")) == pytest.approx(scored(a_roll(*tickets)))

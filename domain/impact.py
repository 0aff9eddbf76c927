"""How much an engineering issue weighs: a score out of what is counted of its tickets, and the class that follows from it.

The formula is the policy's (``domain.engineering_rules.ImpactWeights``); ages are whole days, so that a score changes by time alone at most
once a day.
"""

from datetime import datetime, timedelta

from pydantic import Field

from domain.engineering_rules import ImpactClass, ImpactRules, ImpactWeights, RequestKind
from domain.frozen import Frozen
from domain.issue_roll import Roll
from domain.tiers import Priority

HYSTERESIS = 0.9
"""A class is left downwards only below this share of the score from which it holds: a score on the border changes nothing back and forth."""
_DAY = timedelta(days=1)


class ImpactCounts(Frozen):
    """What is counted of an issue's tickets of one kind.

    ``plans`` are the distinct customers by their plan (a customer whose tickets name two plans counts with both), ``gravest`` is the gravest
    ticket's severity, ``recent`` the tickets that joined within the last seven days, ``first_at`` when the first was opened.
    """

    tickets: int = 0
    customers: int = 0
    plans: dict[str, int] = Field(default_factory=dict)
    gravest: Priority | None = None
    recent: int = 0
    first_at: datetime | None = None


def kind_of(roll: Roll) -> RequestKind:
    """What most of an issue's tickets are; a bug where they are even, since what is broken is not only wished for."""
    features, bugs = roll.of(RequestKind.FEATURE).tickets, roll.of(RequestKind.BUG).tickets
    return RequestKind.FEATURE if features > bugs else RequestKind.BUG


def counted(roll: Roll, kind: RequestKind, now: datetime) -> ImpactCounts:
    """The counts of the tickets of a kind: bugs and feature requests are counted the same way, and apart."""
    tally = roll.of(kind)
    return ImpactCounts(
        tickets=tally.tickets,
        customers=tally.customers,
        plans={plan: customers for plan, customers in tally.customers_by_plan.items() if plan is not None},
        gravest=tally.gravest,
        recent=tally.grown(now.date()),
        first_at=roll.first_opened_at(kind),
    )


def score(weights: ImpactWeights, counts: ImpactCounts, now: datetime) -> float:
    """The score by the policy's formula; 0 without tickets."""
    if counts.tickets == 0:
        return 0.0
    plans = {plan.casefold(): weight for plan, weight in weights.plans.items()}
    return (
        counts.tickets * weights.ticket
        + counts.customers * weights.customer
        + sum(customers * plans.get(plan.casefold(), 0.0) for plan, customers in counts.plans.items())
        + (weights.severity.get(counts.gravest, 0.0) if counts.gravest is not None else 0.0)
        + counts.recent * weights.growth
        + min(_days_since(counts.first_at, now), weights.oldest) * weights.age
    )


def class_after(rules: ImpactRules, before: str | None, value: float, kind: RequestKind) -> ImpactClass | None:
    """The class of a score for an issue that had the class named ``before``; None below the lowest.

    Upwards at once; downwards only when the score is below ``HYSTERESIS`` of what the class asks for.
    """
    classes = rules.features if kind is RequestKind.FEATURE else rules.classes
    current = next((each for each in classes if each.name == before), None)
    reached = rules.class_of(value, kind)
    if current is None or (reached is not None and reached.at >= current.at):
        return reached
    return current if value >= current.at * HYSTERESIS else reached


def changes_with_time(weights: ImpactWeights, counts: ImpactCounts, now: datetime) -> bool:
    """Whether the score will be another one by time alone: there is growth that ends, or age that counts on."""
    ends = counts.recent > 0 and weights.growth > 0
    ages = counts.tickets > 0 and weights.age > 0 and _days_since(counts.first_at, now) < weights.oldest
    return ends or ages


def _days_since(first_at: datetime | None, now: datetime) -> int:
    return 0 if first_at is None else max(0, (now - first_at) // _DAY)

"""Escalation policies: their levels, who is on call at each, and where an incident goes when nobody takes it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.pagerduty.account import Named, User
from sandbox.pagerduty.schedules import Schedule

Target = User | Schedule
"""Whom a level wakes: one person always, or whoever a schedule has on call."""


@dataclass(frozen=True)
class EscalationRule:
    """One level."""

    id: str
    targets: tuple[str, ...]
    """Ids of users and schedules."""
    escalation_delay_in_minutes: int = 30
    """So long an unacknowledged incident stays here, in the sandbox's minutes."""


@dataclass
class EscalationPolicy:
    """An escalation policy."""

    id: str
    name: str
    rules: list[EscalationRule] = field(default_factory=list)
    num_loops: int = 0
    """How often it begins again after the last level."""

    @property
    def named(self) -> Named:
        """What others refer to."""
        return Named(self.id, self.name)


@dataclass(frozen=True)
class Step:
    """Where an incident is in its policy."""

    level: int
    loops: int
    """How often the policy has begun again."""


def targets(rule: EscalationRule, users: Mapping[str, User], schedules: Mapping[str, Schedule]) -> list[Target]:
    """Whom a level wakes."""
    found: list[Target | None] = [users.get(id_) or schedules.get(id_) for id_ in rule.targets]
    return [target for target in found if target is not None]


def on_call(
    rule: EscalationRule, users: Mapping[str, User], schedules: Mapping[str, Schedule], at: datetime
) -> list[User]:
    """Who is on call at a level at an instant, each once."""
    people = [target if isinstance(target, User) else target.on_call(at) for target in targets(rule, users, schedules)]
    return list(dict.fromkeys(person for person in people if person is not None))


def next_step(policy: EscalationPolicy, step: Step) -> Step | None:
    """The level after this one, or the first of the next loop; None when the policy is at its end."""
    if step.level < len(policy.rules):
        return Step(step.level + 1, step.loops)
    return Step(1, step.loops + 1) if step.loops < policy.num_loops else None

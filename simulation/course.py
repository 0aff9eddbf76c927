"""Runs one case through the rules of the domain, at the times of the log, and judges its clocks."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from config.errors import ConfigurationError
from domain.clocks import Clock, ClockOutcome, counted_at
from domain.decide import advanced, follow, open_ticket
from domain.policy import Action, HandOffs, Policy
from domain.ticket import Ticket, TicketStatus
from domain.ticket_card import facts_of
from domain.tiers import Owner, Tier
from simulation.judged import JudgedCase, JudgedClock, Outcome
from simulation.translation import Told

QUIET_TIME = timedelta(days=3660)
"""Longer than a log: nothing closes by itself, so that whatever the log reopens can be reopened."""


def as_tried(policy: Policy) -> Policy:
    """The policy, without what would move a ticket besides the log.

    Ladders advise, nothing closes by itself, everybody may do what the log says they did, and no issue or vendor is involved.
    No tier asks for a report, since no log tells what was written down at a hand-off that was made.
    """
    changes = {
        "hand_offs": HandOffs.ADVISED,
        "quiet_time": QUIET_TIME,
        "permissions": {},
        "routes": (),
        "vendors": {},
        "digest": None,
        "tiers": {tier: rules.model_copy(update={"requires": ()}) for tier, rules in policy.tiers.items()},
    }
    return policy.model_copy(update=changes)


def check_tiers(policy: Policy, tiers: frozenset[Tier], name: str) -> None:
    """The policy has every tier of the log.

    Raises:
        ConfigurationError: it has not; the message names the tiers.
    """
    missing = sorted(tier.value for tier in tiers if tier not in policy.tiers)
    if missing:
        raise ConfigurationError(
            [
                f"{name}: tiers: the log has tickets in {', '.join(missing)}; say in the policy who that is, or map it anew"
            ]
        )


def run_case(told: Told, policy: Policy, log_ends_at: datetime) -> JudgedCase:
    """What becomes of a case under a policy that went through ``as_tried``."""
    ticket = open_ticket(told.opening, policy, told.opened_at, silent=True).state
    tally = _HandOffs(policy)
    refused: list[str] = []
    for asked in told.asked:
        # Ladders only advise, so that the steps of a turn are done while the ticket is where it was before.
        before = ticket
        ticket, refusal = follow(ticket, asked.command, asked.at)
        tally.look(before, ticket)
        if refusal is not None:
            refused.append(refusal)
    before = ticket
    ticket = advanced(ticket, log_ends_at)
    tally.look(before, ticket)
    return JudgedCase(
        case_id=told.case_id,
        clocks=judged_clocks(told.case_id, ticket, log_ends_at),
        pages=ticket.pages_wanted,
        hand_offs=tally.count,
        spent=_spent(ticket, told.last_at if ticket.status is not TicketStatus.OPEN else log_ends_at),
        refused=tuple(refused),
    )


def judged_clocks(case_id: str, ticket: Ticket, log_ends_at: datetime) -> tuple[JudgedClock, ...]:
    """The ticket's clocks as they stand when the log ends, oldest first."""
    return tuple(_judged(case_id, ticket, clock, log_ends_at) for clock in ticket.clocks)


def _judged(case_id: str, ticket: Ticket, clock: Clock, log_ends_at: datetime) -> JudgedClock:
    return JudgedClock(
        case_id=case_id,
        clock=clock.kind,
        stint=clock.stint,
        tier=ticket.stints[clock.stint or 0].tier,
        priority=clock.priority,
        target=clock.target,
        started_at=clock.started_at,
        stopped_at=clock.stopped_at,
        counted=counted_at(clock, ticket.policy.calendar(clock.calendar), log_ends_at),
        breached_at=clock.breached_at,
        outcome=outcome_of(clock.outcome, clock.breached_at),
    )


def outcome_of(ended: ClockOutcome | None, breached_at: datetime | None) -> Outcome:
    """How a clock that ended so, or still runs, is counted."""
    if breached_at is not None:
        return Outcome.BREACHED
    return Outcome(ended.value) if ended is not None else Outcome.RUNNING


def _spent(ticket: Ticket, until: datetime) -> dict[Owner, timedelta]:
    seconds = facts_of(ticket, until).seconds_by_owner
    return {owner: timedelta(seconds=length) for owner, length in seconds.items()}


class _HandOffs:
    """Counts the steps of ladders that would have handed a ticket up."""

    def __init__(self, policy: Policy) -> None:
        self.count = 0
        self._steps = _handing_steps(policy)
        self._tiers = policy.tiers

    def look(self, before: Ticket, after: Ticket) -> None:
        """See which steps were done between two states of a ticket."""
        if not self._steps:
            return
        done = {clock.id: clock.steps_done for clock in before.clocks}
        for clock in after.clocks:
            handing = self._steps.get(clock.ladder or "")
            if handing is None or len(clock.steps_done) == len(done.get(clock.id, ())):
                continue
            new = clock.steps_done - done.get(clock.id, frozenset())
            self.count += sum(label.partition(".")[0] in handing for label in new) * self._can_go_up(before.tier)

    def _can_go_up(self, tier: Tier) -> bool:
        return any(tier.rank < other.rank < Tier.L4.rank for other in self._tiers)


def _handing_steps(policy: Policy) -> Mapping[str, frozenset[str]]:
    """By the name of a ladder: the labels of its steps that hand off."""
    handing = {
        name: frozenset(str(number) for number, rung in enumerate(ladder.rungs) if Action.HAND_OFF in rung.do)
        for name, ladder in policy.ladders.items()
    }
    return {name: labels for name, labels in handing.items() if labels}


__all__ = ["QUIET_TIME", "as_tried", "check_tiers", "judged_clocks", "outcome_of", "run_case"]

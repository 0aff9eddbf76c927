"""What a row of a log asks of a ticket: the commands that a person would have given at that instant."""

import functools
from datetime import datetime
from typing import NamedTuple

from config.log_mapping import LogEvent
from domain.messages import (
    Accept,
    Cancel,
    Command,
    Escalate,
    OpenTicket,
    Reopen,
    Reply,
    Request,
    Resolve,
    Return,
    SetPriority,
    Wait,
)
from domain.people import Actor, ActorKind, Customer, Role
from domain.tiers import Priority, Tier, WaitingOn
from simulation.cases import Case
from simulation.rows import Row

WHY = "by the log"
STAFF = Actor(
    kind=ActorKind.API,
    id="log",
    name="the log",
    roles=frozenset({Role.AGENT, Role.LEAD, Role.ENGINEER, Role.OPERATOR, Role.INTEGRATION}),
)
"""Who does what the log tells; the log itself may name nobody."""
_WAITS = {
    LogEvent.QUEUED: WaitingOn.TIER,
    LogEvent.WORKING: WaitingOn.TIER,
    LogEvent.WAITING_ON_CUSTOMER: WaitingOn.CUSTOMER,
    LogEvent.WAITING_ON_VENDOR: WaitingOn.VENDOR,
    LogEvent.WAITING_ON_ENGINEERING: WaitingOn.ENGINEERING,
    LogEvent.ON_HOLD: WaitingOn.HOLD,
}
_ENDS = frozenset({LogEvent.RESOLVED, LogEvent.CLOSED, LogEvent.CANCELLED})


class Asked(NamedTuple):
    """A command and when it is given."""

    at: datetime
    command: Command


class Told(NamedTuple):
    """A case in the words of the domain."""

    case_id: str
    opened_at: datetime
    opening: OpenTicket
    asked: tuple[Asked, ...]
    last_at: datetime


def told(case: Case, number: int, entry_tier: Tier) -> Told:
    """Translate a case.

    Args:
        case: its rows.
        number: a number of its own, of which the ticket's id is made: a case's own id may be of any form.
        entry_tier: where it is while the log tells no tier.
    """
    first = case.rows[0]
    opening = OpenTicket(
        ticket_id=f"T-{number}",
        title=f"Case {number}",
        description=WHY,
        customer=Customer(id="log", name="Customer"),
        priority=first.priority or Priority.P3,
        tier=first.tier or entry_tier,
        channel="log",
        opened_by=STAFF,
    )
    course = _Course(first.tier or entry_tier, first.priority or Priority.P3)
    asked = tuple(
        Asked(row.at, _command(number, request))
        for number, (row, request) in enumerate((row, request) for row in case.rows for request in course.asks(row))
    )
    return Told(case.id, first.at, opening, asked, case.rows[-1].at)


class _Course:
    """Where a case stands, as far as it is needed to see what the next row changes."""

    def __init__(self, tier: Tier, priority: Priority) -> None:
        self._tier = tier
        self._priority = priority
        self._settled = False
        self._answered = False
        self._accepted = False
        self._waiting = WaitingOn.TIER

    def asks(self, row: Row) -> list[Request]:
        """The commands of a row, in order."""
        requests: list[Request] = []
        ends = row.event in _ENDS
        if self._settled and ends:
            # Resolved to closed at the most, which is no change to any clock.
            return requests
        tier = row.tier or self._tier
        if self._settled:
            requests.append(_reopen(tier))
            self._settled = False
            self._enters(tier)
        elif tier is not self._tier:
            requests.append(_move(tier, up=tier.rank > self._tier.rank))
            self._enters(tier)
        if row.priority is not None and row.priority is not self._priority:
            requests.append(SetPriority(priority=row.priority))
            self._priority = row.priority
        if ends:
            requests.append(_CANCEL if row.event is LogEvent.CANCELLED else _RESOLVE)
            self._settled = True
            self._answered = self._answered or row.event is not LogEvent.CANCELLED
            self._waiting = WaitingOn.TIER
            return requests
        if row.event is not LogEvent.QUEUED:
            self._is_taken(requests)
        waits = _WAITS[row.event]
        if waits is not self._waiting:
            requests.append(_wait(waits))
            self._waiting = waits
        return requests

    def _enters(self, tier: Tier) -> None:
        self._tier, self._accepted, self._waiting = tier, False, WaitingOn.TIER

    def _is_taken(self, requests: list[Request]) -> None:
        # Whoever takes a ticket first answers its customer; the answer takes it as well.
        if not self._answered:
            requests.append(_ANSWER)
        elif not self._accepted:
            requests.append(_ACCEPT)
        self._answered = self._accepted = True


_ACCEPT = Accept()
_ANSWER = Reply(text=WHY, awaits_customer=False)
_RESOLVE = Resolve(text=WHY)
_CANCEL = Cancel(reason=WHY)


def _command(number: int, request: Request) -> Command:
    # Nothing of it is unchecked: the request is one, and the rest is ours.
    return Command.model_construct(id=str(number + 1), by=STAFF, request=request)


@functools.cache
def _reopen(tier: Tier) -> Request:
    return Reopen(reason=WHY, to=tier)


@functools.cache
def _move(tier: Tier, *, up: bool) -> Request:
    return Escalate(to=tier, reason=WHY) if up else Return(to=tier, reason=WHY)


@functools.cache
def _wait(whom: WaitingOn) -> Request:
    return Wait(on=whom)

"""The clocks of the recorded incidents, counted by hand: no calendar arithmetic, no rules of the product, minute after minute.

It shares no code with the product. It knows one log and one policy, and takes its rules from the words of docs/simulation.md: each
clock's running time is walked through in steps that end at each full minute of UTC (on which every opening hour begins and ends)
and at each event; a step counts when the office is open at its beginning.
"""

import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

BRUSSELS = ZoneInfo("Europe/Brussels")
MINUTE = 60
HOUR = 3600
TARGETS = {
    "first_response": {"P1": 15 * MINUTE, "P2": HOUR, "P3": 4 * HOUR, "P4": 8 * HOUR},
    "handoff": {"P1": 15 * MINUTE, "P2": 30 * MINUTE, "P3": 2 * HOUR, "P4": 4 * HOUR},
    "tier_work": {"P1": 2 * HOUR, "P2": 8 * HOUR, "P3": 24 * HOUR, "P4": 40 * HOUR},
    "resolution": {"P1": 8 * HOUR, "P2": 24 * HOUR, "P3": 80 * HOUR, "P4": 160 * HOUR},
}
PRIORITIES = {"Major": "P1", "High": "P2", "Medium": "P3", "Low": "P4"}
CUSTOMER_WAITS = {"Wait - User", "Wait - Customer"}
VENDOR_WAITS = {"Wait - Vendor"}


@dataclass
class Event:
    """A line of the log; ``at`` is in seconds since 1970."""

    at: int
    status: str
    substatus: str
    tier: str
    impact: str


@dataclass
class Stint:
    """A stay in a tier."""

    tier: str
    start: int
    taken: int | None = None
    end: int | None = None
    worked_until: int | None = None
    cancelled: bool = False


@dataclass
class Life:
    """What a case's lines add up to. The two lists are from-to pairs in seconds."""

    stints: list[Stint] = field(default_factory=list)
    customer: list[tuple[int, int]] = field(default_factory=list)
    vendor: list[tuple[int, int]] = field(default_factory=list)
    resolved: list[tuple[int, int]] = field(default_factory=list)
    answered: int | None = None
    stopped: int | None = None
    cancelled: bool = False


def read_cases(path: Path) -> tuple[dict[str, list[Event]], int]:
    """Every case's lines, and the last instant of the log."""
    by_case: dict[str, list[Event]] = {}
    last = 0
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            at = int(datetime.fromisoformat(row["timestamp"]).timestamp())
            last = max(last, at)
            by_case.setdefault(row["case_id"], []).append(
                Event(at, row["status"], row["substatus"], f"L{row['line']}", row["impact"])
            )
    return by_case, last


def count_case(case_id: str, events: list[Event], log_end: int) -> list[dict[str, object]]:
    """Every clock of a case, with the fields that the simulator writes."""
    events = [event for event in events if event.status != "Unmatched"]
    priority = PRIORITIES[events[0].impact]
    opened = events[0].at
    life = _life(events, log_end)
    is_open = _OpenMinutes(opened, log_end, always=priority == "P1")
    clocks: list[dict[str, object]] = []

    def add(
        clock: str, stint: int | None, tier: str, start: int, stop: int | None, runs: list[tuple[int, int]], end: str
    ) -> None:
        target = TARGETS[clock][priority]
        counted, reached = _walk(runs, target, is_open)
        # To reach it at the very instant of the stop, or of the log's end, is to keep it.
        breached = reached is not None and reached != (stop if stop is not None else log_end)
        outcome = "breached" if breached else (end if stop is not None else "running")
        clocks.append(
            {
                "case_id": case_id,
                "clock": clock,
                "stint": stint,
                "tier": tier,
                "priority": priority,
                "target_s": target,
                "started_at": _utc(start),
                "stopped_at": _utc(stop),
                "counted_s": counted,
                "breached_at": _utc(reached) if breached else None,
                "outcome": outcome,
            }
        )

    for number, stint in enumerate(life.stints):
        accepted = stint.taken is not None
        stop = stint.taken if accepted else stint.end
        ending = "met" if accepted else ("cancelled" if stint.cancelled else "left")
        add("handoff", number, stint.tier, stint.start, stop, [(stint.start, _or(stop, log_end))], ending)
        stop = stint.worked_until
        runs = _without([(stint.start, _or(stop, log_end))], [*life.customer, *life.vendor])
        add("tier_work", number, stint.tier, stint.start, stop, runs, "cancelled" if stint.cancelled else "met")
    first = life.stints[0].tier
    stop = life.answered if life.answered is not None else (life.stopped if life.cancelled else None)
    ending = "met" if life.answered is not None else "cancelled"
    add("first_response", None, first, opened, stop, [(opened, _or(stop, log_end))], ending)
    runs = _without([(opened, _or(life.stopped, log_end))], [*life.customer, *life.resolved])
    add("resolution", None, first, opened, life.stopped, runs, "cancelled" if life.cancelled else "met")
    return clocks


def _or(at: int | None, other: int) -> int:
    return other if at is None else at


def _life(events: list[Event], log_end: int) -> Life:
    life = Life(stints=[Stint(events[0].tier, events[0].at)])
    over_since: int | None = None
    for number, event in enumerate(events):
        until = events[number + 1].at if number + 1 < len(events) else log_end
        completed = event.status == "Completed"
        if over_since is not None and completed:
            continue
        if over_since is not None:
            life.resolved.append((over_since, event.at))
            over_since, life.stopped, life.cancelled = None, None, False
            life.stints[-1].end = event.at
            life.stints.append(Stint(event.tier, event.at))
        elif event.tier != life.stints[-1].tier:
            life.stints[-1].end = life.stints[-1].worked_until = event.at
            life.stints.append(Stint(event.tier, event.at))
        stint = life.stints[-1]
        is_cancelled = event.substatus == "Cancelled"
        if event.status in {"Accepted", "Completed"} and not is_cancelled:
            life.answered = event.at if life.answered is None else life.answered
            stint.taken = event.at if stint.taken is None else stint.taken
        if completed:
            over_since = life.stopped = stint.worked_until = event.at
            stint.end = event.at
            life.cancelled = stint.cancelled = is_cancelled
        elif event.substatus in CUSTOMER_WAITS:
            life.customer.append((event.at, until))
        elif event.substatus in VENDOR_WAITS:
            life.vendor.append((event.at, until))
    return life


def _without(runs: list[tuple[int, int]], pauses: list[tuple[int, int]]) -> list[tuple[int, int]]:
    for start, end in pauses:
        left: list[tuple[int, int]] = []
        for a, b in runs:
            if end <= a or b <= start:
                left.append((a, b))
                continue
            left += [(a, start)] if a < start else []
            left += [(end, b)] if end < b else []
        runs = left
    return runs


def _walk(runs: list[tuple[int, int]], target: int, is_open: "_OpenMinutes") -> tuple[int, int | None]:
    """The seconds counted, and the instant at which they were the target, if ever."""
    counted = 0
    reached: int | None = None
    for start, end in sorted(runs):
        at = start
        while at < end:
            step = min((at // MINUTE + 1) * MINUTE, end) - at
            if is_open[at // MINUTE]:
                if reached is None and counted + step >= target:
                    reached = at + target - counted
                counted += step
            at += step
    return counted, reached


class _OpenMinutes:
    """Whether the office is open in a minute (counted from 1970), looked at minute by minute."""

    def __init__(self, start: int, end: int, *, always: bool) -> None:
        self._first = start // MINUTE
        minutes = range(self._first, end // MINUTE + 1)
        self._open = bytes(1 if always or _office_is_open(minute * MINUTE) else 0 for minute in minutes)

    def __getitem__(self, minute: int) -> int:
        return self._open[minute - self._first]


def _office_is_open(at: int) -> bool:
    local = datetime.fromtimestamp(at, BRUSSELS)
    now = (local.hour, local.minute)
    in_hours = (8, 0) <= now < (12, 0) or (13, 0) <= now < (17, 30)
    return in_hours and local.isoweekday() <= 5 and local.date() not in _belgian_holidays(local.year)


_HOLIDAYS: dict[int, set[date]] = {}


def _belgian_holidays(year: int) -> set[date]:
    """The ten public holidays of Belgium: six fixed, and four that hang on Easter."""
    if year not in _HOLIDAYS:
        easter = _easter(year)
        moving = {easter + timedelta(days=days) for days in (0, 1, 39, 50)}
        fixed = {(1, 1), (5, 1), (7, 21), (8, 15), (11, 1), (11, 11), (12, 25)}
        _HOLIDAYS[year] = moving | {date(year, month, day) for month, day in fixed}
    return _HOLIDAYS[year]


def _easter(year: int) -> date:
    """Easter Sunday by the reckoning of Meeus, Jones and Butcher."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    ell = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * ell) // 451
    month, day = divmod(h + ell - 7 * m + 114, 31)
    return date(year, month, day + 1)


def _utc(at: int | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def in_steady_order(clocks: list[dict[str, object]]) -> Iterator[dict[str, object]]:
    """By clock and stint."""
    yield from sorted(clocks, key=lambda clock: (str(clock["clock"]), -1 if clock["stint"] is None else clock["stint"]))

"""What `tierline simulate` prints on a terminal."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TypeVar

from rich.table import Table

from domain.policy import ClockKind
from simulation.difference import Difference
from simulation.totals import Tally, Totals, in_order
from simulation.words import clock_words, hours, owner_words, share, signed

_G = TypeVar("_G")


def by_clock(totals: Totals) -> Table:
    """How each kind of clock ended."""
    table = _table("Clocks", "clock", "clocks", "breached", "share", "met", "left", "cancelled", "running")
    for kind in totals.clocks:
        tally = totals.of_clock(kind)
        table.add_row(clock_words(kind), *_cells(tally))
    table.add_section()
    table.add_row("All", *_cells(totals.all()))
    return table


def by_tier(totals: Totals) -> Table:
    """Breaches of each clock by the tier in which it started."""
    return _cross("Breaches by tier", totals, totals.tiers, totals.of_tier)


def by_priority(totals: Totals) -> Table:
    """Breaches of each clock by priority."""
    return _cross("Breaches by priority", totals, totals.priorities, totals.of_priority)


def by_owner(totals: Totals) -> Table:
    """Whose time it was."""
    table = _table("Time by owner", "whose turn", "time", "share")
    whole = sum(totals.spent.values(), timedelta(0))
    for owner, length in in_order(totals.spent):
        table.add_row(owner_words(owner), hours(length), share(length / whole if whole else 0.0))
    return table


def by_policy(names: tuple[str, str], totals: Totals, against: Totals, difference: Difference) -> Table:
    """Breaches under two policies side by side."""
    table = _table(
        "Breaches under both", "clock", names[0], names[1], "difference", "only first", "only second", "moved"
    )
    for kind in dict.fromkeys((*totals.clocks, *against.clocks)):
        here, there = totals.of_clock(kind).breached, against.of_clock(kind).breached
        table.add_row(
            clock_words(kind),
            f"{here:,}",
            f"{there:,}",
            signed(here - there),
            f"{difference.only_policy[kind]:,}",
            f"{difference.only_against[kind]:,}",
            f"{difference.moved[kind]:,}",
        )
    table.add_section()
    for name, here, there in (
        ("Tickets with a breach", totals.cases_breached, against.cases_breached),
        ("Pages", totals.pages, against.pages),
        ("Hand-offs", totals.hand_offs, against.hand_offs),
    ):
        table.add_row(name, f"{here:,}", f"{there:,}", signed(here - there), "", "", "")
    return table


def most_changed(names: tuple[str, str], difference: Difference) -> Table:
    """The tickets that differ most."""
    table = _table("Tickets that differ most", "ticket", f"breaches: {names[0]}", names[1], "clocks that differ")
    for case in difference.top:
        words = (
            clock_words(pair.either.clock) + (f" #{pair.either.stint}" if pair.either.stint is not None else "")
            for pair in case.changed
        )
        table.add_row(case.case_id, str(case.breaches), str(case.breaches_against), _few(words))
    table.columns[-1].justify = "left"
    return table


def _cross(title: str, totals: Totals, groups: Iterable[_G], tally: Callable[[ClockKind, _G], Tally]) -> Table:
    groups = tuple(groups)
    table = _table(title, "clock", *(str(group) for group in groups))
    for kind in totals.clocks:
        tallies = [tally(kind, group) for group in groups]
        table.add_row(
            clock_words(kind),
            *(f"{t.breached:,} of {t.total:,}  {share(t.share):>7}" if t.total else "–" for t in tallies),
        )
    return table


def _cells(tally: Tally) -> tuple[str, ...]:
    counts = (tally.met, tally.left, tally.cancelled, tally.running)
    return (f"{tally.total:,}", f"{tally.breached:,}", share(tally.share), *(f"{count:,}" for count in counts))


def _few(words: Iterable[str], most: int = 4) -> str:
    every = list(words)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for number, name in enumerate(columns):
        table.add_column(name, justify="right" if number else "left")
    return table

"""The report of a simulation: one page of HTML for a manager, in one file that needs nothing else, not even a script."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, NamedTuple, Self

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from config.errors import ConfigurationError
from domain.policy import ClockKind, Policy
from domain.tiers import Owner, Priority
from simulation.charts import Bar, Part, bars, columns
from simulation.difference import CaseDifference, Difference
from simulation.judged import JudgedClock, Outcome
from simulation.run import Simulation
from simulation.totals import FURTHEST, OVERRUNS, Tally, Totals, in_order
from simulation.words import clock_words, hours, owner_words, share, signed

_FOLDER = Path(__file__).resolve().parent
_COLOURS = {kind: f"c{number % 4 + 1}" for number, kind in enumerate(ClockKind)}
_HOTTEST = 70
_IN_MEMORY = 1 << 20


class Tile(NamedTuple):
    """A figure at the top of the page."""

    value: str
    text: str
    alarm: bool = False


class Targets(NamedTuple):
    """A clock's rules in words."""

    name: str
    targets: tuple[str, ...]
    calendar: str
    pauses: str


class Report:
    """Collects what the page needs as the cases come; the list of tickets that differ waits in a temporary file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None
        self._tickets = tempfile.SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8")  # noqa: SIM115 - closed by exit

    def __enter__(self) -> Self:
        """Open the file.

        Raises:
            ConfigurationError: it cannot be written.
        """
        try:
            self._file = self._path.open("w", encoding="utf-8")
        except OSError as error:
            raise ConfigurationError([f"{self._path}: cannot be written: {error.strerror}"]) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tickets.close()
        if self._file is not None:
            self._file.close()

    def add(self, case: CaseDifference) -> None:
        """List a ticket that differs."""
        for pair in case.changed:
            row = Markup(
                '<tr><th scope="row">{}</th><td class="words">{}</td><td>{}</td><td class="words">{}</td>'
                '<td class="words">{}</td></tr>\n'
            )
            clock = pair.either
            cells = (case.case_id, named(clock), clock.priority.value, _ending(pair.policy), _ending(pair.against))
            self._tickets.write(row.format(*cells))

    def finish(
        self,
        run: Simulation,
        totals: Totals,
        against: Totals | None,
        difference: Difference,
        names: tuple[str, str],
    ) -> None:
        """Write the page."""
        assert self._file is not None  # opened by enter
        environment = Environment(
            loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        mapping = run.log.mapping
        page = environment.get_template("report.html.j2").stream(
            title=f"{names[0]}, tried on the past",
            style=Markup((_FOLDER / "report.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
            names=names,
            survey=run.survey,
            log_name=run.log.path.name,
            source=mapping.source if mapping is not None else None,
            totals=totals,
            tiles=_tiles(totals),
            headline=_headline(totals),
            outcome_chart=_outcomes(totals),
            clock_rows=[*((clock_words(kind), totals.of_clock(kind)) for kind in totals.clocks), ("All", totals.all())],
            difference=difference,
            difference_chart=_differences(totals, against, names) if against is not None else None,
            difference_rows=_difference_rows(totals, against, difference) if against is not None else (),
            difference_tickets=self._listed(),
            tier_rows=[(clock_words(k), [totals.of_tier(k, tier) for tier in totals.tiers]) for k in totals.clocks],
            priority_rows=[
                (clock_words(k), [totals.of_priority(k, priority) for priority in totals.priorities])
                for k in totals.clocks
            ],
            heat_table=_heat_table,
            month_chart=_months(totals),
            overrun_chart=_overruns(totals),
            owner_chart=_owners(totals),
            worst=totals.worst,
            clock_name=named,
            hours=hours,
            share=share,
            priorities=[priority.value for priority in Priority],
            target_rows=[_targets(run.policy, kind) for kind in totals.clocks if kind in run.policy.clocks],
            bad=run.bad.count,
        )
        page.enable_buffering(20)
        self._file.writelines(page)

    def _listed(self) -> Iterator[Markup]:
        self._tickets.seek(0)
        # Each line was escaped when it was written.
        yield from map(Markup, self._tickets)


def named(clock: JudgedClock) -> str:
    """``Tier work in L2``, or ``Resolution``."""
    return clock_words(clock.clock) + (f" in {clock.tier.value}" if clock.stint is not None else "")


def _ending(clock: JudgedClock | None) -> str:
    if clock is None:
        return "no such clock"
    if clock.outcome is Outcome.BREACHED and clock.breached_at is not None:
        return f"breached {clock.breached_at:%Y-%m-%d %H:%M}, {hours(clock.counted)} of {hours(clock.target)}"
    return f"{clock.outcome.value}, {hours(clock.counted)} of {hours(clock.target)}"


def _tiles(totals: Totals) -> tuple[Tile, ...]:
    every = totals.all()
    part = totals.cases_breached / totals.cases if totals.cases else 0.0
    return (
        Tile(share(1 - every.share), f"of {every.total:,} clocks were not breached"),
        Tile(f"{every.breached:,}", "breaches", alarm=every.breached > 0),
        Tile(f"{totals.cases_breached:,}", f"tickets with a breach ({share(part)})", alarm=totals.cases_breached > 0),
        Tile(f"{totals.hand_offs:,}", "hand-offs by ladders"),
        Tile(f"{totals.pages:,}", "pages"),
    )


def _headline(totals: Totals) -> str:
    shares = [(totals.of_clock(kind).share, clock_words(kind)) for kind in totals.clocks]
    if not shares or max(shares)[0] == 0:
        return "No clock was breached."
    worst, name = max(shares)
    best, kept = min(shares)
    if len(shares) == 1:
        return f"{name} was breached in {share(worst)} of all cases."
    return f"{name} breaks most often, in {share(worst)} of all cases; {kept.lower()} is kept best, with {share(best)}."


def _outcomes(totals: Totals) -> Markup:
    rows = []
    for kind in totals.clocks:
        tally = totals.of_clock(kind)
        parts = (
            ("breached", "bad", tally.breached),
            ("met", "good", tally.met),
            ("left, cancelled or running", "rest", tally.left + tally.cancelled + tally.running),
        )
        drawn = tuple(Part(name, colour, n, f"{clock_words(kind)}: {n:,} {name}") for name, colour, n in parts)
        rows.append(Bar(clock_words(kind), drawn, f"{share(tally.share)} breached"))
    text = "; ".join(f"{row.label} {row.text}" for row in rows)
    return bars("How the clocks ended", text, rows, relative=True)


def _months(totals: Totals) -> Markup:
    months = list(_months_between(sorted({month for month, _ in totals.breaches_by_month})))
    rows = [
        _column(month, totals, lambda kind, month=month: totals.breaches_by_month[month, kind])  # type: ignore[misc]
        for month in months
    ]
    highest = max(rows, key=lambda row: sum(part.value for part in row.parts), default=None)
    text = f"The most were in {highest.label}: {highest.text}" if highest is not None else "There was none"
    return columns("Breaches by month", text, rows)


def _months_between(months: Sequence[str]) -> Iterator[str]:
    if not months:
        return
    year, month = map(int, months[0].split("-"))
    while (name := f"{year:04}-{month:02}") <= months[-1]:
        yield name
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def _overruns(totals: Totals) -> Markup:
    names = (*(name for _, name in OVERRUNS), FURTHEST)
    rows = [
        _column(name, totals, lambda kind, name=name: totals.overruns[kind, name])  # type: ignore[misc]
        for name in names
    ]
    return columns("How far clocks ran over", "; ".join(f"{row.label}: {row.text}" for row in rows), rows)


def _column(label: str, totals: Totals, count: Callable[[ClockKind], int]) -> Bar:
    parts = tuple(
        Part(clock_words(kind), _COLOURS[kind], count(kind), f"{label}: {count(kind):,} {clock_words(kind).lower()}")
        for kind in totals.clocks
    )
    return Bar(label, parts, f"{sum(part.value for part in parts):,.0f}")


def _owners(totals: Totals) -> Markup:
    # What comes after the solution is nobody's work.
    spent = [(owner, length) for owner, length in in_order(totals.spent) if owner is not Owner.RESOLVED]
    whole = sum(length.total_seconds() for _, length in spent) or 1.0
    rows = []
    for owner, length in spent:
        part = length.total_seconds() / whole
        tip = f"{owner_words(owner)}: {hours(length)}, {share(part)}"
        rows.append(
            Bar(owner_words(owner), (Part("", "c1", length.total_seconds(), tip),), f"{hours(length)}, {share(part)}")
        )
    return bars("Time by owner", "; ".join(f"{row.label} {row.text}" for row in rows), rows)


def _differences(totals: Totals, against: Totals, names: tuple[str, str]) -> Markup:
    rows = []
    for kind in dict.fromkeys((*totals.clocks, *against.clocks)):
        here, there = totals.of_clock(kind).breached, against.of_clock(kind).breached
        for name, colour, count in ((names[0], "c1", here), (names[1], "c2", there)):
            label = clock_words(kind) if colour == "c1" else ""
            rows.append(Bar(label, (Part(name, colour, count, f"{name}: {count:,}"),), f"{count:,}"))
    kinds = dict.fromkeys((*totals.clocks, *against.clocks))
    said = (
        f"{clock_words(kind)}: {totals.of_clock(kind).breached:,} and {against.of_clock(kind).breached:,}"
        for kind in kinds
    )
    return bars("Breaches under both policies", "; ".join(said), rows)


def _difference_rows(totals: Totals, against: Totals, difference: Difference) -> Iterable[tuple[str, ...]]:
    for kind in dict.fromkeys((*totals.clocks, *against.clocks)):
        here, there = totals.of_clock(kind).breached, against.of_clock(kind).breached
        only = (difference.only_policy[kind], difference.only_against[kind], difference.moved[kind])
        yield (clock_words(kind), f"{here:,}", f"{there:,}", signed(here - there), *(f"{count:,}" for count in only))
    for name, here, there in (
        ("Tickets with a breach", totals.cases_breached, against.cases_breached),
        ("Hand-offs by ladders", totals.hand_offs, against.hand_offs),
        ("Pages", totals.pages, against.pages),
    ):
        yield (name, f"{here:,}", f"{there:,}", signed(here - there), "", "", "")


def _heat_table(first: str, rows: Sequence[tuple[str, Sequence[Tally]]], groups: Sequence[object]) -> Markup:
    hottest = max((tally.share for _, tallies in rows for tally in tallies), default=0.0) or 1.0
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(group) for group in groups)
    body = Markup("").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>\n').format(
            name, Markup("").join(map(partial(_heat_cell, hottest=hottest), tallies))
        )
        for name, tallies in rows
    )
    return Markup(
        '<div class="scroll"><table><thead><tr><th scope="col">{}</th>{}</tr></thead><tbody>\n{}</tbody></table></div>'
    ).format(first, head, body)


def _heat_cell(tally: Tally, hottest: float) -> Markup:
    if not tally.total:
        return Markup("<td>–</td>")
    return Markup('<td class="heat" style="--heat: {:.0f}%"><b>{}</b><br><span>{:,} of {:,}</span></td>').format(
        _HOTTEST * tally.share / hottest, share(tally.share), tally.breached, tally.total
    )


def _targets(policy: Policy, kind: ClockKind) -> Targets:
    rules = policy.clocks[kind]
    others = (f"{priority.value}: {name}" for priority, name in sorted(rules.calendars.items()))
    return Targets(
        clock_words(kind),
        tuple(hours(rules.targets[priority]) for priority in Priority),
        "; ".join((rules.calendar, *others)),
        ", ".join(sorted(waiting.value for waiting in rules.pauses)) or "nothing",
    )

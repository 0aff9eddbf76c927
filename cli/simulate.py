"""``tierline simulate``: what would a policy have done to the tickets of a log?"""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from cli import simulation_tables as tables
from config.errors import ConfigurationError
from config.log_mapping import load_log_mapping
from config.policy import load_policy
from simulation.difference import ClockPair, Difference, compared, paired
from simulation.json_output import ClockWriter
from simulation.judged import JudgedCase
from simulation.log_file import LogFile
from simulation.report import Report
from simulation.run import Simulation
from simulation.totals import Totals
from simulation.words import labels

_WIDTH_WITHOUT_TERMINAL = 120

LogOption = Annotated[
    Path, typer.Option("--log", metavar="LOG", help="The event log: CSV or JSON Lines, plain or gzip.")
]
MappingOption = Annotated[
    Path | None,
    typer.Option(
        "--mapping", metavar="FILE", help="What its columns mean; if left out, the shipped mapping that fits them."
    ),
]
PolicyOption = Annotated[Path, typer.Option("--policy", metavar="FILE", help="The policy to try.")]


def simulate(
    log: LogOption,
    policy: PolicyOption,
    mapping: MappingOption = None,
    against: Annotated[
        Path | None, typer.Option("--against", metavar="FILE", help="Another policy to hold it against.")
    ] = None,
    json: Annotated[
        Path | None, typer.Option("--json", metavar="OUT", help="Write every clock (.jsonl: a line for each).")
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="OUT.html", help="Write a page with charts, in one file.")
    ] = None,
) -> None:
    """Try a policy on the past: the log moves the tickets, the policy's clocks judge them. Nothing is sent anywhere."""
    if json is not None and report is not None and json.resolve() == report.resolve():
        raise ConfigurationError([f"{json}: named for --json and for --report; give each a file of its own"])
    tried = load_policy(policy)
    other = load_policy(against) if against is not None else None
    file = LogFile(log, load_log_mapping(mapping) if mapping is not None else None)
    names = labels(tried, str(policy), other, str(against))
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    totals, other_totals, difference = Totals(), Totals() if other is not None else None, Difference()
    with contextlib.ExitStack() as stack:
        writer = stack.enter_context(ClockWriter(json)) if json is not None else None
        page = stack.enter_context(Report(report)) if report is not None else None
        advance = stack.enter_context(_progress(errors, file.size))
        run = Simulation(file, tried, other, lambda position: advance("Looking the log over", position))
        for judged in run:
            advance("Trying the policy", file.position)
            totals.add(judged.case)
            changes = None
            if judged.against is not None and other_totals is not None:
                other_totals.add(judged.against)
                changes = compared(judged.case, judged.against)
            if changes is not None:
                difference.add(changes)
                if page is not None:
                    page.add(changes)
            if writer is not None:
                _write(writer, judged.case, judged.against)
        if page is not None:
            page.finish(run, totals, other_totals, difference, names)
    for line in run.bad.told(str(log)):
        errors.print(line)
    if totals.refused:
        errors.print(
            f"{log}: the rules refused {totals.refused:,} moves of the log; the clocks ran on as if they were not there"
        )
    _show(run, totals, other_totals, difference, names)
    for written in (json, report):
        if written is not None:
            typer.echo(f"ok  {written} written")


def _write(writer: ClockWriter, case: JudgedCase, against: JudgedCase | None) -> None:
    if against is None:
        for clock in case.clocks:
            writer.write(clock.as_json())
        return
    pairs: tuple[ClockPair, ...] = paired(case, against)
    for pair in pairs:
        writer.write(pair.as_json())


def _show(
    run: Simulation, totals: Totals, against: Totals | None, difference: Difference, names: tuple[str, str]
) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_WIDTH_WITHOUT_TERMINAL)
    known = run.survey
    console.print(
        f"{totals.cases:,} tickets, {known.rows:,} events, {known.first_at:%Y-%m-%d} to {known.last_at:%Y-%m-%d}, under {names[0]}"
    )
    if not known.contiguous:
        console.print(
            "The rows of a case do not stand together in this log: they were gathered in temporary files first."
        )
    for table in (tables.by_clock, tables.by_tier, tables.by_priority, tables.by_owner):
        console.print()
        console.print(table(totals))
    console.print()
    console.print(f"Tickets with a breach: {totals.cases_breached:,} of {totals.cases:,}")
    console.print(f"Pages that the policy would have caused: {totals.pages:,}")
    console.print(f"Hand-offs that its ladders would have made: {totals.hand_offs:,}")
    if against is not None:
        console.print()
        console.print(tables.by_policy(names, totals, against, difference))
        console.print(f"Tickets that differ: {difference.cases:,}")
        if difference.cases:
            console.print()
            console.print(tables.most_changed(names, difference))


@contextlib.contextmanager
def _progress(console: Console, size: int) -> Iterator[Callable[[str, int], None]]:
    """A bar by how much of the file is read, on a terminal alone."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("", total=size or None)
        yield lambda what, position: bar.update(task, description=what, completed=position)

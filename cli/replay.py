"""``tierline replay``: does the live workflow judge the tickets of a log as the simulation does?"""

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter

from cli.replay_server import moved, replay
from cli.simulate import LogOption, MappingOption, PolicyOption
from config.log_mapping import load_log_mapping
from config.policy import load_policy
from domain.policy import Policy
from sandbox.engine import EngineUnavailable, find_test_server
from simulation.cases import cases, survey
from simulation.course import as_tried, check_tiers, run_case
from simulation.judged import JudgedClock
from simulation.log_file import LogFile
from simulation.rows import BadRows
from simulation.sample import sample
from simulation.translation import Told, told

_SHOWN = 20


def replay_log(
    log: LogOption,
    policy: PolicyOption,
    size: Annotated[int, typer.Option("--sample", metavar="N", min=1, help="How many tickets, chosen by hash.")] = 300,
    mapping: MappingOption = None,
) -> None:
    """Live tickets of the past through in the real workflow, on Temporal's time-skipping server, and hold its clocks against the simulation.

    Exit code 0 when they agree on every field of every clock, to the second; otherwise 1, and the differences are listed.
    """
    tried = as_tried(load_policy(policy))
    file = LogFile(log, load_log_mapping(mapping) if mapping is not None else None)
    known = survey(file)
    check_tiers(tried, known.tiers, str(policy))
    numbered = enumerate(cases(file, known, BadRows()), start=1)
    chosen = sample((told(case, number, tried.entry_tier) for number, case in numbered), size)
    try:
        test_server = find_test_server()
    except EngineUnavailable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    console = Console(stderr=True, highlight=False)
    quiet = Runtime(telemetry=TelemetryConfig(logging=LoggingConfig(TelemetryFilter("ERROR", "ERROR"))))
    later = moved(chosen, tried, known.last_at, datetime.now(UTC))
    with _progress(console) as bar:
        task = bar.add_task("Living the tickets through", total=None)
        live = asyncio.run(
            replay(later, test_server, lambda done, steps: bar.update(task, completed=done, total=steps), runtime=quiet)
        )
    different = list(differences(chosen, tried, known.last_at, live))
    count = sum(len(clocks) for clocks in live.values())
    for line in different[:_SHOWN]:
        typer.echo(f"!!  {line}")
    if len(different) > _SHOWN:
        typer.echo(f"!!  and {len(different) - _SHOWN:,} more")
    if different:
        raise typer.Exit(1)
    typer.echo(f"ok  {len(chosen):,} tickets with {count:,} clocks: workflow and simulation agree, to the second")


def differences(
    chosen: tuple[Told, ...], policy: Policy, log_ends_at: datetime, live: dict[str, list[JudgedClock]]
) -> Iterator[str]:
    """A line for each field in which a live clock differs from the simulated one."""
    for case in chosen:
        simulated = {clock.key: clock.as_json() for clock in run_case(case, policy, log_ends_at).clocks}
        lived = {clock.key: clock.as_json() for clock in live[case.case_id]}
        for key in dict.fromkeys((*simulated, *lived)):
            name = f"{case.case_id} {key[0].value}" + (f" {key[1]}" if key[1] is not None else "")
            yield from _fields(name, simulated.get(key), lived.get(key))


def _fields(name: str, simulated: dict[str, Any] | None, lived: dict[str, Any] | None) -> Iterator[str]:
    if simulated is None or lived is None:
        yield f"{name}: only in the {'workflow' if simulated is None else 'simulation'}"
        return
    for field, value in simulated.items():
        if lived[field] != value:
            yield f"{name}: {field}: simulation {value}, workflow {lived[field]}"


@contextlib.contextmanager
def _progress(console: Console) -> Iterator[Progress]:
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        yield bar

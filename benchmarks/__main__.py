"""``make bench``: run the benchmarks, or those that are named (``BENCH_ARGS="due_times breach_lag"``), and print their tables."""

import sys
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from benchmarks.breach_lag import breach_lag
from benchmarks.decisions import decisions
from benchmarks.due_times import due_times
from benchmarks.issue_scale import issue_scale
from benchmarks.page_rush import page_rush
from benchmarks.redaction import redaction
from benchmarks.simulation import simulations

BENCHMARKS: dict[str, Callable[[], Table]] = {
    "due_times": due_times,
    "decisions": decisions,
    "simulations": simulations,
    "breach_lag": breach_lag,
    "page_rush": page_rush,
    "issue_scale": issue_scale,
    "redaction": redaction,
}


def main(names: list[str]) -> int:
    """Print the tables of these benchmarks, or of all; 2 when there is none of that name."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    console = Console(width=100)
    for name in names or BENCHMARKS:
        console.print(BENCHMARKS[name]())
        console.print()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

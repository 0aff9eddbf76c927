"""``make bench``: run every benchmark and print its table."""

from rich.console import Console

from benchmarks.decisions import decisions
from benchmarks.due_times import due_times


def main() -> None:
    """Print the tables."""
    console = Console(width=100)
    for benchmark in (due_times, decisions):
        console.print(benchmark())


if __name__ == "__main__":
    main()

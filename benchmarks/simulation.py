"""What a simulation costs: events of a log that are told to the rules in a second."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.table import Table

from config.log_mapping import LOGS_FOLDER, load_log_mapping
from config.policy import load_policy
from simulation.log_file import LogFile
from simulation.run import Simulation

_FOLDER = Path(__file__).resolve().parent.parent
_POLICY = _FOLDER / "config" / "policies" / "office-hours.yaml"
_RECORDED = _FOLDER.parent / "shared" / "data" / "incidents-2013.csv.gz"
_TICKETS = 3_000
_COURSE = (
    ("Queued,Awaiting Assignment", 1, 0),
    ("Accepted,In Progress", 1, 40),
    ("Accepted,Wait - User", 1, 70),
    ("Accepted,In Progress", 1, 1_500),
    ("Queued,Awaiting Assignment", 2, 1_510),
    ("Accepted,In Progress", 2, 1_900),
    ("Completed,Resolved", 2, 2_400),
    ("Completed,Closed", 2, 12_000),
)
"""A ticket of eight events: status, line, and minutes after its opening."""


def simulations() -> Table:
    """Events a second over a log that is made here and, where it lies beside the checkout, over the recorded incidents of 2013."""
    table = Table(title="Simulation under office-hours.yaml", title_justify="left")
    for name in ("log", "tickets", "events", "seconds", "events per second"):
        table.add_column(name, justify="left" if name == "log" else "right")
    with _made_log() as made:
        _measure(table, "made", made)
    if _RECORDED.exists():
        _measure(table, "incidents of 2013", _RECORDED)
    return table


def _measure(table: Table, name: str, path: Path) -> None:
    policy = load_policy(_POLICY)
    mapping = load_log_mapping(LOGS_FOLDER / "bpi2013.yaml")
    start = time.perf_counter()
    run = Simulation(LogFile(path, mapping), policy)
    tickets = sum(1 for _ in run)
    seconds = time.perf_counter() - start
    events = run.survey.rows
    table.add_row(name, f"{tickets:,}", f"{events:,}", f"{seconds:.2f}", f"{events / seconds:,.0f}")


@contextmanager
def _made_log() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tierline-bench-") as folder:
        path = Path(folder) / "made.csv"
        with path.open("w", encoding="utf-8") as log:
            log.write("case_id,timestamp,status,substatus,line,impact\n")
            for number in range(_TICKETS):
                opened = datetime(2024, 1, 8, 7, tzinfo=UTC) + timedelta(minutes=37 * number)
                for status, line, minutes in _COURSE:
                    log.write(f"{number},{(opened + timedelta(minutes=minutes)).isoformat()},{status},{line},Medium\n")
        yield path

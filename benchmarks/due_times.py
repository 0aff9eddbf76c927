"""What computing a due time costs, by the length of the target, in an office calendar with a time zone and holidays."""

from datetime import UTC, date, datetime, timedelta

from rich.table import Table

from benchmarks.measuring import seconds_per_call
from domain.calendar import Calendar, Week

_DAY = ("08:00-12:00", "13:00-17:30")
OFFICE = Calendar(
    zone="Europe/Brussels",
    weekly=Week(mon=_DAY, tue=_DAY, wed=_DAY, thu=_DAY, fri=_DAY),
    holidays=(date(2026, 12, 25), date(2027, 1, 1), date(2027, 5, 1)),
)
_START = datetime(2026, 11, 20, 9, 17, tzinfo=UTC)


def due_times() -> Table:
    """Microseconds per call, and the ratio to a target of 8 hours."""
    table = Table(title="Due time in an office calendar", title_justify="left")
    for name in ("target", "µs per call", "ratio to 8 h"):
        table.add_column(name, justify="right")
    shortest: float | None = None
    for hours in (8, 40, 400, 4_000):
        target = timedelta(hours=hours)
        seconds = seconds_per_call(lambda target=target: OFFICE.due(_START, target))  # type: ignore[misc]
        shortest = shortest or seconds
        table.add_row(f"{hours:,} h", f"{seconds * 1e6:.1f}", f"{seconds / shortest:.1f}")
    return table

"""What computing a due time costs, by the length of the target: an office calendar with time zone, lunch breaks and holidays."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from rich.table import Table

from benchmarks.day_walk import DayWalk
from benchmarks.measuring import seconds_per_call
from config.holidays import HolidayRules, holiday_years
from domain.calendar import Calendar, Week

_DAY = ("08:00-12:00", "13:00-17:30")
_WEEKLY = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), _DAY)
_ZONE = "Europe/Brussels"
_START = datetime(2026, 11, 20, 9, 17, tzinfo=UTC)
_HOURS = (8, 40, 400, 4_000)


def due_times() -> Table:
    """Microseconds per call beside a walk from day to day over the same calendar, measured in the same run."""
    holidays = HolidayRules(country="BE").closed_days(Path(), holiday_years(date(2026, 11, 20)))
    # A ticket keeps the holidays from the year before it opened on; the walk is given no more of them.
    office = Calendar(zone=_ZONE, weekly=Week.model_validate(_WEEKLY), holidays=holidays).holidays_from(
        date(2025, 1, 1)
    )
    walk = DayWalk(_ZONE, _WEEKLY, office.holidays)
    table = Table(
        title="Due time: Europe/Brussels, two spans a day, Belgian holidays",
        title_justify="left",
        caption="The walk looks at each day between start and due time, as Frappe Helpdesk and others do.",
        caption_justify="left",
    )
    for name in ("target", "µs per call", "ratio to 8 h", "a walk by days, µs", "times as long"):
        table.add_column(name, justify="right")
    shortest: float | None = None
    for hours in _HOURS:
        target = timedelta(hours=hours)
        if office.due(_START, target) != walk.due(_START, target):
            raise AssertionError(f"the two disagree on {hours} h")
        ours = seconds_per_call(lambda target=target: office.due(_START, target))  # type: ignore[misc]
        walked = seconds_per_call(lambda target=target: walk.due(_START, target))  # type: ignore[misc]
        shortest = shortest or ours
        table.add_row(
            f"{hours:,} h",
            f"{ours * 1e6:.1f}",
            f"{ours / shortest:.1f}",
            f"{walked * 1e6:,.0f}",
            f"{walked / ours:,.0f}",
        )
    return table

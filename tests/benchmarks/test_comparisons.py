"""What the benchmarks compare with is right, or the ratio would mean nothing."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.__main__ import main
from benchmarks.day_walk import DayWalk
from benchmarks.sweeps import percentile, sweep_lags
from domain.calendar import Calendar, Week

_DAY = ("08:00-12:00", "13:00-17:30")
_WEEKLY = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), _DAY)
_HOLIDAYS = (date(2026, 12, 25), date(2027, 1, 1), date(2027, 5, 1))


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
    st.timedeltas(timedelta(seconds=1), timedelta(hours=500)),
)
def test_the_walk_by_days_finds_the_same_due_time(start: datetime, target: timedelta) -> None:
    ours = Calendar(zone="Europe/Brussels", weekly=Week.model_validate(_WEEKLY), holidays=_HOLIDAYS)
    assert DayWalk("Europe/Brussels", _WEEKLY, _HOLIDAYS).due(start, target) == ours.due(start, target)


def test_a_sweep_finds_a_breach_at_its_next_run_whatever_its_phase() -> None:
    lags = sweep_lags([datetime(2026, 11, 20, 9, 0, 30, tzinfo=UTC)], every_s=60)
    assert sorted(lags) == [float(second) for second in range(60)]
    assert percentile(lags, 50) == 29
    assert max(sweep_lags([datetime(2026, 11, 20, tzinfo=UTC)], every_s=300)) == 295


@pytest.mark.parametrize(("percent", "value"), [(50, 2.0), (99, 4.0), (100, 4.0), (25, 1.0), (0, 1.0)])
def test_percentiles_are_values_that_were_measured(percent: float, value: float) -> None:
    assert percentile([4.0, 2.0, 3.0, 1.0], percent) == value


def test_a_benchmark_that_there_is_not_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["due_time"]) == 2
    assert "there are: due_times, decisions" in capsys.readouterr().err

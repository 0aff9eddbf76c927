"""Tickets of the past in the real workflow, on the time-skipping server, against the simulation."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.replay import differences
from cli.replay_server import CYCLE, moved, replay
from config.policy import load_policy
from simulation.cases import cases, survey
from simulation.course import as_tried, run_case
from simulation.log_file import LogFile
from simulation.rows import BadRows
from simulation.sample import sample
from simulation.translation import told
from tests.shared import shared_dir
from tests.simulation.logs import OFFICE_HOURS
from tests.soak import size

TICKETS = size(small=100, full=300)

pytestmark = pytest.mark.soak


@pytest.mark.unreplayable("the command that is tested ends its server with itself")
@pytest.mark.timeout(600)
async def test_the_workflow_and_the_simulation_agree_on_every_field_of_every_clock(test_server: Path) -> None:
    policy = as_tried(load_policy(OFFICE_HOURS))
    log = LogFile(shared_dir("data", "incidents-2013.csv.gz"))
    known = survey(log)
    numbered = enumerate(cases(log, known, BadRows()), start=1)
    chosen = sample((told(case, number, policy.entry_tier) for number, case in numbered), TICKETS)
    assert len(chosen) == TICKETS
    live = await replay(moved(chosen, policy, known.last_at, datetime.now(UTC)), test_server)
    assert list(differences(chosen, policy, known.last_at, live)) == []
    assert sum(clock.outcome == "breached" for clocks in live.values() for clock in clocks) > TICKETS // 6


def test_28_years_later_every_clock_reads_the_same() -> None:
    policy = as_tried(load_policy(OFFICE_HOURS))
    log = LogFile(shared_dir("data", "incidents-2013.csv.gz"))
    known = survey(log)
    numbered = enumerate(cases(log, known, BadRows()), start=1)
    chosen = sample((told(case, number, policy.entry_tier) for number, case in numbered), 100)
    later = moved(chosen, policy, known.last_at, datetime(2026, 11, 20, tzinfo=UTC))
    assert later.by == CYCLE
    for case, moved_case in zip(chosen, later.cases, strict=True):
        now = run_case(case, policy, known.last_at).clocks
        then = run_case(moved_case, later.policy, later.log_ends_at).clocks
        assert [(c.key, c.counted, c.outcome, c.started_at + CYCLE) for c in now] == [
            (c.key, c.counted, c.outcome, c.started_at) for c in then
        ]

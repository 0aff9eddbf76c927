"""The simulation against a count by hand that shares no code with it."""

import hashlib

import pytest

from config.policy import load_policy
from simulation.log_file import LogFile
from simulation.run import Simulation
from tests.shared import shared_dir
from tests.simulation.brute_force import count_case, read_cases
from tests.simulation.logs import OFFICE_HOURS

CASES = 50


@pytest.fixture(scope="module")
def by_hand() -> dict[str, dict[tuple[object, object], dict[str, object]]]:
    """Fifty cases chosen by hash, and every one that was cancelled, has P1, or lasts over a year, counted by hand."""
    events, log_end = read_cases(shared_dir("data", "incidents-2013.csv.gz"))
    chosen = set(sorted(events, key=lambda case: hashlib.sha256(f"by hand {case}".encode()).digest())[:CASES])
    chosen |= {
        c for c, lines in events.items() if any(e.substatus == "Cancelled" or e.impact == "Major" for e in lines)
    }
    return {
        case: {(clock["clock"], clock["stint"]): clock for clock in count_case(case, events[case], log_end)}
        for case in chosen
    }


def test_every_field_of_every_clock_agrees(
    by_hand: dict[str, dict[tuple[object, object], dict[str, object]]],
) -> None:
    run = Simulation(LogFile(shared_dir("data", "incidents-2013.csv.gz")), load_policy(OFFICE_HOURS))
    counted = {
        judged.case.case_id: {(clock.clock.value, clock.stint): clock.as_json() for clock in judged.case.clocks}
        for judged in run
        if judged.case.case_id in by_hand
    }
    assert len(counted) >= CASES
    assert counted == by_hand


def test_the_count_by_hand_sees_clocks_of_every_outcome(
    by_hand: dict[str, dict[tuple[object, object], dict[str, object]]],
) -> None:
    outcomes = {clock["outcome"] for clocks in by_hand.values() for clock in clocks.values()}
    assert {"met", "breached", "left", "cancelled"} <= outcomes

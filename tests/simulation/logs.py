"""Logs of a few lines, written as the recorded incidents are."""

import gzip
from datetime import datetime
from pathlib import Path

from config.log_mapping import LOGS_FOLDER, load_log_mapping
from config.policy import load_policy
from domain.policy import Policy
from simulation.judged import JudgedCase, JudgedClock
from simulation.log_file import LogFile
from simulation.run import Simulation
from tests.shared import REPOSITORY

BPI2013 = LOGS_FOLDER / "bpi2013.yaml"
OFFICE_HOURS = REPOSITORY / "config" / "policies" / "office-hours.yaml"
HEADER = "case_id,timestamp,status,substatus,line,group,owner,impact,product,country"
QUEUED = "Queued,Awaiting Assignment"
WORKING = "Accepted,In Progress"
RESOLVED = "Completed,Resolved"
CLOSED = "Completed,Closed"
CANCELLED = "Completed,Cancelled"


def row(at: str, status: str, line: int = 1, *, case: str = "1-1", impact: str = "Medium") -> str:
    """A line: ``at`` is a time in Brussels such as ``2012-03-05 09:00`` (a Monday)."""
    instant = datetime.fromisoformat(at)
    offset = "+02:00" if 4 <= instant.month <= 9 else "+01:00"
    return f"{case},{instant.isoformat()}{offset},{status},{line},G1,agent-1,{impact},PROD1,be"


def a_log(folder: Path, *rows: str, name: str = "log.csv") -> Path:
    """A file with these lines; gzip where its name says so."""
    text = "\n".join([HEADER, *rows]) + "\n"
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def simulated(path: Path, policy: Policy | None = None) -> tuple[Simulation, list[JudgedCase]]:
    """A log under a policy: the run, and each case."""
    run = Simulation(LogFile(path, load_log_mapping(BPI2013)), policy or load_policy(OFFICE_HOURS))
    return run, [judged.case for judged in run]


def clocks_of(case: JudgedCase, kind: str) -> list[JudgedClock]:
    """A case's clocks of a kind, oldest first."""
    return [clock for clock in case.clocks if clock.clock.value == kind]

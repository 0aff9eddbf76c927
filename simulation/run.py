"""A whole log under one policy, or under two side by side, case by case."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from domain.policy import Policy
from simulation.cases import Survey, cases, survey
from simulation.course import as_tried, check_tiers, run_case
from simulation.judged import JudgedCase
from simulation.log_file import LogFile
from simulation.rows import BadRows
from simulation.translation import told


class Judged(NamedTuple):
    """A case under the policy and, where there are two, under the other. ``events`` is how many rows it has."""

    events: int
    case: JudgedCase
    against: JudgedCase | None


class Simulation:
    """Tells a log to the rules. It reads the log twice: for its last instant, by which clocks that still run are judged, and to run it.

    What it keeps in memory does not grow with the log, as long as the rows of a case stand together.
    """

    def __init__(
        self,
        log: LogFile,
        policy: Policy,
        against: Policy | None = None,
        progress: Callable[[int], None] = lambda position: None,
    ) -> None:
        """Survey the log.

        Raises:
            ConfigurationError: the log cannot be used, or a policy lacks one of its tiers.
        """
        self.log = log
        self.policy = policy
        self.against = against
        self.bad = BadRows()
        self.survey: Survey = survey(log, progress)
        for tried in (policy, against):
            if tried is not None:
                check_tiers(tried, self.survey.tiers, tried.name)

    def __iter__(self) -> Iterator[Judged]:
        """Each case, judged, in the order of the log. ``bad`` fills on the way."""
        policy = as_tried(self.policy)
        against = as_tried(self.against) if self.against is not None else None
        ends = self.survey.last_at
        for number, case in enumerate(cases(self.log, self.survey, self.bad), start=1):
            story = told(case, number, policy.entry_tier)
            other = run_case(story, against, ends) if against is not None else None
            yield Judged(len(case.rows), run_case(story, policy, ends), other)

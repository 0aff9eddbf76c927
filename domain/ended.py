"""Workflows that ended before their time: how that is called, and how the audit tells of it once."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from domain.frozen import Frozen
from domain.paging import PageDraft
from domain.policy import AuditRules

SHOWN_ENDED = 10
"""Workflows that a page and a notice name; the others are counted."""


class EndedHow(StrEnum):
    """How Temporal calls the end of a workflow that did not come to its own end."""

    TERMINATED = "terminated"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    CANCELED = "canceled"


class Ended(Frozen):
    """How and when a run ended before its time."""

    how: EndedHow
    at: datetime

    @property
    def words(self) -> str:
        """The end of a sentence: ``was terminated on 2026-11-30 08:00:00 UTC``."""
        verb = "timed out" if self.how is EndedHow.TIMED_OUT else f"was {self.how.value}"
        verb = "failed" if self.how is EndedHow.FAILED else verb
        return f"{verb} on {self.at:%Y-%m-%d %H:%M:%S} UTC"


class EndedWorkflow(Frozen):
    """A workflow whose last run ended before its time: a ticket, an engineering issue or a vendor case."""

    workflow_id: str
    run_id: str
    ended: Ended

    @property
    def name(self) -> str:
        """What people call it: a ticket by its number, the others by their workflow's id."""
        return self.workflow_id.removeprefix("ticket/")


class EndedWorkflows(Frozen):
    """All that ended before their time, the newest end first. With ``more`` there are others that were not read."""

    workflows: tuple[EndedWorkflow, ...] = ()
    more: bool = False


class EndedAlarm(Frozen):
    """Workflows that one audit found together and told of together.

    ``found`` is how many they were, ``runs`` the run ids that are still ended; ``paged`` and ``told`` say that the pager and the
    channel have it.
    """

    key: str
    found: int
    runs: tuple[str, ...]
    paged: bool = False
    told: bool = False


def new_ended(found: EndedWorkflows, alarms: Sequence[EndedAlarm]) -> tuple[EndedWorkflow, ...]:
    """Those of which no alarm tells yet."""
    known = {run for alarm in alarms for run in alarm.runs}
    return tuple(workflow for workflow in found.workflows if workflow.run_id not in known)


def still_ended(alarm: EndedAlarm, found: EndedWorkflows) -> EndedAlarm:
    """The alarm with the runs that nobody has reopened yet; all of them while not everything was read."""
    if found.more:
        return alarm
    ended = {workflow.run_id for workflow in found.workflows}
    return alarm.model_copy(update={"runs": tuple(run for run in alarm.runs if run in ended)})


def alarm_of(workflows: Sequence[EndedWorkflow]) -> EndedAlarm:
    """An alarm for these workflows. Its key follows from their runs, so an audit that is repeated pages for them once."""
    runs = tuple(sorted(workflow.run_id for workflow in workflows))
    digest = hashlib.sha256("\n".join(runs).encode()).hexdigest()
    return EndedAlarm(key=f"tierline/ended/{digest[:16]}", found=len(runs), runs=runs)


def ended_page(alarm: EndedAlarm, workflows: Sequence[EndedWorkflow], rules: AuditRules) -> PageDraft | None:
    """The page of an alarm; None where the policy names nobody to page."""
    if rules.page is None:
        return None
    return PageDraft(
        key=alarm.key,
        title=f"Tierline: {_early(len(workflows))}",
        details=ended_text(workflows),
        service=rules.page.service,
        escalation_policy=rules.page.escalation_policy,
    )


def ended_text(workflows: Sequence[EndedWorkflow]) -> str:
    """What ended and what to do; it names workflows by their ids alone."""
    shown = "; ".join(f"{workflow.name} {workflow.ended.words}" for workflow in workflows[:SHOWN_ENDED])
    more = f"; and {len(workflows) - SHOWN_ENDED} more" if len(workflows) > SHOWN_ENDED else ""
    return (
        f"{_early(len(workflows))}, and Tierline does nothing for it any more: {shown}{more}. "
        f"Look with `tierline doctor`; reopen with `tierline doctor --reopen {workflows[0].name}`"
    )


def reopened_text(alarm: EndedAlarm) -> str:
    """Nothing of an alarm is left."""
    return f"{_early(alarm.found)}: by now reopened or deleted"


def _early(number: int) -> str:
    return "1 workflow ended before its time" if number == 1 else f"{number} workflows ended before their time"

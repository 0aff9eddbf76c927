"""What stands before an issue: its likely duplicates in the tracker. One instance serves Jira's task queue and another one GitHub's."""

from datetime import UTC, datetime

from rapidfuzz import fuzz
from temporalio import activity

from activities.failures import classified, not_configured
from activities.issue_tracker import bounded_sentences
from domain.duplicates import Sought, ranked
from domain.engineering_rules import DuplicateRules
from domain.frozen import Frozen
from domain.issues import IssueCandidate
from integrations.errors import IntegrationError, PassingFailure
from integrations.issue_tracker import IssueTracker

_ATTEMPTS = 3
"""As many as a lane's first round has: nobody waits longer for a look that may as well be left out."""


class SeekInput(Frozen):
    """An issue that is to be opened in a project, by what may be the same."""

    project: str
    sought: Sought
    rules: DuplicateRules


class Found(Frozen):
    """The likely duplicates, the likeliest first; ``error`` is why they could not be looked for, ``left_out`` says what was not searched by."""

    candidates: tuple[IssueCandidate, ...] = ()
    error: str | None = None
    left_out: tuple[str, ...] = ()


class IssueOpeningActivities:
    """Looks for likely duplicates. ``setting`` is the variable that sets the tracker up."""

    def __init__(self, tracker: IssueTracker | None, *, name: str, setting: str) -> None:
        self._client = tracker
        self._name = name
        self._setting = setting

    @activity.defn(name="tracker_seek_duplicates")
    def seek_duplicates(self, wanted: SeekInput) -> Found:
        """What the tracker has that may be the same. A tracker that refuses, or fails three times, is no reason to wait: it is told."""
        if self._client is None:
            raise not_configured(self._name, self._setting)
        closed_since = datetime.now(UTC) - wanted.rules.closed_within
        left_out: list[str] = []
        try:
            candidates = self._client.similar(
                wanted.project,
                wanted.sought.title,
                wanted.sought.components,
                closed_since=closed_since,
                say=left_out.append,
            )
        except PassingFailure as error:
            if activity.info().attempt >= _ATTEMPTS:
                return Found(error=str(error))
            with classified():
                raise
        except IntegrationError as error:
            # A refusal, a rate limit, or credentials that are not taken: opening it will tell.
            return Found(error=str(error))
        found = ranked(candidates, wanted.sought, wanted.rules, likeness, closed_since=closed_since)
        return Found(candidates=found, left_out=bounded_sentences(left_out))


def likeness(one: str, other: str) -> float:
    """How alike two texts are, from 0 to 100, whatever the order of their words.

    ``WRatio`` knows a text that is a part of a longer one, and takes ``login`` and ``login page is slow`` for nearly the same;
    ``token_sort_ratio`` counts what one side alone has. Three to two of them ranks both kinds as people would.
    """
    return 0.6 * fuzz.token_sort_ratio(one, other) + 0.4 * fuzz.WRatio(one, other)

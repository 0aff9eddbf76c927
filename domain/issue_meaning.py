"""What the status of an issue means for the tickets on it: the table of its project, else its category and resolution."""

import re

from domain.engineering_rules import ProjectRules
from domain.issue_release import is_released
from domain.issues import IssueCategory, IssueMeaning, IssueSnapshot

_DECLINED = frozenset(
    {
        "not planned",
        "wont do",
        "wont fix",
        "declined",
        "cannot reproduce",
        "cant reproduce",
        "invalid",
        "not a bug",
        "known error",
        "rejected",
        "incomplete",
    }
)
"""Resolutions without a fix: Jira's own of its project templates, and GitHub's reason ``not_planned``."""
_BY_CATEGORY = {IssueCategory.TO_DO: IssueMeaning.TO_DO, IssueCategory.IN_PROGRESS: IssueMeaning.IN_PROGRESS}


def meaning_of(rules: ProjectRules, issue: IssueSnapshot) -> IssueMeaning:
    """What the issue's status means.

    The project's table decides: first by the resolution of an issue that is done, which says more than the status, then by the status. What
    it does not name goes by the category, and where that is done by the resolution. Done work reaches the customers at once, unless the
    project waits for releases: then it is only fixed until each release that the issue names is out.
    """
    named = _in_table(rules, issue)
    meaning = named if named is not None else _by_category(issue)
    if meaning is IssueMeaning.FIXED and rules.wait_for_release:
        return IssueMeaning.RELEASED if is_released(issue) else IssueMeaning.FIXED
    if meaning is IssueMeaning.FIXED and named is None:
        return IssueMeaning.RELEASED
    return meaning


def _in_table(rules: ProjectRules, issue: IssueSnapshot) -> IssueMeaning | None:
    table = {_plain(name): meaning for name, meaning in rules.statuses.items()}
    names = [_plain(issue.status), _plain(issue.status.partition(" (")[0])]
    if issue.category is IssueCategory.DONE and issue.resolution:
        # An issue that was taken up again often keeps the resolution of its last end.
        names.insert(0, _plain(issue.resolution))
    return next((table[name] for name in names if name in table), None)


def _by_category(issue: IssueSnapshot) -> IssueMeaning:
    if issue.category is not IssueCategory.DONE:
        return _BY_CATEGORY[issue.category]
    resolution = _plain(issue.resolution or "")
    if resolution == "duplicate" or issue.duplicate_of is not None:
        return IssueMeaning.DUPLICATE
    return IssueMeaning.DECLINED if resolution in _DECLINED else IssueMeaning.FIXED


def _plain(name: str) -> str:
    """A name as it is compared: ``Won't Do``, ``wont do`` and ``WONT_DO`` are one."""
    return re.sub(r"[\s_-]+", " ", re.sub(r"['’]", "", name)).strip().casefold()

"""Issues that may be the same as one to be opened: what a repository lists, the likelier ones first."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.issues import IssueCandidate, IssueCategory
from integrations.github.addresses import ref_of
from integrations.github.markers import unmarked
from integrations.github.states import status_of

MOST = 50
_TEXT_LIMIT = 2_000
_WORD = re.compile(r"[^\W_]{3,}")


def words_of(text: str) -> frozenset[str]:
    """The words of a text that say something, in small letters."""
    return frozenset(_WORD.findall(text.casefold()))


def candidates(
    issues: Iterable[Mapping[str, Any]], title: str, components: Sequence[str], closed_since: datetime
) -> list[IssueCandidate]:
    """At most ``MOST`` issues: those that share most words with the title, and the lately changed ones of these.

    GitHub has no components: labels of a component's name stand for them.
    """
    wanted = words_of(title)
    named = {component.casefold() for component in components}
    found: dict[str, tuple[int, datetime, IssueCandidate]] = {}
    for issue in issues:
        if "pull_request" in issue or _closed_before(issue, closed_since):
            continue
        labels = label_names(issue)
        candidate = IssueCandidate(
            ref=ref_of(issue),
            title=issue["title"],
            status=status_of(issue),
            category=IssueCategory.TO_DO if issue["state"] == "open" else IssueCategory.DONE,
            components=tuple(label for label in labels if label.casefold() in named),
            labels=labels,
            text=unmarked(issue.get("body") or "")[:_TEXT_LIMIT],
            updated_at=datetime.fromisoformat(issue["updated_at"]),
        )
        shared = len(wanted & words_of(candidate.title)) + len(candidate.components)
        found[candidate.ref.id] = (shared, candidate.updated_at, candidate)
    best = sorted(found.values(), key=lambda one: one[:2], reverse=True)
    return [candidate for _, _, candidate in best[:MOST]]


def label_names(issue: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of an issue's labels, which GitHub gives as objects and, in old answers, as words."""
    return tuple(
        str(label["name"] if isinstance(label, Mapping) else label) for label in issue.get("labels") or [] if label
    )


def _closed_before(issue: Mapping[str, Any], since: datetime) -> bool:
    closed_at = issue.get("closed_at")
    return issue["state"] != "open" and (closed_at is None or datetime.fromisoformat(closed_at) < since)

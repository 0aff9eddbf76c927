"""What an engineering issue's workflow is found by, as search attributes hold it: nothing personal."""

from collections.abc import Iterable

from domain.issues import Tracker
from domain.ticket_references import keyword

MOST_ALIASES = 6
"""Names of one issue that are kept, the newest first: a delivery rarely names an older one, and search attributes are short."""
_LONGEST_ALIAS = 200
"""Characters: a keyword of a search attribute holds 255. Trackers' ids and keys are ASCII, and shorter."""


def awaits_reference(tracker: Tracker, project: str | None) -> str:
    """``awaits/github:acme/storefront``: a fix there waits for its release. Without a project ``awaits/jira``: somewhere in the tracker.

    Jira's news of a version names the project by a number that nothing else of ours knows, so each issue that waits has both.
    """
    return f"awaits/{tracker.value}" if project is None else keyword(f"awaits/{tracker.value}:{project.casefold()}")


def alias_reference(tracker: Tracker, name: str) -> str:
    """``alias/github:I_kwDO…``, ``alias/github:acme/storefront#7``: the tracker names the issue so now, or did once."""
    return f"alias/{tracker.value}:{name}"


def aliases_of(tracker: Tracker, references: Iterable[str]) -> frozenset[str]:
    """The names behind an issue's alias references."""
    prefix = alias_reference(tracker, "")
    return frozenset(each.removeprefix(prefix) for each in references if each.startswith(prefix))


def with_aliases(known: tuple[str, ...], names: Iterable[str]) -> tuple[str, ...]:
    """The names of an issue with more of them, the newest first; the oldest are forgotten."""
    fitting = (name for name in names if name.isascii() and 0 < len(name) <= _LONGEST_ALIAS)
    return tuple(dict.fromkeys((*fitting, *known)))[:MOST_ALIASES]


def release_references(tracker: Tracker, project: str, *, waits: bool) -> tuple[str, ...]:
    """The references of an issue that waits for a release; none for one that does not."""
    return (awaits_reference(tracker, None), awaits_reference(tracker, project)) if waits else ()

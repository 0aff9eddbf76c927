"""What an engineering issue's workflow is found by, as search attributes hold it: nothing personal."""

from domain.issues import Tracker
from domain.ticket_references import keyword


def awaits_reference(tracker: Tracker, project: str | None) -> str:
    """``awaits/github:acme/storefront``: a fix there waits for its release. Without a project ``awaits/jira``: somewhere in the tracker.

    Jira's news of a version names the project by a number that nothing else of ours knows, so each issue that waits has both.
    """
    return f"awaits/{tracker.value}" if project is None else keyword(f"awaits/{tracker.value}:{project.casefold()}")


def release_references(tracker: Tracker, project: str, *, waits: bool) -> tuple[str, ...]:
    """The references of an issue that waits for a release; none for one that does not."""
    return (awaits_reference(tracker, None), awaits_reference(tracker, project)) if waits else ()

"""The capability of reaching the workflows of engineering issues."""

from collections.abc import Sequence
from typing import Protocol

from domain.issues import Tracker
from domain.reconcile import AskedIssue, IssueAnswer, WatchedKey


class IssueDesk(Protocol):
    """Asks the workflows of issues, and lists them. Repeating a call is harmless: receivers take each message's id once."""

    async def catch_up(self, tracker: Tracker, issue: AskedIssue, *, key: str) -> IssueAnswer:
        """Ask an issue's workflow to be as new as the tracker, and wait a bounded time for what it finds; ``key`` names the asking."""
        ...

    async def watched(self, tracker: Tracker) -> list[WatchedKey]:
        """Every issue that tickets are on, from visibility: what has just changed may not show for a moment."""
        ...

    async def watched_by_key(self, tracker: Tracker, key: str) -> WatchedKey | None:
        """The watched issue with that key, from visibility."""
        ...

    async def known_as(self, tracker: Tracker, names: Sequence[str]) -> dict[str, frozenset[str]] | None:
        """For each of these ids and keys the watched issues that the tracker calls so, or once did; None where they cannot be listed now."""
        ...

    async def awaiting_release(self, tracker: Tracker, projects: Sequence[str]) -> list[str]:
        """The ids of watched issues whose fix waits for a release in one of these projects, or in any where none is named."""
        ...

    async def tell_of_release(self, tracker: Tracker, issue_id: str, *, key: str) -> bool:
        """Tell an issue that a release was published; False when no ticket is on it any more."""
        ...

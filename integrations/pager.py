"""The capability of a pager (PagerDuty)."""

from collections.abc import Sequence
from typing import Protocol

from domain.paging import PageDraft, PageRef, PageSnapshot
from integrations.checks import Check


class Pager(Protocol):
    """Wakes people. Every method is one attempt, blocking, and raises ``integrations.errors``."""

    def raise_page(self, draft: PageDraft) -> PageRef:
        """Open the page, or find the open one with the same key: the pager itself refuses a second.

        When the REST API fails in a passing or permanent way, the Events API is tried in the same call where it is configured;
        ``PageRef.why`` then says why.
        """
        ...

    def fetch(self, page_id: str) -> PageSnapshot:
        """The truth about a page."""
        ...

    def resolve(self, *, page_key: str, page_id: str | None) -> None:
        """End the page; one that is resolved already is fine."""
        ...

    def note(self, page_id: str, text: str) -> None:
        """Write a note on the page."""
        ...

    def on_call(self, escalation_policy: str) -> list[str]:
        """Names of those who are on call at its first level now."""
        ...

    def check(self, services: Sequence[str]) -> list[Check]:
        """Try credentials, the From address, each service, and that somebody is on call."""
        ...

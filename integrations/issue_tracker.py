"""The capability of an issue tracker (Jira, GitHub)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.issues import IssueDraft, IssueRef, IssueSnapshot
from integrations.checks import Check


class IssueTracker(Protocol):
    """Opens, reads and comments on issues. Every method is one attempt, blocking, and raises ``integrations.errors``."""

    def open_issue(self, draft: IssueDraft, *, recheck: bool) -> IssueRef:
        """Open the issue once: with ``recheck`` (an earlier attempt may have worked) look for the draft's marker first."""
        ...

    def fetch(self, ref: IssueRef, *, comments_since: datetime | None) -> IssueSnapshot:
        """Read the issue, with the comments since then. Raises PermanentFailure(status=404|410) when it is gone.

        Jira reads by the lasting id; GitHub's REST API knows no read by node id, so it reads by key and follows a transfer.
        The snapshot's ``ref`` therefore keeps ``ref.id`` and may carry a new key and url: remember that one.
        """
        ...

    def find(self, reference: str) -> IssueSnapshot:
        """Read the issue that a person named by key or address."""
        ...

    def comment(self, ref: IssueRef, text: str, *, key: str, recheck: bool) -> str:
        """Write a comment once (marked with ``key``) and return its id."""
        ...

    def link_back(self, ref: IssueRef, *, global_id: str, url: str, title: str) -> None:
        """Show the ticket on the issue (Jira: a remote link by ``globalId``; GitHub has none and does nothing)."""
        ...

    def check(self, projects: Sequence[str]) -> list[Check]:
        """Try credentials, and what is needed in each project: that it is there, and that we may create issues and comment."""
        ...

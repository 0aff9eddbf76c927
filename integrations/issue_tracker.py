"""The capability of an issue tracker (Jira, GitHub)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from domain.frozen import Frozen
from domain.issues import (
    ChangeFeed,
    IssueAttachment,
    IssueCandidate,
    IssueDraft,
    IssueFieldChanges,
    IssueRef,
    IssueSnapshot,
    Visibility,
)
from integrations.checks import Check

Say = Callable[[str], None]
"""Hears, in one sentence each, what a tracker refused and was left out, so that the rest could be done."""


def unsaid(sentence: str) -> None:
    """Nobody wants to hear it."""


class AttachedFile(Frozen):
    """A file's bytes, on their way from one system to another."""

    name: str
    content_type: str
    content: bytes


class RouteNeeds(Frozen):
    """What a route of the policy asks of a tracker's project, to be held against the tracker's own create metadata."""

    project: str
    issue_type: str | None = None
    labels: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    assignee: str | None = None
    watchers: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    """Statuses and resolutions that the policy's table names."""
    public: bool = False


class IssueTracker(Protocol):
    """Opens, reads and comments on issues. Every method is one attempt, blocking, and raises ``integrations.errors``."""

    def open_issue(self, draft: IssueDraft, *, recheck: bool, say: Say = unsaid) -> IssueRef:
        """Open the issue once: with ``recheck`` (an earlier attempt may have worked) look for the draft's marker first.

        What the issue can do without (a priority, a component, somebody's name) and the tracker refuses is left out, and told by ``say``.
        """
        ...

    def fetch(self, ref: IssueRef, *, comments_since: datetime | None) -> IssueSnapshot:
        """Read the issue, with the comments since then. Raises PermanentFailure(status=404|410) when it is gone.

        Jira reads by the lasting id; GitHub's REST API knows no read by node id, so it reads by key and follows a transfer.
        The snapshot's ``ref`` therefore keeps ``ref.id`` and may carry a new key and url: remember that one. Where the tracker gave the
        issue a new id as well, it is the snapshot's ``alias``.
        """
        ...

    def find(self, reference: str) -> IssueSnapshot:
        """Read the issue that a person named by key or address."""
        ...

    def similar(
        self, project: str, title: str, components: Sequence[str], *, closed_since: datetime, say: Say = unsaid
    ) -> list[IssueCandidate]:
        """Issues of the project that may be the same: open ones, and those closed since then; a few dozen, not yet ranked.

        A component that the project does not have is left out, and told by ``say``.
        """
        ...

    def comment(
        self, ref: IssueRef, text: str, *, key: str, recheck: bool, visibility: Visibility = Visibility.INTERNAL
    ) -> str:
        """Write a comment once (marked with ``key``) and return its id. Jira Service Management keeps an internal one from customers."""
        ...

    def show_summary(self, ref: IssueRef, text: str, *, comment_id: str | None, key: str, recheck: bool) -> str:
        """Write the living summary, or edit it in place where ``comment_id`` names it (written anew where it was deleted); returns its id."""
        ...

    def change(self, ref: IssueRef, changes: IssueFieldChanges) -> None:
        """Set fields; what is so already stays so. Raises PermanentFailure where a priority or a status cannot be reached; all else is set."""
        ...

    def changed_since(self, projects: Sequence[str], since: datetime, cursors: dict[str, str]) -> ChangeFeed:
        """The tracker's own feed of changed issues, oldest first, and the projects with a release since."""
        ...

    def attach(self, ref: IssueRef, file: AttachedFile, *, key: str, recheck: bool) -> str | None:
        """Put a file on the issue once and return its id; None where the tracker takes no files (GitHub)."""
        ...

    def download(self, attachment: IssueAttachment, *, most_bytes: int) -> AttachedFile:
        """Read a file's bytes with our own session. A page to log in, and anything over the limit, is refused."""
        ...

    def link_back(self, ref: IssueRef, *, global_id: str, url: str, title: str) -> None:
        """Show the ticket on the issue (Jira: a remote link by ``globalId``; GitHub has none and does nothing)."""
        ...

    def check(self, projects: Sequence[str], needs: Sequence[RouteNeeds] = ()) -> list[Check]:
        """Try credentials, and what is needed in each project: that it is there, and that we may create issues and comment.

        Each route's needs are held against the tracker's own create metadata: a required field that the route does not fill, an option or a
        name that is not there, a person who cannot be assigned is told.
        """
        ...

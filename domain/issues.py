"""What Tierline knows of an issue in a tracker (Jira or GitHub)."""

from datetime import datetime
from enum import StrEnum

from domain.frozen import Frozen


class Tracker(StrEnum):
    """The issue trackers that Tierline speaks."""

    JIRA = "jira"
    GITHUB = "github"


class IssueRef(Frozen):
    """An issue's identity. ``id`` never changes (Jira's numeric id, GitHub's node id); key and url may, by a move.

    ``key`` is ``PAY-12`` in Jira and ``owner/repository#7`` in GitHub.
    """

    tracker: Tracker
    id: str
    key: str
    url: str


class IssueCategory(StrEnum):
    """What every tracker's own status boils down to (Jira's status category; GitHub's open and closed)."""

    TO_DO = "to_do"
    IN_PROGRESS = "in_progress"
    DONE = "done"


class IssueComment(Frozen):
    """A comment on an issue. ``ours`` is true for what Tierline wrote itself, by its marker."""

    id: str
    author: str
    text: str
    created_at: datetime
    ours: bool = False


class IssueSnapshot(Frozen):
    """The truth about an issue, as fetched: a webhook only hints that it is worth fetching."""

    ref: IssueRef
    title: str
    status: str
    category: IssueCategory
    assignee: str | None = None
    updated_at: datetime
    comments: tuple[IssueComment, ...] = ()


class IssueDraft(Frozen):
    """An issue to be opened. ``key`` makes it happen once: the tracker carries it as a marker.

    ``project`` is Jira's project key or GitHub's ``owner/repository``. ``body`` is plain text with paragraphs, and is already
    free of personal data.
    """

    key: str
    tracker: Tracker
    project: str
    issue_type: str | None = None
    title: str
    body: str
    labels: tuple[str, ...] = ()
    priority: str | None = None

"""Effects in an issue tracker; one instance serves Jira's task queue and another one GitHub's."""

from datetime import datetime

from temporalio import activity

from activities.failures import classified, not_configured, repeated
from domain.frozen import Frozen
from domain.issues import IssueDraft, IssueFieldChanges, IssueRef, IssueSnapshot, Visibility
from integrations.issue_tracker import IssueTracker


class OpenIssueInput(Frozen):
    """An issue to be opened once."""

    draft: IssueDraft
    recheck: bool = False


class FindIssueInput(Frozen):
    """An issue that a person named."""

    reference: str


class FetchIssueInput(Frozen):
    """An issue to be read, with its comments since then."""

    ref: IssueRef
    comments_since: datetime | None = None


class CommentInput(Frozen):
    """A comment to be written once."""

    ref: IssueRef
    key: str
    text: str
    recheck: bool = False
    visibility: Visibility = Visibility.INTERNAL


class SummaryInput(Frozen):
    """The living summary of an issue; ``comment_id`` is the comment in which it stands."""

    ref: IssueRef
    key: str
    text: str
    comment_id: str | None = None
    recheck: bool = False


class ChangeFieldsInput(Frozen):
    """Fields of an issue to be set."""

    ref: IssueRef
    changes: IssueFieldChanges


class LinkBackInput(Frozen):
    """A ticket to be shown on an issue."""

    ref: IssueRef
    global_id: str
    url: str
    title: str


class IssueTrackerActivities:
    """Opens, reads and comments on issues. ``setting`` is the variable that sets the tracker up."""

    def __init__(self, tracker: IssueTracker | None, *, name: str, setting: str) -> None:
        self._client = tracker
        self._name = name
        self._setting = setting

    @activity.defn(name="tracker_open_issue")
    def open_issue(self, issue: OpenIssueInput) -> IssueRef:
        """Open an issue, once per the draft's key."""
        with classified(waits_for_credentials=True):
            return self._tracker().open_issue(issue.draft, recheck=repeated(issue.recheck))

    @activity.defn(name="tracker_find_issue")
    def find_issue(self, wanted: FindIssueInput) -> IssueSnapshot:
        """Read the issue that a person named."""
        with classified(waits_for_credentials=True):
            return self._tracker().find(wanted.reference)

    @activity.defn(name="tracker_fetch_issue")
    def fetch_issue(self, wanted: FetchIssueInput) -> IssueSnapshot:
        """Read the truth about an issue."""
        with classified(waits_for_credentials=True):
            return self._tracker().fetch(wanted.ref, comments_since=wanted.comments_since)

    @activity.defn(name="tracker_comment")
    def comment(self, comment: CommentInput) -> str:
        """Write a comment, once per key; returns its remote id."""
        with classified(waits_for_credentials=True):
            return self._tracker().comment(
                comment.ref,
                comment.text,
                key=comment.key,
                recheck=repeated(comment.recheck),
                visibility=comment.visibility,
            )

    @activity.defn(name="tracker_show_summary")
    def show_summary(self, summary: SummaryInput) -> str:
        """Write the living summary, or edit it in place; returns its comment's id."""
        with classified(waits_for_credentials=True):
            return self._tracker().show_summary(
                summary.ref,
                summary.text,
                comment_id=summary.comment_id,
                key=summary.key,
                recheck=repeated(summary.recheck),
            )

    @activity.defn(name="tracker_change_fields")
    def change_fields(self, change: ChangeFieldsInput) -> None:
        """Set fields; what is so already stays so."""
        with classified(waits_for_credentials=True):
            self._tracker().change(change.ref, change.changes)

    @activity.defn(name="tracker_link_back")
    def link_back(self, link: LinkBackInput) -> None:
        """Show a ticket on an issue."""
        with classified(waits_for_credentials=True):
            self._tracker().link_back(link.ref, global_id=link.global_id, url=link.url, title=link.title)

    def _tracker(self) -> IssueTracker:
        if self._client is None:
            raise not_configured(self._name, self._setting)
        return self._client

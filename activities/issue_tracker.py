"""Effects in an issue tracker; one instance serves Jira's task queue and another one GitHub's."""

from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import quote

from temporalio import activity

from activities.failures import classified, not_configured, repeated
from domain.frozen import Frozen
from domain.issue_facts import IssueFacts
from domain.issues import (
    IssueAttachment,
    IssueComment,
    IssueDraft,
    IssueFieldChanges,
    IssueRef,
    IssueSnapshot,
    Visibility,
)
from domain.lane_room import bytes_of
from domain.texts import size_of
from integrations.issue_tracker import IssueTracker

IssueText = Callable[[str | None, IssueFacts, str | None], str]
"""The text of an issue, of a template (None: Tierline's own), the facts and the address of the ticket's page."""

_LONGEST_SENTENCE, _MOST_SENTENCES = 500, 10
_LONGEST_COMMENT, _MOST_COMMENTS = 3_000, 550
"""Bytes of a comment that are told, and comments of one reading, the oldest: more than an issue's workflow remembers
(``domain.issue_news.REMEMBERED_COMMENTS``), and together less than the 2 MB that Temporal takes as a result."""
_LARGEST_COMMENTS, _LARGEST_FILES = 1_700_000, 150_000
"""Bytes of all comments, and of the newest files, of one reading as they are written: a line's end is written as two bytes."""
_MOST_LABELS, _MOST_VERSIONS = 200, 50
_SHORTEST_COMMENT = 100


class OpenIssueInput(Frozen):
    """An issue to be opened once. Its text is made of the ``facts`` by the ``template`` of the ticket's policy (None: Tierline's own);
    without facts the draft has it.
    """

    draft: IssueDraft
    facts: IssueFacts | None = None
    template: str | None = None
    recheck: bool = False


class OpenedIssue(IssueRef):
    """An issue that was opened; ``left_out`` says, in a sentence each, what the tracker refused of it and it does without."""

    left_out: tuple[str, ...] = ()


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
    """Opens, reads and comments on issues.

    Args:
        tracker: the tracker's client, None where it is not set up.
        name: the tracker's name.
        setting: the variable that sets the tracker up.
        text: makes an issue's text of a policy's template, the facts and the address of the ticket's page.
        ui_url: the Temporal UI's address of the namespace's workflows, where a ticket has its page.
    """

    def __init__(
        self, tracker: IssueTracker | None, *, name: str, setting: str, text: IssueText, ui_url: str | None = None
    ) -> None:
        self._client = tracker
        self._name = name
        self._setting = setting
        self._text = text
        self._ui_url = ui_url

    @activity.defn(name="tracker_open_issue")
    def open_issue(self, issue: OpenIssueInput) -> OpenedIssue:
        """Open an issue, once per the draft's key."""
        with classified(waits_for_credentials=True):
            draft = issue.draft
            if issue.facts is not None:
                page = self._page_of(issue.facts.ticket)
                body = self._text(issue.template, issue.facts, page)
                draft = draft.model_copy(update={"body": body, "links": _links(issue.facts, page)})
            left_out: list[str] = []
            ref = self._tracker().open_issue(draft, recheck=repeated(issue.recheck), say=left_out.append)
            return OpenedIssue(**ref.model_dump(), left_out=bounded_sentences(left_out))

    @activity.defn(name="tracker_find_issue")
    def find_issue(self, wanted: FindIssueInput) -> IssueSnapshot:
        """Read the issue that a person named."""
        with classified(waits_for_credentials=True):
            return self._tracker().find(wanted.reference)

    @activity.defn(name="tracker_fetch_issue")
    def fetch_issue(self, wanted: FetchIssueInput) -> IssueSnapshot:
        """Read the truth about an issue."""
        with classified(waits_for_credentials=True):
            return _bounded(self._tracker().fetch(wanted.ref, comments_since=wanted.comments_since))

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

    def _page_of(self, ticket_id: str) -> str | None:
        return f"{self._ui_url}/{quote(f'ticket/{ticket_id}', safe='')}" if self._ui_url is not None else None

    def _tracker(self) -> IssueTracker:
        if self._client is None:
            raise not_configured(self._name, self._setting)
        return self._client


def _links(facts: IssueFacts, page: str | None) -> tuple[str, ...]:
    """The addresses of an issue's text that nobody but Tierline put there."""
    shown = (page,) if page is not None and facts.shows_page else ()
    return (*(file.url for file in facts.evidence), *shown)


def bounded_sentences(sentences: Sequence[str]) -> tuple[str, ...]:
    """What a tracker's client says, short enough for a ticket's story."""
    return tuple(sentence[:_LONGEST_SENTENCE] for sentence in sentences[:_MOST_SENTENCES])


def _bounded(snapshot: IssueSnapshot) -> IssueSnapshot:
    """With no more of comments than a result may hold; each is always cut alike, so that what was told reads the same the next time.

    Our own are no news to anybody, and must not stand in the way of others.
    """
    theirs = [each for each in snapshot.comments if not each.ours][:_MOST_COMMENTS]
    comments = [each.model_copy(update={"text": _cut(each.text)}) for each in theirs]
    if sum(map(bytes_of, comments)) > _LARGEST_COMMENTS:
        share = _LARGEST_COMMENTS // len(comments)
        comments = [_within(each, share) for each in comments]
    return snapshot.model_copy(
        update={
            "comments": tuple(comments),
            "attachments": _newest_files(snapshot.attachments),
            "labels": snapshot.labels[:_MOST_LABELS],
            "fix_versions": snapshot.fix_versions[-_MOST_VERSIONS:],
        }
    )


def _within(comment: IssueComment, most: int) -> IssueComment:
    """The comment with so much of its text that it has no more bytes as it is written."""
    size = size_of(comment.text)
    while bytes_of(comment) > most and size > _SHORTEST_COMMENT:
        size //= 2
        comment = comment.model_copy(update={"text": _cut(comment.text, size)})
    return comment


def _newest_files(files: Sequence[IssueAttachment]) -> tuple[IssueAttachment, ...]:
    kept, size = len(files), 0
    for file in reversed(files):
        size += bytes_of(file)
        if size > _LARGEST_FILES:
            break
        kept -= 1
    return tuple(files[kept:])


def _cut(text: str, longest: int = _LONGEST_COMMENT) -> str:
    whole = text.encode()
    if len(whole) <= longest:
        return text
    return f"{whole[:longest].decode(errors='ignore').rstrip()} … (the rest is in the tracker)"

"""What Tierline knows of an issue in a tracker (Jira or GitHub)."""

from enum import StrEnum

from pydantic import Field, JsonValue

from domain.frozen import Frozen
from domain.instants import EventTime
from domain.texts import Address, Key, Line, LongText, Mark, Name, ShortKey, Word


class Tracker(StrEnum):
    """The issue trackers that Tierline speaks."""

    JIRA = "jira"
    GITHUB = "github"

    @property
    def keeps_ids(self) -> bool:
        """Whether an issue keeps its id for good. Jira's numeric id survives a move; GitHub gives a transferred issue a new node id."""
        return self is Tracker.JIRA


class IssueRef(Frozen):
    """An issue's identity. ``id`` is the tracker's own id (Jira's numeric id, GitHub's node id) when Tierline first saw the issue, and
    stays what Tierline knows it by; key and url follow a move.

    ``key`` is ``PAY-12`` in Jira and ``owner/repository#7`` in GitHub.
    """

    tracker: Tracker
    id: ShortKey
    key: ShortKey
    url: ShortKey

    @property
    def project(self) -> str:
        """The project that the key names."""
        return project_of(self.key)


def project_of(key: str) -> str:
    """``PAY`` of ``PAY-12``, ``owner/repository`` of ``owner/repository#7``."""
    return key.rpartition("#")[0] if "#" in key else key.rpartition("-")[0]


class IssueCategory(StrEnum):
    """What every tracker's own status boils down to (Jira's status category; GitHub's open and closed)."""

    TO_DO = "to_do"
    IN_PROGRESS = "in_progress"
    DONE = "done"


class IssueMeaning(StrEnum):
    """What an issue's status means for the tickets on it: a policy's table by project says it, else the category.

    ``fixed`` is done in the tracker, and not yet with the customers; ``released`` is. ``declined`` is done without a fix, ``duplicate`` is
    done because another issue is the same.
    """

    TO_DO = "to_do"
    IN_PROGRESS = "in_progress"
    FIXED = "fixed"
    RELEASED = "released"
    DECLINED = "declined"
    DUPLICATE = "duplicate"


class SyncedField(StrEnum):
    """What both sides may change of an issue."""

    STATUS = "status"
    PRIORITY = "priority"
    LABELS = "labels"
    ASSIGNEE = "assignee"
    FIX_VERSION = "fix_version"
    TITLE = "title"


class Visibility(StrEnum):
    """Who may read a comment: the team alone (Jira Service Management's internal comment), or whoever sees the issue."""

    INTERNAL = "internal"
    PUBLIC = "public"


class IssueComment(Frozen):
    """A comment on an issue. ``ours`` is true for what Tierline wrote itself: by our own account and with our marker.

    ``edited_at`` is the tracker's time of its last edit, None where it was never edited.
    """

    id: Mark
    author: Name
    text: LongText
    created_at: EventTime
    edited_at: EventTime | None = None
    ours: bool = False
    visibility: Visibility = Visibility.INTERNAL


class IssueAttachment(Frozen):
    """A file on an issue. ``url`` needs a session of the tracker's."""

    id: Mark
    name: Name
    url: Address
    size_bytes: int | None = None
    content_type: Name | None = None
    author: Name = ""
    created_at: EventTime | None = None
    ours: bool = False


class FixVersion(Frozen):
    """A release that carries an issue's fix: Jira's version, GitHub's milestone with the release of that name or tag."""

    name: Name
    released: bool = False
    released_at: EventTime | None = None
    url: ShortKey | None = None


class FieldStamp(Frozen):
    """When a field was last changed, by the tracker's own history; ``ours`` says that our own account did it.

    ``before`` is the value that it had until then (a status or priority by name), None where the tracker does not tell.
    """

    at: EventTime
    by: Name | None = None
    ours: bool = False
    before: Name | None = None


class IssueSnapshot(Frozen):
    """The truth about an issue, as fetched: a webhook only hints that it is worth fetching.

    ``project`` is Jira's key or ``owner/repository``; ``resolution`` is Jira's name of it or GitHub's ``state_reason``; ``labels`` are all,
    without our markers; ``stamps`` the last change of each field as far as the tracker tells it; ``duplicate_of`` the issue that it was
    closed in favour of; ``alias`` the tracker's present id of the issue where that is not ``ref.id`` any more.
    """

    ref: IssueRef
    title: Line
    status: Word
    category: IssueCategory
    assignee: Word | None = None
    updated_at: EventTime
    comments: tuple[IssueComment, ...] = ()
    project: Word = ""
    issue_type: Word | None = None
    resolution: Word | None = None
    priority: Word | None = None
    labels: tuple[Word, ...] = ()
    fix_versions: tuple[FixVersion, ...] = ()
    duplicate_of: IssueRef | None = None
    attachments: tuple[IssueAttachment, ...] = ()
    stamps: dict[SyncedField, FieldStamp] = Field(default_factory=dict)
    alias: ShortKey | None = None


class IssueCandidate(Frozen):
    """An issue that may be the same as one to be opened, as a tracker lists it; ``similarity`` is from 0 to 100 (``domain.duplicates``)."""

    ref: IssueRef
    title: Line
    status: Word
    category: IssueCategory
    components: tuple[Word, ...] = ()
    labels: tuple[Word, ...] = ()
    text: LongText = ""
    updated_at: EventTime
    similarity: int = 0


class IssueDraft(Frozen):
    """An issue to be opened. ``key`` makes it happen once: the tracker carries it as a marker.

    ``project`` is Jira's project key or GitHub's ``owner/repository``. ``body`` is plain text with paragraphs (a line ``## …`` is a heading,
    ``- …`` a list's item), and is already free of personal data. ``fields`` are Jira's custom fields by id or by name, with values as Jira's
    REST API takes them; ``assignee`` and ``watchers`` are Jira account ids (Data Center: user names) or GitHub logins. ``links`` are the
    addresses in the body that Tierline itself put there: they may be followed, those that people wrote may not.
    """

    key: Key
    tracker: Tracker
    project: Word
    issue_type: Word | None = None
    title: Line
    body: LongText
    labels: tuple[Word, ...] = ()
    priority: Word | None = None
    components: tuple[Word, ...] = ()
    fields: dict[Line, JsonValue] = Field(default_factory=dict)
    assignee: Word | None = None
    watchers: tuple[Word, ...] = ()
    links: tuple[Address, ...] = ()


class IssueFieldChanges(Frozen):
    """What Tierline sets on an issue; None and empty leave a field as it is. ``status`` is a status or transition of the tracker's."""

    priority: Word | None = None
    add_labels: tuple[Word, ...] = ()
    remove_labels: tuple[Word, ...] = ()
    status: Word | None = None


class ChangedIssue(Frozen):
    """An issue in a tracker's own feed of changes."""

    id: Key
    key: Key
    updated_at: EventTime


class ChangeFeed(Frozen):
    """What changed in a tracker since an instant, oldest first.

    ``cursors`` is the tracker's own (GitHub: an ETag for each repository) and is handed back with the next reading, which is then free
    where nothing changed; ``until`` is how far it is whole; ``requests`` how many requests it took; ``releases`` the projects in which a
    release or version was published since.
    """

    issues: tuple[ChangedIssue, ...] = ()
    until: EventTime
    cursors: dict[Line, Line] = Field(default_factory=dict)
    requests: int = 0
    releases: tuple[Word, ...] = ()

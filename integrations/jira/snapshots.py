"""What Jira's JSON says about an issue, in Tierline's words."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, cast

from domain.issues import (
    FieldStamp,
    FixVersion,
    IssueAttachment,
    IssueCandidate,
    IssueCategory,
    IssueComment,
    IssueRef,
    IssueSnapshot,
    SyncedField,
    Tracker,
    Visibility,
)
from integrations.jira.file_names import is_marked
from integrations.jira.flavours import Flavour
from integrations.jira.labels import telling
from integrations.jira.rest_client import Json

COMMENT_PROPERTY = "tierline"
INTERNAL_PROPERTY = "sd.public.comment"
FIELDS = (
    "summary",
    "status",
    "assignee",
    "updated",
    "project",
    "issuetype",
    "resolution",
    "priority",
    "labels",
    "fixVersions",
    "issuelinks",
    "attachment",
)
CANDIDATE_FIELDS = ("summary", "status", "components", "labels", "description", "updated")

_CATEGORIES = {
    "new": IssueCategory.TO_DO,
    "undefined": IssueCategory.TO_DO,
    "indeterminate": IssueCategory.IN_PROGRESS,
    "done": IssueCategory.DONE,
}
# The changelog's names, which differ from the fields' ids in one case.
_HISTORY = {
    "status": SyncedField.STATUS,
    "priority": SyncedField.PRIORITY,
    "labels": SyncedField.LABELS,
    "assignee": SyncedField.ASSIGNEE,
    "fix version": SyncedField.FIX_VERSION,
    "fixversions": SyncedField.FIX_VERSION,
    "summary": SyncedField.TITLE,
}
_CANDIDATE_TEXT = 4_000


class Reader:
    """Reads the JSON of one site.

    Args:
        url: the site's address, for people's links.
        flavour: the kind of Jira.
        is_me: whether a person of Jira's JSON is our own account.
    """

    def __init__(self, url: str, flavour: Flavour, is_me: Callable[[Json], bool]) -> None:
        self._url = url
        self._flavour = flavour
        self._is_me = is_me

    def ref(self, issue: Json) -> IssueRef:
        """An issue's identity."""
        key = str(issue["key"])
        return IssueRef(tracker=Tracker.JIRA, id=str(issue["id"]), key=key, url=f"{self._url}/browse/{key}")

    def snapshot(self, issue: Json, comments: tuple[IssueComment, ...]) -> IssueSnapshot:
        """An issue with the fields ``FIELDS``, and its changelog where that was asked for."""
        fields = issue["fields"]
        status = fields["status"]
        category = _category(status)
        project = str((fields.get("project") or {}).get("key") or str(issue["key"]).rpartition("-")[0])
        return IssueSnapshot(
            ref=self.ref(issue),
            title=fields.get("summary") or issue["key"],
            status=status["name"],
            category=category,
            assignee=(fields.get("assignee") or {}).get("displayName"),
            updated_at=datetime.fromisoformat(fields["updated"]),
            comments=comments,
            project=project,
            issue_type=(fields.get("issuetype") or {}).get("name"),
            resolution=(fields.get("resolution") or {}).get("name"),
            priority=(fields.get("priority") or {}).get("name"),
            labels=telling(fields.get("labels") or ()),
            fix_versions=tuple(self._version(project, version) for version in fields.get("fixVersions") or ()),
            duplicate_of=self._original(fields) if category is IssueCategory.DONE else None,
            attachments=tuple(self.attachment(raw) for raw in fields.get("attachment") or ()),
            stamps=self._stamps(issue),
        )

    def candidate(self, issue: Json) -> IssueCandidate:
        """An issue of a search with the fields ``CANDIDATE_FIELDS``."""
        fields = issue["fields"]
        return IssueCandidate(
            ref=self.ref(issue),
            title=fields.get("summary") or issue["key"],
            status=fields["status"]["name"],
            category=_category(fields["status"]),
            components=tuple(str(component["name"]) for component in fields.get("components") or ()),
            labels=telling(fields.get("labels") or ()),
            text=self._flavour.plain(fields.get("description"))[:_CANDIDATE_TEXT],
            updated_at=datetime.fromisoformat(fields["updated"]),
        )

    def comment(self, raw: Json, *, service_desk: bool) -> IssueComment:
        """A comment; in a service desk's project its customers read what is not internal."""
        author = raw.get("author") or {}
        created_at = datetime.fromisoformat(raw["created"])
        updated_at = datetime.fromisoformat(raw.get("updated") or raw["created"])
        return IssueComment(
            id=str(raw["id"]),
            author=str(author.get("displayName") or "somebody"),
            text=self._flavour.plain(raw.get("body")),
            created_at=created_at,
            edited_at=updated_at if updated_at > created_at else None,
            ours=marker_of(raw) is not None and self._is_me(author),
            visibility=_visibility(raw, service_desk=service_desk),
        )

    def attachment(self, raw: Json) -> IssueAttachment:
        """A file's description."""
        author = raw.get("author") or {}
        name = str(raw.get("filename") or "file")
        return IssueAttachment(
            id=str(raw["id"]),
            name=name,
            url=str(raw["content"]),
            size_bytes=raw.get("size"),
            content_type=raw.get("mimeType"),
            author=str(author.get("displayName") or ""),
            created_at=datetime.fromisoformat(raw["created"]) if raw.get("created") else None,
            ours=is_marked(name) and self._is_me(author),
        )

    def _version(self, project: str, raw: Json) -> FixVersion:
        day = raw.get("releaseDate")
        released = bool(raw.get("released"))
        return FixVersion(
            name=str(raw["name"]),
            released=released,
            released_at=datetime.fromisoformat(f"{day}T00:00:00+00:00").astimezone(UTC) if released and day else None,
            url=f"{self._url}/projects/{project}/versions/{raw['id']}",
        )

    def _original(self, fields: Json) -> IssueRef | None:
        """The issue that this one duplicates: an ``outwardIssue``, since the link's outward words are "duplicates"."""
        for link in fields.get("issuelinks") or ():
            kind = link.get("type") or {}
            names = {str(kind.get("name", "")).casefold(), str(kind.get("outward", "")).casefold()}
            if names & {"duplicate", "duplicates"} and link.get("outwardIssue"):
                return self.ref(link["outwardIssue"])
        return None

    def _stamps(self, issue: Json) -> dict[SyncedField, FieldStamp]:
        """The last change of each field; Cloud tells the newest first, Data Center the oldest."""
        stamps: dict[SyncedField, FieldStamp] = {}
        for history in (issue.get("changelog") or {}).get("histories") or ():
            author = history.get("author") or {}
            at = datetime.fromisoformat(history["created"])
            for name, before in _changes_of(history):
                if name not in stamps or stamps[name].at <= at:
                    ours = self._is_me(author)
                    stamps[name] = FieldStamp(at=at, by=author.get("displayName"), ours=ours, before=before)
        return stamps


def is_service_desk(issue: Json) -> bool:
    """Whether the issue's project has customers who read its comments."""
    project = issue["fields"].get("project") or {}
    return project.get("projectTypeKey") == "service_desk"


def marker_of(comment: Json) -> str | None:
    """The key that we wrote the comment for."""
    value = _property(comment, COMMENT_PROPERTY)
    return cast(str, value["key"]) if isinstance(value.get("key"), str) else None


def comment_properties(key: str, visibility: Visibility) -> list[Json]:
    """The entity properties of a comment of ours. Only Jira Service Management heeds the second one, and only it shows comments to
    customers: the others need nothing.
    """
    return [
        {"key": COMMENT_PROPERTY, "value": {"key": key}},
        {"key": INTERNAL_PROPERTY, "value": {"internal": visibility is Visibility.INTERNAL}},
    ]


def _visibility(comment: Json, *, service_desk: bool) -> Visibility:
    told = _property(comment, INTERNAL_PROPERTY).get("internal")
    if told is None:
        # ``jsdPublic`` is true on every comment of a project that has no customers.
        told = not service_desk or comment.get("jsdPublic") is False
    # Sometimes a string, by what older apps wrote.
    internal = str(told).casefold() == "true" or bool(comment.get("visibility"))
    return Visibility.INTERNAL if internal else Visibility.PUBLIC


def _property(comment: Json, key: str) -> Json:
    for entry in comment.get("properties") or ():
        if entry.get("key") == key and isinstance(entry.get("value"), dict):
            return cast(Json, entry["value"])
    return {}


def _category(status: Json) -> IssueCategory:
    key = str((status.get("statusCategory") or {}).get("key"))
    return _CATEGORIES.get(key, IssueCategory.TO_DO)


def _changes_of(history: Json) -> Iterator[tuple[SyncedField, str | None]]:
    """The fields that were changed together, each with its value before."""
    items: list[dict[str, Any]] = history.get("items") or []
    for item in items:
        if name := _HISTORY.get(str(item.get("field", "")).casefold()):
            yield name, item.get("fromString")

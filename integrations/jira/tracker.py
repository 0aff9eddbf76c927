"""Jira Cloud behind the issue tracker's Protocol."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from jira import JIRAError
from pydantic import SecretStr

from domain.issues import IssueCategory, IssueComment, IssueDraft, IssueRef, IssueSnapshot, Tracker
from integrations.base_url import checked_base_url
from integrations.checks import Check
from integrations.errors import IntegrationError
from integrations.jira.adf import document, text_of
from integrations.jira.cloud_client import CloudClient
from integrations.jira.failures import SYSTEM, jira_failures, refusal

LABEL = "tierline"
COMMENT_PROPERTY = "tierline"

_KEY = re.compile(r"[A-Z][A-Z0-9_]{1,30}-\d{1,10}")
_CATEGORIES = {
    "new": IssueCategory.TO_DO,
    "undefined": IssueCategory.TO_DO,
    "indeterminate": IssueCategory.IN_PROGRESS,
    "done": IssueCategory.DONE,
}
_FIELDS = ("summary", "status", "assignee", "updated")
_SUMMARY_LIMIT = 255
_COMMENT_PAGE = 100
_COMMENT_PAGES = 20
# Where the search does not find the marker: how many of the project's newest issues are looked through, how many keys
# beyond the newest are read, and how many missing ones in a row (deleted or moved issues) are taken for the end.
_NEWEST = 50
_BEYOND = 50
_GAP = 3


class JiraTracker:
    """``IssueTracker`` on Jira Cloud's REST API v3. Building it calls nobody.

    Args:
        url: the site, ``https://acme.atlassian.net``.
        email: the account's e-mail address.
        api_token: the account's API token.
    """

    def __init__(self, url: str, email: str, api_token: SecretStr) -> None:
        self._url = checked_base_url(SYSTEM, url)
        self._client = CloudClient(self._url, email, api_token)

    def open_issue(self, draft: IssueDraft, *, recheck: bool) -> IssueRef:
        """Open the issue once: with ``recheck`` look for the draft's marker label first."""
        marker = marker_label(draft.key)
        if recheck and (found := self._marked(draft.project, marker)):
            return found
        fields: dict[str, Any] = {
            "project": {"key": draft.project},
            "issuetype": {"name": draft.issue_type or "Bug"},
            "summary": " ".join(draft.title.split())[:_SUMMARY_LIMIT],
            "description": document(draft.body),
            "labels": sorted({LABEL, marker, *(_label(label) for label in draft.labels)}),
        }
        if draft.priority is not None:
            fields["priority"] = {"name": draft.priority}
        with jira_failures():
            created = self._client.created(fields)
            return self._ref(created)

    def fetch(self, ref: IssueRef, *, comments_since: datetime | None) -> IssueSnapshot:
        """Read the issue by its numeric id, which a move to another project does not change."""
        with jira_failures():
            issue = self._client.read(_path_part(ref.id), _FIELDS)
            return self._snapshot(issue, tuple(reversed(list(self._comments(ref.id, comments_since)))))

    def find(self, reference: str) -> IssueSnapshot:
        """Read the issue that a person named by key or address; without its comments."""
        key = key_of(reference)
        if key is None:
            raise refusal("name an issue by its key (PAY-12) or its address in the browser")
        with jira_failures():
            return self._snapshot(self._client.read(key, _FIELDS), ())

    def comment(self, ref: IssueRef, text: str, *, key: str, recheck: bool) -> str:
        """Write a comment once, marked with an entity property, and return its id."""
        with jira_failures():
            if recheck:
                for found in self._raw_comments(ref.id):
                    if _marker_of(found) == key:
                        return str(found["id"])
            marker = {"key": COMMENT_PROPERTY, "value": {"key": key}}
            return str(self._client.commented(_path_part(ref.id), document(text), [marker])["id"])

    def link_back(self, ref: IssueRef, *, global_id: str, url: str, title: str) -> None:
        """Show the ticket on the issue, as a remote link."""
        with jira_failures():
            self._client.link_remote(
                _path_part(ref.id), global_id=global_id[:255], url=url, title=title[:_SUMMARY_LIMIT]
            )

    def check(self, projects: Sequence[str]) -> list[Check]:
        """Try the credentials, and for each project that it is there and that we may create issues and comment."""
        try:
            with jira_failures():
                site = self._client.server_info()
                self._client.myself()
        except IntegrationError as error:
            return [Check(what="Jira: site and credentials", ok=False, advice=str(error))]
        if site.get("deploymentType") != "Cloud":
            advice = "this is not Jira Cloud; Tierline speaks Jira Cloud's REST API v3 only"
            return [Check(what="Jira: site and credentials", ok=False, advice=advice)]
        found = [Check(what="Jira: site and credentials", ok=True)]
        for project in projects:
            found += self._project(project)
        return found

    def _project(self, project: str) -> Iterator[Check]:
        what = f"Jira: project {project}"
        try:
            with jira_failures():
                self._client.project(_path_part(project))
                kinds = self._client.issue_type_names(_path_part(project))
                granted = self._client.my_permissions(
                    projectKey=project, permissions="BROWSE_PROJECTS,CREATE_ISSUES,ADD_COMMENTS"
                )["permissions"]
        except IntegrationError as error:
            yield Check(what=what, ok=False, advice=str(error))
            return
        missing = sorted(
            name for name, grant in granted.items() if not cast(dict[str, Any], grant).get("havePermission")
        )
        if missing:
            yield Check(what=what, ok=False, advice=f"grant the account {', '.join(missing)} in the project")
            return
        if not kinds:
            yield Check(what=what, ok=False, advice="it has no issue type that the account may create")
            return
        yield Check(what=f"{what} (issue types: {', '.join(kinds[:10])})", ok=True)

    def _marked(self, project: str, marker: str) -> IssueRef | None:
        """The issue with the marker label: by search, and then, since the search lags behind by seconds to minutes, among
        the project's issues that are newer than the newest one it knows, each read by its key."""
        with jira_failures():
            for issue in self._client.search(f'labels = "{marker}"', ("labels",), 2):
                return self._ref(issue)
            quoted = project.replace("\\", "").replace('"', "")
            known = self._client.search(f'project = "{quoted}" ORDER BY created DESC', ("labels",), _NEWEST)
            for issue in (*known, *self._beyond(project, known)):
                if marker in issue.get("fields", {}).get("labels", []):
                    return self._ref(issue)
        return None

    def _beyond(self, project: str, known: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The issues after the known ones: keys are numbered in order, and a read by key does not lag."""
        newest = max((int(str(issue["key"]).rpartition("-")[2]) for issue in known), default=0)
        missing = 0
        for number in range(newest + 1, newest + 1 + _BEYOND):
            try:
                yield self._client.read(f"{_path_part(project)}-{number}", ("labels",))
                missing = 0
            except JIRAError as error:
                if error.status_code != 404:
                    raise
                missing += 1
                if missing == _GAP:
                    return

    def _comments(self, issue_id: str, since: datetime | None) -> Iterator[IssueComment]:
        for raw in self._raw_comments(issue_id):
            created_at = datetime.fromisoformat(raw["created"])
            if since is not None and created_at < since:
                return
            author = raw.get("author") or {}
            yield IssueComment(
                id=str(raw["id"]),
                author=str(author.get("displayName") or "somebody"),
                text=text_of(raw.get("body")),
                created_at=created_at,
                ours=_marker_of(raw) is not None,
            )

    def _raw_comments(self, issue_id: str) -> Iterator[dict[str, Any]]:
        """Newest first."""
        start = 0
        for _ in range(_COMMENT_PAGES):
            page = self._client.comments_page(_path_part(issue_id), start=start, limit=_COMMENT_PAGE)
            comments = page["comments"]
            yield from comments
            start += len(comments)
            if not comments or start >= page.get("total", 0):
                return

    def _snapshot(self, issue: dict[str, Any], comments: tuple[IssueComment, ...]) -> IssueSnapshot:
        fields = issue["fields"]
        status = fields["status"]
        assignee = fields.get("assignee") or {}
        return IssueSnapshot(
            ref=self._ref(issue),
            title=fields.get("summary") or issue["key"],
            status=status["name"],
            category=_CATEGORIES.get(status.get("statusCategory", {}).get("key"), IssueCategory.TO_DO),
            assignee=assignee.get("displayName"),
            updated_at=datetime.fromisoformat(fields["updated"]),
            comments=comments,
        )

    def _ref(self, issue: dict[str, Any]) -> IssueRef:
        key = str(issue["key"])
        return IssueRef(tracker=Tracker.JIRA, id=str(issue["id"]), key=key, url=f"{self._url}/browse/{key}")


def marker_label(key: str) -> str:
    """The label that marks an issue as opened for this key. A label holds no blanks and at most 255 characters."""
    return f"tierline-{_label(key)}"[:255]


def key_of(reference: str) -> str | None:
    """The issue key in what a person wrote: the key itself, or an address with ``/browse/KEY`` or ``selectedIssue=KEY``."""
    text = reference.strip().strip("<>").split("|")[0]
    if "://" not in text:
        return text.upper() if _KEY.fullmatch(text.upper()) else None
    parts = urlsplit(text)
    named = parse_qs(parts.query).get("selectedIssue", [])
    named += [part for part in reversed(parts.path.split("/")) if _KEY.fullmatch(part)]
    return next((key for key in named if _KEY.fullmatch(key)), None)


def _label(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-")


def _marker_of(comment: dict[str, Any]) -> str | None:
    for entry in comment.get("properties") or []:
        value = entry.get("value")
        if entry.get("key") == COMMENT_PROPERTY and isinstance(value, dict) and isinstance(value.get("key"), str):
            return cast(str, value["key"])
    return None


def _path_part(name: str) -> str:
    """An id or key as part of a path; anything else would reach another resource."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise refusal("an issue's id or a project's key holds letters, digits, - and _ only; correct it")
    return name

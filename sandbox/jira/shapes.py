"""The local Jira's JSON: what its REST API (version 3) and its webhooks (version 2) say about each thing."""

from datetime import UTC, datetime
from typing import Any

from sandbox.jira import adf
from sandbox.jira.state import (
    Change,
    Comment,
    History,
    Issue,
    IssueType,
    JiraState,
    Named,
    Project,
    RemoteLink,
    Status,
    StatusCategory,
    User,
)

Json = dict[str, Any]


def timestamp(moment: datetime) -> str:
    """Jira's own form of a moment, with milliseconds and an offset without a colon."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}+0000"


class Shapes:
    """Builds the JSON of one REST version; the versions differ in their addresses and in how rich text is given."""

    def __init__(self, state: JiraState, version: int = 3) -> None:
        self._state = state
        self._version = version

    def url(self, path: str) -> str:
        """The address of a resource."""
        return f"{self._state.base_url}/rest/api/{self._version}/{path}"

    def rich_text(self, document: Json | None) -> Json | str | None:
        """An Atlassian document, or its plain text in version 2."""
        if self._version == 3 or document is None:
            return document
        return adf.plain_text(document)

    def user(self, user: User) -> Json:
        """An account. The address is hidden, as it is for most accounts of most sites."""
        sizes = ("48x48", "24x24", "16x16", "32x32")
        return {
            "self": self.url(f"user?accountId={user.account_id}"),
            "accountId": user.account_id,
            "accountType": user.account_type,
            "displayName": user.display_name,
            "active": True,
            "timeZone": "Etc/UTC",
            "avatarUrls": {size: f"{self._state.base_url}/avatar/{user.account_id}?size={size}" for size in sizes},
        }

    def project(self, project: Project) -> Json:
        """A project."""
        return {
            "self": self.url(f"project/{project.id}"),
            "id": project.id,
            "key": project.key,
            "name": project.name,
            "projectTypeKey": "software",
            "simplified": False,
            "style": "classic",
            "isPrivate": False,
            "avatarUrls": {"48x48": f"{self._state.base_url}/secure/projectavatar?pid={project.id}"},
        }

    def issue_type(self, kind: IssueType) -> Json:
        """An issue type."""
        return {
            "self": self.url(f"issuetype/{kind.id}"),
            "id": kind.id,
            "description": kind.description,
            "iconUrl": f"{self._state.base_url}/secure/viewavatar?size=medium&avatarId=10315&avatarType=issuetype",
            "name": kind.name,
            "subtask": False,
            "hierarchyLevel": 0,
        }

    def status_category(self, category: StatusCategory) -> Json:
        """A status category."""
        return {
            "self": self.url(f"statuscategory/{category.id}"),
            "id": category.id,
            "key": category.key,
            "colorName": category.colour,
            "name": category.name,
        }

    def status(self, status: Status) -> Json:
        """A status."""
        return {
            "self": self.url(f"status/{status.id}"),
            "description": "",
            "iconUrl": f"{self._state.base_url}/images/icons/statuses/generic.png",
            "name": status.name,
            "id": status.id,
            "statusCategory": self.status_category(status.category),
        }

    def priority(self, priority: Named) -> Json:
        """A priority."""
        return {
            "self": self.url(f"priority/{priority.id}"),
            "iconUrl": f"{self._state.base_url}/images/icons/priorities/{priority.name.lower()}.svg",
            "name": priority.name,
            "id": priority.id,
        }

    def component(self, component: Named) -> Json:
        """A component."""
        return {"self": self.url(f"component/{component.id}"), "id": component.id, "name": component.name}

    def resolution(self, resolution: Named | None) -> Json | None:
        """A resolution."""
        if resolution is None:
            return None
        return {
            "self": self.url(f"resolution/{resolution.id}"),
            "id": resolution.id,
            "description": "Work has been completed on this issue.",
            "name": resolution.name,
        }

    def comment(self, issue: Issue, comment: Comment, *, with_properties: bool = False) -> Json:
        """A comment."""
        shape: Json = {
            "self": self.url(f"issue/{issue.id}/comment/{comment.id}"),
            "id": comment.id,
            "author": self.user(comment.author),
            "body": self.rich_text(comment.body),
            "updateAuthor": self.user(comment.update_author),
            "created": timestamp(comment.created),
            "updated": timestamp(comment.updated),
            "jsdPublic": True,
        }
        if with_properties:
            shape["properties"] = [{"key": key, "value": value} for key, value in comment.properties.items()]
        return shape

    def brief_fields(self, issue: Issue) -> Json:
        """The fields of an issue that a comment's webhook carries."""
        return {
            "summary": issue.summary,
            "issuetype": self.issue_type(issue.issue_type),
            "project": self.project(issue.project),
            "assignee": self.user(issue.assignee) if issue.assignee else None,
            "priority": self.priority(issue.priority),
            "status": self.status(issue.status),
        }

    def fields(self, issue: Issue) -> Json:
        """All fields of an issue but its comments."""
        reporter = self.user(issue.reporter)
        return {
            **self.brief_fields(issue),
            "statuscategorychangedate": timestamp(_status_changed(issue)),
            "timespent": None,
            "fixVersions": [],
            "resolution": self.resolution(issue.resolution),
            "resolutiondate": timestamp(issue.resolved) if issue.resolved else None,
            "workratio": -1,
            "lastViewed": None,
            "watches": {"self": self.url(f"issue/{issue.key}/watchers"), "watchCount": 1, "isWatching": False},
            "created": timestamp(issue.created),
            "labels": list(issue.labels),
            "versions": [],
            "issuelinks": [],
            "updated": timestamp(issue.updated),
            "components": [self.component(component) for component in issue.components],
            "description": self.rich_text(issue.description),
            "attachment": [],
            "security": None,
            "creator": reporter,
            "reporter": reporter,
            "subtasks": [],
            "environment": None,
            "duedate": None,
            "progress": {"progress": 0, "total": 0},
            "votes": {"self": self.url(f"issue/{issue.key}/votes"), "votes": 0, "hasVoted": False},
        }

    def comment_page(self, issue: Issue, comments: list[Comment]) -> Json:
        """The ``comment`` field of an issue."""
        return {
            "comments": [self.comment(issue, comment) for comment in comments],
            "self": self.url(f"issue/{issue.id}/comment"),
            "maxResults": len(issue.comments),
            "total": len(issue.comments),
            "startAt": 0,
        }

    def remote_link(self, issue: Issue, link: RemoteLink) -> Json:
        """A remote link."""
        shape: Json = {
            "id": link.id,
            "self": self.url(f"issue/{issue.key}/remotelink/{link.id}"),
            **{key: value for key, value in link.details.items() if key in ("application", "relationship")},
            "object": link.details["object"],
        }
        if link.global_id is not None:
            shape["globalId"] = link.global_id
        return shape

    def history(self, history: History) -> Json:
        """One entry of an issue's changelog."""
        return {
            "id": history.id,
            "author": self.user(history.author),
            "created": timestamp(history.created),
            "items": [change_item(change) for change in history.items],
        }


def change_item(change: Change) -> Json:
    """One changed field."""
    return {
        "field": change.field,
        "fieldtype": "jira",
        # The one field whose name in the history differs from its id.
        "fieldId": "components" if change.field == "Component" else change.field,
        "from": change.from_,
        "fromString": change.from_string,
        "to": change.to,
        "toString": change.to_string,
    }


def _status_changed(issue: Issue) -> datetime:
    changes = [h.created for h in issue.histories if any(item.field == "status" for item in h.items)]
    return changes[-1] if changes else issue.created

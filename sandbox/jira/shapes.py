"""The local Jira's JSON: what its REST API (version 3) and its webhooks (version 2) say about each thing."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from sandbox.jira import adf
from sandbox.jira.state import (
    Attachment,
    Change,
    Comment,
    History,
    Issue,
    IssueLink,
    IssueType,
    JiraState,
    LinkType,
    Named,
    Project,
    RemoteLink,
    Status,
    StatusCategory,
    User,
    Version,
)

Json = dict[str, Any]

# The fields whose names in the history differ from their ids.
_FIELD_IDS = {
    "Component": "components",
    "Fix Version": "fixVersions",
    "Attachment": "attachment",
    "Link": "issuelinks",
}


def timestamp(moment: datetime) -> str:
    """Jira's own form of a moment, with milliseconds and an offset without a colon."""
    utc = moment.astimezone(UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}+0000"


class Shapes:
    """Builds the JSON of one face; they differ in their addresses, in how rich text is given, and in how people are named."""

    def __init__(self, state: JiraState, version: int = 3, *, data_center: bool = False) -> None:
        self._state = state
        self._version = version
        self._data_center = data_center

    def url(self, path: str) -> str:
        """The address of a resource."""
        return f"{self._site}/rest/api/{self._version}/{path}"

    @property
    def _site(self) -> str:
        return f"{self._state.base_url}{'-dc' if self._data_center else ''}"

    def rich_text(self, document: Json | None) -> Json | str | None:
        """An Atlassian document, or its plain text in version 2."""
        if self._version == 3 or document is None:
            return document
        return adf.plain_text(document)

    def user(self, user: User) -> Json:
        """An account. The address is hidden, as it is for most accounts of most sites."""
        sizes = ("48x48", "24x24", "16x16", "32x32")
        if self._data_center:
            return {
                "self": self.url(f"user?username={user.handle}"),
                "name": user.handle,
                "key": f"JIRAUSER{10_100 + self._state.users.index(user)}",
                "displayName": user.display_name,
                "active": True,
                "timeZone": "Etc/UTC",
                "avatarUrls": {size: f"{self._site}/secure/useravatar?size={size}" for size in sizes},
            }
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
            "projectTypeKey": project.kind,
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
            "jsdPublic": not _is_internal(comment),
        }
        if comment.visibility is not None:
            seen_by = comment.visibility
            identifier = {} if self._data_center else {"identifier": seen_by.name}
            shape["visibility"] = {"type": seen_by.kind, "value": seen_by.name, **identifier}
        if self._data_center:
            del shape["jsdPublic"]
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
            "fixVersions": [self.version(version) for version in issue.fix_versions],
            "resolution": self.resolution(issue.resolution),
            "resolutiondate": timestamp(issue.resolved) if issue.resolved else None,
            "workratio": -1,
            "lastViewed": None,
            "watches": {
                "self": self.url(f"issue/{issue.key}/watchers"),
                "watchCount": len(issue.watchers),
                "isWatching": False,
            },
            "created": timestamp(issue.created),
            "labels": list(issue.labels),
            "versions": [],
            "issuelinks": [
                self.link(issue, link) for link in self._state.links if issue.id in (link.inward, link.outward)
            ],
            "updated": timestamp(issue.updated),
            "components": [self.component(component) for component in issue.components],
            "description": self.rich_text(issue.description),
            "attachment": [self.attachment(attachment) for attachment in issue.attachments],
            "security": None,
            "creator": reporter,
            "reporter": reporter,
            "subtasks": [],
            "environment": None,
            "duedate": None,
            "progress": {"progress": 0, "total": 0},
            "votes": {"self": self.url(f"issue/{issue.key}/votes"), "votes": 0, "hasVoted": False},
            **issue.custom,
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

    def version(self, version: Version) -> Json:
        """A version of a project, as an issue and its project show it."""
        shape: Json = {
            "self": self.url(f"version/{version.id}"),
            "id": version.id,
            "name": version.name,
            "description": "",
            "archived": False,
            "released": version.released,
        }
        if version.release_date is not None:
            shape["releaseDate"] = version.release_date
        return shape

    def link_type(self, kind: LinkType) -> Json:
        """A type of issue links."""
        return {
            "self": self.url(f"issueLinkType/{kind.id}"),
            "id": kind.id,
            "name": kind.name,
            "inward": kind.inward,
            "outward": kind.outward,
        }

    def link(self, issue: Issue, link: IssueLink) -> Json:
        """A link as one of its issues shows it: with the other one."""
        side, other_id = ("outwardIssue", link.outward) if link.inward == issue.id else ("inwardIssue", link.inward)
        other = self._state.issues[other_id]
        return {
            "self": self.url(f"issueLink/{link.id}"),
            "id": link.id,
            "type": self.link_type(link.kind),
            side: {
                "self": self.url(f"issue/{other.id}"),
                "id": other.id,
                "key": other.key,
                "fields": {
                    "summary": other.summary,
                    "status": self.status(other.status),
                    "priority": self.priority(other.priority),
                    "issuetype": self.issue_type(other.issue_type),
                },
            },
        }

    def attachment(self, attachment: Attachment) -> Json:
        """A file's description. Data Center serves its bytes outside the REST API."""
        content = (
            f"{self._site}/secure/attachment/{attachment.id}/{quote(attachment.name)}"
            if self._data_center
            else self.url(f"attachment/content/{attachment.id}")
        )
        return {
            "self": self.url(f"attachment/{attachment.id}"),
            "id": attachment.id,
            "filename": attachment.name,
            "author": self.user(attachment.author),
            "created": timestamp(attachment.created),
            "size": len(attachment.content),
            "mimeType": attachment.content_type,
            "content": content,
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


def _is_internal(comment: Comment) -> bool:
    told = comment.properties.get("sd.public.comment")
    return isinstance(told, dict) and told.get("internal") is True


def change_item(change: Change) -> Json:
    """One changed field."""
    return {
        "field": change.field,
        "fieldtype": "jira",
        "fieldId": _FIELD_IDS.get(change.field, change.field),
        "from": change.from_,
        "fromString": change.from_string,
        "to": change.to,
        "toString": change.to_string,
    }


def _status_changed(issue: Issue) -> datetime:
    changes = [h.created for h in issue.histories if any(item.field == "status" for item in h.items)]
    return changes[-1] if changes else issue.created

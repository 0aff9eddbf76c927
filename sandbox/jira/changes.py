"""What can be done to the local Jira, by its REST API and by people alike: change, remember, count, tell the gateway."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.jira import webhooks
from sandbox.jira.adf import plain_text
from sandbox.jira.state import (
    DONE,
    PROJECT,
    RESOLUTION_DONE,
    Attachment,
    Change,
    Comment,
    Document,
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
    User,
    Version,
    Visibility,
)


@dataclass(frozen=True)
class IssueContent:
    """What a person or a program can set on an issue."""

    issue_type: IssueType
    summary: str
    description: Document | None
    labels: tuple[str, ...]
    priority: Named
    components: tuple[Named, ...]
    assignee: User | None
    project: Project = PROJECT
    fix_versions: tuple[Version, ...] = ()
    custom: dict[str, Any] = field(default_factory=dict)


def content_of(issue: Issue) -> IssueContent:
    """What is set on an issue now."""
    return IssueContent(
        issue.issue_type,
        issue.summary,
        issue.description,
        tuple(issue.labels),
        issue.priority,
        tuple(issue.components),
        issue.assignee,
        issue.project,
        tuple(issue.fix_versions),
        dict(issue.custom),
    )


def _marker(labels: list[str], properties: dict[str, Any]) -> str | None:
    """The caller's own marks among labels and entity properties, as one string."""
    marks = sorted(label for label in labels if label.startswith("tierline"))
    marks += [f"{key}={json.dumps(value, sort_keys=True)}" for key, value in sorted(properties.items())]
    return ",".join(marks) or None


def create_issue(state: JiraState, user: User, content: IssueContent, properties: dict[str, Any]) -> Issue:
    """Open an issue in the project's first status."""
    now = state.clock()
    issue = Issue(
        id=state.next_id(),
        key=state.next_key(content.project),
        project=content.project,
        issue_type=content.issue_type,
        summary=content.summary,
        description=content.description,
        status=state.statuses[0],
        priority=content.priority,
        reporter=user,
        created=now,
        updated=now,
        labels=list(content.labels),
        components=list(content.components),
        assignee=content.assignee,
        properties=dict(properties),
        fix_versions=list(content.fix_versions),
        custom=dict(content.custom),
        watchers=[user],
        touched=[now],
    )
    state.issues[issue.id] = issue
    state.ledger.record("jira", "issue.create", issue.id, _marker(issue.labels, issue.properties), user.handle)
    webhooks.issue_created(state, issue, user)
    return issue


def edit_issue(state: JiraState, user: User, issue: Issue, content: IssueContent) -> None:
    """Set an issue's fields; nothing is remembered or told when nothing differs."""
    changes = _changes(issue, content)
    if not changes:
        return
    issue.issue_type = content.issue_type
    issue.summary = content.summary
    issue.description = content.description
    issue.labels = list(content.labels)
    issue.priority = content.priority
    issue.components = list(content.components)
    issue.assignee = content.assignee
    issue.fix_versions = list(content.fix_versions)
    issue.custom = dict(content.custom)
    _remember(state, user, issue, changes, "issue.edit")


def transition_issue(
    state: JiraState, user: User, issue: Issue, to: Status, resolved_as: Named = RESOLUTION_DONE
) -> None:
    """Move an issue to a status; entering a done status resolves it and leaving one takes the resolution away."""
    if issue.status == to:
        return
    changes = [Change("status", issue.status.id, issue.status.name, to.id, to.name)]
    resolution = resolved_as if to.category == DONE else None
    if resolution != issue.resolution:
        changes.insert(0, _named_change("resolution", issue.resolution, resolution))
        issue.resolution = resolution
        issue.resolved = state.clock() if resolution else None
    issue.status = to
    _remember(state, user, issue, changes, "issue.transition")


def move_issue(state: JiraState, user: User, issue: Issue, project: Project) -> None:
    """Move an issue to another project: its key changes, and the former one leads to it; its numeric id stays."""
    old_project, old_key = issue.project, issue.key
    if old_project == project:
        return
    issue.former_keys.append(old_key)
    issue.project, issue.key = project, state.next_key(project)
    issue.fix_versions = []
    changes = [
        Change("project", old_project.id, old_project.name, project.id, project.name),
        Change("Key", None, old_key, None, issue.key),
    ]
    _remember(state, user, issue, changes, "issue.move")


def link_issues(state: JiraState, user: User, kind: LinkType, inward: Issue, outward: Issue) -> IssueLink:
    """Link two issues: the inward one duplicates (blocks, …) the outward one."""
    link = IssueLink(state.next_id(), kind, inward.id, outward.id)
    if any((x.kind, x.inward, x.outward) == (kind, inward.id, outward.id) for x in state.links):
        return link
    state.links.append(link)
    for issue, other, words in ((inward, outward, kind.outward), (outward, inward, kind.inward)):
        change = Change("Link", None, None, other.key, f"This issue {words} {other.key}")
        _remember(state, user, issue, [change], "issue.link")
    return link


def attach(state: JiraState, user: User, issue: Issue, name: str, content: bytes, content_type: str) -> Attachment:
    """Put a file on an issue."""
    attachment = Attachment(state.next_id(), name, user, state.clock(), content_type, content)
    issue.attachments.append(attachment)
    change = Change("Attachment", None, None, attachment.id, name)
    state.ledger.record("jira", "attachment.create", attachment.id, name, user.handle)
    _remember(state, user, issue, [change], "issue.attach")
    return attachment


def watch(state: JiraState, issue: Issue, watcher: User) -> None:
    """Make somebody a watcher; nobody is told."""
    if watcher not in issue.watchers:
        issue.watchers.append(watcher)
        state.ledger.record("jira", "watcher.add", issue.id, None, watcher.handle)


def add_version(state: JiraState, project: Project, name: str) -> Version:
    """Plan a version, or the one there is of that name."""
    known = next((v for v in state.versions if v.project == project and v.name == name), None)
    if known is not None:
        return known
    version = Version(state.next_id(), name, project)
    state.versions.append(version)
    webhooks.version_event(state, "jira:version_created", version)
    return version


def release_version(state: JiraState, version: Version) -> None:
    """Release a version today."""
    if version.released:
        return
    version.released = True
    version.release_date = f"{state.clock():%Y-%m-%d}"
    webhooks.version_event(state, "jira:version_released", version)


def delete_issue(state: JiraState, user: User, issue: Issue) -> None:
    """Remove an issue for good."""
    del state.issues[issue.id]
    state.links = [link for link in state.links if issue.id not in (link.inward, link.outward)]
    state.ledger.record("jira", "issue.delete", issue.id, None, user.handle)
    webhooks.issue_deleted(state, issue, user)


def add_comment(
    state: JiraState,
    user: User,
    issue: Issue,
    body: Document,
    properties: dict[str, Any] | None = None,
    visibility: Visibility | None = None,
) -> Comment:
    """Comment on an issue, for everybody or for a role or group alone."""
    now = state.clock()
    comment = Comment(state.next_id(), user, user, body, now, now, dict(properties or {}), visibility)
    issue.comments.append(comment)
    _touch(issue, now)
    state.ledger.record("jira", "comment.create", comment.id, _marker([], comment.properties), user.handle)
    webhooks.comment_event(state, "comment_created", issue, comment)
    return comment


def edit_comment(
    state: JiraState, user: User, issue: Issue, comment: Comment, body: Document, properties: dict[str, Any]
) -> None:
    """Change a comment's text, and the properties that are given."""
    comment.body = body
    comment.update_author = user
    comment.updated = state.clock()
    _touch(issue, comment.updated)
    comment.properties.update(properties)
    state.ledger.record(
        "jira", "comment.edit", comment.id, _marker([], comment.properties), user.handle, repeatable=True
    )
    webhooks.comment_event(state, "comment_updated", issue, comment)


def delete_comment(state: JiraState, user: User, issue: Issue, comment: Comment) -> None:
    """Remove a comment."""
    issue.comments.remove(comment)
    _touch(issue, state.clock())
    state.ledger.record("jira", "comment.delete", comment.id, None, user.handle)
    webhooks.comment_event(state, "comment_deleted", issue, comment)


def put_remote_link(state: JiraState, user: User, issue: Issue, details: dict[str, Any]) -> tuple[RemoteLink, bool]:
    """Create a remote link, or update the one of the same global id; the flag says whether it is new."""
    global_id = details.get("globalId")
    known = next((x for x in issue.remote_links if global_id is not None and x.global_id == global_id), None)
    target = details["object"]
    if known is not None:
        known.url, known.title, known.details = target["url"], target["title"], details
        state.ledger.record("jira", "remotelink.update", str(known.id), global_id, user.handle)
        return known, False
    link = RemoteLink(int(state.next_id()), global_id, target["url"], target["title"], details)
    issue.remote_links.append(link)
    state.ledger.record("jira", "remotelink.create", str(link.id), global_id, user.handle)
    return link, True


def set_property(state: JiraState, user: User, issue: Issue, key: str, value: Any) -> bool:
    """Set an entity property of an issue; says whether it is new."""
    new = key not in issue.properties
    issue.properties[key] = value
    state.ledger.record("jira", "property.set", issue.id, key, user.handle)
    return new


def _touch(issue: Issue, now: datetime) -> None:
    issue.updated = now
    issue.touched.append(now)


def _remember(state: JiraState, user: User, issue: Issue, changes: list[Change], operation: str) -> None:
    _touch(issue, state.clock())
    history = History(state.next_id(), user, issue.updated, tuple(changes))
    issue.histories.append(history)
    state.ledger.record("jira", operation, issue.id, None, user.handle)
    webhooks.issue_updated(state, issue, history)


def _named_change(name: str, old: Named | None, new: Named | None) -> Change:
    return Change(
        name, old.id if old else None, old.name if old else None, new.id if new else None, new.name if new else None
    )


def _shown(value: Any) -> str | None:
    return str(value.get("value", value)) if isinstance(value, dict) else None if value is None else str(value)


def _as_named(user: User | None) -> Named | None:
    return Named(user.account_id, user.display_name) if user else None


def _changes(issue: Issue, content: IssueContent) -> list[Change]:
    changes: list[Change] = []
    if content.issue_type != issue.issue_type:
        old, new = issue.issue_type, content.issue_type
        changes.append(Change("issuetype", old.id, old.name, new.id, new.name))
    if content.summary != issue.summary:
        changes.append(Change("summary", None, issue.summary, None, content.summary))
    if content.description != issue.description:
        before, after = plain_text(issue.description), plain_text(content.description)
        changes.append(Change("description", None, before or None, None, after or None))
    if list(content.labels) != issue.labels:
        changes.append(Change("labels", None, " ".join(issue.labels), None, " ".join(content.labels)))
    if content.priority != issue.priority:
        changes.append(_named_change("priority", issue.priority, content.priority))
    changes += [_named_change("Component", None, c) for c in content.components if c not in issue.components]
    changes += [_named_change("Component", c, None) for c in issue.components if c not in content.components]
    old_versions, new_versions = (
        [Named(v.id, v.name) for v in each] for each in (issue.fix_versions, content.fix_versions)
    )
    changes += [_named_change("Fix Version", None, v) for v in new_versions if v not in old_versions]
    changes += [_named_change("Fix Version", v, None) for v in old_versions if v not in new_versions]
    for name in sorted({*issue.custom, *content.custom}):
        old_value, new_value = issue.custom.get(name), content.custom.get(name)
        if old_value != new_value:
            changes.append(Change(name, None, _shown(old_value), None, _shown(new_value)))
    if content.assignee != issue.assignee:
        changes.append(_named_change("assignee", _as_named(issue.assignee), _as_named(content.assignee)))
    return changes

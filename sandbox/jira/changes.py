"""What can be done to the local Jira, by its REST API and by people alike: change, remember, count, tell the gateway."""

import json
from dataclasses import dataclass
from typing import Any

from sandbox.jira import webhooks
from sandbox.jira.adf import plain_text
from sandbox.jira.state import (
    DONE,
    PROJECT,
    RESOLUTION_DONE,
    STATUSES,
    Change,
    Comment,
    Document,
    History,
    Issue,
    IssueType,
    JiraState,
    Named,
    RemoteLink,
    Status,
    User,
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
        key=state.next_key(),
        project=PROJECT,
        issue_type=content.issue_type,
        summary=content.summary,
        description=content.description,
        status=STATUSES[0],
        priority=content.priority,
        reporter=user,
        created=now,
        updated=now,
        labels=list(content.labels),
        components=list(content.components),
        assignee=content.assignee,
        properties=dict(properties),
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
    _remember(state, user, issue, changes, "issue.edit")


def transition_issue(state: JiraState, user: User, issue: Issue, to: Status) -> None:
    """Move an issue to a status; entering a done status resolves it and leaving one takes the resolution away."""
    if issue.status == to:
        return
    changes = [Change("status", issue.status.id, issue.status.name, to.id, to.name)]
    resolution = RESOLUTION_DONE if to.category == DONE else None
    if resolution != issue.resolution:
        changes.insert(0, _named_change("resolution", issue.resolution, resolution))
        issue.resolution = resolution
        issue.resolved = state.clock() if resolution else None
    issue.status = to
    _remember(state, user, issue, changes, "issue.transition")


def delete_issue(state: JiraState, user: User, issue: Issue) -> None:
    """Remove an issue for good."""
    del state.issues[issue.id]
    state.ledger.record("jira", "issue.delete", issue.id, None, user.handle)
    webhooks.issue_deleted(state, issue, user)


def add_comment(
    state: JiraState, user: User, issue: Issue, body: Document, properties: dict[str, Any] | None = None
) -> Comment:
    """Comment on an issue."""
    now = state.clock()
    comment = Comment(state.next_id(), user, user, body, now, now, dict(properties or {}))
    issue.comments.append(comment)
    issue.updated = now
    state.ledger.record("jira", "comment.create", comment.id, _marker([], comment.properties), user.handle)
    webhooks.comment_event(state, "comment_created", issue, comment)
    return comment


def edit_comment(
    state: JiraState, user: User, issue: Issue, comment: Comment, body: Document, properties: dict[str, Any]
) -> None:
    """Change a comment's text, and the properties that are given."""
    comment.body = body
    comment.update_author = user
    comment.updated = issue.updated = state.clock()
    comment.properties.update(properties)
    state.ledger.record("jira", "comment.edit", comment.id, _marker([], comment.properties), user.handle)
    webhooks.comment_event(state, "comment_updated", issue, comment)


def delete_comment(state: JiraState, user: User, issue: Issue, comment: Comment) -> None:
    """Remove a comment."""
    issue.comments.remove(comment)
    issue.updated = state.clock()
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


def _remember(state: JiraState, user: User, issue: Issue, changes: list[Change], operation: str) -> None:
    issue.updated = state.clock()
    history = History(state.next_id(), user, issue.updated, tuple(changes))
    issue.histories.append(history)
    state.ledger.record("jira", operation, issue.id, None, user.handle)
    webhooks.issue_updated(state, issue, history)


def _named_change(name: str, old: Named | None, new: Named | None) -> Change:
    return Change(
        name, old.id if old else None, old.name if old else None, new.id if new else None, new.name if new else None
    )


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
    if content.assignee != issue.assignee:
        changes.append(_named_change("assignee", _as_named(issue.assignee), _as_named(content.assignee)))
    return changes

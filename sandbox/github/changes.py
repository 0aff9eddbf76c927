"""What can be done to the local GitHub, by its REST API and by people alike: change, count, tell the gateway."""

import re
from collections.abc import Sequence

from sandbox.github import webhooks
from sandbox.github.shapes import Shapes
from sandbox.github.state import Account, Comment, GitHubState, Issue, Label

_MARKER = re.compile(r"<!--\s*(tierline:.*?)\s*-->", re.DOTALL)


def _marker(body: str | None) -> str | None:
    """The caller's own marks in a text, hidden from readers in HTML comments."""
    return ",".join(_MARKER.findall(body or "")) or None


def open_issue(
    state: GitHubState,
    user: Account,
    title: str,
    body: str | None,
    labels: Sequence[str] = (),
    assignees: Sequence[Account] = (),
) -> Issue:
    """Open an issue; labels and assignees come as events of their own, after ``opened``, as GitHub sends them."""
    now = state.clock()
    issue = Issue(
        id=state.next_id(),
        number=state.next_number(),
        title=title,
        body=body,
        user=user,
        created_at=now,
        updated_at=now,
        labels=[ensure_label(state, user, name) for name in dict.fromkeys(labels)],
        assignees=list(assignees),
    )
    state.issues.append(issue)
    state.ledger.record("github", "issue.create", str(issue.number), _marker(body), user.login)
    webhooks.issue_event(state, "opened", issue, user)
    shapes = Shapes(state)
    for label in issue.labels:
        webhooks.issue_event(state, "labeled", issue, user, label=shapes.label(label))
    for account in issue.assignees:
        webhooks.issue_event(state, "assigned", issue, user, assignee=shapes.account(account))
    return issue


def edit_issue(state: GitHubState, user: Account, issue: Issue, title: str, body: str | None) -> None:
    """Change an issue's title and text; nothing happens when neither differs."""
    changed = {}
    if title != issue.title:
        changed["title"] = {"from": issue.title}
    if body != issue.body:
        changed["body"] = {"from": issue.body or ""}
    if not changed:
        return
    issue.title, issue.body = title, body
    _touch(state, issue)
    state.ledger.record("github", "issue.edit", str(issue.number), _marker(body), user.login)
    webhooks.issue_event(state, "edited", issue, user, changes=changed)


def close_issue(state: GitHubState, user: Account, issue: Issue, reason: str = "completed") -> None:
    """Close an issue, unless it is closed."""
    if issue.state == "closed":
        return
    issue.state, issue.state_reason = "closed", reason
    issue.closed_at, issue.closed_by = state.clock(), user
    _touch(state, issue)
    state.ledger.record("github", "issue.close", str(issue.number), None, user.login)
    webhooks.issue_event(state, "closed", issue, user)


def reopen_issue(state: GitHubState, user: Account, issue: Issue) -> None:
    """Open a closed issue again."""
    if issue.state == "open":
        return
    issue.state, issue.state_reason = "open", "reopened"
    issue.closed_at = issue.closed_by = None
    _touch(state, issue)
    state.ledger.record("github", "issue.reopen", str(issue.number), None, user.login)
    webhooks.issue_event(state, "reopened", issue, user)


def delete_issue(state: GitHubState, user: Account, issue: Issue) -> None:
    """Delete an issue: from then on it answers 410."""
    issue.deleted = True
    state.ledger.record("github", "issue.delete", str(issue.number), None, user.login)
    webhooks.issue_event(state, "deleted", issue, user)


def set_labels(state: GitHubState, user: Account, issue: Issue, names: Sequence[str]) -> None:
    """Give an issue exactly these labels; unknown ones are created, as GitHub does for who may push."""
    wanted = [ensure_label(state, user, name) for name in dict.fromkeys(names)]
    added = [label for label in wanted if label not in issue.labels]
    removed = [label for label in issue.labels if label not in wanted]
    if not added and not removed:
        return
    issue.labels = wanted
    _touch(state, issue)
    state.ledger.record("github", "issue.labels", str(issue.number), None, user.login)
    shapes = Shapes(state)
    for label in added:
        webhooks.issue_event(state, "labeled", issue, user, label=shapes.label(label))
    for label in removed:
        webhooks.issue_event(state, "unlabeled", issue, user, label=shapes.label(label))


def ensure_label(state: GitHubState, user: Account, name: str, color: str = "ededed", text: str | None = None) -> Label:
    """The label of this name, created if it is not there."""
    label = state.label(name)
    if label is None:
        label = Label(state.next_id(), name, color, text)
        state.labels.append(label)
        state.ledger.record("github", "label.create", name, name, user.login)
    return label


def set_assignees(state: GitHubState, user: Account, issue: Issue, assignees: Sequence[Account]) -> None:
    """Assign exactly these accounts."""
    added = [account for account in assignees if account not in issue.assignees]
    removed = [account for account in issue.assignees if account not in assignees]
    if not added and not removed:
        return
    issue.assignees = list(assignees)
    _touch(state, issue)
    state.ledger.record("github", "issue.assign", str(issue.number), None, user.login)
    shapes = Shapes(state)
    for account in added:
        webhooks.issue_event(state, "assigned", issue, user, assignee=shapes.account(account))
    for account in removed:
        webhooks.issue_event(state, "unassigned", issue, user, assignee=shapes.account(account))


def add_comment(state: GitHubState, user: Account, issue: Issue, body: str) -> Comment:
    """Comment on an issue."""
    now = state.clock()
    comment = Comment(state.next_id(), user, body, now, now)
    issue.comments.append(comment)
    issue.updated_at = now
    state.ledger.record("github", "comment.create", str(comment.id), _marker(body), user.login)
    webhooks.comment_event(state, "created", issue, comment, user)
    return comment


def edit_comment(state: GitHubState, user: Account, issue: Issue, comment: Comment, body: str) -> None:
    """Change a comment's text."""
    before, comment.body = comment.body, body
    comment.updated_at = issue.updated_at = state.clock()
    state.ledger.record("github", "comment.edit", str(comment.id), _marker(body), user.login)
    webhooks.comment_event(state, "edited", issue, comment, user, changes={"body": {"from": before}})


def delete_comment(state: GitHubState, user: Account, issue: Issue, comment: Comment) -> None:
    """Remove a comment."""
    issue.comments.remove(comment)
    _touch(state, issue)
    state.ledger.record("github", "comment.delete", str(comment.id), None, user.login)
    webhooks.comment_event(state, "deleted", issue, comment, user)


def _touch(state: GitHubState, issue: Issue) -> None:
    issue.updated_at = state.clock()

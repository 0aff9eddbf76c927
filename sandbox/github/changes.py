"""What can be done to the local GitHub, by its REST API and by people alike: change, count, tell the gateway."""

import re
from collections.abc import Sequence
from typing import Any

from sandbox.github import webhooks
from sandbox.github.shapes import Shapes
from sandbox.github.state import (
    Account,
    Comment,
    Event,
    GitHubState,
    Issue,
    Label,
    Milestone,
    Release,
    Repository,
)

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
    repository: Repository | None = None,
) -> Issue:
    """Open an issue; labels and assignees come as events of their own, after ``opened``, as GitHub sends them."""
    now, where = state.clock(), repository or state.repository
    issue = Issue(
        id=state.next_id(),
        number=next(where.numbers),
        repository=where,
        title=title,
        body=body,
        user=user,
        created_at=now,
        updated_at=now,
        labels=[ensure_label(state, user, name, where) for name in dict.fromkeys(labels)],
        assignees=list(assignees),
    )
    state.issues.append(issue)
    state.ledger.record("github", "issue.create", str(issue.number), _marker(body), user.login)
    webhooks.issue_event(state, "opened", issue, user)
    shapes = Shapes(state)
    for label in issue.labels:
        _happened(state, issue, user, "labeled", label=label)
        webhooks.issue_event(state, "labeled", issue, user, label=shapes.label(label, where))
    for account in issue.assignees:
        _happened(state, issue, user, "assigned", assignee=account)
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
    if "title" in changed:
        _happened(state, issue, user, "renamed", rename={"from": issue.title, "to": title})
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
    _happened(state, issue, user, "closed", state_reason=None if reason == "completed" else reason)
    state.ledger.record("github", "issue.close", str(issue.number), None, user.login)
    webhooks.issue_event(state, "closed", issue, user)


def reopen_issue(state: GitHubState, user: Account, issue: Issue) -> None:
    """Open a closed issue again."""
    if issue.state == "open":
        return
    issue.state, issue.state_reason = "open", "reopened"
    issue.closed_at = issue.closed_by = None
    _touch(state, issue)
    _happened(state, issue, user, "reopened")
    state.ledger.record("github", "issue.reopen", str(issue.number), None, user.login)
    webhooks.issue_event(state, "reopened", issue, user)


def delete_issue(state: GitHubState, user: Account, issue: Issue) -> None:
    """Delete an issue: from then on it answers 410."""
    issue.deleted = True
    state.ledger.record("github", "issue.delete", str(issue.number), None, user.login)
    webhooks.issue_event(state, "deleted", issue, user)


def mark_duplicate(state: GitHubState, user: Account, issue: Issue, of: Issue) -> None:
    """Close an issue in favour of another one, as people do it: by a comment, which marks it."""
    same = of.repository is issue.repository
    add_comment(
        state,
        user,
        issue,
        f"Duplicate of #{of.number}" if same else f"Duplicate of {of.repository.full_name}#{of.number}",
    )
    _happened(state, issue, user, "marked_as_duplicate")
    close_issue(state, user, issue, "duplicate")


def transfer_issue(state: GitHubState, user: Account, issue: Issue, to: Repository) -> Issue:
    """Move an issue to another repository: it is another issue there, and the old address leads to it. Labels of the same name stay."""
    moved = Issue(
        id=state.next_id(),
        number=next(to.numbers),
        repository=to,
        title=issue.title,
        body=issue.body,
        user=issue.user,
        created_at=issue.created_at,
        updated_at=state.clock(),
        labels=[label for label in map(to.label, (known.name for known in issue.labels)) if label is not None],
        assignees=list(issue.assignees),
        state=issue.state,
        state_reason=issue.state_reason,
        closed_at=issue.closed_at,
        closed_by=issue.closed_by,
        comments=[
            Comment(state.next_id(), one.user, one.body, one.created_at, one.updated_at) for one in issue.comments
        ],
        events=list(issue.events),
    )
    state.issues.append(moved)
    _happened(state, moved, user, "transferred")
    state.ledger.record("github", "issue.transfer", str(issue.number), None, user.login)
    shapes = Shapes(state)
    webhooks.issue_event(
        state,
        "transferred",
        issue,
        user,
        changes={"new_issue": shapes.full_issue(moved), "new_repository": shapes.repository(to)},
    )
    issue.transferred_to = moved
    webhooks.issue_event(
        state,
        "opened",
        moved,
        user,
        changes={"old_issue": shapes.full_issue(issue), "old_repository": shapes.repository(issue.repository)},
    )
    return moved


def lock_issue(state: GitHubState, user: Account, issue: Issue, locked: bool = True) -> None:
    """Let nobody but members comment, or everybody again."""
    if issue.locked is locked:
        return
    issue.locked = locked
    _touch(state, issue)
    what = "locked" if locked else "unlocked"
    _happened(state, issue, user, what, **({"lock_reason": None} if locked else {}))
    webhooks.issue_event(state, what, issue, user)


def pin_issue(state: GitHubState, user: Account, issue: Issue) -> None:
    """Show an issue above all others."""
    _happened(state, issue, user, "pinned")
    webhooks.issue_event(state, "pinned", issue, user)


def set_milestone(state: GitHubState, user: Account, issue: Issue, milestone: Milestone | None) -> None:
    """Put an issue into a milestone, or take it out."""
    if milestone is issue.milestone:
        return
    shapes = Shapes(state)
    for what, one in (("demilestoned", issue.milestone), ("milestoned", milestone)):
        if one is None:
            continue
        issue.milestone = milestone
        _touch(state, issue)
        _happened(state, issue, user, what, milestone={"title": one.title})
        webhooks.issue_event(state, what, issue, user, milestone=shapes.milestone(one, issue.repository))


def edit_milestone(state: GitHubState, milestone: Milestone, wanted: dict[str, Any]) -> None:
    """Change a milestone's title, text, due date and state, those that are given."""
    milestone.title = str(wanted.get("title") or milestone.title)
    milestone.description = wanted.get("description", milestone.description)
    milestone.due_on = wanted.get("due_on", milestone.due_on)
    if wanted.get("state", milestone.state) != milestone.state:
        milestone.state = str(wanted["state"])
        milestone.closed_at = state.clock() if milestone.state == "closed" else None
    milestone.updated_at = state.clock()


def ensure_milestone(state: GitHubState, user: Account, repository: Repository, title: str) -> Milestone:
    """The milestone of this title, created if it is not there."""
    for known in repository.milestones:
        if known.title == title:
            return known
    now = state.clock()
    milestone = Milestone(state.next_id(), len(repository.milestones) + 1, title, user, now, now)
    repository.milestones.append(milestone)
    return milestone


def publish_release(
    state: GitHubState,
    user: Account,
    repository: Repository,
    tag: str,
    name: str = "",
    *,
    prerelease: bool = False,
    draft: bool = False,
) -> Release:
    """Make a release. A draft is told to nobody; a pre-release is published, and not released."""
    now = state.clock()
    release = Release(state.next_id(), tag, name, user, now, None if draft else now, draft, prerelease)
    repository.releases.insert(0, release)
    state.ledger.record("github", "release.create", tag, None, user.login)
    if not draft:
        for action in ("published", "prereleased" if prerelease else "released"):
            webhooks.release_event(state, action, release, repository, user)
    return release


def rename_repository(repository: Repository, name: str) -> None:
    """Give a repository another name; the old one is redirected."""
    repository.former_names.append(repository.full_name.lower())
    repository.name = name


def set_labels(state: GitHubState, user: Account, issue: Issue, names: Sequence[str]) -> None:
    """Give an issue exactly these labels; unknown ones are created, as GitHub does for who may push."""
    wanted = [ensure_label(state, user, name, issue.repository) for name in dict.fromkeys(names)]
    added = [label for label in wanted if label not in issue.labels]
    removed = [label for label in issue.labels if label not in wanted]
    if not added and not removed:
        return
    issue.labels = wanted
    _touch(state, issue)
    state.ledger.record("github", "issue.labels", str(issue.number), None, user.login)
    shapes = Shapes(state)
    for what, labels in (("labeled", added), ("unlabeled", removed)):
        for label in labels:
            _happened(state, issue, user, what, label=label)
            webhooks.issue_event(state, what, issue, user, label=shapes.label(label, issue.repository))


def ensure_label(
    state: GitHubState, user: Account, name: str, repository: Repository, color: str = "ededed", text: str | None = None
) -> Label:
    """The repository's label of this name, created if it is not there."""
    label = repository.label(name)
    if label is None:
        label = Label(state.next_id(), name, color, text)
        repository.labels.append(label)
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
    for what, accounts in (("assigned", added), ("unassigned", removed)):
        for account in accounts:
            _happened(state, issue, user, what, assignee=account)
            webhooks.issue_event(state, what, issue, user, assignee=shapes.account(account))


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
    state.ledger.record("github", "comment.edit", str(comment.id), _marker(body), user.login, repeatable=True)
    webhooks.comment_event(state, "edited", issue, comment, user, changes={"body": {"from": before}})


def delete_comment(state: GitHubState, user: Account, issue: Issue, comment: Comment) -> None:
    """Remove a comment."""
    issue.comments.remove(comment)
    _touch(state, issue)
    state.ledger.record("github", "comment.delete", str(comment.id), None, user.login)
    webhooks.comment_event(state, "deleted", issue, comment, user)


def _touch(state: GitHubState, issue: Issue) -> None:
    issue.updated_at = state.clock()


def _happened(state: GitHubState, issue: Issue, user: Account, event: str, **details: Any) -> None:
    issue.events.append(Event(state.next_id(), event, user, state.clock(), details))

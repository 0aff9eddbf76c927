"""What a person does in the local GitHub's web pages: comment, close, reopen, assign, look at the issues."""

from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

from sandbox.github import changes
from sandbox.github.shapes import node_id, timestamp
from sandbox.github.state import Account, GitHubState, Issue


class ActForm(BaseModel):
    """Who acts."""

    user: str


class CommentForm(ActForm):
    """A comment that somebody writes."""

    text: str


class AssignForm(ActForm):
    """An assignment, of oneself where nobody else is named."""

    assignee: str | None = None


class IssueForm(ActForm):
    """An issue that somebody opens by hand."""

    title: str
    text: str = ""
    labels: list[str] = []


class LabelForm(ActForm):
    """A label that somebody adds."""

    label: str


def build_router(state: GitHubState) -> APIRouter:
    """``/people/github/issues``."""
    router = APIRouter(prefix="/people/github")
    path = "/issues/{owner}/{repo}/{number}"

    def person(name: str) -> Account:
        account = state.person(name)
        if account is None:
            raise HTTPException(404, f"GitHub has no account for {name!r}")
        return account

    def issue_of(owner: str, repo: str, number: int) -> Issue:
        issue = state.issue(number) if f"{owner}/{repo}" == state.repository.full_name else None
        if issue is None or issue.deleted:
            raise HTTPException(404, f"there is no issue {owner}/{repo}#{number}")
        return issue

    @router.get("/issues")
    async def read_issues() -> list[dict[str, Any]]:
        return [view(state, issue) for issue in state.issues if not issue.deleted]

    @router.post("/issues/{owner}/{repo}", status_code=201)
    async def open_issue(owner: str, repo: str, form: IssueForm) -> dict[str, Any]:
        if f"{owner}/{repo}" != state.repository.full_name:
            raise HTTPException(404, f"there is no repository {owner}/{repo}")
        return view(state, changes.open_issue(state, person(form.user), form.title, form.text, form.labels))

    @router.post(path + "/comment", status_code=201)
    async def comment(owner: str, repo: str, number: int, form: CommentForm) -> dict[str, Any]:
        issue, user = issue_of(owner, repo, number), person(form.user)
        changes.add_comment(state, user, issue, form.text)
        return view(state, issue)

    @router.post(path + "/close")
    async def close(owner: str, repo: str, number: int, form: ActForm) -> dict[str, Any]:
        issue, user = issue_of(owner, repo, number), person(form.user)
        changes.close_issue(state, user, issue)
        return view(state, issue)

    @router.post(path + "/reopen")
    async def reopen(owner: str, repo: str, number: int, form: ActForm) -> dict[str, Any]:
        issue, user = issue_of(owner, repo, number), person(form.user)
        changes.reopen_issue(state, user, issue)
        return view(state, issue)

    @router.post(path + "/assign")
    async def assign(owner: str, repo: str, number: int, form: AssignForm) -> dict[str, Any]:
        issue, user = issue_of(owner, repo, number), person(form.user)
        changes.set_assignees(state, user, issue, [person(form.assignee) if form.assignee else user])
        return view(state, issue)

    @router.post(path + "/label")
    async def label(owner: str, repo: str, number: int, form: LabelForm) -> dict[str, Any]:
        issue, user = issue_of(owner, repo, number), person(form.user)
        changes.set_labels(state, user, issue, [*(known.name for known in issue.labels), form.label])
        return view(state, issue)

    @router.post(path + "/delete", status_code=204)
    async def delete(owner: str, repo: str, number: int, form: ActForm) -> None:
        changes.delete_issue(state, person(form.user), issue_of(owner, repo, number))

    return router


def view(state: GitHubState, issue: Issue) -> dict[str, Any]:
    """An issue as the sandbox's page shows it."""
    return {
        "repository": state.repository.full_name,
        "number": issue.number,
        "node_id": node_id("I", issue.id),
        "title": issue.title,
        "body": issue.body or "",
        "state": issue.state,
        "state_reason": issue.state_reason,
        "labels": [label.name for label in issue.labels],
        "assignees": [account.login for account in issue.assignees],
        "user": issue.user.login,
        "created": timestamp(issue.created_at),
        "updated": timestamp(issue.updated_at),
        "comments": [
            {
                "id": comment.id,
                "author": comment.user.login,
                "text": comment.body,
                "created": timestamp(comment.created_at),
            }
            for comment in issue.comments
        ],
    }

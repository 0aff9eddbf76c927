"""What people do in the local GitHub's web pages: comment, close, reopen, assign, plan, transfer, release, settle a repository."""

import base64
import binascii
from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

from sandbox.github import changes
from sandbox.github.shapes import node_id, timestamp
from sandbox.github.state import Access, Account, GitHubState, Issue, Repository
from sandbox.github.uploads import upload


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


class CloseForm(ActForm):
    """Why an issue is closed; ``duplicate_of`` is the other issue's key or number."""

    reason: str = "completed"
    duplicate_of: str | None = None


class EditForm(ActForm):
    """A new title or text."""

    title: str | None = None
    text: str | None = None


class MilestoneForm(ActForm):
    """A milestone by its title, made where it is not there; None takes the issue out."""

    title: str | None


class TransferForm(ActForm):
    """The repository that an issue moves to."""

    to: str


class ReleaseForm(ActForm):
    """A release."""

    tag: str
    name: str = ""
    prerelease: bool = False
    draft: bool = False


class RepositoryForm(BaseModel):
    """What an administrator sets; what is left out stays."""

    name: str | None = None
    private: bool | None = None
    archived: bool | None = None
    has_issues: bool | None = None
    access: Access | None = None


class AccountForm(BaseModel):
    """What an administrator does to the bot's rights; what is left out stays."""

    suspended: bool | None = None
    issues: str | None = None
    contents: bool | None = None
    scopes: str | None = None


class UploadForm(BaseModel):
    """A file, in base64."""

    content: str
    content_type: str = "image/png"


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

    def repository_of(owner: str, repo: str) -> Repository:
        repository = state.repository_of(f"{owner}/{repo}")
        if repository is None:
            raise HTTPException(404, f"there is no repository {owner}/{repo}")
        return repository

    def issue_of(owner: str, repo: str, number: int) -> Issue:
        issue = state.issue(number, repository_of(owner, repo))
        if issue is None or not issue.is_here:
            raise HTTPException(404, f"there is no issue {owner}/{repo}#{number}")
        return issue

    @router.get("/issues")
    async def read_issues() -> list[dict[str, Any]]:
        return [view(state, issue) for issue in state.issues if issue.is_here]

    @router.post("/issues/{owner}/{repo}", status_code=201)
    async def open_issue(owner: str, repo: str, form: IssueForm) -> dict[str, Any]:
        user, where = person(form.user), repository_of(owner, repo)
        return view(state, changes.open_issue(state, user, form.title, form.text, form.labels, (), where))

    @router.post(path + "/comment", status_code=201)
    async def comment(owner: str, repo: str, number: int, form: CommentForm) -> dict[str, Any]:
        issue, user = issue_of(owner, repo, number), person(form.user)
        changes.add_comment(state, user, issue, form.text)
        return view(state, issue)

    @router.post(path + "/close")
    async def close(owner: str, repo: str, number: int, form: CloseForm) -> dict[str, Any]:
        issue, user = issue_of(owner, repo, number), person(form.user)
        if form.duplicate_of is None:
            changes.close_issue(state, user, issue, form.reason)
        else:
            where, _, other = form.duplicate_of.rpartition("#")
            if not other.isdecimal():
                raise HTTPException(422, f"{form.duplicate_of!r} names no issue: write its number")
            named = where or f"{owner}/{repo}"
            changes.mark_duplicate(state, user, issue, issue_of(*_halves(named), int(other)))
        return view(state, issue)

    @router.post(path + "/edit")
    async def edit(owner: str, repo: str, number: int, form: EditForm) -> dict[str, Any]:
        issue, user = issue_of(owner, repo, number), person(form.user)
        title = issue.title if form.title is None else form.title
        changes.edit_issue(state, user, issue, title, issue.body if form.text is None else form.text)
        return view(state, issue)

    @router.post(path + "/milestone")
    async def milestone(owner: str, repo: str, number: int, form: MilestoneForm) -> dict[str, Any]:
        issue, user = issue_of(owner, repo, number), person(form.user)
        wanted = changes.ensure_milestone(state, user, issue.repository, form.title) if form.title else None
        changes.set_milestone(state, user, issue, wanted)
        return view(state, issue)

    @router.post(path + "/transfer")
    async def transfer(owner: str, repo: str, number: int, form: TransferForm) -> dict[str, Any]:
        issue, to = issue_of(owner, repo, number), repository_of(*_halves(form.to))
        if to is issue.repository:
            raise HTTPException(422, f"the issue is in {form.to} already")
        return view(state, changes.transfer_issue(state, person(form.user), issue, to))

    @router.post(path + "/lock")
    async def lock(owner: str, repo: str, number: int, form: ActForm) -> dict[str, Any]:
        issue = issue_of(owner, repo, number)
        changes.lock_issue(state, person(form.user), issue, not issue.locked)
        return view(state, issue)

    @router.post(path + "/pin")
    async def pin(owner: str, repo: str, number: int, form: ActForm) -> dict[str, Any]:
        issue = issue_of(owner, repo, number)
        changes.pin_issue(state, person(form.user), issue)
        return view(state, issue)

    @router.post(path + "/comments/{id_}")
    async def edit_comment(owner: str, repo: str, number: int, id_: int, form: CommentForm) -> dict[str, Any]:
        issue, user = issue_of(owner, repo, number), person(form.user)
        comment = next((one for one in issue.comments if one.id == id_), None)
        if comment is None:
            raise HTTPException(404, f"there is no comment {id_}")
        if form.text:
            changes.edit_comment(state, user, issue, comment, form.text)
        else:
            changes.delete_comment(state, user, issue, comment)
        return view(state, issue)

    @router.get("/repositories")
    async def read_repositories() -> list[dict[str, Any]]:
        return [
            {
                "name": one.full_name,
                "private": one.private,
                "archived": one.archived,
                "has_issues": one.has_issues,
                "access": one.access,
                "releases": [release.tag for release in one.releases],
            }
            for one in state.repositories
        ]

    @router.patch("/repositories/{owner}/{repo}", status_code=204)
    async def settle(owner: str, repo: str, form: RepositoryForm) -> None:
        repository = repository_of(owner, repo)
        for name, value in form.model_dump(exclude_none=True, exclude={"name"}).items():
            setattr(repository, name, value)
        if form.name is not None:
            changes.rename_repository(repository, form.name)

    @router.post("/repositories/{owner}/{repo}/releases", status_code=201)
    async def release(owner: str, repo: str, form: ReleaseForm) -> dict[str, Any]:
        where, user = repository_of(owner, repo), person(form.user)
        made = changes.publish_release(
            state, user, where, form.tag, form.name, prerelease=form.prerelease, draft=form.draft
        )
        return {"tag": made.tag, "name": made.name}

    @router.patch("/bot", status_code=204)
    async def settle_bot(form: AccountForm) -> None:
        given = form.model_fields_set
        if form.suspended is not None:
            state.suspended_at = state.clock() if form.suspended else None
        if form.issues in ("read", "write"):
            state.issue_permission = "write" if form.issues == "write" else "read"
        if form.contents is not None:
            state.reads_contents = form.contents
        if "scopes" in given:
            state.scopes = form.scopes

    @router.post("/uploads", status_code=201)
    async def uploads(form: UploadForm) -> dict[str, str]:
        try:
            content = base64.b64decode(form.content, validate=True)
        except binascii.Error:
            raise HTTPException(422, "the content is not in base64") from None
        return {"url": upload(state, content, form.content_type)}

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


def _halves(full_name: str) -> tuple[str, str]:
    owner, _, repo = full_name.partition("/")
    return owner, repo


def view(state: GitHubState, issue: Issue) -> dict[str, Any]:
    """An issue as the sandbox's page shows it."""
    return {
        "repository": issue.repository.full_name,
        "number": issue.number,
        "node_id": node_id("I", issue.id),
        "title": issue.title,
        "body": issue.body or "",
        "state": issue.state,
        "state_reason": issue.state_reason,
        "milestone": issue.milestone.title if issue.milestone else None,
        "locked": issue.locked,
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

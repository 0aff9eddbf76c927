"""What a person does in the local Jira's web pages: comment, move an issue, look at the board."""

from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

from sandbox.jira import adf, changes
from sandbox.jira.shapes import timestamp
from sandbox.jira.state import ISSUE_TYPES, PRIORITIES, STATUSES, Issue, JiraState, User


class CommentForm(BaseModel):
    """A comment that somebody writes."""

    user: str
    text: str


class TransitionForm(BaseModel):
    """A move to another status, by the status's name."""

    user: str
    to: str


class IssueForm(BaseModel):
    """An issue that somebody opens by hand."""

    user: str
    summary: str
    text: str = ""
    labels: list[str] = []


class AssignForm(BaseModel):
    """Who takes an issue; oneself, if nobody else is named."""

    user: str
    assignee: str | None = None


class EditForm(BaseModel):
    """Fields that somebody changes; what is left out stays."""

    user: str
    summary: str | None = None
    labels: list[str] | None = None
    priority: str | None = None


def build_router(state: JiraState) -> APIRouter:
    """``/people/jira/issues``."""
    router = APIRouter(prefix="/people/jira")

    def person(name: str) -> User:
        user = state.person(name)
        if user is None:
            raise HTTPException(404, f"Jira has no account for {name!r}")
        return user

    def issue_of(key: str) -> Issue:
        issue = state.issue(key)
        if issue is None:
            raise HTTPException(404, f"there is no issue {key}")
        return issue

    @router.get("/issues")
    async def read_issues() -> list[dict[str, Any]]:
        return [view(issue) for issue in state.issues.values()]

    @router.post("/issues", status_code=201)
    async def open_issue(form: IssueForm) -> dict[str, Any]:
        content = changes.IssueContent(
            ISSUE_TYPES[0],
            form.summary,
            adf.document(form.text) if form.text else None,
            tuple(form.labels),
            PRIORITIES[2],
            (),
            None,
        )
        return view(changes.create_issue(state, person(form.user), content, {}))

    @router.post("/issues/{key}/comment", status_code=201)
    async def comment(key: str, form: CommentForm) -> dict[str, Any]:
        issue, user = issue_of(key), person(form.user)
        changes.add_comment(state, user, issue, adf.document(form.text))
        return view(issue)

    @router.post("/issues/{key}/transition")
    async def transition(key: str, form: TransitionForm) -> dict[str, Any]:
        issue, user = issue_of(key), person(form.user)
        status = next((status for status in STATUSES if status.name.lower() == form.to.lower()), None)
        if status is None:
            raise HTTPException(422, f"there is no status {form.to!r}; there are {[s.name for s in STATUSES]}")
        changes.transition_issue(state, user, issue, status)
        return view(issue)

    @router.post("/issues/{key}/edit")
    async def edit(key: str, form: EditForm) -> dict[str, Any]:
        issue, user = issue_of(key), person(form.user)
        priority = next((p for p in PRIORITIES if p.name == form.priority), issue.priority)
        content = changes.IssueContent(
            issue.issue_type,
            form.summary or issue.summary,
            issue.description,
            tuple(issue.labels if form.labels is None else form.labels),
            priority,
            tuple(issue.components),
            issue.assignee,
        )
        changes.edit_issue(state, user, issue, content)
        return view(issue)

    @router.post("/issues/{key}/assign")
    async def assign(key: str, form: AssignForm) -> dict[str, Any]:
        issue, user = issue_of(key), person(form.user)
        content = changes.IssueContent(
            issue.issue_type,
            issue.summary,
            issue.description,
            tuple(issue.labels),
            issue.priority,
            tuple(issue.components),
            person(form.assignee or form.user),
        )
        changes.edit_issue(state, user, issue, content)
        return view(issue)

    @router.delete("/issues/{key}", status_code=204)
    async def delete(key: str, user: str) -> None:
        changes.delete_issue(state, person(user), issue_of(key))

    return router


def view(issue: Issue) -> dict[str, Any]:
    """An issue as the sandbox's page shows it."""
    return {
        "id": issue.id,
        "key": issue.key,
        "summary": issue.summary,
        "description": adf.plain_text(issue.description),
        "description_document": issue.description,
        "status": issue.status.name,
        "status_category": issue.status.category.key,
        "issue_type": issue.issue_type.name,
        "priority": issue.priority.name,
        "labels": issue.labels,
        "reporter": issue.reporter.display_name,
        "assignee": issue.assignee.display_name if issue.assignee else None,
        "created": timestamp(issue.created),
        "updated": timestamp(issue.updated),
        "comments": [
            {
                "id": comment.id,
                "author": comment.author.display_name,
                "text": adf.plain_text(comment.body),
                "document": comment.body,
                "created": timestamp(comment.created),
            }
            for comment in issue.comments
        ],
        "links": [{"title": link.title, "url": link.url} for link in issue.remote_links],
    }

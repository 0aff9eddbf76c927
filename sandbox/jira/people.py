"""What a person does in the local Jira's web pages: comment, move an issue, look at the board."""

from base64 import b64decode
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

from sandbox.jira import adf, changes
from sandbox.jira.shapes import timestamp
from sandbox.jira.state import (
    DONE,
    DUPLICATE,
    ISSUE_TYPES,
    PRIORITIES,
    PROJECT,
    RESOLUTION_DONE,
    RESOLUTIONS,
    CustomField,
    Issue,
    JiraState,
    Named,
    Project,
    Status,
    User,
    Visibility,
)


class CommentForm(BaseModel):
    """A comment that somebody writes; an internal one is not for the customers of a service desk, one for a role is for its members."""

    user: str
    text: str
    internal: bool = False
    role: str | None = None


class TransitionForm(BaseModel):
    """A step to another status, by the status's name, and as what it is resolved if that is a done one."""

    user: str
    to: str
    resolution: str = RESOLUTION_DONE.name


class BulkForm(BaseModel):
    """A bulk change: the issues (all, if none is named) take a step or go to another project at once."""

    user: str
    keys: list[str] = []
    to: str | None = None
    project: str | None = None
    resolution: str = RESOLUTION_DONE.name


class MoveForm(BaseModel):
    """A move to another project, by its key."""

    user: str
    project: str


class DuplicateForm(BaseModel):
    """An issue of which this one is a duplicate; it is closed as one, unless told otherwise."""

    user: str
    of: str
    close: bool = True


class FileForm(BaseModel):
    """A file that somebody puts on an issue."""

    user: str
    name: str
    base64: str
    content_type: str = "application/octet-stream"


class VersionForm(BaseModel):
    """A version of a project."""

    name: str
    project: str = PROJECT.key


class FieldForm(BaseModel):
    """A field that an administrator adds to a project."""

    id: str
    name: str
    required: bool = False
    options: list[str] = []
    project: str = PROJECT.key


class AccessForm(BaseModel):
    """The permissions that the bot's account lacks in a project; none gives all back."""

    project: str = PROJECT.key
    withheld: list[str] = []


class IssueForm(BaseModel):
    """An issue that somebody opens by hand."""

    user: str
    summary: str
    text: str = ""
    labels: list[str] = []
    project: str = PROJECT.key


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
    fix_versions: list[str] | None = None


def build_router(state: JiraState) -> APIRouter:
    """``/people/jira``: issues, versions, and what an administrator sets."""
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

    def status_of(name: str) -> Status:
        status = next((status for status in state.statuses if status.name.lower() == name.lower()), None)
        if status is None:
            raise HTTPException(422, f"there is no status {name!r}; there are {[s.name for s in state.statuses]}")
        return status

    def resolution_of(name: str) -> Named:
        resolution = next((r for r in RESOLUTIONS if r.name.lower() == name.lower()), None)
        if resolution is None:
            raise HTTPException(422, f"there is no resolution {name!r}; there are {[r.name for r in RESOLUTIONS]}")
        return resolution

    def project_of(key: str) -> Project:
        project = state.project(key)
        if project is None:
            raise HTTPException(404, f"there is no project {key}")
        return project

    def view(issue: Issue) -> dict[str, Any]:
        own = [link for link in state.links if link.kind == DUPLICATE and link.inward == issue.id]
        return shown(issue, [state.issues[link.outward].key for link in own])

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
            project_of(form.project),
        )
        return view(changes.create_issue(state, person(form.user), content, {}))

    @router.post("/issues/{key}/comment", status_code=201)
    async def comment(key: str, form: CommentForm) -> dict[str, Any]:
        issue, user = issue_of(key), person(form.user)
        properties = {"sd.public.comment": {"internal": True}} if form.internal else {}
        seen_by = Visibility("role", form.role) if form.role is not None else None
        changes.add_comment(state, user, issue, adf.document(form.text), properties, seen_by)
        return view(issue)

    @router.post("/issues/{key}/transition")
    async def transition(key: str, form: TransitionForm) -> dict[str, Any]:
        issue, user = issue_of(key), person(form.user)
        changes.transition_issue(state, user, issue, status_of(form.to), resolution_of(form.resolution))
        return view(issue)

    @router.post("/bulk")
    async def bulk(form: BulkForm) -> dict[str, int]:
        user = person(form.user)
        issues = [issue_of(key) for key in form.keys] or list(state.issues.values())
        for issue in issues:
            if form.to is not None:
                changes.transition_issue(state, user, issue, status_of(form.to), resolution_of(form.resolution))
            if form.project is not None:
                changes.move_issue(state, user, issue, project_of(form.project))
        return {"changed": len(issues)}

    @router.post("/issues/{key}/move")
    async def move(key: str, form: MoveForm) -> dict[str, Any]:
        issue, user = issue_of(key), person(form.user)
        changes.move_issue(state, user, issue, project_of(form.project))
        return view(issue)

    @router.post("/issues/{key}/duplicate")
    async def duplicate(key: str, form: DuplicateForm) -> dict[str, Any]:
        issue, original, user = issue_of(key), issue_of(form.of), person(form.user)
        changes.link_issues(state, user, DUPLICATE, issue, original)
        if form.close:
            done = next(status for status in state.statuses if status.category == DONE)
            changes.transition_issue(state, user, issue, done, resolution_of(DUPLICATE.name))
        return view(issue)

    @router.post("/issues/{key}/attachments", status_code=201)
    async def upload(key: str, form: FileForm) -> dict[str, Any]:
        issue, user = issue_of(key), person(form.user)
        try:
            content = b64decode(form.base64, validate=True)
        except ValueError:
            raise HTTPException(422, "the file's content is not base64") from None
        changes.attach(state, user, issue, form.name, content, form.content_type)
        return view(issue)

    @router.get("/versions")
    async def read_versions() -> list[dict[str, Any]]:
        return [
            {"project": version.project.key, "name": version.name, "released": version.released}
            for version in state.versions
        ]

    @router.post("/versions", status_code=201)
    async def plan_version(form: VersionForm) -> dict[str, str]:
        return {"id": changes.add_version(state, project_of(form.project), form.name).id}

    @router.post("/versions/release")
    async def release_version(form: VersionForm) -> dict[str, str]:
        version = changes.add_version(state, project_of(form.project), form.name)
        changes.release_version(state, version)
        return {"id": version.id}

    @router.post("/fields", status_code=201)
    async def add_field(form: FieldForm) -> None:
        field = CustomField(form.id, form.name, form.required, tuple(form.options))
        known = state.custom_fields.setdefault(project_of(form.project).key, [])
        known[:] = [*(other for other in known if other.id != field.id), field]

    @router.put("/access", status_code=204)
    async def set_access(form: AccessForm) -> None:
        state.withheld[project_of(form.project).key] = set(form.withheld)

    @router.post("/issues/{key}/edit")
    async def edit(key: str, form: EditForm) -> dict[str, Any]:
        issue, user = issue_of(key), person(form.user)
        priority = next((p for p in PRIORITIES if p.name == form.priority), issue.priority)
        content = replace(
            changes.content_of(issue),
            summary=form.summary or issue.summary,
            labels=tuple(issue.labels if form.labels is None else form.labels),
            priority=priority,
        )
        if form.fix_versions is not None:
            named = (changes.add_version(state, issue.project, name) for name in form.fix_versions)
            content = replace(content, fix_versions=tuple(named))
        changes.edit_issue(state, user, issue, content)
        return view(issue)

    @router.post("/issues/{key}/assign")
    async def assign(key: str, form: AssignForm) -> dict[str, Any]:
        issue, user = issue_of(key), person(form.user)
        content = replace(changes.content_of(issue), assignee=person(form.assignee or form.user))
        changes.edit_issue(state, user, issue, content)
        return view(issue)

    @router.delete("/issues/{key}", status_code=204)
    async def delete(key: str, user: str) -> None:
        changes.delete_issue(state, person(user), issue_of(key))

    return router


def shown(issue: Issue, duplicates: list[str]) -> dict[str, Any]:
    """An issue as the sandbox's page shows it."""
    return {
        "id": issue.id,
        "key": issue.key,
        "project": issue.project.key,
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
                "internal": comment.properties.get("sd.public.comment") == {"internal": True},
                "created": timestamp(comment.created),
            }
            for comment in issue.comments
        ],
        "resolution": issue.resolution.name if issue.resolution else None,
        "fix_versions": [{"name": version.name, "released": version.released} for version in issue.fix_versions],
        "attachments": [{"name": file.name, "author": file.author.display_name} for file in issue.attachments],
        "duplicate_of": duplicates,
        "links": [{"title": link.title, "url": link.url} for link in issue.remote_links],
    }

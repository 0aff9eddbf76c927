"""What callers send to the local Jira, checked field by field; refusals are in Jira's words."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sandbox.jira.adf import is_document, length
from sandbox.jira.changes import IssueContent, content_of
from sandbox.jira.state import (
    AUDIENCES,
    COMPONENTS,
    ISSUE_TYPES,
    PRIORITIES,
    PROJECT,
    RESOLUTIONS,
    Issue,
    JiraState,
    Named,
    Project,
    User,
    Visibility,
)

Json = dict[str, Any]

MOST_CHARACTERS = 32_767
"""In a description or a comment (``jira.text.field.character.limit``)."""
_TOO_LONG = f"The entered text is too long. It exceeds the allowed limit of {MOST_CHARACTERS:,} characters."


class JiraError(Exception):
    """A refusal: general messages, and messages by field."""

    def __init__(self, status: int, messages: Sequence[str] = (), errors: dict[str, str] | None = None) -> None:
        super().__init__(status, messages, errors)
        self.status = status
        self.body: Json = {"errorMessages": list(messages), "errors": errors or {}}


class _FieldError(Exception):
    pass


def new_issue(state: JiraState, body: Json) -> IssueContent:
    """The content of an issue to create.

    Raises:
        JiraError: 400, a field is missing, unknown or wrong.
    """
    fields = _fields(body)
    errors: dict[str, str] = {}
    project = _project(state, fields.pop("project", None))
    if project is None:
        errors["project"] = "Specify a valid project ID or key"
    if not fields.get("summary"):
        errors["summary"] = "You must specify a summary of the issue."
    if "issuetype" not in fields:
        errors["issuetype"] = "Specify an issue type"
    for field in state.custom_fields.get(project.key, ()) if project is not None else ():
        if field.required and fields.get(field.id) in (None, "", []):
            errors[field.id] = f"{field.name} is required."
    blank = IssueContent(ISSUE_TYPES[0], "", None, (), PRIORITIES[2], (), None, project or PROJECT)
    return _applied(state, blank, fields, body.get("update") or {}, errors)


def edited_issue(state: JiraState, issue: Issue, body: Json) -> IssueContent:
    """What an issue becomes by an edit.

    Raises:
        JiraError: 400, a field is unknown or wrong.
    """
    current = content_of(issue)
    update = {name: steps for name, steps in (body.get("update") or {}).items() if name != "comment"}
    return _applied(state, current, _fields(body), update, {})


def comment_body(value: object) -> Json:
    """A comment's text.

    Raises:
        JiraError: 400, it is no Atlassian document, or says nothing.
    """
    if not is_document(value):
        raise JiraError(400, errors={"comment": "Comment body is not valid!"})
    assert isinstance(value, dict)
    if not value["content"]:
        raise JiraError(400, errors={"comment": "Comment body can not be empty!"})
    if not _fits(value):
        raise JiraError(400, errors={"comment": _TOO_LONG})
    return value


def visibility(value: object) -> Visibility | None:
    """Who alone sees a comment: the members of a role or a group. None is whoever sees the issue.

    Raises:
        JiraError: 400, there is no such role or group.
    """
    if value is None:
        return None
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(value, dict) or kind not in AUDIENCES:
        raise JiraError(400, errors={"commentLevel": "Visibility is of type group or role."})
    name = value.get("identifier" if value.get("identifier") else "value")
    if name not in AUDIENCES[kind]:
        raise JiraError(400, errors={"commentLevel": f"{kind.capitalize()}: {name} does not exist."})
    return Visibility(kind, str(name))


def resolution(value: object) -> Named:
    """How an issue is resolved.

    Raises:
        JiraError: 400, there is no such resolution.
    """
    try:
        return _named(RESOLUTIONS, value, "Resolution")
    except _FieldError as error:
        raise JiraError(400, errors={"resolution": str(error)}) from None


def _fits(document: Json) -> bool:
    return length(document) - 1 <= MOST_CHARACTERS


def properties(body: Json) -> Json:
    """The entity properties of a body, by key."""
    return {str(item["key"]): item.get("value") for item in body.get("properties") or [] if "key" in item}


def _fields(body: Json) -> Json:
    fields = body.get("fields") or {}
    if not isinstance(fields, dict):
        raise JiraError(400, ["Invalid request payload. Refer to the REST API documentation and try again."])
    return dict(fields)


def _project(state: JiraState, value: object) -> Project | None:
    if not isinstance(value, dict):
        return None
    project = state.project(str(value.get("id") or value.get("key") or ""))
    return project if project is not None and state.may(project, "BROWSE_PROJECTS") else None


def _applied(
    state: JiraState, content: IssueContent, fields: Json, update: Json, errors: dict[str, str]
) -> IssueContent:
    for name, value in fields.items():
        if name in errors:
            continue
        setter = _SETTERS.get(name) or _custom_setter(state, content.project, name)
        if setter is None:
            errors[name] = f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
            continue
        try:
            content = setter(state, content, value)
        except _FieldError as error:
            errors[name] = str(error)
    for name, steps in update.items():
        try:
            for step in steps:
                content = _step(state, content, name, step)
        except _FieldError as error:
            errors[name] = str(error)
    if errors:
        raise JiraError(400, errors=errors)
    return content


def _step(state: JiraState, content: IssueContent, name: str, step: Json) -> IssueContent:
    verb, value = next(iter(step.items()))
    if verb == "set" and name in _SETTERS:
        return _SETTERS[name](state, content, value)
    match name, verb:
        case "labels", "add":
            return _labels(state, content, [*content.labels, *([] if value in content.labels else [value])])
        case "labels", "remove":
            return _labels(state, content, [label for label in content.labels if label != value])
        case "components", "add":
            return replace(content, components=(*content.components, _named(COMPONENTS, value, "Component")))
        case "components", "remove":
            gone = _named(COMPONENTS, value, "Component")
            return replace(content, components=tuple(c for c in content.components if c != gone))
    raise _FieldError(f"Field '{name}' does not support update '{verb}'")


def _summary(_state: JiraState, content: IssueContent, value: Any) -> IssueContent:
    if not isinstance(value, str):
        raise _FieldError("Operation value must be a string")
    if not value.strip():
        raise _FieldError("You must specify a summary of the issue.")
    if "\n" in value or "\r" in value:
        raise _FieldError("The summary is invalid because it contains newline characters.")
    if len(value) > 255:
        raise _FieldError("Summary must be less than 255 characters.")
    return replace(content, summary=value)


def _description(_state: JiraState, content: IssueContent, value: Any) -> IssueContent:
    if value is not None and not is_document(value):
        raise _FieldError("Operation value must be an Atlassian Document (see the Atlassian Document Format)")
    if value is not None and not _fits(value):
        raise _FieldError(_TOO_LONG)
    return replace(content, description=value)


def _labels(_state: JiraState, content: IssueContent, value: Any) -> IssueContent:
    if not isinstance(value, list) or not all(isinstance(label, str) for label in value):
        raise _FieldError("data was not an array")
    for label in value:
        if any(character.isspace() for character in label):
            raise _FieldError(f"The label '{label}' contains spaces which is invalid.")
        if len(label) > 255:
            raise _FieldError(f"The label '{label}' exceeds the maximum length for single label (255).")
    return replace(content, labels=tuple(dict.fromkeys(value)))


def _issue_type(_state: JiraState, content: IssueContent, value: Any) -> IssueContent:
    if isinstance(value, dict):
        for kind in ISSUE_TYPES:
            if value.get("id") == kind.id or str(value.get("name", "")).lower() == kind.name.lower():
                return replace(content, issue_type=kind)
    raise _FieldError("Specify a valid issue type")


def _priority(_state: JiraState, content: IssueContent, value: Any) -> IssueContent:
    return replace(content, priority=_named(PRIORITIES, value, "Priority"))


def _components(_state: JiraState, content: IssueContent, value: Any) -> IssueContent:
    if not isinstance(value, list):
        raise _FieldError("data was not an array")
    return replace(content, components=tuple(_named(COMPONENTS, item, "Component") for item in value))


def _fix_versions(state: JiraState, content: IssueContent, value: Any) -> IssueContent:
    if not isinstance(value, list):
        raise _FieldError("data was not an array")
    known = [version for version in state.versions if version.project == content.project]
    chosen = [_named([Named(v.id, v.name) for v in known], item, "Version").id for item in value]
    return replace(content, fix_versions=tuple(version for version in known if version.id in chosen))


def _custom_setter(
    state: JiraState, project: Project, name: str
) -> Callable[[JiraState, IssueContent, Any], IssueContent] | None:
    field = next((field for field in state.custom_fields.get(project.key, ()) if field.id == name), None)
    if field is None:
        return None

    def set_custom(_state: JiraState, content: IssueContent, value: Any) -> IssueContent:
        if field.options:
            option = value.get("value") if isinstance(value, dict) else None
            if option not in field.options:
                raise _FieldError(f"Option value '{option}' is not valid")
        elif value is not None and not isinstance(value, str):
            raise _FieldError("Operation value must be a string")
        return replace(content, custom={**content.custom, field.id: value})

    return set_custom


def _assignee(state: JiraState, content: IssueContent, value: Any) -> IssueContent:
    return replace(content, assignee=_user(state, value))


def _user(state: JiraState, value: Any) -> User | None:
    if value is None:
        return None
    # Cloud takes only account ids here since user names went away.
    account = value.get("accountId", value.get("id")) if isinstance(value, dict) else None
    user = state.user(str(account))
    if user is None:
        raise _FieldError("Specify a valid value for assignee")
    return user


def _named(known: Sequence[Named], value: Any, what: str) -> Named:
    if isinstance(value, dict):
        for item in known:
            if value.get("id") == item.id or ("id" not in value and value.get("name") == item.name):
                return item
        given = value.get("name", value.get("id", ""))
        raise _FieldError(f"{what} name '{given}' is not valid")
    raise _FieldError("data was not an object")


_SETTERS: dict[str, Callable[[JiraState, IssueContent, Any], IssueContent]] = {
    "summary": _summary,
    "description": _description,
    "labels": _labels,
    "issuetype": _issue_type,
    "priority": _priority,
    "components": _components,
    "assignee": _assignee,
    "fixVersions": _fix_versions,
}

"""Holds what the policy's routes need against what a site of Jira says of itself."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from jira import JIRAError

from integrations.checks import Check
from integrations.errors import IntegrationError
from integrations.issue_tracker import RouteNeeds
from integrations.jira.failures import jira_failures, path_part
from integrations.jira.flavours import Flavour
from integrations.jira.labels import is_marker
from integrations.jira.rest_client import Json, RestClient

Found = TypeVar("Found")

_PERMISSIONS = (
    "BROWSE_PROJECTS",
    "CREATE_ISSUES",
    "EDIT_ISSUES",
    "TRANSITION_ISSUES",
    "LINK_ISSUES",
    "ADD_COMMENTS",
    "EDIT_OWN_COMMENTS",
    "CREATE_ATTACHMENTS",
)
_FOR_ASSIGNEES = "ASSIGN_ISSUES"
_FOR_WATCHERS = "MANAGE_WATCHERS"
# Every issue of ours has these, whatever the route says.
_FILLED = frozenset({"project", "issuetype", "summary", "description", "labels"})
_SHOWN = 10
_HOW = {
    "Cloud": "this is not Jira Cloud; for Jira Data Center set TIERLINE_JIRA__PERSONAL_ACCESS_TOKEN instead of the e-mail address and API token",
    "Server": "this is not Jira Data Center; for Jira Cloud set TIERLINE_JIRA__EMAIL and TIERLINE_JIRA__API_TOKEN instead of the personal access token",
}


class SiteCheck:
    """What ``tierline check`` asks one site."""

    def __init__(self, client: RestClient, flavour: Flavour) -> None:
        self._client = client
        self._flavour = flavour

    def all(self, projects: Sequence[str], needs: Sequence[RouteNeeds], *, default_issue_type: str) -> list[Check]:
        """The site and its credentials; where they work, each project; and each need of it that is not met, one line each."""
        what = "Jira: site and credentials"
        try:
            with jira_failures():
                site = self._client.got("serverInfo")
                self._client.got("myself")
        except IntegrationError as error:
            return [Check(what=what, ok=False, advice=str(error))]
        # Older Data Center does not say what it is.
        if site.get("deploymentType", "Server") != self._flavour.deployment:
            return [Check(what=what, ok=False, advice=_HOW[self._flavour.deployment])]
        found = [Check(what=what, ok=True)]
        for project in projects:
            asked = [need for need in needs if need.project.casefold() == project.casefold()]
            try:
                with jira_failures():
                    found += self._project(project, asked, default_issue_type)
            except IntegrationError as error:
                found.append(Check(what=f"Jira: project {project}", ok=False, advice=str(error)))
        return found

    def _project(self, project: str, needs: Sequence[RouteNeeds], default_issue_type: str) -> list[Check]:
        what = f"Jira: project {project}"
        self._client.got(f"project/{path_part(project)}")
        kinds = self._client.issue_types_of(path_part(project))
        missing = self._missing_permissions(project, needs)
        if missing:
            return [Check(what=what, ok=False, advice=f"grant the account {', '.join(missing)} in the project")]
        if not kinds:
            return [Check(what=what, ok=False, advice="it has no issue type that the account may create")]
        unmet = [
            Check(what=what, ok=False, advice=advice)
            for advice in dict.fromkeys(
                advice for need in needs for advice in self._unmet(project, need, kinds, default_issue_type)
            )
        ]
        return unmet or [Check(what=f"{what} (issue types: {_listed(kinds)})", ok=True)]

    def _missing_permissions(self, project: str, needs: Sequence[RouteNeeds]) -> list[str]:
        asked = list(_PERMISSIONS)
        if any(need.assignee for need in needs):
            asked.append(_FOR_ASSIGNEES)
        if any(need.watchers for need in needs):
            asked.append(_FOR_WATCHERS)
        granted: dict[str, Json] = self._client.got("mypermissions", projectKey=project, permissions=",".join(asked))[
            "permissions"
        ]
        return sorted(name for name in asked if not granted.get(name, {}).get("havePermission"))

    def _unmet(self, project: str, need: RouteNeeds, kinds: Sequence[Json], default_issue_type: str) -> Iterator[str]:
        wanted = need.issue_type or default_issue_type
        kind = next((each for each in kinds if str(each["name"]).casefold() == wanted.casefold()), None)
        if kind is None:
            yield f"there is no issue type {wanted}; there are {_listed(kinds)}"
        else:
            fields = self._client.fields_of(path_part(project), path_part(str(kind["id"])))
            yield from _unfilled(wanted, need, fields)
            yield from _not_allowed(wanted, "priority", need.priorities, fields)
            yield from _not_allowed(wanted, "components", need.components, fields)
            for name in need.fields:
                if field_of(fields, name) is None:
                    yield f"{wanted} has no field {name!r} when it is created; correct the route or add it to the screen"
        for name in need.labels:
            if is_marker(name):
                yield f"the label {name} would be taken for Tierline's own mark; let it not begin with tierline-"
        yield from self._people(project, need)
        yield from self._statuses(project, need)

    def _people(self, project: str, need: RouteNeeds) -> Iterator[str]:
        if need.assignee is not None:
            query = self._flavour.assignable(project, need.assignee)
            people: list[Json] = _known(lambda: self._client.got("user/assignable/search", **query)) or []
            if need.assignee not in {self._flavour.id_of(person) for person in people}:
                yield f"issues cannot be assigned to {need.assignee}; name somebody who has the permission Assignable User"
        for watcher in need.watchers:
            query = {"username" if "name" in self._flavour.named("") else "accountId": watcher}
            if _known(lambda query=query: self._client.got("user", **query)) is None:  # type: ignore[misc]
                yield f"there is no account {watcher} to watch issues; correct the route's watchers"

    def _statuses(self, project: str, need: RouteNeeds) -> Iterator[str]:
        if not need.statuses:
            return
        by_type: list[Json] = self._client.got(f"project/{path_part(project)}/statuses")
        names = {str(status["name"]) for kind in by_type for status in kind["statuses"]}
        resolutions = {str(resolution["name"]) for resolution in self._client.got("resolution")}
        known = {name.casefold() for name in names | resolutions}
        unknown = [status for status in need.statuses if status.casefold() not in known]
        if unknown:
            there = ", ".join(sorted(names)[:_SHOWN])
            yield f"there is no status or resolution {', '.join(unknown)}; the statuses are {there}"


def field_of(fields: Sequence[Json], name: str) -> Json | None:
    """The field of this id, or of this name in any case of letters."""
    by_id = next((field for field in fields if name == field.get("fieldId")), None)
    by_name = (field for field in fields if name.casefold() == str(field.get("name", "")).casefold())
    return by_id or next(by_name, None)


def _unfilled(issue_type: str, need: RouteNeeds, fields: Sequence[Json]) -> Iterator[str]:
    given = {str(field["fieldId"]) for name in need.fields if (field := field_of(fields, name)) is not None}
    given |= _FILLED
    given |= {"priority"} if need.priorities else set()
    given |= {"components"} if need.components else set()
    given |= {"assignee"} if need.assignee else set()
    for field in fields:
        if field.get("required") and not field.get("hasDefaultValue") and field["fieldId"] not in given:
            allowed = _options(field)
            choices = f" (allowed: {', '.join(allowed[:_SHOWN])})" if allowed else ""
            yield f"{issue_type} needs {field['name']} ({field['fieldId']}), which no route fills{choices}; add it to the route's fields"


def _not_allowed(issue_type: str, field_id: str, names: Sequence[str], fields: Sequence[Json]) -> Iterator[str]:
    if not names:
        return
    field = field_of(fields, field_id)
    if field is None:
        yield f"{issue_type} has no field {field_id} when it is created; take it out of the route or add it to the screen"
        return
    allowed = _options(field)
    unknown = [name for name in names if name not in allowed]
    if unknown:
        there = ", ".join(allowed[:_SHOWN]) or "none"
        yield f"{field['name']} cannot be {', '.join(unknown)}; there is {there}"


def _options(field: Json) -> list[str]:
    options: list[Json] = field.get("allowedValues") or []
    return [str(option.get("name") or option.get("value") or option.get("id")) for option in options]


def _listed(kinds: Sequence[Json]) -> str:
    return ", ".join(str(kind["name"]) for kind in kinds[:_SHOWN])


def _known(ask: Callable[[], Found]) -> Found | None:
    """The answer, or None where Jira knows nobody of the name."""
    try:
        return ask()
    except JIRAError as error:
        if error.status_code not in {400, 404}:
            raise
        return None

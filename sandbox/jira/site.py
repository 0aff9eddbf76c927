"""What the local Jira's REST API says of the site: who one is, projects, permissions, what a new issue needs."""

from datetime import timedelta

from fastapi import APIRouter, Request

from sandbox.jira.input import JiraError
from sandbox.jira.part import Json, Part
from sandbox.jira.shapes import timestamp
from sandbox.jira.state import COMPONENTS, ISSUE_TYPES, PRIORITIES, PROJECT, RESOLUTIONS, CustomField, Project

_PERMISSIONS = {
    "BROWSE_PROJECTS": "Browse Projects",
    "CREATE_ISSUES": "Create Issues",
    "EDIT_ISSUES": "Edit Issues",
    "TRANSITION_ISSUES": "Transition Issues",
    "ADD_COMMENTS": "Add Comments",
    "EDIT_OWN_COMMENTS": "Edit Own Comments",
    "LINK_ISSUES": "Link Issues",
    "ASSIGN_ISSUES": "Assign Issues",
    "CREATE_ATTACHMENTS": "Create Attachments",
    "MANAGE_WATCHERS": "Manage Watchers",
    "DELETE_ISSUES": "Delete Issues",
    "ADMINISTER": "Administer Jira",
}
# What the bot's account may not do: it has no business deleting issues or administering the site.
_WITHHELD = frozenset({"DELETE_ISSUES", "ADMINISTER"})


_KEPT = {
    "status": "status",
    "resolution": "resolution",
    "created": "datetime",
    "updated": "datetime",
    "creator": "user",
    "reporter": "user",
    "comment": "comments-page",
}
"""Fields that Jira sets itself, with their types."""


def _field(key: str, name: str, schema: Json, *, orderable: bool = True) -> Json:
    """A field as ``GET /field`` has it; a custom one is searched by its number, too."""
    custom = "customId" in schema
    return {
        "id": key,
        "key": key,
        "name": name,
        "custom": custom,
        "orderable": orderable,
        "navigable": key != "comment",
        "searchable": True,
        "clauseNames": [f"cf[{schema['customId']}]", name] if custom else [key],
        "schema": schema,
    }


class Site(Part):
    def add_to(self, router: APIRouter) -> None:
        router.get("/serverInfo")(self.server_info)
        router.get("/myself")(self.myself)
        router.get("/mypermissions")(self.permissions)
        router.get("/project/search")(self.projects)
        router.get("/project/{project}")(self.project_details)
        router.get("/project/{project}/statuses")(self.project_statuses)
        router.get("/priority")(self.priorities)
        router.get("/status")(self.statuses)
        router.get("/field")(self.fields)
        router.get("/user")(self.read_user)
        router.get("/user/assignable/search")(self.assignable)
        router.get("/resolution")(self.resolutions)
        router.get("/issue/createmeta/{project}/issuetypes")(self.issue_types)
        router.get("/issue/createmeta/{project}/issuetypes/{issue_type}")(self.issue_type_fields)

    async def server_info(self, request: Request) -> Json:
        # Anybody may ask this, but wrong credentials are refused.
        if "authorization" in request.headers:
            self.caller(request)
        now = self.state.clock()
        if self.face.data_center:
            return {
                "baseUrl": f"{self.state.base_url}-dc",
                "version": "9.12.5",
                "versionNumbers": [9, 12, 5],
                "deploymentType": "Server",
                "buildNumber": 9120005,
                "buildDate": timestamp(now - timedelta(days=90)),
                "serverTime": timestamp(now),
                "scmInfo": "sandbox",
                "serverTitle": "Jira",
            }
        return {
            "baseUrl": self.state.base_url,
            "version": "1001.0.0-SNAPSHOT",
            "versionNumbers": [1001, 0, 0],
            "deploymentType": "Cloud",
            "buildNumber": 100290,
            "buildDate": timestamp(now - timedelta(days=1)),
            "serverTime": timestamp(now),
            "scmInfo": "sandbox",
            "serverTitle": "Jira",
        }

    async def myself(self, request: Request) -> Json:
        user = self.caller(request)
        groups = {"groups": {"size": 0, "items": []}, "applicationRoles": {"size": 0, "items": []}}
        return {**self.shapes.user(user), "emailAddress": user.email, "locale": "en_US", **groups}

    async def permissions(self, request: Request, permissions: str = "", projectKey: str = "") -> Json:
        self.caller(request)
        if not permissions:
            raise JiraError(400, ["The 'permissions' query parameter is required."])
        project = self.project(projectKey) if projectKey else None
        withheld = _WITHHELD | (self.state.withheld.get(project.key, set()) if project is not None else set())
        names = permissions.split(",")
        unknown = [name for name in names if name not in _PERMISSIONS]
        if unknown:
            raise JiraError(400, [f"Unrecognized permission: '{unknown[0]}'"])
        return {
            "permissions": {
                name: {
                    "id": str(10 + list(_PERMISSIONS).index(name)),
                    "key": name,
                    "name": _PERMISSIONS[name],
                    "type": "GLOBAL" if name == "ADMINISTER" else "PROJECT",
                    "description": _PERMISSIONS[name],
                    "havePermission": name not in withheld,
                }
                for name in names
            }
        }

    async def projects(self, request: Request, query: str = "") -> Json:
        self.caller(request)
        hits = [
            project
            for project in self.state.projects
            if query.lower() in f"{project.key} {project.name}".lower() and self.state.may(project, "BROWSE_PROJECTS")
        ]
        return {
            "self": self.shapes.url("project/search?maxResults=50&startAt=0"),
            "maxResults": 50,
            "startAt": 0,
            "total": len(hits),
            "isLast": True,
            "values": [self.shapes.project(project) for project in hits],
        }

    async def project_details(self, request: Request, project: str) -> Json:
        self.caller(request)
        found = self.project(project)
        return {
            **self.shapes.project(found),
            "description": "",
            "assigneeType": "UNASSIGNED",
            "issueTypes": [self.shapes.issue_type(kind) for kind in ISSUE_TYPES],
            "components": [self.shapes.component(component) for component in COMPONENTS],
            "versions": [self.shapes.version(version) for version in self.state.versions if version.project == found],
            "roles": {},
            "properties": {},
        }

    async def project_statuses(self, request: Request, project: str) -> list[Json]:
        self.caller(request)
        self.project(project)
        return [
            {
                "self": self.shapes.url(f"issuetype/{kind.id}"),
                "id": kind.id,
                "name": kind.name,
                "subtask": False,
                "statuses": [self.shapes.status(status) for status in self.state.statuses],
            }
            for kind in ISSUE_TYPES
        ]

    async def priorities(self, request: Request) -> list[Json]:
        self.caller(request)
        return [
            {**self.shapes.priority(priority), "statusColor": "#707070", "description": priority.name}
            for priority in PRIORITIES
        ]

    async def statuses(self, request: Request) -> list[Json]:
        self.caller(request)
        return [self.shapes.status(status) for status in self.state.statuses]

    async def fields(self, request: Request) -> list[Json]:
        self.caller(request)
        # What is set, every project's own fields, and what Jira itself keeps.
        known = self._field_descriptions()
        for fields in self.state.custom_fields.values():
            known += [self._custom_description(field) for field in fields]
        shapes = {field["key"]: _field(field["key"], field["name"], field["schema"]) for field in known}
        for key, kind in _KEPT.items():
            shapes[key] = _field(key, key.capitalize(), {"type": kind, "system": key}, orderable=False)
        return list(shapes.values())

    async def read_user(self, request: Request, accountId: str = "", username: str = "") -> Json:
        self.caller(request)
        user = self.user(username if self.face.data_center else accountId)
        if user is None:
            raise JiraError(404, ["Specified user does not exist or you do not have required permissions"])
        return {**self.shapes.user(user), "groups": {"size": 0, "items": []}}

    async def assignable(
        self, request: Request, project: str = "", accountId: str = "", username: str = "", query: str = ""
    ) -> list[Json]:
        self.caller(request)
        self.project(project)
        wanted = (username if self.face.data_center else accountId or query).lower()
        return [
            self.shapes.user(user)
            for user in self.state.users
            if wanted in (user.handle if self.face.data_center else user.account_id).lower()
            and user.handle not in self.state.not_assignable
        ]

    async def resolutions(self, request: Request) -> list[Json]:
        self.caller(request)
        return [shape for resolution in RESOLUTIONS if (shape := self.shapes.resolution(resolution)) is not None]

    async def issue_types(self, request: Request, project: str) -> Json:
        self.caller(request)
        self.project(project)
        types = [self.shapes.issue_type(kind) for kind in ISSUE_TYPES]
        return self._meta_page("issueTypes", types)

    async def issue_type_fields(self, request: Request, project: str, issue_type: str) -> Json:
        self.caller(request)
        found = self.project(project)
        if issue_type not in {kind.id for kind in ISSUE_TYPES}:
            raise JiraError(404, ["Issue type not found or not visible"])
        return self._meta_page("fields", self._field_descriptions(found))

    def _meta_page(self, name: str, entries: list[Json]) -> Json:
        page: Json = {"maxResults": 50, "startAt": 0, "total": len(entries)}
        return {**page, "isLast": True, "values": entries} if self.face.data_center else {**page, name: entries}

    def _field_descriptions(self, project: Project = PROJECT) -> list[Json]:
        kinds = {
            "summary": ("Summary", True, {"type": "string", "system": "summary"}),
            "issuetype": ("Issue Type", True, {"type": "issuetype", "system": "issuetype"}),
            "project": ("Project", True, {"type": "project", "system": "project"}),
            "description": ("Description", False, {"type": "string", "system": "description"}),
            "labels": ("Labels", False, {"type": "array", "items": "string", "system": "labels"}),
            "priority": ("Priority", False, {"type": "priority", "system": "priority"}),
            "components": ("Components", False, {"type": "array", "items": "component", "system": "components"}),
            "assignee": ("Assignee", False, {"type": "user", "system": "assignee"}),
        }
        allowed: dict[str, list[Json]] = {
            "issuetype": [self.shapes.issue_type(kind) for kind in ISSUE_TYPES],
            "project": [self.shapes.project(project)],
            "priority": [self.shapes.priority(priority) for priority in PRIORITIES],
            "components": [self.shapes.component(component) for component in COMPONENTS],
        }
        custom = [self._custom_description(field) for field in self.state.custom_fields.get(project.key, ())]
        return [
            {
                "required": required,
                "schema": schema,
                "name": name,
                "key": key,
                "fieldId": key,
                "hasDefaultValue": False,
                "operations": ["add", "set", "remove"] if schema["type"] == "array" else ["set"],
                **({"allowedValues": allowed[key]} if key in allowed else {}),
            }
            for key, (name, required, schema) in kinds.items()
        ] + custom

    def _custom_description(self, field: CustomField) -> Json:
        number = int(field.id.removeprefix("customfield_"))
        kind, allowed = "string", dict[str, list[Json]]()
        if field.options:
            options = [
                {"self": self.shapes.url(f"customFieldOption/{number}{at}"), "value": value, "id": f"{number}{at}"}
                for at, value in enumerate(field.options)
            ]
            kind, allowed = "option", {"allowedValues": options}
        plugin = "select" if field.options else "textfield"
        return {
            "required": field.required,
            "schema": {
                "type": kind,
                "custom": f"com.atlassian.jira.plugin.system.customfieldtypes:{plugin}",
                "customId": number,
            },
            "name": field.name,
            "key": field.id,
            "fieldId": field.id,
            "hasDefaultValue": False,
            "operations": ["set"],
            **allowed,
        }

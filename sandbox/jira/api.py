"""The local Jira's REST API, version 3: the paths that a bot needs, with basic authentication by e-mail and API token."""

import base64
import binascii
import json
from collections.abc import Callable, Coroutine
from datetime import timedelta
from secrets import compare_digest
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.routing import APIRoute

from sandbox.jira import changes, jql
from sandbox.jira import input as given
from sandbox.jira.input import JiraError
from sandbox.jira.shapes import Shapes, timestamp
from sandbox.jira.state import (
    BOT,
    COMPONENTS,
    ISSUE_TYPES,
    PRIORITIES,
    PROJECT,
    STATUSES,
    TRANSITIONS,
    Comment,
    Issue,
    JiraState,
    RemoteLink,
    User,
)

Json = dict[str, Any]

_NO_ISSUE = "Issue does not exist or you do not have permission to see it."
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


class _Route(APIRoute):
    """Turns refusals into Jira's JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except JiraError as error:
                return JSONResponse(error.body, error.status)

        return answer


def build_router(state: JiraState) -> APIRouter:
    """Everything below ``/jira/rest/api/3``, and the address that people use for an issue."""
    site = APIRouter(include_in_schema=False)

    @site.get("/jira/browse/{key}")
    async def browse(key: str) -> Response:
        return RedirectResponse(f"/#jira/{key}", 303)

    router = APIRouter(prefix="/jira/rest/api/3", route_class=_Route, include_in_schema=False)
    _Site(state).add_to(router)
    _Issues(state).add_to(router)
    _Comments(state).add_to(router)
    _Search(state).add_to(router)

    @router.api_route("/{path:path}", methods=["GET", "POST", "PUT", "DELETE", "PATCH"])
    async def unknown(path: str) -> Response:
        raise JiraError(404, ["null for uri: " + path])

    site.include_router(router)
    return site


class _UnauthorizedError(JiraError):
    """The one refusal that Jira words as a message with a status code."""

    def __init__(self) -> None:
        super().__init__(401)
        self.body = {"message": "Client must be authenticated to access this resource.", "status-code": 401}


class _Part:
    """One group of paths over the same state."""

    def __init__(self, state: JiraState) -> None:
        self.state = state
        self.shapes = Shapes(state)

    def caller(self, request: Request) -> User:
        """The account that the credentials belong to."""
        credentials = self.state.credentials
        expected = f"{credentials.jira_email}:{credentials.jira_api_token.get_secret_value()}".encode()
        kind, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            sent = base64.b64decode(encoded, validate=True) if kind.lower() == "basic" else b""
        except binascii.Error:
            sent = b""
        if not compare_digest(sent, expected):
            raise _UnauthorizedError
        return BOT

    def issue(self, id_or_key: str) -> Issue:
        """The issue, or a refusal."""
        issue = self.state.issue(id_or_key)
        if issue is None:
            raise JiraError(404, [_NO_ISSUE])
        return issue

    @staticmethod
    async def body(request: Request) -> Json:
        """The JSON object that was sent."""
        try:
            content = json.loads(await request.body())
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise JiraError(400, ["Invalid request payload. Refer to the REST API documentation and try again."])
        return content


class _Site(_Part):
    def add_to(self, router: APIRouter) -> None:
        router.get("/serverInfo")(self.server_info)
        router.get("/myself")(self.myself)
        router.get("/mypermissions")(self.permissions)
        router.get("/project/search")(self.projects)
        router.get("/project/{project}")(self.project)
        router.get("/project/{project}/statuses")(self.project_statuses)
        router.get("/priority")(self.priorities)
        router.get("/status")(self.statuses)
        router.get("/field")(self.fields)
        router.get("/user")(self.user)
        router.get("/issue/createmeta/{project}/issuetypes")(self.issue_types)
        router.get("/issue/createmeta/{project}/issuetypes/{issue_type}")(self.issue_type_fields)

    async def server_info(self, request: Request) -> Json:
        # Anybody may ask this, but wrong credentials are refused.
        if "authorization" in request.headers:
            self.caller(request)
        now = self.state.clock()
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
        if projectKey and projectKey.upper() != PROJECT.key:
            raise JiraError(404, [f"No project could be found with key '{projectKey}'."])
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
                    "havePermission": name not in _WITHHELD,
                }
                for name in names
            }
        }

    async def projects(self, request: Request, query: str = "") -> Json:
        self.caller(request)
        hits = [PROJECT] if query.lower() in f"{PROJECT.key} {PROJECT.name}".lower() else []
        return {
            "self": self.shapes.url("project/search?maxResults=50&startAt=0"),
            "maxResults": 50,
            "startAt": 0,
            "total": len(hits),
            "isLast": True,
            "values": [self.shapes.project(project) for project in hits],
        }

    async def project(self, request: Request, project: str) -> Json:
        self.caller(request)
        self._require_project(project)
        return {
            **self.shapes.project(PROJECT),
            "description": "",
            "assigneeType": "UNASSIGNED",
            "issueTypes": [self.shapes.issue_type(kind) for kind in ISSUE_TYPES],
            "components": [self.shapes.component(component) for component in COMPONENTS],
            "versions": [],
            "roles": {},
            "properties": {},
        }

    async def project_statuses(self, request: Request, project: str) -> list[Json]:
        self.caller(request)
        self._require_project(project)
        return [
            {
                "self": self.shapes.url(f"issuetype/{kind.id}"),
                "id": kind.id,
                "name": kind.name,
                "subtask": False,
                "statuses": [self.shapes.status(status) for status in STATUSES],
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
        return [self.shapes.status(status) for status in STATUSES]

    async def fields(self, request: Request) -> list[Json]:
        self.caller(request)
        return [
            {
                "id": field["fieldId"],
                "key": field["key"],
                "name": field["name"],
                "custom": False,
                "orderable": True,
                "navigable": True,
                "searchable": True,
                "clauseNames": [field["key"]],
                "schema": field["schema"],
            }
            for field in self._field_descriptions()
        ]

    async def user(self, request: Request, accountId: str = "") -> Json:
        self.caller(request)
        user = self.state.user(accountId)
        if user is None:
            raise JiraError(404, ["Specified user does not exist or you do not have required permissions"])
        return {**self.shapes.user(user), "groups": {"size": 0, "items": []}}

    async def issue_types(self, request: Request, project: str) -> Json:
        self.caller(request)
        self._require_project(project)
        types = [self.shapes.issue_type(kind) for kind in ISSUE_TYPES]
        return {"maxResults": 50, "startAt": 0, "total": len(types), "issueTypes": types}

    async def issue_type_fields(self, request: Request, project: str, issue_type: str) -> Json:
        self.caller(request)
        self._require_project(project)
        if issue_type not in {kind.id for kind in ISSUE_TYPES}:
            raise JiraError(404, ["Issue type not found or not visible"])
        fields = self._field_descriptions()
        return {"maxResults": 50, "startAt": 0, "total": len(fields), "fields": fields}

    @staticmethod
    def _require_project(project: str) -> None:
        if project.upper() not in (PROJECT.key, PROJECT.id):
            raise JiraError(404, [f"No project could be found with key '{project}'."])

    def _field_descriptions(self) -> list[Json]:
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
            "project": [self.shapes.project(PROJECT)],
            "priority": [self.shapes.priority(priority) for priority in PRIORITIES],
            "components": [self.shapes.component(component) for component in COMPONENTS],
        }
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
        ]


class _Issues(_Part):
    def add_to(self, router: APIRouter) -> None:
        router.post("/issue", status_code=201)(self.create)
        router.get("/issue/{issue}")(self.read)
        router.put("/issue/{issue}")(self.edit)
        router.get("/issue/{issue}/transitions")(self.transitions)
        router.post("/issue/{issue}/transitions")(self.transition)
        router.put("/issue/{issue}/assignee")(self.assign)
        router.get("/issue/{issue}/remotelink")(self.remote_links)
        router.post("/issue/{issue}/remotelink")(self.put_remote_link)
        router.get("/issue/{issue}/properties")(self.properties)
        router.get("/issue/{issue}/properties/{key}")(self.read_property)
        router.put("/issue/{issue}/properties/{key}")(self.set_property)
        router.get("/issue/{issue}/changelog")(self.changelog)

    async def create(self, request: Request) -> Json:
        user = self.caller(request)
        body = await self.body(request)
        content = given.new_issue(self.state, body)
        issue = changes.create_issue(self.state, user, content, given.properties(body))
        return {"id": issue.id, "key": issue.key, "self": self.shapes.url(f"issue/{issue.id}")}

    async def read(self, request: Request, issue: str, fields: str = "*all", properties: str = "") -> Json:
        self.caller(request)
        return issue_shape(self.shapes, self.issue(issue), fields.split(","), properties, request_expand(request))

    async def edit(self, request: Request, issue: str) -> Response:
        user = self.caller(request)
        found = self.issue(issue)
        body = await self.body(request)
        content = given.edited_issue(self.state, found, body)
        comments = [
            given.comment_body(step["add"].get("body")) for step in (body.get("update") or {}).get("comment", [])
        ]
        changes.edit_issue(self.state, user, found, content)
        for comment in comments:
            changes.add_comment(self.state, user, found, comment)
        for key, value in given.properties(body).items():
            changes.set_property(self.state, user, found, key, value)
        if request.query_params.get("returnIssue") == "true":
            return JSONResponse(issue_shape(self.shapes, found, ["*all"], "", set()))
        return Response(status_code=204)

    async def transitions(self, request: Request, issue: str) -> Json:
        self.caller(request)
        found = self.issue(issue)
        return {
            "expand": "transitions",
            "transitions": [
                {
                    "id": id_,
                    "name": status.name,
                    "to": self.shapes.status(status),
                    "hasScreen": False,
                    "isGlobal": True,
                    "isInitial": False,
                    "isAvailable": True,
                    "isConditional": False,
                    "isLooped": status == found.status,
                }
                for id_, status in TRANSITIONS.items()
            ],
        }

    async def transition(self, request: Request, issue: str) -> Response:
        user = self.caller(request)
        found = self.issue(issue)
        wanted = (await self.body(request)).get("transition")
        if not isinstance(wanted, dict) or "id" not in wanted:
            raise JiraError(400, ["Missing 'transition' identifier"])
        status = TRANSITIONS.get(str(wanted["id"]))
        if status is None:
            raise JiraError(400, ["It seems that you have tried to perform an illegal workflow operation."], {})
        changes.transition_issue(self.state, user, found, status)
        return Response(status_code=204)

    async def assign(self, request: Request, issue: str) -> Response:
        user = self.caller(request)
        found = self.issue(issue)
        body = await self.body(request)
        assignee = None if body.get("accountId") is None else body
        content = given.edited_issue(self.state, found, {"fields": {"assignee": assignee}})
        changes.edit_issue(self.state, user, found, content)
        return Response(status_code=204)

    async def remote_links(self, request: Request, issue: str, globalId: str | None = None) -> Response:
        self.caller(request)
        found = self.issue(issue)
        if globalId is None:
            return JSONResponse([self.shapes.remote_link(found, link) for link in found.remote_links])
        link = next((link for link in found.remote_links if link.global_id == globalId), None)
        if link is None:
            raise JiraError(404, ["The remote link does not exist."])
        return JSONResponse(self.shapes.remote_link(found, link))

    async def put_remote_link(self, request: Request, issue: str) -> Response:
        user = self.caller(request)
        found = self.issue(issue)
        body = await self.body(request)
        target = body.get("object")
        errors = {
            name: f"'{name}' is required."
            for name in ("url", "title")
            if not isinstance(target, dict) or not target.get(name)
        }
        if errors:
            raise JiraError(400, errors=errors)
        link, new = changes.put_remote_link(self.state, user, found, body)
        return JSONResponse(self._link_reference(found, link), 201 if new else 200)

    def _link_reference(self, issue: Issue, link: RemoteLink) -> Json:
        return {"id": link.id, "self": self.shapes.url(f"issue/{issue.key}/remotelink/{link.id}")}

    async def properties(self, request: Request, issue: str) -> Json:
        self.caller(request)
        found = self.issue(issue)
        return {
            "keys": [
                {"self": self.shapes.url(f"issue/{found.id}/properties/{key}"), "key": key} for key in found.properties
            ]
        }

    async def read_property(self, request: Request, issue: str, key: str) -> Json:
        self.caller(request)
        found = self.issue(issue)
        if key not in found.properties:
            raise JiraError(404, [f"The property '{key}' does not exist."])
        return {"key": key, "value": found.properties[key]}

    async def set_property(self, request: Request, issue: str, key: str) -> Response:
        user = self.caller(request)
        found = self.issue(issue)
        try:
            value = json.loads(await request.body())
        except ValueError:
            raise JiraError(400, ["The property value must be valid JSON."]) from None
        new = changes.set_property(self.state, user, found, key, value)
        return Response(status_code=201 if new else 200)

    async def changelog(self, request: Request, issue: str, startAt: int = 0, maxResults: int = 100) -> Json:
        self.caller(request)
        found = self.issue(issue)
        page = found.histories[startAt : startAt + maxResults]
        return {
            "self": self.shapes.url(f"issue/{found.id}/changelog?maxResults={maxResults}&startAt={startAt}"),
            "maxResults": maxResults,
            "startAt": startAt,
            "total": len(found.histories),
            "isLast": startAt + maxResults >= len(found.histories),
            "values": [self.shapes.history(history) for history in page],
        }


class _Comments(_Part):
    def add_to(self, router: APIRouter) -> None:
        router.get("/issue/{issue}/comment")(self.page)
        router.post("/issue/{issue}/comment", status_code=201)(self.create)
        router.get("/issue/{issue}/comment/{comment}")(self.read)
        router.put("/issue/{issue}/comment/{comment}")(self.edit)
        router.delete("/issue/{issue}/comment/{comment}")(self.delete)

    async def page(
        self,
        request: Request,
        issue: str,
        startAt: int = 0,
        maxResults: int = 100,
        orderBy: str = "created",
    ) -> Json:
        self.caller(request)
        found = self.issue(issue)
        if orderBy.lstrip("+-") != "created":
            raise JiraError(400, ["Comments can only be ordered by 'created' field"])
        ordered = found.comments[::-1] if orderBy.startswith("-") else found.comments
        return {
            "startAt": startAt,
            "maxResults": maxResults,
            "total": len(ordered),
            "comments": [self._shape(request, found, comment) for comment in ordered[startAt : startAt + maxResults]],
        }

    async def create(self, request: Request, issue: str) -> Json:
        user = self.caller(request)
        found = self.issue(issue)
        body = await self.body(request)
        text = given.comment_body(body.get("body"))
        return self._shape(request, found, changes.add_comment(self.state, user, found, text, given.properties(body)))

    async def read(self, request: Request, issue: str, comment: str) -> Json:
        self.caller(request)
        found = self.issue(issue)
        return self._shape(request, found, self._comment(found, comment))

    async def edit(self, request: Request, issue: str, comment: str) -> Json:
        user = self.caller(request)
        found = self.issue(issue)
        known = self._comment(found, comment)
        body = await self.body(request)
        text = given.comment_body(body.get("body"))
        changes.edit_comment(self.state, user, found, known, text, given.properties(body))
        return self._shape(request, found, known)

    async def delete(self, request: Request, issue: str, comment: str) -> Response:
        user = self.caller(request)
        found = self.issue(issue)
        changes.delete_comment(self.state, user, found, self._comment(found, comment))
        return Response(status_code=204)

    @staticmethod
    def _comment(issue: Issue, comment: str) -> Comment:
        known = next((known for known in issue.comments if known.id == comment), None)
        if known is None:
            raise JiraError(404, [f"Can not find a comment for the id: {comment}."])
        return known

    def _shape(self, request: Request, issue: Issue, comment: Comment) -> Json:
        return self.shapes.comment(issue, comment, with_properties="properties" in request_expand(request))


class _Search(_Part):
    def add_to(self, router: APIRouter) -> None:
        router.get("/search/jql")(self.search_by_query)
        router.post("/search/jql")(self.search_by_body)

    async def search_by_query(self, request: Request) -> Json:
        self.caller(request)
        query = request.query_params
        asked: Json = {
            "jql": query.get("jql", ""),
            "nextPageToken": query.get("nextPageToken"),
            "maxResults": query.get("maxResults", 50),
            "fields": [name for value in query.getlist("fields") for name in value.split(",") if name],
            "properties": [name for value in query.getlist("properties") for name in value.split(",") if name],
            "expand": query.get("expand", ""),
            "reconcileIssues": query.getlist("reconcileIssues"),
        }
        return self._search(asked)

    async def search_by_body(self, request: Request) -> Json:
        self.caller(request)
        return self._search(await self.body(request))

    def _search(self, asked: Json) -> Json:
        now = self.state.clock()
        try:
            query = jql.parse(str(asked.get("jql") or ""), now, BOT)
        except jql.JqlError as error:
            raise JiraError(400, [str(error)]) from None
        if not query.bounded:
            raise JiraError(
                400, ["Unbounded JQL queries are not allowed here. Please add a search restriction to your query."]
            )
        reconciled = {str(id_) for id_ in asked.get("reconcileIssues") or []}
        indexed_before = now - timedelta(seconds=self.state.search_lag_s)
        seen = [i for i in self.state.issues.values() if i.created <= indexed_before or i.id in reconciled]
        found = query.apply(seen)
        start = self._start(asked.get("nextPageToken"))
        size = max(1, min(int(asked.get("maxResults") or 50), 5000))
        fields = list(asked.get("fields") or ["id"])
        expand = set(str(asked.get("expand") or "").split(","))
        properties = ",".join(asked.get("properties") or [])
        last = start + size >= len(found)
        page: Json = {
            "issues": [
                issue_shape(self.shapes, issue, fields, properties, expand) for issue in found[start : start + size]
            ],
            "isLast": last,
        }
        return page if last else {**page, "nextPageToken": base64.urlsafe_b64encode(b"at:%d" % (start + size)).decode()}

    @staticmethod
    def _start(token: str | None) -> int:
        if token is None:
            return 0
        try:
            return int(base64.urlsafe_b64decode(token).removeprefix(b"at:"))
        except ValueError:
            raise JiraError(400, ["The provided next page token is invalid or expired."]) from None


def request_expand(request: Request) -> set[str]:
    """What the caller asked to be expanded."""
    return set(request.query_params.get("expand", "").split(","))


def issue_shape(shapes: Shapes, issue: Issue, names: list[str], properties: str, expand: set[str]) -> Json:
    """An issue with the fields that were asked for; with only ``id`` it has no ``fields`` at all."""
    everything = {**shapes.fields(issue), "comment": shapes.comment_page(issue, issue.comments)}
    wanted = {name for name in names if name and not name.startswith("-")}
    dropped = {name[1:] for name in names if name.startswith("-")}
    if "*all" in wanted or (dropped and not wanted):
        chosen = set(everything)
    elif "*navigable" in wanted:
        chosen = set(everything) - {"comment"} | wanted
    else:
        chosen = wanted
    shape: Json = {
        "expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
        "id": issue.id,
        "self": shapes.url(f"issue/{issue.id}"),
        "key": issue.key,
    }
    if wanted == {"id"}:
        return {"id": issue.id}
    shape["fields"] = {name: value for name, value in everything.items() if name in chosen - dropped}
    if properties:
        keys = set(properties.split(","))
        shape["properties"] = {k: v for k, v in issue.properties.items() if k in keys or "*all" in keys}
    if "changelog" in expand:
        histories = [shapes.history(history) for history in reversed(issue.histories)]
        shape["changelog"] = {
            "startAt": 0,
            "maxResults": len(histories),
            "total": len(histories),
            "histories": histories,
        }
    return shape

"""The issues of the local Jira's REST API."""

import json

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from sandbox.jira import changes
from sandbox.jira import input as given
from sandbox.jira.input import JiraError
from sandbox.jira.issue_shape import issue_shape
from sandbox.jira.part import Json, Part, request_expand
from sandbox.jira.state import LINK_TYPES, RESOLUTION_DONE, Issue, RemoteLink


class Issues(Part):
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
        router.get("/issue/{issue}/watchers")(self.watchers)
        router.post("/issue/{issue}/watchers")(self.watch)
        router.post("/issueLink", status_code=201)(self.link)
        router.get("/issueLinkType")(self.link_types)

    async def create(self, request: Request) -> Json:
        user = self.caller(request)
        body = await self.body(request)
        content = given.new_issue(self.state, body)
        self.require(content.project, "CREATE_ISSUES")
        issue = changes.create_issue(self.state, user, content, given.properties(body))
        return {"id": issue.id, "key": issue.key, "self": self.shapes.url(f"issue/{issue.id}")}

    async def read(self, request: Request, issue: str, fields: str = "*all", properties: str = "") -> Json:
        self.caller(request)
        return issue_shape(self.shapes, self.issue(issue), fields.split(","), properties, request_expand(request))

    async def edit(self, request: Request, issue: str) -> Response:
        user = self.caller(request)
        found = self.issue(issue, "EDIT_ISSUES")
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
                    "hasScreen": bool(self.state.asked_by_transitions.get(id_)),
                    "isGlobal": True,
                    "isInitial": False,
                    "isAvailable": True,
                    "isConditional": False,
                    "isLooped": status == found.status,
                    **({"fields": self._screen(id_)} if "transitions.fields" in request_expand(request) else {}),
                }
                for id_, status in self.state.transitions.items()
            ]
            if self.state.may(found.project, "TRANSITION_ISSUES")
            else [],
        }

    def _screen(self, transition: str) -> Json:
        return {
            name: {
                "required": True,
                "schema": {"type": name, "system": name},
                "name": name.capitalize(),
                "key": name,
                "hasDefaultValue": False,
                "operations": ["set"],
            }
            for name in self.state.asked_by_transitions.get(transition, ())
        }

    async def transition(self, request: Request, issue: str) -> Response:
        user = self.caller(request)
        found = self.issue(issue)
        body = await self.body(request)
        wanted = body.get("transition")
        if not isinstance(wanted, dict) or "id" not in wanted:
            raise JiraError(400, ["Missing 'transition' identifier"])
        status = self.state.transitions.get(str(wanted["id"]))
        if status is None or not self.state.may(found.project, "TRANSITION_ISSUES"):
            raise JiraError(400, ["It seems that you have tried to perform an illegal workflow operation."], {})
        fields = body.get("fields") or {}
        asked = self.state.asked_by_transitions.get(str(wanted["id"]), ())
        errors = {name: f"{name.capitalize()} is required." for name in asked if not fields.get(name)}
        strange = [name for name in fields if name not in asked]
        errors |= {
            name: f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown." for name in strange
        }
        if errors:
            raise JiraError(400, errors=errors)
        # What is wrong is refused before anything is changed.
        resolution = given.resolution(fields["resolution"]) if "resolution" in fields else RESOLUTION_DONE
        others = {name: value for name, value in fields.items() if name != "resolution"}
        content = given.edited_issue(self.state, found, {"fields": others})
        added = [step["add"] for step in (body.get("update") or {}).get("comment", [])]
        comments = [(given.comment_body(each.get("body")), given.visibility(each.get("visibility"))) for each in added]
        changes.edit_issue(self.state, user, found, content)
        changes.transition_issue(self.state, user, found, status, resolution)
        for text, seen_by in comments:
            changes.add_comment(self.state, user, found, text, None, seen_by)
        return Response(status_code=204)

    async def watchers(self, request: Request, issue: str) -> Json:
        self.caller(request)
        found = self.issue(issue)
        return {
            "self": self.shapes.url(f"issue/{found.key}/watchers"),
            "isWatching": False,
            "watchCount": len(found.watchers),
            "watchers": [self.shapes.user(user) for user in found.watchers],
        }

    async def watch(self, request: Request, issue: str) -> Response:
        self.caller(request)
        found = self.issue(issue, "MANAGE_WATCHERS")
        try:
            name = json.loads(await request.body())
        except ValueError:
            name = None
        watcher = self.user(name) if isinstance(name, str) else None
        if watcher is None:
            raise JiraError(400, [f"The user '{name}' does not exist."])
        changes.watch(self.state, found, watcher)
        return Response(status_code=204)

    async def link(self, request: Request) -> Response:
        user = self.caller(request)
        body = await self.body(request)
        named = body.get("type") or {}
        kind = next((k for k in LINK_TYPES if named.get("name") == k.name or named.get("id") == k.id), None)
        if kind is None:
            raise JiraError(404, [f"No issue link type with name '{named.get('name')}' found."])
        inward, outward = (self._end(body.get(side)) for side in ("inwardIssue", "outwardIssue"))
        changes.link_issues(self.state, user, kind, inward, outward)
        return Response(status_code=201)

    def _end(self, named: object) -> Issue:
        return self.issue(str(named.get("id") or named.get("key")) if isinstance(named, dict) else "", "LINK_ISSUES")

    async def link_types(self, request: Request) -> Json:
        self.caller(request)
        return {"issueLinkTypes": [self.shapes.link_type(kind) for kind in LINK_TYPES]}

    async def assign(self, request: Request, issue: str) -> Response:
        user = self.caller(request)
        found = self.issue(issue)
        body = await self.body(request)
        name = body.get("name" if self.face.data_center else "accountId")
        user_named = self.user(str(name)) if name is not None else None
        assignee = None if name is None else {"accountId": user_named.account_id if user_named else ""}
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

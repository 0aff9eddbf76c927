"""The searches of the local Jira's REST API."""

import base64
from dataclasses import replace
from datetime import datetime, timedelta

from fastapi import APIRouter, Request

from sandbox.jira import jql
from sandbox.jira.input import JiraError
from sandbox.jira.issue_shape import issue_shape
from sandbox.jira.part import Json, Part
from sandbox.jira.state import BOT, Issue


class Searches(Part):
    def add_to(self, router: APIRouter) -> None:
        if self.face.data_center:
            router.get("/search")(self.search_by_position)
            router.post("/search")(self.search_by_position)
            return
        router.get("/search/jql")(self.search_by_query)
        router.post("/search/jql")(self.search_by_body)
        router.get("/search")(self.removed)
        router.post("/search")(self.removed)

    async def removed(self, request: Request) -> Json:
        """The search by position, which Jira Cloud took away in 2025."""
        self.caller(request)
        words = (
            "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration guideline is "
            "available at https://developer.atlassian.com/changelog/#CHANGE-2046"
        )
        raise JiraError(410, [words])

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

    async def search_by_position(self, request: Request) -> Json:
        """Data Center's search."""
        self.caller(request)
        query = request.query_params
        asked: Json = {**query, "fields": query.get("fields", "").split(",")}
        if request.method == "POST":
            asked = await self.body(request)
        found = self._found(asked)
        start, size = int(asked.get("startAt") or 0), min(int(asked.get("maxResults") or 50), 1000)
        fields = [name for name in asked.get("fields") or [] if name] or ["*navigable"]
        issues = [issue_shape(self.shapes, issue, fields, "", set()) for issue in found[start : start + size]]
        return {"expand": "schema,names", "startAt": start, "maxResults": size, "total": len(found), "issues": issues}

    def _found(self, asked: Json) -> list[Issue]:
        now = self.state.clock()
        known = jql.Known(
            [project for project in self.state.projects if self.state.may(project, "BROWSE_PROJECTS")],
            self.state.statuses,
            self.state.time_zone,
        )
        try:
            query = jql.parse(str(asked.get("jql") or ""), now, BOT, known)
        except jql.JqlError as error:
            raise JiraError(400, [str(error)]) from None
        if not query.bounded and not self.face.data_center:
            raise JiraError(
                400, ["Unbounded JQL queries are not allowed here. Please add a search restriction to your query."]
            )
        reconciled = {str(id_) for id_ in asked.get("reconcileIssues") or []}
        indexed_before = now - timedelta(seconds=self.state.search_lag_s)
        seen = [
            i if i.id in reconciled else _indexed(i, indexed_before)
            for i in self.state.issues.values()
            if (i.created <= indexed_before or i.id in reconciled) and self.state.may(i.project, "BROWSE_PROJECTS")
        ]
        return [self.state.issues[issue.id] for issue in query.apply(seen)]

    def _search(self, asked: Json) -> Json:
        found = self._found(asked)
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


def _indexed(issue: Issue, before: datetime) -> Issue:
    """The issue as the search's index has it: a change of late is not in it."""
    if issue.updated <= before:
        return issue
    return replace(issue, updated=max((at for at in issue.touched if at <= before), default=issue.created))

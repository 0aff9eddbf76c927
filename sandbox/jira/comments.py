"""The comments of the local Jira's REST API."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from sandbox.jira import changes
from sandbox.jira import input as given
from sandbox.jira.input import JiraError
from sandbox.jira.part import Json, Part, request_expand
from sandbox.jira.state import Comment, Issue


class Comments(Part):
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
        found = self.issue(issue, "ADD_COMMENTS")
        body = await self.body(request)
        text = given.comment_body(body.get("body"))
        seen_by = given.visibility(body.get("visibility"))
        comment = changes.add_comment(self.state, user, found, text, given.properties(body), seen_by)
        return self._shape(request, found, comment)

    async def read(self, request: Request, issue: str, comment: str) -> Json:
        self.caller(request)
        found = self.issue(issue)
        return self._shape(request, found, self._comment(found, comment))

    async def edit(self, request: Request, issue: str, comment: str) -> Json:
        user = self.caller(request)
        found = self.issue(issue, "EDIT_OWN_COMMENTS")
        known = self._comment(found, comment)
        body = await self.body(request)
        text = given.comment_body(body.get("body"))
        if "visibility" in body:
            known.visibility = given.visibility(body["visibility"])
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

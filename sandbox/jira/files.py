"""The files on issues. Jira Cloud sends readers on to a media host, Data Center serves them outside its REST API."""

import hashlib
from secrets import compare_digest
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from sandbox.jira import changes
from sandbox.jira.input import JiraError
from sandbox.jira.part import Json, Part, UnauthorizedError
from sandbox.jira.state import Attachment

_LOGIN_PAGE = "<!DOCTYPE html><html><head><title>Log in to continue</title></head><body>Log in</body></html>"
# The media host is another host to whoever follows: "localhost" is not "127.0.0.1".
_MEDIA = "/jira-media"


class Files(Part):
    """Attachments, by their description and by their bytes."""

    def add_to(self, router: APIRouter) -> None:
        """The paths of the REST API."""
        router.post("/issue/{issue}/attachments")(self.attach)
        router.get("/attachment/{attachment}")(self.read)
        if not self.face.data_center:
            router.get("/attachment/content/{attachment}")(self.content)

    def add_media_to(self, router: APIRouter) -> None:
        """The media host of Jira Cloud, whose addresses carry their own leave to read."""

        @router.get(_MEDIA + "/{attachment}")
        async def media(attachment: str, token: str = "") -> Response:
            found = self._attachment(attachment)
            if not compare_digest(token, self._leave(attachment)):
                return JSONResponse({"error": "UNAUTHORIZED"}, 403)
            return Response(found.content, media_type=found.content_type)

    def add_secure_to(self, router: APIRouter) -> None:
        """The files of Data Center: whoever is not logged in gets a page to do so, with status 200."""

        @router.get("/jira-dc/secure/attachment/{attachment}/{name}")
        async def secure(request: Request, attachment: str, name: str) -> Response:
            try:
                self.caller(request)
            except UnauthorizedError:
                return HTMLResponse(_LOGIN_PAGE)
            found = self._attachment(attachment)
            if self.state.logged_out:
                return HTMLResponse(_LOGIN_PAGE)
            return Response(found.content, media_type=found.content_type)

    async def attach(self, request: Request, issue: str) -> list[Json]:
        """Take the files of a form."""
        user = self.caller(request)
        found = self.issue(issue, "CREATE_ATTACHMENTS")
        if request.headers.get("x-atlassian-token") not in ("no-check", "nocheck"):
            raise JiraError(403, ["XSRF check failed"])
        form = await request.form()
        files = [file for name, file in form.multi_items() if name == "file" and not isinstance(file, str)]
        return [
            self.shapes.attachment(
                changes.attach(
                    self.state,
                    user,
                    found,
                    file.filename or "file",
                    await file.read(),
                    file.content_type or "application/octet-stream",
                )
            )
            for file in files
        ]

    async def read(self, request: Request, attachment: str) -> Json:
        """Describe a file. Its own resource has a number for an id, unlike the issue's field."""
        self.caller(request)
        shape = self.shapes.attachment(self._attachment(attachment))
        return {**shape, "id": int(shape["id"])}

    async def content(self, request: Request, attachment: str) -> Response:
        """Send the reader on to the media host."""
        if self.state.logged_out:
            return HTMLResponse(_LOGIN_PAGE)
        self.caller(request)
        found = self._attachment(attachment)
        host = self.state.base_url.removesuffix("/jira").replace("127.0.0.1", "localhost")
        where = f"{host}{_MEDIA}/{found.id}?token={self._leave(found.id)}&name={quote(found.name)}"
        return RedirectResponse(where, 303)

    def _attachment(self, id_: str) -> Attachment:
        for issue in self.state.issues.values():
            if self.state.may(issue.project, "BROWSE_PROJECTS"):
                for attachment in issue.attachments:
                    if attachment.id == id_:
                        return attachment
        raise JiraError(404, [f"The attachment with id '{id_}' does not exist."])

    def _leave(self, attachment: str) -> str:
        secret = self.state.credentials.jira_webhook_secret.get_secret_value()
        return hashlib.sha256(f"{secret}/{attachment}".encode()).hexdigest()[:32]

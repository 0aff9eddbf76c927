"""The local Jira's REST API: the paths that a bot needs, as Jira Cloud (versions 3 and 2) and as Jira Data Center."""

import functools
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.routing import APIRoute

from sandbox.jira.comments import Comments
from sandbox.jira.files import Files
from sandbox.jira.input import JiraError
from sandbox.jira.issues import Issues
from sandbox.jira.part import CLOUD_V2, CLOUD_V3, DATA_CENTER, Face
from sandbox.jira.searches import Searches
from sandbox.jira.site import Site
from sandbox.jira.state import JiraState
from sandbox.on_demand import OnDemand


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


def build_routes(state: JiraState) -> list[OnDemand]:
    """Everything below ``/jira/rest/api/3``, ``/jira/rest/api/2`` and ``/jira-dc/rest/api/2``, the files, and the address that people
    use for an issue.
    """
    faces = [
        OnDemand([face.prefix], functools.partial(_faces, state, face)) for face in (CLOUD_V3, CLOUD_V2, DATA_CENTER)
    ]
    return [*faces, OnDemand(["/jira", "/jira-dc", "/jira-media"], lambda: [_site(state)])]


def _site(state: JiraState) -> APIRouter:
    site = APIRouter(include_in_schema=False)
    for prefix in ("/jira", "/jira-dc"):

        @site.get(f"{prefix}/browse/{{key}}")
        async def browse(key: str) -> Response:
            return RedirectResponse(f"/#jira/{key}", 303)

    Files(state, CLOUD_V3).add_media_to(site)
    Files(state, DATA_CENTER).add_secure_to(site)
    return site


def _faces(state: JiraState, face: Face) -> list[APIRouter]:
    return [_face(state, face)]


def _face(state: JiraState, face: Face) -> APIRouter:
    router = APIRouter(prefix=face.prefix, route_class=_Route, include_in_schema=False)
    Site(state, face).add_to(router)
    Issues(state, face).add_to(router)
    Comments(state, face).add_to(router)
    Files(state, face).add_to(router)
    Searches(state, face).add_to(router)

    @router.api_route("/{path:path}", methods=["GET", "POST", "PUT", "DELETE", "PATCH"])
    async def unknown(path: str) -> Response:
        raise JiraError(404, ["null for uri: " + path])

    return router

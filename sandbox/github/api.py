"""The local GitHub's REST API: the paths that a bot needs, for a personal access token and for a GitHub App.

It shows two faces: its paths as github.com has them, and below ``/api/v3`` as an Enterprise Server has them.
"""

import hashlib
import re
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

from sandbox.github import changes, uploads
from sandbox.github.auth import GitHubError, require_app
from sandbox.github.parts import Moved, Part, invalid, is_since, missing, moment_of, number_of
from sandbox.github.shapes import ENTERPRISE, FACE, timestamp
from sandbox.github.state import APP_BOT, Account, Comment, GitHubState, Issue, Milestone, Repository

Json = dict[str, Any]

_HOURLY = 5000
_LEVELS = ("none", "read", "write")
_MOST_FOUND = 1000
"""A search shows no more, however many there are."""
_LONGEST_TEXT = 65_536
_LONGEST_TITLE = 256
_ENTERPRISE_PREFIX = f"/github{ENTERPRISE}/"


def _route_class(state: GitHubState) -> type[APIRoute]:
    """Routes that turn refusals into GitHub's JSON, know conditional requests, and count against the rate limit."""

    class Route(APIRoute):
        def matches(self, scope: Scope) -> tuple[Match, Scope]:
            path: str = scope["path"]
            if scope["type"] == "http" and path.startswith(_ENTERPRISE_PREFIX):
                return super().matches({**scope, "path": "/github/" + path.removeprefix(_ENTERPRISE_PREFIX)})
            return super().matches(scope)

        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def answer(request: Request) -> Response:
                FACE.set(ENTERPRISE if request.url.path.startswith(_ENTERPRISE_PREFIX) else "")
                # A vendor takes the whole request in, whatever it answers.
                await request.body()
                try:
                    response = _unless_known(request, await handle(request))
                except GitHubError as error:
                    response = JSONResponse(error.body, error.status)
                except Moved as moved:
                    body = {
                        "message": "Moved Permanently",
                        "url": moved.url,
                        "documentation_url": "https://docs.github.com/rest",
                    }
                    response = JSONResponse(body, 301, headers={"Location": moved.url})
                if response.status_code not in (304, 401):
                    state.used += 1
                response.headers.update(_standing_headers(state, request))
                return response

            return answer

    return Route


def _unless_known(request: Request, response: Response) -> Response:
    """The answer with its ETag, or 304 where the caller has it already."""
    if request.method != "GET" or response.status_code != 200:
        return response
    whose = request.headers.get("authorization", "").encode()
    etag = f'W/"{hashlib.sha256(whose + bytes(response.body)).hexdigest()}"'
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers={"ETag": etag})
    response.headers["ETag"] = etag
    return response


def _standing_headers(state: GitHubState, request: Request) -> dict[str, str]:
    reset = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
    token = state.credentials.github_token.get_secret_value()
    is_classic = state.scopes is not None and request.headers.get("authorization", "").endswith(f" {token}")
    return {
        **({"X-OAuth-Scopes": state.scopes or ""} if is_classic else {}),
        "X-GitHub-Media-Type": "github.v3; format=json",
        "X-RateLimit-Limit": str(_HOURLY),
        "X-RateLimit-Remaining": str(max(0, _HOURLY - state.used)),
        "X-RateLimit-Used": str(state.used),
        "X-RateLimit-Reset": str(reset),
        "X-RateLimit-Resource": "core",
    }


def build_router(state: GitHubState) -> APIRouter:
    """Everything below ``/github``, the address that people use for an issue among it."""
    router = APIRouter(prefix="/github", route_class=_route_class(state), include_in_schema=False)
    for part in (_App, _Accounts, _Comments, _Labels, _Plans, _Issues):
        part(state).add_to(router)
    uploads.add_to(router, state)

    @router.get("/{owner}/{repo}/issues/{number}")
    async def browse(owner: str, repo: str, number: int) -> Response:
        return RedirectResponse(f"/#github/{owner}/{repo}/{number}", 303)

    @router.api_route("/{path:path}", methods=["GET", "POST", "PUT", "DELETE", "PATCH"])
    async def unknown(path: str) -> Response:
        raise GitHubError(404, "Not Found")

    return router


class _App(Part):
    def add_to(self, router: APIRouter) -> None:
        router.get("/app")(self.app)
        router.get("/app/installations")(self.installations)
        router.get("/app/installations/{installation}")(self.installation)
        router.post("/app/installations/{installation}/access_tokens", status_code=201)(self.access_token)
        router.get("/repos/{owner}/{repo}/installation")(self.repository_installation)
        router.get("/installation/repositories")(self.repositories)

    def _as_app(self, request: Request) -> None:
        require_app(self.state, request.headers.get("authorization"))

    async def app(self, request: Request) -> Json:
        self._as_app(request)
        return {**self.shapes.app(), "installations_count": 1}

    async def installations(self, request: Request) -> Response:
        self._as_app(request)
        return self.page(request, [None], lambda _: self.shapes.installation())

    async def installation(self, request: Request, installation: str) -> Json:
        self._as_app(request)
        self._require_installation(installation)
        return self.shapes.installation()

    async def repository_installation(self, request: Request, owner: str, repo: str) -> Json:
        self._as_app(request)
        if self.state.repository_of(f"{owner}/{repo}") is None:
            raise GitHubError(404, "Not Found")
        return self.shapes.installation()

    async def access_token(self, request: Request, installation: str) -> Json:
        self._as_app(request)
        self._require_installation(installation)
        if self.state.suspended_at is not None:
            raise GitHubError(403, "This installation has been suspended")
        body = await self.body(request)
        asked = body if isinstance(body, dict) else {}
        chosen = self._chosen(asked)
        token = self.state.issue_token(self._granted(asked.get("permissions")), chosen)
        named = [self.shapes.repository(one) for one in self.state.repositories if chosen and one.id in chosen]
        return {
            "token": token.token,
            "expires_at": timestamp(token.expires_at),
            "permissions": token.permissions,
            "repository_selection": "selected",
            **({"repositories": named} if named else {}),
        }

    def _chosen(self, asked: Json) -> frozenset[int] | None:
        """The repositories that a token is asked for, by name or id; None is all that the installation has."""
        names, ids = asked.get("repositories") or [], asked.get("repository_ids") or []
        if not names and not ids:
            return None
        found = [
            one for one in self.state.repositories if one.access != "none" and (one.name in names or one.id in ids)
        ]
        if len(found) < len({*names, *ids}):
            words = (
                "There is at least one repository that does not exist or is not accessible to the parent installation."
            )
            raise GitHubError(422, words)
        return frozenset(one.id for one in found)

    def _granted(self, asked: object) -> dict[str, str] | None:
        """The permissions that a token is asked for, which the installation must have; metadata comes with each."""
        if not isinstance(asked, dict) or not asked:
            return None
        has = self.state.installation_permissions
        if any(_LEVELS.index(has.get(name, "none")) < _LEVELS.index(str(level)) for name, level in asked.items()):
            raise GitHubError(422, "The permissions requested are not granted to this installation.")
        return {"metadata": "read", **{str(name): str(level) for name, level in asked.items()}}

    async def repositories(self, request: Request) -> Json:
        if self.caller(request) != APP_BOT:
            raise GitHubError(403, "You must authenticate with an installation access token.")
        seen = [self.shapes.repository(one) for one in self.state.repositories if self.reaches(request, one)]
        return {"total_count": len(seen), "repository_selection": "selected", "repositories": seen}

    def _require_installation(self, installation: str) -> None:
        if installation != self.state.credentials.github_installation_id:
            raise GitHubError(404, "Not Found")


class _Accounts(Part):
    def add_to(self, router: APIRouter) -> None:
        router.get("/user")(self.me)
        router.get("/users/{login}")(self.user)
        router.get("/rate_limit")(self.rate_limit)
        router.get("/repos/{owner}/{repo}")(self.repository)
        router.get("/repos/{owner}/{repo}/hooks")(self.hooks)
        router.get("/repos/{owner}/{repo}/assignees")(self.assignees)
        router.get("/repos/{owner}/{repo}/assignees/{login}")(self.assignee)
        router.get("/search/issues")(self.search)

    async def me(self, request: Request) -> Json:
        account = self.caller(request)
        if account == APP_BOT:
            raise GitHubError(403, "Resource not accessible by integration")
        return self.shapes.profile(account)

    async def user(self, request: Request, login: str) -> Json:
        self.caller(request)
        account = self.state.account(login)
        if account is None:
            raise GitHubError(404, "Not Found")
        return self.shapes.profile(account)

    async def rate_limit(self, request: Request) -> Json:
        self.caller(request)
        reset = int((self.state.clock() + timedelta(hours=1)).timestamp())
        core = {"limit": _HOURLY, "used": 1, "remaining": _HOURLY - 1, "reset": reset}
        search = {"limit": 30, "used": 0, "remaining": 30, "reset": reset}
        return {"resources": {"core": core, "search": search}, "rate": core}

    async def repository(self, request: Request, owner: str, repo: str) -> Json:
        account, here = self.on_repository(request, owner, repo)
        permissions = {
            "admin": False,
            "maintain": False,
            "push": here.access == "write",
            "triage": here.access in ("write", "triage"),
            "pull": True,
        }
        shape = {**self.shapes.repository(here), "subscribers_count": 0, "network_count": 0}
        # An App has permissions of its own; the repository states those of users only.
        return shape if account == APP_BOT else {**shape, "permissions": permissions}

    async def hooks(self, request: Request, owner: str, repo: str) -> Response:
        _, here = self.on_repository(request, owner, repo)
        return self.page(request, [here], self.shapes.hook)

    async def assignees(self, request: Request, owner: str, repo: str) -> Response:
        self.on_repository(request, owner, repo)
        return self.page(request, [a for a in self.state.accounts if a.kind == "User"], self.shapes.account)

    async def assignee(self, request: Request, owner: str, repo: str, login: str) -> Response:
        self.on_repository(request, owner, repo)
        account = self.state.account(login)
        if account is None or account.kind != "User":
            raise GitHubError(404, "Not Found")
        return Response(status_code=204)

    async def search(
        self,
        request: Request,
        q: str = "",
        sort: str = "",
        order: str = "desc",
        per_page: str | None = None,
        page: str | None = None,
    ) -> Response:
        self.caller(request)
        if not q.strip():
            raise missing("Search", "q")
        size = max(1, min(number_of(per_page, 30), 100))
        if (max(1, number_of(page, 1)) - 1) * size >= _MOST_FOUND:
            raise GitHubError(422, "Only the first 1000 search results are available")
        indexed_before = self.state.clock() - timedelta(seconds=self.state.search_lag_s)
        found = [
            issue
            for issue in reversed(self.state.issues)
            if issue.is_here
            and self.reaches(request, issue.repository)
            and issue.created_at <= indexed_before
            and _search_matches(issue, q)
        ]
        key = _SEARCH_ORDERS.get(sort)
        # Without an order the best match comes first; among equal ones the newest, as the list is.
        found.sort(key=key or (lambda issue: _score(issue, q)), reverse=key is None or order != "asc")

        def around(items: list[Json]) -> Json:
            # Octokit pages through the first list that it finds among the members: ``items`` stands before all that is no count.
            counts = {"total_count": len(found), "incomplete_results": False}
            return {**counts, "items": items, "search_type": "lexical"}

        return self.page(
            request, found[:_MOST_FOUND], lambda issue: {**self.shapes.issue(issue), "score": _score(issue, q)}, around
        )


_TERM = re.compile(r'(-?)(?:(\w+):)?(?:"([^"]*)"|(\S+))')


_SEARCH_ORDERS: dict[str, Callable[[Issue], Any]] = {
    "created": lambda issue: (issue.created_at, issue.id),
    "updated": lambda issue: (issue.updated_at, issue.id),
    "comments": lambda issue: len(issue.comments),
}


def _score(issue: Issue, query: str) -> float:
    """How well an issue matches: a word in the title counts more than one elsewhere."""
    words = [(quoted or word).lower() for _, qualifier, quoted, word in _TERM.findall(query) if not qualifier]
    return 1.0 + sum(word in issue.title.lower() for word in words)


def _search_matches(issue: Issue, query: str) -> bool:
    in_title = "in:title" in query.lower().split()
    return all(
        _term_matches(issue, qualifier.lower(), (quoted or word).lower(), in_title) is not bool(negated)
        for negated, qualifier, quoted, word in _TERM.findall(query)
    )


def _term_matches(issue: Issue, qualifier: str, value: str, in_title: bool) -> bool:
    match qualifier:
        case "repo":
            return value == issue.repository.full_name.lower()
        case "org" | "user":
            return value == issue.repository.owner.login.lower()
        case "is" | "state" | "type":
            return value in ("issue", issue.state)
        case "label":
            return value in [label.name.lower() for label in issue.labels]
        case "author":
            return value in (issue.user.login.lower(), "app/tierline" if issue.user == APP_BOT else "")
        case "assignee":
            return value in [account.login.lower() for account in issue.assignees]
        case "in":
            return value in ("title", "body", "comments")
        case "":
            texts = [issue.title, *([] if in_title else [issue.body or "", *(one.body for one in issue.comments)])]
            return any(value in text.lower() for text in texts)
        case _:
            raise invalid("Search", "q", f"{qualifier}:{value}")


class _Issues(Part):
    def add_to(self, router: APIRouter) -> None:
        router.get("/repos/{owner}/{repo}/issues")(self.list)
        router.post("/repos/{owner}/{repo}/issues", status_code=201)(self.create)
        router.get("/repos/{owner}/{repo}/issues/{number}")(self.read)
        router.patch("/repos/{owner}/{repo}/issues/{number}")(self.edit)
        router.post("/repos/{owner}/{repo}/issues/{number}/assignees", status_code=201)(self.assign)
        router.delete("/repos/{owner}/{repo}/issues/{number}/assignees")(self.unassign)
        router.get("/repos/{owner}/{repo}/issues/{number}/events")(self.events)
        router.get("/repos/{owner}/{repo}/issues/{number}/timeline")(self.timeline)

    async def list(
        self,
        request: Request,
        owner: str,
        repo: str,
        state: str = "open",
        creator: str | None = None,
        assignee: str | None = None,
        labels: str = "",
        milestone: str | None = None,
        since: str | None = None,
        sort: str = "created",
        direction: str = "desc",
    ) -> Response:
        _, here = self.on_repository(request, owner, repo)
        if not here.has_issues:
            raise GitHubError(410, "Issues are disabled for this repo")
        if state not in ("open", "closed", "all"):
            raise invalid("Issue", "state", state)
        moment = moment_of(since)
        wanted = {name.lower() for name in labels.split(",") if name}
        found = [
            issue
            for issue in self.state.issues
            if issue.is_here
            and issue.repository is here
            and state in ("all", issue.state)
            and (creator is None or _is_creator(issue.user, creator))
            and (assignee is None or _is_assigned(issue, assignee))
            and wanted <= {label.name.lower() for label in issue.labels}
            and (milestone is None or _is_in(issue, milestone))
            and is_since(moment, issue.updated_at)
        ]
        keys: dict[str, Callable[[Issue], Any]] = {
            "created": lambda issue: issue.number,
            "updated": lambda issue: (issue.updated_at, issue.number),
            "comments": lambda issue: len(issue.comments),
        }
        found.sort(key=keys.get(sort, keys["created"]), reverse=direction != "asc")
        return self.page(request, found, self.shapes.issue)

    async def create(self, request: Request, owner: str, repo: str) -> Response:
        user, here = self.on_repository(request, owner, repo)
        if not here.has_issues:
            raise GitHubError(410, "Issues are disabled for this repo")
        if here.archived:
            raise GitHubError(403, "Repository was archived so is read-only.")
        body = await self.body(request)
        if not isinstance(body, dict) or not str(body.get("title") or "").strip():
            raise missing("Issue", "title")
        assignees = self._accounts(body.get("assignees") or [])
        names = _label_names(body.get("labels") or [])
        if here.access == "read":
            # GitHub drops them without a word for who may not set them.
            names, assignees = [], []
        title, text = str(body["title"]), body.get("body")
        _fits("Issue", title=title, body=text)
        milestone = self._milestone(here, body.get("milestone"))
        issue = changes.open_issue(self.state, user, title, text, names, assignees, here)
        if here.access != "read":
            changes.set_milestone(self.state, user, issue, milestone)
        return JSONResponse(self.shapes.full_issue(issue), 201, headers={"Location": self.shapes.issue_url(issue)})

    async def read(self, request: Request, owner: str, repo: str, number: int) -> Json:
        _, here = self.on_repository(request, owner, repo)
        return self.shapes.full_issue(self.issue(request, here, number))

    async def events(self, request: Request, owner: str, repo: str, number: int) -> Response:
        _, here = self.on_repository(request, owner, repo)
        issue = self.issue(request, here, number)
        return self.page(request, issue.events, lambda event: self.shapes.event(issue, event))

    async def timeline(self, request: Request, owner: str, repo: str, number: int) -> Response:
        _, here = self.on_repository(request, owner, repo)
        issue = self.issue(request, here, number)
        return self.page(request, self.shapes.timeline(issue), lambda shape: shape)

    async def edit(self, request: Request, owner: str, repo: str, number: int) -> Json:
        user, here = self.on_repository(request, owner, repo)
        issue = self.issue(request, here, number)
        body = await self.body(request)
        if issue.user != user:
            self.may(here)
        to_state, reason = body.get("state", issue.state), body.get("state_reason")
        if to_state not in ("open", "closed"):
            raise invalid("Issue", "state", to_state)
        if reason not in (None, "completed", "not_planned", "duplicate", "reopened"):
            raise invalid("Issue", "state_reason", reason)
        _fits("Issue", title=body.get("title"), body=body.get("body"))
        assignees = self._accounts(body["assignees"]) if "assignees" in body else None
        title = body["title"] if body.get("title") else issue.title
        changes.edit_issue(self.state, user, issue, title, body.get("body", issue.body))
        if "labels" in body:
            changes.set_labels(self.state, user, issue, _label_names(body["labels"]))
        if assignees is not None:
            changes.set_assignees(self.state, user, issue, assignees)
        if "milestone" in body:
            changes.set_milestone(self.state, user, issue, self._milestone(here, body["milestone"]))
        if to_state == "closed":
            changes.close_issue(self.state, user, issue, reason or "completed")
        else:
            changes.reopen_issue(self.state, user, issue)
        return self.shapes.full_issue(issue)

    @staticmethod
    def _milestone(repository: Repository, number: object) -> Milestone | None:
        if number is None:
            return None
        for milestone in repository.milestones:
            if str(milestone.number) == str(number):
                return milestone
        raise invalid("Issue", "milestone", number)

    async def assign(self, request: Request, owner: str, repo: str, number: int) -> Json:
        user, here = self.on_repository(request, owner, repo)
        issue = self.issue(request, here, number)
        # Here GitHub drops unknown accounts without a word.
        named = [self.state.account(str(login)) for login in (await self.body(request)).get("assignees") or []]
        added = [account for account in named if account is not None and account not in issue.assignees]
        changes.set_assignees(self.state, user, issue, [*issue.assignees, *added])
        return self.shapes.full_issue(issue)

    async def unassign(self, request: Request, owner: str, repo: str, number: int) -> Json:
        user, here = self.on_repository(request, owner, repo)
        issue = self.issue(request, here, number)
        gone = {str(login).lower() for login in (await self.body(request)).get("assignees") or []}
        left = [account for account in issue.assignees if account.login.lower() not in gone]
        changes.set_assignees(self.state, user, issue, left)
        return self.shapes.full_issue(issue)

    def _accounts(self, logins: Sequence[object]) -> Sequence[Account]:
        found = [(login, self.state.account(str(login))) for login in logins]
        unknown = [login for login, account in found if account is None]
        if unknown:
            raise invalid("Issue", "assignees", unknown[0])
        return [account for _, account in found if account is not None]


def _fits(resource: str, *, title: object = None, body: object = None) -> None:
    """Refuse a text that is longer than GitHub takes."""
    for field, text, most in (("title", title, _LONGEST_TITLE), ("body", body, _LONGEST_TEXT)):
        if isinstance(text, str) and len(text) > most:
            words = f"{field} is too long (maximum is {most} characters)"
            error = {"resource": resource, "code": "custom", "field": field, "message": words}
            raise GitHubError(422, "Validation Failed", [error])


def _is_creator(user: Account, creator: str) -> bool:
    return creator.lower() == user.login.lower() or (user == APP_BOT and creator == "app/tierline")


def _is_in(issue: Issue, milestone: str) -> bool:
    if milestone in ("none", "*"):
        return (issue.milestone is None) == (milestone == "none")
    return issue.milestone is not None and str(issue.milestone.number) == milestone


def _is_assigned(issue: Issue, assignee: str) -> bool:
    if assignee == "none":
        return not issue.assignees
    return bool(issue.assignees) if assignee == "*" else assignee in [account.login for account in issue.assignees]


def _label_names(values: object) -> list[str]:
    if not isinstance(values, list):
        raise invalid("Issue", "labels", values)
    names = [str(value.get("name", "")) if isinstance(value, dict) else str(value) for value in values]
    if any(not name.strip() for name in names):
        raise invalid("Label", "name", "")
    return names


class _Labels(Part):
    def add_to(self, router: APIRouter) -> None:
        router.get("/repos/{owner}/{repo}/labels")(self.list)
        router.post("/repos/{owner}/{repo}/labels", status_code=201)(self.create)
        router.get("/repos/{owner}/{repo}/labels/{name}")(self.read)
        router.get("/repos/{owner}/{repo}/issues/{number}/labels")(self.of_issue)
        router.post("/repos/{owner}/{repo}/issues/{number}/labels")(self.add)
        router.put("/repos/{owner}/{repo}/issues/{number}/labels")(self.replace)
        router.delete("/repos/{owner}/{repo}/issues/{number}/labels/{name}")(self.remove)

    async def list(self, request: Request, owner: str, repo: str) -> Response:
        _, here = self.on_repository(request, owner, repo)
        return self.page(request, here.labels, lambda label: self.shapes.label(label, here))

    async def create(self, request: Request, owner: str, repo: str) -> Json:
        user, here = self.on_repository(request, owner, repo)
        body = await self.body(request)
        name = str(body.get("name") or "")
        if not name:
            raise missing("Label", "name")
        if here.access != "write":
            raise GitHubError(404, "Not Found")
        if here.label(name) is not None:
            error = {"resource": "Label", "code": "already_exists", "field": "name"}
            raise GitHubError(422, "Validation Failed", [error])
        colour, text = str(body.get("color") or "ededed"), body.get("description")
        return self.shapes.label(changes.ensure_label(self.state, user, name, here, colour, text), here)

    async def read(self, request: Request, owner: str, repo: str, name: str) -> Json:
        _, here = self.on_repository(request, owner, repo)
        label = here.label(name)
        if label is None:
            raise GitHubError(404, "Not Found")
        return self.shapes.label(label, here)

    def _labels(self, issue: Issue) -> Response:
        return JSONResponse([self.shapes.label(label, issue.repository) for label in issue.labels])

    async def of_issue(self, request: Request, owner: str, repo: str, number: int) -> Response:
        _, here = self.on_repository(request, owner, repo)
        labels = self.issue(request, here, number).labels
        return self.page(request, labels, lambda label: self.shapes.label(label, here))

    async def add(self, request: Request, owner: str, repo: str, number: int) -> Response:
        user, here = self.on_repository(request, owner, repo)
        self.may(here)
        issue = self.issue(request, here, number)
        sent = await self._sent_names(request)
        # Who may not push puts on what is there alone.
        new = [name for name in sent if here.access == "write" or here.label(name) is not None]
        changes.set_labels(self.state, user, issue, [*(label.name for label in issue.labels), *new])
        return self._labels(issue)

    async def replace(self, request: Request, owner: str, repo: str, number: int) -> Response:
        user, here = self.on_repository(request, owner, repo)
        self.may(here)
        issue = self.issue(request, here, number)
        changes.set_labels(self.state, user, issue, await self._sent_names(request))
        return self._labels(issue)

    async def remove(self, request: Request, owner: str, repo: str, number: int, name: str) -> Response:
        user, here = self.on_repository(request, owner, repo)
        self.may(here)
        issue = self.issue(request, here, number)
        left = [label.name for label in issue.labels if label.name.lower() != name.lower()]
        if len(left) == len(issue.labels):
            raise GitHubError(404, "Label does not exist")
        changes.set_labels(self.state, user, issue, left)
        return self._labels(issue)

    async def _sent_names(self, request: Request) -> Sequence[str]:
        body = await self.body(request)
        return _label_names(body.get("labels", []) if isinstance(body, dict) else body)


class _Plans(Part):
    """Milestones and releases."""

    def add_to(self, router: APIRouter) -> None:
        router.get("/repos/{owner}/{repo}/milestones")(self.milestones)
        router.post("/repos/{owner}/{repo}/milestones", status_code=201)(self.create_milestone)
        router.get("/repos/{owner}/{repo}/milestones/{number}")(self.read_milestone)
        router.patch("/repos/{owner}/{repo}/milestones/{number}")(self.edit_milestone)
        router.get("/repos/{owner}/{repo}/releases")(self.releases)
        router.get("/repos/{owner}/{repo}/releases/latest")(self.latest)
        router.get("/repos/{owner}/{repo}/releases/{release}")(self.release)

    async def milestones(self, request: Request, owner: str, repo: str, state: str = "open") -> Response:
        _, here = self.on_repository(request, owner, repo)
        shown = [one for one in here.milestones if state in ("all", one.state)]
        return self.page(request, shown, lambda one: self.shapes.milestone(one, here))

    async def create_milestone(self, request: Request, owner: str, repo: str) -> Json:
        user, here = self.on_repository(request, owner, repo)
        self.may(here)
        body = await self.body(request)
        title = str(body.get("title") or "")
        if not title:
            raise missing("Milestone", "title")
        if any(one.title == title for one in here.milestones):
            error = {"resource": "Milestone", "code": "already_exists", "field": "title"}
            raise GitHubError(422, "Validation Failed", [error])
        milestone = changes.ensure_milestone(self.state, user, here, title)
        changes.edit_milestone(self.state, milestone, body)
        return self.shapes.milestone(milestone, here)

    async def read_milestone(self, request: Request, owner: str, repo: str, number: int) -> Json:
        _, here = self.on_repository(request, owner, repo)
        return self.shapes.milestone(self._milestone(here, number), here)

    async def edit_milestone(self, request: Request, owner: str, repo: str, number: int) -> Json:
        _, here = self.on_repository(request, owner, repo)
        self.may(here)
        milestone = self._milestone(here, number)
        body = await self.body(request)
        if body.get("state", "open") not in ("open", "closed"):
            raise invalid("Milestone", "state", body["state"])
        changes.edit_milestone(self.state, milestone, body)
        return self.shapes.milestone(milestone, here)

    @staticmethod
    def _milestone(repository: Repository, number: int) -> Milestone:
        for milestone in repository.milestones:
            if milestone.number == number:
                return milestone
        raise GitHubError(404, "Not Found")

    async def releases(self, request: Request, owner: str, repo: str) -> Response:
        _, here = self.on_repository(request, owner, repo)
        if here.private and not self.state.reads_contents:
            raise GitHubError(403, "Resource not accessible by integration")
        # Who may push sees the drafts too.
        seen = [one for one in here.releases if not one.draft or here.access == "write"]
        return self.page(request, seen, lambda one: self.shapes.release(one, here))

    async def latest(self, request: Request, owner: str, repo: str) -> Json:
        _, here = self.on_repository(request, owner, repo)
        for one in here.releases:
            if not one.draft and not one.prerelease:
                return self.shapes.release(one, here)
        raise GitHubError(404, "Not Found")

    async def release(self, request: Request, owner: str, repo: str, release: int) -> Json:
        _, here = self.on_repository(request, owner, repo)
        for one in here.releases:
            if one.id == release:
                return self.shapes.release(one, here)
        raise GitHubError(404, "Not Found")


class _Comments(Part):
    def add_to(self, router: APIRouter) -> None:
        router.get("/repos/{owner}/{repo}/issues/comments")(self.of_repository)
        router.get("/repos/{owner}/{repo}/issues/comments/{comment}")(self.read)
        router.patch("/repos/{owner}/{repo}/issues/comments/{comment}")(self.edit)
        router.delete("/repos/{owner}/{repo}/issues/comments/{comment}")(self.delete)
        router.get("/repos/{owner}/{repo}/issues/{number}/comments")(self.of_issue)
        router.post("/repos/{owner}/{repo}/issues/{number}/comments", status_code=201)(self.create)

    async def of_repository(self, request: Request, owner: str, repo: str, since: str | None = None) -> Response:
        _, here = self.on_repository(request, owner, repo)
        moment = moment_of(since)
        found = [
            (issue, comment)
            for issue in self.state.issues
            if issue.is_here and issue.repository is here
            for comment in issue.comments
            if is_since(moment, comment.updated_at)
        ]
        found.sort(key=lambda pair: pair[1].id)
        return self.page(request, found, lambda pair: self.shapes.comment(*pair))

    async def of_issue(
        self, request: Request, owner: str, repo: str, number: int, since: str | None = None
    ) -> Response:
        _, here = self.on_repository(request, owner, repo)
        issue, moment = self.issue(request, here, number), moment_of(since)
        found = [comment for comment in issue.comments if is_since(moment, comment.updated_at)]
        return self.page(request, found, lambda comment: self.shapes.comment(issue, comment))

    async def create(self, request: Request, owner: str, repo: str, number: int) -> Response:
        user, here = self.on_repository(request, owner, repo)
        issue = self.issue(request, here, number)
        if issue.locked and here.access == "read":
            raise GitHubError(403, "Unable to create comment because issue is locked.")
        comment = changes.add_comment(self.state, user, issue, await self._text(request))
        shape = self.shapes.comment(issue, comment)
        return JSONResponse(shape, 201, headers={"Location": shape["url"]})

    async def read(self, request: Request, owner: str, repo: str, comment: int) -> Json:
        _, here = self.on_repository(request, owner, repo)
        return self.shapes.comment(*self._comment(here, comment))

    async def edit(self, request: Request, owner: str, repo: str, comment: int) -> Json:
        user, here = self.on_repository(request, owner, repo)
        issue, known = self._comment(here, comment)
        changes.edit_comment(self.state, user, issue, known, await self._text(request))
        return self.shapes.comment(issue, known)

    async def delete(self, request: Request, owner: str, repo: str, comment: int) -> Response:
        user, here = self.on_repository(request, owner, repo)
        changes.delete_comment(self.state, user, *self._comment(here, comment))
        return Response(status_code=204)

    def _comment(self, repository: Repository, id_: int) -> tuple[Issue, Comment]:
        found = self.state.comment(id_)
        if found is None or found[0].repository is not repository:
            raise GitHubError(404, "Not Found")
        return found

    async def _text(self, request: Request) -> str:
        body = await self.body(request)
        text = body.get("body") if isinstance(body, dict) else None
        if not isinstance(text, str) or not text.strip():
            raise missing("IssueComment", "body")
        _fits("IssueComment", body=text)
        return text

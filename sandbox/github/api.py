"""The local GitHub's REST API: the paths that a bot needs, for a personal access token and for a GitHub App."""

import json
import re
from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.routing import APIRoute

from sandbox.github import changes
from sandbox.github.auth import GitHubError, caller, require_app
from sandbox.github.shapes import Shapes, timestamp
from sandbox.github.state import APP_BOT, Account, Comment, GitHubState, Issue

Json = dict[str, Any]

_HOURLY = 5000


class _Route(APIRoute):
    """Turns refusals into GitHub's JSON and adds the headers that every answer has."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                response = await handle(request)
            except GitHubError as error:
                response = JSONResponse(error.body, error.status)
            response.headers.update(_standing_headers())
            return response

        return answer


def _standing_headers() -> dict[str, str]:
    reset = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
    return {
        "X-GitHub-Media-Type": "github.v3; format=json",
        "X-RateLimit-Limit": str(_HOURLY),
        "X-RateLimit-Remaining": str(_HOURLY - 1),
        "X-RateLimit-Used": "1",
        "X-RateLimit-Reset": str(reset),
        "X-RateLimit-Resource": "core",
    }


def build_router(state: GitHubState) -> APIRouter:
    """Everything below ``/github``, the address that people use for an issue among it."""
    router = APIRouter(prefix="/github", route_class=_Route, include_in_schema=False)
    _App(state).add_to(router)
    _Accounts(state).add_to(router)
    _Comments(state).add_to(router)
    _Labels(state).add_to(router)
    _Issues(state).add_to(router)

    @router.get("/{owner}/{repo}/issues/{number}")
    async def browse(owner: str, repo: str, number: int) -> Response:
        return RedirectResponse(f"/#github/{number}", 303)

    @router.api_route("/{path:path}", methods=["GET", "POST", "PUT", "DELETE", "PATCH"])
    async def unknown(path: str) -> Response:
        raise GitHubError(404, "Not Found")

    return router


class _Part:
    """One group of paths over the same state."""

    def __init__(self, state: GitHubState) -> None:
        self.state = state
        self.shapes = Shapes(state)

    def caller(self, request: Request) -> Account:
        """Who calls."""
        return caller(self.state, request.headers.get("authorization"))

    def on_repository(self, request: Request, owner: str, repo: str) -> Account:
        """Who calls, once it is sure that the repository is there."""
        account = self.caller(request)
        if f"{owner}/{repo}".lower() != self.state.repository.full_name.lower():
            raise GitHubError(404, "Not Found")
        return account

    def issue(self, number: int) -> Issue:
        """The issue, or a refusal."""
        issue = self.state.issue(number)
        if issue is None:
            raise GitHubError(404, "Not Found")
        if issue.deleted:
            raise GitHubError(410, "This issue was deleted")
        return issue

    @staticmethod
    async def body(request: Request) -> Any:
        """The JSON that was sent."""
        try:
            return json.loads(await request.body() or b"{}")
        except ValueError:
            raise GitHubError(400, "Problems parsing JSON") from None

    def page(self, request: Request, items: Sequence[Any], shape: Callable[[Any], Json]) -> Response:
        """One page of a list, with the ``Link`` header to the others."""
        query = request.query_params
        size = max(1, min(_number(query.get("per_page"), 30), 100))
        number = max(1, _number(query.get("page"), 1))
        last = max(1, -(-len(items) // size))
        links = {
            "prev": number - 1 if number > 1 else None,
            "next": number + 1 if number < last else None,
            "last": last if number < last else None,
            "first": 1 if number > 1 else None,
        }
        root = self.state.base_url.removesuffix("/github")
        kept = [(key, value) for key, value in query.multi_items() if key != "page"]
        header = ", ".join(
            f'<{root}{request.url.path}?{urlencode([*kept, ("page", str(to))])}>; rel="{rel}"'
            for rel, to in links.items()
            if to is not None
        )
        content = [shape(item) for item in items[(number - 1) * size : number * size]]
        return JSONResponse(content, headers={"Link": header} if header else None)


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text is not None and text.isdigit() else otherwise


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise GitHubError(422, "Validation Failed", [{"code": "invalid", "field": "since"}]) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _since(moment: datetime | None, updated: datetime) -> bool:
    # GitHub keeps whole seconds.
    return moment is None or updated.replace(microsecond=0) >= moment


def _missing(resource: str, field: str) -> GitHubError:
    error = {"resource": resource, "code": "missing_field", "field": field}
    return GitHubError(422, "Validation Failed", [error])


def _invalid(resource: str, field: str, value: object) -> GitHubError:
    error = {"resource": resource, "code": "invalid", "field": field, "value": value}
    return GitHubError(422, "Validation Failed", [error])


class _App(_Part):
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
        if f"{owner}/{repo}" != self.state.repository.full_name:
            raise GitHubError(404, "Not Found")
        return self.shapes.installation()

    async def access_token(self, request: Request, installation: str) -> Json:
        self._as_app(request)
        self._require_installation(installation)
        token = self.state.issue_token()
        shape = self.shapes.installation()
        return {
            "token": token.token,
            "expires_at": timestamp(token.expires_at),
            "permissions": shape["permissions"],
            "repository_selection": shape["repository_selection"],
        }

    async def repositories(self, request: Request) -> Json:
        if self.caller(request) != APP_BOT:
            raise GitHubError(403, "You must authenticate with an installation access token.")
        return {"total_count": 1, "repository_selection": "selected", "repositories": [self.shapes.repository()]}

    def _require_installation(self, installation: str) -> None:
        if installation != self.state.credentials.github_installation_id:
            raise GitHubError(404, "Not Found")


class _Accounts(_Part):
    def add_to(self, router: APIRouter) -> None:
        router.get("/user")(self.me)
        router.get("/users/{login}")(self.user)
        router.get("/rate_limit")(self.rate_limit)
        router.get("/repos/{owner}/{repo}")(self.repository)
        router.get("/repos/{owner}/{repo}/hooks")(self.hooks)
        router.get("/repos/{owner}/{repo}/assignees")(self.assignees)
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
        account = self.on_repository(request, owner, repo)
        permissions = {"admin": False, "maintain": False, "push": True, "triage": True, "pull": True}
        shape = {**self.shapes.repository(), "subscribers_count": 0, "network_count": 0}
        # An App has permissions of its own; the repository states those of users only.
        return shape if account == APP_BOT else {**shape, "permissions": permissions}

    async def hooks(self, request: Request, owner: str, repo: str) -> Response:
        self.on_repository(request, owner, repo)
        return self.page(request, [None], lambda _: self.shapes.hook())

    async def assignees(self, request: Request, owner: str, repo: str) -> Response:
        self.on_repository(request, owner, repo)
        return self.page(request, [a for a in self.state.accounts if a.kind == "User"], self.shapes.account)

    async def search(self, request: Request, q: str = "") -> Json:
        self.caller(request)
        if not q.strip():
            raise _missing("Search", "q")
        indexed_before = self.state.clock() - timedelta(seconds=self.state.search_lag_s)
        found = [
            issue
            for issue in reversed(self.state.issues)
            if not issue.deleted and issue.created_at <= indexed_before and _search_matches(self.state, issue, q)
        ]
        items = [{**self.shapes.issue(issue), "score": 1.0} for issue in found]
        return {"total_count": len(items), "incomplete_results": False, "search_type": "lexical", "items": items[:100]}


_TERM = re.compile(r'(-?)(?:(\w+):)?(?:"([^"]*)"|(\S+))')


def _search_matches(state: GitHubState, issue: Issue, query: str) -> bool:
    return all(
        _term_matches(state, issue, qualifier.lower(), (quoted or word).lower()) is not bool(negated)
        for negated, qualifier, quoted, word in _TERM.findall(query)
    )


def _term_matches(state: GitHubState, issue: Issue, qualifier: str, value: str) -> bool:
    match qualifier:
        case "repo":
            return value == state.repository.full_name.lower()
        case "org" | "user":
            return value == state.repository.owner.login.lower()
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
            texts = [issue.title, issue.body or "", *(comment.body for comment in issue.comments)]
            return any(value in text.lower() for text in texts)
        case _:
            raise _invalid("Search", "q", f"{qualifier}:{value}")


class _Issues(_Part):
    def add_to(self, router: APIRouter) -> None:
        router.get("/repos/{owner}/{repo}/issues")(self.list)
        router.post("/repos/{owner}/{repo}/issues", status_code=201)(self.create)
        router.get("/repos/{owner}/{repo}/issues/{number}")(self.read)
        router.patch("/repos/{owner}/{repo}/issues/{number}")(self.edit)
        router.post("/repos/{owner}/{repo}/issues/{number}/assignees", status_code=201)(self.assign)
        router.delete("/repos/{owner}/{repo}/issues/{number}/assignees")(self.unassign)

    async def list(
        self,
        request: Request,
        owner: str,
        repo: str,
        state: str = "open",
        creator: str | None = None,
        assignee: str | None = None,
        labels: str = "",
        since: str | None = None,
        sort: str = "created",
        direction: str = "desc",
    ) -> Response:
        self.on_repository(request, owner, repo)
        if state not in ("open", "closed", "all"):
            raise _invalid("Issue", "state", state)
        moment = _moment(since)
        wanted = {name.lower() for name in labels.split(",") if name}
        found = [
            issue
            for issue in self.state.issues
            if not issue.deleted
            and state in ("all", issue.state)
            and (creator is None or _is_creator(issue.user, creator))
            and (assignee is None or _is_assigned(issue, assignee))
            and wanted <= {label.name.lower() for label in issue.labels}
            and _since(moment, issue.updated_at)
        ]
        keys: dict[str, Callable[[Issue], Any]] = {
            "created": lambda issue: issue.number,
            "updated": lambda issue: (issue.updated_at, issue.number),
            "comments": lambda issue: len(issue.comments),
        }
        found.sort(key=keys.get(sort, keys["created"]), reverse=direction != "asc")
        return self.page(request, found, self.shapes.issue)

    async def create(self, request: Request, owner: str, repo: str) -> Response:
        user = self.on_repository(request, owner, repo)
        body = await self.body(request)
        if not isinstance(body, dict) or not str(body.get("title") or "").strip():
            raise _missing("Issue", "title")
        assignees = self._accounts(body.get("assignees") or [])
        names = _label_names(body.get("labels") or [])
        issue = changes.open_issue(self.state, user, str(body["title"]), body.get("body"), names, assignees)
        return JSONResponse(self.shapes.full_issue(issue), 201, headers={"Location": self.shapes.issue_url(issue)})

    async def read(self, request: Request, owner: str, repo: str, number: int) -> Json:
        self.on_repository(request, owner, repo)
        return self.shapes.full_issue(self.issue(number))

    async def edit(self, request: Request, owner: str, repo: str, number: int) -> Json:
        user = self.on_repository(request, owner, repo)
        issue = self.issue(number)
        body = await self.body(request)
        to_state = body.get("state", issue.state)
        if to_state not in ("open", "closed"):
            raise _invalid("Issue", "state", to_state)
        assignees = self._accounts(body["assignees"]) if "assignees" in body else None
        title = body["title"] if body.get("title") else issue.title
        changes.edit_issue(self.state, user, issue, title, body.get("body", issue.body))
        if "labels" in body:
            changes.set_labels(self.state, user, issue, _label_names(body["labels"]))
        if assignees is not None:
            changes.set_assignees(self.state, user, issue, assignees)
        if to_state == "closed":
            changes.close_issue(self.state, user, issue, body.get("state_reason") or "completed")
        else:
            changes.reopen_issue(self.state, user, issue)
        return self.shapes.full_issue(issue)

    async def assign(self, request: Request, owner: str, repo: str, number: int) -> Json:
        user = self.on_repository(request, owner, repo)
        issue = self.issue(number)
        # Here GitHub drops unknown accounts without a word.
        named = [self.state.account(str(login)) for login in (await self.body(request)).get("assignees") or []]
        added = [account for account in named if account is not None and account not in issue.assignees]
        changes.set_assignees(self.state, user, issue, [*issue.assignees, *added])
        return self.shapes.full_issue(issue)

    async def unassign(self, request: Request, owner: str, repo: str, number: int) -> Json:
        user = self.on_repository(request, owner, repo)
        issue = self.issue(number)
        gone = {str(login).lower() for login in (await self.body(request)).get("assignees") or []}
        left = [account for account in issue.assignees if account.login.lower() not in gone]
        changes.set_assignees(self.state, user, issue, left)
        return self.shapes.full_issue(issue)

    def _accounts(self, logins: Sequence[object]) -> Sequence[Account]:
        found = [(login, self.state.account(str(login))) for login in logins]
        unknown = [login for login, account in found if account is None]
        if unknown:
            raise _invalid("Issue", "assignees", unknown[0])
        return [account for _, account in found if account is not None]


def _is_creator(user: Account, creator: str) -> bool:
    return creator.lower() == user.login.lower() or (user == APP_BOT and creator == "app/tierline")


def _is_assigned(issue: Issue, assignee: str) -> bool:
    if assignee == "none":
        return not issue.assignees
    return bool(issue.assignees) if assignee == "*" else assignee in [account.login for account in issue.assignees]


def _label_names(values: object) -> list[str]:
    if not isinstance(values, list):
        raise _invalid("Issue", "labels", values)
    names = [str(value.get("name", "")) if isinstance(value, dict) else str(value) for value in values]
    if any(not name.strip() for name in names):
        raise _invalid("Label", "name", "")
    return names


class _Labels(_Part):
    def add_to(self, router: APIRouter) -> None:
        router.get("/repos/{owner}/{repo}/labels")(self.list)
        router.post("/repos/{owner}/{repo}/labels", status_code=201)(self.create)
        router.get("/repos/{owner}/{repo}/labels/{name}")(self.read)
        router.get("/repos/{owner}/{repo}/issues/{number}/labels")(self.of_issue)
        router.post("/repos/{owner}/{repo}/issues/{number}/labels")(self.add)
        router.put("/repos/{owner}/{repo}/issues/{number}/labels")(self.replace)
        router.delete("/repos/{owner}/{repo}/issues/{number}/labels/{name}")(self.remove)

    async def list(self, request: Request, owner: str, repo: str) -> Response:
        self.on_repository(request, owner, repo)
        return self.page(request, self.state.labels, self.shapes.label)

    async def create(self, request: Request, owner: str, repo: str) -> Json:
        user = self.on_repository(request, owner, repo)
        body = await self.body(request)
        name = str(body.get("name") or "")
        if not name:
            raise _missing("Label", "name")
        if self.state.label(name) is not None:
            error = {"resource": "Label", "code": "already_exists", "field": "name"}
            raise GitHubError(422, "Validation Failed", [error])
        label = changes.ensure_label(
            self.state, user, name, str(body.get("color") or "ededed"), body.get("description")
        )
        return self.shapes.label(label)

    async def read(self, request: Request, owner: str, repo: str, name: str) -> Json:
        self.on_repository(request, owner, repo)
        label = self.state.label(name)
        if label is None:
            raise GitHubError(404, "Not Found")
        return self.shapes.label(label)

    async def of_issue(self, request: Request, owner: str, repo: str, number: int) -> Response:
        self.on_repository(request, owner, repo)
        return self.page(request, self.issue(number).labels, self.shapes.label)

    async def add(self, request: Request, owner: str, repo: str, number: int) -> Response:
        user = self.on_repository(request, owner, repo)
        issue = self.issue(number)
        names = [*(label.name for label in issue.labels), *await self._sent_names(request)]
        changes.set_labels(self.state, user, issue, names)
        return JSONResponse([self.shapes.label(label) for label in issue.labels])

    async def replace(self, request: Request, owner: str, repo: str, number: int) -> Response:
        user = self.on_repository(request, owner, repo)
        issue = self.issue(number)
        changes.set_labels(self.state, user, issue, await self._sent_names(request))
        return JSONResponse([self.shapes.label(label) for label in issue.labels])

    async def remove(self, request: Request, owner: str, repo: str, number: int, name: str) -> Response:
        user = self.on_repository(request, owner, repo)
        issue = self.issue(number)
        left = [label.name for label in issue.labels if label.name.lower() != name.lower()]
        if len(left) == len(issue.labels):
            raise GitHubError(404, "Label does not exist")
        changes.set_labels(self.state, user, issue, left)
        return JSONResponse([self.shapes.label(label) for label in issue.labels])

    async def _sent_names(self, request: Request) -> Sequence[str]:
        body = await self.body(request)
        return _label_names(body.get("labels", []) if isinstance(body, dict) else body)


class _Comments(_Part):
    def add_to(self, router: APIRouter) -> None:
        router.get("/repos/{owner}/{repo}/issues/comments")(self.of_repository)
        router.get("/repos/{owner}/{repo}/issues/comments/{comment}")(self.read)
        router.patch("/repos/{owner}/{repo}/issues/comments/{comment}")(self.edit)
        router.delete("/repos/{owner}/{repo}/issues/comments/{comment}")(self.delete)
        router.get("/repos/{owner}/{repo}/issues/{number}/comments")(self.of_issue)
        router.post("/repos/{owner}/{repo}/issues/{number}/comments", status_code=201)(self.create)

    async def of_repository(self, request: Request, owner: str, repo: str, since: str | None = None) -> Response:
        self.on_repository(request, owner, repo)
        moment = _moment(since)
        found = [
            (issue, comment)
            for issue in self.state.issues
            if not issue.deleted
            for comment in issue.comments
            if _since(moment, comment.updated_at)
        ]
        found.sort(key=lambda pair: pair[1].id)
        return self.page(request, found, lambda pair: self.shapes.comment(*pair))

    async def of_issue(
        self, request: Request, owner: str, repo: str, number: int, since: str | None = None
    ) -> Response:
        self.on_repository(request, owner, repo)
        issue, moment = self.issue(number), _moment(since)
        found = [comment for comment in issue.comments if _since(moment, comment.updated_at)]
        return self.page(request, found, lambda comment: self.shapes.comment(issue, comment))

    async def create(self, request: Request, owner: str, repo: str, number: int) -> Response:
        user = self.on_repository(request, owner, repo)
        issue = self.issue(number)
        comment = changes.add_comment(self.state, user, issue, await self._text(request))
        shape = self.shapes.comment(issue, comment)
        return JSONResponse(shape, 201, headers={"Location": shape["url"]})

    async def read(self, request: Request, owner: str, repo: str, comment: int) -> Json:
        self.on_repository(request, owner, repo)
        return self.shapes.comment(*self._comment(comment))

    async def edit(self, request: Request, owner: str, repo: str, comment: int) -> Json:
        user = self.on_repository(request, owner, repo)
        issue, known = self._comment(comment)
        changes.edit_comment(self.state, user, issue, known, await self._text(request))
        return self.shapes.comment(issue, known)

    async def delete(self, request: Request, owner: str, repo: str, comment: int) -> Response:
        user = self.on_repository(request, owner, repo)
        changes.delete_comment(self.state, user, *self._comment(comment))
        return Response(status_code=204)

    def _comment(self, id_: int) -> tuple[Issue, Comment]:
        found = self.state.comment(id_)
        if found is None:
            raise GitHubError(404, "Not Found")
        return found

    async def _text(self, request: Request) -> str:
        body = await self.body(request)
        text = body.get("body") if isinstance(body, dict) else None
        if not isinstance(text, str) or not text.strip():
            raise _missing("IssueComment", "body")
        return text

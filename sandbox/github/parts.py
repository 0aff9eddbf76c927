"""What all paths of the local GitHub have in common: who calls, where, and how lists are paged."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from sandbox.github.auth import GitHubError, caller, installation_token
from sandbox.github.shapes import Shapes
from sandbox.github.state import Account, GitHubState, InstallationToken, Issue, Repository

Json = dict[str, Any]


class Moved(Exception):
    """What was asked for is at another address, for good (301)."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


class Part:
    """One group of paths over the same state."""

    def __init__(self, state: GitHubState) -> None:
        self.state = state
        self.shapes = Shapes(state)

    def caller(self, request: Request) -> Account:
        """Who calls."""
        return caller(self.state, request.headers.get("authorization"))

    def on_repository(self, request: Request, owner: str, repo: str) -> tuple[Account, Repository]:
        """Who calls, and the repository, once it is sure that the caller may see it."""
        account = self.caller(request)
        name = f"{owner}/{repo}"
        repository = self.state.repository_of(name)
        if repository is None and (renamed := self.state.renamed_from(name)) is not None:
            rest = request.url.path.partition(f"/repos/{owner}/{repo}")[2]
            raise Moved(f"{self.shapes.repository_url(renamed)}{rest}")
        token = installation_token(self.state, request.headers.get("authorization"))
        if repository is None or repository.access == "none" or not _reaches(token, repository):
            raise GitHubError(404, "Not Found")
        if token is not None and request.method != "GET" and token.permissions.get("issues") != "write":
            raise GitHubError(403, "Resource not accessible by integration")
        return account, repository

    def reaches(self, request: Request, repository: Repository) -> bool:
        """Whether lists show the caller what is in this repository."""
        token = installation_token(self.state, request.headers.get("authorization"))
        return repository.access != "none" and _reaches(token, repository)

    def may(self, repository: Repository, *, write: bool = True) -> None:
        """Refuse what the bot's role does not allow."""
        if write and (repository.access == "read" or repository.archived):
            raise GitHubError(403, "Resource not accessible by personal access token")

    def issue(self, request: Request, repository: Repository, number: int) -> Issue:
        """The issue, or a refusal: a deleted one is gone, a transferred one is elsewhere."""
        issue = self.state.issue(number, repository)
        if issue is None:
            raise GitHubError(404, "Not Found")
        if issue.deleted or not repository.has_issues:
            raise GitHubError(410, "This issue was deleted" if issue.deleted else "Issues are disabled for this repo")
        if issue.transferred_to is not None:
            there = issue.transferred_to
            if there.repository.access == "none":
                raise GitHubError(404, "Not Found")
            rest = request.url.path.partition(f"/issues/{number}")[2]
            # GitHub redirects what reads or sets the issue itself, and not what is listed below it.
            if "comments" in rest or "events" in rest or "timeline" in rest:
                raise GitHubError(404, "Not Found")
            raise Moved(f"{self.shapes.issue_url(there)}{rest}")
        return issue

    @staticmethod
    async def body(request: Request) -> Any:
        """The JSON that was sent."""
        try:
            return json.loads(await request.body() or b"{}")
        except ValueError:
            raise GitHubError(400, "Problems parsing JSON") from None

    def page(
        self,
        request: Request,
        items: Sequence[Any],
        shape: Callable[[Any], Json],
        around: Callable[[list[Json]], object] = lambda content: content,
    ) -> Response:
        """One page of a list, with the ``Link`` header to the others; ``around`` makes the answer of the page's entries."""
        query = request.query_params
        size = max(1, min(number_of(query.get("per_page"), 30), 100))
        number = max(1, number_of(query.get("page"), 1))
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
        return JSONResponse(around(content), headers={"Link": header} if header else None)


def _reaches(token: InstallationToken | None, repository: Repository) -> bool:
    return token is None or token.repositories is None or repository.id in token.repositories


def number_of(text: str | None, otherwise: int) -> int:
    """A number of a query, or what stands for none."""
    return int(text) if text is not None and text.isdigit() else otherwise


def moment_of(text: str | None) -> datetime | None:
    """A moment of a query."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise GitHubError(422, "Validation Failed", [{"code": "invalid", "field": "since"}]) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def is_since(moment: datetime | None, updated: datetime) -> bool:
    """Whether something changed since then, as GitHub counts: in whole seconds."""
    # GitHub keeps whole seconds.
    return moment is None or updated.replace(microsecond=0) >= moment


def missing(resource: str, field: str) -> GitHubError:
    """A refusal: a field is missing."""
    error = {"resource": resource, "code": "missing_field", "field": field}
    return GitHubError(422, "Validation Failed", [error])


def invalid(resource: str, field: str, value: object) -> GitHubError:
    """A refusal: a field's value cannot be."""
    error = {"resource": resource, "code": "invalid", "field": field, "value": value}
    return GitHubError(422, "Validation Failed", [error])

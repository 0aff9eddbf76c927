"""What changed in repositories since a moment: one conditional request a list, which costs nothing where nothing changed.

A list by last change begins with the newest. Its address stays the same, and so its ETag says whether anything changed at all. Where more
changed than one page holds, the list is read from the moment on, oldest first, each page from the last moment of the page before: by page
numbers an issue that changes meanwhile would push another one past us.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from github import GithubException

from domain.issues import ChangedIssue, ChangeFeed
from integrations.github.addresses import moment, ref_of, repository_of, repository_path
from integrations.github.failures import is_refusal
from integrations.github.one_attempt import PAGE, Answer, GitHubConnection
from integrations.github.releases import is_published

_MOST_PAGES = 100
_RELEASES = 30

Json = dict[str, Any]


class FeedReading:
    """One reading of the feed."""

    def __init__(self, connection: GitHubConnection, since: datetime, cursors: dict[str, str]) -> None:
        self._connection = connection
        # GitHub keeps whole seconds.
        self._since = since.astimezone(UTC).replace(microsecond=0)
        self._cursors = dict(cursors)
        self._requests = 0

    def of(self, projects: Sequence[str]) -> ChangeFeed:
        """The changes of these repositories.

        A repository that is gone, or that we may not see, is left out as long as another one answers: its issues tell it when they are read.

        Raises:
            github.GithubException: no repository could be read, or GitHub is down.
        """
        until = datetime.now(UTC)
        changed: dict[str, ChangedIssue] = {}
        released: list[str] = []
        refusals: list[GithubException] = []
        for project in projects:
            path = repository_path(project)
            try:
                issues, whole_until = self._issues(path, project)
                if self._has_release(path, project):
                    released.append(project)
            except GithubException as error:
                if not is_refusal(error):
                    raise
                self._cursors = {key: value for key, value in self._cursors.items() if key.split(" ")[0] != project}
                refusals.append(error)
                continue
            changed |= {issue.id: issue for issue in issues}
            until = min(until, whole_until or until)
        if refusals and len(refusals) == len(projects):
            raise refusals[0]
        return ChangeFeed(
            issues=tuple(sorted(changed.values(), key=lambda issue: (issue.updated_at, issue.key))),
            until=until,
            cursors=self._cursors,
            requests=self._requests,
            releases=tuple(released),
        )

    def _issues(self, path: str, project: str) -> tuple[list[ChangedIssue], datetime | None]:
        parameters: dict[str, str | int] = {"state": "all", "sort": "updated", "direction": "desc", "per_page": PAGE}
        answer = self._conditional(f"{path}/issues", parameters, project)
        if answer is None:
            return [], None
        raw: list[Json] = answer.body
        # A renamed repository is redirected, and the redirect loses the query: it is asked again by its name of today.
        today = repository_of(ref_of(raw[0]).key) if raw else project
        is_whole = len(raw) < PAGE or _updated(raw[-1]) < self._since
        if is_whole and today.casefold() == project.casefold():
            return self._changes(raw), None
        issues, whole_until = self._from_the_oldest(repository_path(today))
        if whole_until is not None:
            # What is left must be read next time, also where nothing more changes.
            self._cursors.pop(project, None)
        return issues, whole_until

    def _from_the_oldest(self, path: str) -> tuple[list[ChangedIssue], datetime | None]:
        raw: dict[str, Json] = {}
        since, number = self._since, 1
        for _ in range(_MOST_PAGES):
            self._requests += 1
            parameters: dict[str, str | int] = {
                "state": "all",
                "since": moment(since),
                "sort": "updated",
                "direction": "asc",
                "per_page": PAGE,
                "page": number,
            }
            page: list[Json] = self._connection.get(f"{path}/issues", parameters)
            raw |= {issue["node_id"]: issue for issue in page}
            if len(page) < PAGE:
                return self._changes(list(raw.values())), None
            last = _updated(page[-1])
            # A whole page of one second, as a bulk change makes it.
            since, number = (since, number + 1) if last == since else (last, 1)
        return self._changes(list(raw.values())), since

    def _changes(self, raw: list[Json]) -> list[ChangedIssue]:
        return [
            ChangedIssue(id=ref.id, key=ref.key, updated_at=_updated(issue))
            for issue in raw
            if "pull_request" not in issue and _updated(issue) >= self._since
            for ref in (ref_of(issue),)
        ]

    def _has_release(self, path: str, project: str) -> bool:
        try:
            answer = self._conditional(f"{path}/releases", {"per_page": _RELEASES}, f"{project} releases")
        except GithubException as error:
            # Without the right to read its contents a private repository shows no releases.
            if not is_refusal(error):
                raise
            return False
        if answer is None:
            return False
        return any(
            is_published(release)
            and datetime.fromisoformat(release.get("updated_at") or release["published_at"]) >= self._since
            for release in answer.body
        )

    def _conditional(self, path: str, parameters: dict[str, str | int], cursor: str) -> Answer | None:
        """The answer, or None where it is as it was at the cursor's reading."""
        self._requests += 1
        answer = self._connection.answer("GET", path, parameters=parameters, etag=self._cursors.get(cursor))
        if answer.status == 304:
            return None
        if not isinstance(answer.body, list):
            raise TypeError("a JSON list was expected")
        if etag := answer.headers.get("etag"):
            self._cursors[cursor] = etag
        return answer


def _updated(issue: Json) -> datetime:
    return datetime.fromisoformat(issue["updated_at"])

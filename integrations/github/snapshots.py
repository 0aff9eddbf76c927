"""Reads the truth about an issue: what its fields are, since when, and what people wrote."""

import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from threading import Lock
from typing import Any

from github import GithubException

from domain.issues import (
    FixVersion,
    IssueAttachment,
    IssueCategory,
    IssueComment,
    IssueRef,
    IssueSnapshot,
    Visibility,
)
from integrations.errors import PermanentFailure
from integrations.github.account_check import is_public_repository
from integrations.github.addresses import author_of, issue_path, key_of, moment, ref_of, repository_of, repository_path
from integrations.github.attachments import attachments_in
from integrations.github.candidates import label_names
from integrations.github.duplicates import may_state, stated_original
from integrations.github.failures import SYSTEM, is_refusal
from integrations.github.history import marked_duplicate, stamps
from integrations.github.markers import carries_any, unmarked
from integrations.github.one_attempt import PAGE, GitHubConnection
from integrations.github.own_login import OwnLogin
from integrations.github.releases import fix_version
from integrations.github.states import reason_of, status_of

COMMENT_PAGES = 20
_EVENT_PAGES = 3
_RELEASE_PAGES = 3
_VISIBILITY_HOLDS_S = 300.0

Json = dict[str, Any]


class IssueReader:
    """Reads issues with a connection.

    Args:
        connection: who we are.
        login: under which login we write.
        hosts: where people see this GitHub.
    """

    def __init__(self, connection: GitHubConnection, login: OwnLogin, hosts: frozenset[str]) -> None:
        self._connection = connection
        self._login = login
        self._hosts = hosts
        self._public: dict[str, tuple[float, bool]] = {}
        self._lock = Lock()

    def read(self, key: str, *, comments_since: datetime | None) -> IssueSnapshot:
        """The whole of an issue, and the comments that were written or edited since then. A transfer is followed."""
        issue: Json = self._connection.get(issue_path(key))
        now = ref_of(issue)
        path = issue_path(now.key)
        events = self._connection.newest(f"{path}/events", _EVENT_PAGES)
        comments, files = self._comments(issue, now, comments_since)
        login = self._login.value() if events else ""
        return self._fields(issue).model_copy(
            update={
                "comments": comments,
                "attachments": files,
                "stamps": stamps(events, login),
                "fix_versions": self._fix_versions(issue, now),
                "duplicate_of": self._duplicate_of(issue, now, events),
            }
        )

    def read_fields(self, key: str) -> IssueSnapshot:
        """An issue without its comments and history: one request.

        Raises:
            PermanentFailure: it is a pull request. GitHub reads those as issues too, and tells of them by other events and other states.
        """
        issue: Json = self._connection.get(issue_path(key))
        if "pull_request" in issue:
            words = f"{ref_of(issue).key} is a pull request, and Tierline follows issues only; link the issue that it is to fix"
            raise PermanentFailure(SYSTEM, words)
        return self._fields(issue)

    def is_public(self, repository: str) -> bool:
        """Whether strangers read the repository; believed for five minutes."""
        with self._lock:
            asked_at, known = self._public.get(repository, (0.0, False))
        if asked_at and time.monotonic() - asked_at < _VISIBILITY_HOLDS_S:
            return known
        is_public = is_public_repository(self._connection.remembered(repository_path(repository)))
        with self._lock:
            self._public[repository] = (time.monotonic(), is_public)
        return is_public

    def raw_comments(self, path: str, since: datetime | None) -> Iterator[Json]:
        """The comments of the issue at this path that were written or edited since then, oldest first."""
        parameters = {} if since is None else {"since": moment(since)}
        return self._connection.pages(f"{path}/comments", parameters, COMMENT_PAGES)

    def is_ours(self, item: Json) -> bool:
        """Whether we wrote it: our own account and our mark. A mark alone is ours too where a person quotes us."""
        return carries_any(item.get("body") or "") and author_of(item) == self._login.value()

    @staticmethod
    def _fields(issue: Json) -> IssueSnapshot:
        is_open = issue["state"] == "open"
        assignee = issue.get("assignee") or next(iter(issue.get("assignees") or []), None) or {}
        ref = ref_of(issue)
        return IssueSnapshot(
            ref=ref,
            title=issue["title"],
            status=status_of(issue),
            category=IssueCategory.TO_DO if is_open else IssueCategory.DONE,
            assignee=assignee.get("login"),
            updated_at=datetime.fromisoformat(issue["updated_at"]),
            project=repository_of(ref.key),
            issue_type=(issue.get("type") or {}).get("name"),
            resolution=reason_of(issue),
            labels=label_names(issue),
        )

    def _comments(
        self, issue: Json, now: IssueRef, since: datetime | None
    ) -> tuple[tuple[IssueComment, ...], tuple[IssueAttachment, ...]]:
        files = list(self._files(issue)) if issue.get("body") else []
        comments = []
        if issue.get("comments", 1):
            visibility = None
            for raw in self.raw_comments(issue_path(now.key), since):
                visibility = visibility or self._visibility(repository_of(now.key))
                comments.append(self._comment(raw, visibility))
                files += self._files(raw)
        # The first mention of a file has its name; later ones may only refer to it.
        first = {file.id: number for number, file in reversed(list(enumerate(files)))}
        return tuple(comments), tuple(file for number, file in enumerate(files) if first[file.id] == number)

    def _visibility(self, repository: str) -> Visibility:
        return Visibility.PUBLIC if self.is_public(repository) else Visibility.INTERNAL

    def _comment(self, raw: Json, visibility: Visibility) -> IssueComment:
        created_at = datetime.fromisoformat(raw["created_at"])
        updated_at = datetime.fromisoformat(raw.get("updated_at") or raw["created_at"])
        return IssueComment(
            id=str(raw["id"]),
            author=author_of(raw) or "somebody",
            text=unmarked(raw.get("body") or ""),
            created_at=created_at,
            edited_at=updated_at if updated_at > created_at else None,
            ours=self.is_ours(raw),
            visibility=visibility,
        )

    def _files(self, item: Json) -> Iterator[IssueAttachment]:
        return attachments_in(
            item.get("body") or "",
            self._hosts,
            author=author_of(item),
            created_at=datetime.fromisoformat(item["created_at"]),
            ours=self.is_ours(item),
        )

    def _fix_versions(self, issue: Json, now: IssueRef) -> tuple[FixVersion, ...]:
        milestone = issue.get("milestone")
        if not milestone:
            return ()
        path = f"{repository_path(repository_of(now.key))}/releases"
        version = FixVersion(name=milestone["title"])
        try:
            for number in range(1, _RELEASE_PAGES + 1):
                releases: Sequence[Json] = self._connection.remembered(path, {"per_page": PAGE, "page": number})
                version = fix_version(milestone, releases)
                if version.released or len(releases) < PAGE:
                    break
        except GithubException as error:
            # Without the right to read its contents a private repository shows no releases; the check says so.
            if not is_refusal(error):
                raise
        return (version,)

    def _duplicate_of(self, issue: Json, now: IssueRef, events: Sequence[Json]) -> IssueRef | None:
        """The issue that this one was closed in favour of, as the last comment states that may state it."""
        if issue["state"] == "open" or not (reason_of(issue) == "duplicate" or marked_duplicate(events)):
            return None
        stated = [
            stated_original(raw.get("body") or "")
            for raw in self.raw_comments(issue_path(now.key), None)
            if may_state(raw) and not self.is_ours(raw)
        ]
        what = next((each for each in reversed(stated) if each is not None), None)
        if what is None:
            return None
        key = key_of(repository_of(now.key) + what if what.startswith("#") else what, self._hosts)
        if key is None or key.casefold() == now.key.casefold():
            return None
        try:
            original = self._connection.get(issue_path(key))
        except GithubException as error:
            # One that we may not see is told by its being a duplicate alone.
            if not is_refusal(error):
                raise
            return None
        # Of a pull request nothing would be heard.
        return None if "pull_request" in original else ref_of(original)

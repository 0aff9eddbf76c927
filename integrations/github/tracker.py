"""GitHub behind the issue tracker's Protocol."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from domain.issues import IssueCategory, IssueComment, IssueDraft, IssueRef, IssueSnapshot, Tracker
from integrations.base_url import checked_base_url
from integrations.checks import Check
from integrations.errors import IntegrationError, PermanentFailure
from integrations.github.failures import SYSTEM, github_failures
from integrations.github.markers import carries_any, marked, marker, unmarked
from integrations.github.one_attempt import GitHubConnection

_REPOSITORY = r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}"
_KEY = re.compile(rf"(?P<repository>{_REPOSITORY})#(?P<number>\d{{1,10}})")
_PATH = re.compile(rf"/(?P<repository>{_REPOSITORY})/(?:issues|pull)/(?P<number>\d{{1,10}})/?")
_TITLE_LIMIT = 256
_LIST_PAGES = 5
_COMMENT_PAGES = 20
# How old an attempt may be that a recheck still finds.
_LOOK_BACK = timedelta(days=14)


class GitHubTracker:
    """``IssueTracker`` on GitHub's REST API, as an App's installation or with a token. Building it calls nobody.

    An issue's lasting id is its node id; REST reads by repository and number, and follows a transfer.

    Args:
        base_url: ``https://api.github.com``, or ``https://HOST/api/v3`` for an Enterprise Server.
        token: a personal access token; or
        app_id: the App's id, with
        private_key: its private key (PEM), and
        installation_id: the id of its installation in the organisation.
    """

    def __init__(
        self,
        base_url: str = "https://api.github.com",
        *,
        token: SecretStr | None = None,
        app_id: str | None = None,
        private_key: SecretStr | None = None,
        installation_id: str | None = None,
    ) -> None:
        self._base_url = checked_base_url(SYSTEM, base_url)
        self._connection = GitHubConnection(
            self._base_url, token=token, app_id=app_id, private_key=private_key, installation_id=installation_id
        )
        self._login: str | None = None
        self._lock = Lock()

    def open_issue(self, draft: IssueDraft, *, recheck: bool) -> IssueRef:
        """Open the issue once: with ``recheck`` look for the draft's marker first, among our own issues of late.

        It lists, since the search lags behind.
        """
        path = f"/repos/{_repository(draft.project)}/issues"
        with github_failures():
            if recheck and (found := self._marked(path, draft.key)):
                return _ref(found)
            created = self._connection.post(
                path,
                {
                    "title": " ".join(draft.title.split())[:_TITLE_LIMIT],
                    "body": marked(draft.body, draft.key),
                    "labels": list(draft.labels),
                },
            )
            return _ref(created)

    def fetch(self, ref: IssueRef, *, comments_since: datetime | None) -> IssueSnapshot:
        """Read the issue by its key, and follow it where it was transferred: the snapshot has the new key."""
        with github_failures():
            issue = self._connection.get(_issue_path(ref.key))
            now = _ref(issue)
            return _snapshot(issue, tuple(self._comments(_issue_path(now.key), comments_since)), ref.id)

    def find(self, reference: str) -> IssueSnapshot:
        """Read the issue that a person named by key (``owner/repository#7``) or address; without its comments."""
        key = self._key_of(reference)
        if key is None:
            words = "name an issue as owner/repository#7 or by its address in the browser"
            raise PermanentFailure(SYSTEM, words)
        with github_failures():
            issue = self._connection.get(_issue_path(key))
            return _snapshot(issue, (), _ref(issue).id)

    def comment(self, ref: IssueRef, text: str, *, key: str, recheck: bool) -> str:
        """Write a comment once, with an invisible marker, and return its id."""
        path = f"{_issue_path(ref.key)}/comments"
        with github_failures():
            if recheck:
                login, mark = self._own_login(), marker(key)
                since = datetime.now(UTC) - _LOOK_BACK
                for found in self._connection.pages(path, {"since": _moment(since)}, _COMMENT_PAGES):
                    if mark in (found.get("body") or "") and _author(found) == login:
                        return str(found["id"])
            return str(self._connection.post(path, {"body": marked(text, key)})["id"])

    def link_back(self, ref: IssueRef, *, global_id: str, url: str, title: str) -> None:
        """GitHub has no links to the outside beside the texts; there is nothing to do."""

    def check(self, projects: Sequence[str]) -> list[Check]:
        """Try the credentials, and for each repository that it is there and takes issues."""
        who = "GitHub: App" if self._connection.is_app else "GitHub: token"
        try:
            with github_failures():
                login = self._own_login()
                lacking = self._lacking_permission()
        except IntegrationError as error:
            return [Check(what=who, ok=False, advice=str(error))]
        found = [Check(what=f"{who}, as {login}", ok=lacking is None, advice=lacking)]
        return found + [self._repository(project) for project in projects]

    def _repository(self, project: str) -> Check:
        what = f"GitHub: repository {project}"
        try:
            with github_failures():
                repository = self._connection.get(f"/repos/{_repository(project)}")
                if repository.get("archived"):
                    return Check(what=what, ok=False, advice="it is archived; name another in the policy")
                if not repository.get("has_issues", True):
                    return Check(
                        what=what, ok=False, advice="its issues are switched off; switch them on in its settings"
                    )
        except IntegrationError as error:
            return Check(what=what, ok=False, advice=str(error))
        return Check(what=what, ok=True)

    def _lacking_permission(self) -> str | None:
        """What the App's installation lacks; a token's rights show only when they are used."""
        if not self._connection.is_app:
            return None
        for installation in self._connection.get_as_app("/app/installations"):
            if installation["id"] == self._connection.installation_id:
                if installation.get("permissions", {}).get("issues") == "write":
                    return None
                return "give the App read and write on issues, and accept it in the organisation"
        return "the App is not installed under this installation id; set TIERLINE_GITHUB__INSTALLATION_ID"

    def _marked(self, path: str, key: str) -> dict[str, Any] | None:
        login, mark = self._own_login(), marker(key)
        listed = self._connection.pages(
            path,
            {
                "state": "all",
                "creator": login,
                "since": _moment(datetime.now(UTC) - _LOOK_BACK),
                "sort": "created",
                "direction": "desc",
            },
            _LIST_PAGES,
        )
        return next((issue for issue in listed if mark in (issue.get("body") or "")), None)

    def _comments(self, path: str, since: datetime | None) -> Iterator[IssueComment]:
        parameters = {} if since is None else {"since": _moment(since)}
        # GitHub's times are whole seconds.
        earliest = None if since is None else since.replace(microsecond=0)
        login: str | None = None
        for raw in self._connection.pages(f"{path}/comments", parameters, _COMMENT_PAGES):
            created_at = datetime.fromisoformat(raw["created_at"])
            # ``since`` goes by the last edit.
            if earliest is not None and created_at < earliest:
                continue
            text = raw.get("body") or ""
            if carries_any(text) and login is None:
                login = self._own_login()
            yield IssueComment(
                id=str(raw["id"]),
                author=_author(raw) or "somebody",
                text=unmarked(text),
                created_at=created_at,
                # The mark alone would be ours too where a person quotes us.
                ours=carries_any(text) and _author(raw) == login,
            )

    def _own_login(self) -> str:
        """The login under which we write; asked for once."""
        with self._lock:
            if self._login is None:
                if self._connection.is_app:
                    self._login = f"{self._connection.get_as_app('/app')['slug']}[bot]"
                else:
                    self._login = str(self._connection.get("/user")["login"])
            return self._login

    def _key_of(self, reference: str) -> str | None:
        text = reference.strip().strip("<>").split("|")[0]
        found = _KEY.fullmatch(text)
        if found is None and "://" in text:
            parts = urlsplit(text)
            if parts.hostname in self._hosts():
                # A stand-in or proxy may serve GitHub below a path.
                found = re.search(_PATH.pattern + "$", parts.path)
        return f"{found['repository']}#{int(found['number'])}" if found else None

    def _hosts(self) -> set[str | None]:
        host = urlsplit(self._base_url).hostname
        return {"github.com", "www.github.com"} if host == "api.github.com" else {host}


def _snapshot(issue: dict[str, Any], comments: tuple[IssueComment, ...], issue_id: str) -> IssueSnapshot:
    is_open = issue["state"] == "open"
    reason = str(issue.get("state_reason") or "").replace("_", " ")
    assignee = issue.get("assignee") or next(iter(issue.get("assignees") or []), None) or {}
    return IssueSnapshot(
        ref=_ref(issue).model_copy(update={"id": issue_id}),
        title=issue["title"],
        status="open" if is_open else f"closed ({reason})" if reason else "closed",
        category=IssueCategory.TO_DO if is_open else IssueCategory.DONE,
        assignee=assignee.get("login"),
        updated_at=datetime.fromisoformat(issue["updated_at"]),
        comments=comments,
    )


def _ref(issue: dict[str, Any]) -> IssueRef:
    repository = "/".join(urlsplit(issue["repository_url"]).path.split("/")[-2:])
    return IssueRef(
        tracker=Tracker.GITHUB, id=str(issue["node_id"]), key=f"{repository}#{issue['number']}", url=issue["html_url"]
    )


def _issue_path(key: str) -> str:
    found = _KEY.fullmatch(key)
    if found is None:
        raise PermanentFailure(SYSTEM, "an issue's key looks like owner/repository#7; correct it")
    return f"/repos/{found['repository']}/issues/{found['number']}"


def _repository(project: str) -> str:
    if not re.fullmatch(_REPOSITORY, project):
        raise PermanentFailure(SYSTEM, "a project is named owner/repository; correct the policy's route")
    return project


def _author(item: dict[str, Any]) -> str:
    return str((item.get("user") or {}).get("login") or "")


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"

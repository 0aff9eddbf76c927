"""What ``tierline check`` tries in GitHub: who we are, what we may do, and what each route of the policy needs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from github import GithubException

from integrations.checks import Check
from integrations.errors import IntegrationError
from integrations.github.addresses import path_part, repository_path
from integrations.github.failures import github_failures, is_refusal
from integrations.github.one_attempt import GitHubConnection
from integrations.github.states import STATUSES, is_known
from integrations.issue_tracker import RouteNeeds

_LABEL_PAGES = 10
# A classic token names its scopes; https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
_SCOPES = frozenset({"repo", "public_repo"})


class AccountCheck:
    """Tries an account that is known by its login."""

    def __init__(self, connection: GitHubConnection, login: str) -> None:
        self._connection = connection
        self._login = login

    def account(self) -> Check:
        """Whether the account has the rights that show without using them."""
        lacking = self._lacking_permission() if self._connection.is_app else self._lacking_scope()
        who = "GitHub: App" if self._connection.is_app else "GitHub: token"
        return Check(what=f"{who}, as {self._login}", ok=lacking is None, advice=lacking)

    def _lacking_permission(self) -> str | None:
        for installation in self._connection.get_as_app("/app/installations"):
            if installation["id"] == self._connection.installation_id:
                return _lacks(installation)
        return "the App is not installed under this installation id; set TIERLINE_GITHUB__INSTALLATION_ID"

    def _lacking_scope(self) -> str | None:
        scopes = self._connection.answer("GET", "/user").headers.get("x-oauth-scopes")
        # A fine-grained token has none; what it may shows in each repository.
        if scopes is None or _SCOPES & {scope.strip() for scope in scopes.split(",")}:
            return None
        return (
            "the token has no scope for issues; give it the scope repo (public_repo where all repositories are public)"
        )

    def repository(self, project: str, routes: Sequence[RouteNeeds]) -> list[Check]:
        """Whether the repository takes our issues, and has what the routes that lead there ask for."""
        what = f"GitHub: repository {project}"
        try:
            with github_failures():
                repository = self._connection.get(repository_path(project))
                if advice := self._closed(repository):
                    return [Check(what=what, ok=False, advice=advice)]
                wrong = list(self._against(project, repository, routes)) if routes else []
                unread = bool(routes) and not self._shows_releases(project)
                new = self._new_labels(project, _all(route.labels for route in routes))
        except IntegrationError as error:
            return [Check(what=what, ok=False, advice=str(error))]
        notes = [f"created when first used: {', '.join(new)}"] if new else []
        if unread:
            notes.append("its releases cannot be read: where fixes wait for one, grant Contents: read")
        note = f" ({'; '.join(notes)})" if notes else ""
        if not wrong:
            return [Check(what=what + note, ok=True)]
        return [Check(what=what + note, ok=False, advice=advice) for advice in wrong]

    def _closed(self, repository: Mapping[str, Any]) -> str | None:
        if repository.get("archived"):
            return "it is archived; name another in the policy"
        if not repository.get("has_issues", True):
            return "its issues are switched off; switch them on in its settings"
        granted = repository.get("permissions")
        # An App's rights are its installation's, and the repository tells those of users alone.
        if granted and not self._connection.is_app and not (granted.get("triage") or granted.get("push")):
            return f"GitHub drops labels and assignees of {self._login}; give it the role Triage in the repository"
        return None

    def _against(self, project: str, repository: Mapping[str, Any], routes: Sequence[RouteNeeds]) -> Iterator[str]:
        is_public = is_public_repository(repository)
        declared = any(route.public for route in routes)
        if is_public and not declared:
            yield "strangers read it, and the policy does not say so: set public under engineering.projects"
        if declared and not is_public:
            yield "it is not public, as the policy says, and texts are redacted more than they need: unset public"
        for login in _all((route.assignee,) for route in routes if route.assignee is not None):
            if not self._assignable(project, login):
                yield f"{login} cannot be assigned here; name somebody with access in the policy's route"
        for field, names in (
            ("components", _all(route.components for route in routes)),
            ("custom fields", _all(route.fields for route in routes)),
            ("watchers", _all(route.watchers for route in routes)),
        ):
            if names:
                yield f"GitHub has no {field} ({', '.join(names)[:80]}); take them out of the route"
        unknown = [status for status in _all(route.statuses for route in routes) if not is_known(status)]
        if unknown:
            yield f"GitHub has no status {', '.join(unknown)[:80]}; its own are {', '.join(STATUSES)}"

    def _assignable(self, project: str, login: str) -> bool:
        try:
            self._connection.get(f"{repository_path(project)}/assignees/{path_part(login)}")
        except GithubException as error:
            if error.status != 404:
                raise
            return False
        return True

    def _shows_releases(self, project: str) -> bool:
        try:
            self._connection.get(f"{repository_path(project)}/releases", {"per_page": 1})
        except GithubException as error:
            if not is_refusal(error):
                raise
            return False
        return True

    def _new_labels(self, project: str, labels: Sequence[str]) -> list[str]:
        if not labels:
            return []
        listed = self._connection.pages(f"{repository_path(project)}/labels", {}, _LABEL_PAGES)
        there = {str(label["name"]).casefold() for label in listed}
        return [label for label in labels if label.casefold() not in there]


def is_public_repository(repository: Mapping[str, Any]) -> bool:
    """Whether strangers read it; ``internal`` (an enterprise's members do) is not that."""
    return str(repository.get("visibility") or ("private" if repository.get("private") else "public")) == "public"


def _all(lists: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for values in lists for value in values))


def _lacks(installation: Mapping[str, Any]) -> str | None:
    if installation.get("suspended_at"):
        return "the App's installation is suspended; unsuspend it in the organisation's settings > GitHub Apps"
    if installation.get("permissions", {}).get("issues") != "write":
        return "give the App read and write on issues, and accept it in the organisation"
    return None

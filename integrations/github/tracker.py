"""GitHub behind the issue tracker's Protocol."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TypeVar

from github import GithubException

from domain.issues import (
    ChangeFeed,
    IssueAttachment,
    IssueCandidate,
    IssueDraft,
    IssueFieldChanges,
    IssueRef,
    IssueSnapshot,
    Visibility,
)
from integrations.base_url import checked_base_url
from integrations.checks import Check
from integrations.errors import IntegrationError, PermanentFailure
from integrations.github.account_check import AccountCheck
from integrations.github.addresses import (
    author_of,
    issue_path,
    key_of,
    moment,
    ref_of,
    repository_of,
    repository_path,
    web_hosts,
)
from integrations.github.attachments import Downloads
from integrations.github.candidates import candidates, words_of
from integrations.github.change_feed import FeedReading
from integrations.github.changing import change_issue
from integrations.github.failures import SYSTEM, github_failures
from integrations.github.markers import marked, marker
from integrations.github.one_attempt import PAGE, GitHubConnection
from integrations.github.opening import LOOK_BACK, IssueOpening
from integrations.github.own_login import OwnLogin
from integrations.github.snapshots import IssueReader
from integrations.issue_tracker import AttachedFile, RouteNeeds, Say, unsaid
from integrations.rotating_secret import Secret

Done = TypeVar("Done")

# How many words of a title are searched for at once: a search takes the issues that have all of them.
_SEARCHED_WORDS = 2


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
        token: Secret | None = None,
        app_id: str | None = None,
        private_key: Secret | None = None,
        installation_id: str | None = None,
    ) -> None:
        address = checked_base_url(SYSTEM, base_url)
        self._hosts = web_hosts(address)
        self._connection = GitHubConnection(
            address, token=token, app_id=app_id, private_key=private_key, installation_id=installation_id
        )
        self._login = OwnLogin(self._connection)
        self._opening = IssueOpening(self._connection, self._login)
        self._reader = IssueReader(self._connection, self._login, self._hosts)
        self._downloads = Downloads(self._connection, address, self._hosts)

    def open_issue(self, draft: IssueDraft, *, recheck: bool, say: Say = unsaid) -> IssueRef:
        """Open the issue once: with ``recheck`` look for the draft's marker first, among our own issues of late. Labels and an assignee
        that GitHub does not take are left out.
        """
        with github_failures():
            return ref_of(self._opening.open(draft, recheck=recheck, say=say))

    def fetch(self, ref: IssueRef, *, comments_since: datetime | None) -> IssueSnapshot:
        """Read the issue by its key, and follow it where it was transferred: the snapshot has the new key, and the new id as its alias."""
        with github_failures():
            seen = self._reader.read(ref.key, comments_since=comments_since)
            alias = seen.ref.id if seen.ref.id != ref.id else None
            return seen.model_copy(update={"ref": seen.ref.model_copy(update={"id": ref.id}), "alias": alias})

    def find(self, reference: str) -> IssueSnapshot:
        """Read the issue that a person named by key (``owner/repository#7``) or address; without its comments."""
        key = key_of(reference, self._hosts)
        if key is None:
            words = "name an issue as owner/repository#7 or by its address in the browser"
            raise PermanentFailure(SYSTEM, words)
        with github_failures():
            return self._reader.read_fields(key)

    def similar(
        self, project: str, title: str, components: Sequence[str], *, closed_since: datetime, say: Say = unsaid
    ) -> list[IssueCandidate]:
        """The lately changed issues that are open or were closed since then, and older ones with the title's longest words.

        The lists are as of now; the search lags behind, and is asked only where the lists are too long to be whole.
        """
        path = f"{repository_path(project)}/issues"
        by_change: dict[str, str | int] = {"sort": "updated", "direction": "desc", "per_page": PAGE}
        with github_failures():
            found = list(self._connection.get(path, {**by_change, "state": "open"}))
            is_whole = len(found) < PAGE
            since = {"since": moment(closed_since)}
            found += self._connection.get(path, {**by_change, "state": "closed", **since})
            words = sorted(words_of(title), key=lambda word: (-len(word), word))[:_SEARCHED_WORDS]
            if not is_whole and words:
                # The search has a rate limit of its own; without it the lists alone are good enough.
                with suppress(GithubException):
                    query = f"repo:{project} is:issue in:title {' '.join(words)}"
                    found += self._connection.get("/search/issues", {"q": query, "per_page": PAGE})["items"]
            return candidates(found, title, components, closed_since)

    def comment(
        self, ref: IssueRef, text: str, *, key: str, recheck: bool, visibility: Visibility = Visibility.INTERNAL
    ) -> str:
        """Write a comment once, with an invisible marker, and return its id.

        GitHub shows a comment to whoever sees the issue. An internal one is therefore refused where strangers do.
        """

        def written(at: str) -> str:
            path = issue_path(at)
            if visibility is Visibility.INTERNAL and self._reader.is_public(repository_of(at)):
                words = "everybody reads the issues of this repository, and the comment is internal; write it as a public one"
                raise PermanentFailure(SYSTEM, words, code="public_repository")
            if recheck and (found := self._own_comment(path, key, since=datetime.now(UTC) - LOOK_BACK)):
                return found
            return str(self._connection.post(f"{path}/comments", {"body": marked(text, key)})["id"])

        with github_failures():
            return self._where_it_is(ref.key, written)

    def show_summary(self, ref: IssueRef, text: str, *, comment_id: str | None, key: str, recheck: bool) -> str:
        """Write the issue's one summary, or edit it in place; a deleted one is written anew. Returns the comment's id.

        Its marker is the issue's own, so that it is found whoever asks: ``key`` and ``recheck`` make no difference.
        """
        mark = f"summary/{ref.id}"
        body = {"body": marked(text, mark)}

        def shown(at: str) -> str:
            path = issue_path(at)
            if comment_id is not None and self._edited(at, comment_id, body):
                return comment_id
            found = self._own_comment(path, mark, since=None)
            if found is not None and found != comment_id and self._edited(at, found, body):
                return found
            return str(self._connection.post(f"{path}/comments", body)["id"])

        with github_failures():
            return self._where_it_is(ref.key, shown)

    def _where_it_is(self, key: str, act: Callable[[str], Done]) -> Done:
        """Do something below the issue of this key; where it was transferred, at the key that it has now.

        GitHub redirects what reads or sets an issue, and answers 404 for what stands below one that was transferred.
        """
        try:
            return act(key)
        except GithubException as error:
            if error.status not in (404, 410):
                raise
            now = ref_of(self._connection.get(issue_path(key))).key
            if now.casefold() == key.casefold():
                raise
        return act(now)

    def _edited(self, key: str, comment_id: str, body: dict[str, str]) -> bool:
        comments = f"{repository_path(repository_of(key))}/issues/comments"
        try:
            self._connection.patch(f"{comments}/{int(comment_id)}", dict(body))
        except GithubException as error:
            if error.status not in (404, 410):
                raise
            return False
        return True

    def _own_comment(self, path: str, key: str, *, since: datetime | None) -> str | None:
        login, mark = self._login.value(), marker(key)
        for found in self._reader.raw_comments(path, since):
            if mark in (found.get("body") or "") and author_of(found) == login:
                return str(found["id"])
        return None

    def change(self, ref: IssueRef, changes: IssueFieldChanges) -> None:
        """Add and remove labels, and open or close. GitHub knows no priority: it is passed over, and labels stand for it."""
        with github_failures():
            self._where_it_is(ref.key, lambda at: change_issue(self._connection, at, changes))

    def changed_since(self, projects: Sequence[str], since: datetime, cursors: dict[str, str]) -> ChangeFeed:
        """The repositories' issues that changed, oldest first; two free requests a repository where nothing did."""
        with github_failures():
            return FeedReading(self._connection, since, cursors).of(projects)

    def attach(self, ref: IssueRef, file: AttachedFile, *, key: str, recheck: bool) -> str | None:
        """GitHub takes uploads from browsers alone: there is nothing to do."""
        return None

    def download(self, attachment: IssueAttachment, *, most_bytes: int) -> AttachedFile:
        """Read an upload with our token. A page to log in, and anything over the limit, is refused."""
        with github_failures():
            return self._downloads.read(attachment, most_bytes)

    def link_back(self, ref: IssueRef, *, global_id: str, url: str, title: str) -> None:
        """GitHub has no links to the outside beside the texts; there is nothing to do."""

    def check(self, projects: Sequence[str], needs: Sequence[RouteNeeds] = ()) -> list[Check]:
        """Try the credentials and their rights, and for each repository that it is there and has what its routes need."""
        who = "GitHub: App" if self._connection.is_app else "GitHub: token"
        try:
            with github_failures():
                account = AccountCheck(self._connection, self._login.value())
                first = account.account()
        except IntegrationError as error:
            return [Check(what=who, ok=False, advice=str(error))]
        found = [first]
        for project in projects:
            found += account.repository(
                project, [need for need in needs if need.project.casefold() == project.casefold()]
            )
        return found

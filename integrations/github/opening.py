"""Opens an issue once."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from github import GithubException

from domain.issues import IssueDraft
from integrations.github.addresses import moment, repository_path
from integrations.github.changing import LABEL_LIMIT
from integrations.github.markers import marked, marker
from integrations.github.one_attempt import GitHubConnection
from integrations.github.own_login import OwnLogin

# How old an attempt may be that a recheck still finds.
LOOK_BACK = timedelta(days=14)
_TITLE_LIMIT = 256
_LIST_PAGES = 5

Json = dict[str, Any]


class IssueOpening:
    """Opens issues with a connection, under a login."""

    def __init__(self, connection: GitHubConnection, login: OwnLogin) -> None:
        self._connection = connection
        self._login = login

    def open(self, draft: IssueDraft, *, recheck: bool) -> Json:
        """The issue of the draft's key, opened if it is not there. It lists to find it, since the search lags behind.

        An assignee who cannot be assigned is told in the issue's text: GitHub refuses some and drops others without a word.
        """
        path = f"{repository_path(draft.project)}/issues"
        if recheck and (found := self._marked(path, draft.key)):
            return found
        if draft.assignee is None:
            return self._post(path, draft, ())
        try:
            created = self._post(path, draft, (draft.assignee,))
        except GithubException as error:
            if not _refuses_assignee(error):
                raise
            return self._post(path, draft, (), _unassigned(draft.assignee))
        if not _is_assigned(created, draft.assignee):
            text = marked(draft.body + _unassigned(draft.assignee), draft.key, draft.links)
            return self._connection.patch(f"{path}/{int(created['number'])}", {"body": text})
        return created

    def _post(self, path: str, draft: IssueDraft, assignees: Sequence[str], postscript: str = "") -> Json:
        sent: Json = {
            "title": " ".join(draft.title.split())[:_TITLE_LIMIT],
            "body": marked(draft.body + postscript, draft.key, draft.links),
            # GitHub has no components: labels stand for them.
            "labels": [label[:LABEL_LIMIT] for label in dict.fromkeys((*draft.labels, *draft.components))],
        }
        if assignees:
            sent["assignees"] = list(assignees)
        created = self._connection.post(path, sent)
        if not isinstance(created, dict):
            raise TypeError("a JSON object was expected")
        return created

    def _marked(self, path: str, key: str) -> Json | None:
        login, mark = self._login.value(), marker(key)
        listed = self._connection.pages(
            path,
            {
                "state": "all",
                "creator": login,
                "since": moment(datetime.now(UTC) - LOOK_BACK),
                "sort": "created",
                "direction": "desc",
            },
            _LIST_PAGES,
        )
        return next((issue for issue in listed if mark in (issue.get("body") or "")), None)


def _refuses_assignee(error: GithubException) -> bool:
    errors = (error.data or {}).get("errors") if isinstance(error.data, dict) else None
    return error.status == 422 and any(
        isinstance(one, dict) and one.get("field") == "assignees" for one in errors or ()
    )


def _is_assigned(issue: Json, login: str) -> bool:
    return login.casefold() in {str(one.get("login")).casefold() for one in issue.get("assignees") or []}


def _unassigned(login: str) -> str:
    return f"\n\nAssign somebody: the policy names {login}, whom GitHub does not let be assigned here."

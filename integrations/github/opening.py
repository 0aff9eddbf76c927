"""Opens an issue once."""

from datetime import UTC, datetime, timedelta
from typing import Any

from github import GithubException

from domain.issues import IssueDraft
from integrations.github.addresses import moment, repository_path
from integrations.github.candidates import label_names
from integrations.github.changing import LABEL_LIMIT
from integrations.github.markers import marked, marker
from integrations.github.one_attempt import GitHubConnection
from integrations.github.own_login import OwnLogin
from integrations.issue_tracker import Say

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

    def open(self, draft: IssueDraft, *, recheck: bool, say: Say) -> Json:
        """The issue of the draft's key, opened if it is not there. It lists to find it, since the search lags behind.

        Labels and an assignee that GitHub refuses, or drops without a word, are told by ``say``; an assignee also in the issue's text.
        """
        path = f"{repository_path(draft.project)}/issues"
        if recheck and (found := self._marked(path, draft.key)):
            return found
        # GitHub has no components: labels stand for them.
        labels = [label[:LABEL_LIMIT] for label in dict.fromkeys((*draft.labels, *draft.components))]
        sent: Json = {"labels": labels, "assignees": [draft.assignee] if draft.assignee is not None else []}
        created = self._created(path, draft, sent)
        there = {name.casefold() for name in label_names(created)}
        missing = [label for label in labels if label.casefold() not in there]
        if missing:
            say(
                f"{draft.project} did not take the labels {', '.join(missing)}; look at the policy's route and at Tierline's role there"
            )
        if draft.assignee is None or _is_assigned(created, draft.assignee):
            return created
        say(f"{draft.project} did not let {draft.assignee} be assigned; look at the policy's route")
        if not sent["assignees"]:
            return created
        text = marked(draft.body + _unassigned(draft.assignee), draft.key, draft.links)
        return self._connection.patch(f"{path}/{int(created['number'])}", {"body": text})

    def _created(self, path: str, draft: IssueDraft, optional: Json) -> Json:
        """Open it; what is refused of ``optional`` is emptied there."""
        while True:
            wanted = draft.assignee if not optional["assignees"] else None
            body = draft.body + (_unassigned(wanted) if wanted is not None else "")
            sent: Json = {
                "title": " ".join(draft.title.split())[:_TITLE_LIMIT],
                "body": marked(body, draft.key, draft.links),
                **{name: values for name, values in optional.items() if values},
            }
            try:
                created = self._connection.post(path, sent)
            except GithubException as error:
                refused = [name for name in _refused(error) if optional[name]]
                if not refused:
                    raise
                optional |= {name: [] for name in refused}
                continue
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


def _refused(error: GithubException) -> frozenset[str]:
    """What of an issue GitHub says is not valid, as far as the issue can do without it."""
    errors = (error.data or {}).get("errors") if isinstance(error.data, dict) else None
    named = [one for one in errors or () if isinstance(one, dict)] if error.status == 422 else []
    found = {str(one.get("field")) for one in named} & {"assignees", "labels"}
    return frozenset(found | ({"labels"} if any(one.get("resource") == "Label" for one in named) else set()))


def _is_assigned(issue: Json, login: str) -> bool:
    return login.casefold() in {str(one.get("login")).casefold() for one in issue.get("assignees") or []}


def _unassigned(login: str) -> str:
    return f"\n\nAssign somebody: the policy names {login}, whom GitHub does not let be assigned here."

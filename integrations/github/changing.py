"""Setting an issue's labels and state, and leaving alone what others set."""

from collections.abc import Sequence

from github import GithubException

from domain.issues import IssueFieldChanges
from integrations.errors import PermanentFailure
from integrations.github.addresses import issue_path, path_part, repository_of, repository_path
from integrations.github.candidates import label_names
from integrations.github.failures import SYSTEM, is_refusal
from integrations.github.one_attempt import GitHubConnection
from integrations.github.states import change_to

LABEL_LIMIT = 50
_COLOUR = "ededed"


def change_issue(connection: GitHubConnection, key: str, changes: IssueFieldChanges) -> None:
    """Set what the changes name. GitHub knows no priority: the labels of a class of impact stand for it, and ``priority`` is passed over.

    Labels are added and removed one by one; the list as a whole is never written, since others write it too. Where GitHub does not take
    labels, the rest is done before that is raised.

    Raises:
        PermanentFailure: GitHub has no such status, or drops our labels.
        github.GithubException: GitHub refused.
    """
    path = issue_path(key)
    sent = change_to(changes.status) if changes.status is not None else None
    refused: GithubException | PermanentFailure | None = None
    try:
        if changes.add_labels:
            _add(connection, path, repository_path(repository_of(key)), changes.add_labels)
        for label in changes.remove_labels:
            _remove(connection, path, label)
    except PermanentFailure as error:
        refused = error
    except GithubException as error:
        if error.status != 422 and not (error.status == 403 and is_refusal(error)):
            raise
        refused = error
    if sent is not None:
        connection.patch(path, dict(sent))
    if refused is not None:
        raise refused


def _add(connection: GitHubConnection, path: str, repository: str, labels: Sequence[str]) -> None:
    wanted = [label[:LABEL_LIMIT] for label in labels]
    missing = _missing(connection.post(f"{path}/labels", {"labels": wanted}), wanted)
    if not missing:
        return
    for label in missing:
        _create(connection, repository, label)
    if _missing(connection.post(f"{path}/labels", {"labels": missing}), missing):
        words = f"drops our labels ({', '.join(missing)[:80]}); give the token or App the role Triage in the repository"
        raise PermanentFailure(SYSTEM, words, status=403)


def _missing(answer: object, wanted: Sequence[str]) -> list[str]:
    if not isinstance(answer, list):
        raise TypeError("a JSON list was expected")
    there = {name.casefold() for name in label_names({"labels": answer})}
    return [label for label in wanted if label.casefold() not in there]


def _create(connection: GitHubConnection, repository: str, label: str) -> None:
    try:
        connection.post(f"{repository}/labels", {"name": label, "color": _COLOUR})
    except GithubException as error:
        # 422: somebody else created it meanwhile.
        if error.status != 422:
            raise


def _remove(connection: GitHubConnection, path: str, label: str) -> None:
    try:
        connection.delete(f"{path}/labels/{path_part(label)}")
    except GithubException as error:
        # "Label does not exist": it is not on the issue. An issue that is gone answers "Not Found".
        if error.status != 404 or "label" not in str((error.data or {}).get("message", "")).lower():
            raise

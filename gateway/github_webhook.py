"""What a GitHub delivery says: which issue is worth reading, or in which repository something was released.

Fields: https://docs.github.com/en/webhooks/webhook-events-and-payloads.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.payloads import Unreadable, at, moment_at, needed, parse_form, parse_json, text_at
from gateway.tracker_news import NamedIssue, TrackerNews

_ISSUE_EVENTS = frozenset({"issues", "issue_comment"})
_LONGEST_ID = 100
_RELEASED = frozenset({"published", "released"})
_WITHOUT_TIME = frozenset({"deleted", "transferred", "pinned", "unpinned"})
"""Actions after which the issue is not there, or whose payload shows an older time: it is read in any case."""


def news_of(body: bytes, headers: Mapping[str, str]) -> TrackerNews:
    """What the delivery means; nothing when it is about something else (a ping, a pull request, a draft of a release).

    Raises:
        Unreadable: there is no event, or it is about an issue and does not say which.
    """
    event = headers.get("x-github-event")
    if event is None:
        raise Unreadable("there is no X-GitHub-Event")
    if event == "release":
        return _of_release(_payload(body, headers))
    return _of_issue(_payload(body, headers)) if event in _ISSUE_EVENTS else TrackerNews()


def _payload(body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    form = "application/x-www-form-urlencoded" in headers.get("content-type", "")
    return parse_json(parse_form(body).get("payload", "").encode() if form else body)


def _of_issue(payload: dict[str, Any]) -> TrackerNews:
    issue = _named(payload, "issue")
    if issue is None:
        raise Unreadable("there is no issue.node_id")
    if at(payload, "issue", "pull_request") is not None:
        return TrackerNews()
    # A transferred issue is another one in its new repository: two deliveries tell of it, each from one side.
    before, after = _named(payload, "changes", "old_issue"), _named(payload, "changes", "new_issue")
    issues = (issue,) if before is None or before.id == issue.id else (issue, before)
    alias = after.id if after is not None else issue.id if len(issues) > 1 else None
    return TrackerNews(issues=issues, updated_at=_updated_at(payload), alias=alias)


def _named(payload: dict[str, Any], *path: str) -> NamedIssue | None:
    """The issue at that path, by its node id, and by its key where the payload has it; None where there is no node id."""
    node_id = text_at(payload, *path, "node_id", longest=_LONGEST_ID)
    if node_id is None:
        return None
    number = text_at(payload, *path, "number", longest=10)
    address = text_at(payload, *path, "repository_url", longest=300) or ""
    repository = "/".join(address.rstrip("/").split("/")[-2:])
    return NamedIssue(node_id, f"{repository}#{number}" if repository and number else None)


def _of_release(payload: dict[str, Any]) -> TrackerNews:
    if text_at(payload, "action") not in _RELEASED:
        return TrackerNews()
    repository = needed(text_at(payload, "repository", "full_name", longest=200), "repository.full_name")
    return TrackerNews(released=True, project=repository)


def _updated_at(payload: dict[str, Any]) -> datetime | None:
    """The newest time that the delivery shows, in whole seconds."""
    if text_at(payload, "action") in _WITHOUT_TIME:
        return None
    times = (moment_at(payload, "issue", "updated_at"), moment_at(payload, "comment", "updated_at"))
    return max((time for time in times if time is not None), default=None)

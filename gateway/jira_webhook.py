"""What a Jira delivery says: which issue is worth reading, or that a version was released.

Fields: https://developer.atlassian.com/cloud/jira/platform/webhooks/. Cloud's comment events have no user at the top (the comment's
author is read with the issue), old Server ones no event type, Server's ``comment_deleted`` no issue but in an address; the truth is
fetched anyway.
"""

import re
from datetime import datetime

from gateway.payloads import Unreadable, at, moment_at, parse_json, text_at
from gateway.tracker_news import NamedIssue, TrackerNews

_VERSION = "jira:version_"
_OF_ISSUES = ("jira:issue_", "comment_", "worklog_", "issuelink_")
_LONGEST_NAME, _LONGEST_ADDRESS = 60, 500
_ID = re.compile(r"[0-9]{1,20}")
_KEY = re.compile(r"[A-Z][A-Z0-9_]{1,30}-[0-9]{1,10}")
_IN_ADDRESS = re.compile(rf"/(?:issue|browse)/(?:(?P<id>{_ID.pattern})|(?P<key>{_KEY.pattern}))(?![A-Za-z0-9_-])")
_ADDRESSES = (("issue", "self"), ("comment", "self"), ("worklog", "self"))
"""Where addresses of Jira's REST API stand that lead through an issue: ``…/rest/api/2/issue/10013/comment/10084``."""
_WITHOUT_TIME = frozenset({"jira:issue_deleted", "comment_deleted", "attachment_deleted", "issuelink_deleted"})
"""What is gone has moved no time that the payload shows: the issue is read in any case."""


def news_of(body: bytes) -> TrackerNews:
    """What the delivery means; nothing when it is about something else.

    Raises:
        Unreadable: it is about an issue, and does not say which.
    """
    payload = parse_json(body)
    event = text_at(payload, "webhookEvent")
    issues = _named(payload)
    if issues:
        return TrackerNews(issues=issues, updated_at=_updated_at(payload, event))
    if at(payload, "issue") is not None or event is None or event.startswith(_OF_ISSUES):
        raise Unreadable("there is no issue.id")
    # The version's project is a number, which says nothing to whoever knows projects by their keys.
    return TrackerNews(released=event.startswith(_VERSION) and at(payload, "version", "released") is True)


def _named(payload: object) -> tuple[NamedIssue, ...]:
    """The issues, by whatever names them: id, key, an address of Jira's REST API that leads through one, the ends of a link.

    Data Center sends a deleted comment without its issue: the comment's own address is all that names it.
    """
    ids = [_text(payload, _ID, "issue", "id"), _text(payload, _ID, "worklog", "issueId")]
    keys = [_text(payload, _KEY, "issue", "key")]
    for path in _ADDRESSES:
        if found := _IN_ADDRESS.search(text_at(payload, *path, longest=_LONGEST_ADDRESS) or ""):
            ids.append(found["id"])
            keys.append(found["key"])
    issue_id, key = next(filter(None, ids), None), next(filter(None, keys), None)
    if issue_id is not None or key is not None:
        return (NamedIssue(issue_id, key),)
    ends = (_text(payload, _ID, "issueLink", end) for end in ("sourceIssueId", "destinationIssueId"))
    return tuple(NamedIssue(end) for end in dict.fromkeys(ends) if end is not None)


def _text(payload: object, shape: re.Pattern[str], *path: str) -> str | None:
    """The text at that path where it is written so."""
    text = text_at(payload, *path, longest=_LONGEST_NAME)
    return text if text is not None and shape.fullmatch(text) else None


def _updated_at(payload: object, event: str | None) -> datetime | None:
    """The newest time that the delivery shows. A comment is told with its issue as it was before, or without the issue's time."""
    if event in _WITHOUT_TIME:
        return None
    times = (moment_at(payload, "issue", "fields", "updated"), moment_at(payload, "comment", "updated"))
    return max((time for time in times if time is not None), default=None)

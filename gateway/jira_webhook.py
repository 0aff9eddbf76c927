"""What a Jira delivery says: which issue is worth reading, or that a version was released.

Fields: https://developer.atlassian.com/cloud/jira/platform/webhooks/. Cloud's comment events have no user at the top (the comment's
author is read with the issue), old Server ones no event type, Server's ``comment_deleted`` no issue; the truth is fetched anyway.
"""

from collections.abc import Mapping
from datetime import datetime

from gateway.payloads import Unreadable, at, digest, moment_at, parse_json, text_at
from gateway.tracker_news import TrackerNews

_ISSUE, _VERSION = "jira:issue_", "jira:version_"
_WITHOUT_TIME = frozenset({"jira:issue_deleted", "comment_deleted", "attachment_deleted", "issuelink_deleted"})
"""What is gone has moved no time that the payload shows: the issue is read in any case."""


def delivery_id(body: bytes, headers: Mapping[str, str]) -> str:
    """The delivery's own id, the same for each of Jira's attempts."""
    return f"jira/{digest(headers.get('x-atlassian-webhook-identifier') or body)}"


def news_of(body: bytes) -> TrackerNews:
    """What the delivery means; nothing when it is about something else.

    Raises:
        Unreadable: it is about an issue, and does not say which.
    """
    payload = parse_json(body)
    event = text_at(payload, "webhookEvent")
    issue_id = text_at(payload, "issue", "id", longest=50)
    if issue_id is not None:
        return TrackerNews(issues=(issue_id,), updated_at=_updated_at(payload, event))
    if at(payload, "issue") is not None or event is None or event.startswith(_ISSUE):
        raise Unreadable("there is no issue.id")
    # The version's project is a number, which says nothing to whoever knows projects by their keys.
    return TrackerNews(released=event.startswith(_VERSION) and at(payload, "version", "released") is True)


def _updated_at(payload: object, event: str | None) -> datetime | None:
    """The newest time that the delivery shows. A comment is told with its issue as it was before, or without the issue's time."""
    if event in _WITHOUT_TIME:
        return None
    times = (moment_at(payload, "issue", "fields", "updated"), moment_at(payload, "comment", "updated"))
    return max((time for time in times if time is not None), default=None)

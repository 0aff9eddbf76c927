"""What a Jira delivery says: which issue is worth fetching.

Fields: https://developer.atlassian.com/cloud/jira/platform/webhooks/. Cloud's comment events have no user, old Server ones no
event type, Server's ``comment_deleted`` no issue; the truth is fetched anyway.
"""

from collections.abc import Mapping

from gateway.payloads import Unreadable, at, digest, parse_json, text_at


def delivery_id(body: bytes, headers: Mapping[str, str]) -> str:
    """The delivery's own id, the same for each of Jira's attempts."""
    return f"jira/{digest(headers.get('x-atlassian-webhook-identifier') or body)}"


def issue_of(body: bytes) -> str | None:
    """The numeric id of the issue that the delivery is about; None when it is about something else.

    Raises:
        Unreadable: it is about an issue, and does not say which.
    """
    payload = parse_json(body)
    event = text_at(payload, "webhookEvent")
    issue_id = text_at(payload, "issue", "id", longest=50)
    if issue_id is not None:
        return issue_id
    if at(payload, "issue") is not None or event is None or event.startswith("jira:issue_"):
        raise Unreadable("there is no issue.id")
    return None

"""What a GitHub delivery says: which issue is worth fetching.

Fields: https://docs.github.com/en/webhooks/webhook-events-and-payloads.
"""

from collections.abc import Mapping

from gateway.payloads import Unreadable, digest, parse_form, parse_json, text_at

_ISSUE_EVENTS = frozenset({"issues", "issue_comment"})


def delivery_id(body: bytes, headers: Mapping[str, str]) -> str:
    """The delivery's own id; a redelivery by hand keeps it."""
    return f"github/{digest(headers.get('x-github-delivery') or body)}"


def issue_of(body: bytes, headers: Mapping[str, str]) -> str | None:
    """The node id of the issue that the delivery is about; None when it is about something else (a ping, a release).

    Raises:
        Unreadable: there is no event, or it is about an issue and does not say which.
    """
    event = headers.get("x-github-event")
    if event is None:
        raise Unreadable("there is no X-GitHub-Event")
    if event not in _ISSUE_EVENTS:
        return None
    form = "application/x-www-form-urlencoded" in headers.get("content-type", "")
    payload = parse_json(parse_form(body).get("payload", "").encode() if form else body)
    node_id = text_at(payload, "issue", "node_id", longest=100)
    if node_id is None:
        raise Unreadable("there is no issue.node_id")
    return node_id

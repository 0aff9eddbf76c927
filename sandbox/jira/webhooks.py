"""What the local Jira tells the gateway: the shapes of recorded Cloud deliveries, signed as an admin's webhook is."""

import json
from typing import Any
from uuid import uuid4

from sandbox.deliveries import JIRA, Delivery
from sandbox.jira.shapes import Shapes, change_item
from sandbox.jira.state import Comment, History, Issue, JiraState, User, Version
from sandbox.signatures import jira_signature

PATH = "/webhooks/jira"


def issue_created(state: JiraState, issue: Issue, user: User) -> None:
    """Send ``jira:issue_created``."""
    _send_issue_event(state, "jira:issue_created", "issue_created", issue, user, None)


def issue_updated(state: JiraState, issue: Issue, history: History) -> None:
    """Send ``jira:issue_updated`` with what changed."""
    fields = {change.field for change in history.items}
    kind = (
        "issue_moved"
        if "Key" in fields
        else "issue_assigned"
        if fields == {"assignee"}
        else "issue_generic"
        if "status" in fields
        else "issue_updated"
    )
    _send_issue_event(state, "jira:issue_updated", kind, issue, history.author, history)


def issue_deleted(state: JiraState, issue: Issue, user: User) -> None:
    """Send ``jira:issue_deleted``."""
    _send_issue_event(state, "jira:issue_deleted", "issue_deleted", issue, user, None)


def comment_event(state: JiraState, event: str, issue: Issue, comment: Comment) -> None:
    """Send ``comment_created``, ``comment_updated`` or ``comment_deleted``; these name no user at the top."""
    shapes = Shapes(state, version=2)
    _send(
        state,
        event,
        {
            "comment": shapes.comment(issue, comment),
            "issue": {
                "id": issue.id,
                "self": shapes.url(f"issue/{issue.id}"),
                "key": issue.key,
                "fields": shapes.brief_fields(issue),
            },
        },
    )


def version_event(state: JiraState, event: str, version: Version) -> None:
    """Send ``jira:version_created`` or ``jira:version_released``; these name nobody."""
    shape = {**Shapes(state, version=2).version(version), "projectId": int(version.project.id)}
    _send(state, event, {"version": shape})


def _send_issue_event(
    state: JiraState, event: str, kind: str, issue: Issue, user: User, history: History | None
) -> None:
    shapes = Shapes(state, version=2)
    body: dict[str, Any] = {
        "issue_event_type_name": kind,
        "user": shapes.user(user),
        "issue": {
            "id": issue.id,
            "self": shapes.url(f"issue/{issue.id}"),
            "key": issue.key,
            "fields": shapes.fields(issue),
        },
    }
    if history is not None:
        body["changelog"] = {"id": history.id, "items": [change_item(change) for change in history.items]}
    _send(state, event, body)


def _send(state: JiraState, event: str, content: dict[str, Any]) -> None:
    moment = int(state.clock().timestamp() * 1000)
    body = json.dumps({"timestamp": moment, "webhookEvent": event, **content}).encode()
    identifier = str(uuid4())
    secret = state.credentials.jira_webhook_secret

    def headers(attempt: int, _status: int | None) -> dict[str, str]:
        retry = {"X-Atlassian-Webhook-Retry": str(attempt)} if attempt else {}
        return {
            "Content-Type": "application/json; charset=UTF-8",
            "User-Agent": "Atlassian Webhook HTTP Client",
            "X-Atlassian-Webhook-Identifier": identifier,
            **jira_signature(secret, body),
            **retry,
        }

    state.deliveries.send(
        Delivery(
            system="jira",
            id=identifier,
            event=event,
            path=PATH,
            body=body,
            policy=JIRA,
            headers=headers,
            queue="jira",
        )
    )

"""What the local GitHub tells the gateway. It says everything once: GitHub never delivers again by itself."""

import json
from typing import Any
from uuid import uuid4

from sandbox.deliveries import GITHUB, Delivery
from sandbox.github.shapes import Shapes
from sandbox.github.state import Account, Comment, GitHubState, Issue, Release, Repository
from sandbox.signatures import github_signature

PATH = "/webhooks/github"


def issue_event(state: GitHubState, action: str, issue: Issue, sender: Account, **details: Any) -> None:
    """Send an ``issues`` event; ``details`` are the members that the action adds (``label``, ``changes``…)."""
    _send(state, "issues", action, sender, {"issue": Shapes(state).full_issue(issue), **details}, issue.repository)


def comment_event(
    state: GitHubState, action: str, issue: Issue, comment: Comment, sender: Account, **details: Any
) -> None:
    """Send an ``issue_comment`` event."""
    shapes = Shapes(state)
    body = {"issue": shapes.full_issue(issue), "comment": shapes.comment(issue, comment), **details}
    _send(state, "issue_comment", action, sender, body, issue.repository)


def release_event(state: GitHubState, action: str, release: Release, repository: Repository, sender: Account) -> None:
    """Send a ``release`` event."""
    _send(state, "release", action, sender, {"release": Shapes(state).release(release, repository)}, repository)


def _send(
    state: GitHubState, event: str, action: str, sender: Account, content: dict[str, Any], repository: Repository
) -> None:
    shapes = Shapes(state)
    body = json.dumps(
        {
            "action": action,
            **content,
            "repository": shapes.repository(repository),
            "organization": shapes.organisation(),
            "sender": shapes.account(sender),
        }
    ).encode()
    identifier = str(uuid4())
    secret = state.credentials.github_webhook_secret

    def headers(_attempt: int, _status: int | None) -> dict[str, str]:
        return {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/sandbox",
            "X-GitHub-Delivery": identifier,
            "X-GitHub-Event": event,
            "X-GitHub-Hook-ID": "501",
            "X-GitHub-Hook-Installation-Target-ID": str(repository.id),
            "X-GitHub-Hook-Installation-Target-Type": "repository",
            **github_signature(secret, body),
        }

    state.deliveries.send(
        Delivery(
            system="github",
            id=identifier,
            event=f"{event}.{action}",
            path=PATH,
            body=body,
            policy=GITHUB,
            headers=headers,
            queue="github",
        )
    )

"""GitHub's two states, with the reason why an issue was closed, as one word for people and policies."""

from collections.abc import Mapping
from typing import Any

from integrations.errors import PermanentFailure
from integrations.github.failures import SYSTEM

REASONS = ("completed", "not_planned", "duplicate")
STATUSES = ("open", "closed", *(f"closed ({reason.replace('_', ' ')})" for reason in REASONS))
"""The words of ``IssueSnapshot.status``."""


def status_of(issue: Mapping[str, Any]) -> str:
    """``open``, or ``closed (not planned)`` with the reason where there is one."""
    reason = reason_of(issue)
    if issue["state"] == "open":
        return "open"
    return f"closed ({reason.replace('_', ' ')})" if reason else "closed"


def reason_of(issue: Mapping[str, Any]) -> str | None:
    """Why it is closed (``completed``, ``not_planned``, ``duplicate``); None while it is open, and for old issues."""
    return str(issue["state_reason"]) if issue["state"] != "open" and issue.get("state_reason") else None


def is_known(word: str) -> bool:
    """Whether a policy's table may hold this status or resolution."""
    return _plain(word) in {*STATUSES, *(reason.replace("_", " ") for reason in REASONS)}


def change_to(status: str) -> dict[str, str]:
    """What is sent to bring an issue into a status: one of ``STATUSES``, or a reason alone.

    Raises:
        PermanentFailure: GitHub has no such status.
    """
    word = _plain(status)
    if word in ("open", "opened", "reopened", "reopen"):
        return {"state": "open", "state_reason": "reopened"}
    if word in ("closed", "close"):
        return {"state": "closed", "state_reason": "completed"}
    reason = word.removeprefix("closed (").removesuffix(")").replace(" ", "_")
    if reason in REASONS:
        return {"state": "closed", "state_reason": reason}
    raise PermanentFailure(SYSTEM, f"GitHub has no status {status[:60]!r}; write one of {', '.join(STATUSES)}")


def _plain(word: str) -> str:
    return " ".join(word.casefold().replace("_", " ").split())

"""When an issue's fields were last changed, and that it is a duplicate: from GitHub's events of the issue."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from domain.issues import FieldStamp, SyncedField
from integrations.github.states import status_of

# https://docs.github.com/en/rest/using-the-rest-api/issue-event-types
_FIELDS = {
    "closed": SyncedField.STATUS,
    "reopened": SyncedField.STATUS,
    "labeled": SyncedField.LABELS,
    "unlabeled": SyncedField.LABELS,
    "assigned": SyncedField.ASSIGNEE,
    "unassigned": SyncedField.ASSIGNEE,
    "milestoned": SyncedField.FIX_VERSION,
    "demilestoned": SyncedField.FIX_VERSION,
    "renamed": SyncedField.TITLE,
}
_DUPLICATE = {"marked_as_duplicate": True, "unmarked_as_duplicate": False}


def _value(event: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """What a field became by an event, and what it was before as far as the event itself says it."""
    match event.get("event"):
        case "closed":
            return status_of({"state": "closed", "state_reason": event.get("state_reason")}), "open"
        case "reopened":
            return "open", None
        case "renamed":
            renamed = event.get("rename") or {}
            return renamed.get("to"), renamed.get("from")
        case "assigned":
            return (event.get("assignee") or {}).get("login"), None
        case "milestoned":
            return (event.get("milestone") or {}).get("title"), None
        case "unassigned":
            return None, (event.get("assignee") or {}).get("login")
        case "demilestoned":
            return None, (event.get("milestone") or {}).get("title")
        case _:
            return None, None


def stamps(events: Iterable[Mapping[str, Any]], own_login: str) -> dict[SyncedField, FieldStamp]:
    """The last change of each field, by events that come oldest first. GitHub has no priority, so there is none of it."""
    found: dict[SyncedField, FieldStamp] = {}
    values: dict[SyncedField, str | None] = {}
    for event in events:
        field = _FIELDS.get(str(event.get("event")))
        if field is None:
            continue
        actor = (event.get("actor") or {}).get("login")
        value, told_before = _value(event)
        found[field] = FieldStamp(
            at=datetime.fromisoformat(event["created_at"]),
            by=actor,
            ours=actor is not None and actor == own_login,
            before=told_before or values.get(field),
        )
        values[field] = value
    return found


def marked_duplicate(events: Iterable[Mapping[str, Any]]) -> bool:
    """Whether somebody marked the issue as a duplicate, and nobody took it back."""
    said = [_DUPLICATE[event["event"]] for event in events if event.get("event") in _DUPLICATE]
    return bool(said) and said[-1]

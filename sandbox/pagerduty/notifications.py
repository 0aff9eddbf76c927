"""Who was woken, when, for what and by which rule: what proves that a person was notified once and not twice."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

Reason = Literal[
    "triggered",
    "escalated",
    "reassigned",
    "delegated",
    "reopened",
    "unacknowledged",
    "urgency_raised",
    "responder_requested",
]
"""What made PagerDuty notify somebody."""


class Notification(BaseModel):
    """One person was notified of one incident."""

    model_config = ConfigDict(frozen=True)

    person: str
    """The sandbox's handle of the person."""
    incident: str
    """PagerDuty's id of the incident."""
    incident_key: str
    title: str
    escalation_policy: str
    """The policy's id."""
    level: int | None
    """The escalation level that was asked; None when the person was asked by name."""
    urgency: Literal["high", "low"]
    """``high`` wakes people, ``low`` does not."""
    reason: Reason
    at: AwareDatetime


class Notifications:
    """Every notification, oldest first."""

    def __init__(self) -> None:
        self._entries: list[Notification] = []

    def add(self, notification: Notification) -> None:
        """Keep one."""
        self._entries.append(notification)

    def entries(self, person: str | None = None, incident_key: str | None = None) -> list[Notification]:
        """The notifications of one person and of one incident key, where these are given."""
        return [
            entry
            for entry in self._entries
            if (person is None or entry.person == person)
            and (incident_key is None or entry.incident_key == incident_key)
        ]

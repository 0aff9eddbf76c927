"""What Tierline knows of a page (a PagerDuty incident)."""

from enum import StrEnum

from domain.frozen import Frozen


class PageStatus(StrEnum):
    """Where a page is in its life."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Urgency(StrEnum):
    """Whether somebody is woken (high) or finds it in the morning (low)."""

    HIGH = "high"
    LOW = "low"


class PageDraft(Frozen):
    """A page to be raised. ``key`` is the ``incident_key``: PagerDuty refuses a second open incident with the same one."""

    key: str
    title: str
    details: str
    service: str
    escalation_policy: str | None = None
    urgency: Urgency = Urgency.HIGH
    priority: str | None = None


class PageRef(Frozen):
    """A raised page. ``id`` and ``url`` are empty when only the Events API could be reached (``via_events``); ``why`` says so."""

    key: str
    id: str | None = None
    url: str | None = None
    via_events: bool = False
    why: str | None = None


class PageSnapshot(Frozen):
    """The truth about a page, as fetched."""

    ref: PageRef
    status: PageStatus
    acknowledged_by: str | None = None
    assigned_to: tuple[str, ...] = ()

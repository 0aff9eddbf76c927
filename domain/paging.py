"""What Tierline knows of a page (a PagerDuty incident)."""

import re
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


def page_key(ticket_id: str, number: int) -> str:
    """The ``incident_key`` of a ticket's page: ``tierline/T-1042/page/1``. It alone leads from a webhook back to the ticket."""
    return f"tierline/{ticket_id}/page/{number}"


def ticket_of_page(key: str) -> str | None:
    """The ticket that a page's key belongs to, or None for an incident that is not ours."""
    match = re.fullmatch(r"tierline/(T-[0-9A-Z]{1,20})/page/\d+", key)
    return match[1] if match is not None else None

"""What Tierline knows of a page (a PagerDuty incident)."""

import re
from datetime import datetime
from enum import StrEnum

from pydantic import Field

from domain.frozen import Frozen


class PageStatus(StrEnum):
    """Where a page is in its life."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class PageEvent(StrEnum):
    """What happens to a page, as PagerDuty's V3 webhooks name it; ``FOUND`` is a difference that polling found."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    ESCALATED = "escalated"
    REASSIGNED = "reassigned"
    DELEGATED = "delegated"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    ANNOTATED = "annotated"
    PRIORITY_UPDATED = "priority_updated"
    RESPONDER_ADDED = "responder.added"
    RESPONDER_REPLIED = "responder.replied"
    STATUS_UPDATE_PUBLISHED = "status_update_published"
    FOUND = "found"


class Urgency(StrEnum):
    """Whether somebody is woken (high) or finds it in the morning (low)."""

    HIGH = "high"
    LOW = "low"


class PageDraft(Frozen):
    """A page to be raised. ``key`` is the ``incident_key``: PagerDuty refuses a second open incident with the same one.

    ``facts`` are the custom details by name (ticket, customers, clocks, links), free of personal data; ``priority`` is
    PagerDuty's own name of one.
    """

    key: str
    title: str
    details: str
    facts: dict[str, str] = Field(default_factory=dict)
    service: str
    escalation_policy: str | None = None
    urgency: Urgency = Urgency.HIGH
    priority: str | None = None
    conference_url: str | None = None
    conference_number: str | None = None


class PageRef(Frozen):
    """A raised page. ``id`` and ``url`` are empty when only the Events API could be reached (``via_events``); ``why`` says so."""

    key: str
    id: str | None = None
    url: str | None = None
    via_events: bool = False
    why: str | None = None


class PageSnapshot(Frozen):
    """The truth about a page, as fetched. ``status_since`` is when its status last changed, ``changed_at`` when anything did."""

    ref: PageRef
    status: PageStatus
    acknowledged_by: str | None = None
    assigned_to: tuple[str, ...] = ()
    priority: str | None = None
    urgency: Urgency | None = None
    status_since: datetime | None = None
    changed_at: datetime | None = None


class PageWord(Frozen):
    """The last word on a page: what was said, when (by the pager's clock) and by whom. Of two words the later one counts, in
    whatever order they come; of two of the same instant one is chosen that is always the same."""

    at: datetime
    said: str
    by: str = ""

    def is_after(self, other: "PageWord | None") -> bool:
        """Whether it counts instead of the other one."""
        return other is None or (self.at, self.said, self.by) > (other.at, other.said, other.by)


class Woken(Frozen):
    """Somebody was woken by a page, or acknowledged it, and when."""

    name: str
    at: datetime


class OnCall(Frozen):
    """Who is on call at a level (1 is woken first), and until when; None is for ever."""

    level: int
    name: str
    until: datetime | None = None


class OnCallGap(Frozen):
    """A time in which nobody is on call at the first level of an escalation policy."""

    escalation_policy: str
    name: str
    start: datetime
    end: datetime


PAGE_KEYS = "tierline/"
"""What every ``incident_key`` of Tierline's begins with; other incidents are other people's."""


def page_key(ticket_id: str, number: int) -> str:
    """The ``incident_key`` of a ticket's page: ``tierline/T-1042/page/1``. It alone leads from a webhook back to the ticket."""
    return f"tierline/{ticket_id}/page/{number}"


def ticket_of_page(key: str) -> str | None:
    """The ticket that a page's key belongs to, or None for an incident that is not ours."""
    match = re.fullmatch(r"tierline/(T-[0-9A-Z]{1,20})/page/\d+", key)
    return match[1] if match is not None else None

"""What Tierline knows of a page (a PagerDuty incident)."""

import re
from enum import StrEnum

from pydantic import Field

from domain.frozen import Frozen
from domain.instants import EventTime
from domain.texts import Address, Key, Line, LongText, Name, Word


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

    key: Key
    title: Line
    details: LongText
    facts: dict[Line, Line] = Field(default_factory=dict)
    service: Name
    escalation_policy: Name | None = None
    urgency: Urgency = Urgency.HIGH
    priority: Name | None = None
    conference_url: Address | None = None
    conference_number: Name | None = None


class PageRef(Frozen):
    """A raised page. ``id`` and ``url`` are empty when only the Events API could be reached (``via_events``); ``why`` says so."""

    key: Key
    id: Key | None = None
    url: Address | None = None
    via_events: bool = False
    why: Line | None = None


class PageSnapshot(Frozen):
    """The truth about a page, as fetched. ``status_since`` is when its status last changed, ``changed_at`` when anything did."""

    ref: PageRef
    status: PageStatus
    acknowledged_by: Name | None = None
    assigned_to: tuple[Name, ...] = ()
    priority: Name | None = None
    urgency: Urgency | None = None
    status_since: EventTime | None = None
    changed_at: EventTime | None = None


class PageWord(Frozen):
    """The last word on a page: what was said, when (by the pager's clock) and by whom. Of two words the later one counts, in
    whatever order they come; of two of the same instant one is chosen that is always the same."""

    at: EventTime
    said: Line
    by: Name = ""

    def is_after(self, other: "PageWord | None") -> bool:
        """Whether it counts instead of the other one."""
        return other is None or (self.at, self.said, self.by) > (other.at, other.said, other.by)


class Woken(Frozen):
    """Somebody was woken by a page, or acknowledged it, and when."""

    name: Word
    at: EventTime


class OnCall(Frozen):
    """Who is on call at a level (1 is woken first), and until when; None is for ever."""

    level: int
    name: Name
    until: EventTime | None = None


class OnCallGap(Frozen):
    """A time in which nobody is on call at the first level of an escalation policy."""

    escalation_policy: Name
    name: Name
    start: EventTime
    end: EventTime


PAGE_KEYS = "tierline/"
"""What every ``incident_key`` of Tierline's begins with; other incidents are other people's."""


def page_key(ticket_id: str, number: int) -> str:
    """The ``incident_key`` of a ticket's page: ``tierline/T-1042/page/1``. It alone leads from a webhook back to the ticket."""
    return f"tierline/{ticket_id}/page/{number}"


def ticket_of_page(key: str) -> str | None:
    """The ticket that a page's key belongs to, or None for an incident that is not ours."""
    match = re.fullmatch(r"tierline/(T-[0-9A-Z]{1,20})/page/\d+", key)
    return match[1] if match is not None else None

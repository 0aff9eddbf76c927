"""What a PagerDuty V3 delivery says: what changed on which incident.

Fields: https://developer.pagerduty.com/docs/webhooks-overview. Only incident events carry the ``incident_key``, and older accounts'
do not: then the incident is looked up.
"""

from dataclasses import dataclass

from domain.messages import PageChanged
from domain.paging import PageStatus
from gateway.payloads import Unreadable, at, parse_json, text_at

_STATUSES = {
    "incident.acknowledged": PageStatus.ACKNOWLEDGED,
    "incident.unacknowledged": PageStatus.TRIGGERED,
    "incident.reopened": PageStatus.TRIGGERED,
    "incident.resolved": PageStatus.RESOLVED,
}
_REASSIGNMENTS = frozenset({"incident.reassigned", "incident.escalated", "incident.delegated"})
_ANNOTATED = "incident.annotated"
_LONGEST_NAME = 200
_LONGEST_NOTE = 2_000


@dataclass(frozen=True)
class PageNews:
    """A change of an incident, ours or not. ``key`` is None where the delivery does not tell it."""

    delivery_id: str
    page_id: str
    key: str | None
    url: str | None
    status: PageStatus | None
    by: str | None
    note: str | None

    def for_page(self, key: str) -> PageChanged:
        """The message to the ticket whose page has this key."""
        return PageChanged(
            page_key=key, status=self.status, by=self.by, note=self.note, page_id=self.page_id, url=self.url
        )


def news_of(body: bytes) -> PageNews | None:
    """What the delivery says; None when it says nothing that a ticket needs.

    Raises:
        Unreadable: it lacks the event's id or type, or the incident's id.
    """
    event = at(parse_json(body), "event")
    event_id, event_type = text_at(event, "id", longest=100), text_at(event, "event_type", longest=100)
    if event_id is None or event_type is None:
        raise Unreadable("there is no event.id or event.event_type")
    if event_type not in _STATUSES and event_type not in _REASSIGNMENTS and event_type != _ANNOTATED:
        return None
    incident = at(event, "data", "incident") if event_type == _ANNOTATED else at(event, "data")
    page_id = text_at(incident, "id", longest=100)
    if page_id is None:
        raise Unreadable("there is no incident's id")
    return PageNews(
        delivery_id=f"pagerduty/{event_id}",
        page_id=page_id,
        key=text_at(incident, "incident_key", longest=300),
        url=_web_address(text_at(incident, "html_url")),
        status=_status(event_type, incident),
        by=text_at(event, "agent", "summary", longest=_LONGEST_NAME),
        note=_note(event_type, event),
    )


def _status(event_type: str, incident: object) -> PageStatus | None:
    if event_type in _REASSIGNMENTS:
        # Whoever has it now has not acknowledged it yet; an incident that stays acknowledged stays as it was.
        return PageStatus.TRIGGERED if text_at(incident, "status") == PageStatus.TRIGGERED else None
    return _STATUSES.get(event_type)


def _note(event_type: str, event: object) -> str | None:
    if event_type == _ANNOTATED:
        return text_at(event, "data", "content", longest=_LONGEST_NOTE)
    if event_type not in _REASSIGNMENTS:
        return None
    names = [text_at(event, "data", "assignees", place, "summary", longest=_LONGEST_NAME) for place in range(5)]
    known = ", ".join(name for name in names if name)
    return f"Now with {known}" if known else None


def _web_address(url: str | None) -> str | None:
    return url if url is not None and url.startswith(("https://", "http://")) else None

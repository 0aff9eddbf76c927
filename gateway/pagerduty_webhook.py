"""What a PagerDuty V3 delivery says: what happened to which incident, when, and by whom.

Fields: https://developer.pagerduty.com/docs/webhooks-overview. Only events about the incident itself carry its ``incident_key``, and
those of incidents that have alerts do not: then the incident is looked up.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from domain import page_notes
from domain.messages import PageChanged
from domain.paging import PageEvent, PageStatus, Urgency
from domain.texts import cut
from gateway.payloads import Unreadable, at, moment_at, parse_json, text_at, words_at

_PREFIX = "incident."
_EVENTS = {f"{_PREFIX}{event.value}": event for event in PageEvent if event is not PageEvent.FOUND}
_STATUSES = {
    PageEvent.TRIGGERED: PageStatus.TRIGGERED,
    PageEvent.ACKNOWLEDGED: PageStatus.ACKNOWLEDGED,
    PageEvent.UNACKNOWLEDGED: PageStatus.TRIGGERED,
    PageEvent.REOPENED: PageStatus.TRIGGERED,
    PageEvent.RESOLVED: PageStatus.RESOLVED,
}
_REASSIGNMENTS = frozenset({PageEvent.REASSIGNED, PageEvent.ESCALATED, PageEvent.DELEGATED})
_REPLIES = {"joined": "accepted", "accepted": "accepted", "declined": "declined"}
_MOST_ASSIGNEES = 20
_LONGEST_NAME = 200
_LARGEST_NOTE = 8_000
"""Bytes of a note; a longer one is cut, and says so."""
# Our own notes are known by their end.
_WHOLE_NOTE = 30_000


@dataclass(frozen=True)
class PageNews:
    """What happened to an incident, ours or not. ``key`` is None where the delivery does not tell it."""

    delivery_id: str
    page_id: str
    event: PageEvent
    key: str | None = None
    url: str | None = None
    at: datetime | None = None
    status: PageStatus | None = None
    by: str | None = None
    note: str | None = None
    assigned_to: tuple[str, ...] = ()
    priority: str | None = None
    urgency: Urgency | None = None

    def for_page(self, key: str) -> PageChanged:
        """The message to the ticket whose page has this key."""
        return PageChanged(
            page_key=key,
            event=self.event,
            at=self.at,
            status=self.status,
            by=self.by,
            note=self.note,
            assigned_to=self.assigned_to,
            priority=self.priority,
            urgency=self.urgency,
            page_id=self.page_id,
            url=self.url,
        )


def news_of(body: bytes) -> PageNews | None:
    """What the delivery says; None when it says nothing that a ticket needs: a test, an unknown type, a note of our own.

    It is taken once by the event's own id. That is the same in each attempt, as ``X-Webhook-Id`` is, and unlike that header it is the same
    for two subscriptions that tell of one event, and signed with the body.

    Raises:
        Unreadable: it lacks the event's id or type, or the incident's id.
    """
    event = at(parse_json(body), "event")
    event_id, event_type = text_at(event, "id", longest=100), text_at(event, "event_type", longest=100)
    if event_id is None or event_type is None:
        raise Unreadable("there is no event.id or event.event_type")
    if event_type not in _EVENTS:
        return None
    what = _EVENTS[event_type]
    data = at(event, "data")
    reads = _READERS.get(what)
    # What is told about an incident names it; what is told of the incident is the incident.
    incident = at(data, "incident") if reads is not None else data
    page_id = text_at(incident, "id", longest=100)
    if page_id is None:
        raise Unreadable("there is no incident's id")
    news = PageNews(
        delivery_id=f"pagerduty/{event_id}",
        page_id=page_id,
        event=what,
        key=text_at(incident, "incident_key", longest=300),
        url=_web_address(text_at(incident, "html_url")),
        at=moment_at(event, "occurred_at", zone=UTC),
        by=text_at(event, "agent", "summary", longest=_LONGEST_NAME),
    )
    return reads(news, data) if reads is not None else _of_incident(news, data)


def _of_incident(news: PageNews, incident: object) -> PageNews:
    urgency = text_at(incident, "urgency")
    names = (
        text_at(incident, "assignees", place, "summary", longest=_LONGEST_NAME) for place in range(_MOST_ASSIGNEES)
    )
    return replace(
        news,
        status=_status(news.event, incident),
        assigned_to=tuple(name for name in names if name),
        priority=text_at(incident, "priority", "summary", longest=_LONGEST_NAME),
        urgency=Urgency(urgency) if urgency in set(Urgency) else None,
    )


def _status(event: PageEvent, incident: object) -> PageStatus | None:
    if event in _REASSIGNMENTS:
        # Whoever has it now has not acknowledged it yet; an incident that stays acknowledged stays as it was.
        return PageStatus.TRIGGERED if text_at(incident, "status") == PageStatus.TRIGGERED else None
    return _STATUSES.get(event)


def _annotated(news: PageNews, data: object) -> PageNews | None:
    content = text_at(data, "content", longest=_WHOLE_NOTE)
    if content is not None and page_notes.is_ours(content):
        return None
    return replace(news, note=cut(content, _LARGEST_NOTE) if content is not None else None)


def _status_update(news: PageNews, data: object) -> PageNews:
    return replace(news, note=words_at(data, "message", most=_LARGEST_NOTE))


def _responder_added(news: PageNews, data: object) -> PageNews:
    return replace(news, note=_joined(": ", _responder(data), words_at(data, "message", most=_LARGEST_NOTE)))


def _responder_replied(news: PageNews, data: object) -> PageNews:
    """Who was asked, and not the event's agent, has answered; the message is what they were asked."""
    state = text_at(data, "state", longest=50)
    answer = _REPLIES.get(state, state) if state is not None else None
    note = _joined(": ", answer, words_at(data, "message", most=_LARGEST_NOTE))
    return replace(news, by=_responder(data) or news.by, note=note)


def _responder(data: object) -> str | None:
    named = text_at(data, "user", "summary", longest=_LONGEST_NAME)
    return named or text_at(data, "escalation_policy", "summary", longest=_LONGEST_NAME)


_READERS: dict[PageEvent, Callable[[PageNews, object], PageNews | None]] = {
    PageEvent.ANNOTATED: _annotated,
    PageEvent.STATUS_UPDATE_PUBLISHED: _status_update,
    PageEvent.RESPONDER_ADDED: _responder_added,
    PageEvent.RESPONDER_REPLIED: _responder_replied,
}


def _joined(between: str, *parts: str | None) -> str | None:
    return between.join(part for part in parts if part) or None


def _web_address(url: str | None) -> str | None:
    return url if url is not None and url.startswith(("https://", "http://")) else None

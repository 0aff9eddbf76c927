"""A page as PagerDuty's incident: what is sent to open one, and what is read of one."""

from typing import Any

from domain.paging import PageDraft, PageRef, PageSnapshot, PageStatus, Urgency
from integrations.pagerduty.on_calls import instant

_TITLE_LIMIT = 1024
_SEVERITIES = {Urgency.HIGH: "critical", Urgency.LOW: "warning"}

Json = dict[str, Any]


def incident_of(draft: PageDraft, priority: str | None) -> Json:
    """What ``POST /incidents`` is sent; ``priority`` is the id of one."""
    incident: Json = {
        "type": "incident",
        "title": draft.title[:_TITLE_LIMIT],
        "service": {"id": draft.service, "type": "service_reference"},
        "urgency": draft.urgency.value,
        "incident_key": draft.key,
        "body": {"type": "incident_body", "details": _body(draft)},
    }
    if draft.escalation_policy is not None:
        incident["escalation_policy"] = {"id": draft.escalation_policy, "type": "escalation_policy_reference"}
    if priority is not None:
        incident["priority"] = priority_reference(priority)
    conference = {"conference_url": draft.conference_url, "conference_number": draft.conference_number}
    if given := {name: value for name, value in conference.items() if value is not None}:
        incident["conference_bridge"] = given
    return incident


def event_of(draft: PageDraft) -> Json:
    """The arguments of the event that raises the page where REST fails.

    An event has neither priority nor conference bridge: both stand among the custom details.
    """
    details = {"details": draft.details, **draft.facts}
    for name, value in (("Priority", draft.priority), ("Conference", _conference(draft))):
        if value:
            details.setdefault(name, value)
    links = [{"href": draft.conference_url, "text": "Conference"}] if draft.conference_url is not None else []
    return {
        "summary": draft.title[:_TITLE_LIMIT],
        "source": "tierline",
        "dedup_key": draft.key,
        "severity": _SEVERITIES[draft.urgency],
        "custom_details": details,
        **({"links": links} if links else {}),
    }


def priority_reference(priority: str) -> Json:
    """A priority by its id."""
    return {"id": priority, "type": "priority_reference"}


def snapshot_of(incident: Json, key: str | None = None) -> PageSnapshot:
    """What an incident says of the page; ``key`` where it does not tell its own."""
    acknowledgements = sorted(incident.get("acknowledgements") or [], key=lambda given: str(given["at"]))
    priority = incident.get("priority") or {}
    urgency = incident.get("urgency")
    return PageSnapshot(
        ref=PageRef(
            key=str(incident.get("incident_key") or key or incident["id"]),
            id=str(incident["id"]),
            url=incident.get("html_url"),
        ),
        status=PageStatus(incident["status"]),
        acknowledged_by=acknowledgements[-1]["acknowledger"]["summary"] if acknowledgements else None,
        assigned_to=tuple(given["assignee"]["summary"] for given in incident.get("assignments") or []),
        priority=priority.get("summary") or priority.get("name"),
        urgency=Urgency(urgency) if urgency else None,
        status_since=instant(incident.get("last_status_change_at")),
        changed_at=instant(incident.get("updated_at")),
    )


def _body(draft: PageDraft) -> str:
    """An incident's body is one text: the facts stand below the details, one a line."""
    facts = "\n".join(f"{name}: {value}" for name, value in draft.facts.items())
    return f"{draft.details}\n\n{facts}" if facts else draft.details


def _conference(draft: PageDraft) -> str:
    return " / ".join(given for given in (draft.conference_url, draft.conference_number) if given)

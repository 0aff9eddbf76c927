"""PagerDuty behind the pager's Protocol."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import SecretStr

from domain.paging import OnCall, PageDraft, PageRef, PageSnapshot, PageStatus, Urgency
from integrations.checks import Check
from integrations.errors import IntegrationError, PermanentFailure, RateLimited
from integrations.pagerduty.failures import SYSTEM, Refusal, pagerduty_failures
from integrations.pagerduty.on_calls import FIRST_LEVEL, on_calls
from integrations.pagerduty.one_attempt import OneAttemptEvents, OneAttemptRest

_TITLE_LIMIT = 1024
_NOTE_LIMIT = 25_000
_PAGE = 100
# Classic pagination ends at 10,000 entries.
_MOST_PAGES = 100
_SEVERITIES = {Urgency.HIGH: "critical", Urgency.LOW: "warning"}


class PagerDutyPager:
    """``Pager`` on the REST API v2, with the Events API v2 as the way out when that fails. Building it calls nobody.

    A page's key is the ``incident_key`` in REST and the ``dedup_key`` in Events: within one service both are the same
    name space, so a page that REST raised before its answer was lost takes up the event instead of a second page. For
    that the routing key must belong to an integration of the service that is paged.

    Args:
        api_key: a REST API key that may write.
        from_email: the address of a user of the account, in whose name Tierline writes.
        base_url: the REST API's address (another one in the EU region).
        routing_key: an Events API v2 integration's key; without one there is no way out.
        events_url: the Events API's address.
    """

    def __init__(
        self,
        api_key: SecretStr,
        from_email: str,
        base_url: str = "https://api.pagerduty.com",
        routing_key: SecretStr | None = None,
        events_url: str = "https://events.pagerduty.com",
    ) -> None:
        self._rest = OneAttemptRest(api_key.get_secret_value(), default_from=from_email, base_url=base_url)
        self._events = OneAttemptEvents(routing_key.get_secret_value(), events_url) if routing_key is not None else None
        self._from_email = from_email
        self._priorities: dict[str, str] | None = None

    def raise_page(self, draft: PageDraft) -> PageRef:
        """Open the page, or find the open one with the same key; by the Events API where REST fails."""
        try:
            with pagerduty_failures():
                return self._raise_by_rest(draft)
        except RateLimited:
            raise
        except IntegrationError as error:
            if self._events is None:
                raise
            return self._raise_by_events(draft, error)

    def fetch(self, page_id: str) -> PageSnapshot:
        """The truth about a page."""
        with pagerduty_failures():
            incident = self._rest.answer("GET", f"/incidents/{_path_part(page_id)}")["incident"]
            return _snapshot(incident)

    def resolve(self, *, page_key: str, page_id: str | None) -> None:
        """End the page; one that is resolved already is fine."""
        with pagerduty_failures():
            if page_id is None and self._events is not None:
                # Raised by an event: PagerDuty takes the resolving one whether or not the page is still open.
                self._events.resolve(page_key)
                return
            if page_id is None:
                found = self._newest(page_key)
                if found is None or found["status"] == PageStatus.RESOLVED:
                    return
                page_id = str(found["id"])
            try:
                self._rest.answer(
                    "PUT",
                    f"/incidents/{_path_part(page_id)}",
                    json={"incident": {"type": "incident", "status": "resolved"}},
                )
            except Refusal as refusal:
                if not refusal.says("already resolved"):
                    raise

    def note(self, page_id: str, text: str) -> None:
        """Write a note on the page."""
        with pagerduty_failures():
            path = f"/incidents/{_path_part(page_id)}/notes"
            self._rest.answer("POST", path, json={"note": {"content": text[:_NOTE_LIMIT]}})

    def on_call(self, escalation_policy: str | None, *, service: str | None = None) -> list[OnCall]:
        """Who is on call now, first level first; of the service's own escalation policy where none is named."""
        if escalation_policy is None:
            if service is None:
                raise PermanentFailure(SYSTEM, "name a service or an escalation policy to ask who is on call")
            escalation_policy = self.policy_of(service)
        with pagerduty_failures():
            return on_calls(self._all("/oncalls", "oncalls", {"escalation_policy_ids[]": [escalation_policy]}))

    def policy_of(self, service: str) -> str:
        """The id of the service's own escalation policy."""
        with pagerduty_failures():
            read = self._rest.answer("GET", f"/services/{_path_part(service)}")["service"]
            return str(read["escalation_policy"]["id"])

    def check(self, services: Sequence[str]) -> list[Check]:
        """Try the key, the From address, each service, and that somebody is on call."""
        try:
            with pagerduty_failures():
                params = {"query": self._from_email, "limit": 100}
                users = self._rest.answer("GET", "/users", params=params)["users"]
        except IntegrationError as error:
            return [Check(what="PagerDuty: API key", ok=False, advice=str(error))]
        known = any(str(user.get("email", "")).lower() == self._from_email.lower() for user in users)
        advice = None if known else "it is no user of the account; set TIERLINE_PAGERDUTY__FROM_EMAIL to one"
        found = [
            Check(what="PagerDuty: API key", ok=True),
            Check(what="PagerDuty: From address", ok=known, advice=advice),
        ]
        for service in services:
            found += self._service(service)
        return found

    def _service(self, service: str) -> Iterator[Check]:
        what = f"PagerDuty: service {service}"
        try:
            with pagerduty_failures():
                read = self._rest.answer("GET", f"/services/{_path_part(service)}")["service"]
            if read.get("status") == "disabled":
                yield Check(what=what, ok=False, advice="it is disabled: pages would wake nobody; enable it")
                return
            names = [each for each in self.on_call(str(read["escalation_policy"]["id"])) if each.level == FIRST_LEVEL]
        except IntegrationError as error:
            yield Check(what=what, ok=False, advice=str(error))
            return
        what = f"{what} ({read.get('name') or read.get('summary')})"
        if not names:
            yield Check(what=what, ok=False, advice="nobody is on call at the first level of its escalation policy")
            return
        yield Check(what=what, ok=True)

    def _raise_by_rest(self, draft: PageDraft) -> PageRef:
        incident: dict[str, Any] = {
            "type": "incident",
            "title": draft.title[:_TITLE_LIMIT],
            "service": {"id": draft.service, "type": "service_reference"},
            "urgency": draft.urgency.value,
            "incident_key": draft.key,
            "body": {"type": "incident_body", "details": draft.details},
        }
        if draft.escalation_policy is not None:
            incident["escalation_policy"] = {"id": draft.escalation_policy, "type": "escalation_policy_reference"}
        priority = self._priority(draft.priority)
        if priority is not None:
            incident["priority"] = {"id": priority, "type": "priority_reference"}
        try:
            created = self._rest.answer("POST", "/incidents", json={"incident": incident})["incident"]
        except Refusal as refusal:
            if not refusal.says("already exists"):
                raise
            # Whatever has become of it since, this key's page was raised.
            created = self._newest(draft.key, service=draft.service)
            if created is None:
                raise
        return PageRef(key=draft.key, id=str(created["id"]), url=created.get("html_url"))

    def _raise_by_events(self, draft: PageDraft, failure: IntegrationError) -> PageRef:
        assert self._events is not None
        try:
            with pagerduty_failures():
                self._events.trigger(
                    draft.title[:_TITLE_LIMIT],
                    "tierline",
                    dedup_key=draft.key,
                    severity=_SEVERITIES[draft.urgency],
                    custom_details={"details": draft.details},
                )
        except IntegrationError as second:
            # Where one of the two ways may work the next time, the caller comes again.
            raise (second if isinstance(failure, PermanentFailure) else failure) from None
        return PageRef(
            key=draft.key, via_events=True, why=f"paged through PagerDuty's Events API, since REST failed: {failure}"
        )

    def _all(self, path: str, name: str, params: dict[str, Any]) -> list[dict[str, Any]]:
        """Every entry of a list, page by page."""
        found: list[dict[str, Any]] = []
        for page in range(_MOST_PAGES):
            answer = self._rest.answer("GET", path, params={**params, "limit": _PAGE, "offset": page * _PAGE})
            found += answer[name]
            if not answer.get("more"):
                break
        return found

    def _newest(self, key: str, *, service: str | None = None) -> dict[str, Any] | None:
        params: dict[str, Any] = {"incident_key": key, "date_range": "all", "sort_by": "created_at:desc", "limit": 1}
        if service is not None:
            params["service_ids[]"] = [service]
        incidents: list[dict[str, Any]] = self._rest.answer("GET", "/incidents", params=params)["incidents"]
        return incidents[0] if incidents else None

    def _priority(self, name: str | None) -> str | None:
        """The id of a priority by its name; None where the account has no such priority, which must not stop a page."""
        if name is None:
            return None
        if self._priorities is None:
            try:
                listed = self._rest.answer("GET", "/priorities")["priorities"]
            except PermanentFailure as failure:
                if failure.status == 401:
                    raise
                listed = []
            self._priorities = {str(priority["name"]): str(priority["id"]) for priority in listed}
        return self._priorities.get(name)


def _snapshot(incident: dict[str, Any]) -> PageSnapshot:
    acknowledgements = sorted(incident.get("acknowledgements") or [], key=lambda given: str(given["at"]))
    return PageSnapshot(
        ref=PageRef(
            key=str(incident.get("incident_key") or incident["id"]),
            id=str(incident["id"]),
            url=incident.get("html_url"),
        ),
        status=PageStatus(incident["status"]),
        acknowledged_by=acknowledgements[-1]["acknowledger"]["summary"] if acknowledgements else None,
        assigned_to=tuple(given["assignee"]["summary"] for given in incident.get("assignments") or []),
    )


def _path_part(name: str) -> str:
    """An id as part of a path; anything else would reach another resource."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise PermanentFailure(SYSTEM, "an id holds letters and digits only; correct the policy")
    return name

"""PagerDuty behind the pager's Protocol."""

import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from domain.page_notes import note_marker, with_marker
from domain.paging import PAGE_KEYS, OnCall, OnCallGap, PageDraft, PageRef, PageSnapshot, PageStatus, Urgency
from integrations.checks import Check
from integrations.errors import IntegrationError, PermanentFailure, RateLimited
from integrations.pager import PagerNeeds, WebhookSubscription
from integrations.pagerduty import on_calls
from integrations.pagerduty.account_check import checks
from integrations.pagerduty.failures import SYSTEM, Refusal, pagerduty_failures
from integrations.pagerduty.incidents import event_of, incident_of, priority_reference, snapshot_of
from integrations.pagerduty.one_attempt import OneAttemptEvents, OneAttemptRest
from integrations.pagerduty.paths import path_part
from integrations.pagerduty.subscriptions import subscription_of

# So short that no webhook about it is cut off: its end is what we know it by.
_NOTE_LIMIT = 10_000
_PRIORITIES_KEPT_S = 600.0
_TICKET = re.compile(r"\bT-[0-9A-Z]{1,20}\b")

Json = dict[str, Any]


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
        self._priorities: tuple[float, dict[str, str]] | None = None

    # --- pages -----------------------------------------------------------------------------------------------------

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
            incident = self._rest.answer("GET", f"/incidents/{path_part(page_id)}")["incident"]
            return snapshot_of(incident, self._key_of_alert(incident))

    def update(self, page_id: str, *, priority: str | None, urgency: Urgency | None) -> None:
        """Change an open page's priority or urgency; a priority that the account lacks is left as it is."""
        with pagerduty_failures():
            known = self._priority(priority)
            changes: Json = {}
            if known is not None:
                changes["priority"] = priority_reference(known)
            if urgency is not None:
                changes["urgency"] = urgency.value
            if changes:
                self._change(page_id, changes)

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
            self._change(page_id, {"status": PageStatus.RESOLVED.value})

    def note(self, page_id: str, text: str, *, key: str, recheck: bool) -> None:
        """Write a note on the page, once: with ``recheck`` its notes are looked through for the marker first."""
        with pagerduty_failures():
            path = f"/incidents/{path_part(page_id)}/notes"
            if recheck:
                written = self._rest.answer("GET", path)["notes"]
                if any(str(note.get("content") or "").rstrip().endswith(note_marker(key)) for note in written):
                    return
            self._rest.answer("POST", path, json={"note": {"content": with_marker(text, key, _NOTE_LIMIT)}})

    def changed_since(self, since: datetime, services: Sequence[str]) -> list[PageSnapshot]:
        """Tierline's pages of these services that are open, or were resolved since then, oldest change first.

        PagerDuty cannot be asked for what changed: ``since`` and ``until`` are about when an incident began. So what is open is
        listed, whenever it began, and of what is resolved the newest until one is older: two requests where little happens.
        """
        if not services:
            return []
        with pagerduty_failures():
            anyhow = {"service_ids[]": [path_part(service) for service in services], "date_range": "all"}
            open_ = ["triggered", "acknowledged"]
            found = self._rest.listed("/incidents", "incidents", {**anyhow, "statuses[]": open_})
            ended = {**anyhow, "statuses[]": ["resolved"], "sort_by": "resolved_at:desc"}
            for page in self._rest.pages("/incidents", "incidents", ended):
                late = [incident for incident in page if _resolved_since(incident, since)]
                found += late
                if len(late) < len(page):
                    break
            # An incident that ended between the two lists stands in both: the later one is the truth.
            newest = {str(incident["id"]): incident for incident in found}
            pages = [snapshot_of(incident, self._key_of_alert(incident)) for incident in newest.values()]
        ours = [page for page in pages if page.ref.key.startswith(PAGE_KEYS)]
        return sorted(ours, key=lambda page: page.changed_at or page.status_since or since)

    # --- people ----------------------------------------------------------------------------------------------------

    def on_call(self, escalation_policy: str | None, *, service: str | None = None) -> list[OnCall]:
        """Who is on call now, first level first; of the service's own escalation policy where none is named."""
        if escalation_policy is None:
            if service is None:
                raise PermanentFailure(SYSTEM, "name a service or an escalation policy to ask who is on call")
            escalation_policy = self.policy_of(service)
        with pagerduty_failures():
            entries = self._rest.listed("/oncalls", "oncalls", {"escalation_policy_ids[]": [escalation_policy]})
            return on_calls.on_calls(entries)

    def gaps(self, escalation_policies: Sequence[str], start: datetime, end: datetime) -> list[OnCallGap]:
        """Times within ``[start, end)`` in which nobody is on call at the first level of one of them."""
        wanted = list(dict.fromkeys(escalation_policies))
        if not wanted or end <= start:
            return []
        with pagerduty_failures():
            params = {"escalation_policy_ids[]": wanted, "since": _written(start), "until": _written(end)}
            return list(on_calls.gaps(self._rest.listed("/oncalls", "oncalls", params), wanted, start, end))

    def policy_of(self, service: str) -> str:
        """The id of the service's own escalation policy."""
        with pagerduty_failures():
            read = self._rest.answer("GET", f"/services/{path_part(service)}")["service"]
            return str(read["escalation_policy"]["id"])

    # --- webhooks, and the account ---------------------------------------------------------------------------------

    def subscriptions(self) -> list[WebhookSubscription]:
        """The account's webhook subscriptions."""
        with pagerduty_failures():
            found = self._rest.listed("/webhook_subscriptions", "webhook_subscriptions", {})
            return [subscription_of(entry) for entry in found]

    def enable(self, subscription_id: str) -> None:
        """Enable a webhook subscription that PagerDuty has disabled."""
        with pagerduty_failures():
            self._rest.answer("POST", f"/webhook_subscriptions/{path_part(subscription_id)}/enable")

    def check(self, needs: PagerNeeds) -> list[Check]:
        """Try the key, the From address, and everything that the policy and the settings need of the account."""
        return list(checks(self, self._rest, self._from_email, needs))

    # --- one by one ------------------------------------------------------------------------------------------------

    def _raise_by_rest(self, draft: PageDraft) -> PageRef:
        incident = incident_of(draft, self._priority(draft.priority))
        try:
            created = self._rest.answer("POST", "/incidents", json={"incident": incident})["incident"]
        except Refusal as refusal:
            if not refusal.says("already exists"):
                raise
            # Whatever has become of it since, this key's page was raised.
            found = self._newest(draft.key, service=draft.service)
            if found is None:
                raise
            created = found
        return PageRef(key=draft.key, id=str(created["id"]), url=created.get("html_url"))

    def _raise_by_events(self, draft: PageDraft, failure: IntegrationError) -> PageRef:
        assert self._events is not None
        try:
            with pagerduty_failures():
                self._events.trigger(**event_of(draft))
        except IntegrationError as second:
            # Where one of the two ways may work the next time, the caller comes again.
            raise (second if isinstance(failure, PermanentFailure) else failure) from None
        return PageRef(
            key=draft.key, via_events=True, why=f"paged through PagerDuty's Events API, since REST failed: {failure}"
        )

    def _change(self, page_id: str, changes: Json) -> None:
        """Change an incident. One that is resolved takes no change, and needs none."""
        try:
            body = {"incident": {"type": "incident", **changes}}
            self._rest.answer("PUT", f"/incidents/{path_part(page_id)}", json=body)
        except Refusal as refusal:
            if not refusal.says("already resolved"):
                raise

    def _newest(self, key: str, *, service: str | None = None) -> Json | None:
        params: Json = {"incident_key": key, "date_range": "all", "sort_by": "created_at:desc", "limit": 1}
        if service is not None:
            params["service_ids[]"] = [service]
        incidents: list[Json] = self._rest.answer("GET", "/incidents", params=params)["incidents"]
        return incidents[0] if incidents else None

    def _key_of_alert(self, incident: Json) -> str | None:
        """The key of a page that an event raised: its incident has alerts and no key of its own, and the alert has the key.

        Other monitors' incidents have alerts too: only those that a ticket is named in cost a request.
        """
        if incident.get("incident_key") or not _TICKET.search(str(incident.get("title") or "")):
            return None
        # Grouping puts alerts of others into the same incident, before ours or after.
        pages = self._rest.pages(f"/incidents/{path_part(str(incident['id']))}/alerts", "alerts", {})
        keys = (str(alert.get("alert_key") or "") for page in pages for alert in page)
        return next((key for key in keys if key.startswith(PAGE_KEYS)), None)

    def _priority(self, name: str | None) -> str | None:
        """The id of a priority by its name; None where the account has no such priority, which must not stop a page."""
        if name is None:
            return None
        now = time.monotonic()
        if self._priorities is None or now > self._priorities[0] + _PRIORITIES_KEPT_S:
            try:
                listed = self._rest.answer("GET", "/priorities")["priorities"]
            except PermanentFailure as failure:
                if failure.status == 401:
                    raise
                listed = []
            self._priorities = (now, {str(one["name"]).casefold(): str(one["id"]) for one in reversed(listed)})
        return self._priorities[1].get(name.casefold())


def _resolved_since(incident: Json, since: datetime) -> bool:
    at = on_calls.instant(incident.get("resolved_at") or incident.get("last_status_change_at"))
    return at is None or at >= since


def _written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

"""The capability of a pager (PagerDuty)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.frozen import Frozen
from domain.page_rules import PageTarget
from domain.pager_watch import WebhookSubscription as WebhookSubscription
from domain.paging import OnCall, OnCallGap, PageDraft, PageRef, PageSnapshot, Urgency
from integrations.checks import Check


class PagerNeeds(Frozen):
    """What the policy and the settings need of the pager's account.

    ``targets`` are those whom pages wake, ``priorities`` the pager's own names of them, ``webhook_url`` where it is to send its
    webhooks to, ``start`` and ``end`` the time in which somebody must be on call; without them only the present is looked at.
    """

    targets: tuple[PageTarget, ...] = ()
    priorities: tuple[str, ...] = ()
    webhook_url: str | None = None
    start: datetime | None = None
    end: datetime | None = None


class Pager(Protocol):
    """Wakes people. Every method is one attempt, blocking, and raises ``integrations.errors``."""

    def raise_page(self, draft: PageDraft) -> PageRef:
        """Open the page, or find the open one with the same key: the pager itself refuses a second.

        When the REST API fails in a passing or permanent way, the Events API is tried in the same call where it is configured;
        ``PageRef.why`` then says why.
        """
        ...

    def fetch(self, page_id: str) -> PageSnapshot:
        """The truth about a page."""
        ...

    def update(self, page_id: str, *, priority: str | None, urgency: Urgency | None) -> None:
        """Change an open page's priority (the pager's own name of one) or urgency; what is None stays.

        A priority that the account does not have is left as it is, and a page that has ended meanwhile is left alone.
        """
        ...

    def resolve(self, *, page_key: str, page_id: str | None) -> None:
        """End the page; one that is resolved already is fine."""
        ...

    def note(self, page_id: str, text: str, *, key: str, recheck: bool) -> None:
        """Write a note on the page. It ends in a marker made of ``key``, by which it is found again and known as ours."""
        ...

    def on_call(self, escalation_policy: str | None, *, service: str | None = None) -> list[OnCall]:
        """Who is on call now, first level first; of the service's own escalation policy where none is named."""
        ...

    def gaps(self, escalation_policies: Sequence[str], start: datetime, end: datetime) -> list[OnCallGap]:
        """Times within ``[start, end)`` in which nobody is on call at the first level of one of them."""
        ...

    def changed_since(self, since: datetime, services: Sequence[str]) -> list[PageSnapshot]:
        """Tierline's pages of these services that are open, or were resolved since then, oldest change first."""
        ...

    def policy_of(self, service: str) -> str:
        """The id of the service's own escalation policy."""
        ...

    def subscriptions(self) -> list[WebhookSubscription]:
        """The account's webhook subscriptions."""
        ...

    def enable(self, subscription_id: str) -> None:
        """Enable a webhook subscription that the pager has disabled."""
        ...

    def check(self, needs: PagerNeeds) -> list[Check]:
        """Try credentials, the From address and everything that is needed, and that somebody is on call."""
        ...

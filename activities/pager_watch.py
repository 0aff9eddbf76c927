"""Effects of the watch over PagerDuty: reading pages, webhook subscriptions and schedules; and who is on call now."""

from datetime import datetime

from temporalio import activity

from activities.failures import classified, not_configured
from domain.frozen import Frozen
from domain.messages import Delivery
from domain.page_rules import PageTarget
from domain.pager_watch import OnCallLook, WebhookSubscription, found
from domain.paging import OnCall
from integrations.errors import PermanentFailure
from integrations.pager import Pager

_CREDENTIALS = frozenset({401, 403})


class ChangedPagesInput(Frozen):
    """Which pages: those of these services whose status changed since then, as far as it is settled ``now``."""

    services: tuple[str, ...]
    since: datetime
    now: datetime


class GapsInput(Frozen):
    """Whose schedules are looked at, and from when to when."""

    targets: tuple[PageTarget, ...]
    start: datetime
    end: datetime


class EnableInput(Frozen):
    """A webhook subscription that is to be enabled."""

    subscription: str


class PagerWatchActivities:
    """Looks after PagerDuty. It changes nothing there but a subscription that PagerDuty has disabled."""

    def __init__(self, pager: Pager | None) -> None:
        self._client = pager

    @activity.defn(name="pagerduty_watch_changed")
    def changed(self, wanted: ChangedPagesInput) -> list[Delivery]:
        """What tickets are to be told, oldest change first."""
        with classified():
            pages = self._pager().changed_since(wanted.since, wanted.services)
        return found(pages, wanted.since, wanted.now)

    @activity.defn(name="pagerduty_watch_subscriptions")
    def subscriptions(self) -> list[WebhookSubscription]:
        """The account's webhook subscriptions."""
        with classified():
            return self._pager().subscriptions()

    @activity.defn(name="pagerduty_watch_enable")
    def enable(self, wanted: EnableInput) -> None:
        """Enable a subscription; one that is enabled already stays so."""
        with classified():
            self._pager().enable(wanted.subscription)

    @activity.defn(name="pagerduty_watch_gaps")
    def gaps(self, wanted: GapsInput) -> OnCallLook:
        """When nobody is on call. A service that is not there is named, and hides nothing of the others."""
        policies: list[str] = []
        unknown: dict[str, str] = {}
        with classified():
            pager = self._pager()
            for target in wanted.targets:
                try:
                    policies.append(target.escalation_policy or pager.policy_of(target.service))
                except PermanentFailure as failure:
                    if failure.status in _CREDENTIALS:
                        raise
                    unknown[target.service] = str(failure)
            gaps = pager.gaps(list(dict.fromkeys(policies)), wanted.start, wanted.end)
        return OnCallLook(gaps=tuple(gaps), unknown=unknown)

    @activity.defn(name="pagerduty_on_call")
    def on_call(self, target: PageTarget) -> list[OnCall]:
        """Who a page to this target would wake now, first level first."""
        with classified():
            return self._pager().on_call(target.escalation_policy, service=target.service)

    def _pager(self) -> Pager:
        if self._client is None:
            raise not_configured("PagerDuty", "TIERLINE_PAGERDUTY__API_KEY")
        return self._client

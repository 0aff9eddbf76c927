"""Effects in PagerDuty."""

from temporalio import activity

from activities.failures import classified, not_configured
from domain.frozen import Frozen
from domain.paging import PageDraft, PageRef
from integrations.pager import Pager


class RaisePageInput(Frozen):
    """A page to be raised; its key makes it happen once."""

    draft: PageDraft


class ResolvePageInput(Frozen):
    """A page that is no longer needed."""

    page_key: str
    page_id: str | None = None


class PagerDutyActivities:
    """Wakes people."""

    def __init__(self, pager: Pager | None) -> None:
        self._client = pager

    @activity.defn(name="pagerduty_raise_page")
    def raise_page(self, page: RaisePageInput) -> PageRef:
        """Raise a page, or find the open one with its key."""
        with classified():
            return self._pager().raise_page(page.draft)

    @activity.defn(name="pagerduty_resolve_page")
    def resolve_page(self, page: ResolvePageInput) -> None:
        """End a page."""
        with classified():
            self._pager().resolve(page_key=page.page_key, page_id=page.page_id)

    def _pager(self) -> Pager:
        if self._client is None:
            raise not_configured("PagerDuty", "TIERLINE_PAGERDUTY__API_KEY")
        return self._client

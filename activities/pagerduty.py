"""Effects in PagerDuty."""

from urllib.parse import quote

from temporalio import activity

from activities.failures import classified, not_configured, repeated
from domain.frozen import Frozen
from domain.paging import PageDraft, PageRef, Urgency, ticket_of_page
from integrations.pager import Pager


class RaisePageInput(Frozen):
    """A page to be raised; its key makes it happen once."""

    draft: PageDraft


class ResolvePageInput(Frozen):
    """A page that is no longer needed."""

    page_key: str
    page_id: str | None = None


class UpdatePageInput(Frozen):
    """A page that is to be graver than it is; what is None stays."""

    page_id: str
    priority: str | None = None
    urgency: Urgency | None = None


class NotePageInput(Frozen):
    """A note for whoever was woken; its key makes it happen once."""

    key: str
    page_id: str
    text: str
    recheck: bool = False


class PagerDutyActivities:
    """Wakes people. ``ui_url`` is the Temporal UI's address of the namespace's workflows, for a link on each page."""

    def __init__(self, pager: Pager | None, *, ui_url: str | None = None) -> None:
        self._client = pager
        self._ui_url = ui_url

    @activity.defn(name="pagerduty_raise_page")
    def raise_page(self, page: RaisePageInput) -> PageRef:
        """Raise a page, or find the open one with its key."""
        with classified():
            return self._pager().raise_page(self._with_link(page.draft))

    @activity.defn(name="pagerduty_resolve_page")
    def resolve_page(self, page: ResolvePageInput) -> None:
        """End a page."""
        with classified():
            self._pager().resolve(page_key=page.page_key, page_id=page.page_id)

    @activity.defn(name="pagerduty_update_page")
    def update_page(self, page: UpdatePageInput) -> None:
        """Change a page's priority or urgency; done twice it is the same."""
        with classified():
            self._pager().update(page.page_id, priority=page.priority, urgency=page.urgency)

    @activity.defn(name="pagerduty_note_page")
    def note_page(self, note: NotePageInput) -> None:
        """Write a note on a page."""
        with classified():
            self._pager().note(note.page_id, note.text, key=note.key, recheck=repeated(note.recheck))

    def _with_link(self, draft: PageDraft) -> PageDraft:
        ticket_id = ticket_of_page(draft.key)
        if self._ui_url is None or ticket_id is None:
            return draft
        workflow = f"{self._ui_url}/{quote(f'ticket/{ticket_id}', safe='')}"
        return draft.model_copy(update={"facts": draft.facts | {"Workflow": workflow}})

    def _pager(self) -> Pager:
        if self._client is None:
            raise not_configured("PagerDuty", "TIERLINE_PAGERDUTY__API_KEY")
        return self._client

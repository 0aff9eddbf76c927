"""What came of a page that was wanted: the pager has it, another ticket's serves, or nobody can be woken by it."""

from domain import page_chain, page_news, shared_pages
from domain.messages import PageChanged, PageServed
from domain.paging import PageEvent, PageRef, PageStatus
from domain.telling import tell_lead
from domain.turn import Turn


def raised(turn: Turn, ref: PageRef) -> None:
    """The pager has the page that this ticket had raised."""
    page = turn.ticket.page(ref.key)
    if page is None:
        return
    updates = {"id": ref.id or page.id, "url": ref.url or page.url, "via_events": ref.via_events, "why": ref.why}
    # The webhook of an acknowledgement may have been quicker than the answer to our own call.
    turn.set_page(page.model_copy(update=updates | {"status": page.status or PageStatus.TRIGGERED}))
    _say_that_somebody_is_paged(turn, ref)
    shared_pages.offer(turn)


def served(turn: Turn, serving: PageServed) -> None:
    """A page of the engineering issue serves this ticket: one that was raised for it, or one that is out already."""
    page = turn.ticket.page(serving.page_key)
    if page is None:
        return
    if not shared_pages.served(turn, serving):
        if page.id is None and not page.via_events:
            _say_that_somebody_is_paged(turn, serving.ref)
        return
    if serving.status is not PageStatus.TRIGGERED:
        found = PageChanged(
            page_key=serving.page_key,
            event=PageEvent.FOUND,
            status=serving.status,
            by=serving.acknowledged_by,
        )
        page_news.page_changed(turn, found)


def could_not_raise(turn: Turn, page_key: str, error: str) -> None:
    """The pager refuses it for good: the lead is told, and the chain behind the pager begins."""
    page = turn.ticket.page(page_key)
    if page is None:
        return
    turn.set_page(page.model_copy(update={"failed": error}))
    turn.say(f"Nobody could be paged: {error}")
    if page.status is PageStatus.RESOLVED:
        # The need was over before the pager answered.
        return
    tell_lead(turn, f"{turn.ticket.id}: nobody could be paged ({error}). Call the on-call yourself")
    page_chain.page_failed(turn, page_key)


def _say_that_somebody_is_paged(turn: Turn, ref: PageRef) -> None:
    turn.say("Paged the on-call" + (f" through the Events API: {ref.why}" if ref.via_events else ""))
    if "slack" in turn.ticket.lanes:
        turn.say("Slack was late; the page went out through PagerDuty all the same", thread=False)

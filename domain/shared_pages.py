"""A ticket's part in a page that it shares with other tickets of the same engineering issue (the issue's part: ``issue_pages``)."""

from collections.abc import Callable

from domain.intents import PageWithIssue, RaisePage, ResolvePage
from domain.issue_pages import PageOffered, PageReleased, PageWanted
from domain.issues import IssueCategory, IssueRef
from domain.messages import PageChanged, PageServed
from domain.paging import PageDraft, PageRef, PageStatus
from domain.ticket import Page, Ticket
from domain.turn import Turn


def have_raised(turn: Turn, draft: PageDraft, *, instead_of: Page | None = None) -> None:
    """Have the page raised; where the ticket is on an issue, by that, so that one page serves all who need it.

    ``instead_of`` is a page that served the ticket and is worth no more, also where others still need it.
    """
    ref = _issue(turn.ticket)
    if ref is None:
        turn.intend(lambda key: RaisePage(key=key, draft=draft))
        return
    page = turn.ticket.page(draft.key)
    assert page is not None  # it was wanted just now
    turn.set_page(page.model_copy(update={"shared": ref}))
    ticket = turn.ticket
    _tell(
        turn,
        ref,
        lambda key: PageWanted(
            id=key,
            ticket_id=ticket.id,
            severity=ticket.priority,
            draft=draft,
            instead_of=_incident_key(instead_of) if instead_of is not None else None,
        ),
    )


def have_ended(turn: Turn, page: Page) -> None:
    """This ticket needs the page no longer: it ends, unless another ticket of the issue needs it."""
    ref = page.shared
    if ref is None:
        turn.intend(lambda key: ResolvePage(key=key, page_key=page.key, page_id=page.id))
        return
    ticket_id = turn.ticket.id
    _tell(turn, ref, lambda key: PageReleased(id=key, ticket_id=ticket_id, page_key=page.key))


def offer(turn: Turn, change: PageChanged | None = None) -> None:
    """Let the issue know the ticket's own open page, and the news of it: it may serve other tickets, which hear them too."""
    page, ref = turn.ticket.pages[-1] if turn.ticket.pages else None, _issue(turn.ticket)
    if change is not None:
        page = turn.ticket.page(change.page_key)
    if page is None or page.served_by is not None or (page.id is None and not page.via_events):
        return
    ref = page.shared or ref
    if ref is None or (change is None and not page.is_open):
        return
    if page.shared is None:
        page = page.model_copy(update={"shared": ref})
        turn.set_page(page)
    status, holder = page.status or PageStatus.TRIGGERED, page.acknowledged_by
    _tell(turn, ref, _offered(turn.ticket, page, change, status=status, acknowledged_by=holder))


def pass_on(turn: Turn, page: Page, change: PageChanged, status: PageStatus | None) -> None:
    """Let the issue know news of a page that the pager told this ticket, and that moves others: it serves the ticket no more, or it is
    another ticket's, which is closed.

    ``status`` is what the news says of the page's status.
    """
    if page.shared is None:
        return
    holder = change.by if status is PageStatus.ACKNOWLEDGED else None
    _tell(
        turn,
        page.shared,
        _offered(turn.ticket, page, change, status=status, acknowledged_by=holder, needed=False),
    )


def issue_is_gone(turn: Turn, ref: IssueRef) -> bool:
    """The issue is there no more: the ticket's own pages are its own again. Returns whether it loses one that another ticket had raised."""
    lost = False
    for page in turn.ticket.pages:
        if page.shared is None or (page.shared.tracker, page.shared.id) != (ref.tracker, ref.id):
            continue
        alone: dict[str, object] = {"shared": None}
        if page.served_by is not None and page.is_open:
            lost = True
            alone |= {"status": PageStatus.RESOLVED, "ended": True}
        turn.set_page(page.model_copy(update=alone))
    return lost


def issue_is_left(turn: Turn, ref: IssueRef) -> bool:
    """The ticket goes on with another issue, and this one ends its need for the pages that they share.

    Returns whether one is over by that which nobody had acknowledged yet.
    """
    lost = False
    for page in turn.ticket.pages:
        if page.shared is None or (page.shared.tracker, page.shared.id) != (ref.tracker, ref.id):
            continue
        alone: dict[str, object] = {"shared": None}
        if page.is_open:
            lost = lost or page.status is not PageStatus.ACKNOWLEDGED
            alone |= {"status": PageStatus.RESOLVED, "ended": True}
        turn.set_page(page.model_copy(update=alone))
    return lost


def served(turn: Turn, serving: PageServed) -> bool:
    """A page of the issue serves this ticket. Returns whether it is one that another ticket had raised."""
    page = turn.ticket.page(serving.page_key)
    if page is None:
        return False
    joined = serving.ref.key != page.key
    turn.set_page(
        page.model_copy(
            update={
                "id": serving.ref.id or page.id,
                "url": serving.ref.url or page.url,
                "via_events": serving.ref.via_events,
                "why": serving.ref.why,
                "served_by": serving.ref.key if joined else None,
                "status": page.status or PageStatus.TRIGGERED,
            }
        )
    )
    if joined:
        others = ", ".join(serving.shared_with)
        turn.say(
            f"Joined the page that is out for the same issue{f' (with {others})' if others else ''}: nobody is woken anew"
        )
    return joined


def _offered(
    ticket: Ticket,
    page: Page,
    change: PageChanged | None,
    *,
    status: PageStatus | None,
    acknowledged_by: str | None,
    needed: bool = True,
) -> Callable[[str], PageOffered]:
    """What the issue is told of a page, once its id is known."""
    return lambda key: PageOffered(
        id=key,
        ticket_id=ticket.id,
        severity=ticket.priority,
        urgency=page.urgency,
        ref=PageRef(key=_incident_key(page), id=page.id, url=page.url, via_events=page.via_events),
        status=status,
        acknowledged_by=acknowledged_by,
        change=change,
        needed=needed,
    )


def _tell(turn: Turn, ref: IssueRef, word: Callable[[str], PageWanted | PageOffered | PageReleased]) -> None:
    """Tell the issue's workflow; the word has the intent's key as its id."""
    turn.intend(lambda key: PageWithIssue(key=key, ref=ref, word=word(key)))


def _incident_key(page: Page) -> str:
    """By which the pager knows it."""
    return page.served_by or page.key


def _issue(ticket: Ticket) -> IssueRef | None:
    """The issue on which engineers work for the ticket: the first that is not done."""
    return next((issue.ref for issue in ticket.issues if issue.category is not IssueCategory.DONE), None)

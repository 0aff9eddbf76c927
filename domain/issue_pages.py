"""The pages of one engineering issue: one page serves every ticket on it that needs somebody, and ends with the last need.

Whoever sleeps is woken once for a bug, however many customers report it. A page keeps the ``incident_key`` of the ticket that wanted it
first, whose workflow hears of it from the pager; that ticket tells the issue, and the issue tells the others.
"""

import base64
import itertools
import json
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainSerializer

from domain.frozen import Frozen
from domain.messages import PageChanged, PageRefused, PageServed
from domain.paging import PageDraft, PageEvent, PageRef, PageStatus, Urgency
from domain.texts import Key, LongText, Name
from domain.tiers import Priority

READABLE = 50
"""Up to this many needs of a page are written so that a person can read them."""


class PageWanted(Frozen):
    """A ticket on the issue needs somebody: it joins the page that is out, or has this one raised.

    ``instead_of`` is the ``incident_key`` of a page that served it and is worth no more: only a page that was raised later serves it.
    """

    kind: Literal["page_wanted"] = "page_wanted"
    id: Key
    ticket_id: Key
    severity: Priority
    draft: PageDraft
    instead_of: Key | None = None


class PageOffered(Frozen):
    """A ticket tells of a page that it hears of from the pager: one that it raised itself, and every news of it (``change``).

    ``needed`` is False where it passes on news of a page that serves others alone, or that another ticket had raised; ``status`` is then
    what the news says of it, None where that is nothing.
    """

    kind: Literal["page_offered"] = "page_offered"
    id: Key
    ticket_id: Key
    severity: Priority
    urgency: Urgency
    ref: PageRef
    status: PageStatus | None
    acknowledged_by: Name | None = None
    change: PageChanged | None = None
    needed: bool = True


class PageReleased(Frozen):
    """A ticket needs nobody any more. ``page_key`` is the ticket's own key of the page."""

    kind: Literal["page_released"] = "page_released"
    id: Key
    ticket_id: Key
    page_key: Key


class PageNeed(Frozen):
    """A ticket that a page serves, and the key by which the ticket calls that page."""

    ticket_id: Key
    page_key: Key


def _written(needs: tuple[PageNeed, ...]) -> object:
    """Readable while there are few; of thousands, packed: a state must not outgrow a payload."""
    if len(needs) <= READABLE:
        return [need.model_dump() for need in needs]
    pairs = json.dumps([(need.ticket_id, need.page_key) for need in needs], separators=(",", ":"))
    return base64.b85encode(zlib.compress(pairs.encode(), 9)).decode("ascii")


def _read(written: object) -> object:
    if not isinstance(written, str):
        return written
    try:
        pairs = json.loads(zlib.decompress(base64.b85decode(written)))
    except zlib.error as error:
        raise ValueError("these are no needs of a page") from error
    return [PageNeed(ticket_id=ticket_id, page_key=page_key) for ticket_id, page_key in pairs]


Needs = Annotated[tuple[PageNeed, ...], PlainSerializer(_written), BeforeValidator(_read)]
"""Needs that may be thousands."""


class IssuePage(Frozen):
    """A page that serves tickets of the issue. ``ref`` is without an id until the pager has it; what it is to be raised to by
    then is ``higher_priority`` and ``higher_urgency``. ``told_at`` is the pager's time of the last word on its status.
    """

    ref: PageRef
    severity: Priority
    urgency: Urgency
    status: PageStatus = PageStatus.TRIGGERED
    acknowledged_by: Name | None = None
    needs: Needs = ()
    higher_priority: Name | None = None
    higher_urgency: Urgency | None = None
    told_at: datetime | None = None

    @property
    def key(self) -> str:
        """Its ``incident_key``."""
        return self.ref.key

    @property
    def is_open(self) -> bool:
        """Whether it can serve another ticket."""
        return self.status is not PageStatus.RESOLVED


class RaiseIssuePage(Frozen):
    """Wake the on-call for a ticket of the issue."""

    kind: Literal["raise_issue_page"] = "raise_issue_page"
    key: Key
    severity: Priority
    draft: PageDraft


class ChangeIssuePage(Frozen):
    """Give an open page a higher priority and urgency. ``priority`` is the pager's own name of one."""

    kind: Literal["change_issue_page"] = "change_issue_page"
    key: Key
    page_id: Key
    priority: Name | None
    urgency: Urgency | None


class NoteIssuePage(Frozen):
    """Tell whoever has the page which tickets need it."""

    kind: Literal["note_issue_page"] = "note_issue_page"
    key: Key
    page_id: Key
    text: LongText


class EndIssuePage(Frozen):
    """Nobody needs the page any more."""

    kind: Literal["end_issue_page"] = "end_issue_page"
    key: Key
    page_key: Key
    page_id: Key | None


class AnswerNeed(Frozen):
    """Tell a ticket about the page that serves it."""

    kind: Literal["answer_need"] = "answer_need"
    key: Key
    ticket_id: Key
    body: PageChanged | PageServed | PageRefused


PageIntent = RaiseIssuePage | ChangeIssuePage | NoteIssuePage | EndIssuePage | AnswerNeed
PageMessage = Annotated[PageWanted | PageOffered | PageReleased, Field(discriminator="kind")]
Pages = tuple[IssuePage, ...]
REMEMBERED_PAGES = 20
"""Pages that are over and kept, so that late news of them finds nothing to do."""


def want(pages: Pages, want: PageWanted) -> tuple[Pages, list[PageIntent]]:
    """A need: the newest page that is open serves it, else one is raised.

    A page that is to be replaced serves it no more: its other tickets keep it until they need nobody, or come for another one, too.
    """
    if _of_need(pages, want.draft.key) is not None:
        return pages, []
    need = PageNeed(ticket_id=want.ticket_id, page_key=want.draft.key)
    serving = _serving(pages, want.instead_of)
    if serving is None:
        page = IssuePage(
            ref=PageRef(key=want.draft.key), severity=want.severity, urgency=want.draft.urgency, needs=(need,)
        )
        return _kept((*pages, page)), [RaiseIssuePage(key="", severity=want.severity, draft=want.draft)]
    joined = serving.model_copy(update={"needs": (*serving.needs, need)})
    graver = _rank(want.severity) < _rank(serving.severity)
    louder = want.draft.urgency is Urgency.HIGH and serving.urgency is Urgency.LOW
    if graver:
        joined = joined.model_copy(update={"severity": want.severity, "higher_priority": want.draft.priority})
    if louder:
        joined = joined.model_copy(update={"urgency": want.draft.urgency, "higher_urgency": want.draft.urgency})
    return _replaced(pages, joined), [
        *_changed(joined, want, graver=graver, louder=louder),
        *_noted(joined, f"{want.ticket_id} needs the same: {want.draft.title}. {_tickets(joined)}"),
        *_served(joined, [need]),
    ]


def offer(pages: Pages, offer: PageOffered) -> tuple[Pages, list[PageIntent]]:
    """A ticket raised a page by itself, or heard of one: the other tickets that it serves hear of it."""
    page = next((page for page in pages if page.key == offer.ref.key), None)
    if page is None:
        if not offer.needed or offer.status is None:
            return pages, []
        need = PageNeed(ticket_id=offer.ticket_id, page_key=offer.ref.key)
        new = IssuePage(
            ref=offer.ref,
            severity=offer.severity,
            urgency=offer.urgency,
            status=offer.status,
            acknowledged_by=offer.acknowledged_by,
            needs=(need,),
        )
        return (_kept((*pages, new)), []) if new.is_open else (pages, [])
    known = {"id": offer.ref.id or page.ref.id, "url": offer.ref.url or page.ref.url}
    now = page.model_copy(update={"ref": page.ref.model_copy(update=known), **_status_told(page, offer)})
    change = offer.change
    late = _made_up_for(now) if page.ref.id is None else []
    if change is None:
        return _replaced(pages, now), late
    told: list[PageIntent] = [
        AnswerNeed(key="", ticket_id=need.ticket_id, body=change.model_copy(update={"page_key": need.page_key}))
        for need in page.needs
        if need.ticket_id != offer.ticket_id
    ]
    return _replaced(pages, now), [*late, *told]


def _status_told(page: IssuePage, offer: PageOffered) -> dict[str, object]:
    """What an offer changes of the page's status. Of news that come in another order the last word counts, by the pager's own clock."""
    at = offer.change.at if offer.change is not None else None
    if offer.status is None or (at is not None and page.told_at is not None and at < page.told_at):
        return {}
    reopens = offer.change is not None and offer.change.event is PageEvent.REOPENED
    if not offer.needed and not page.is_open and not reopens:
        # Late news of a page that is over: it must not seem to be out, or the next ticket would join it, and wake nobody.
        return {}
    return {"status": offer.status, "acknowledged_by": offer.acknowledged_by, "told_at": at or page.told_at}


def release(pages: Pages, ticket_id: str, page_key: str | None = None) -> tuple[Pages, list[PageIntent]]:
    """A need is over (all of a ticket's, without a key): the last one ends the page."""
    intents: list[PageIntent] = []
    for page in pages:
        left = tuple(n for n in page.needs if n.ticket_id != ticket_id or page_key not in (None, n.page_key))
        if left == page.needs:
            continue
        after = page.model_copy(update={"needs": left})
        if not left and page.is_open:
            after = after.model_copy(update={"status": PageStatus.RESOLVED})
            intents.append(EndIssuePage(key="", page_key=page.key, page_id=page.ref.id))
        elif page.is_open:
            intents += _noted(after, f"{ticket_id} needs nobody any more. {_tickets(after)}")
        pages = _replaced(pages, after)
    return pages, intents


def raised(pages: Pages, ref: PageRef) -> tuple[Pages, list[PageIntent]]:
    """The pager has the page: all whom it serves know it now."""
    page = next((page for page in pages if page.key == ref.key), None)
    if page is None:
        return pages, []
    known = page.model_copy(update={"ref": ref})
    if not known.is_open:
        # The need was over before the pager answered.
        return _replaced(pages, known), [EndIssuePage(key="", page_key=ref.key, page_id=ref.id)]
    return _replaced(pages, known), [*_made_up_for(known), *_served(known, known.needs)]


def failed(pages: Pages, page_key: str, error: str) -> tuple[Pages, list[PageIntent]]:
    """The pager refused the page for good: all whom it was to serve know it, and the next need tries anew."""
    page = next((page for page in pages if page.key == page_key), None)
    if page is None:
        return pages, []
    told: list[PageIntent] = [
        AnswerNeed(key="", ticket_id=need.ticket_id, body=PageRefused(page_key=need.page_key, error=error))
        for need in page.needs
    ]
    return tuple(one for one in pages if one.key != page_key), told


def _of_need(pages: Pages, page_key: str) -> IssuePage | None:
    return next((page for page in pages if any(need.page_key == page_key for need in page.needs)), None)


def _serving(pages: Pages, instead_of: str | None) -> IssuePage | None:
    """The newest page that is open, and was raised after the one that is to be replaced."""
    newer = itertools.takewhile(lambda page: page.key != instead_of, reversed(pages))
    return next((page for page in newer if page.is_open), None)


def _served(page: IssuePage, needs: Sequence[PageNeed]) -> list[PageIntent]:
    if page.ref.id is None and not page.ref.via_events:
        # All are told once the pager has it.
        return []
    return [
        AnswerNeed(
            key="",
            ticket_id=need.ticket_id,
            body=PageServed(
                page_key=need.page_key,
                ref=page.ref,
                status=page.status,
                acknowledged_by=page.acknowledged_by,
                shared_with=tuple(
                    itertools.islice((n.ticket_id for n in page.needs if n.ticket_id != need.ticket_id), _NAMED)
                ),
            ),
        )
        for need in needs
    ]


def _changed(page: IssuePage, want: PageWanted, *, graver: bool, louder: bool) -> list[PageIntent]:
    if page.ref.id is None or not (graver or louder):
        return []
    priority = want.draft.priority if graver else None
    return [
        ChangeIssuePage(key="", page_id=page.ref.id, priority=priority, urgency=want.draft.urgency if louder else None)
    ]


def _made_up_for(page: IssuePage) -> list[PageIntent]:
    """What a graver ticket asked for while the pager had not answered yet."""
    if page.ref.id is None or (page.higher_priority is None and page.higher_urgency is None):
        return []
    return [
        ChangeIssuePage(key="", page_id=page.ref.id, priority=page.higher_priority, urgency=page.higher_urgency),
    ]


def _noted(page: IssuePage, text: str) -> list[PageIntent]:
    return [NoteIssuePage(key="", page_id=page.ref.id, text=text)] if page.ref.id is not None else []


def _tickets(page: IssuePage) -> str:
    names = [need.ticket_id for need in page.needs]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"It is for {', '.join(names[:_NAMED])}{more}."


def _replaced(pages: Pages, page: IssuePage) -> Pages:
    return tuple(page if old.key == page.key else old for old in pages)


def _kept(pages: Pages) -> Pages:
    over = [page for page in pages if not page.is_open]
    dropped = {page.key for page in over[: max(0, len(over) - REMEMBERED_PAGES)]}
    return tuple(page for page in pages if page.key not in dropped)


def _rank(priority: Priority) -> int:
    return list(Priority).index(priority)


_NAMED = 10

"""Pages: when somebody is woken for a ticket, and when the need for it is over. One need, one page."""

from domain import clock_changes, shared_pages
from domain.engineering_issue import safe_text
from domain.intents import NotePage, UpdatePage
from domain.maintenance import MaintenanceWindow, window_at
from domain.page_draft import draft_page, is_out_of_hours, priority_name, urgency_of
from domain.page_rules import PageRules
from domain.paging import PageStatus, PageWord, Urgency, page_key
from domain.people import Actor, ActorKind
from domain.policy import ClockKind
from domain.telling import tell_channel, tell_lead, tier_name
from domain.ticket import Page, Ticket, TicketStatus
from domain.tiers import Priority
from domain.turn import Turn

MOST_PAGES = 50
"""Pages that a ticket carries: one that nobody works on is paged for again and again, for weeks, and has to stay below 2 MiB."""
PAGES_WITH_NEWS = 3
"""Of so many of them, the newest, the news that were heard are kept."""


def maintenance(turn: Turn) -> MaintenanceWindow | None:
    """The maintenance window that is on for this ticket, or None."""
    ticket = turn.ticket
    return window_at(ticket.policy.maintenance, turn.at, product=ticket.product, component=ticket.component)


def rules_of_pages(ticket: Ticket) -> PageRules | None:
    """Whom a page for the ticket wakes where it is now; None where the policy names nobody."""
    rules = ticket.policy.tiers.get(ticket.tier)
    return rules.of_team(ticket.stint.team).page if rules is not None else None


# --- the need ------------------------------------------------------------------------------------------------------


def raise_page(turn: Turn, reason: str, *, instead_of: Page | None = None) -> None:
    """Wake the on-call of the tier, unless the need is served already, or nobody is to be woken now.

    ``instead_of`` is the page that is worth no more, which must not serve the ticket again through another ticket that needs it still.
    """
    ticket, rules = turn.ticket, rules_of_pages(turn.ticket)
    if rules is None:
        turn.say(f"Nobody was paged: the policy names nobody to page for {ticket.tier.value}")
        tell_lead(turn, f"{ticket.id}: a page was due, but the policy names nobody to page for {ticket.tier.value}")
        return
    if page_that_serves(turn) is not None or _is_held_back(turn, reason):
        return
    key = page_key(ticket.id, ticket.pages_wanted + 1)
    draft = draft_page(ticket, rules, key=key, tier=tier_name(turn, ticket.tier), reason=reason, at=turn.at)
    page = Page(
        key=key,
        stint=ticket.stint.number,
        wanted_at=turn.at,
        chain_from=turn.at,
        urgency=draft.urgency,
        priority=draft.priority,
        out_of_hours=is_out_of_hours(ticket.policy, ticket.tier, rules, turn.at),
    )
    turn.set(
        pages=_carried((*ticket.pages, page)),
        pages_dropped=max(ticket.pages_dropped, ticket.pages_wanted + 1 - MOST_PAGES),
    )
    shared_pages.have_raised(turn, draft, instead_of=instead_of)


def _carried(all_pages: tuple[Page, ...]) -> tuple[Page, ...]:
    """The newest pages. What the pager tells twice, it tells twice soon: of older ones that is no longer kept apart."""
    newest = all_pages[-MOST_PAGES:]
    older, latest = newest[:-PAGES_WITH_NEWS], newest[-PAGES_WITH_NEWS:]
    return (*(page.model_copy(update={"heard": ()}) if page.heard else page for page in older), *latest)


def page_that_serves(turn: Turn) -> Page | None:
    """The page that serves the ticket's need already, so that no other is to be raised; None where one is needed."""
    return turn.ticket.open_page


def _is_held_back(turn: Turn, reason: str) -> bool:
    """Whether nobody is to be woken now, which is told instead.

    What falls into a snooze does not come here: ladders, and the chain behind the pager, hold it back. What a person asks for in one is done.
    """
    ticket = turn.ticket
    if ticket.stint.accepted_by is not None:
        turn.say(f"Nobody was paged: {ticket.stint.accepted_by.name} has the ticket")
        return True
    window = maintenance(turn)
    if window is not None:
        turn.say(f"Nobody was paged: maintenance “{window.name}” is on")
        tell_channel(turn, f"{ticket.id}: nobody is paged, since maintenance “{window.name}” is on: {reason}")
        return True
    return False


# --- the page that is out ------------------------------------------------------------------------------------------


def serves_now(ticket: Ticket, page: Page) -> bool:
    """Whether what happens to the page moves the ticket: it is the latest one, for the stint that is on."""
    return ticket.status is TicketStatus.OPEN and page.stint == ticket.stint.number and ticket.pages[-1].key == page.key


def resolve_page(turn: Turn) -> None:
    """End the open page: the need for it is over."""
    page = turn.ticket.open_page
    if page is None:
        return
    turn.set_page(page.model_copy(update={"status": PageStatus.RESOLVED, "ended": True}))
    shared_pages.have_ended(turn, page)


def end_acknowledged_page(turn: Turn) -> None:
    """The ticket is to be taken anew: who woke up for it has done their part, and the next need may wake somebody again."""
    page = turn.ticket.open_page
    if page is not None and page.status is PageStatus.ACKNOWLEDGED:
        resolve_page(turn)


def ticket_is_taken(turn: Turn, by: Actor) -> None:
    """Acknowledged anywhere is acknowledged everywhere: the pager would go on waking people (oncall 4760)."""
    page = turn.ticket.open_page
    if page is not None and page.status is not PageStatus.ACKNOWLEDGED:
        turn.say(f"The page is ended: {by.name} has the ticket", thread=False)
        resolve_page(turn)


def take_back(turn: Turn, page: Page) -> None:
    """Nobody acknowledges the page any more: who had the ticket by that alone has it no longer, and the time to take it runs on."""
    owner = turn.ticket.stint.accepted_by
    if not page.took:
        return
    turn.set_page(page.model_copy(update={"took": False}))
    if owner is None or owner.kind is not ActorKind.PAGERDUTY:
        return
    turn.set_stint(accepted_at=None, accepted_by=None)
    clock_changes.run_again(turn, ClockKind.HANDOFF)
    turn.say(f"{owner.name} no longer has the ticket: somebody is to take it")


def note_on_page(turn: Turn, text: str) -> None:
    """Have whoever was woken read something, on the page that is out."""
    page = turn.ticket.open_page
    if page is None:
        return
    safe = safe_text(turn.ticket, text)
    turn.intend(lambda key: NotePage(key=key, page_key=page.key, text=safe))


def somebody_acted(turn: Turn) -> None:
    """Somebody did something on the ticket: whoever acknowledged its page has until so much later before the next is paged."""
    page = turn.ticket.open_page
    if page is not None and page.acted_at is not None and page.acted_at < turn.at:
        turn.set_page(page.model_copy(update={"acted_at": turn.at}))


def priority_changed(turn: Turn, before: Priority) -> None:
    """A ticket that became graver raises its page; one that became less grave leaves it as it is."""
    ticket, page, rules = turn.ticket, turn.ticket.open_page, rules_of_pages(turn.ticket)
    if page is None or rules is None or tuple(Priority).index(ticket.priority) >= tuple(Priority).index(before):
        return
    priority, urgency = priority_name(rules, ticket.priority), urgency_of(ticket, rules, turn.at)
    higher = priority if priority != page.priority else None
    louder = urgency if page.urgency is Urgency.LOW and urgency is Urgency.HIGH else None
    if higher is None and louder is None:
        return
    word = PageWord(at=turn.at, said=priority)
    raised = {"priority": priority, "urgency": louder or page.urgency, "last_priority": word}
    turn.set_page(page.model_copy(update=raised))
    turn.intend(lambda key: UpdatePage(key=key, page_key=page.key, priority=higher, urgency=louder))
    words = [f"priority is {priority}" if higher else "", "urgency is high" if louder else ""]
    turn.say(f"The page's {' and its '.join(filter(None, words))} now")

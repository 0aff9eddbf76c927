"""Pages: when somebody is woken for a ticket, and when the need for it is over."""

from domain.engineering_issue import safe_text, safe_title
from domain.intents import RaisePage, ResolvePage
from domain.maintenance import MaintenanceWindow, window_at
from domain.paging import PageDraft, PageStatus, page_key
from domain.people import Actor
from domain.telling import tell_channel, tell_lead, tier_name, tier_rules
from domain.ticket import Page
from domain.turn import Turn


def maintenance(turn: Turn) -> MaintenanceWindow | None:
    """The maintenance window that is on for this ticket, or None."""
    ticket = turn.ticket
    return window_at(ticket.policy.maintenance, turn.at, product=ticket.product, component=ticket.component)


def raise_page(turn: Turn, reason: str) -> None:
    """Wake the on-call of the tier, unless a page for this ticket is open already."""
    ticket = turn.ticket
    rules = tier_rules(turn, ticket.tier)
    if rules is None or rules.page is None:
        turn.say(f"Nobody was paged: the policy names nobody to page for {ticket.tier.value}")
        tell_lead(turn, f"{ticket.id}: a page was due, but the policy names nobody to page for {ticket.tier.value}")
        return
    if ticket.open_page is not None:
        return
    window = maintenance(turn)
    if window is not None:
        turn.say(f"Nobody was paged: maintenance “{window.name}” is on")
        tell_channel(turn, f"{ticket.id}: nobody is paged, since maintenance “{window.name}” is on: {reason}")
        return
    page = Page(key=page_key(ticket.id, len(ticket.pages) + 1), stint=ticket.stint.number)
    draft = PageDraft(
        key=page.key,
        title=f"[{ticket.priority.value}] {ticket.id}: {safe_title(ticket)}",
        details=f"{tier_name(turn, ticket.tier)} needs somebody: {safe_text(ticket, reason)}",
        service=rules.page.service,
        escalation_policy=rules.page.escalation_policy,
        urgency=rules.page.urgency(ticket.priority),
        priority=ticket.priority.value,
    )
    turn.set(pages=(*ticket.pages, page))
    turn.intend(lambda key: RaisePage(key=key, draft=draft))


def resolve_page(turn: Turn) -> None:
    """End the open page: the need for it is over."""
    page = turn.ticket.open_page
    if page is None:
        return
    turn.set_page(page.model_copy(update={"status": PageStatus.RESOLVED}))
    turn.intend(lambda key: ResolvePage(key=key, page_key=page.key, page_id=page.id))


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

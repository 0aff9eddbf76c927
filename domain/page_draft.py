"""What a page tells whoever is woken: the service it goes to, how urgent it is, and the facts that they need. No personal data."""

from datetime import datetime

from domain.clock_names import clock_name
from domain.clocks import due_at
from domain.engineering_issue import safe_text, safe_title
from domain.page_rules import PageRules, PageService
from domain.paging import PageDraft, Urgency
from domain.policy import Policy
from domain.ticket import Ticket
from domain.tiers import Priority, Tier

_LONGEST_FACT = 1_000


def draft_page(ticket: Ticket, rules: PageRules, *, key: str, tier: str, reason: str, at: datetime) -> PageDraft:
    """The page for a need that arose at ``at``. ``tier`` is the tier as people say it."""
    service = service_for(ticket, rules)
    conference = rules.conference
    return PageDraft(
        key=key,
        title=f"[{ticket.priority.value}] {ticket.id}: {safe_title(ticket)}",
        details=f"{tier} needs somebody: {safe_text(ticket, reason)}",
        facts=_facts(ticket, tier=tier, reason=reason),
        service=service.service if service is not None else rules.service,
        escalation_policy=service.escalation_policy if service is not None else rules.escalation_policy,
        urgency=urgency_of(ticket, rules, at),
        priority=priority_name(rules, ticket.priority),
        conference_url=conference.url if conference is not None else None,
        conference_number=conference.number if conference is not None else None,
    )


def service_for(ticket: Ticket, rules: PageRules) -> PageService | None:
    """The first of the policy's services that the ticket matches; None for the tier's own."""
    facts = {
        "product": ticket.product,
        "component": ticket.component,
        "priority": ticket.priority,
        "plan": ticket.customer.plan,
    }
    return next((service for service in rules.services if service.match.accepts(**facts)), None)  # type: ignore[arg-type]


def priority_name(rules: PageRules, priority: Priority) -> str:
    """PagerDuty's own name of a priority."""
    return rules.priorities.get(priority, priority.value)


def urgency_of(ticket: Ticket, rules: PageRules, at: datetime) -> Urgency:
    """How urgent a page for the ticket is at that instant."""
    in_hours = rules.hours is None or ticket.policy.calendar(rules.hours).is_open(at)
    return rules.urgency(ticket.priority, in_hours=in_hours)


def is_out_of_hours(policy: Policy, tier: Tier, rules: PageRules, at: datetime) -> bool:
    """Whether a page at that instant is outside of the hours that the policy gives for pages, or else for the tier."""
    hours = policy.calendar(rules.hours) if rules.hours is not None else policy.hours_of(tier)
    return not hours.is_open(at)


def _facts(ticket: Ticket, *, tier: str, reason: str) -> dict[str, str]:
    facts = {
        "Ticket": ticket.id,
        "Tier": tier,
        "Priority": ticket.priority.value,
        "Plan": ticket.customer.plan,
        "Product": ticket.product,
        "Component": ticket.component,
        "Customers on it": str(max((issue.tickets for issue in ticket.issues), default=1)),
        "Next clock": _next_clock(ticket),
        "Reason": reason,
    }
    safe = {name: safe_text(ticket, text, most=_LONGEST_FACT) for name, text in facts.items() if text}
    return safe | _links(ticket)


def _next_clock(ticket: Ticket) -> str | None:
    """The clock that can still be kept and ends first, or what is broken already."""
    ends = [
        (due, clock_name(clock.kind))
        for clock in ticket.clocks
        if clock.breached_at is None
        and (due := due_at(clock, ticket.policy.calendar(clock.calendar), clock.target)) is not None
    ]
    if ends:
        due, name = min(ends)
        return f"{name}, ends {due:%Y-%m-%d %H:%M:%S} UTC"
    broken = [clock_name(c.kind) for c in ticket.clocks if c.breached_at is not None and not c.stopped]
    return f"{', '.join(broken)}: breached" if broken else None


def _links(ticket: Ticket) -> dict[str, str]:
    links = {"Card": ticket.card.permalink} if ticket.card is not None and ticket.card.permalink else {}
    return links | {f"Issue {issue.ref.key}": issue.ref.url for issue in ticket.issues}

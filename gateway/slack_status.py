"""A ticket in a few lines, for the person who asked ``/tier status``."""

from domain.clock_names import clock_name
from domain.clocks import ClockStatus
from domain.ticket import TicketStatus
from domain.tiers import WaitingOn
from domain.views import ClockView, TicketView
from integrations.slack.mrkdwn import escaped, link, moment, shortened

_ENTRIES = 3
_ISSUES = 5


def status_text(view: TicketView) -> str:
    """The ticket in Slack's text format."""
    owner = f"with {escaped(view.owner)}" if view.owner else "nobody has taken it"
    lines = [
        f"*{view.id}* {escaped(shortened(view.title, 120))}",
        f"{view.tier}, {view.priority}, {view.status}, {owner}{_waiting(view)}",
    ]
    if view.sla is None:
        lines.append("No SLA of the policy matches it: nothing is measured")
    running = [clock for clock in view.clocks if clock.status is ClockStatus.RUNNING and clock.due_at is not None]
    lines += [_clock(clock) for clock in sorted(running, key=lambda clock: clock.due_at or clock.started_at)[:1]]
    for issue in view.issues[:_ISSUES]:
        assignee = f", {escaped(issue.assignee)}" if issue.assignee else ""
        lines.append(f"{link(issue.ref.url, issue.ref.key)} {escaped(issue.status)}{assignee}")
    if view.pages:
        page = view.pages[-1]
        by = f" by {escaped(page.acknowledged_by)}" if page.acknowledged_by else ""
        lines.append(f"Page: {page.status or 'on its way'}{by}")
    if view.late:
        lines.append(f"Late: {', '.join(view.late)}")
    lines += [
        f"{moment(entry.at)} {escaped(entry.who)}: {escaped(shortened(entry.text, 200))}"
        for entry in view.timeline[-_ENTRIES:]
    ]
    if view.card_permalink:
        lines.append(link(view.card_permalink, "The card"))
    return "\n".join(lines)


def _waiting(view: TicketView) -> str:
    if view.status is not TicketStatus.OPEN:
        return ""
    return f"; waiting on {view.tier if view.waiting_on is WaitingOn.TIER else view.waiting_on}"


def _clock(clock: ClockView) -> str:
    assert clock.due_at is not None
    name = clock_name(clock.kind)
    return f"{'Breached' if clock.breached_at else 'Next'}: {name}, due {moment(clock.due_at)}"

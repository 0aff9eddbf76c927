"""A ticket in a few lines, for the person who asked ``/tier status``: what its card shows, every clock, and what happened last."""

from collections.abc import Iterator
from urllib.parse import quote

from domain.clock_names import clock_name
from domain.clocks import ClockStatus
from domain.issues import IssueMeaning
from domain.policy import Policy
from domain.ticket import TicketStatus
from domain.tiers import Tier, WaitingOn
from domain.views import ClockView, IssueView, PageView, TicketView
from integrations.slack.card import COLOURS
from integrations.slack.mrkdwn import bar, countdown, escaped, link, moment, shortened

_ENTRIES = 3
_ISSUES = 5


def status_text(view: TicketView, policy: Policy) -> str:
    """The ticket in Slack's text format; ``policy`` names its tiers and the help desk."""
    lines = [
        f"{COLOURS[view.priority]} *{view.id}* {escaped(shortened(view.title, 120))}",
        f"{_tier(view.tier, policy)}, {view.priority}, {view.status}, {_owner(view)}{_waiting(view, policy)}",
        f"Customer: {escaped(view.customer)}{f' ({escaped(view.plan)})' if view.plan else ''}{_path(view)}",
        *_clocks(view),
        *_elsewhere(view),
        *(
            f"{moment(entry.at)} {escaped(entry.who)}: {escaped(shortened(entry.text, 200))}"
            for entry in view.timeline[-_ENTRIES:]
        ),
    ]
    links = list(_links(view, policy))
    return "\n".join((*lines, " · ".join(links)) if links else lines)


def _tier(tier: Tier, policy: Policy) -> str:
    rules = policy.tiers.get(tier)
    return f"{tier} {escaped(rules.name)}" if rules is not None else tier.value


def _owner(view: TicketView) -> str:
    if view.owner is None:
        return "nobody has taken it"
    since = view.stints[-1].accepted_at if view.stints else None
    return f"with {escaped(view.owner)}{f' since {moment(since)}' if since is not None else ''}"


def _waiting(view: TicketView, policy: Policy) -> str:
    if view.status is not TicketStatus.OPEN:
        return ""
    return f"; waiting on {_tier(view.tier, policy) if view.waiting_on is WaitingOn.TIER else view.waiting_on}"


def _path(view: TicketView) -> str:
    tiers = [stint.tier.value for stint in view.stints]
    return f"; path {' → '.join(tiers)}" if len(tiers) > 1 else ""


def _clocks(view: TicketView) -> Iterator[str]:
    if view.sla is None:
        yield "No SLA of the policy matches it: nothing is measured"
    due = [clock for clock in view.clocks if clock.status is ClockStatus.RUNNING and clock.due_at is not None]
    yield from (_running(clock) for clock in sorted(due, key=lambda clock: clock.due_at or clock.started_at))
    standing = [clock_name(clock.kind) for clock in view.clocks if clock.status is ClockStatus.PAUSED]
    if standing:
        yield f"Standing still: {', '.join(standing)}"
    if view.snoozed_until is not None:
        yield f"Snoozed until {moment(view.snoozed_until)}"


def _running(clock: ClockView) -> str:
    assert clock.due_at is not None
    share = clock.counted_s / clock.target_s if clock.target_s > 0 else 1.0
    name, due = clock_name(clock.kind), f"{moment(clock.due_at)} ({countdown(clock.due_at)})"
    if clock.breached_at is not None:
        return f"{bar(1.0)} *{name}: breached*, was due {due}"
    return f"{bar(share)} {name}: {share:.0%}, due {due}"


def _elsewhere(view: TicketView) -> Iterator[str]:
    """What others have of it: engineering, the on-call, vendors; and what is late."""
    for issue in view.issues[:_ISSUES]:
        assignee = f", {escaped(issue.assignee)}" if issue.assignee else ", nobody assigned"
        impact = f", impact {escaped(issue.impact)} of {issue.tickets} tickets" if issue.impact else ""
        release = f", fixed, waits for {escaped(_release(issue))}" if issue.meaning is IssueMeaning.FIXED else ""
        yield f"{link(issue.ref.url, issue.ref.key)} {escaped(issue.status)}{assignee}{release}{impact}"
    if len(view.issues) > _ISSUES:
        yield f"… and {len(view.issues) - _ISSUES} more issues"
    if view.workaround is not None:
        yield f"Workaround: {escaped(shortened(view.workaround, 300))}"
    if view.pages:
        yield _page(view.pages[-1])
    for case in view.cases:
        if case.answered_at is None:
            late = ", *overdue*" if case.overdue_at is not None else ""
            yield f"Vendor {escaped(case.vendor)} owes an answer by {moment(case.due_at)}{late}"
    if view.late:
        yield f"Late: {', '.join(view.late)}"


def _release(issue: IssueView) -> str:
    return f"release {issue.release}" if issue.release else "its release"


def _page(page: PageView) -> str:
    said = (
        f"Page: {page.status or 'on its way'}{f' by {escaped(page.acknowledged_by)}' if page.acknowledged_by else ''}"
    )
    if page.failed is not None:
        return f"{said}; {escaped(shortened(page.failed, 200))}"
    return f"{said} {link(page.url, 'in PagerDuty')}" if page.url is not None else said


def _links(view: TicketView, policy: Policy) -> Iterator[str]:
    if view.card_permalink:
        yield link(view.card_permalink, "The card")
    if view.external_ref is not None:
        address = policy.help_desk_url
        label = f"Help desk {view.external_ref}"
        # The number is somebody else's text: as a part of an address it is quoted.
        yield link(address.replace("{ref}", quote(view.external_ref, safe="")), label) if address else escaped(label)
    if view.merged_into is not None:
        yield f"goes on as {view.merged_into}"

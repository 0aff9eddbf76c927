"""The audit of deadlines: what it finds, and how it tells of a drift. A drift is an open ticket whose deadline passed without an action."""

from datetime import datetime, timedelta

from domain.durations import format_duration
from domain.ended import EndedAlarm
from domain.frozen import Frozen
from domain.paging import PageDraft
from domain.policy import AuditRules
from domain.texts import Key

SHOWN_TICKETS = 10
"""Tickets that a page and a notice name; the others are counted."""


class LateTicket(Frozen):
    """An open ticket that should have acted at ``due_at``."""

    ticket_id: Key
    due_at: datetime


class LateTickets(Frozen):
    """All that are late: how many, and those that are late the longest first."""

    count: int
    tickets: tuple[LateTicket, ...] = ()


class AuditReport(Frozen):
    """What one audit found and did; the next one reads it.

    ``drift_since`` is when the drift that lasts was found first, None when all is well; ``paged`` says that its page was raised,
    ``told`` that the channel knows. ``pinged`` is False also where no dead-man's URL is set. ``ended`` are the alarms for workflows
    that ended before their time and are not reopened.
    """

    as_of: datetime
    late: LateTickets
    drift_since: datetime | None = None
    paged: bool = False
    told: bool = False
    ended: tuple[EndedAlarm, ...] = ()
    pinged: bool = False


def drift_key(since: datetime) -> str:
    """The page's key: the same for as long as the drift lasts, so that one drift wakes people once."""
    return f"tierline/sla-audit/{since:%Y-%m-%dT%H:%M:%S}Z"


def drift_page(late: LateTickets, rules: AuditRules, since: datetime) -> PageDraft | None:
    """The page for a drift; None where the policy names nobody to page."""
    if rules.page is None:
        return None
    return PageDraft(
        key=drift_key(since),
        title=f"Tierline: {_tickets(late.count)} past a deadline without an action",
        details=drift_text(late, rules.grace),
        service=rules.page.service,
        escalation_policy=rules.page.escalation_policy,
    )


def drift_text(late: LateTickets, grace: timedelta) -> str:
    """What is wrong and where to look; it names tickets by their numbers alone."""
    shown = ", ".join(f"{t.ticket_id} (due {t.due_at:%Y-%m-%d %H:%M:%S} UTC)" for t in late.tickets[:SHOWN_TICKETS])
    more = f" and {late.count - SHOWN_TICKETS} more" if late.count > SHOWN_TICKETS else ""
    return (
        f"{_tickets(late.count)} past a deadline by more than {format_duration(grace)} without an action: {shown}{more}. "
        "Look at the workers, and in the Temporal UI at these tickets for a failed workflow task"
    )


def over_text(since: datetime) -> str:
    """The drift is over."""
    return f"The deadlines of all open tickets are kept again; the drift began at {since:%Y-%m-%d %H:%M:%S} UTC"


def _tickets(count: int) -> str:
    return "1 open ticket is" if count == 1 else f"{count} open tickets are"

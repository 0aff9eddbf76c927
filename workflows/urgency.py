"""Who goes first where a task queue has a backlog: Temporal serves lower priority keys first (1 to 5, 3 is the default).

Keys compare within one task queue: on PagerDuty's a page that wakes somebody overtakes notes and pages that can wait; elsewhere the
graver ticket goes first.
"""

from temporalio.common import Priority as TaskPriority

from domain.intents import Intent, Lane, RaisePage, lane_of
from domain.paging import Urgency
from domain.tiers import Priority

_OF_TICKET = {Priority.P1: 1, Priority.P2: 2, Priority.P3: 3, Priority.P4: 4}
_WAKES_LAST = 2
LAST = TaskPriority(priority_key=5)
"""What can wait: behind everything else of its task queue. On a tracker's, hundreds of readings after a bulk change are such."""
AFTER_PAGES = TaskPriority(priority_key=3)
"""What changes, notes or ends a page: behind every page that wakes somebody."""

AFTER_OPENING = TaskPriority(priority_key=4)
"""What is written on an issue: behind what opens or finds one for a graver ticket."""


def of_ticket(priority: Priority) -> TaskPriority:
    """How a ticket's own tasks, and what it does outside, compare with those of others."""
    return TaskPriority(priority_key=_OF_TICKET[priority])


def of_page(urgency: Urgency, priority: Priority) -> TaskPriority:
    """How the raising of a page for a ticket of that priority compares with others."""
    if urgency is Urgency.LOW:
        return LAST
    return TaskPriority(priority_key=min(_OF_TICKET[priority], _WAKES_LAST))


def of_intent(intent: Intent, priority: Priority) -> TaskPriority:
    """How an intent of a ticket of that priority compares with others of its task queue."""
    if isinstance(intent, RaisePage):
        return of_page(intent.draft.urgency, priority)
    if lane_of(intent) is Lane.PAGERDUTY:
        return AFTER_PAGES
    return of_ticket(priority)

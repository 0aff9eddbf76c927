"""The ids by which workflows know one another."""

from domain.issues import IssueRef, Tracker


def ticket_id(ticket: str) -> str:
    """``ticket/T-1042``."""
    return f"ticket/{ticket}"


def issue_id(tracker: str, issue: str) -> str:
    """``engineering-issue/jira/10012``: by the tracker's lasting id, since keys and repositories change."""
    return f"engineering-issue/{tracker}/{issue}"


def issue_id_of(ref: IssueRef) -> str:
    """The id of the workflow of an issue."""
    return issue_id(ref.tracker.value, ref.id)


def case_id(ticket: str, number: int) -> str:
    """``vendor-case/T-1042/1``."""
    return f"vendor-case/{ticket}/{number}"


def audit_id() -> str:
    """``sla-audit``: the Schedule appends the time of each run."""
    return "sla-audit"


def pager_watch_id() -> str:
    """``reconcile/pagerduty``: the Schedule appends the time of each round."""
    return "reconcile/pagerduty"


def reconcile_id(tracker: Tracker) -> str:
    """``reconcile/jira``: the Schedule appends the time of each round."""
    return f"reconcile/{tracker.value}"


def resync_id(tracker: Tracker, key: str) -> str:
    """``resync/jira/…``."""
    return f"resync/{tracker.value}/{key}"


def release_id(tracker: Tracker, delivery: str) -> str:
    """``release/github/…``: by the delivery that told of it."""
    return f"release/{tracker.value}/{delivery}"


def digest_id(team: str) -> str:
    """``retro-digest/support``: the Schedule appends the time of each run."""
    return f"retro-digest/{team}"

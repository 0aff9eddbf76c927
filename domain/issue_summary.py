"""The living summary of an issue: one comment for engineers, edited in place, that says whom the issue hits and how it grows.

It is made of counts, so that it is as long for ten thousand tickets as for one, and has no personal data in it; what of them it tells is the
policy's to say, as for the issue's text (``engineering.shares``), and strangers read no plan's name. It is written at most once
in the policy's ``summary.every``, and only when it reads differently: what happens meanwhile is in the next one.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from domain.engineering_rules import RequestKind
from domain.issue_facts import IssueSection
from domain.issue_intents import IssueIntent, ShowSummary
from domain.issue_messages import SummaryShown
from domain.issue_roll import GROWTH_DAYS, Roll, Tally
from domain.plain_text import plain_line
from domain.redaction import redact, redact_strictly
from domain.tiers import Priority
from domain.watched_issue import Step, WatchedIssue

TRY_AGAIN = timedelta(hours=1)
"""A summary that the tracker refused for good is tried again with what is new after this time."""
_A_DAY = timedelta(days=1)
_WORKAROUND_LENGTH = 500
_PLAN_LENGTH, _MOST_PLANS = 40, 20


def marked(before: WatchedIssue, after: WatchedIssue) -> WatchedIssue:
    """The state after an event, with its summary marked as stale where it may read differently now."""
    same = (
        after.roll is before.roll
        and after.sync.impact is before.sync.impact
        and (after.known is None) is (before.known is None)
    )
    if same or after.summary.stale:
        return after
    return after.model_copy(update={"summary": after.summary.model_copy(update={"stale": True})})


def due(state: WatchedIssue) -> datetime | None:
    """When the summary wants to be looked at again; None while it is being written, or the issue cannot be."""
    if not _can_be_written(state):
        return None
    return _earliest(state) if state.summary.stale else state.summary.stale_at


def written(state: WatchedIssue, now: datetime) -> Step:
    """Have it written, if it is time to, and it reads differently."""
    at = due(state)
    if at is None or at > now:
        return state, []
    summary = state.summary
    if not summary.stale and now < _earliest(state):
        # What makes it stale by itself counts as any other change.
        return state.model_copy(update={"summary": summary.model_copy(update={"stale": True})}), []
    text = text_of(state, now)
    update: dict[str, object] = {"stale": False, "stale_at": _stale_at(state, now)}
    intents: list[IssueIntent] = []
    if text != summary.text:
        update |= {"text": text, "under_way": True}
        intents.append(ShowSummary(key="", text=text, comment_id=summary.comment_id))
    return state.model_copy(update={"summary": summary.model_copy(update=update)}), intents


def shown(state: WatchedIssue, event: SummaryShown, now: datetime) -> WatchedIssue:
    """It stands on the issue; or it was refused, and is tried again when something is new, after a while."""
    summary = state.summary
    update: dict[str, object] = {"under_way": False, "written_at": now}
    if event.error is not None:
        update |= {"text": "", "written_at": now + TRY_AGAIN}
    else:
        update["comment_id"] = event.comment_id
    return state.model_copy(update={"summary": summary.model_copy(update=update)})


def text_of(state: WatchedIssue, now: datetime) -> str:
    """The summary as it reads now: a heading's line and a list."""
    roll, rules = state.roll, state.rules
    if not roll:
        return "Support: no ticket is open on this issue any more."
    project = state.ref.project
    shared, public = rules.shared_in(project), rules.of_project(project).public
    of_customers = IssueSection.CUSTOMERS in shared
    bugs, features = roll.of(RequestKind.BUG), roll.of(RequestKind.FEATURE)
    lines = [f"Support: {_tickets(roll.tally, of_customers=of_customers)}"]
    impact = state.sync.impact
    if impact.name is not None:
        lines.append(f"- Impact: {impact.name} (score {impact.score:g})")
    if of_customers and not public:
        lines += _plans(roll.tally)
    lines += _severities(roll.tally)
    if features.tickets and bugs.tickets:
        apart = [_tickets(each, of_customers=of_customers) for each in (features, bugs)]
        lines.append(f"- Of these, feature requests: {apart[0]}; bugs: {apart[1]}")
    elif features.tickets:
        lines.append("- All of them are feature requests")
    lines.append(f"- New in the last {GROWTH_DAYS} days: {_trend(roll.tally, now)}")
    if of_customers:
        lines += _deadlines(roll, now)
    first = roll.first_opened_at()
    if first is not None and IssueSection.FIRST_SEEN in shared:
        lines.append(f"- First reported: {first:%Y-%m-%d}")
    if IssueSection.SUMMARY in shared:
        lines += _workaround(roll, named=IssueSection.TICKETS in shared, public=public)
    return "\n".join(lines)


def _can_be_written(state: WatchedIssue) -> bool:
    """Not before the issue was read: what is not there needs no summary."""
    if state.known is None or state.gone is not None or state.summary.under_way:
        return False
    return bool(state.roll) or state.summary.comment_id is not None


def _earliest(state: WatchedIssue) -> datetime:
    """When it may be written next. The last word, that no ticket is left, does not wait: nobody would be there to say it later."""
    if state.summary.written_at is None or not state.roll:
        return state.watched_since
    return state.summary.written_at + state.rules.summary.every


def _stale_at(state: WatchedIssue, now: datetime) -> datetime:
    """With the day's end the growth is another one, and with a deadline the next one."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + _A_DAY
    due_at = state.roll.next_due_at(now)
    return midnight if due_at is None else min(midnight, due_at)


def _tickets(tally: Tally, *, of_customers: bool) -> str:
    tickets = f"{tally.tickets:,} ticket{'' if tally.tickets == 1 else 's'}"
    if not tally.customers or not of_customers:
        return tickets
    return f"{tickets} of {tally.customers:,} customer{'' if tally.customers == 1 else 's'}"


def _plans(tally: Tally) -> list[str]:
    if not tally.customers:
        return []
    plans: Mapping[str | None, int] = tally.customers_by_plan
    known = sorted((plan for plan in plans if plan is not None), key=lambda plan: (-plans[plan], plan))
    # A plan's name comes with the customer, from whatever system knows them.
    parts = [f"{plain_line(redact(plan))[:_PLAN_LENGTH]} {plans[plan]:,}" for plan in known[:_MOST_PLANS]]
    if others := known[_MOST_PLANS:]:
        parts.append(f"{len(others):,} more plans {sum(plans[plan] for plan in others):,}")
    if None in plans:
        parts.append(f"no plan {plans[None]:,}")
    return [f"- Customers by plan: {', '.join(parts)}"]


def _severities(tally: Tally) -> list[str]:
    severities = [f"{each.value} {tally.by_severity[each]:,}" for each in Priority if each in tally.by_severity]
    return [f"- Tickets by severity: {', '.join(severities)}"] if severities else []


def _trend(tally: Tally, now: datetime) -> str:
    today = now.date()
    new, before = tally.grown(today), tally.grown(today - GROWTH_DAYS * _A_DAY)
    direction = "rising" if new > before else "falling" if new < before else "steady"
    return f"{new:,}, after {before:,} in the {GROWTH_DAYS} days before ({direction})"


def _deadlines(roll: Roll, now: datetime) -> list[str]:
    due_at, overdue = roll.next_due_at(now), roll.overdue(now)
    found = []
    if due_at is not None:
        found.append(f"- Next deadline promised to a customer: {due_at:%Y-%m-%d %H:%M} UTC")
    if overdue:
        found.append(f"- Deadlines that have passed: {overdue:,}")
    return found


def _workaround(roll: Roll, *, named: bool, public: bool) -> list[str]:
    found = roll.workaround()
    if found is None:
        return []
    ticket, words = found
    # The issue may have been moved to where strangers read since the ticket told it.
    words = redact_strictly(words) if public else words
    source = f" (from {ticket})" if named else ""
    return [f"- Workaround{source}: {' '.join(words.split())[:_WORKAROUND_LENGTH]}"]

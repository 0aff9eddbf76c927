"""Customers who come back after a fix: the engineers hear of each, and after enough of them the issue is reopened."""

from datetime import datetime, timedelta

from domain.engineering_rules import IssueRules
from domain.frozen import Frozen
from domain.issue_conflicts import Wish, Wishes
from domain.issue_facts import IssueSection
from domain.issue_follows import Follow
from domain.issue_intents import FetchIssue, WriteComment
from domain.issue_messages import TicketReopened
from domain.issues import IssueCategory, IssueMeaning, IssueSnapshot, SyncedField, Tracker
from domain.texts import Key, Name

TOGETHER = timedelta(minutes=5)
"""After a comment on a reopened ticket, those of the next minutes are told together in one."""
_NAMED = 20
"""So many tickets are named in one comment; of more, only how many they are."""
_OPEN = {Tracker.JIRA: "To Do", Tracker.GITHUB: "open"}
"""Where a reopened issue goes when neither the policy nor its own past tells."""
_FIXES = frozenset({IssueMeaning.FIXED, IssueMeaning.RELEASED})


class ReopeningState(Frozen):
    """Tickets that came back.

    ``since_fix`` are those that customers reopened since the issue was fixed, as many as are needed to reopen it; ``reopened`` says that it
    was, for this fix. ``waiting`` are the first tickets that are to be told of at ``tell_at``, ``waiting_count`` how many there are.
    ``open_status`` is the last status of the issue in which it was not done.
    """

    since_fix: tuple[Key, ...] = ()
    reopened: bool = False
    waiting: tuple[Key, ...] = ()
    waiting_count: int = 0
    tell_at: datetime | None = None
    open_status: Name | None = None


def ticket_reopened(
    state: ReopeningState,
    wishes: Wishes,
    event: TicketReopened,
    *,
    rules: IssueRules,
    known: IssueSnapshot | None,
    meaning: IssueMeaning | None,
    now: datetime,
) -> tuple[ReopeningState, Wishes, list[Follow]]:
    """Tell the issue of a ticket that is open again, and reopen the issue after as many as the policy says."""
    named = _may_name(rules, known)
    state, follows = _told(state, event, rules, now, named=named)
    if not event.by_customer or known is None or meaning not in _FIXES or rules.reopen_after is None:
        return state, wishes, follows
    if state.reopened or event.ticket_id in state.since_fix:
        return state, wishes, follows
    state = state.model_copy(update={"since_fix": (*state.since_fix, event.ticket_id)})
    if len(state.since_fix) < rules.reopen_after:
        return state, wishes, follows
    status = rules.of_project(known.project).reopen_to or state.open_status or _OPEN[known.ref.tracker]
    which = f" ({_named(state.since_fix, len(state.since_fix))})" if named else ""
    why = f"Reopened: after the fix the customers of {len(state.since_fix)} tickets came back{which}."
    wish = Wish(field=SyncedField.STATUS, base=known.status, value=status, at=now, why=why)
    follows.append(FetchIssue(key="", comments_since=None))
    return state.model_copy(update={"reopened": True}), wishes.wanting(wish), follows


def time_came(
    state: ReopeningState, rules: IssueRules, known: IssueSnapshot | None, now: datetime
) -> tuple[ReopeningState, list[Follow]]:
    """Tell of the tickets that waited to be told of together."""
    if state.tell_at is None or now < state.tell_at:
        return state, []
    if not state.waiting:
        return state.model_copy(update={"tell_at": None}), []
    one = state.waiting_count == 1
    which = f": {_named(state.waiting, state.waiting_count)}" if _may_name(rules, known) else ""
    text = f"{state.waiting_count} more ticket{' is' if one else 's are'} open again after this issue's fix{which}."
    told = state.model_copy(update={"waiting": (), "waiting_count": 0, "tell_at": now + TOGETHER})
    return told, [WriteComment(key="", text=text, visibility=rules.comments)]


def seen(state: ReopeningState, known: IssueSnapshot | None, truth: IssueSnapshot) -> ReopeningState:
    """Learn whether a fix ended, or another one began: customers who come back count for one fix."""
    if truth.category is not IssueCategory.DONE:
        return state.model_copy(update={"open_status": truth.status, "since_fix": (), "reopened": False})
    if known is not None and known.category is not IssueCategory.DONE:
        return state.model_copy(update={"since_fix": (), "reopened": False})
    return state


def wrote(batch: tuple[Wish, ...], error: str | None, rules: IssueRules, known: IssueSnapshot | None) -> list[Follow]:
    """The issue was reopened, and is told why; or the tracker refused it for good, and the engineers read that they are asked to."""
    status = next((wish for wish in batch if wish.field is SyncedField.STATUS and not wish.theirs), None)
    if status is None or known is None:
        return []
    text = status.why
    if error is not None:
        refused = f"Tierline could not set its status to {status.value} ({error}); please reopen it."
        text = f"{text.replace('Reopened:', 'To be reopened:')} {refused}"
    return [WriteComment(key="", text=text, visibility=rules.comments)]


def _told(
    state: ReopeningState, event: TicketReopened, rules: IssueRules, now: datetime, *, named: bool
) -> tuple[ReopeningState, list[Follow]]:
    if state.tell_at is not None and now < state.tell_at:
        if event.ticket_id in state.waiting:
            return state, []
        waiting = (*state.waiting, event.ticket_id)[:_NAMED]
        return state.model_copy(update={"waiting": waiting, "waiting_count": state.waiting_count + 1}), []
    who = "its customer came back" if event.by_customer else "support reopened it"
    text = f"{event.ticket_id if named else 'A ticket'} is open again: {who}.\n\n{event.text}".rstrip()
    told = state.model_copy(update={"tell_at": now + TOGETHER})
    return told, [WriteComment(key="", text=text, visibility=rules.comments)]


def _may_name(rules: IssueRules, known: IssueSnapshot | None) -> bool:
    """Whether the issue's readers may know the tickets' numbers; nobody knows who they are before it is read."""
    return known is not None and IssueSection.TICKETS in rules.shared_in(known.project)


def _named(tickets: tuple[str, ...], count: int) -> str:
    more = count - len(tickets[:_NAMED])
    return ", ".join(tickets[:_NAMED]) + (f" and {more} more" if more > 0 else "")

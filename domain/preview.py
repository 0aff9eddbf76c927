"""What a command would bring, told before anybody gives it.

It is read off the decision that the command itself would lead to, so that it can never promise what does not happen.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from domain import quality_gate
from domain.clock_names import clock_name
from domain.clocks import Clock, ClockOutcome, ClockStatus, due_at
from domain.decide import Decision, decide
from domain.durations import format_duration
from domain.frozen import Frozen
from domain.intents import (
    CloseSeverityChannel,
    CloseVendorCase,
    DressSeverityChannel,
    FindIssue,
    Intent,
    JoinIssue,
    LeaveIssue,
    MailCustomer,
    MailStaff,
    NotePage,
    Notice,
    OpenIssue,
    OpenSeverityChannel,
    OpenSplitTicket,
    OpenVendorCase,
    PageWithIssue,
    PutFileOnIssue,
    RaisePage,
    ReopenOnIssue,
    ResolvePage,
    RuleIssue,
    SeekDuplicates,
    ShowCard,
    TellIssue,
    TellOtherTicket,
    TellSeverityChannel,
    ThreadLine,
    UpdateIssue,
    UpdatePage,
)
from domain.issue_pages import PageReleased, PageWanted
from domain.issues import Tracker
from domain.messages import Command, Escalate, TimePassed
from domain.page_rules import PageTarget
from domain.paging import PageDraft, Urgency
from domain.policy import Policy, ReportField
from domain.report import EscalationReport
from domain.ticket import Ticket, TicketStatus
from domain.tiers import Tier, WaitingOn

_UNSAID = "…"
_TRACKERS = {Tracker.JIRA: "Jira", Tracker.GITHUB: "GitHub"}
_ENDINGS = {
    ClockOutcome.MET: "in time",
    ClockOutcome.BREACHED: "breached",
    ClockOutcome.LEFT: "nobody took it there",
    ClockOutcome.CANCELLED: "not needed any more",
    ClockOutcome.MERGED: "the other ticket goes on with it",
}


class Promise(Frozen):
    """One thing that would happen: a clause such as ``pages the Engineering on-call now``.

    ``at`` is an instant that the clause ends with, ``where`` a Slack channel's or user's id that it ends with, and ``wakes``
    whom a page would go to: their names are known outside.
    """

    text: str
    at: datetime | None = None
    where: str | None = None
    wakes: PageTarget | None = None


class Preview(Frozen):
    """What would happen, in order, or why nothing would.

    ``missing`` is what the tier asks for and nobody has written down: without it the command itself is refused, and the promises are
    those for the time when it is filled in. ``told`` says whether the customer would read anything.
    """

    refusal: str | None = None
    missing: tuple[ReportField, ...] = ()
    promises: tuple[Promise, ...] = ()
    told: bool = False


class PreviewQuestion(Frozen):
    """What a ticket's workflow is asked: what these commands, one after the other, would bring. ``now`` is the asker's clock."""

    commands: tuple[Command, ...]
    now: datetime


def answer(ticket: Ticket, question: PreviewQuestion) -> Preview:
    """The preview of several commands as one; it ends at the first that would be refused."""
    # What has fallen due in the meantime happens anyway, and is nobody's doing.
    state = decide(ticket, TimePassed(), question.now).state
    missing: tuple[ReportField, ...] = ()
    promises: list[Promise] = []
    told = False
    for command in question.commands:
        one, state = _preview(state, command, question.now)
        missing += one.missing
        promises += one.promises
        told = told or one.told
        if one.refusal is not None:
            return Preview(refusal=one.refusal, missing=missing)
    return Preview(missing=missing, promises=tuple(promises), told=told)


def preview(ticket: Ticket, command: Command, now: datetime) -> Preview:
    """What the command would bring at ``now``."""
    return answer(ticket, PreviewQuestion(commands=(command,), now=now))


def _preview(ticket: Ticket, command: Command, now: datetime) -> tuple[Preview, Ticket]:
    missing: tuple[ReportField, ...] = ()
    if isinstance(command.request, Escalate) and command.by.is_person:
        missing = quality_gate.missing_of(ticket, command.request)
        command = command.model_copy(update={"request": _filled_in(command.request, missing)})
    decision = decide(ticket, command, now)
    if decision.refusal is not None:
        return Preview(refusal=decision.refusal, missing=missing), ticket
    promises = (*_changes(ticket, decision.state), *_outside(decision), *_clocks(ticket, decision.state))
    return Preview(missing=missing, promises=promises, told=_told(ticket, decision)), decision.state


def _filled_in(request: Escalate, missing: Iterable[ReportField]) -> Escalate:
    """As if somebody had written it all down. A component that nobody named stays none that the policy knows."""
    report = request.report or EscalationReport()
    return request.model_copy(
        update={"report": report.model_copy(update={part.value: _UNSAID for part in missing})} if missing else {}
    )


# --- what changes of the ticket itself -----------------------------------------------------------------------------


def _changes(before: Ticket, after: Ticket) -> Iterator[Promise]:
    if len(after.stints) > len(before.stints):
        yield Promise(text=f"goes from {_place(before)} to {_place(after)}")
    if after.status is not before.status:
        yield Promise(text=f"is {after.status.value} then")
    if after.priority is not before.priority:
        yield Promise(text=f"has priority {after.priority.value} instead of {before.priority.value}")
    if after.sla != before.sla:
        yield Promise(
            text=f"is measured by the SLA {after.sla}" if after.sla is not None else "is not measured any more"
        )
    taken, had = after.stint.accepted_by, before.stint.accepted_by
    if taken is not None and (had is None or taken.id != had.id):
        yield Promise(text=f"is {taken.name}'s")
    if after.waiting_on is not before.waiting_on and after.status is TicketStatus.OPEN:
        whom = after.tier.value if after.waiting_on is WaitingOn.TIER else f"the {after.waiting_on.value}"
        yield Promise(text=f"waits on {whom}")
    if after.snooze is not None and after.snooze != before.snooze:
        yield Promise(text="keeps its reminders silent until", at=after.snooze.until)


def _place(ticket: Ticket) -> str:
    rules = ticket.policy.tiers.get(ticket.tier)
    if rules is None:
        return "the vendor" if ticket.tier is Tier.L4 else ticket.tier.value
    return f"{ticket.tier.value} {rules.of_team(ticket.stint.team).name}"


def _told(before: Ticket, decision: Decision) -> bool:
    """Whether the customer reads something of it, by mail or by whoever keeps their ticket."""
    after = decision.state
    kept = len(before.timeline) - (after.timeline_dropped - before.timeline_dropped)
    return any(entry.public for entry in after.timeline[max(0, kept) :])


# --- what happens outside ------------------------------------------------------------------------------------------


def _outside(decision: Decision) -> Iterator[Promise]:
    for intent in decision.intents:
        promise = promise_of(intent, decision.state)
        if promise is not None:
            yield promise


def promise_of(intent: Intent, ticket: Ticket) -> Promise | None:
    """The intent as a promise; None for the card, its thread and what issues know of it, which always follow."""
    match intent:
        case ShowCard() | ThreadLine() | DressSeverityChannel() | TellSeverityChannel() | UpdateIssue() | RuleIssue():
            return None
        case RaisePage():
            return _page(intent.draft, ticket)
        case PageWithIssue():
            return _page_with_issue(intent, ticket)
        case UpdatePage():
            return Promise(text="raises the page that is out")
        case NotePage():
            return Promise(text="notes it on the page that is out")
        case MailStaff():
            return Promise(text="mails those whom the pager did not reach")
        case ResolvePage():
            return Promise(text="ends the page that is out")
        case SeekDuplicates():
            where = f"{_TRACKERS[intent.tracker]} {intent.project}"
            return Promise(
                text=f"looks for issues in {where} that may be the same, and opens one when none is, or nobody links it"
            )
        case OpenIssue():
            kind = intent.draft.issue_type or "issue"
            return Promise(text=f"opens a {_TRACKERS[intent.draft.tracker]} {kind} in {intent.draft.project}")
        case TellIssue() | ReopenOnIssue():
            return Promise(text=f"tells the engineers in {intent.ref.key}")
        case PutFileOnIssue():
            return Promise(text=f"copies {intent.file.name} to {intent.ref.key}")
        case FindIssue():
            return Promise(text=f"looks up {intent.reference} in {_TRACKERS[intent.tracker]} and goes on it")
        case JoinIssue() | LeaveIssue():
            return Promise(text=f"{'goes on' if isinstance(intent, JoinIssue) else 'leaves'} {intent.ref.key}")
        case MailCustomer():
            return Promise(text="mails the customer")
        case OpenVendorCase():
            return Promise(
                text=f"asks {_vendor(ticket.policy, intent.vendor)}, which owes an answer by", at=intent.due_at
            )
        case CloseVendorCase():
            case = next((case for case in ticket.cases if case.number == intent.case), None)
            return Promise(text=f"needs nothing more of {case.vendor_name if case is not None else 'the vendor'}")
        case Notice():
            return Promise(text="tells", where=intent.mention or intent.channel)
        case OpenSeverityChannel():
            return Promise(text=f"gets a channel of its own, #{intent.name}")
        case CloseSeverityChannel():
            return Promise(text=f"has #{intent.channel.name} archived with a summary")
        case TellOtherTicket():
            return Promise(text=f"asks {intent.ticket_id} to go on with it")
        case OpenSplitTicket():
            return Promise(text=f"opens {intent.opening.ticket_id} for the second problem")
        case _:
            # Better in its own bare word than not told at all.
            return Promise(text=intent.kind.replace("_", " "))


def _page_with_issue(intent: PageWithIssue, ticket: Ticket) -> Promise | None:
    match intent.word:
        case PageWanted():
            paged = _page(intent.word.draft, ticket)
            return paged.model_copy(
                update={"text": f"{paged.text}, or joins the page that is out for {intent.ref.key}"}
            )
        case PageReleased():
            return Promise(text=f"needs the page for {intent.ref.key} no more")
        case _:
            # The issue is told of a page that is out already: nobody notices.
            return None


def _page(draft: PageDraft, ticket: Ticket) -> Promise:
    rules = ticket.policy.tiers.get(ticket.tier)
    name = rules.of_team(ticket.stint.team).name if rules is not None else ticket.tier.value
    when = "now" if draft.urgency is Urgency.HIGH else "without waking anybody"
    return Promise(
        text=f"pages the {name} on-call {when}",
        wakes=PageTarget(service=draft.service, escalation_policy=draft.escalation_policy),
    )


def _vendor(policy: Policy, name: str) -> str:
    rules = policy.vendors.get(name)
    return rules.name if rules is not None else name


# --- what the clocks do --------------------------------------------------------------------------------------------


def _clocks(before: Ticket, after: Ticket) -> Iterator[Promise]:
    known = {clock.id: clock for clock in before.clocks}
    for clock in after.clocks:
        old = known.get(clock.id)
        if clock.stopped:
            if old is None or not old.stopped:
                yield Promise(text=f"stops the {clock_name(clock.kind)} clock ({_ending(clock)})")
            continue
        due = _due(after, clock)
        if due is not None and (old is None or due != _due(before, old)):
            length = format_duration(clock.target)
            yield Promise(text=f"the {length} {clock_name(clock.kind)} clock ends", at=due)
        elif clock.status is ClockStatus.PAUSED and (old is None or old.status is not ClockStatus.PAUSED):
            yield Promise(text=f"the {clock_name(clock.kind)} clock stands still")


def _due(ticket: Ticket, clock: Clock) -> datetime | None:
    if clock.breached_at is not None or clock.stopped:
        return None
    return due_at(clock, ticket.policy.calendar(clock.calendar), clock.target)


def _ending(clock: Clock) -> str:
    return _ENDINGS[clock.outcome] if clock.outcome is not None else "ended"

"""How a ticket moves: into a tier, up, down, to resolved, back, and to closed."""

from datetime import datetime

from domain import clock_changes, issue_choice, pages, quality_gate, snoozing
from domain.clocks import ClockOutcome
from domain.durations import format_duration
from domain.engineering_issue import draft_issue, issue_key, safe_text, shared_on, text_on
from domain.intents import (
    CloseVendorCase,
    LeaveIssue,
    MailCustomer,
    Notice,
    OpenVendorCase,
    ReopenOnIssue,
    TellIssue,
)
from domain.issue_facts import IssueSection
from domain.issues import IssueMeaning
from domain.people import TIERLINE, Actor, ActorKind
from domain.policy import ClockKind, ReportField
from domain.report import EscalationReport, report_text
from domain.telling import tell_channel as tell_channel
from domain.telling import tell_lead as tell_lead
from domain.telling import tell_owner as tell_owner
from domain.telling import tier_name as tier_name
from domain.telling import tier_rules as tier_rules
from domain.ticket import Stint, TicketStatus, VendorCaseLink, home_channel
from domain.tiers import Priority, Tier, WaitingOn
from domain.turn import Turn

_NO_FIX = (IssueMeaning.DECLINED, IssueMeaning.DUPLICATE)
"""What an issue means on which nobody will work again."""


# --- into a tier ---------------------------------------------------------------------------------------------------


def enter_tier(turn: Turn, tier: Tier, *, team: str | None = None) -> None:
    """Begin a stint: the tier's clocks start, except with the vendor, whose own clock is the case's."""
    number = turn.ticket.stints[-1].number + 1 if turn.ticket.stints else 0
    stint = Stint(number=number, tier=tier, entered_at=turn.at, team=team)
    turn.set(stints=(*turn.ticket.stints, stint), waiting_on=WaitingOn.VENDOR if tier is Tier.L4 else WaitingOn.TIER)
    if tier is not Tier.L4:
        clock_changes.start(turn, ClockKind.HANDOFF, stint=stint.number)
        clock_changes.start(turn, ClockKind.TIER_WORK, stint=stint.number)
    clock_changes.settle_pauses(turn)


def leave_tier(turn: Turn) -> None:
    """End the stint: its clocks stop, and nobody needs to be awake for it any more."""
    clock_changes.leave_stint(turn)
    pages.resolve_page(turn)
    turn.set_stint(left_at=turn.at)


def escalate(
    turn: Turn,
    to: Tier,
    reason: str,
    by: Actor,
    *,
    vendor: str | None = None,
    priority: Priority | None = None,
    report: EscalationReport | None = None,
) -> None:
    """Hand the ticket up, with the priority as it is seen now and what was written down for the tier that gets it."""
    source = turn.ticket.tier
    quality_gate.keep_report(turn, report)
    _see_anew(turn, priority, report, by)
    leave_tier(turn)
    enter_tier(turn, to)
    turn.set(handoffs=(*turn.ticket.handoffs, turn.at))
    turn.say(f"Escalated from {source.value} to {tier_name(turn, to)}: {reason}", by)
    quality_gate.tell_report(turn, to, report, by)
    announce(turn, f"{turn.ticket.id} was escalated from {source.value} to {to.value} by {by.name}: {reason}")
    if to is Tier.L3:
        involve_engineering(turn, reason, report)
    if to is Tier.L4:
        assert vendor is not None  # a command without a vendor was refused, and ladders stop below L4
        open_vendor_case(turn, vendor, _with_report(reason, turn.ticket.report))
    rules = tier_rules(turn, to)
    if rules is not None and rules.page_on_entry:
        pages.raise_page(turn, reason)


def _see_anew(turn: Turn, priority: Priority | None, report: EscalationReport | None, by: Actor) -> None:
    """What is broken, and how badly, as whoever escalates sees it: the ticket goes by that, and so does the choice of its SLA."""
    component = report.part(ReportField.COMPONENT) if report is not None else None
    if component is not None:
        turn.set(component=component)
    if priority is not None and priority is not turn.ticket.priority:
        change_priority(turn, priority, by)
    elif component is not None and turn.ticket.policy.sla_for(turn.ticket.sla_facts) != turn.ticket.sla:
        change_component(turn, by)


def _with_report(reason: str, report: EscalationReport | None) -> str:
    """The reason and what engineers or a vendor need to begin; the words for the customer are not for them."""
    told = report_text(report, (ReportField.IMPACT, ReportField.REPRODUCTION))
    return f"{reason}\n\n{told}" if told else reason


def return_to(turn: Turn, to: Tier, reason: str, by: Actor) -> None:
    """Hand the ticket back down."""
    source = turn.ticket.tier
    if source is Tier.L4:
        close_vendor_case(turn, reason)
    issue_choice.drop(turn, f"{turn.ticket.id} was returned")
    leave_tier(turn)
    enter_tier(turn, to)
    turn.set(returns=(*turn.ticket.returns, turn.at))
    turn.say(f"Returned from {source.value} to {tier_name(turn, to)}: {reason}", by)
    announce(turn, f"{turn.ticket.id} came back from {source.value} to {to.value} ({by.name}): {reason}")


def announce(turn: Turn, text: str) -> None:
    """Tell the channel of the tier where the ticket is now, unless its card stands there anyway."""
    rules = tier_rules(turn, turn.ticket.tier)
    card = turn.ticket.card
    home = card.channel if card is not None else home_channel(turn.ticket)
    if rules is not None and rules.channel != home:
        turn.intend(lambda key: Notice(key=key, channel=rules.channel, text=text))


def accept(turn: Turn, by: Actor) -> None:
    """Somebody of the tier took the ticket: the handoff clock stops, and with it its ladder."""
    if turn.ticket.stint.accepted_at is not None:
        return
    turn.set_stint(accepted_at=turn.at, accepted_by=by)
    clock_changes.stop_kind(turn, ClockKind.HANDOFF)
    turn.say(f"Taken in {turn.ticket.tier.value}", by)
    pages.ticket_is_taken(turn, by)
    snoozing.wake(turn, by)


def wait_on(turn: Turn, whom: WaitingOn) -> None:
    """It is somebody else's turn: clocks pause or resume by the policy."""
    turn.set(waiting_on=whom)
    clock_changes.settle_pauses(turn)


def change_priority(turn: Turn, to: Priority, by: Actor = TIERLINE) -> None:
    """Another priority: the ticket goes by the targets, and by the SLA, of that priority; what has elapsed is kept."""
    before, sla = turn.ticket.priority, turn.ticket.sla
    turn.set(priority=to)
    pages.priority_changed(turn, before)
    clock_changes.go_by_rules(turn)
    turn.say(f"Priority changed from {before.value} to {to.value}: {_what_comes(sla, turn.ticket.sla)}", by)
    _say_if_nothing_is_measured(turn, sla)


def change_component(turn: Turn, by: Actor) -> None:
    """Another component makes another SLA match: the ticket goes by that one; what has elapsed is kept."""
    sla = turn.ticket.sla
    clock_changes.go_by_rules(turn)
    turn.say(f"The component is {turn.ticket.component}: {_what_comes(sla, turn.ticket.sla)}", by)
    _say_if_nothing_is_measured(turn, sla)


def _what_comes(sla: str | None, now: str | None) -> str:
    """What becomes of the clocks when the ticket goes by another priority or component."""
    if now is None:
        return "nothing is measured" if sla is None else f"the SLA {sla} ends, and with it its clocks"
    if now == sla:
        return "the clocks that run have new targets and keep the time they counted"
    instead = f" instead of {sla}" if sla is not None else ""
    return f"the SLA is now {now}{instead}; the clocks that run keep the time they counted"


def _say_if_nothing_is_measured(turn: Turn, sla: str | None) -> None:
    if turn.ticket.sla is None and sla is not None:
        say_that_nothing_is_measured(turn)


def say_that_nothing_is_measured(turn: Turn) -> None:
    """No SLA of the policy is for this ticket: it has no clocks, and somebody hears of it."""
    known = turn.ticket.sla_facts.in_words()
    turn.say(f"No SLA of the policy matches this ticket ({known}): no clock runs, and nobody is reminded of it")
    tell_lead(
        turn, f"{turn.ticket.id} has no clocks, no SLA of the policy matches it ({known}): look after it yourself"
    )


# --- engineering ---------------------------------------------------------------------------------------------------


def involve_engineering(turn: Turn, reason: str, report: EscalationReport | None = None) -> None:
    """Open an issue by the policy's routes, or tell the open one that the ticket is back."""
    ticket = turn.ticket
    if ticket.issues:
        tell_issues(turn, f"{ticket.id} was escalated to engineering again", _with_report(reason, report))
        return
    if ticket.issue_wanted is not None:
        waits = "waits for somebody to choose" if ticket.issue_choice is not None else "is still being opened"
        turn.say(f"The issue of the escalation before {waits}")
        return
    route = ticket.policy.route(
        product=ticket.product, component=ticket.component, priority=ticket.priority, plan=ticket.customer.plan
    )
    if route is None:
        turn.say("No route of the policy fits this ticket, so no issue was opened: link one with /tier link")
        tell_lead(
            turn, f"{ticket.id} is in L3 without an issue: no route of the policy fits. Link one with `/tier link`"
        )
        return
    if turn.silent:
        # Nothing is opened: the text would be made for nobody.
        turn.set(issue_wanted=issue_key(ticket))
        return
    issue_choice.begin(turn, *draft_issue(ticket, route, reason))


def tell_issues(turn: Turn, text: str, why: str) -> None:
    """Have the engineers read something, in each issue that the ticket is on; and why, where the policy shares that."""
    for issue in turn.ticket.issues:
        ref = issue.ref
        words = f"{text}: {why}" if shared_on(turn.ticket, ref, IssueSection.SUMMARY) else text
        safe = text_on(turn.ticket, ref, words)
        turn.intend(lambda key, ref=ref, safe=safe: TellIssue(key=key, ref=ref, text=safe))  # type: ignore[misc]


# --- the vendor ----------------------------------------------------------------------------------------------------


def open_vendor_case(turn: Turn, vendor: str, text: str) -> None:
    """Ask the vendor, whose own clock starts."""
    policy = turn.ticket.policy
    rules = policy.vendors[vendor]
    due = policy.calendar(rules.calendar).due(turn.at, rules.target)
    case = VendorCaseLink(
        number=turn.ticket.cases[-1].number + 1 if turn.ticket.cases else 1,
        vendor=vendor,
        vendor_name=rules.name,
        opened_at=turn.at,
        due_at=due,
    )
    turn.set(cases=(*turn.ticket.cases, case))
    clock_changes.start_vendor(turn, vendor, case.number)
    safe = safe_text(turn.ticket, text)
    turn.intend(lambda key: OpenVendorCase(key=key, case=case.number, vendor=vendor, text=safe, due_at=due))
    turn.say(f"{rules.name} owes an answer within {format_duration(rules.target)}, by {due:%Y-%m-%d %H:%M:%S} UTC")


def close_vendor_case(turn: Turn, why: str) -> None:
    """Nothing more is needed of the vendor."""
    case = turn.ticket.open_case
    if case is None:
        return
    turn.set_case(case.model_copy(update={"closed": True}))
    clock_changes.stop_kind(turn, ClockKind.VENDOR, ending=ClockOutcome.CANCELLED)
    safe = safe_text(turn.ticket, why)
    turn.intend(lambda key: CloseVendorCase(key=key, case=case.number, why=safe))


def vendor_is_overdue(turn: Turn, at: datetime) -> None:
    """The vendor's time ran out: said once, whether the ticket's own clock or the case's workflow is the first to tell."""
    case = turn.ticket.open_case
    if case is None or case.overdue_at is not None:
        return
    turn.set_case(case.model_copy(update={"overdue_at": at}))
    turn.say(f"{case.vendor_name} is overdue since {at:%Y-%m-%d %H:%M:%S} UTC")
    tell_lead(turn, f"{turn.ticket.id}: {case.vendor_name} is overdue with its answer")


def tier_before_vendor(turn: Turn) -> Tier:
    """The tier that asked the vendor: the last one that had the ticket before."""
    return next(stint.tier for stint in reversed(turn.ticket.stints) if stint.tier is not Tier.L4)


# --- telling people ------------------------------------------------------------------------------------------------


def tell_customer(turn: Turn, text: str, who: Actor = TIERLINE) -> None:
    """Write to the customer, in the ticket's own mail thread, and into the ticket's story."""
    ticket = turn.ticket
    turn.say(f"To the customer: {text}", who, public=True)
    if ticket.customer.email is None:
        return
    email, first = ticket.customer.email, ticket.mails == 0
    turn.set(mails=ticket.mails + 1)
    subject = f"[{ticket.id}] {ticket.title}"
    turn.intend(lambda key: MailCustomer(key=key, to=email, subject=subject, text=text, first=first))


def reply(turn: Turn, text: str, by: Actor, *, awaits_customer: bool) -> None:
    """A person's public answer: who gives it has taken the ticket, and the responses that were owed are given."""
    accept(turn, by)
    respond(turn, by)
    tell_customer(turn, text, by)
    if by.answers_customers:
        clock_changes.await_next_update(turn)
    if awaits_customer:
        wait_on(turn, WaitingOn.CUSTOMER)


def respond(turn: Turn, by: Actor) -> None:
    """A person answered the customer: first, next and periodic response stop. Bots' words, and the customer's own, do not count."""
    if not by.answers_customers:
        return
    if turn.ticket.first_response_at is None:
        turn.set(first_response_at=turn.at)
    clock_changes.customer_was_answered(turn)


# --- resolved, reopened, closed ------------------------------------------------------------------------------------


def resolve(turn: Turn, text: str, by: Actor, *, automatic: bool = False) -> None:
    """The ticket is solved: every clock ends, the customer is told, and the quiet time begins.

    Also where engineering closed the issue before anybody wrote, the solution is a response; an automatic one is none.
    """
    if not automatic:
        respond(turn, by)
    issue_choice.drop(turn, f"{turn.ticket.id} is resolved")
    close_vendor_case(turn, "the ticket is resolved")
    clock_changes.stop_all(turn, answered=not automatic)
    turn.set(unanswered_since=None)
    pages.resolve_page(turn)
    turn.set(
        status=TicketStatus.RESOLVED, resolved_at=turn.at, resolved_by=by.name, waiting_on=WaitingOn.TIER, snooze=None
    )
    turn.say("Resolved", by)
    tell_customer(turn, text, by)


def cancel(turn: Turn, reason: str, by: Actor) -> None:
    """Nobody needs the ticket any more: its clocks end as cancelled, and the quiet time begins."""
    issue_choice.drop(turn, f"{turn.ticket.id} is cancelled")
    close_vendor_case(turn, "the ticket is cancelled")
    clock_changes.cancel_all(turn)
    pages.resolve_page(turn)
    turn.set(status=TicketStatus.CANCELLED, cancelled_at=turn.at, waiting_on=WaitingOn.TIER, snooze=None)
    turn.say(f"Cancelled: {reason}", by)


def reopen(turn: Turn, reason: str, by: Actor, *, to: Tier | None = None, from_customer: bool = False) -> None:
    """It was not solved: a new stint in the tier that had it (that asked, where the vendor had it); engineers hear of it.

    ``from_customer`` says that the reason is the customer's own words, whoever brought them.
    """
    from_customer = from_customer or by.kind is ActorKind.CUSTOMER
    turn.set(
        status=TicketStatus.OPEN,
        resolved_at=None,
        resolved_by=None,
        cancelled_at=None,
        reopened=turn.ticket.reopened + 1,
        reopenings=(*turn.ticket.reopenings, turn.at),
    )
    turn.set_stint(left_at=turn.at)
    enter_tier(turn, to or tier_before_vendor(turn))
    clock_changes.run_on(turn)
    if from_customer:
        clock_changes.customer_wrote(turn)
    if turn.ticket.tier.rank < Tier.L3.rank and any(issue.meaning not in _NO_FIX for issue in turn.ticket.issues):
        # The ticket only waits for engineers' work, so it waits for it again.
        wait_on(turn, WaitingOn.ENGINEERING)
    where = f"Reopened in {tier_name(turn, turn.ticket.tier)}"
    if from_customer:
        # The customer's words are a message of their own; this line is one that everybody may read.
        turn.say(where, "The customer")
    else:
        turn.say(f"{where}: {reason}", by)
    announce(turn, f"{turn.ticket.id} was reopened: {reason}")
    _reopen_on_issues(turn, reason, by_customer=from_customer)


def _reopen_on_issues(turn: Turn, reason: str, *, by_customer: bool) -> None:
    """Each issue hears that it did not help: it tells the engineers, and counts."""
    said = IssueSection.REPORT if by_customer else IssueSection.SUMMARY
    for issue in turn.ticket.issues:
        ref = issue.ref
        safe = text_on(turn.ticket, ref, reason) if shared_on(turn.ticket, ref, said) else ""
        turn.intend(
            lambda key, ref=ref, safe=safe: ReopenOnIssue(key=key, ref=ref, by_customer=by_customer, text=safe)  # type: ignore[misc]
        )


def close(turn: Turn) -> None:
    """The quiet time passed: the ticket ends, and leaves its issues."""
    turn.set(status=TicketStatus.CLOSED, closed_at=turn.at)
    turn.set_stint(left_at=turn.at)
    turn.say("Closed after the quiet time")
    for issue in turn.ticket.issues:
        ref = issue.ref
        turn.intend(lambda key, ref=ref: LeaveIssue(key=key, ref=ref))  # type: ignore[misc]

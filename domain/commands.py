"""What people's commands do to a ticket, and why one is refused."""

from datetime import datetime

from domain import (
    clock_changes,
    issue_choice,
    issue_commands,
    merging,
    moves,
    pages,
    policy_edit,
    quality_gate,
    snoozing,
    splitting,
    teams,
)
from domain.intents import FindIssue
from domain.messages import (
    Accept,
    ApplyPolicy,
    AttachFile,
    Cancel,
    Command,
    CommentIssue,
    CustomerMessage,
    Escalate,
    HandOver,
    LinkIssue,
    Merge,
    Note,
    OpenNewIssue,
    Reopen,
    Reply,
    Request,
    Resolve,
    Return,
    SetPriority,
    SetRequestKind,
    SetWorkaround,
    Snooze,
    Split,
    Wait,
)
from domain.people import Actor, ActorKind, Role
from domain.policy import ClockKind, CommandName, Policy, ReportField
from domain.references import is_pull_request, tracker_of
from domain.ticket import Ticket, TicketStatus
from domain.tiers import Tier, WaitingOn
from domain.turn import Turn

_WHATEVER_ITS_STATUS = (
    Reopen,
    CustomerMessage,
    Note,
    CommentIssue,
    AttachFile,
    SetRequestKind,
    SetWorkaround,
)
"""What can be asked of a ticket that is resolved or cancelled as well."""


def refusal(ticket: Ticket, command: Command, now: datetime) -> str | None:
    """Why the command cannot be done at ``now``, in one sentence that says what can; None when it can."""
    request = command.request
    if ticket.status is TicketStatus.CLOSED:
        if ticket.merged_into is not None:
            return f"{ticket.id} was merged into {ticket.merged_into}: go on there"
        return f"{ticket.id} is closed: open a new ticket"
    return (
        role_refusal(ticket.policy, request.do, command.by)
        or _status_refusal(ticket, request)
        or _request_refusal(ticket, request, command.by)
        or (snoozing.refusal_of(request, now) if isinstance(request, Snooze) else None)
    )


_WHAT = {
    CommandName.PRIORITY: "change the priority",
    CommandName.OPEN_ISSUE: "open a new issue",
    CommandName.COMMENT: "write to the engineers",
    CommandName.KIND: "say what it is to engineering",
    CommandName.WORKAROUND: "keep a workaround",
    CommandName.ATTACH: "copy files to an issue",
}


def role_refusal(policy: Policy, command: CommandName, by: Actor) -> str | None:
    """Why this person may not do that, naming the roles that may; None when they may."""
    allowed = policy.allowed(command)
    if by.roles & set(allowed):
        return None
    what = _WHAT.get(command, command.value.replace("_", " "))
    if not allowed:
        return f"the policy lets nobody {what}"
    return f"{by.name} may not {what}: it takes the role {_alternatives(allowed)}"


def _status_refusal(ticket: Ticket, request: Request) -> str | None:
    settled = ticket.settled_at is not None
    if isinstance(request, Reopen) and not settled:
        return f"{ticket.id} is open: there is nothing to reopen"
    if settled and not isinstance(request, _WHATEVER_ITS_STATUS):
        return f"{ticket.id} is {ticket.status.value}: reopen it first"
    return None


def _request_refusal(ticket: Ticket, request: Request, by: Actor) -> str | None:
    match request:
        case Escalate():
            return (
                _escalation_refusal(ticket, request)
                or _priority_refusal(ticket, request, by)
                or quality_gate.refusal_of(ticket, request, by)
            )
        case Return():
            return _return_refusal(ticket, request)
        case Accept() if ticket.stint.accepted_by is not None:
            return f"{ticket.id} was taken by {ticket.stint.accepted_by.name} already"
        case Wait() if request.on is ticket.waiting_on:
            return f"{ticket.id} waits on {_whom(ticket, request.on)} already"
        case Reopen() if request.to is not None and request.to not in ticket.policy.tiers:
            return f"the policy has no tier {request.to.value}; it has {', '.join(sorted(ticket.policy.tiers))}"
        case SetPriority() if request.priority is ticket.priority:
            return f"{ticket.id} has priority {ticket.priority.value} already"
        case ApplyPolicy():
            return policy_edit.refusal_of(ticket, request)
        case Merge():
            return merging.refusal_of(ticket, request)
        case Split():
            return splitting.refusal_of(ticket, request)
        case HandOver():
            return teams.refusal_of(ticket, request)
        case CommentIssue():
            return issue_commands.comment_refusal(ticket, request)
        case AttachFile():
            return issue_commands.attach_refusal(ticket, request)
        case SetRequestKind():
            return issue_commands.kind_refusal(ticket, request)
        case SetWorkaround():
            return issue_commands.workaround_refusal(ticket, request)
        case OpenNewIssue():
            return issue_choice.refusal_of(ticket)
        case LinkIssue() if is_pull_request(request.reference):
            return "that is a pull request, and Tierline follows issues only: link the issue that it is to fix"
        case LinkIssue() if tracker_of(request.reference) is None:
            return "write the issue as PAY-12, owner/repository#7 or its address"
        case _:
            return None


def _escalation_refusal(ticket: Ticket, request: Escalate) -> str | None:
    if request.to.rank <= ticket.tier.rank:
        return f"{ticket.id} is in {ticket.tier.value}: escalate goes up; use return to go down"
    if request.to is not Tier.L4 and request.to not in ticket.policy.tiers:
        return f"the policy has no tier {request.to.value}; it has {', '.join(sorted(ticket.policy.tiers))}"
    if request.to is not Tier.L4:
        return None
    if not ticket.policy.vendors:
        return "the policy names no vendor, so there is no L4 to escalate to"
    if request.vendor is not None and request.vendor not in ticket.policy.vendors:
        return f"the policy has no vendor {request.vendor!r}; it has {', '.join(sorted(ticket.policy.vendors))}"
    if request.vendor is None and _vendor(ticket, request) is None:
        return f"name the vendor: {', '.join(sorted(ticket.policy.vendors))}"
    return None


def _priority_refusal(ticket: Ticket, request: Escalate, by: Actor) -> str | None:
    if request.priority is None or request.priority is ticket.priority:
        return None
    return role_refusal(ticket.policy, CommandName.PRIORITY, by)


def _return_refusal(ticket: Ticket, request: Return) -> str | None:
    target = _return_target(ticket, request)
    if target is None:
        return f"{ticket.id} came from nowhere below {ticket.tier.value}: name the tier to return it to"
    if target.rank >= ticket.tier.rank:
        return f"{ticket.id} is in {ticket.tier.value}: return goes down; use escalate to go up"
    if target not in ticket.policy.tiers:
        return f"the policy has no tier {target.value}; it has {', '.join(sorted(ticket.policy.tiers))}"
    return None


def run_command(turn: Turn, command: Command) -> str:
    """Do what was asked (it was not refused) and say so in one sentence."""
    by, request, ticket = command.by, command.request, turn.ticket
    match request:
        case Accept():
            moves.accept(turn, by)
            return f"{ticket.id} is yours"
        case Reply():
            return _reply(turn, request, by)
        case Note():
            turn.say(request.text, by)
            pages.note_on_page(turn, f"{by.name}: {request.text}")
            return f"Noted on {ticket.id}"
        case CustomerMessage():
            return _customer_message(turn, request, by)
        case Escalate():
            moves.escalate(
                turn,
                request.to,
                request.reason,
                by,
                vendor=_vendor(ticket, request),
                priority=request.priority,
                report=request.report,
            )
            return f"{ticket.id} went from {ticket.tier.value} to {request.to.value}"
        case Return():
            target = _return_target(ticket, request)
            assert target is not None  # refused before
            moves.return_to(turn, target, request.reason, by)
            return f"{ticket.id} went from {ticket.tier.value} back to {target.value}"
        case Resolve():
            if not request.automatic:
                moves.accept(turn, by)
            moves.resolve(turn, request.text, by, automatic=request.automatic)
            return f"{ticket.id} is resolved"
        case Reopen():
            if by.kind is ActorKind.CUSTOMER:
                turn.say(f"The customer wrote: {request.reason}", by, public=True)
            moves.reopen(turn, request.reason, by, to=request.to)
            return f"{ticket.id} is open again in {turn.ticket.tier.value}"
        case Wait():
            return _wait(turn, request, by)
        case Snooze():
            return snoozing.begin(turn, request, by)
        case Cancel():
            moves.cancel(turn, request.reason, by)
            return f"{ticket.id} is cancelled"
        case SetPriority():
            return _set_priority(turn, request, by)
        case LinkIssue():
            return _link(turn, request, by)
        case OpenNewIssue():
            return issue_choice.open_new(turn, by)
        case ApplyPolicy():
            return policy_edit.apply(turn, request, by)
        case Merge():
            return merging.begin(turn, request, by)
        case Split():
            return splitting.split(turn, request, by)
        case HandOver():
            return teams.hand_over(turn, request, by)
        case CommentIssue():
            return issue_commands.comment(turn, request, by)
        case AttachFile():
            return issue_commands.attach(turn, request, by)
        case SetRequestKind():
            return issue_commands.set_kind(turn, request, by)
        case SetWorkaround():
            return issue_commands.set_workaround(turn, request, by)


def _reply(turn: Turn, request: Reply, by: Actor) -> str:
    if request.automatic:
        moves.tell_customer(turn, request.text, by)
    else:
        moves.reply(turn, request.text, by, awaits_customer=request.awaits_customer)
    return f"The customer of {turn.ticket.id} was told"


def _customer_message(turn: Turn, request: CustomerMessage, by: Actor) -> str:
    turn.say(f"The customer wrote: {request.text}", by, public=True)
    if turn.ticket.settled_at is not None:
        moves.reopen(turn, request.text, by, from_customer=True)
        return f"{turn.ticket.id} is open again in {turn.ticket.tier.value}"
    clock_changes.customer_wrote(turn)
    if turn.ticket.waiting_on is WaitingOn.CUSTOMER and turn.ticket.tier is not Tier.L4:
        _ask_for_follow_up(turn)
    elif turn.ticket.waiting_on is not WaitingOn.TIER:
        _tell_while_others_have_it(turn)
    return f"{turn.ticket.id} has the customer's message"


def _ask_for_follow_up(turn: Turn) -> None:
    """The customer came back: the tier must take the ticket anew, against a new handoff clock."""
    moves.wait_on(turn, WaitingOn.TIER)
    pages.end_acknowledged_page(turn)
    turn.set_stint(accepted_at=None, accepted_by=None)
    clock_changes.start(turn, ClockKind.HANDOFF, stint=turn.ticket.stint.number)
    moves.tell_channel(turn, f"{turn.ticket.id}: the customer came back, and somebody is to take it")


def _tell_while_others_have_it(turn: Turn) -> None:
    """The customer wrote while engineers or a vendor are to act: they still are, and who took the ticket hears of it."""
    if turn.ticket.tier is Tier.L4:
        moves.wait_on(turn, WaitingOn.VENDOR)
    who = "the vendor" if turn.ticket.waiting_on is WaitingOn.VENDOR else "engineering"
    moves.tell_owner(turn, f"{turn.ticket.id}: the customer wrote while {who} is to act")


def _wait(turn: Turn, request: Wait, by: Actor) -> str:
    moves.wait_on(turn, request.on)
    whom = _whom(turn.ticket, request.on)
    turn.say(f"Waits on {whom}" + (f": {request.reason}" if request.reason else ""), by)
    return f"{turn.ticket.id} waits on {whom}"


def _whom(ticket: Ticket, on: WaitingOn) -> str:
    return ticket.tier.value if on is WaitingOn.TIER else on.value


def _set_priority(turn: Turn, request: SetPriority, by: Actor) -> str:
    moves.change_priority(turn, request.priority, by)
    return f"{turn.ticket.id} has priority {request.priority.value}"


def _link(turn: Turn, request: LinkIssue, by: Actor) -> str:
    tracker = tracker_of(request.reference)
    assert tracker is not None  # refused before
    turn.say(f"Asked for a link to {request.reference}", by, thread=False)
    key = turn.intend(lambda key: FindIssue(key=key, tracker=tracker, reference=request.reference))
    issue_choice.look_up(turn, key)
    return f"Linking {turn.ticket.id} to {request.reference}"


def _vendor(ticket: Ticket, request: Escalate) -> str | None:
    if request.to is not Tier.L4:
        return None
    component = request.report.part(ReportField.COMPONENT) if request.report is not None else None
    return request.vendor or ticket.policy.vendor_for(
        product=ticket.product,
        component=component or ticket.component,
        priority=request.priority or ticket.priority,
        plan=ticket.customer.plan,
    )


def _return_target(ticket: Ticket, request: Return) -> Tier | None:
    """The named tier, or the last tier below the present one that the ticket was in."""
    if request.to is not None:
        return request.to
    before = [stint.tier for stint in ticket.stints[:-1] if stint.tier.rank < ticket.tier.rank]
    return before[-1] if before else None


def _alternatives(roles: tuple[Role, ...]) -> str:
    names = [role.value for role in roles]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"

"""An edited policy, applied to a ticket that is open: from now on, or counted anew from the start. Who chose so, and why, is recorded.

Without it an edit touches no open ticket. A finished clock is never rewritten. Steps of a ladder that lie in the past by the new rules
are summed up in one notice to the lead: they are not carried out one by one, long after their time.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from domain import clock_changes, clock_story, moves
from domain.attribution import settled
from domain.calendar import Calendar
from domain.clock_names import clock_name
from domain.clocks import BREACH, Clock, counted_at, next_step
from domain.durations import format_duration
from domain.frozen import Frozen
from domain.messages import ApplyPolicy
from domain.people import Actor
from domain.policy import ClockKind, Policy
from domain.ticket import EditMode, FormerPolicy, Held, PolicyEdit, Ticket
from domain.tiers import Owner, Tier
from domain.turn import Turn

MOST_EDITS = 10
"""Edits that a ticket carries; what was before the oldest of them is in its totals, and in the workflow's history."""
_FROM_OPENING = (
    ClockKind.FIRST_RESPONSE,
    ClockKind.REQUESTER_WAIT,
    ClockKind.AGENT_WORK,
    ClockKind.FIRST_RESOLUTION,
    ClockKind.RESOLUTION,
)
_WORDS = {
    EditMode.FROM_NOW: "from now on: what its clocks have counted is kept",
    EditMode.RETROACTIVELY: "retroactively: its running clocks are counted anew from their start",
}


class PolicyEffect(Frozen):
    """What an edited policy would change of a ticket: sentences of its timeline, or why it cannot be applied."""

    ticket_id: str
    refusal: str | None = None
    changes: tuple[str, ...] = ()


class PolicyQuestion(Frozen):
    """What a ticket's workflow is asked before a policy is applied. ``now`` is the asker's wall clock."""

    request: ApplyPolicy
    by: Actor
    now: datetime


def refusal_of(ticket: Ticket, request: ApplyPolicy) -> str | None:
    """Why the policy cannot be applied to this ticket, in one sentence; None when it can."""
    now, new = ticket.policy, request.policy
    if (now.name, now.version) == (new.name, new.version):
        return f"{ticket.id} is under {new.name} {new.version} already: an edited policy needs a new version"
    missing = sorted({s.tier for s in ticket.stints if s.tier is not Tier.L4 and s.tier not in new.tiers})
    if missing:
        return (
            f"{new.name} {new.version} has no tier {missing[0]}, in which {ticket.id} has been: keep it in the policy"
        )
    for clock in ticket.clocks:
        lost = clock.kind is ClockKind.VENDOR and not clock.stopped and clock.calendar != "always"
        if lost and clock.calendar not in new.calendars:
            return f"{new.name} {new.version} has no calendar {clock.calendar!r}, by which a vendor owes {ticket.id} an answer"
    if ticket.open_case is not None and ticket.open_case.vendor not in new.vendors:
        return f"{new.name} {new.version} has no vendor {ticket.open_case.vendor!r}, which owes {ticket.id} an answer"
    if request.mode is EditMode.RETROACTIVELY and ticket.held and ticket.held[0].since > _first_start(ticket):
        return f"{ticket.id} has had too many changes to be counted anew: apply the policy to it from now on"
    return None


def effect_of(ticket: Ticket, request: ApplyPolicy, by: Actor, now: datetime) -> PolicyEffect:
    """What applying the policy would change, with nothing changed."""
    refused = refusal_of(ticket, request)
    if refused is not None:
        return PolicyEffect(ticket_id=ticket.id, refusal=refused)
    turn = Turn(ticket, now)
    apply(turn, request, by)
    clock_story.tell(turn, ticket.clocks)
    said = turn.ticket.timeline[len(ticket.timeline) - (turn.ticket.timeline_dropped - ticket.timeline_dropped) :]
    return PolicyEffect(ticket_id=ticket.id, changes=tuple(entry.text for entry in said))


def apply(turn: Turn, request: ApplyPolicy, by: Actor) -> str:
    """Put the ticket under the policy and say so in one sentence. It was not refused."""
    before = turn.ticket.policy
    _pin(turn, request, by)
    known = turn.ticket.clocks
    _keep_vendors_count(turn, before)
    clock_changes.go_by_rules(turn, before)
    if request.mode is EditMode.RETROACTIVELY:
        _count_anew(turn, known)
    after = turn.ticket.policy
    turn.say(
        f"Put under the policy {after.name} {after.version} instead of {before.name} {before.version}, "
        f"{_WORDS[request.mode]} ({request.why})",
        by,
    )
    if request.mode is EditMode.RETROACTIVELY:
        _say_what_is_counted(turn)
    pass_steps_by(turn, f"by the policy {after.name} {after.version}")
    return f"{turn.ticket.id} is under {after.name} {after.version}, {request.mode.value.removeprefix('open-')}"


def pass_steps_by(turn: Turn, why: str) -> None:
    """Mark breaches and ladders' steps whose counted time is over already, and tell the lead of all of them at once."""
    over: list[str] = []

    def passed(clock: Clock) -> Clock:
        later, words = _passed(clock, turn.ticket.policy, turn.at)
        if words:
            over.append(f"the {clock_name(clock.kind)} clock {words}")
        return later

    turn.change_clocks(passed)
    if over:
        text = f"{why}, {'; '.join(over)}: nothing of it is made up for, see to it yourself"
        turn.say(f"{text[0].upper()}{text[1:]}")
        moves.tell_lead(turn, f"{turn.ticket.id}: {text}")


# --- the parts -----------------------------------------------------------------------------------------------------


def _pin(turn: Turn, request: ApplyPolicy, by: Actor) -> None:
    # The time up to now belongs to the calendars of the policy before.
    turn.set(**settled(turn.ticket, turn.at))
    ticket, before = turn.ticket, turn.ticket.policy
    former = FormerPolicy(
        name=before.name,
        version=before.version,
        calendars=before.calendars,
        tier_calendars={tier: rules.calendar for tier, rules in before.tiers.items()},
    )
    edit = PolicyEdit(at=turn.at, by=by.name, why=request.why, mode=request.mode, before=former)
    edits = (*ticket.edits, edit)
    turn.set(edits=edits[-MOST_EDITS:], policy=request.policy.pinned(ticket.opened_at))
    if len(edits) > MOST_EDITS:
        forgotten = edits[-MOST_EDITS - 1].at
        turn.set(held=tuple(held for held in ticket.held if held.since >= forgotten))


def _keep_vendors_count(turn: Turn, before: Policy) -> None:
    """A vendor's clock is the vendor's contract and keeps its target; what it counted by the calendar before is kept."""

    def kept(clock: Clock) -> Clock:
        if clock.kind is not ClockKind.VENDOR or clock.running_since is None:
            return clock
        counted = counted_at(clock, before.calendar(clock.calendar), turn.at)
        return clock.model_copy(update={"counted": counted, "running_since": turn.at})

    turn.change_clocks(kept)


def _count_anew(turn: Turn, known: tuple[Clock, ...]) -> None:
    before = {clock.id for clock in known}

    def anew(clock: Clock) -> Clock:
        if clock.stopped or clock.kind is ClockKind.VENDOR:
            return clock
        started = clock.started_at if clock.id in before else _natural_start(turn.ticket, clock)
        return _counted_anew(turn.ticket, clock.model_copy(update={"started_at": started}), turn.at)

    turn.change_clocks(anew)


def _natural_start(ticket: Ticket, clock: Clock) -> datetime:
    """When a clock that only the new rules have would have started."""
    if clock.stint is not None:
        return ticket.stint_numbered(clock.stint).entered_at
    if clock.kind in _FROM_OPENING:
        return ticket.opened_at
    if clock.kind is ClockKind.NEXT_RESPONSE and ticket.unanswered_since is not None:
        return ticket.unanswered_since
    return clock.started_at


def _counted_anew(ticket: Ticket, clock: Clock, now: datetime) -> Clock:
    """The clock as if its rules had been these from its start: the times at which the ticket waited or was resolved are what they were."""
    calendar = ticket.policy.calendar(clock.calendar)
    counted, breached_at = timedelta(0), None
    for since, until in _ran(ticket, clock, now):
        if breached_at is None:
            due = calendar.due(since, clock.target - counted)
            # Used up just as it was halted, which was not its end: a breach at that instant (``Clock.reached_at``).
            breached_at = due if due < until or due == until < now else None
        counted += calendar.elapsed(since, until)
    just_reached = breached_at is None and clock.running_since is None and counted == clock.target
    changes = {"counted": counted, "breached_at": breached_at, "reached_at": now if just_reached else None}
    if clock.running_since is not None:
        changes["running_since"] = now
    return clock.model_copy(update=changes)


def _ran(ticket: Ticket, clock: Clock, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    present = Held(owner=ticket.owner, since=ticket.owner_since, until=now, waiting_on=ticket.owner_waits_on)
    for held in (*ticket.held, present):
        since = max(held.since, clock.started_at)
        if since < held.until and held.owner is not Owner.RESOLVED and held.waiting_on not in clock.pauses:
            yield since, held.until


def _first_start(ticket: Ticket) -> datetime:
    return min((clock.started_at for clock in ticket.clocks if not clock.stopped), default=ticket.opened_at)


def _say_what_is_counted(turn: Turn) -> None:
    running = [c for c in turn.ticket.clocks if not c.stopped and c.kind is not ClockKind.VENDOR]
    if running:
        told = "; ".join(
            _counted_words(clock, turn.ticket.policy.calendar(clock.calendar), turn.at) for clock in running
        )
        turn.say(f"Counted anew: {told}", thread=False)


def _counted_words(clock: Clock, calendar: Calendar, now: datetime) -> str:
    words = f"{clock_name(clock.kind)} {format_duration(counted_at(clock, calendar, now))} of {format_duration(clock.target)}"
    return f"{words}, breached at {clock.breached_at:%Y-%m-%d %H:%M:%S} UTC" if clock.breached_at is not None else words


def _passed(clock: Clock, policy: Policy, now: datetime) -> tuple[Clock, str]:
    """The clock with everything done that is due by now, and what that is, in words."""
    if clock.stopped or clock.kind is ClockKind.VENDOR:
        return clock, ""
    stood_still = clock.running_since is None
    trial = clock.model_copy(update={"running_since": now}) if stood_still else clock
    places: list[str] = []
    breached = False
    while (step := next_step(trial, policy)) is not None and step.at <= now:
        if step.label == BREACH:
            breached = True
            trial = trial.model_copy(update={"breached_at": now})
        else:
            trial = trial.model_copy(update={"steps_done": trial.steps_done | {step.label}})
            if step.of_ladder is not None:
                does = ", ".join(action.value.replace("_", " ") for action in step.of_ladder.do)
                places.append(f"{step.of_ladder.place}: {does}")
    if not places and not breached:
        return clock, ""
    words = "is breached" if trial.breached_at is not None else "runs on"
    if places:
        words += (
            f" and has {len(places)} step{'s' if len(places) > 1 else ''} of its ladder behind it ({_some(places)})"
        )
    return trial.model_copy(update={"running_since": clock.running_since}), words


def _some(places: list[str], most: int = 5) -> str:
    more = f"; and {len(places) - most} more" if len(places) > most else ""
    return "; ".join(places[:most]) + more

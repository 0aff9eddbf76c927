"""Deadlines: what a ticket does by itself, at exact instants."""

from collections.abc import Sequence, Set
from datetime import datetime

from domain import clock_story, issue_choice, moves, page_chain, severity_channel
from domain.clock_names import clock_name as clock_name
from domain.clocks import BREACH, Clock, Step, counted_at, next_step, steps_left
from domain.durations import format_duration
from domain.frozen import Frozen
from domain.ladder_actions import Plan, act, plan, plans
from domain.page_chain import PageDue
from domain.policy import Action, ClockKind, LadderStep
from domain.snooze import HeldStep, Snooze
from domain.ticket import Ticket, TicketStatus
from domain.tiers import Owner, Tier
from domain.turn import Turn


class Deadline(Frozen):
    """When the ticket acts next without being asked, and on what: the timer's summary in the Temporal UI."""

    at: datetime
    what: str


def entry_owner(tier: Tier) -> Owner:
    """Whose turn it is when a ticket opens in a tier."""
    return Owner.VENDOR if tier is Tier.L4 else Owner(tier.value)


def next_deadline(ticket: Ticket) -> Deadline | None:
    """The next instant at which the ticket acts by itself, or None."""
    if ticket.settled_at is not None:
        return Deadline(at=ticket.settled_at + ticket.policy.quiet_time, what="close after the quiet time")
    chosen_by, other = issue_choice.next_due(ticket), _next_of_clocks_and_pages(ticket)
    if chosen_by is not None and (other is None or chosen_by < other.at):
        return Deadline(at=chosen_by, what="open the issue that nobody chose a duplicate for")
    return other


def _next_of_clocks_and_pages(ticket: Ticket) -> Deadline | None:
    step, paging = _next_step(ticket), page_chain.next_due(ticket)
    if paging is not None and _page_comes_first(ticket, paging, step):
        return Deadline(at=paging.at, what=paging.what)
    if _snooze_ends_first(ticket, step):
        assert ticket.snooze is not None  # it ends
        return Deadline(at=ticket.snooze.until, what="the snooze ends")
    if step is None:
        return None
    clock = _clock(ticket, step.clock_id)
    return Deadline(at=step.at, what=f"{clock_name(clock.kind)} clock: {_what(step)}")


def advance(state: Ticket, now: datetime, *, inclusive: bool, silent: bool = False) -> Turn:
    """A turn at ``now``, with every deadline before it (and at it, when ``inclusive``) carried out at its own instant.

    A clock that reaches its target at the very instant it is stopped is not breached, hence the exclusive form for messages.
    """
    turn = Turn(state, now, silent=silent)
    while (deadline := next_deadline(turn.ticket)) is not None:
        if deadline.at > now or (deadline.at == now and not inclusive):
            break
        # A policy edit or a priority change may put a deadline into the past: it is then carried out now, not before.
        turn.at = max(deadline.at, _latest(turn.ticket))
        turn.because("deadline", deadline.at.isoformat(), turn.at.isoformat())
        before = turn.ticket
        _carry_out(turn)
        severity_channel.follow(turn, before)
    turn.at = now
    return turn


def _carry_out(turn: Turn) -> None:
    if turn.ticket.settled_at is not None:
        moves.close(turn)
        turn.settle_owner()
        return
    chosen_by, other = issue_choice.next_due(turn.ticket), _next_of_clocks_and_pages(turn.ticket)
    if chosen_by is not None and (other is None or chosen_by < other.at):
        issue_choice.time_is_over(turn)
        turn.show_card()
        return
    step, clocks = _next_step(turn.ticket), turn.ticket.clocks
    paging = page_chain.next_due(turn.ticket)
    if paging is not None and _page_comes_first(turn.ticket, paging, step):
        page_chain.carry_out(turn)
    elif _snooze_ends_first(turn.ticket, step):
        _end_snooze(turn)
    else:
        assert step is not None  # there was a deadline
        clock = _clock(turn.ticket, step.clock_id)
        if step.of_ladder is None:
            _breach(turn, clock, step)
        else:
            _climb(turn, clock.id, step.of_ladder)
    clock_story.tell(turn, clocks)
    turn.show_card()
    turn.settle_owner()


def _breach(turn: Turn, clock: Clock, step: Step) -> None:
    turn.change_clocks(lambda c: c.model_copy(update={"breached_at": step.at}) if c.id == clock.id else c)
    if clock.kind is ClockKind.VENDOR:
        moves.vendor_is_overdue(turn, step.at)
        return
    turn.say(f"The {clock_name(clock.kind)} clock is breached: {format_duration(clock.target)} are over")


# --- one step ------------------------------------------------------------------------------------------------------


def _climb(turn: Turn, clock_id: str, step: LadderStep) -> None:
    """Carry a step out. One that reaches nobody is skipped at once, and the next one runs without waiting (goalert 4548)."""
    following: LadderStep | None = step
    hurried = False
    while following is not None:
        step = following
        _mark_done(turn, clock_id, {step.label})
        clock = _clock(turn.ticket, clock_id)
        unmet = _unmet(turn, step)
        sentence = _sentence(turn, clock, step)
        if unmet is not None:
            turn.say(f"{_capital(sentence)}: the step ({step.place}) is skipped, {unmet}", thread=False)
            # A step that is not for this ticket leaves the next one its own time.
            following = _following(turn, clock_id) if hurried else None
            continue
        if turn.ticket.snooze is not None:
            _hold(turn, clock_id, step, sentence)
            return
        if _done(turn, clock, step.do, sentence):
            return
        hurried = True
        _mark_done(turn, clock_id, {s.label for s in steps_left(clock, turn.ticket.policy) if s.rung == step.rung})
        following = _following(turn, clock_id)


def _done(turn: Turn, clock: Clock, actions: Sequence[Action], sentence: str) -> bool:
    """Do what a step says and tell so in the ticket's story; False, told as well, when it reaches nobody."""
    planned = plans(turn, actions)
    reasons = [one.words for one in planned if one.empty]
    if len(reasons) == len(planned):
        turn.say(f"{_capital(sentence)}: the step is skipped at once, {' and '.join(reasons)}", thread=False)
        return False
    told = "; ".join([sentence, *reasons])
    what = ", ".join(one.words for one in planned if not one.empty)
    # The breach has a line of its own in the card's thread, so a step of that instant needs none.
    at_breach = clock.breached_at == turn.at
    turn.say(f"{_capital(told)}: {what}", thread=Action.TELL_OWNER in actions and not at_breach)
    for one in planned:
        act(turn, one, clock_name(clock.kind), told)
    return True


def _mark_done(turn: Turn, clock_id: str, labels: Set[str]) -> None:
    turn.change_clocks(lambda c: c.model_copy(update={"steps_done": c.steps_done | labels}) if c.id == clock_id else c)


def _following(turn: Turn, clock_id: str) -> LadderStep | None:
    left = steps_left(_clock(turn.ticket, clock_id), turn.ticket.policy)
    return min(left, key=lambda step: step.amount, default=None)


def _unmet(turn: Turn, step: LadderStep) -> str | None:
    """Why the step is not for this ticket now; None when it is."""
    ticket, when = turn.ticket, step.when
    if not when.allows(ticket.priority):
        return f"it is for {', '.join(when.priority)} alone"
    plan = (ticket.customer.plan or "").casefold()
    if when.plan and plan not in {wanted.casefold() for wanted in when.plan}:
        return f"it is for the plan {' or '.join(when.plan)} alone"
    if when.calendar is not None and ticket.policy.calendar(when.calendar).is_open(turn.at) is not when.working_hours:
        return f"it is for the time {'in' if when.working_hours else 'outside'} the hours of {when.calendar!r} alone"
    if step.unacknowledged and ticket.stint.accepted_by is not None:
        return f"{ticket.stint.accepted_by.name} has the ticket"
    return None


def _sentence(turn: Turn, clock: Clock, step: LadderStep) -> str:
    """How the clock stands. It speaks of the tier where the clock runs, also for the actions that come after a handing off."""
    counted = counted_at(clock, turn.ticket.policy.calendar(clock.calendar), turn.at)
    name = f"the {clock_name(clock.kind)} clock"
    if counted < clock.target:
        words = f"{name} is at {100 * counted // clock.target} %, {format_duration(clock.target - counted)} are left"
    else:
        words = f"{name} ran out in {turn.ticket.tier.value}"
    return f"{words}, and nobody acknowledged" if step.unacknowledged else words


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


# --- the page ------------------------------------------------------------------------------------------------------


def _page_comes_first(ticket: Ticket, paging: PageDue, step: Step | None) -> bool:
    """At one instant a breach is noted, and a snooze ends, before anybody is reached; a ladder may move the ticket after that."""
    if _snooze_ends_first(ticket, step):
        assert ticket.snooze is not None  # it ends
        return paging.at < ticket.snooze.until
    return step is None or paging.at < step.at or (paging.at == step.at and step.label != BREACH)


# --- the snooze ----------------------------------------------------------------------------------------------------


def _snooze_ends_first(ticket: Ticket, step: Step | None) -> bool:
    """At one instant a breach is noted first, and the ladders' steps are no longer silent."""
    if ticket.snooze is None or ticket.status is not TicketStatus.OPEN:
        return False
    if step is None or ticket.snooze.until < step.at:
        return True
    return ticket.snooze.until == step.at and step.label != BREACH


def _hold(turn: Turn, clock_id: str, step: LadderStep, sentence: str) -> None:
    snooze = turn.ticket.snooze
    assert snooze is not None  # the ticket is snoozed
    held = HeldStep(clock_id=clock_id, label=step.label, at=turn.at, sentence=sentence, actions=step.do)
    turn.set(snooze=snooze.model_copy(update={"held": (*snooze.held, held)}))
    turn.say(f"{_capital(sentence)}: nobody was told, {snooze.by} snoozed the ticket", thread=False)


def _end_snooze(turn: Turn) -> None:
    """What fell into the snooze is made up for once: one notice that sums up, and the most serious action."""
    snooze = turn.ticket.snooze
    assert snooze is not None  # it ends
    turn.set(snooze=None)
    page_chain.snooze_is_over(turn)
    why = f"{snooze.woken_by} has the ticket" if snooze.woken_by is not None else "its time is up"
    if not snooze.held:
        turn.say(f"The snooze is over, {why}: nothing fell due in it")
        return
    live = [held for held in snooze.held if not _clock(turn.ticket, held.clock_id).stopped]
    missed = "; ".join(
        f"at {held.at:%H:%M} UTC {held.sentence}" + ("" if held in live else " (that clock has ended)")
        for held in snooze.held
    )
    turn.say(f"The snooze is over, {why}. It held back: {missed}")
    if live:
        _make_up(turn, snooze, live, f"{snooze.by}'s snooze is over and held back: {missed}")


def _make_up(turn: Turn, snooze: Snooze, live: Sequence[HeldStep], summary: str) -> None:
    actions = {action for held in live for action in held.actions}
    if Action.RAISE_PRIORITY in actions and not plan(turn, Action.RAISE_PRIORITY).empty:
        act(turn, plan(turn, Action.RAISE_PRIORITY), "", summary)
    if snooze.woken_by is not None:
        moves.tell_owner(turn, f"{turn.ticket.id}: {summary}")
        return
    worst = _worst(turn, live, (Action.HAND_OFF, Action.PAGE))
    if worst is not None:
        held, serious = worst
        turn.say(f"Made up for after the snooze: {serious.words}")
        act(turn, serious, clock_name(_clock(turn.ticket, held.clock_id).kind), held.sentence)
    tellers = actions & {Action.TELL_LEAD, Action.TELL_CHANNEL, Action.TELL_OWNER}
    if worst is None and not tellers and Action.RAISE_PRIORITY not in actions:
        # All that was held back reaches nobody: the next steps run without waiting, as they would have then.
        for clock_id in dict.fromkeys(held.clock_id for held in live):
            following = _following(turn, clock_id)
            if following is not None:
                _climb(turn, clock_id, following)
        return
    teller = max(tellers, key=lambda action: action.weight, default=Action.TELL_CHANNEL)
    act(turn, Plan(teller, ""), "", summary)


def _worst(turn: Turn, live: Sequence[HeldStep], loud: Sequence[Action]) -> tuple[HeldStep, Plan] | None:
    """The most serious of the actions that were held back and reach somebody, with the latest step that wanted it."""
    for action in loud:
        wanted = [held for held in live if action in held.actions]
        if wanted and not (planned := plan(turn, action)).empty:
            return wanted[-1], planned
    return None


# --- what is next --------------------------------------------------------------------------------------------------


def _what(step: Step) -> str:
    if step.of_ladder is None:
        return "breach"
    return f"{step.of_ladder.place} ({', '.join(action.value for action in step.actions)})"


def _next_step(ticket: Ticket) -> Step | None:
    if ticket.status is not TicketStatus.OPEN:
        return None
    steps = [step for clock in ticket.clocks if (step := next_step(clock, ticket.policy)) is not None]
    # At one instant breaches are noted before a ladder's step moves the ticket and stops the clock.
    return min(steps, key=lambda step: (step.at, step.label != BREACH, step.clock_id), default=None)


def _clock(ticket: Ticket, clock_id: str) -> Clock:
    return next(clock for clock in ticket.clocks if clock.id == clock_id)


def _latest(ticket: Ticket) -> datetime:
    return max(ticket.owner_since, ticket.stint.entered_at)

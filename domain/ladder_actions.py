"""What the actions of a ladder's step come to for a ticket: whom they reach, what they do, and when they are empty."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from domain import moves, pages
from domain.maintenance import MaintenanceWindow
from domain.people import TIERLINE, ActorKind
from domain.policy import Action, HandOffs
from domain.tiers import Priority
from domain.turn import Turn

_PRIORITIES = tuple(Priority)


@dataclass(frozen=True)
class Plan:
    """An action for a ticket as it is now. ``words`` say what is done, or why the action is empty.

    ``instead`` are the actions that stand in for one that is not to be done now.
    """

    action: Action
    words: str
    empty: bool = False
    instead: Action | None = None


def plan(turn: Turn, action: Action) -> Plan:
    """What an action comes to at this instant."""
    match action:
        case Action.TELL_OWNER:
            return Plan(action, f"{_owner(turn)} was told")
        case Action.TELL_CHANNEL:
            return Plan(action, "the channel was told")
        case Action.TELL_LEAD:
            return Plan(action, "the lead was told")
        case Action.RAISE_PRIORITY:
            return _plan_raise(turn)
        case Action.PAGE:
            return _plan_page(turn)
        case Action.HAND_OFF:
            return _plan_hand_off(turn)
        case _:
            assert_never(action)


def plans(turn: Turn, actions: Sequence[Action]) -> list[Plan]:
    """The plans of a step, in order, without telling anybody twice."""
    found = [plan(turn, action) for action in actions]
    told: set[Action] = set()
    kept: list[Plan] = []
    # What stands in for a page or a hand-off tells more than the plain telling of the same people.
    told.update(one.instead for one in found if one.instead is not None)
    for one in found:
        if one.instead is None and one.action in told and not one.empty:
            continue
        kept.append(one)
    return _channel_once(turn, kept)


def _channel_once(turn: Turn, found: list[Plan]) -> list[Plan]:
    """While nobody has the ticket its owner is told in the channel: not twice, where the step tells the channel as well."""
    actions = {one.instead or one.action for one in found}
    if {Action.TELL_OWNER, Action.TELL_CHANNEL} <= actions and turn.ticket.stint.accepted_by is None:
        dropped = Action.TELL_OWNER if any(one.instead is Action.TELL_CHANNEL for one in found) else Action.TELL_CHANNEL
        return [one for one in found if one.action is not dropped]
    return found


def act(turn: Turn, one: Plan, clock_words: str, sentence: str) -> None:
    """Do what was planned. ``sentence`` is what people are told, ``clock_words`` the clock's name."""
    text = f"{turn.ticket.id}: {sentence}"
    if one.empty:
        return
    if one.instead is not None:
        text = f"{text}; {one.words}"
    match one.instead or one.action:
        case Action.TELL_OWNER:
            moves.tell_owner(turn, text)
        case Action.TELL_CHANNEL:
            moves.tell_channel(turn, text)
        case Action.TELL_LEAD:
            moves.tell_lead(turn, text)
        case Action.RAISE_PRIORITY:
            _raise_priority(turn)
        case Action.PAGE:
            pages.raise_page(turn, text)
        case Action.HAND_OFF:
            _hand_off(turn, clock_words)


def _plan_raise(turn: Turn) -> Plan:
    above = _priority_above(turn.ticket.priority)
    if above is None:
        return Plan(Action.RAISE_PRIORITY, f"there is no priority above {turn.ticket.priority.value}", empty=True)
    return Plan(Action.RAISE_PRIORITY, f"the priority was raised to {above.value}")


def _plan_page(turn: Turn) -> Plan:
    ticket = turn.ticket
    rules = moves.tier_rules(turn, ticket.tier)
    if rules is None or rules.page is None:
        return Plan(Action.PAGE, f"the policy names nobody to page for {ticket.tier.value}", empty=True)
    window = pages.maintenance(turn)
    if window is not None:
        return Plan(Action.PAGE, f"nobody was paged: {_on(window)}", instead=Action.TELL_CHANNEL)
    if ticket.stint.accepted_by is not None:
        # Acknowledged anywhere is acknowledged everywhere: who has the ticket is told, and nobody is woken.
        words = f"nobody was paged: {ticket.stint.accepted_by.name} has it"
        return Plan(Action.PAGE, words, instead=Action.TELL_OWNER)
    if ticket.open_page is not None:
        return Plan(Action.PAGE, "the page that is out goes on")
    return Plan(Action.PAGE, "the on-call was paged")


def _plan_hand_off(turn: Turn) -> Plan:
    policy, tier = turn.ticket.policy, turn.ticket.tier
    above = policy.tier_above(tier)
    if above is None:
        return Plan(Action.HAND_OFF, f"there is no tier above {tier.value} to hand it to by itself", empty=True)
    window = pages.maintenance(turn)
    if window is not None:
        return Plan(Action.HAND_OFF, f"it was not handed to {above.value}: {_on(window)}", instead=Action.TELL_CHANNEL)
    if policy.hand_offs is HandOffs.ADVISED:
        return Plan(Action.HAND_OFF, f"the lead was advised to escalate it to {above.value}")
    return Plan(Action.HAND_OFF, f"it goes to {above.value}")


def _on(window: MaintenanceWindow) -> str:
    return f"maintenance “{window.name}” is on"


def _raise_priority(turn: Turn) -> None:
    above = _priority_above(turn.ticket.priority)
    assert above is not None  # planned as empty otherwise
    moves.change_priority(turn, above, TIERLINE)


def _priority_above(priority: Priority) -> Priority | None:
    place = _PRIORITIES.index(priority)
    return _PRIORITIES[place - 1] if place else None


def _hand_off(turn: Turn, clock_words: str) -> None:
    """To the policy's next tier up, by itself, or as advice to the lead; a vendor is never asked without a person."""
    policy, tier = turn.ticket.policy, turn.ticket.tier
    above = policy.tier_above(tier)
    assert above is not None  # planned as empty otherwise
    reason = f"nobody in {tier.value} kept the {clock_words} clock"
    if policy.hand_offs is HandOffs.ADVISED:
        moves.tell_lead(turn, f"{turn.ticket.id}: {reason}; escalate it to {above.value}")
        return
    moves.escalate(turn, above, reason, TIERLINE)


def _owner(turn: Turn) -> str:
    owner = turn.ticket.stint.accepted_by
    return owner.name if owner is not None and owner.kind is ActorKind.SLACK else "the channel"

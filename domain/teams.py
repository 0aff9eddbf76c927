"""Handing a ticket over to another team of the same tier: a new stint with a new acceptance, while the ticket's own clocks run on."""

from domain import moves
from domain.messages import HandOver
from domain.people import Actor
from domain.ticket import Ticket
from domain.turn import Turn


def refusal_of(ticket: Ticket, request: HandOver) -> str | None:
    """Why the ticket cannot be handed over, in one sentence; None when it can."""
    rules = ticket.policy.tiers.get(ticket.tier)
    teams = rules.teams if rules is not None else {}
    if not teams:
        return f"the policy names no teams in {ticket.tier.value}, where {ticket.id} is"
    if request.to not in teams:
        return f"{ticket.tier.value} has no team {request.to!r}; it has {', '.join(sorted(teams))}"
    if ticket.stint.team == request.to:
        return f"{ticket.id} is with {teams[request.to].name} already"
    return None


def hand_over(turn: Turn, request: HandOver, by: Actor) -> str:
    """Do it and say so in one sentence."""
    tier = turn.ticket.tier
    name = turn.ticket.policy.tiers[tier].teams[request.to].name
    moves.leave_tier(turn)
    moves.enter_tier(turn, tier, team=request.to)
    turn.say(f"Handed over to {name} in {tier.value}: {request.reason}", by)
    moves.tell_channel(turn, f"{turn.ticket.id} was handed over to {name} by {by.name}: {request.reason}")
    return f"{turn.ticket.id} is with {name} now"

"""Splitting: a second problem in one ticket becomes a ticket of its own, with the same customer and a reference both ways.

The new ticket starts under the policy that the original is under, since its customer's problem began under it.
"""

from domain import merging
from domain.intents import OpenSplitTicket
from domain.messages import OpenTicket, Split, SplitFrom
from domain.people import Actor
from domain.policy import Policy
from domain.ticket import Ticket
from domain.tiers import Tier
from domain.turn import Turn

_LONGEST_ID = 22


def refusal_of(ticket: Ticket, request: Split) -> str | None:
    """Why the ticket cannot be split, in one sentence; None when it can."""
    policy: Policy = ticket.policy
    if request.tier is not None and (request.tier is Tier.L4 or request.tier not in policy.tiers):
        allowed = ", ".join(sorted(tier for tier in policy.tiers if tier is not Tier.L4))
        return f"a ticket does not start in {request.tier.value}; choose one of {allowed}"
    if request.ticket_id is not None and request.ticket_id in (ticket.id, *ticket.split_into):
        return f"there is a ticket {request.ticket_id} already: choose another number, or leave it out"
    if request.ticket_id is None and len(_next_id(ticket)) > _LONGEST_ID:
        return f"name the new ticket's number: {ticket.id} is too long to derive one from"
    return None


def split(turn: Turn, request: Split, by: Actor) -> str:
    """Open the new ticket and say so in one sentence."""
    ticket = turn.ticket
    number = request.ticket_id or _next_id(ticket)
    opening = OpenTicket(
        ticket_id=number,
        title=request.title,
        description=request.description,
        customer=ticket.customer,
        priority=ticket.priority,
        tier=request.tier,
        product=ticket.product,
        component=ticket.component,
        channel=ticket.channel,
        language=ticket.language,
        opened_by=by,
        split_from=SplitFrom(
            ticket_id=ticket.id, clocks=merging.carried_clocks(turn) if request.clocks == "opening" else ()
        ),
    )
    turn.set(split_into=(*ticket.split_into, number))
    since = "the opening of this ticket" if request.clocks == "opening" else "now"
    turn.say(f"Split: {number} is opened for “{request.title}”, its clocks count from {since}", by)
    turn.intend(lambda key: OpenSplitTicket(key=key, opening=opening, policy=ticket.policy))
    return f"{number} is split off {ticket.id}"


def could_not_open(turn: Turn, number: str, why: str) -> None:
    """The new ticket could not be opened: whoever asked is to choose another number."""
    turn.set(split_into=tuple(one for one in turn.ticket.split_into if one != number))
    turn.say(f"{number} could not be opened: {why}. Split again with another number")


def begin(turn: Turn, origin: SplitFrom) -> None:
    """The new ticket knows where it came from, and counts from the original's opening where that was asked."""
    turn.say(f"Split off {origin.ticket_id}")
    merging.take_over(turn, origin.clocks, f"with the earlier start of {origin.ticket_id}")


def _next_id(ticket: Ticket) -> str:
    return f"{ticket.id}S{len(ticket.split_into) + 1}"

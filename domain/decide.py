"""The one place where a ticket's rules live: ``decide(state, event, now)`` is a pure function.

The live workflow calls it with Temporal's time. Deadlines that lie before an event are carried out first, each at its own exact
instant, so that a breach is where it belongs however late the code ran.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from domain import clock_changes, clock_story, issue_updates, ladders, moves, pages, severity_channel, splitting
from domain.attribution import owner_of
from domain.commands import refusal, run_command
from domain.deliveries import take_delivery
from domain.frozen import Frozen
from domain.intents import Intent
from domain.messages import (
    Command,
    CustomerMessage,
    Delivery,
    Event,
    IntentResult,
    LaneChanged,
    OpenTicket,
    Reply,
    Resolve,
    TicketMergedIn,
    TimePassed,
)
from domain.policy import Policy
from domain.results import change_lane, take_result
from domain.ticket import Ticket, TicketStatus
from domain.ticket_card import card_of
from domain.tiers import Tier
from domain.turn import Turn


class Decision(Frozen):
    """What a message leads to.

    ``answer`` tells a person what was done; ``refusal`` why not (then nothing else changed but what time brought).
    """

    state: Ticket
    intents: tuple[Intent, ...] = ()
    deadline: ladders.Deadline | None = None
    answer: str | None = None
    refusal: str | None = None


def open_ticket(opening: OpenTicket, policy: Policy, now: datetime, *, silent: bool = False) -> Decision:
    """The first decision of a ticket's life: it enters its tier and its clocks start.

    ``silent``: without card, story and intents, as ``follow``.
    """
    now = _utc(now)
    tier = opening.tier if opening.tier in policy.tiers and opening.tier is not Tier.L4 else policy.entry_tier
    # Every value was checked when its message or the policy was read; to check the whole policy for each ticket costs more than its life.
    bare = Ticket.model_construct(
        id=opening.ticket_id,
        title=opening.title,
        description=opening.description,
        customer=opening.customer,
        priority=opening.priority,
        product=opening.product,
        component=opening.component,
        channel=opening.channel,
        language=opening.language,
        external_ref=opening.external_ref,
        request=opening.request,
        opened_at=now,
        policy=policy,
        sla=None,
        unanswered_since=now,
        owner=ladders.entry_owner(tier),
        owner_since=now,
    )
    turn = Turn(bare, now, silent=silent)
    turn.because("opening")
    clock_changes.choose_sla(turn)
    moves.enter_tier(turn, tier)
    clock_changes.start_for_ticket(turn)
    turn.show_card()
    who = f"{opening.customer.name} through {opening.channel}"
    turn.say(f"Opened in {moves.tier_name(turn, tier)}: {opening.title}", who, public=True, thread=False)
    if turn.ticket.sla is None:
        moves.say_that_nothing_is_measured(turn)
    if opening.split_from is not None:
        turn.set(split_from=opening.split_from.ticket_id)
        splitting.begin(turn, opening.split_from)
    clock_story.tell(turn, bare.clocks)
    turn.settle_owner()
    severity_channel.follow(turn, turn.ticket)
    return _decision(turn)


def decide(state: Ticket, event: Event, now: datetime, intents: Mapping[str, Intent] | None = None) -> Decision:
    """What the event means for the ticket at ``now``.

    Args:
        state: the ticket so far.
        event: what happened; not ``OpenTicket``, which is ``open_ticket``'s.
        now: the instant, timezone-aware, not before the last one.
        intents: the intents that are under way by key, to which an ``IntentResult`` belongs.
    """
    now = _utc(now)
    turn = ladders.advance(state, now, inclusive=isinstance(event, TimePassed))
    turn.because(*_cause_of(event, now))
    before, clocks, arrived = card_of(state, now), turn.ticket.clocks, turn.ticket
    answer: str | None = None
    refused: str | None = None
    if turn.ticket.status is not TicketStatus.CLOSED or _concerns_closed(event):
        match event:
            case Command():
                refused = refusal(turn.ticket, event, now)
                if refused is None:
                    answer = run_command(turn, event)
                    if _is_work(event):
                        pages.somebody_acted(turn)
            case Delivery():
                take_delivery(turn, event)
            case IntentResult():
                intent = (intents or {}).get(event.key)
                if intent is not None:
                    take_result(turn, intent, event)
            case LaneChanged():
                change_lane(turn, event)
            case _:
                pass
    clock_story.tell(turn, clocks)
    turn.settle_owner()
    issue_updates.tell(turn, state)
    severity_channel.follow(turn, arrived)
    if before != card_of(turn.ticket, now):
        turn.show_card()
    return _decision(turn, answer=answer, refused=refused)


def advanced(state: Ticket, now: datetime) -> Ticket:
    """What time alone makes of the ticket: every deadline before ``now`` carried out, by the same rules as ``decide``'s, in silence."""
    turn = ladders.advance(state, _utc(now), inclusive=False, silent=True)
    turn.settle_owner()
    return turn.ticket


def follow(state: Ticket, command: Command, now: datetime) -> tuple[Ticket, str | None]:
    """What becomes of the ticket, and why the command was refused if it was: ``decide`` without card, story and intents.

    For whoever tells a ticket's past and asks for its clocks alone.
    """
    turn = ladders.advance(state, _utc(now), inclusive=False, silent=True)
    refused = refusal(turn.ticket, command, turn.at)
    if refused is None:
        run_command(turn, command)
    turn.settle_owner()
    return turn.ticket, refused


def _decision(turn: Turn, *, answer: str | None = None, refused: str | None = None) -> Decision:
    return Decision(
        state=turn.ticket,
        intents=tuple(turn.intents),
        deadline=ladders.next_deadline(turn.ticket),
        answer=answer,
        refusal=refused,
    )


def _cause_of(event: Event, now: datetime) -> tuple[object, ...]:
    """What tells an event apart from all others of its ticket, whenever it is taken in."""
    match event:
        case Command() | Delivery():
            return event.kind, event.id
        case IntentResult():
            return event.kind, event.key
        case LaneChanged():
            return event.kind, event.lane, event.health.value, now.isoformat()
    return event.kind, now.isoformat()


def _is_work(command: Command) -> bool:
    """Whether somebody did something on the ticket by it: the customer's own words, and a machine's, are no work."""
    request = command.request
    automatic = isinstance(request, Reply | Resolve) and request.automatic
    return not automatic and not isinstance(request, CustomerMessage)


def _utc(now: datetime) -> datetime:
    """The same instant in UTC, in which alone Python's differences are lengths of time."""
    if now.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return now.astimezone(UTC)


def _concerns_closed(event: Event) -> bool:
    """Whether a closed ticket still hears it; one that another is to be merged into must say that it cannot be."""
    offer = isinstance(event, Delivery) and isinstance(event.body, TicketMergedIn)
    return offer or isinstance(event, IntentResult | LaneChanged | Command)


__all__ = ["Decision", "advanced", "decide", "follow", "open_ticket", "owner_of"]

"""How a snooze begins, and how it is cut short. What happens at its end is the ladders' work."""

from datetime import datetime

from domain.durations import format_duration
from domain.instants import in_utc
from domain.messages import Snooze as SnoozeRequest
from domain.people import Actor
from domain.snooze import LONGEST_SNOOZE, Snooze
from domain.turn import Turn


def end_of(request: SnoozeRequest, now: datetime) -> datetime:
    """The instant at which the snooze that is asked for ends."""
    if request.length is not None:
        return now + request.length
    assert request.until is not None  # the request has one of the two
    return in_utc(request.until)


def refusal_of(request: SnoozeRequest, now: datetime) -> str | None:
    """Why a snooze cannot have that end; None when it can."""
    end = end_of(request, now)
    if end <= now:
        return f"a snooze ends in the future: {end:%Y-%m-%d %H:%M:%S} UTC is past"
    if end - now > LONGEST_SNOOZE:
        return f"a snooze lasts {format_duration(LONGEST_SNOOZE)} at the most"
    return None


def begin(turn: Turn, request: SnoozeRequest, by: Actor) -> str:
    """Silence the ticket's ladders; a snooze that is on already gets this end."""
    until = end_of(request, turn.at)
    before = turn.ticket.snooze
    held = before.held if before is not None else ()
    since = before.since if before is not None else turn.at
    turn.set(snooze=Snooze(since=since, until=until, by=by.name, reason=request.reason, held=held))
    words = f"Snoozed until {until:%Y-%m-%d %H:%M:%S} UTC"
    why = f": {request.reason}" if request.reason else ""
    turn.say(f"{words}{why}. The clocks count on; what falls due is made up for at the end", by)
    return f"{turn.ticket.id} is quiet until {until:%Y-%m-%d %H:%M:%S} UTC"


def wake(turn: Turn, by: Actor) -> None:
    """An acknowledgement ends the snooze at this instant."""
    snooze = turn.ticket.snooze
    if snooze is not None:
        turn.set(snooze=snooze.model_copy(update={"until": turn.at, "woken_by": by.name}))

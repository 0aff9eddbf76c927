"""How a clock stood at a past instant, from what it keeps of its own changes: starts, pauses, new targets, ends."""

from datetime import datetime

from domain.clocks import Clock, ClockPast

MOST_PAST = 60
"""Changes that a clock keeps; of one that changed more often the oldest are forgotten, and it says so."""
_STANDING = ("priority", "target", "calendar", "policy_version", "started_at", "counted", "running_since", "stopped_at")
"""What makes a change worth keeping. A breach needs none of it: it has its own instant."""


def remembered(before: Clock, after: Clock, at: datetime) -> Clock:
    """The clock after a change at ``at``, which keeps how it stood before. Changes at one instant are one change."""
    if after is before or all(getattr(before, name) == getattr(after, name) for name in _STANDING):
        return after
    since = before.past[-1].until if before.past else before.started_at
    if at <= since:
        return after
    past = (*before.past, _standing(before, at))
    return after.model_copy(
        update={"past": past[-MOST_PAST:], "past_dropped": before.past_dropped or len(past) > MOST_PAST}
    )


def known_from(clock: Clock) -> datetime:
    """The first instant of which the clock can tell how it stood."""
    return clock.past[0].until if clock.past_dropped else clock.started_at


def as_of(clock: Clock, at: datetime) -> tuple[Clock, datetime | None] | None:
    """The clock as it stood at an instant, and until when it stood so (None: until now); None before its start.

    What it had counted then is told by the calendar that was in force until that second instant.
    """
    past = next((past for past in clock.past if at < past.until), None)
    changes = {"past": (), "past_dropped": False}
    if past is not None:
        changes |= past.model_dump(exclude={"until"})
    stood = clock.model_copy(update=changes)
    if at < stood.started_at:
        return None
    if stood.breached_at is not None and stood.breached_at > at:
        stood = stood.model_copy(update={"breached_at": None})
    return stood, past.until if past is not None else None


def _standing(clock: Clock, until: datetime) -> ClockPast:
    return ClockPast(until=until, **{name: getattr(clock, name) for name in ClockPast.model_fields if name != "until"})

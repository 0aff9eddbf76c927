"""A ticket's snooze: until it ends, its ladders are silent, its clocks count on, and no step is forgotten."""

from datetime import datetime, timedelta

from domain.frozen import Frozen
from domain.ladder_rules import Action

LONGEST_SNOOZE = timedelta(days=30)


class HeldStep(Frozen):
    """A step of a ladder that fell into the snooze. ``sentence`` is what it would have told at its instant."""

    clock_id: str
    label: str
    at: datetime
    sentence: str
    actions: tuple[Action, ...]


class Snooze(Frozen):
    """``until`` is the end, by then or by an acknowledgement, whose maker is ``woken_by``."""

    since: datetime
    until: datetime
    by: str
    reason: str = ""
    held: tuple[HeldStep, ...] = ()
    woken_by: str | None = None

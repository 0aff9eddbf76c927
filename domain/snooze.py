"""A ticket's snooze: until it ends, its ladders are silent, its clocks count on, and no step is forgotten."""

from datetime import datetime, timedelta

from domain.frozen import Frozen
from domain.ladder_rules import Action
from domain.texts import Key, Line, Name

LONGEST_SNOOZE = timedelta(days=30)


class HeldStep(Frozen):
    """A step of a ladder that fell into the snooze. ``sentence`` is what it would have told at its instant."""

    clock_id: Key
    label: Line
    at: datetime
    sentence: Line
    actions: tuple[Action, ...]


class Snooze(Frozen):
    """``until`` is the end, by then or by an acknowledgement, whose maker is ``woken_by``."""

    since: datetime
    until: datetime
    by: Name
    reason: Line = ""
    held: tuple[HeldStep, ...] = ()
    woken_by: Name | None = None

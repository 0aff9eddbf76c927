"""Deliveries that go astray on order, between a vendor and the gateway: lost, doubled, swapped, delayed, held back.

An order names a system and, if wanted, a part of the event's name. It hits the deliveries that are sent after it, each
by the first order that is for it.
"""

from itertools import count
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kind = Literal["lose", "double", "swap", "delay", "hold"]


class Misdelivery(BaseModel):
    """An order for deliveries to go astray."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: Literal["slack", "jira", "github", "pagerduty"]
    kind: Kind
    """``lose``: never sent, and the vendor believes that it arrived. ``double``: sent twice, with one id. ``swap``: it
    waits until the next one was sent. ``delay``: sent later, others pass it. ``hold``: waits until it is released."""
    event: str | None = None
    """A part of the event's name (``incident.acknowledged``, ``view_submission``); None hits every delivery."""
    times: Annotated[int, Field(ge=1)] | None = 1
    """How many deliveries it hits, for ``swap`` how many pairs; None is all of them."""
    delay_s: Annotated[float, Field(ge=0, le=3600)] = 0.0
    """How long ``delay`` keeps a delivery, in seconds that are not scaled."""

    @model_validator(mode="after")
    def _delay_has_a_length(self) -> Self:
        if self.kind == "delay" and self.delay_s == 0:
            raise ValueError("a delay needs delay_s")
        return self


class ActiveMisdelivery(BaseModel):
    """An order in force, as ``GET /sandbox/deliveries/orders`` shows it."""

    model_config = ConfigDict(frozen=True)

    id: int
    order: Misdelivery
    hits: int
    left: int | None
    """Deliveries that it will still hit (two for each pair); None is no limit."""


class _Entry:
    def __init__(self, number: int, order: Misdelivery) -> None:
        self.number = number
        self.order = order
        self.hits = 0

    def left(self) -> int | None:
        if self.order.times is None:
            return None
        return self.order.times * (2 if self.order.kind == "swap" else 1) - self.hits


class Misdeliveries:
    """The orders in force."""

    def __init__(self) -> None:
        self._entries: list[_Entry] = []
        self._numbers = count(1)

    def add(self, order: Misdelivery) -> int:
        """Put an order in force and return its id."""
        number = next(self._numbers)
        self._entries.append(_Entry(number, order))
        return number

    def clear(self, number: int | None = None) -> None:
        """End the order with this id, or every order."""
        self._entries = [entry for entry in self._entries if number is not None and entry.number != number]

    def active(self) -> list[ActiveMisdelivery]:
        """The orders that will still hit something, oldest first."""
        return [
            ActiveMisdelivery(id=entry.number, order=entry.order, hits=entry.hits, left=entry.left())
            for entry in self._entries
            if entry.left() != 0
        ]

    def take(self, system: str, event: str) -> tuple[int, Misdelivery] | None:
        """The first order that hits this delivery, with its id; it counts as one of the order's times."""
        for entry in self._entries:
            order = entry.order
            if entry.left() != 0 and order.system == system and (order.event is None or order.event in event):
                entry.hits += 1
                return entry.number, order
        return None

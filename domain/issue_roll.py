"""The roll of an issue: the tickets on it in the order in which they joined, and what they come to when counted.

Ten thousand tickets fit. A ticket joins, changes and leaves at the same small cost whether it is the tenth or the ten-thousandth; counts are
kept as it does and are never made anew; and the roll is written as readable JSON while it is short, packed when it is long: ten thousand tickets are far less than
the 256 KB from which Temporal warns of a payload.

Times are kept to the second, which is all that counting needs.
"""

import base64
import itertools
import json
import zlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from pydantic import GetCoreSchemaHandler
from pydantic_core import core_schema

from domain.buckets import Buckets
from domain.engineering_rules import RequestKind
from domain.issue_messages import TicketOnIssue
from domain.texts import cut, with_digest
from domain.tiers import Priority

READABLE = 50
"""Up to this many tickets are written so that a person can read them."""
_LARGEST_CUSTOMER, _LARGEST_PLAN, _LARGEST_WORKAROUND = 60, 200, 8_000
"""Bytes of what a ticket says of itself: of ten thousand tickets all of it is kept."""
_PAGE = 64
"""Entries are kept together by their numbers, this many at the most."""
GROWTH_DAYS = 7
"""The span over which growth is counted, and compared with the same span before."""


class _Entry(NamedTuple):
    """A ticket. ``joined`` is a day's ordinal; ``opened`` and ``due`` are seconds since 1970; without facts all but the first two are empty."""

    number: int
    joined: int
    customer: str | None = None
    plan: str | None = None
    severity: str | None = None
    request: str = RequestKind.BUG.value
    opened: int | None = None
    due: int | None = None
    workaround: str | None = None


class Tally:
    """What tickets come to: of one kind of request, or of all. Whoever reads it changes nothing."""

    __slots__ = ("_by_day", "_by_plan", "_by_severity", "_customers", "_first", "_first_left", "_on_plan", "_tickets")

    def __init__(self) -> None:
        self._tickets = 0
        self._customers: Buckets[int] = Buckets()
        self._on_plan: Buckets[int] = Buckets()
        self._by_plan: dict[str | None, int] = {}
        self._by_severity: dict[Priority, int] = {}
        self._by_day: dict[int, int] = {}
        self._first: int | None = None
        # The ticket that was opened first has left: who is first now is looked for when somebody asks.
        self._first_left = False

    @classmethod
    def of(cls, entries: Collection[_Entry]) -> "Tally":
        """All these counted at once."""
        customers = Counter(entry.customer for entry in entries if entry.customer is not None)
        on_plan = Counter((entry.customer, entry.plan) for entry in entries if entry.customer is not None)
        severities = Counter(entry.severity for entry in entries if entry.severity is not None)
        made = cls()
        made._tickets = len(entries)
        made._customers = Buckets.of(customers)
        made._on_plan = Buckets.of({_on_plan(*pair): count for pair, count in on_plan.items()})
        made._by_plan = dict(Counter(plan for _, plan in on_plan))
        made._by_severity = {Priority(severity): count for severity, count in severities.items()}
        made._by_day = dict(Counter(entry.joined for entry in entries))
        made._first = min((entry.opened for entry in entries if entry.opened is not None), default=None)
        return made

    @property
    def tickets(self) -> int:
        """How many tickets."""
        return self._tickets

    @property
    def customers(self) -> int:
        """How many different customers; a ticket that has told nothing of itself counts for none."""
        return len(self._customers)

    @property
    def customers_by_plan(self) -> Mapping[str | None, int]:
        """Different customers by plan (None: no plan is known). One whose tickets name two plans counts on both."""
        return MappingProxyType(self._by_plan)

    @property
    def by_severity(self) -> Mapping[Priority, int]:
        """Tickets by severity."""
        return MappingProxyType(self._by_severity)

    @property
    def gravest(self) -> Priority | None:
        """The severity of the gravest ticket."""
        return next((each for each in Priority if self._by_severity.get(each)), None)

    def joined_by_day(self, until: date, days: int = GROWTH_DAYS) -> tuple[int, ...]:
        """Tickets that joined on each of the last days, ``until`` being the last of them."""
        last = until.toordinal()
        return tuple(self._by_day.get(day, 0) for day in range(last - days + 1, last + 1))

    def grown(self, until: date, days: int = GROWTH_DAYS) -> int:
        """Tickets that joined within the last days, ``until`` being the last of them."""
        return sum(self.joined_by_day(until, days))

    def _copy(self) -> "Tally":
        copied = Tally()
        copied._tickets = self._tickets
        copied._customers = self._customers
        copied._on_plan = self._on_plan
        copied._by_plan = self._by_plan.copy()
        copied._by_severity = self._by_severity.copy()
        copied._by_day = self._by_day.copy()
        copied._first, copied._first_left = self._first, self._first_left
        return copied

    def _count(self, entry: _Entry, by: int) -> None:
        self._tickets += by
        _add(self._by_day, entry.joined, by)
        if entry.opened is not None:
            if by > 0:
                self._first = entry.opened if self._first is None else min(self._first, entry.opened)
            elif entry.opened == self._first:
                self._first_left = True
        if entry.severity is not None:
            _add(self._by_severity, Priority(entry.severity), by)
        if entry.customer is not None:
            self._customers = _counted(self._customers, entry.customer, by)
            before = len(self._on_plan)
            self._on_plan = _counted(self._on_plan, _on_plan(entry.customer, entry.plan), by)
            _add(self._by_plan, entry.plan, len(self._on_plan) - before)


class Roll:
    """The tickets of an issue. It never changes: joining, changing and leaving each make another one."""

    __slots__ = ("_all", "_kinds", "_last", "_numbers", "_pages")

    def __init__(self) -> None:
        self._numbers: Buckets[int] = Buckets()
        # Entries by their numbers, some tens to a page: a change copies one page.
        self._pages: dict[int, dict[str, _Entry]] = {}
        self._last = 0
        self._all = Tally()
        self._kinds: dict[str, Tally] = {}

    # --- who is on it ---------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, ticket_id: object) -> bool:
        return ticket_id in self._numbers

    def __iter__(self) -> Iterator[str]:
        """The tickets' ids in the order in which they joined."""
        return (ticket for ticket, _ in self._entries())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Roll) and self._last == other._last and self._pages == other._pages

    def __repr__(self) -> str:
        return f"Roll({len(self)} tickets)"

    @property
    def last(self) -> int:
        """The number of the ticket that joined last, whether or not it is still here. Numbers begin with 1 and are never given twice."""
        return self._last

    def number(self, ticket_id: str) -> int | None:
        """The number under which a ticket joined."""
        return self._numbers.get(ticket_id)

    def after(self, number: int, upto: int, most: int) -> list[tuple[int, str]]:
        """The first tickets, at most that many, that joined after that number and up to another: (number, ticket)."""
        found = (
            (entry.number, ticket)
            for page in self._pages
            if page >= number // _PAGE and page <= upto // _PAGE
            for ticket, entry in self._pages[page].items()
            if number < entry.number <= upto
        )
        return list(itertools.islice(found, most))

    def first(self, most: int) -> tuple[str, ...]:
        """The tickets that joined first, at most that many."""
        return tuple(itertools.islice(self, most))

    def facts(self, ticket_id: str) -> TicketOnIssue | None:
        """What is known of a ticket, None where it has told nothing or is not here."""
        entry = self._entry(ticket_id)
        if entry is None or entry.customer is None or entry.severity is None or entry.opened is None:
            return None
        return TicketOnIssue(
            customer=entry.customer,
            plan=entry.plan,
            severity=Priority(entry.severity),
            request=RequestKind(entry.request),
            opened_at=_instant(entry.opened),
            due_at=_instant(entry.due) if entry.due is not None else None,
            workaround=entry.workaround,
        )

    def _entries(self) -> Iterator[tuple[str, _Entry]]:
        return itertools.chain.from_iterable(page.items() for page in self._pages.values())

    def _entry(self, ticket_id: str) -> _Entry | None:
        number = self._numbers.get(ticket_id)
        return self._pages[number // _PAGE][ticket_id] if number is not None else None

    # --- what they come to ----------------------------------------------------------------------------------------

    @property
    def tally(self) -> Tally:
        """All tickets."""
        return self._all

    def of(self, kind: RequestKind) -> Tally:
        """The tickets of a kind; one that has told nothing of itself counts as a bug."""
        return self._kinds.get(kind.value) or Tally()

    def first_opened_at(self, kind: RequestKind | None = None) -> datetime | None:
        """When the first of the tickets was opened."""
        tally = self._all if kind is None else self.of(kind)
        if tally._first_left:
            opened = (e.opened for _, e in self._entries() if e.opened is not None and _is(e, kind))
            tally._first = min(opened, default=None)
            tally._first_left = False
        return _instant(tally._first) if tally._first is not None else None

    def next_due_at(self, now: datetime) -> datetime | None:
        """The next deadline that was promised to a customer and is yet to come; it is looked for among all of them."""
        second = _second(now)
        due = [entry.due for _, entry in self._entries() if entry.due is not None and entry.due > second]
        return _instant(min(due)) if due else None

    def overdue(self, now: datetime) -> int:
        """Tickets whose promised deadline has passed."""
        second = _second(now)
        return sum(1 for _, entry in self._entries() if entry.due is not None and entry.due <= second)

    def workaround(self) -> tuple[str, str] | None:
        """The newest ticket with a workaround, and the workaround."""
        found = None
        for ticket, entry in self._entries():
            found = (ticket, entry.workaround) if entry.workaround else found
        return found

    # --- other rolls ----------------------------------------------------------------------------------------------

    def joined(self, ticket_id: str, facts: TicketOnIssue | None, now: datetime) -> Self:
        """With a ticket more; the same roll where it is on it already."""
        if ticket_id in self._numbers:
            return self
        number = self._last + 1
        return self._with(ticket_id, _entry(number, now.date().toordinal(), facts), number)

    def changed(self, ticket_id: str, facts: TicketOnIssue) -> Self:
        """With other facts of a ticket; the same roll where nothing is different, or the ticket is not on it."""
        before = self._entry(ticket_id)
        if before is None:
            return self
        entry = _entry(before.number, before.joined, facts)
        return self._with(ticket_id, entry, self._last) if entry != before else self

    def left(self, ticket_id: str) -> Self:
        """Without a ticket; the same roll where it is not on it."""
        return self._with(ticket_id, None, self._last) if ticket_id in self._numbers else self

    def with_workarounds(self, most: int) -> Self:
        """With the newest workarounds alone, as many; only one is shown, and each may be long."""
        having = [ticket for ticket, entry in self._entries() if entry.workaround is not None]
        other = self
        if len(having) > most:
            other = type(self)()
            other._last, other._numbers = self._last, self._numbers
            other._all, other._kinds = self._all, self._kinds
            without = set(having[:-most])
            other._pages = {
                page: {ticket: e._replace(workaround=None) if ticket in without else e for ticket, e in entries.items()}
                for page, entries in self._pages.items()
            }
        return other

    def _with(self, ticket_id: str, entry: _Entry | None, last: int) -> Self:
        before = self._entry(ticket_id)
        other = type(self)()
        other._last = last
        other._numbers, other._pages = self._numbers, self._pages.copy()
        other._all = self._all._copy()
        other._kinds = self._kinds.copy()
        for kind in {each.request for each in (before, entry) if each is not None}:
            other._kinds[kind] = self._kinds[kind]._copy() if kind in self._kinds else Tally()
        if before is not None:
            other._count(before, -1)
        if entry is not None:
            other._count(entry, 1)
            other._write(ticket_id, entry)
        elif before is not None:
            other._strike(ticket_id, before.number)
        return other

    def _write(self, ticket_id: str, entry: _Entry) -> None:
        page = entry.number // _PAGE
        self._pages[page] = {**self._pages.get(page, {}), ticket_id: entry}
        self._numbers = self._numbers.with_value(ticket_id, entry.number)

    def _strike(self, ticket_id: str, number: int) -> None:
        page = number // _PAGE
        left = {ticket: entry for ticket, entry in self._pages[page].items() if ticket != ticket_id}
        if left:
            self._pages[page] = left
        else:
            del self._pages[page]
        self._numbers = self._numbers.with_value(ticket_id, None)

    def _count(self, entry: _Entry, by: int) -> None:
        self._all._count(entry, by)
        self._kinds.setdefault(entry.request, Tally())._count(entry, by)

    # --- as it is stored ------------------------------------------------------------------------------------------

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """A field of a model: validated from what ``written`` makes of it."""
        return core_schema.no_info_plain_validator_function(
            cls.read, serialization=core_schema.plain_serializer_function_ser_schema(lambda roll: roll.written())
        )

    def written(self) -> dict[str, Any]:
        """As JSON: ``{"last": 2, "tickets": {"T-1": {"number": 1, …}}}``, or ``{"last": …, "count": …, "packed": "…"}`` when it is long."""
        if len(self) > READABLE:
            return {"last": self._last, "count": len(self), "packed": _packed(dict(self._entries()))}
        tickets = {
            ticket: {name: value for name, value in entry._asdict().items() if value is not None}
            for ticket, entry in self._entries()
        }
        return {"last": self._last, "tickets": tickets}

    @classmethod
    def read(cls, written: object) -> Self:
        """What was written.

        Raises:
            ValueError: it is nothing that ``written`` made.
        """
        if isinstance(written, cls):
            return written
        if not isinstance(written, dict) or not isinstance(written.get("last"), int):
            # pydantic makes a clear refusal of a ValueError alone.
            raise ValueError("it is no roll of tickets")  # noqa: TRY004
        roll = cls()
        try:
            if "packed" in written:
                entries = _unpacked(written["packed"])
            else:
                entries = {ticket: _Entry(**entry) for ticket, entry in written["tickets"].items()}
        except (KeyError, TypeError, AttributeError, zlib.error) as error:
            raise ValueError("it is no roll of tickets") from error
        roll._last = written["last"]
        roll._numbers = Buckets.of({ticket: entry.number for ticket, entry in entries.items()})
        for ticket, entry in entries.items():
            roll._pages.setdefault(entry.number // _PAGE, {})[ticket] = entry
        roll._all = Tally.of(entries.values())
        for kind in {entry.request for entry in entries.values()}:
            roll._kinds[kind] = Tally.of([entry for entry in entries.values() if entry.request == kind])
        return roll


def _packed(entries: Mapping[str, _Entry]) -> str:
    """By columns, numbers as differences: what is alike then lies side by side, and is packed to almost nothing."""
    values = entries.values()
    columns: dict[str, list[Any]] = {"ticket": list(entries)}
    for name in _COLUMNS:
        column = [getattr(entry, name) for entry in values]
        columns[name] = _differences(column) if name in _NUMBERS else _indexed(column)
    # A deadline lies some hours after the opening, however far that is from the one before.
    columns["due"] = [_apart(entry.due, entry.opened) for entry in values]
    text = json.dumps(columns, separators=(",", ":"), ensure_ascii=False)
    return base64.b85encode(zlib.compress(text.encode(), 9)).decode("ascii")


def _unpacked(packed: str) -> dict[str, _Entry]:
    columns = json.loads(zlib.decompress(base64.b85decode(packed)))
    tickets = columns["ticket"]
    values = {name: _summed(columns[name]) if name in _NUMBERS else _looked_up(columns[name]) for name in _COLUMNS}
    values["due"] = [
        None if apart is None else opened + apart
        for apart, opened in zip(columns["due"], values["opened"], strict=True)
    ]
    rows = zip(*(values[name] for name in _Entry._fields), strict=True)
    return {ticket: _Entry(*row) for ticket, row in zip(tickets, rows, strict=True)}


def _apart(due: int | None, opened: int | None) -> int | None:
    return None if due is None or opened is None else due - opened


def _differences(column: list[int | None]) -> list[int | None]:
    found: list[int | None] = []
    before = 0
    for value in column:
        found.append(None if value is None else value - before)
        before = before if value is None else value
    return found


def _summed(column: list[int | None]) -> list[int | None]:
    found: list[int | None] = []
    before = 0
    for difference in column:
        before += difference or 0
        found.append(None if difference is None else before)
    return found


def _indexed(column: list[str | None]) -> list[Any]:
    """The different values, and where each stands among them."""
    places: dict[str | None, int] = {}
    indexes = [places.setdefault(value, len(places)) for value in column]
    return [list(places), indexes]


def _looked_up(column: list[Any]) -> list[Any]:
    values, indexes = column
    return [values[index] for index in indexes]


def _entry(number: int, joined: int, facts: TicketOnIssue | None) -> _Entry:
    if facts is None:
        return _Entry(number, joined)
    return _Entry(
        number=number,
        joined=joined,
        # It is compared, and never shown.
        customer=with_digest(facts.customer, _LARGEST_CUSTOMER),
        plan=cut(facts.plan, _LARGEST_PLAN) if facts.plan is not None else None,
        severity=facts.severity.value,
        request=facts.request.value,
        opened=_second(facts.opened_at),
        due=_second(facts.due_at) if facts.due_at is not None else None,
        workaround=cut(facts.workaround, _LARGEST_WORKAROUND) if facts.workaround is not None else None,
    )


def _on_plan(customer: str, plan: str | None) -> str:
    return json.dumps([customer, plan])


def _counted(counts: Buckets[int], key: str, by: int) -> Buckets[int]:
    return counts.with_value(key, (counts.get(key) or 0) + by or None)


def _add(counts: dict[Any, int], key: object, by: int) -> None:
    left = counts.get(key, 0) + by
    if left:
        counts[key] = left
    else:
        counts.pop(key, None)


def _is(entry: _Entry, kind: RequestKind | None) -> bool:
    return kind is None or entry.request == kind.value


def _second(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(seconds=1)


def _instant(second: int) -> datetime:
    return _EPOCH + timedelta(seconds=second)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBERS = frozenset({"number", "joined", "opened"})
_COLUMNS = tuple(name for name in _Entry._fields if name != "due")

"""The cases of a log: the rows of each, together, in the order of the file."""

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import IO, NamedTuple

from config.log_mapping import LogEvent
from domain.tiers import Priority, Tier
from simulation.log_file import LogFile
from simulation.rows import BadRow, BadRows, LogError, Row

_PLACES = 1 << 25
_ROWS_IN_A_PART = 200_000
_MOST_PARTS = 256
_MOSTLY_BAD = 0.5


class Case(NamedTuple):
    """A ticket's rows, oldest first; at least one is not ignored."""

    id: str
    rows: tuple[Row, ...]


class Survey(NamedTuple):
    """What a first look over the whole log tells. ``contiguous``: the rows of each case stand together."""

    rows: int
    first_at: datetime
    last_at: datetime
    tiers: frozenset[Tier]
    contiguous: bool


class _SeenCases:
    """Whether a case came before, in four megabytes however many there are (a Bloom filter).

    It may say yes of one that did not: then the rows are gathered the slower way, with the same result.
    """

    def __init__(self) -> None:
        self._bits = bytearray(_PLACES // 8)

    def add(self, case_id: str) -> bool:
        """Remember it; whether it was there."""
        digest = hashlib.blake2b(case_id.encode(errors="replace"), digest_size=16).digest()
        there = True
        for start in range(0, 16, 4):
            place = int.from_bytes(digest[start : start + 4]) % _PLACES
            byte, bit = place >> 3, 1 << (place & 7)
            there = there and bool(self._bits[byte] & bit)
            self._bits[byte] |= bit
        return there


def survey(log: LogFile, progress: Callable[[int], None] = lambda position: None) -> Survey:
    """Read the log once for what must be known before the first case is judged: the log's last instant above all.

    Raises:
        LogError: it cannot be read, holds nothing usable, or more than half of its lines are unusable.
    """
    rows = bad = 0
    example: BadRow | None = None
    first_at = last_at = None
    tiers: set[Tier] = set()
    seen, contiguous, case_id = _SeenCases(), True, None
    for row in log:
        if isinstance(row, BadRow):
            bad += 1
            example = example or row
            continue
        rows += 1
        if row.case_id != case_id:
            case_id = row.case_id
            contiguous = not seen.add(case_id) and contiguous
        first_at = row.at if first_at is None or row.at < first_at else first_at
        last_at = row.at if last_at is None or row.at > last_at else last_at
        if row.tier is not None:
            tiers.add(row.tier)
        if rows % 1000 == 0:
            progress(log.position)
    if example is not None and bad > _MOSTLY_BAD * (rows + bad):
        raise LogError(
            [f"{log.path}:{example.line}: {example.why}", f"{log.path}: {bad:,} of {rows + bad:,} lines are like this"]
        )
    if first_at is None or last_at is None:
        raise LogError([f"{log.path}: there is no event in it"])
    return Survey(rows, first_at, last_at, frozenset(tiers), contiguous)


def cases(log: LogFile, known: Survey, bad: BadRows) -> Iterator[Case]:
    """Each case with its rows. Where the rows of a case stand together, one case is in memory at a time; where they do not, the
    rows are sorted into temporary files first, of which one is in memory at a time.
    """
    usable = (row for row in log if not _is_bad(row, bad))
    rows: Iterator[Row] = (row for row in usable if isinstance(row, Row))
    if known.contiguous:
        yield from _together(rows, bad)
    else:
        yield from _gathered(rows, known.rows, bad)


def _is_bad(row: Row | BadRow, bad: BadRows) -> bool:
    if isinstance(row, BadRow):
        bad.add(row)
        return True
    return False


def _together(rows: Iterable[Row], bad: BadRows) -> Iterator[Case]:
    case_id: str | None = None
    own: list[Row] = []
    for row in rows:
        if row.case_id != case_id:
            if case_id is not None:
                yield from _case(case_id, own, bad)
            case_id, own = row.case_id, []
        own.append(row)
    if case_id is not None:
        yield from _case(case_id, own, bad)


def _case(case_id: str, rows: list[Row], bad: BadRows) -> Iterator[Case]:
    kept: list[Row] = []
    for row in rows:
        if row.event is LogEvent.IGNORED:
            continue
        if kept and row.at < kept[-1].at:
            bad.add(BadRow(row.line, f"earlier than line {kept[-1].line} of the same case"))
            continue
        kept.append(row)
    if kept:
        yield Case(case_id, tuple(kept))


# --- rows of a case that stand apart -----------------------------------------------------------------------------------


def _gathered(rows: Iterable[Row], count: int, bad: BadRows) -> Iterator[Case]:
    parts = min(_MOST_PARTS, 1 + count // _ROWS_IN_A_PART)
    with ExitStack() as stack:
        files = [
            stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", prefix="tierline-log-"))
            for _ in range(parts)
        ]
        for row in rows:
            digest = hashlib.blake2b(row.case_id.encode(errors="replace"), digest_size=4).digest()
            files[int.from_bytes(digest) % parts].write(_packed(row))
        for file in files:
            yield from _of_part(file, bad)


def _of_part(file: IO[str], bad: BadRows) -> Iterator[Case]:
    file.seek(0)
    by_case: dict[str, list[Row]] = {}
    for line in file:
        row = _unpacked(line)
        by_case.setdefault(row.case_id, []).append(row)
    for case_id, rows in by_case.items():
        yield from _case(case_id, rows, bad)


def _packed(row: Row) -> str:
    return json.dumps([row.line, row.case_id, row.at.timestamp(), row.event, row.tier, row.priority]) + "\n"


def _unpacked(line: str) -> Row:
    number, case_id, at, event, tier, priority = json.loads(line)
    return Row(
        number,
        case_id,
        datetime.fromtimestamp(at, UTC),
        LogEvent(event),
        Tier(tier) if tier is not None else None,
        Priority(priority) if priority is not None else None,
    )

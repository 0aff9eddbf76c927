"""Reads an event log line by line, plain or gzip, CSV or JSON Lines; what it keeps in memory does not grow with the log."""

import csv
import functools
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from config.log_mapping import ISO_8601, LogEvent, LogMapping, TimeFormat, shipped_log_mappings
from domain.tiers import Priority, Tier
from simulation.rows import BadRow, LogError, Row

_GZIP = b"\x1f\x8b"
_LONGEST_FIELD = 131_072
JSON_FIELDS = ("case", "at", "event", "tier", "priority")
"""The fields of a log in JSON Lines; the last two may be left out."""


class LogFile:
    """An event log. Each iteration reads it from its beginning."""

    def __init__(self, path: Path, mapping: LogMapping | None = None) -> None:
        """Look at the file's first line.

        Args:
            path: the log; ``.jsonl`` and ``.jsonl.gz`` are read as JSON Lines with our own names, all else as CSV.
            mapping: how its columns are to be understood; for a CSV file without one, the shipped mapping whose columns it has.

        Raises:
            LogError: there is no such file, it cannot be read, or its columns are not the mapping's.
        """
        self.path = path
        self.size = _size(path)
        self.mapping = None if _is_json_lines(path) else _fitting(path, mapping)
        self._raw: BinaryIO | None = None

    @property
    def position(self) -> int:
        """How many bytes of the file the present iteration has read."""
        if self._raw is None or self._raw.closed:
            return 0
        return self._raw.tell()

    def __iter__(self) -> Iterator[Row | BadRow]:
        try:
            with self.path.open("rb") as raw:
                self._raw = raw
                text = _as_text(raw)
                yield from _json_rows(text) if self.mapping is None else _csv_rows(text, self.mapping)
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise LogError([f"{self.path}: damaged: it is compressed, and ends in the middle or is garbled"]) from None
        except OSError as error:
            raise LogError([f"{self.path}: cannot be read: {error.strerror}"]) from None


def _size(path: Path) -> int:
    try:
        if path.is_dir():
            raise LogError([f"{path}: a folder; name the log itself"])
        if not path.is_file() and path.exists():
            raise LogError([f"{path}: not a plain file: it is read twice, so write it to one first"])
        return path.stat().st_size
    except FileNotFoundError:
        raise LogError([f"{path}: there is no such file"]) from None
    except OSError as error:
        raise LogError([f"{path}: cannot be read: {error.strerror}"]) from None


def _is_json_lines(path: Path) -> bool:
    return path.name.lower().removesuffix(".gz").endswith((".jsonl", ".ndjson"))


def _as_text(raw: BinaryIO) -> io.TextIOWrapper:
    compressed = raw.read(2) == _GZIP
    raw.seek(0)
    plain: Any = gzip.GzipFile(fileobj=raw) if compressed else raw
    # A byte that is not UTF-8 spoils its own field alone.
    return io.TextIOWrapper(plain, encoding="utf-8-sig", errors="replace", newline="")


# --- CSV -------------------------------------------------------------------------------------------------------------


def _fitting(path: Path, mapping: LogMapping | None) -> LogMapping:
    if mapping is not None:
        missing = [name for name in mapping.needed() if name not in _header(path, mapping.delimiter)]
        if missing:
            found = ", ".join(_header(path, mapping.delimiter)[:30]) or "nothing"
            raise LogError([f"{path}:1: there is no column {', '.join(missing)}; there is: {found}"])
        return mapping
    for shipped in shipped_log_mappings():
        if set(shipped.needed()) <= set(_header(path, shipped.delimiter)):
            return shipped
    raise LogError(
        [
            f"{path}: no mapping that ships with Tierline fits its columns; say what they mean with --mapping FILE "
            "(start from config/logs/bpi2013.yaml)"
        ]
    )


def _header(path: Path, delimiter: str) -> list[str]:
    try:
        with path.open("rb") as raw:
            line = _as_text(raw).readline(_LONGEST_FIELD)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise LogError([f"{path}: damaged: it is compressed, and ends in the middle or is garbled"]) from None
    except OSError as error:
        raise LogError([f"{path}: cannot be read: {error.strerror}"]) from None
    if not line.strip():
        raise LogError([f"{path}: the file is empty"])
    try:
        return [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]
    except csv.Error:
        return []


def _csv_rows(text: io.TextIOWrapper, mapping: LogMapping) -> Iterator[Row | BadRow]:
    reader = csv.reader(text, delimiter=mapping.delimiter)
    header = [name.strip() for name in next(reader, [])]
    read = _row_reader(header, mapping)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield BadRow(reader.line_num, f"not readable as CSV: {error}")
            continue
        if cells:
            yield read(reader.line_num, cells)


def _row_reader(header: list[str], mapping: LogMapping) -> Callable[[int, list[str]], Row | BadRow]:
    """How a row of cells is understood, with everything worked out that is the same for all rows."""
    width, columns = len(header), mapping.columns
    case, time, status = (header.index(name) for name in (columns.case, columns.time, columns.status))
    substatus, tier, priority = (
        header.index(name) if name is not None else None for name in (columns.substatus, columns.tier, columns.priority)
    )
    instant = time_reader(mapping.time)
    meaning = functools.lru_cache(maxsize=1024)(mapping.event)

    def read(line: int, cells: list[str]) -> Row | BadRow:
        if len(cells) != width:
            return BadRow(line, f"{len(cells)} columns, where the first line has {width}")
        case_id = cells[case].strip()
        if not case_id:
            return BadRow(line, f"{columns.case} is empty")
        at = instant(cells[time].strip())
        if at is None:
            return BadRow(line, f"{columns.time} is no instant: {_shown(cells[time])}")
        more = cells[substatus].strip() if substatus is not None else None
        event = meaning(cells[status].strip(), more)
        if event is None:
            said = cells[status] if more is None else f"{cells[status]} / {more}"
            return BadRow(line, f"no rule of the mapping says what {_shown(said)} means")
        if event is LogEvent.IGNORED:
            return Row(line, case_id, at, event, None, None)
        where = mapping.tiers.get(cells[tier].strip()) if tier is not None else None
        if tier is not None and where is None:
            return BadRow(line, f"{columns.tier} {_shown(cells[tier])} is no tier by the mapping")
        urgency = mapping.priorities.get(cells[priority].strip()) if priority is not None else None
        if priority is not None and urgency is None:
            return BadRow(line, f"{columns.priority} {_shown(cells[priority])} is no priority by the mapping")
        return Row(line, case_id, at, event, where, urgency)

    return read


# --- JSON Lines ------------------------------------------------------------------------------------------------------


def _json_rows(text: io.TextIOWrapper) -> Iterator[Row | BadRow]:
    instant = time_reader(TimeFormat())
    number = 0
    while line := text.readline(_LONGEST_FIELD):
        number += 1
        if line.strip():
            yield _json_row(number, line, instant)


def _json_row(number: int, line: str, instant: Callable[[str], datetime | None]) -> Row | BadRow:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return BadRow(number, "not readable as JSON")
    if not isinstance(said, dict):
        return BadRow(number, "not a JSON object")
    unusable = [name for name in JSON_FIELDS if not isinstance(said.get(name, ""), str)]
    missing = [name for name in JSON_FIELDS[:3] if not said.get(name)]
    if unusable or missing:
        return BadRow(number, f"{', '.join(dict.fromkeys((*unusable, *missing)))} must be given as text")
    at = instant(said["at"])
    if at is None:
        return BadRow(number, f"at is no instant with an offset: {_shown(said['at'])}")
    try:
        event = LogEvent(said["event"])
        tier = Tier(said["tier"]) if "tier" in said else None
        priority = Priority(said["priority"]) if "priority" in said else None
    except ValueError as error:
        return BadRow(number, _shown(str(error), quoted=False))
    if tier is Tier.L4:
        return BadRow(number, "L4 is the vendor: write waiting_on_vendor in the tier that asked")
    return Row(number, said["case"], at, event, tier, priority)


# --- instants --------------------------------------------------------------------------------------------------------


def time_reader(written: TimeFormat) -> Callable[[str], datetime | None]:
    """How an instant is read, in UTC; None for what is none, or has neither offset nor zone."""
    zone = ZoneInfo(written.zone) if written.zone is not None else None
    parse = (
        datetime.fromisoformat if written.format == ISO_8601 else functools.partial(_strptime, pattern=written.format)
    )

    def read(text: str) -> datetime | None:
        try:
            at = parse(text)
            if at.tzinfo is None:
                if zone is None:
                    return None
                at = at.replace(tzinfo=zone)
            return at.astimezone(UTC)
        except (ValueError, OverflowError):
            return None

    return read


def _strptime(text: str, *, pattern: str) -> datetime:
    return datetime.strptime(text, pattern)  # the caller gives it a zone where the pattern has none


def _shown(text: str, *, quoted: bool = True) -> str:
    """What stands there, short and in one line."""
    short = " ".join(text.split())
    short = short if len(short) <= 60 else f"{short[:59]}…"
    return repr(short) if quoted else short

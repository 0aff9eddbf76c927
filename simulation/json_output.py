"""Writes every judged clock as it comes, so that nothing waits in memory."""

import json
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from config.errors import ConfigurationError


class ClockWriter:
    """A JSON array with an object on each line; for ``.jsonl`` and ``.ndjson`` the objects alone, a line each."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines_only = path.suffix.lower() in {".jsonl", ".ndjson"}
        self._file: IO[str] | None = None
        self._written = 0

    def __enter__(self) -> Self:
        """Open the file.

        Raises:
            ConfigurationError: it cannot be written.
        """
        try:
            self._file = self._path.open("w", encoding="utf-8")
        except OSError as error:
            raise ConfigurationError([f"{self._path}: cannot be written: {error.strerror}"]) from None
        if not self._lines_only:
            self._file.write("[")
        return self

    def write(self, clock: dict[str, Any]) -> None:
        """Add a clock."""
        assert self._file is not None  # written between enter and exit
        separator = "\n" if self._written == 0 else ",\n"
        if self._lines_only:
            separator = "" if self._written == 0 else "\n"
        self._file.write(separator + json.dumps(clock, ensure_ascii=False))
        self._written += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._file is not None  # opened by enter
        self._file.write("\n" if self._lines_only else "\n]\n")
        self._file.close()

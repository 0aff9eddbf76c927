"""Telling people what takes long: one refreshed line on a terminal, a line every fifteen seconds elsewhere."""

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO, runtime_checkable

Say = Callable[[str], None]
"""Takes one line without its end."""

LINE_EVERY_S = 15.0


@runtime_checkable
class Refreshing(Protocol):
    """A ``Say`` that can also overwrite its last line."""

    def refresh(self, line: str) -> None:
        """Shows ``line`` in place of the one refreshed last; an empty one clears it."""


class TerminalSay:
    """A ``Say`` for a terminal: whole lines scroll, the refreshed line stays at the bottom."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._width = 0

    def __call__(self, line: str) -> None:
        self.refresh("")
        print(line, file=self._stream, flush=True)

    def refresh(self, line: str) -> None:
        """Shows ``line`` in place of the one refreshed last; an empty one clears it."""
        # A line that wraps could not be overwritten.
        line = line[: shutil.get_terminal_size().columns - 1]
        print(f"\r{line:<{self._width}}" + ("" if line else "\r"), end="", file=self._stream, flush=True)
        self._width = len(line)


def default_say(stream: TextIO | None = None) -> Say:
    """The ``Say`` that fits ``stream`` (standard error where none is given)."""
    target = sys.stderr if stream is None else stream
    if target.isatty():
        return TerminalSay(target)

    def say(line: str) -> None:
        print(line, file=target, flush=True)

    return say


def in_words(seconds: float) -> str:
    """A duration as people say it: ``40 s``, ``about 4 min`` is left to the caller; here ``3 min 20 s``."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes == 0:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


@contextmanager
def underway(say: Say, what: str, expected_s: float | None = None) -> Iterator[None]:
    """Reports ``what`` at the start, while it runs, and how long it took when it ended well.

    Args:
        say: where the lines go; one that is ``Refreshing`` gets a line that counts seconds.
        what: begins with a verb in -ing and has no full stop: ``Building the Temporal dev server``.
        expected_s: seconds it usually takes, where that is known.
    """
    usually = f" (usually {in_words(expected_s)})" if expected_s else ""
    started = time.monotonic()
    over = threading.Event()

    def report() -> None:
        pause = 1.0 if isinstance(say, Refreshing) else LINE_EVERY_S
        while not over.wait(pause):
            line = f"{what}: {in_words(time.monotonic() - started)}{usually}"
            if isinstance(say, Refreshing):
                say.refresh(line)
            else:
                say(line)

    say(f"{what}{usually} ...")
    reporter = threading.Thread(target=report, name="engine-progress", daemon=True)
    reporter.start()
    try:
        yield
    finally:
        over.set()
        reporter.join()
    say(f"{what}: done in {in_words(time.monotonic() - started)}.")

"""How the demo tells its story: a line for each thing that happens, and at the end a table of what was expected and seen."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from rich.console import Console
from rich.table import Table
from rich.text import Text

_T = TypeVar("_T")
PATIENCE_S = 60.0
"""How long the story waits for something that it expects."""
_LOOK_EVERY_S = 0.15


@dataclass(frozen=True)
class Finding:
    """One row of the table at the end."""

    expected: str
    seen: str
    matched: bool


class Missing(Exception):
    """The story cannot go on: something that it needs did not come."""


class Narrator:
    """Prints the story and keeps the findings."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._begun = time.monotonic()
        self.findings: list[Finding] = []

    def chapter(self, number: int, title: str) -> None:
        """A heading."""
        self._console.print()
        self._console.print(Text(f"{number}. {title}", style="bold"))

    def tell(self, actor: str, what: str, where: str | None = None) -> None:
        """Who did what, and where to look at it."""
        line = Text()
        line.append(f"{datetime.now(UTC):%H:%M:%S}  ", style="dim")
        line.append(f"{actor:<16}", style="cyan")
        line.append(what)
        self._console.print(line, soft_wrap=True)
        if where is not None:
            self._console.print(Text(f"{'':26}{where}", style="blue"), soft_wrap=True)

    def find(self, expected: str, seen: object, *, matched: bool) -> None:
        """Note what was expected and what was seen."""
        self.findings.append(Finding(expected, str(seen), matched))
        if not matched:
            self._console.print(Text(f"{'':10}expected: {expected}; seen: {seen}", style="bold red"), soft_wrap=True)

    async def wait_for(
        self, what: str, look: Callable[[], Awaitable[_T | None]], *, patience_s: float = PATIENCE_S
    ) -> _T:
        """Look again and again until there is something to be seen.

        Raises:
            Missing: it did not come in time.
        """
        end = time.monotonic() + patience_s
        while True:
            found = await look()
            if found:
                return found
            if time.monotonic() > end:
                self.find(what, f"nothing within {patience_s:.0f} s", matched=False)
                raise Missing(what)
            await asyncio.sleep(_LOOK_EVERY_S)

    def conclude(self) -> bool:
        """Print the table; True when everything matched."""
        table = Table(title="What was expected, and what was seen", title_justify="left", show_lines=False)
        table.add_column("", no_wrap=True)
        table.add_column("expected", overflow="fold")
        table.add_column("seen", overflow="fold")
        for finding in self.findings:
            mark = Text("ok", style="green") if finding.matched else Text("!!", style="bold red")
            table.add_row(mark, Text(finding.expected), Text(finding.seen))
        self._console.print()
        self._console.print(table)
        matched = sum(finding.matched for finding in self.findings)
        took = time.monotonic() - self._begun
        self._console.print(f"{matched} of {len(self.findings)} as expected, after {took:.0f} s.")
        return matched == len(self.findings)

"""What `tierline check` tells, one line each."""

import dataclasses
from enum import Enum

import typer


class Verdict(Enum):
    """How a line begins: fine, to be done, or worth knowing."""

    OK = "ok"
    TO_DO = "!!"
    NOTE = "--"


_COLOURS = {Verdict.OK: typer.colors.GREEN, Verdict.TO_DO: typer.colors.RED, Verdict.NOTE: typer.colors.YELLOW}


@dataclasses.dataclass(frozen=True)
class Finding:
    """One line."""

    verdict: Verdict
    text: str


def ok(text: str) -> Finding:
    """It works."""
    return Finding(Verdict.OK, text)


def to_do(text: str) -> Finding:
    """Somebody has to do something; the text says what."""
    return Finding(Verdict.TO_DO, text)


def note(text: str) -> Finding:
    """Worth knowing; nothing has to be done."""
    return Finding(Verdict.NOTE, text)


def show(finding: Finding) -> None:
    """Print the line; in colour on a terminal."""
    mark = typer.style(finding.verdict.value, fg=_COLOURS[finding.verdict])
    typer.echo(f"{mark}  {' '.join(finding.text.split())}")

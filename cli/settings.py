"""`tierline settings`: what can be set."""

from pathlib import Path
from typing import Annotated

import typer

from cli.written import write_document
from config.settings_reference import settings_reference

app = typer.Typer(help="Write the reference of the settings.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def group() -> None:
    """Write the reference of the settings."""


@app.command("reference")
def reference(
    output: Annotated[Path, typer.Option("--output", metavar="FILE", help="Where to write it; - prints it.")] = Path(
        "docs/settings.md"
    ),
) -> None:
    """Write the reference of all variables from their models."""
    write_document(settings_reference(), output)

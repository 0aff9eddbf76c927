"""Where generated documents go."""

from pathlib import Path

import typer

from config.errors import ConfigurationError


def write_document(text: str, output: Path) -> None:
    """Write the text to the file, or print it where the file is ``-``.

    Raises:
        ConfigurationError: the file cannot be written.
    """
    if str(output) == "-":
        typer.echo(text, nl=False)
        return
    if not output.parent.is_dir():
        raise ConfigurationError([f"{output}: there is no folder {output.parent}; give --output FILE, or - to print"])
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError([f"{output}: cannot be written: {error.strerror}"]) from None
    typer.echo(f"ok  {output} written")

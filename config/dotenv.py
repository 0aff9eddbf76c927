"""``.env``: variables for a process, one ``NAME=value`` a line. The real environment wins."""

from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from config.errors import ConfigurationError


def with_dotenv(environ: Mapping[str, str], dotenv: Path | None) -> dict[str, str]:
    """The environment, completed by the file. An empty variable counts as not set.

    Raises:
        ConfigurationError: the file is there but cannot be read.
    """
    try:
        written = dotenv_values(dotenv) if dotenv is not None and dotenv.is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigurationError([f"{dotenv}: cannot be read: {reason}"]) from None
    values = {name: value for name, value in written.items() if value}
    return {**values, **{name: value for name, value in environ.items() if value.strip() or name not in values}}

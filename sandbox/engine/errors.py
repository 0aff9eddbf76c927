"""What can go wrong while a Temporal engine is found, built or started; each error's text is one for people."""

from pathlib import Path


class EngineError(Exception):
    """Any failure of the engine; ``str(error)`` says what to do and needs no traceback."""


class EngineUnavailable(EngineError):
    """No way to get the engine worked; the text names each way that was tried and what to install."""


class EngineFailed(EngineError):
    """The engine was found but did not start or did not get healthy; the text ends with where its log is."""

    def __init__(self, message: str, log: Path | None = None) -> None:
        super().__init__(message if log is None else f"{message} Its log: {log}")
        self.log = log


class Broken(Exception):
    """A cache entry or a fresh build is not what it should be; never leaves this package."""


class SourceFailed(Exception):
    """One way to get a binary did not work here; the next one is tried. Never leaves this package."""

"""Which engine is used on this machine, and saying so."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sandbox.engine import binaries, cache
from sandbox.engine.errors import Broken
from sandbox.engine.progress import Say, default_say

Kind = Literal["address", "path", "cache", "download", "build"]


@dataclass(frozen=True)
class EngineChoice:
    """The Temporal server that is taken.

    Attributes:
        kind: ``address`` (a server that runs already), ``path`` (the user's own CLI), ``cache`` (from an earlier run),
            ``download`` (just downloaded by the SDK) or ``build`` (just built with Go).
        version: as the program says it; empty for a running server.
        executable: the Temporal CLI to start; ``None`` for a running server.
        address: ``host:port`` of a running server; ``None`` otherwise.
    """

    kind: Kind
    version: str
    executable: Path | None = None
    address: str | None = None

    def __str__(self) -> str:
        """One line for people."""
        match self.kind:
            case "address":
                return f"Temporal: the server at {self.address}, named by TEMPORAL_ADDRESS"
            case "path":
                return f"Temporal: `temporal` on PATH ({self.executable}), {self.version}"
            case "cache":
                return f"Temporal: the dev server cached by an earlier run, {self.version}"
            case "download":
                return f"Temporal: the dev server that the SDK downloaded, {self.version}"
            case "build":
                return f"Temporal: the dev server built with Go, {self.version}"


def find_dev_server(say: Say | None = None, *, announce: bool = True) -> EngineChoice:
    """The dev server to use: TEMPORAL_ADDRESS, PATH, the cache, the SDK's download, ``go install``; in this order.

    Blocks, for minutes on the first run of a machine without a download. Nothing is started.

    Args:
        say: gets the lines of progress and, with ``announce``, the line that names the choice.
        announce: whether the choice is said.

    Raises:
        EngineUnavailable: none of the ways worked.
    """
    say = say or default_say()
    choice = _address() or _on_path(say) or _from_cache_or_new(say)
    if announce:
        say(str(choice))
    return choice


def find_test_server(say: Say | None = None) -> Path:
    """The time-skipping test server, for ``WorkflowEnvironment.start_time_skipping(test_server_existing_path=...)``.

    From the cache, the SDK's download or Maven; in this order. Blocks, for a minute on the first run.

    Raises:
        EngineUnavailable: none of the ways worked.
    """
    return cache.obtain(binaries.test_server_entry(), say or default_say()).folder / binaries.TEST_SERVER


def find_server(say: Say | None = None) -> Path:
    """The folder with ``temporal-server`` and ``temporal-sql-tool``, from the cache or built with Go in some minutes.

    Raises:
        EngineUnavailable: they could not be built.
    """
    return cache.obtain(binaries.server_entry(), say or default_say()).folder


def _address() -> EngineChoice | None:
    address = os.environ.get("TEMPORAL_ADDRESS", "").strip()
    return EngineChoice("address", "", address=address) if address else None


def _on_path(say: Say) -> EngineChoice | None:
    found = shutil.which(binaries.TEMPORAL)
    if found is None:
        return None
    executable = Path(found).absolute()
    try:
        return EngineChoice("path", binaries.temporal_version(executable), executable)
    except Broken as flaw:
        say(f"Passing over {executable}: {flaw}.")
        return None


def _from_cache_or_new(say: Say) -> EngineChoice:
    obtained = cache.obtain(binaries.dev_server_entry(), say)
    executable = obtained.folder / binaries.TEMPORAL
    if obtained.cached:
        kind: Kind = "cache"
    elif obtained.source == "go install":
        kind = "build"
    else:
        kind = "download"
    return EngineChoice(kind, obtained.version, executable)

"""The folder where built and downloaded engines are kept, shared by every checkout of one user.

An entry is a folder with a receipt. It appears by one rename, so that nobody sees half of one; it is checked before each
use, and one that is truncated, altered or cannot run is removed and got again. One process builds at a time.
"""

import contextlib
import hashlib
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from sandbox.engine.errors import Broken, EngineUnavailable, SourceFailed
from sandbox.engine.progress import Say, underway

RECEIPT = "receipt.json"
LOCK = "engine.lock"
_BUILDING = ".building-"
_LOCK_LIMIT_S = 45 * 60.0


@dataclass(frozen=True)
class Source:
    """One way to get an entry.

    Attributes:
        name: as people know it, e.g. ``go install``.
        build: puts the entry's files into the folder it is given; raises ``SourceFailed`` with one line when it cannot.
    """

    name: str
    build: Callable[[Path, Say], None]


@dataclass(frozen=True)
class Entry:
    """What is wanted.

    Attributes:
        name: the entry's folder; names the pinned version, so that a raised pin is another entry.
        title: as people know it, e.g. ``Temporal dev server``.
        check: runs what is in the folder and returns its version, quickly; raises ``Broken``.
        prove: the thorough check of a fresh build; raises ``Broken``.
        sources: tried in order.
        advice: one sentence on what to install when no source works.
    """

    name: str
    title: str
    check: Callable[[Path], str]
    prove: Callable[[Path], str]
    sources: Sequence[Source]
    advice: str


@dataclass(frozen=True)
class Obtained:
    """An entry that is there and works.

    Attributes:
        folder: where its files are.
        version: as its own program says it.
        source: which source it came from.
        cached: whether it was there already when it was asked for.
    """

    folder: Path
    version: str
    source: str
    cached: bool


def root() -> Path:
    """The cache folder: the user's own (``XDG_CACHE_HOME`` is respected), with the platform, since homes are shared."""
    system = f"{sys.platform}-{platform.machine().lower()}"
    return Path(platformdirs.user_cache_dir("tierline", appauthor=False)).absolute() / "engine" / system


def cached(entry: Entry) -> Obtained | None:
    """The entry if it is there and works; nothing is built, nothing removed."""
    folder = root() / entry.name
    if not folder.is_dir():
        return None
    try:
        return _inspect(entry, folder)
    except Broken:
        return None


def obtain(entry: Entry, say: Say) -> Obtained:
    """The entry, from the cache or from the first source that works.

    Raises:
        EngineUnavailable: no source worked, or another process has been building for too long.
    """
    present = cached(entry)
    if present:
        return present
    try:
        root().mkdir(parents=True, exist_ok=True)
        lock = FileLock(root() / LOCK)
        _acquire(lock, entry, say)
        try:
            return _obtain_alone(entry, say)
        finally:
            lock.release()
    except OSError as error:
        raise EngineUnavailable(
            f"The cache folder {root()} cannot be used: {error.strerror or error}. "
            "Make it writable with 1 GB to spare, or point XDG_CACHE_HOME at a folder that is."
        ) from None


def _acquire(lock: FileLock, entry: Entry, say: Say) -> None:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        with underway(say, f"Waiting for another process that is preparing the {entry.title}"):
            try:
                lock.acquire(timeout=_LOCK_LIMIT_S, poll_interval=0.2)
            except Timeout:
                raise EngineUnavailable(
                    f"Another process has held {lock.lock_file} for {_LOCK_LIMIT_S / 60:.0f} minutes. "
                    "End that process, then try again."
                ) from None


def _obtain_alone(entry: Entry, say: Say) -> Obtained:
    folder = root() / entry.name
    if folder.exists():
        try:
            return _inspect(entry, folder)
        except Broken as flaw:
            say(f"The cached {entry.title} is broken ({flaw}); getting it again.")
            _remove(folder)
    for left_over in root().glob(f"{_BUILDING}*"):
        # We hold the lock: whoever built there is dead.
        _remove(left_over)
    failures: list[str] = []
    for source, following in zip(entry.sources, [*entry.sources[1:], None], strict=True):
        work = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=root()))
        try:
            built = work / "entry"
            built.mkdir()
            source.build(built, say)
            version = entry.prove(built)
            _write_receipt(built, version, source.name)
            os.rename(built, folder)
        except (SourceFailed, Broken) as failure:
            failures.append(f"{source.name}: {failure}")
            if following is not None:
                say(f"Not possible here: {source.name}. Trying {following.name}.")
            continue
        finally:
            _remove(work)
        return Obtained(folder, version, source.name, cached=False)
    tried = "".join(f"\n  - {failure}" for failure in failures)
    raise EngineUnavailable(f"No {entry.title} could be found or built. {entry.advice} Tried:{tried}")


def _inspect(entry: Entry, folder: Path) -> Obtained:
    try:
        receipt = json.loads((folder / RECEIPT).read_text(encoding="utf-8"))
        files: dict[str, dict[str, int | str]] = receipt["files"]
        source = str(receipt["source"])
    except (OSError, ValueError, KeyError, TypeError):
        raise Broken("its receipt is missing or unreadable") from None
    for name, noted in files.items():
        _inspect_file(folder, name, noted)
    return Obtained(folder, entry.check(folder), source, cached=True)


def _inspect_file(folder: Path, name: str, noted: dict[str, int | str]) -> None:
    try:
        status = (folder / name).stat()
        if status.st_size != noted["size"]:
            raise Broken(f"{name} has {status.st_size} bytes instead of {noted['size']}")
        # Reading a quarter of a gigabyte before each start is for files that somebody touched.
        if status.st_mtime_ns != noted["mtime_ns"] and _digest(folder / name) != noted["sha256"]:
            raise Broken(f"{name} has been altered")
    except (OSError, KeyError):
        raise Broken(f"{name} is missing") from None


def _write_receipt(folder: Path, version: str, source: str) -> None:
    files = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as written:
            # After a power cut a renamed file may else be there with its size and without its content.
            os.fsync(written.fileno())
        status = path.stat()
        files[path.relative_to(folder).as_posix()] = {
            "size": status.st_size,
            "mtime_ns": status.st_mtime_ns,
            "sha256": _digest(path),
        }
    receipt = {"version": version, "source": source, "built_at": int(time.time()), "files": files}
    (folder / RECEIPT).write_text(json.dumps(receipt, indent=1), encoding="utf-8")


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink(missing_ok=True)
        return
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(path)

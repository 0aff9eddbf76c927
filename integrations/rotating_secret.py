"""A secret that may be renewed while we run, without a restart."""

from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Protocol

from pydantic import SecretStr

from integrations.errors import PermanentFailure


class Secret(Protocol):
    """Whatever tells a secret when it is asked: pydantic's ``SecretStr``, or a file's."""

    def get_secret_value(self) -> str:
        """The secret as it is now."""
        ...


class FileSecret:
    """A secret that is read from a file again whenever the file changed, as secret stores mount and renew it.

    A file that is away for a moment (it is being replaced) leaves the secret as it was. Blanks around it are no part of it.

    Args:
        path: the file, which holds the secret and nothing else.
        system: whom the secret is for (``jira``, ``github``).
        variable: the setting that names the file, for people.
    """

    def __init__(self, path: Path, *, system: str, variable: str) -> None:
        self._path = path
        self._system = system
        self._variable = variable
        self._read: tuple[int, int, SecretStr] | None = None
        self._lock = Lock()

    def get_secret_value(self) -> str:
        """The secret as the file has it now.

        Raises:
            PermanentFailure: 401, the file could not be read so far, or is empty.
        """
        with self._lock:
            with suppress(OSError, UnicodeDecodeError):
                self._look()
            if self._read is None:
                words = f"the file that {self._variable} names cannot be read or is empty; put the secret there"
                raise PermanentFailure(self._system, words, status=401)
            return self._read[2].get_secret_value()

    def _look(self) -> None:
        state = self._path.stat()
        if self._read is not None and self._read[:2] == (state.st_mtime_ns, state.st_ino):
            return
        if text := self._path.read_text(encoding="utf-8").strip():
            self._read = (state.st_mtime_ns, state.st_ino, SecretStr(text))

    def __repr__(self) -> str:
        return f"FileSecret({self._path.name!r})"

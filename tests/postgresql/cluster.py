"""A private PostgreSQL cluster in a temporary folder, on a free port of 127.0.0.1."""

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox import engine
from sandbox.engine import process

USER = "temporal"
_LIMIT_S = 60.0
_DEBIAN = Path("/usr/lib/postgresql")
_UNPRIVILEGED = "postgres"


class ClusterUnavailable(Exception):
    """PostgreSQL's programs are not on this machine, or cannot be run by this user; the text says what to install."""


@dataclass(frozen=True)
class Cluster:
    """A running cluster; ``password`` is that of the superuser ``temporal``."""

    host: str
    port: int
    password: str


def _programs() -> Path:
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    # Debian keeps the server's programs off PATH.
    folders += sorted(_DEBIAN.glob("*/bin"), key=lambda folder: int(folder.parent.name), reverse=True)
    for folder in folders:
        if all((folder / program).exists() for program in ("initdb", "postgres", "pg_isready")):
            return folder
    raise ClusterUnavailable("PostgreSQL's server is not installed (Debian, Ubuntu: apt-get install postgresql)")


def _as_user(command: Sequence[str | Path]) -> list[str]:
    """The command as PostgreSQL allows it: not as root. It dies with us in both cases."""
    if os.geteuid() != 0:
        return process.tethered(command)
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise ClusterUnavailable("PostgreSQL does not run as root and there is no `setpriv` (package util-linux)")
    user = [f"--reuid={_UNPRIVILEGED}", f"--regid={_UNPRIVILEGED}", "--clear-groups"]
    return [setpriv, *user, "--pdeathsig=KILL", *map(str, command)]


def _owned_folder() -> Path:
    """A folder that the user who runs PostgreSQL owns; below the system's own, since a private one would bar it."""
    folder = Path(tempfile.mkdtemp(prefix="tierline-postgresql-"))
    if os.geteuid() == 0:
        try:
            user = pwd.getpwnam(_UNPRIVILEGED)
        except KeyError:
            folder.rmdir()
            raise ClusterUnavailable(f"there is no user {_UNPRIVILEGED}, and PostgreSQL does not run as root") from None
        os.chown(folder, user.pw_uid, user.pw_gid)
    return folder


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Creates, starts, and at the end removes a cluster.

    Raises:
        ClusterUnavailable: this machine cannot run one.
    """
    programs = _programs()
    folder = _owned_folder()
    try:
        yield from _run(programs, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(programs: Path, folder: Path) -> Iterator[Cluster]:
    data, log = folder / "data", folder / "log"
    made = Cluster("127.0.0.1", engine.free_port(), secrets.token_hex(8))
    password_file = folder / "password"
    password_file.write_text(made.password)
    password_file.chmod(0o644)
    initdb: list[str | Path] = [
        programs / "initdb",
        "-D",
        data,
        "-U",
        USER,
        "--auth=scram-sha-256",
        f"--pwfile={password_file}",
    ]
    subprocess.run(
        _as_user([*initdb, "--encoding=UTF8", "--no-locale", "--no-sync"]),
        check=True, capture_output=True, timeout=_LIMIT_S, cwd=folder,
    )  # fmt: skip
    # Nothing of a test has to survive a power cut.
    speed = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
    place: list[str | Path] = ["-D", data, "-h", made.host, "-p", str(made.port), "-k", ""]
    with log.open("wb") as output:
        server = subprocess.Popen(
            _as_user([programs / "postgres", *place, *speed]),
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=folder, start_new_session=True,
        )  # fmt: skip
    try:
        _wait_until_ready(programs, made, server, log)
        yield made
    finally:
        server.terminate()
        try:
            server.wait(_LIMIT_S)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_until_ready(programs: Path, made: Cluster, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _LIMIT_S
    ask: list[str | Path] = [programs / "pg_isready", "-h", made.host, "-p", str(made.port), "-q", "-t", "1"]
    while subprocess.run(ask, check=False, timeout=_LIMIT_S).returncode != 0:
        assert server.poll() is None, f"PostgreSQL ended at once: {process.tail(log.read_text())}"
        assert time.monotonic() < deadline, f"PostgreSQL was not ready within {_LIMIT_S:.0f} s"

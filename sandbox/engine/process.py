"""Starting and stopping the engine's processes: none outlives the process that started it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_TETHER = Path(__file__).with_name("tether.py")


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port of ``host`` that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def tethered(command: Sequence[str | os.PathLike[str]]) -> list[str]:
    """``command`` as it must be run to die together with the calling thread (see :mod:`sandbox.engine.tether`)."""
    return [sys.executable, "-I", "-S", str(_TETHER), str(os.getpid()), *[os.fspath(part) for part in command]]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Our environment without ``TEMPORAL_*``, which would steer a server meant to be private, plus ``extra``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TEMPORAL_")}
    return {**kept, **(extra or {})}


def start(
    command: Sequence[str | os.PathLike[str]],
    log: Path,
    extra_environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Starts a long-running program in its own process group, its output appended to ``log``.

    Ctrl-C in a terminal therefore reaches us alone, and we stop the program in our own order. On Linux the program dies
    with the calling thread: start it from one that lives as long as the program should.
    """
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - the callers name fixed programs
            tethered(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment(extra_environment),
            cwd=folder,
            start_new_session=True,
        )


def stop(process: subprocess.Popen[bytes], grace_s: float = 10.0) -> None:
    """Asks the program to end, and kills its process group when it has not done so within ``grace_s`` seconds."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(grace_s)
        except subprocess.TimeoutExpired:
            _kill_group(process)
    else:
        _kill_group(process)
    process.wait()


def run(
    command: Sequence[str | os.PathLike[str]],
    limit_s: float,
    extra_environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Runs a program to its end with its output (standard error included) kept as text.

    Raises:
        OSError: it cannot be executed.
        subprocess.TimeoutExpired: it took longer than ``limit_s`` seconds; its process group has been killed.
    """
    process = subprocess.Popen(  # noqa: S603 - the callers name fixed programs
        tethered(command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment(extra_environment),
        cwd=folder,
        start_new_session=True,
        text=True,
        errors="replace",
    )
    try:
        output, _ = process.communicate(timeout=limit_s)
    except BaseException:
        _kill_group(process)
        process.wait()
        raise
    return subprocess.CompletedProcess(list(command), process.returncode, output, "")


def tail(text: str, lines: int = 5) -> str:
    """The last non-empty lines of a program's output, on one line."""
    return " | ".join([line.strip() for line in text.splitlines() if line.strip()][-lines:])


def _kill_group(process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)

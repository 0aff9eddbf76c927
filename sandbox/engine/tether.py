"""Runs a command that must not outlive the process that started it.

Run as ``python tether.py PARENT_PID COMMAND ...`` by :mod:`sandbox.engine.process`. On Linux the kernel is asked to kill the
command when the starting thread dies, and this process becomes the command. Elsewhere it stays beside the command, passes
signals on and looks every second whether the parent still lives. It imports the standard library alone, since it runs
isolated from the environment.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from types import FrameType

PR_SET_PDEATHSIG = 1
LOOK_EVERY_S = 1.0


def become(command: list[str], parent: int) -> None:
    """Becomes ``command``, with the kernel told to kill it when the parent dies (Linux, ``man 2 prctl``)."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        # The parent died before the kernel knew.
        sys.exit(1)
    try:
        os.execvp(command[0], command)  # noqa: S606 - becoming the command is this program's purpose
    except OSError as error:
        print(f"cannot be run: {error.strerror}", flush=True)
        sys.exit(126)


def stay_beside(command: list[str], parent: int) -> int:
    """Runs ``command`` and kills it once the parent is gone; returns the command's exit status."""
    child = subprocess.Popen(command)  # noqa: S603 - running the command is this program's purpose

    def pass_on(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    signal.signal(signal.SIGTERM, pass_on)
    signal.signal(signal.SIGINT, pass_on)
    while child.poll() is None:
        if os.getppid() != parent:
            child.kill()
        time.sleep(LOOK_EVERY_S)
    return child.returncode


def main() -> None:
    """Reads the parent's process id and the command from the command line."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        become(command, parent)
    else:
        sys.exit(stay_beside(command, parent))


if __name__ == "__main__":
    main()

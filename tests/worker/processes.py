"""``worker.py`` as operators run it: a process with an environment."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE_S = 60.0
_POLL_S = 0.05


class WorkerProcess:
    """A running ``worker.py``; a context manager that leaves nothing behind."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._log = folder / "worker-process.log"
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(ROOT / "worker.py")],
                cwd=folder,
                env=kept | {"PYTHONUNBUFFERED": "1"} | dict(environment),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> "WorkerProcess":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    @property
    def said(self) -> str:
        """Everything that it printed."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def asked_to_stop(self) -> None:
        """SIGTERM."""
        self._process.send_signal(signal.SIGTERM)

    async def says(self, text: str) -> None:
        """Wait until it printed this."""
        for _ in range(int(_PATIENCE_S / _POLL_S)):
            if text in self.said:
                return
            assert self._process.poll() is None, f"it ended: {self.said}"
            await asyncio.sleep(_POLL_S)
        raise AssertionError(f"it never said {text!r}, but: {self.said}")

    async def ends(self) -> int:
        """Wait for its end; its exit code."""
        return await asyncio.to_thread(self._process.wait, _PATIENCE_S)

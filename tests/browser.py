"""A real browser for the tests of the pages: one found on the machine, Playwright's own, or Debian's package.

Where none can be had the tests that need it skip and say so; in CI (``CI`` is set) such a skip is a failure.
"""

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""No flag for looks: a test container has no user namespaces, no GPU, and no business with the network."""

_ON_PATH = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_ELSEWHERE = (
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
)
_ASK_PLAYWRIGHT = (
    "from playwright.sync_api import sync_playwright\nwith sync_playwright() as p: print(p.chromium.executable_path)"
)
_RUN_LIMIT_S = 60
_DOWNLOAD_LIMIT_S = 300
_PACKAGE_LIMIT_S = 600


def _output(*command: str, limit_s: float = _RUN_LIMIT_S) -> str | None:
    """What the command prints, or ``None`` when it cannot be run, fails or takes longer than ``limit_s`` seconds."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit_s, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _runs(executable: Path) -> bool:
    return executable.exists() and _output(str(executable), "--version") is not None


def _installed() -> Iterator[Path]:
    for name in _ON_PATH:
        found = shutil.which(name)
        if found:
            yield Path(found)
    yield from _ELSEWHERE
    yield from _of_playwright()


def _of_playwright() -> Iterator[Path]:
    asked = _output(sys.executable, "-c", _ASK_PLAYWRIGHT)
    if asked and asked.strip():
        yield Path(asked.strip())


def _downloaded() -> Iterator[Path]:
    print("Trying Playwright's own download of Chromium ...", file=sys.stderr)
    if _output(sys.executable, "-m", "playwright", "install", "chromium", limit_s=_DOWNLOAD_LIMIT_S) is not None:
        yield from _of_playwright()


def _packaged() -> Iterator[Path]:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    print("Installing Debian's package chromium ...", file=sys.stderr)
    wait_for_lock = "-o=DPkg::Lock::Timeout=120"
    _output("apt-get", wait_for_lock, "update", limit_s=_PACKAGE_LIMIT_S)
    _output(
        "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", wait_for_lock, "install", "-y", "--no-install-recommends",
        "chromium", limit_s=_PACKAGE_LIMIT_S,
    )  # fmt: skip
    found = shutil.which("chromium")
    if found:
        yield Path(found)


@functools.cache
def find_browser() -> Path | None:
    """The first Chromium or Chrome that runs, got in one of the three ways; ``None`` when there is no way."""
    for way in (_installed, _downloaded, _packaged):
        for executable in way():
            if _runs(executable):
                return executable
    return None


@pytest.fixture(scope="session")
def browser_executable() -> Path:
    """The browser's program; a skip where none can be had, which is a failure in CI."""
    found = find_browser()
    if found is not None:
        return found
    reason = "no browser: install Chromium or Chrome, or let `python -m playwright install chromium` reach the internet"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
async def browser(browser_executable: Path) -> AsyncIterator[Browser]:
    """A headless Chromium; a test opens pages with ``await browser.new_page()``."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=browser_executable, headless=True, args=FLAGS)
        yield chromium
        await chromium.close()

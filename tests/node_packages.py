"""The vendors' own packages for Node, installed once into the user's cache as their lock files say."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import platformdirs
import pytest
from filelock import FileLock

INSTALL_LIMIT_S = 120
# What npm says where there is no way to the registry; anything else is a fault of ours.
_UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "EHOSTUNREACH")


def modules(folder: Path, package: str) -> Path:
    """The ``node_modules`` of a folder with ``package.json`` and ``package-lock.json``; a skip without npm, or where it reaches nothing.

    Args:
        folder: where the two files are.
        package: the package that a skip names.
    """
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are needed: install Node.js 20 or newer")
    lock = (folder / "package-lock.json").read_bytes()
    installed = platformdirs.user_cache_path("tierline") / "for-node" / hashlib.sha256(lock).hexdigest()[:16]
    installed.mkdir(parents=True, exist_ok=True)
    with FileLock(installed / "installing.lock", timeout=INSTALL_LIMIT_S):
        if not (installed / "installed").exists():
            _install(npm, folder, installed, package)
            (installed / "installed").touch()
    return installed / "node_modules"


def _install(npm: str, source: Path, folder: Path, package: str) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(source / name, folder / name)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm could not fetch {package} within {INSTALL_LIMIT_S} s")
    if done.returncode != 0 and any(code in done.stderr for code in _UNREACHABLE):
        pytest.skip(f"npm cannot reach its registry, so {package} is not to be had")
    assert done.returncode == 0, done.stderr

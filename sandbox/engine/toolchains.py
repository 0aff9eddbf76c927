"""The ways to get a program: the SDK's own download, Go's module proxy, Maven.

Each function fills a folder or raises ``SourceFailed`` with one line. They use the tools' own caches and settings (proxies,
mirrors), write nothing into the working folder and install nothing outside the folder they are given.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from sandbox.engine import process
from sandbox.engine.errors import SourceFailed
from sandbox.engine.progress import Say, underway

_SDK_DOWNLOAD = Path(__file__).with_name("sdk_download.py")
_STALLED_S = 45.0
_DOWNLOAD_LIMIT_S = 15 * 60.0
_REACH_LIMIT_S = 90.0
_GO_LIMIT_S = 40 * 60.0
_MAVEN_LIMIT_S = 10 * 60.0
_DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"


def run_sdk(engine: str, action: str, path: Path) -> list[str]:
    """The command line of :mod:`sandbox.engine.sdk_download`; ``-P`` keeps this folder off the module path."""
    return [sys.executable, "-P", str(_SDK_DOWNLOAD), engine, action, str(path)]


def sdk_download(engine: str, title: str, executable: Path, say: Say) -> None:
    """Lets the SDK download ``engine`` (``dev-server`` or ``test-server``) and moves the program to ``executable``.

    Ended when nothing has arrived for 45 seconds, or after 15 minutes.
    """
    folder = executable.parent / "download"
    folder.mkdir(parents=True)
    log = folder.with_suffix(".log")
    try:
        with underway(say, f"Trying the Temporal SDK's own download of the {title}", 30):
            download = process.start(run_sdk(engine, "download", folder), log)
            try:
                _wait_while_it_grows(download, folder)
            finally:
                process.stop(download, grace_s=1)
            found = [path for path in folder.iterdir() if path.is_file()]
            if download.returncode != 0 or len(found) != 1:
                raise SourceFailed(process.tail(log.read_text(errors="replace"), 1) or "nothing was downloaded")
            found[0].chmod(0o755)
            found[0].rename(executable)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        log.unlink(missing_ok=True)


def _wait_while_it_grows(download: subprocess.Popen[bytes], folder: Path) -> None:
    started = grew = time.monotonic()
    size = 0
    while True:
        try:
            download.wait(0.2)
        except subprocess.TimeoutExpired:
            pass
        else:
            return
        now = time.monotonic()
        arrived = sum(path.stat().st_size for path in folder.glob("*") if path.exists())
        if arrived > size:
            size, grew = arrived, now
        if now - grew > _STALLED_S or now - started > _DOWNLOAD_LIMIT_S:
            raise SourceFailed(f"gave up after {now - started:.0f} s with {arrived / 1e6:.0f} MB")


def go_install(packages: Sequence[str], module: str, title: str, expected_s: float, folder: Path, say: Say) -> None:
    """Builds ``packages`` (``path@version``) of ``module@version`` into ``folder`` with the Go toolchain on PATH."""
    go = shutil.which("go")
    if go is None:
        raise SourceFailed("there is no `go` on PATH")
    # GOBIN has to be absolute. A workspace, or flags meant for the user's own modules, must not take part, and none of the
    # packages needs a C compiler.
    settings = {"GOBIN": str(folder.absolute()), "GOWORK": "off", "GOFLAGS": "-buildvcs=false", "CGO_ENABLED": "0"}
    with underway(say, f"Asking Go's module proxy for {module}"):
        _complete([go, "list", "-m", module], _REACH_LIMIT_S, settings, folder)
    with underway(say, f"Building the {title} with `go install`, once for this user", expected_s):
        _complete([go, "install", *packages], _GO_LIMIT_S, settings, folder)


def maven_copy(coordinates: str, title: str, folder: Path, say: Say) -> None:
    """Copies the jar ``group:artifact:version`` and all that it needs to run into ``folder``."""
    maven = shutil.which("mvn")
    if maven is None:
        raise SourceFailed("there is no `mvn` on PATH")
    group, artifact, version = coordinates.split(":")
    pom = folder / "pom.xml"
    pom.write_text(
        f"""<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>tierline</groupId>
  <artifactId>engine</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>{group}</groupId>
      <artifactId>{artifact}</artifactId>
      <version>{version}</version>
    </dependency>
  </dependencies>
</project>
""",
        encoding="utf-8",
    )
    command = [maven, "-B", "-q", "-f", str(pom), f"{_DEPENDENCY_PLUGIN}:copy-dependencies"]
    with underway(say, f"Getting the {title} with Maven, once for this user", 30):
        _complete([*command, "-DincludeScope=runtime", f"-DoutputDirectory={folder}"], _MAVEN_LIMIT_S, {}, folder)
    pom.unlink()


def _complete(command: Sequence[str], limit_s: float, settings: dict[str, str], folder: Path) -> str:
    try:
        done = process.run(command, limit_s, settings, folder)
    except OSError as error:
        raise SourceFailed(f"{command[0]} cannot be run: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise SourceFailed(f"{Path(command[0]).name} {command[1]} took more than {limit_s / 60:.0f} minutes") from None
    if done.returncode != 0:
        raise SourceFailed(process.tail(done.stdout, 2) or f"{command[0]} ended with status {done.returncode}")
    return done.stdout

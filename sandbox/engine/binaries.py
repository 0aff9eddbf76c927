"""The three engines by name and pinned version: how each is got, and how it is known to work."""

import re
import shutil
import subprocess
from importlib.metadata import version as installed_version
from pathlib import Path

from sandbox.engine import process
from sandbox.engine.cache import Entry, Source
from sandbox.engine.errors import Broken, SourceFailed
from sandbox.engine.progress import Say
from sandbox.engine.toolchains import go_install, maven_copy, run_sdk, sdk_download

CLI_VERSION = "1.5.1"
"""The newest Temporal CLI that ``go install`` builds: later ones have ``replace`` in their go.mod. Server 1.29.1 inside."""
SERVER_VERSION = "1.29.1"
TEST_SERVER_VERSION = "1.38.0"
"""A release of Temporal's Java SDK, with which the test server is published."""
OLDEST_SERVER = (1, 28)
"""Update-with-start and worker deployment versions are on by default since then."""

_CHECK_LIMIT_S = 30.0
_PROVE_LIMIT_S = 120.0

TEMPORAL = "temporal"
TEST_SERVER = "test-server"
SERVER = "temporal-server"
SQL_TOOL = "temporal-sql-tool"

_INSTALL_DEV_SERVER = (
    "Do one of these: install the Temporal CLI so that `temporal` is on PATH; install Go 1.24 or newer; allow this machine "
    "to reach the internet once; or set TEMPORAL_ADDRESS to a running Temporal server."
)
_INSTALL_TEST_SERVER = (
    "Do one of these: install Java 11 or newer (a JRE is enough) together with Maven, so that `java` and `mvn` are on PATH; "
    "or allow this machine to reach the internet once."
)
_INSTALL_SERVER = "Install Go 1.24 or newer, and let it reach its module proxy."


def output_of(executable: Path, *arguments: str, limit_s: float = _CHECK_LIMIT_S) -> str:
    """What the program prints; raises ``Broken`` when it cannot be run, fails or hangs."""
    try:
        done = process.run([executable, *arguments], limit_s)
    except OSError as error:
        raise Broken(f"{executable.name} cannot be run: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise Broken(f"{executable.name} did not end within {limit_s:.0f} s") from None
    if done.returncode != 0:
        raise Broken(f"{executable.name} failed with status {done.returncode}: {process.tail(done.stdout, 1)}")
    return done.stdout


def temporal_version(executable: Path) -> str:
    """The version line of a Temporal CLI that brings a recent enough server; raises ``Broken``."""
    said = output_of(executable, "--version").strip()
    server = re.search(r"Server (\d+)\.(\d+)\.(\d+)", said)
    if not said.startswith("temporal version") or server is None:
        raise Broken(f"{executable.name} --version says {said[:80]!r}, not a Temporal CLI's version")
    if (int(server[1]), int(server[2])) < OLDEST_SERVER:
        raise Broken(
            f"its server is {'.'.join(server.groups())}; {'.'.join(map(str, OLDEST_SERVER))} is the oldest that fits"
        )
    return said


def dev_server_entry() -> Entry:
    """The Temporal CLI with its dev server."""

    def check(folder: Path) -> str:
        return temporal_version(folder / TEMPORAL)

    def download(folder: Path, say: Say) -> None:
        sdk_download("dev-server", "Temporal dev server", folder / TEMPORAL, say)

    def build(folder: Path, say: Say) -> None:
        module = f"github.com/temporalio/cli@v{CLI_VERSION}"
        package = f"github.com/temporalio/cli/cmd/temporal@v{CLI_VERSION}"
        go_install([package], module, "Temporal dev server", 240, folder, say)

    return Entry(
        name=f"dev-server-cli{CLI_VERSION}-sdk{installed_version('temporalio')}",
        title="Temporal dev server",
        check=check,
        prove=check,
        sources=[Source("the SDK's download", download), Source("go install", build)],
        advice=_INSTALL_DEV_SERVER,
    )


# The SDK starts the test server by itself and, if we are killed, leaves it behind: the script's second process ends it then.
_TEST_SERVER_SCRIPT = """#!/bin/sh
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd) || exit 1
server=$$
parent=$PPID
(
  while kill -0 "$server" 2>/dev/null; do
    kill -0 "$parent" 2>/dev/null || kill -9 "$server" 2>/dev/null
    sleep 1
  done
) </dev/null >/dev/null 2>&1 &
"""
_RUN_JAR = """exec java -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \\
  -cp "$here/lib/*" io.temporal.testserver.TestServer "$@"
"""
_RUN_NATIVE = """exec "$here/native" "$@"
"""


def test_server_entry() -> Entry:
    """The time-skipping test server behind a script that takes its port, as the SDK runs it."""

    def check(folder: Path) -> str:
        if (folder / "lib").is_dir():
            java = shutil.which("java")
            if java is None:
                raise Broken("there is no `java` on PATH any more")
            output_of(Path(java), "-version")
            return TEST_SERVER_VERSION
        return "the SDK's default"

    def prove(folder: Path) -> str:
        version = check(folder)
        try:
            done = process.run(run_sdk("test-server", "start", folder / TEST_SERVER), _PROVE_LIMIT_S)
        except subprocess.TimeoutExpired:
            raise Broken("it did not answer in time") from None
        if done.returncode != 0:
            raise Broken(f"it does not start: {process.tail(done.stdout, 1)}")
        return version

    def script(folder: Path, command: str) -> None:
        path = folder / TEST_SERVER
        path.write_text(_TEST_SERVER_SCRIPT + command, encoding="utf-8")
        path.chmod(0o755)

    def download(folder: Path, say: Say) -> None:
        sdk_download("test-server", "time-skipping test server", folder / "native", say)
        script(folder, _RUN_NATIVE)

    def build(folder: Path, say: Say) -> None:
        if shutil.which("java") is None:
            raise SourceFailed("there is no `java` on PATH")
        (folder / "lib").mkdir()
        coordinates = f"io.temporal:temporal-test-server:{TEST_SERVER_VERSION}"
        maven_copy(coordinates, "time-skipping test server", folder / "lib", say)
        script(folder, _RUN_JAR)

    return Entry(
        name=f"test-server-{TEST_SERVER_VERSION}-sdk{installed_version('temporalio')}",
        title="time-skipping test server",
        check=check,
        prove=prove,
        sources=[Source("the SDK's download", download), Source("Maven", build)],
        advice=_INSTALL_TEST_SERVER,
    )


def server_entry() -> Entry:
    """The real Temporal server and its schema tool, for the tests on PostgreSQL."""

    def check(folder: Path) -> str:
        for executable in (SERVER, SQL_TOOL):
            if SERVER_VERSION not in output_of(folder / executable, "--version"):
                raise Broken(f"{executable} is not version {SERVER_VERSION}")
        return SERVER_VERSION

    def build(folder: Path, say: Say) -> None:
        module = "go.temporal.io/server"
        packages = [f"{module}/{path}@v{SERVER_VERSION}" for path in ("cmd/server", "cmd/tools/sql")]
        go_install(packages, f"{module}@v{SERVER_VERSION}", "Temporal server", 150, folder, say)
        (folder / "server").rename(folder / SERVER)
        (folder / "sql").rename(folder / SQL_TOOL)

    return Entry(
        name=f"server-{SERVER_VERSION}",
        title="Temporal server",
        check=check,
        prove=check,
        sources=[Source("go install", build)],
        advice=_INSTALL_SERVER,
    )

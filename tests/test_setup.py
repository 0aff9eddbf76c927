"""What a newcomer runs: the Makefile's commands, the set-up, the lock files."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def run(*command: str, folder: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=60
    )


def targets() -> set[str]:
    phony = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return set(phony[0].split())


def test_the_makefile_has_the_documented_commands() -> None:
    assert {"help", "setup", "demo", "test", "check", "bench", "fmt", "lock"} <= targets()


def test_make_help_tells_of_every_command() -> None:
    shown = run("make", "--no-print-directory", "help").stdout
    assert {line.split()[1] for line in shown.splitlines()} == targets()
    assert run("make", "--no-print-directory").stdout == shown


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_names_no_address_and_has_a_hash_for_everything(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert not re.search(r"^\s*(-i|-f|--index-url|--extra-index-url|--find-links|--trusted-host)", text, re.MULTILINE)
    requirements = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert len(requirements) > 20
    for requirement in requirements:
        assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+", requirement), requirement[:60]
        assert "--hash=sha256:" in requirement, requirement[:60]


def test_the_locks_agree_on_every_version() -> None:
    runtime, development = (
        dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / "requirements" / name).read_text(), re.MULTILINE))
        for name in ("runtime.txt", "development.txt")
    )
    assert runtime.items() <= development.items()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What the set-up needs of a checkout, in a folder with spaces in its path."""
    folder = tmp_path / "a check out"
    for name in ("scripts/setup", "requirements/development.txt", "pyproject.toml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


def only_with(folder: Path, *names: str) -> str:
    """A PATH on which there is nothing but these commands."""
    folder.mkdir()
    for name in names:
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    return str(folder)


def fake(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_without_a_recent_python_one_line_says_what_to_install(checkout: Path, tmp_path: Path) -> None:
    path = only_with(tmp_path / "bin", "sh", "dirname", "cat", "cksum", "pwd", "rm")
    fake(tmp_path / "bin" / "python3", "exit 1")
    done = run("scripts/setup", folder=checkout, PATH=path)
    assert done.returncode == 1
    assert done.stderr.startswith("Python 3.11 or newer is needed")
    assert len(done.stderr.splitlines()) == 1


def test_the_second_set_up_does_nothing_and_a_changed_lock_sets_up_again(checkout: Path, tmp_path: Path) -> None:
    path = only_with(tmp_path / "bin", "sh", "dirname", "cat", "cksum", "pwd", "rm", "mkdir", "cp", "env")
    log = tmp_path / "calls"
    # A Python that only notes what it is asked to do.
    fake(
        tmp_path / "bin" / "python3",
        f'echo "$*" >>"{log}"\n[ "$2" = venv ] && mkdir -p .venv/bin && cp "$0" .venv/bin/python\nexit 0',
    )

    first = run("scripts/setup", folder=checkout, PATH=path)
    assert first.returncode == 0, first.stderr
    assert "install --require-hashes -r requirements/development.txt" in log.read_text()
    assert "install --no-deps --no-build-isolation --editable ." in log.read_text()

    log.write_text("")
    second = run("scripts/setup", folder=checkout, PATH=path)
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert "install" not in log.read_text()

    with (checkout / "requirements" / "development.txt").open("a") as lock:
        lock.write("\n")
    third = run("scripts/setup", folder=checkout, PATH=path)
    assert "Installing the locked dependencies" in third.stdout
    assert "venv" not in log.read_text().replace(".venv", "")


def test_a_failed_installation_is_tried_again(checkout: Path, tmp_path: Path) -> None:
    path = only_with(tmp_path / "bin", "sh", "dirname", "cat", "cksum", "pwd", "rm", "mkdir", "cp")
    log = tmp_path / "calls"
    fake(
        tmp_path / "bin" / "python3",
        f'echo "$*" >>"{log}"\ncase "$*" in\n*"venv --clear"*) mkdir -p .venv/bin; cp "$0" .venv/bin/python;;\n*require-hashes*) exit 1;;\nesac\nexit 0',
    )
    for _ in range(2):
        done = run("scripts/setup", folder=checkout, PATH=path)
        assert done.returncode == 1
        assert "The dependencies could not be installed" in done.stderr
    assert log.read_text().count("require-hashes") == 2


def test_ci_runs_the_readers_commands() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    for command in ("make check", "make test", "make demo DEMO_ARGS=--once"):
        assert re.search(rf"^step .*{re.escape(command)}", script, re.MULTILINE)
    assert run("bash", "-n", ".ci/run").returncode == 0

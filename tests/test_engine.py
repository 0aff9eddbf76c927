"""The engine on a machine: found in the promised order, verified, built once, and never left behind."""

import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from temporalio.client import Client

from sandbox import engine
from sandbox.engine import binaries, cache, process
from sandbox.engine.cache import Entry, Source
from sandbox.engine.errors import Broken, SourceFailed
from sandbox.engine.progress import Say, TerminalSay, underway

GOOD_CLI = "#!/bin/sh\necho 'temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)'\n"
OLD_CLI = "#!/bin/sh\necho 'temporal version 1.1.0 (Server 1.25.0, UI 2.30.0)'\n"
LIMIT_S = 30.0


def write_program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def until(condition: Callable[[], bool], what: str) -> None:
    """Waits for a condition of the outside world, at most half a minute."""
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, f"not within {LIMIT_S} s: {what}"
        threading.Event().wait(0.02)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # A process that has ended stays in the table until its parent (the container's init, here) fetches its status.
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"


def accepts(port: int) -> bool:
    """Whether somebody listens on the port of 127.0.0.1."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Lines:
    """A ``Say`` that remembers."""

    def __init__(self) -> None:
        self.all: list[str] = []

    def __call__(self, line: str) -> None:
        self.all.append(line)

    def __str__(self) -> str:
        return "\n".join(self.all)


@pytest.fixture
def said() -> Lines:
    return Lines()


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an empty cache and nothing but the system's own commands on PATH; the folder is first on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "cat", "sleep", "dirname", "kill", "mv"):
        found = shutil.which(name)
        if found:
            (folder / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache with spaces"))
    monkeypatch.delenv("TEMPORAL_ADDRESS", raising=False)
    return folder


@pytest.fixture
def no_download(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that cannot reach the SDK's downloads: its HTTPS proxy refuses connections."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{engine.free_port()}")
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{engine.free_port()}")


def fake_entry(*sources: Source) -> Entry:
    """An entry whose program is a shell script that prints its version."""

    def check(folder: Path) -> str:
        said = binaries.output_of(folder / "program").strip()
        if not said.startswith("program "):
            raise Broken(f"it says {said!r}")
        return said

    return Entry("fake-1", "fake engine", check, check, sources, "Install the fake engine.")


def builder(counter: Path, program: str = "#!/bin/sh\necho program 1\n") -> Source:
    def build(folder: Path, _say: Say) -> None:
        with counter.open("a") as builds:
            builds.write("built\n")
        write_program(folder / "program", program)

    return Source("the builder", build)


def impossible(name: str, reason: str) -> Source:
    def build(_folder: Path, _say: Say) -> None:
        raise SourceFailed(reason)

    return Source(name, build)


class TestChoice:
    def test_a_running_server_named_by_the_environment_comes_first(
        self, bare_machine: Path, monkeypatch: pytest.MonkeyPatch, said: Lines
    ) -> None:
        write_program(bare_machine / "temporal", GOOD_CLI)
        monkeypatch.setenv("TEMPORAL_ADDRESS", "temporal.example:7233")
        choice = engine.find_dev_server(said)
        assert (choice.kind, choice.address, choice.executable) == ("address", "temporal.example:7233", None)
        assert str(said) == "Temporal: the server at temporal.example:7233, named by TEMPORAL_ADDRESS"

    def test_then_the_users_own_cli(self, bare_machine: Path, said: Lines) -> None:
        cli = write_program(bare_machine / "temporal", GOOD_CLI)
        choice = engine.find_dev_server(said)
        assert (choice.kind, choice.executable) == ("path", cli)
        assert "`temporal` on PATH" in str(said)
        assert "Server 1.29.1" in str(said)

    @pytest.mark.parametrize(
        ("program", "reason"),
        [
            (OLD_CLI, "its server is 1.25.0"),
            ("#!/bin/sh\necho something else\n", "not a Temporal CLI's version"),
            ("#!/bin/sh\nexit 3\n", "failed with status 3"),
            ("garbage that is no program", "temporal"),
        ],
        ids=["too old", "another program", "failing", "not executable"],
    )
    def test_an_unfit_cli_on_path_is_passed_over_with_the_reason(
        self, bare_machine: Path, no_download: None, said: Lines, program: str, reason: str
    ) -> None:
        write_program(bare_machine / "temporal", program)
        with pytest.raises(engine.EngineUnavailable):
            engine.find_dev_server(said)
        assert f"Passing over {bare_machine / 'temporal'}" in str(said)
        assert reason in str(said)

    def test_without_any_way_one_message_says_what_to_install(
        self, bare_machine: Path, no_download: None, said: Lines
    ) -> None:
        with pytest.raises(engine.EngineUnavailable) as refusal:
            engine.find_dev_server(said)
        text = str(refusal.value)
        assert "install the Temporal CLI" in text
        assert "install Go" in text
        assert "TEMPORAL_ADDRESS" in text
        assert "go install: there is no `go` on PATH" in text
        assert "the SDK's download: " in text
        with pytest.raises(engine.EngineUnavailable, match="Java 11 or newer"):
            engine.find_test_server(said)

    def test_what_was_built_once_is_found_again_without_a_toolchain(
        self, bare_machine: Path, no_download: None, said: Lines
    ) -> None:
        built = write_program(bare_machine / "built", GOOD_CLI)
        write_program(bare_machine / "go", f'#!/bin/sh\n[ $1 = list ] || mv "{built}" "$GOBIN/temporal"\n')
        first = engine.find_dev_server(said)
        (bare_machine / "go").unlink()
        second = engine.find_dev_server(said)
        assert (first.kind, second.kind) == ("build", "cache")
        assert first.executable == second.executable
        assert first.executable is not None
        assert first.executable.is_relative_to(cache.root())

    def test_go_gets_an_absolute_folder_and_none_of_the_users_module_settings(
        self, bare_machine: Path, no_download: None, said: Lines, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        notes = tmp_path / "notes"
        go = f'#!/bin/sh\necho "$GOBIN|$GOFLAGS|$GOWORK|$PWD" >>"{notes}"\n[ $1 = list ] || cat "{notes}" >"$GOBIN/temporal"\n'
        write_program(bare_machine / "go", go)
        monkeypatch.setenv("GOFLAGS", "-mod=vendor")
        monkeypatch.setenv("GOWORK", "/somewhere/go.work")
        with pytest.raises(engine.EngineUnavailable):
            engine.find_dev_server(said)
        bin_folder, flags, workspace, folder = notes.read_text().splitlines()[-1].split("|")
        assert Path(bin_folder).is_absolute()
        assert Path(bin_folder).is_relative_to(cache.root())
        assert folder == bin_folder
        assert "-mod=vendor" not in flags
        assert workspace == "off"


class TestCache:
    def test_it_lies_in_the_users_cache_folder(self, bare_machine: Path, tmp_path: Path) -> None:
        assert cache.root().is_relative_to(tmp_path / "cache with spaces" / "tierline")

    def test_the_first_source_that_works_is_taken(self, bare_machine: Path, tmp_path: Path, said: Lines) -> None:
        counter = tmp_path / "counter"
        entry = fake_entry(impossible("the shop", "closed on Sundays"), builder(counter))
        first, second = cache.obtain(entry, said), cache.obtain(entry, said)
        assert (first.source, first.cached) == ("the builder", False)
        assert (second.version, second.cached) == ("program 1", True)
        assert counter.read_text() == "built\n"
        assert "Not possible here: the shop. Trying the builder." in str(said)

    def test_a_build_that_does_not_work_is_not_kept(self, bare_machine: Path, tmp_path: Path, said: Lines) -> None:
        entry = fake_entry(builder(tmp_path / "counter", "#!/bin/sh\necho nonsense\n"))
        with pytest.raises(
            engine.EngineUnavailable, match=r"Install the fake engine\.[^\n]*\n  - the builder: it says 'nonsense'"
        ):
            cache.obtain(entry, said)
        assert [path.name for path in cache.root().iterdir() if path.is_dir()] == []

    @pytest.mark.parametrize("damage", ["truncated", "altered", "not executable", "missing", "no receipt", "a file"])
    def test_a_broken_entry_is_said_and_built_again(
        self, bare_machine: Path, tmp_path: Path, said: Lines, damage: str
    ) -> None:
        counter = tmp_path / "counter"
        entry = fake_entry(builder(counter))
        program = cache.obtain(entry, said).folder / "program"
        match damage:
            case "truncated":
                os.truncate(program, 5)
            case "altered":
                program.write_text(program.read_text().replace("program 1", "program 2"))
            case "not executable":
                program.chmod(0o644)
            case "missing":
                program.unlink()
            case "no receipt":
                (program.parent / cache.RECEIPT).unlink()
            case "a file":
                shutil.rmtree(program.parent)
                program.parent.write_text("not a folder")
        again = cache.obtain(entry, said)
        assert (again.cached, again.version) == (False, "program 1")
        assert counter.read_text() == "built\n" * 2
        assert "The cached fake engine is broken" in str(said)

    def test_what_a_killed_build_left_is_cleared_away(self, bare_machine: Path, tmp_path: Path, said: Lines) -> None:
        left_over = cache.root() / ".building-dead"
        write_program(left_over / "entry" / "program", "half a prog")
        cache.obtain(fake_entry(builder(tmp_path / "counter")), said)
        assert not left_over.exists()

    def test_an_unusable_cache_folder_is_one_clear_line(
        self, bare_machine: Path, tmp_path: Path, said: Lines, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
        with pytest.raises(engine.EngineUnavailable, match="XDG_CACHE_HOME"):
            cache.obtain(fake_entry(builder(tmp_path / "counter")), said)

    def test_of_two_processes_one_builds_and_the_other_waits_and_says_so(
        self, bare_machine: Path, tmp_path: Path, said: Lines
    ) -> None:
        started, may_end, counter = tmp_path / "started", tmp_path / "may end", tmp_path / "counter"
        program = textwrap.dedent(f"""
            import pathlib, sys, time
            sys.path.insert(0, {str(Path(__file__).parent.parent)!r})
            from sandbox.engine import cache
            from tests.test_engine import builder, fake_entry
            from sandbox.engine.cache import Source

            slow = builder(pathlib.Path({str(counter)!r}))
            def build(folder, say):
                pathlib.Path({str(started)!r}).touch()
                while not pathlib.Path({str(may_end)!r}).exists():
                    time.sleep(0.02)
                slow.build(folder, say)
            cache.obtain(fake_entry(Source("slow", build)), print)
        """)
        with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.DEVNULL) as other:
            until(started.exists, "the other process builds")
            got: list[cache.Obtained] = []
            ours = threading.Thread(target=lambda: got.append(cache.obtain(fake_entry(builder(counter)), said)))
            ours.start()
            until(lambda: "Waiting for another process" in str(said), "we say that we wait")
            assert not got
            may_end.touch()
            ours.join(LIMIT_S)
        assert other.returncode == 0
        assert got[0].cached
        assert got[0].source == "slow"
        assert counter.read_text() == "built\n"


class TestDevServer:
    async def test_it_serves_clients_and_its_web_ui(
        self, dev_server: engine.DevServer, temporal_client: Client
    ) -> None:
        assert await temporal_client.service_client.check_health()
        if dev_server.ui_url is not None:
            async with httpx2.AsyncClient(trust_env=False) as http:
                assert (await http.get(dev_server.ui_url)).status_code == 200

    async def test_it_ends_with_its_context_and_leaves_nothing(self, tmp_path: Path) -> None:
        async with engine.DevServer(local_choice(), log_folder=tmp_path) as server:
            pid, log = server.pid, server.log
            assert pid is not None
            assert log is not None
            assert log.exists()
        assert gone(pid)
        assert not log.exists()

    @pytest.mark.unreplayable("its servers end within the test, and no worker runs on them")
    async def test_a_database_file_survives_a_restart(self, tmp_path: Path) -> None:
        database, namespace = tmp_path / "temporal.db", "kept"
        async with engine.DevServer(
            local_choice(), database=database, namespace=namespace, log_folder=tmp_path
        ) as server:
            client = await Client.connect(server.address, namespace=namespace)
            await client.start_workflow("Nobody", id="kept", task_queue="nobody")
        async with engine.DevServer(
            local_choice(), database=database, namespace=namespace, log_folder=tmp_path
        ) as server:
            client = await Client.connect(server.address, namespace=namespace)
            assert (await client.get_workflow_handle("kept").describe()).workflow_type == "Nobody"

    async def test_a_taken_port_is_said_with_the_log(self, tmp_path: Path) -> None:
        async with engine.DevServer(local_choice(), log_folder=tmp_path) as first:
            port = int(first.address.rpartition(":")[2])
            second = engine.DevServer(local_choice(), port=port, log_folder=tmp_path / "second")
            with pytest.raises(engine.EngineFailed, match=r"ended at once.*Its log: .*dev-server-.*\.log") as failure:
                await second.start()
        assert failure.value.log is not None
        assert "already in use" in failure.value.log.read_text()
        assert second.pid is None

    async def test_a_server_named_by_address_that_does_not_answer_is_one_clear_line(self) -> None:
        choice = engine.EngineChoice("address", "", address=f"127.0.0.1:{engine.free_port()}")
        with pytest.raises(engine.EngineFailed, match="unset TEMPORAL_ADDRESS"):
            await engine.DevServer(choice, healthy_within_s=5).start()

    async def test_a_server_named_by_address_is_used_and_not_stopped(
        self, dev_server: engine.DevServer, temporal_client: Client
    ) -> None:
        choice = engine.EngineChoice("address", "", address=dev_server.address)
        async with engine.DevServer(choice, namespace=dev_server.namespace) as ours:
            assert (ours.address, ours.pid, ours.ui_url) == (dev_server.address, None, None)
        assert await temporal_client.service_client.check_health()

    async def test_a_workflows_page_is_named(self, dev_server: engine.DevServer) -> None:
        url = dev_server.workflow_url("ticket/T-1")
        assert url is None or url.endswith("/namespaces/default/workflows/ticket%2FT-1")

    @pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
    def test_it_does_not_outlive_whoever_started_it(self, tmp_path: Path, end: signal.Signals) -> None:
        executable = local_choice().executable
        program = textwrap.dedent(f"""
            import asyncio, pathlib
            from sandbox import engine
            async def main():
                choice = engine.EngineChoice("path", "", pathlib.Path({str(executable)!r}))
                async with engine.DevServer(choice, log_folder=pathlib.Path({str(tmp_path)!r})) as server:
                    print(server.pid, flush=True)
                    await asyncio.Event().wait()
            asyncio.run(main())
        """)
        root = Path(__file__).parent.parent
        with subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=root
        ) as parent:
            assert parent.stdout is not None
            server = int(parent.stdout.readline())
            assert not gone(server)
            parent.send_signal(end)
            parent.wait(LIMIT_S)
        until(lambda: gone(server), "the dev server has ended")


def local_choice() -> engine.EngineChoice:
    """A dev server that we start ourselves, whatever the session runs on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("TEMPORAL_ADDRESS", raising=False)
        return engine.find_dev_server(announce=False)


class TestTestServer:
    def test_it_ends_when_the_process_that_started_it_is_killed(self, test_server: Path) -> None:
        port = engine.free_port()
        program = f"import subprocess, time\nprint(subprocess.Popen([{str(test_server)!r}, '{port}']).pid, flush=True)\ntime.sleep(600)"
        with subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as parent:
            assert parent.stdout is not None
            server = int(parent.stdout.readline())
            until(lambda: accepts(port), "the test server listens")
            parent.kill()
        until(lambda: gone(server), "the test server has ended")
        until(lambda: not accepts(port), "its port is free again")


class TestProgress:
    def test_a_terminal_gets_one_line_that_is_refreshed(self) -> None:
        stream = io.StringIO()
        say = TerminalSay(stream)
        say.refresh("Building: 1 s of many")
        say.refresh("Building: 2 s")
        say("Done.")
        shown = stream.getvalue()
        assert shown.startswith("\rBuilding: 1 s of many\rBuilding: 2 s        ")
        assert shown.endswith("\rDone.\n")
        assert shown.count("\n") == 1

    def test_elsewhere_there_are_whole_lines_with_the_expectation(
        self, said: Lines, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sandbox.engine.progress.LINE_EVERY_S", 0.01)
        with underway(said, "Building the fake engine", 240):
            until(lambda: len(said.all) >= 2, "a line of progress")
        assert said.all[0] == "Building the fake engine (usually 4 min) ..."
        assert said.all[1].startswith("Building the fake engine: 0 s (usually 4 min)")
        assert said.all[-1].startswith("Building the fake engine: done in")


class TestProcesses:
    def test_what_hangs_is_ended_with_all_that_it_started(self, tmp_path: Path) -> None:
        note = tmp_path / "pid"
        script = write_program(tmp_path / "hang", f'#!/bin/sh\nsleep 600 &\necho $! >"{note}"\nwait\n')
        with pytest.raises(subprocess.TimeoutExpired):
            process.run([script], limit_s=1.0)
        until(lambda: gone(int(note.read_text())), "the hanging program's child has ended")

    def test_a_private_server_is_not_steered_by_the_users_temporal_settings(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("TEMPORAL_NAMESPACE", "production")
        script = write_program(tmp_path / "show", "#!/bin/sh\necho ${TEMPORAL_NAMESPACE:-none}\n")
        assert process.run([script], limit_s=10).stdout == "none\n"

"""Scenarios: an operator fears that webhooks were lost, and has Tierline catch up now."""

from pathlib import Path

import pytest
from temporalio.client import Client
from typer.testing import CliRunner

from cli.main import app
from config.errors import ConfigurationError
from domain.issues import IssueCategory, IssueRef
from domain.messages import LinkIssue
from sandbox import engine
from tests.cli.tierline import Run, tierline
from tests.domain.building import LENA, without_ladders
from tests.shared import REPOSITORY
from tests.workflows.conftest import namespace as namespace
from tests.workflows.conftest import outside as outside
from tests.workflows.desk import Desk, until
from tests.workflows.outside import Outside
from workflows.issue_desk import TemporalIssueDesk

POLICY = REPOSITORY / "config" / "policies" / "demo.yaml"


class Operator:
    """Whoever types the command, where Temporal is."""

    def __init__(self, client: Client, address: str, folder: Path) -> None:
        self._environment = {"TEMPORAL_ADDRESS": address, "TEMPORAL_NAMESPACE": client.namespace}
        self._folder = folder

    async def types(self, *arguments: str) -> Run:
        return await tierline("resync", *arguments, folder=self._folder, environment=self._environment)


@pytest.fixture
def operator(namespace: Client, dev_server: engine.DevServer, tmp_path: Path) -> Operator:
    return Operator(namespace, dev_server.address, tmp_path)


async def watched(desk: Desk, outside: Outside) -> IssueRef:
    """An issue with a ticket on it."""
    ref = outside.jira.has("Card payment fails").ref
    ticket = await desk.opens(policy=without_ladders())
    await ticket.does(LENA, LinkIssue(reference=ref.key))

    async def listed() -> bool:
        return await TemporalIssueDesk(desk.client).watched_by_key(ref.tracker, ref.key) is not None

    await until(listed, f"{ref.key} is listed")
    await ticket.until(lambda view: view.issues[0].ref == ref, "it is linked")
    await ticket.rests()
    return ref


async def test_what_was_lost_is_mended_and_told_issue_by_issue(
    namespace: Client, outside: Outside, operator: Operator
) -> None:
    async with Desk(namespace, outside) as desk:
        ref = await watched(desk, outside)
        outside.jira.has("Somebody else's issue")
        outside.jira.moves(ref.id, IssueCategory.IN_PROGRESS)

        named = await operator.types(f"https://acme.example/browse/{ref.key}", "PAY-2", "PAY-99")
        again = await operator.types(ref.key.lower())
        lately = await operator.types("--since", "2h", "--tracker", "jira", "--policy", str(POLICY))

    (mended,) = named.lines
    assert mended.startswith("mended  PAY-1: status: To Do → In Progress")
    assert named.code == 1
    assert named.err.splitlines() == [
        "PAY-2: no ticket is on it; link one with /tier link",
        "PAY-99: jira: there is no PAY-99",
    ]
    assert (again.code, again.lines, again.err) == (0, ["PAY-1: agrees", "Jira: everything agrees"], "")
    assert (lately.code, lately.err) == (0, "")
    assert lately.lines == ["Jira: 2 issues changed in the last 2h, 1 of them with tickets; everything agrees"]


async def test_a_tracker_that_refuses_is_one_clear_line(
    namespace: Client, outside: Outside, operator: Operator
) -> None:
    outside.jira.system.refuses("the API token is not accepted; set TIERLINE_JIRA__API_TOKEN")
    async with Desk(namespace, outside):
        run = await operator.types("--tracker", "jira", "--policy", str(POLICY))

    assert (run.code, run.out) == (1, "")
    assert run.err == "Jira: jira: the API token is not accepted; set TIERLINE_JIRA__API_TOKEN\n"


async def test_without_a_worker_it_says_so_and_leaves_nothing_behind(
    namespace: Client, operator: Operator, dev_server: engine.DevServer, tmp_path: Path
) -> None:
    program = (
        "import sys; from datetime import timedelta; import cli.resync as resync; from cli.main import main;"
        "resync._BEGINNING = timedelta(seconds=1); main(['resync', *sys.argv[1:]])"
    )
    environment = {"TEMPORAL_ADDRESS": dev_server.address, "TEMPORAL_NAMESPACE": namespace.namespace}

    run = await tierline("PAY-1", folder=tmp_path, environment=environment, python=program)

    assert (run.code, run.out) == (1, "")
    assert run.err == "No worker answers within 1s: start one (python worker.py), then run this again.\n"

    async def nothing_runs() -> bool:
        return (await namespace.count_workflows("ExecutionStatus = 'Running'")).count == 0

    await until(nothing_runs, "nothing waits for a worker")


async def test_without_temporal_it_says_what_to_set(tmp_path: Path, free_port: int) -> None:
    address = f"127.0.0.1:{free_port}"
    run = await tierline("resync", "PAY-1", folder=tmp_path, environment={"TEMPORAL_ADDRESS": address})

    assert (run.code, run.out) == (1, "")
    assert run.err == f"Temporal is not reached at {address}: set TEMPORAL_ADDRESS to its frontend, or start it.\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nonsense",), "nonsense: no issue; write PAY-12, owner/repository#7 or its address"),
        (("PAY-1", "--tracker", "github"), "PAY-1: not an issue of GitHub; leave --tracker out"),
        (("--policy", "none.yaml"), "none.yaml: there is no such file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_cannot_be_meant_is_told_in_a_line(arguments: tuple[str, ...], told: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        app(args=["resync", *arguments], standalone_mode=False)

    assert str(refused.value) == told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--since", "soon"), "write a length of time as 30s, 15m, 4h, 2d or 1h30m"),
        (("--tracker", "trac"), "'trac' is not one of 'jira', 'github'"),
    ],
    ids=["since", "tracker"],
)
def test_wrong_usage_is_told_with_what_is_right(arguments: tuple[str, ...], told: str) -> None:
    result = CliRunner().invoke(app, ["resync", *arguments])

    assert result.exit_code == 2
    assert told in result.output

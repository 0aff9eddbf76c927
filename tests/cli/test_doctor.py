"""Scenarios: an operator asks what stands still or ended, and has it brought back."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client

from domain.messages import Note
from sandbox import engine
from tests.cli.tierline import Run, tierline
from tests.domain.building import SAM, an_opening, without_ladders
from tests.workflows.changed_tickets import TicketThatWaitsFirst
from tests.workflows.conftest import namespace as namespace
from tests.workflows.conftest import outside as outside
from tests.workflows.desk import Desk, OpenedTicket, until
from tests.workflows.outside import Outside
from tests.workflows.test_faults import faulty
from tests.workflows.test_repair import another_version, stuck

SECOND = timedelta(seconds=1)


class Operator:
    """Whoever types the command, where Temporal is."""

    def __init__(self, client: Client, address: str, folder: Path) -> None:
        self._environment = {"TEMPORAL_ADDRESS": address, "TEMPORAL_NAMESPACE": client.namespace}
        self._folder = folder

    async def types(self, *arguments: str) -> Run:
        return await tierline("doctor", *arguments, folder=self._folder, environment=self._environment)


@pytest.fixture
def operator(namespace: Client, dev_server: engine.DevServer, tmp_path: Path) -> Operator:
    return Operator(namespace, dev_server.address, tmp_path)


async def listed(desk: Desk, *names: str) -> None:
    """Wait until visibility shows that these ended before their time."""

    async def shown() -> bool:
        found = await desk.links().ended_workflows(most=10)
        return {one.name for one in found.workflows} == set(names)

    await until(shown, f"{names} ended")


async def a_ticket(desk: Desk, name: str) -> OpenedTicket:
    ticket = await desk.opens(an_opening(ticket_id=name), without_ladders())
    await ticket.rests()
    return ticket


async def test_it_says_what_ended_and_reopens_what_is_named(
    namespace: Client, outside: Outside, operator: Operator
) -> None:
    async with Desk(namespace, outside) as desk:
        well = await operator.types()
        tickets = [await a_ticket(desk, name) for name in ("T-1", "T-2", "T-3")]
        for ticket in tickets[:2]:
            await ticket.handle.terminate("by hand")
        await listed(desk, "T-1", "T-2")
        looked = await operator.types()
        reopened = await operator.types("--reopen", "T-1")
        await tickets[0].until_said("Reopened by an operator")
        left = await operator.types("T-1", "T-2", "T-3", "T-4")
        rest = await operator.types("--reopen", "--json")
        after = await operator.types()

    assert (well.code, well.lines) == (0, ["All is well."])
    assert looked.code == 1
    ended = looked.marked("!!")
    assert [line.split(":")[0] for line in sorted(ended)] == ["T-1", "T-2"]
    assert all("its workflow was terminated on 20" in line for line in ended)
    assert any("reopen it with `tierline doctor --reopen T-1`" in line for line in ended)
    assert looked.lines[-1] == "2 to do (!!)"
    assert (reopened.code, len(reopened.marked("ok")), reopened.err) == (0, 1, "")
    assert left.code == 1
    assert left.marked("ok") == ["T-1: its workflow runs", "T-3: its workflow runs"]
    assert [line.split(":")[0] for line in left.marked("!!")] == ["T-2", "T-4"]
    assert "there is no such workflow; check the number" in left.marked("!!")[1]
    assert (rest.code, [(one["workflow_id"], one["well"]) for one in json.loads(rest.out)]) == (
        0,
        [("ticket/T-2", True)],
    )
    assert after.lines == ["All is well."]


async def test_it_needs_no_worker_to_reopen(namespace: Client, outside: Outside, operator: Operator) -> None:
    async with Desk(namespace, outside) as desk:
        ticket = await a_ticket(desk, "T-1")
    await ticket.handle.terminate("by hand")
    run = await operator.types("T-1", "--reopen")
    assert (run.code, len(run.marked("ok"))) == (0, 1)
    async with Desk(namespace, outside):
        await ticket.until_said("Reopened by an operator")


@pytest.mark.unreplayable("it is what is repaired")
async def test_it_repairs_what_stands_still(namespace: Client, outside: Outside, operator: Operator) -> None:
    with pytest.MonkeyPatch.context() as patched:
        another_version(patched, TicketThatWaitsFirst)
        async with Desk(namespace, outside) as desk:
            ticket = await desk.opens(policy=without_ladders(), task_timeout=SECOND)
            await ticket.does(SAM, Note(text="before"), command="slack-1")
            await ticket.rests()
    async with Desk(namespace, outside) as desk:
        await ticket.handle.signal("execute", {"id": "x", "by": SAM.model_dump(), "request": {"do": "accept"}})
        await stuck(ticket)
        looked = await operator.types()
        repaired = await operator.types("--repair")
        assert (await ticket.does(SAM, Note(text="it answers again"))).accepted
        after = await operator.types()
        texts = [entry.text for entry in (await ticket.view()).timeline]

    (line,) = looked.marked("!!")
    assert (looked.code, "[TMPRL1100]" in line, "`tierline doctor --repair T-1042`" in line) == (1, True, True)
    assert (repaired.code, len(repaired.marked("ok"))) == (0, 1)
    assert after.lines == ["All is well."]
    assert (texts.count("before"), texts.count("it answers again")) == (1, 1)


async def test_a_fault_in_our_rules_is_told_and_no_repair_is_tried(
    namespace: Client, outside: Outside, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Desk(namespace, outside) as desk:
        ticket = await desk.opens(policy=without_ladders(), task_timeout=SECOND)
        await ticket.rests()
        before = await ticket.run_id()
        with monkeypatch.context() as patched:
            patched.setattr("workflows.ticket.decide", faulty(object))
            await ticket.handle.signal("execute", {"id": "x", "by": SAM.model_dump(), "request": {"do": "accept"}})
            await stuck(ticket)
            run = await operator.types("--repair")
        assert await ticket.run_id() == before
    (line,) = run.marked("!!")
    assert run.code == 1
    assert "a fault of ours" in line
    assert "bring a version of Tierline that mends this" in line


async def test_without_temporal_it_says_what_to_set(tmp_path: Path, free_port: int) -> None:
    address = f"127.0.0.1:{free_port}"
    run = await tierline("doctor", folder=tmp_path, environment={"TEMPORAL_ADDRESS": address})

    assert (run.code, run.out) == (1, "")
    assert run.err == f"Temporal is not reached at {address}: set TEMPORAL_ADDRESS to its frontend, or start it.\n"

"""`tierline doctor`: which workflows stand still or ended before their time, and bringing them back to work."""

import asyncio
import dataclasses
import json
from collections.abc import Sequence
from datetime import UTC, datetime

import typer
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError

from cli.findings import Finding, ok, show, to_do
from cli.past_run import carried_by, why_not_replayed
from config.errors import ConfigurationError
from config.temporal_client import temporal_connect_config
from domain.ended import EndedWorkflow
from workflows import workflow_ids
from workflows.connecting import connect
from workflows.ended import ended_of, ended_workflows
from workflows.gone import is_gone
from workflows.reopening import NotReopened, NotReplayed, reopen
from workflows.repair import NotRepaired, Stuck, repair, stuck_workflow, stuck_workflows

_MOST = 10_000
_FAMILIES = ("ticket/", "engineering-issue/", "vendor-case/")


@dataclasses.dataclass(frozen=True)
class Diagnosis:
    """One workflow: whether it is as it should be (by now), and what to know or to do."""

    workflow_id: str
    well: bool
    text: str

    @property
    def finding(self) -> Finding:
        """As a line."""
        line = f"{self.workflow_id.removeprefix('ticket/')}: {self.text}"
        return ok(line) if self.well else to_do(line)


def doctor(names: Sequence[str], *, reopening: bool, repairing: bool, as_json: bool) -> int:
    """Run the command; returns its exit code: 0 when all is well, or was made so, else 1.

    Raises:
        ConfigurationError: Temporal does not answer.
    """
    found = asyncio.run(_connected(names, reopening=reopening, repairing=repairing))
    ill = [diagnosis for diagnosis in found if not diagnosis.well]
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(diagnosis) for diagnosis in found], indent=2))
    else:
        for diagnosis in found:
            show(diagnosis.finding)
        typer.echo(f"{len(ill)} to do (!!)" if ill else "All is well.")
    return 1 if ill else 0


async def _connected(names: Sequence[str], *, reopening: bool, repairing: bool) -> list[Diagnosis]:
    config = temporal_connect_config()
    try:
        client = await connect(**config)
        return await examine(client, names, reopening=reopening, repairing=repairing)
    except (RPCError, RuntimeError, OSError):
        raise ConfigurationError(
            [f"Temporal is not reached at {config['target_host']}: set TEMPORAL_ADDRESS to its frontend, or start it."]
        ) from None


async def examine(client: Client, names: Sequence[str], *, reopening: bool, repairing: bool) -> list[Diagnosis]:
    """What is wrong with the named workflows, or with any, and what came of acting on it.

    Args:
        client: a client with the product's data converter.
        names: tickets by their numbers, other workflows by their ids; all that are ill when empty.
        reopening: reopen what ended before its time.
        repairing: reset what stands still because its history cannot be followed.

    Raises:
        RPCError: Temporal does not answer.
    """
    if names:
        return [await _named(client, _id_of(name), reopening, repairing) for name in dict.fromkeys(names)]
    ended = await ended_workflows(client, most=_MOST)
    stuck = await stuck_workflows(client)
    found = [await _of_ended(client, one, reopening) for one in ended.workflows]
    return found + [await _of_stuck(client, one, repairing) for one in stuck]


def _id_of(name: str) -> str:
    return name if name.startswith(_FAMILIES) else workflow_ids.ticket_id(name)


async def _named(client: Client, workflow_id: str, reopening: bool, repairing: bool) -> Diagnosis:
    try:
        described = await client.get_workflow_handle(workflow_id).describe()
    except RPCError as error:
        if not is_gone(error):
            raise
        return Diagnosis(workflow_id, False, "there is no such workflow; check the number")
    ended = ended_of(described)
    if ended is not None:
        one = EndedWorkflow(workflow_id=workflow_id, run_id=described.run_id, ended=ended)
        return await _of_ended(client, one, reopening)
    stuck = await stuck_workflow(client, workflow_id)
    if stuck is not None:
        return await _of_stuck(client, stuck, repairing)
    runs = described.status is WorkflowExecutionStatus.RUNNING
    return Diagnosis(workflow_id, True, "its workflow runs" if runs else "its workflow came to its own end")


async def _of_ended(client: Client, one: EndedWorkflow, reopening: bool) -> Diagnosis:
    words = f"its workflow {one.ended.words}"
    if not reopening:
        return Diagnosis(
            one.workflow_id,
            False,
            f"{words}; reopen it with `tierline doctor --reopen {one.name}`, or, where nobody needs it any more, "
            f"delete it with `temporal workflow delete --workflow-id {one.workflow_id}`",
        )
    try:
        await bring_back(client, one.workflow_id)
    except (NotReopened, NotRepaired) as why:
        return Diagnosis(one.workflow_id, False, f"{words}; not reopened: {why}")
    return Diagnosis(one.workflow_id, True, f"{words}; reopened, and its timeline says so")


async def bring_back(client: Client, workflow_id: str) -> None:
    """Reopen a workflow that ended before its time; where its last run cannot be asked, take that back to before its fault.

    Raises:
        NotReopened, NotRepaired: why not.
    """
    try:
        await reopen(client, workflow_id, carried_by, now=datetime.now(UTC))
    except NotReplayed:
        await repair(client, workflow_id, why_not_replayed)


async def _of_stuck(client: Client, one: Stuck, repairing: bool) -> Diagnosis:
    name = one.workflow_id.removeprefix("ticket/")
    words = f"its workflow task has failed since {one.since:%Y-%m-%d %H:%M:%S} UTC ({one.attempts} attempts: {one.why})"
    if not one.diverged:
        return Diagnosis(
            one.workflow_id,
            False,
            f"{words}; bring a version of Tierline that mends this, or restart its workers: it then goes on by itself",
        )
    if not repairing:
        return Diagnosis(
            one.workflow_id,
            False,
            f"{words}; if a new version came just now put the old one back, else repair it with `tierline doctor --repair {name}`",
        )
    try:
        at = await repair(client, one.workflow_id, why_not_replayed)
    except NotRepaired as why:
        return Diagnosis(one.workflow_id, False, f"{words}; not repaired: {why}")
    return Diagnosis(
        one.workflow_id, True, f"its workflow stood still; repaired, it goes on from {at:%Y-%m-%d %H:%M:%S} UTC"
    )

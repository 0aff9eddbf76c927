"""`tierline policy apply`: for which tickets an edited policy counts, and bringing it to those that are open."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import typer
from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError
from temporalio.service import RPCError

from config.errors import ConfigurationError
from config.policy import load_policy
from config.temporal_client import temporal_connect_config
from domain.digest import TicketFacts
from domain.messages import ApplyPolicy, Command, CommandResult
from domain.people import Actor, ActorKind, Role
from domain.policy import Policy
from domain.policy_edit import PolicyEffect, PolicyQuestion
from domain.ticket import EditMode
from workflows import ticket_commands
from workflows.connecting import connect
from workflows.ticket import TicketWorkflow

OPEN_TICKETS = "WorkflowType = 'Ticket' AND ExecutionStatus = 'Running' AND TierlineStatus = 'open'"
_ONE_TICKET = timedelta(seconds=30)


@dataclass
class Summary:
    """What became of the open tickets."""

    done: int = 0
    refused: list[str] = field(default_factory=list)
    unreached: list[str] = field(default_factory=list)


def apply_policy(file: Path, mode: EditMode, *, why: str, by: str | None, per_second: float, dry_run: bool) -> int:
    """Run the command; returns its exit code.

    Raises:
        ConfigurationError: the policy is wrong, or Temporal is not reached.
    """
    policy = load_policy(file)
    if mode is EditMode.NEW:
        _tell_of_new_tickets(file, policy)
        return 0
    request = ApplyPolicy(policy=policy, mode=mode, why=why)
    name = by or os.environ.get("USER") or "operator"
    actor = Actor(kind=ActorKind.API, id=name, name=name, roles=frozenset({Role.OPERATOR}))
    summary = asyncio.run(_apply_to_open(request, actor, per_second=per_second, dry_run=dry_run))
    _tell_summary(summary, policy, dry_run=dry_run)
    return 1 if summary.unreached else 0


def _tell_of_new_tickets(file: Path, policy: Policy) -> None:
    typer.echo(f"{policy.name} {policy.version} is valid. No open ticket is touched.")
    typer.echo(
        f"New tickets start under it once the gateway and the worker run with TIERLINE_POLICY_FILE={file}: restart them."
    )


async def _apply_to_open(request: ApplyPolicy, actor: Actor, *, per_second: float, dry_run: bool) -> Summary:
    try:
        client = await connect(**temporal_connect_config())
        found = [handle async for handle in _open_tickets(client)]
    except (RPCError, RuntimeError, OSError):
        raise ConfigurationError(
            ["Temporal is not reached: set TEMPORAL_ADDRESS to its frontend, or start it."]
        ) from None
    return await bring(found, request, actor, per_second=per_second, dry_run=dry_run)


async def _open_tickets(client: Client) -> AsyncIterator[WorkflowHandle[TicketWorkflow, TicketFacts]]:
    async for execution in client.list_workflows(OPEN_TICKETS):
        yield client.get_workflow_handle_for(TicketWorkflow.run, execution.id)


async def bring(
    tickets: list[WorkflowHandle[TicketWorkflow, TicketFacts]],
    request: ApplyPolicy,
    actor: Actor,
    *,
    per_second: float,
    dry_run: bool,
) -> Summary:
    """Bring the policy to these tickets, at most so many a second, and tell how far it is. Repeating it is harmless."""
    summary = Summary()
    for number, ticket in enumerate(tickets, 1):
        name = ticket.id.removeprefix("ticket/")
        typer.echo(f"{number} of {len(tickets)}: {name}")
        try:
            if dry_run:
                _tell_effect(await _effect(ticket, request, actor), summary)
            else:
                typer.echo(f"    {(await _execute(ticket, request, actor)).message}")
                summary.done += 1
        except ticket_commands.NotAllowed as error:
            summary.refused.append(str(error))
            typer.echo(f"    not applied: {error}")
        except (RPCError, TimeoutError, WorkflowQueryFailedError):
            summary.unreached.append(name)
            typer.echo("    no answer: does the worker run? Run the command again, it is done once for each ticket")
        if number < len(tickets):
            await asyncio.sleep(1 / per_second)
    return summary


async def _execute(
    ticket: WorkflowHandle[TicketWorkflow, TicketFacts], request: ApplyPolicy, actor: Actor
) -> CommandResult:
    key = f"policy/{request.policy.name}/{request.policy.version}/{request.mode}"
    command = Command(id=key[:200], by=actor, request=request)
    async with asyncio.timeout(_ONE_TICKET.total_seconds()):
        return await ticket_commands.carry_out(ticket, command)


async def _effect(
    ticket: WorkflowHandle[TicketWorkflow, TicketFacts], request: ApplyPolicy, actor: Actor
) -> PolicyEffect:
    question = PolicyQuestion(request=request, by=actor, now=datetime.now(UTC))
    return await ticket.query(TicketWorkflow.policy_effect, question, rpc_timeout=_ONE_TICKET)


def _tell_effect(effect: PolicyEffect, summary: Summary) -> None:
    if effect.refusal is not None:
        summary.refused.append(effect.refusal)
        typer.echo(f"    would not be applied: {effect.refusal}")
        return
    summary.done += 1
    for change in effect.changes:
        typer.echo(f"    {change}")


def _tell_summary(summary: Summary, policy: Policy, *, dry_run: bool) -> None:
    verb = "would be put" if dry_run else "put"
    typer.echo(
        f"{summary.done} {verb} under {policy.name} {policy.version}, {len(summary.refused)} refused, "
        f"{len(summary.unreached)} not reached"
    )

"""Sending a person's command to a ticket through a Temporal client, and waiting for the answer.

A command is a signal: it has an event and a place of its own in the history. An update has none, and a ticket whose worker lost its cache
could then see it earlier than on the next replay (ADR 0022). Queries do the rest, and leave no history: one before the signal, so that what
the ticket refuses costs nothing, and one after it for the answer. The server answers a query only after the workflow has handled every
signal that came before it.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta

from temporalio.client import (
    RPCTimeoutOrCancelledError,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowQueryRejectedError,
)
from temporalio.common import QueryRejectCondition
from temporalio.service import RPCError, RPCStatusCode

from domain.digest import TicketFacts
from domain.messages import Command, CommandResult, CommandStanding
from workflows.ticket import TicketWorkflow

_ASKING = timedelta(seconds=10)
"""How long one query may take; the next one asks again."""
_PAUSES_S = (0.02, 0.05, 0.1, 0.2, 0.5)
"""Between two queries; the last one repeats."""
_NO_ANSWER_YET = frozenset(
    {
        # The SDK's own name for its time limit is CANCELLED.
        RPCStatusCode.CANCELLED,
        RPCStatusCode.DEADLINE_EXCEEDED,
        # No worker polls, or the workflow has not handled its first task.
        RPCStatusCode.FAILED_PRECONDITION,
        # The server keeps one query at a time for a workflow that is at work.
        RPCStatusCode.RESOURCE_EXHAUSTED,
    }
)
_SERVER_AWAY = frozenset({RPCStatusCode.UNAVAILABLE, RPCStatusCode.ABORTED})


class NotAllowed(Exception):
    """The ticket refuses the command as it stands now; the text is one clear sentence. Nothing was sent."""


class Differs(Exception):
    """Another command with this id was carried out before; this one is not."""


class Over(Exception):
    """The ticket's workflow has ended, and has no answer to the command. Nothing was sent."""


async def carry_out(ticket: WorkflowHandle[TicketWorkflow, TicketFacts], command: Command) -> CommandResult:
    """Have a ticket carry out a command, once for its id, and wait for the answer; the caller sets the limit.

    After a limit that the caller set has passed, the command may still be carried out: send it again with the same id.

    Raises:
        NotAllowed: the ticket refuses the command.
        Differs: another command with this id, and another fingerprint, was carried out before.
        Over: the ticket has ended.
        RPCError: Temporal does not answer before the command is sent, or there is no such ticket (NOT_FOUND).
        WorkflowQueryFailedError: a worker that is older or newer than this program does not know how to answer.
    """
    standing = await _before(ticket, command)
    if standing.refusal is not None:
        raise NotAllowed(standing.refusal)
    if standing.result is None:
        await _send(ticket, command)
    pause = 0
    while standing.result is None:
        # The command is in the ticket's history: whatever fails from here on, the answer comes.
        with suppress(WorkflowQueryFailedError):
            standing = await _answered(ticket, command, _NO_ANSWER_YET | _SERVER_AWAY)
        if standing.result is None:
            await _pause(pause)
            pause += 1
    return standing.result


async def _send(ticket: WorkflowHandle[TicketWorkflow, TicketFacts], command: Command) -> None:
    pause = 0
    while True:
        try:
            # A ticket takes each command once, so one whose answer was lost may be sent again.
            await ticket.signal(TicketWorkflow.execute, command, rpc_timeout=_ASKING)
        except RPCError as error:
            if error.status not in _NO_ANSWER_YET:
                raise
        else:
            return
        await _pause(pause)
        pause += 1


async def _before(ticket: WorkflowHandle[TicketWorkflow, TicketFacts], command: Command) -> CommandStanding:
    try:
        return await _answered(ticket, command, _NO_ANSWER_YET, QueryRejectCondition.NOT_OPEN)
    except WorkflowQueryRejectedError as rejected:
        if rejected.status is WorkflowExecutionStatus.CONTINUED_AS_NEW:
            # The question met the run that was just ending; the next one answers it.
            return await _before(ticket, command)
        # It may be the very command that closed the ticket, sent again.
        standing = await _answered(ticket, command, _NO_ANSWER_YET)
        if standing.result is None:
            raise Over from None
        return standing


async def _answered(
    ticket: WorkflowHandle[TicketWorkflow, TicketFacts],
    command: Command,
    passing: frozenset[RPCStatusCode],
    reject: QueryRejectCondition | None = None,
) -> CommandStanding:
    pause = 0
    while True:
        try:
            standing = await ticket.query(
                TicketWorkflow.standing, command, reject_condition=reject, rpc_timeout=_ASKING
            )
        except RPCTimeoutOrCancelledError:
            pass
        except RPCError as error:
            if error.status not in passing:
                raise
        else:
            if standing.differs:
                raise Differs
            return standing
        await _pause(pause)
        pause += 1


async def _pause(count: int) -> None:
    await asyncio.sleep(_PAUSES_S[min(count, len(_PAUSES_S) - 1)])

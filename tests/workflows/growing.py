"""Tickets that grow in a real workflow: what people do in bulk, and that nothing ends and nothing is lost unsaid."""

import asyncio
import re
from collections.abc import Sequence

from temporalio.client import WorkflowExecutionStatus

from domain.messages import Request
from domain.people import Actor
from tests.workflows.desk import OpenedTicket
from tests.workflows.outside import Outside
from workflows.ticket_commands import NotAllowed

WIDE = "\U0001f600"
"""A letter of four bytes."""
AT_ONCE = 10
NO_ROOM = "send it again when the card shows that the system has caught up"
_FOLDED = re.compile(r"([\d,]+) more (?:line|message)s?, in the ticket's history")


async def do_all(ticket: OpenedTicket, by: Actor, requests: Sequence[Request]) -> int:
    """Have them all done, some at a time; returns how many were taken."""
    taken = 0
    for start in range(0, len(requests), AT_ONCE):
        taken += sum(await asyncio.gather(*(is_taken(ticket, by, each) for each in requests[start : start + AT_ONCE])))
    return taken


async def is_taken(ticket: OpenedTicket, by: Actor, request: Request) -> bool:
    """Whether the ticket does it, and does not refuse it because too much waits."""
    try:
        answer = await ticket.does(by, request)
    except NotAllowed as refused:
        if NO_ROOM not in str(refused):
            raise
        return False
    assert answer.accepted or NO_ROOM in answer.message
    return answer.accepted


async def runs(ticket: OpenedTicket) -> list[WorkflowExecutionStatus | None]:
    """How the ticket's runs stand, the newest first, as far as visibility has heard."""
    found = ticket.desk.client.list_workflows(f"WorkflowId = '{ticket.handle.id}'")
    return [run.status async for run in found]


async def lives_through(ticket: OpenedTicket, handovers: int) -> bool:
    """Whether it has begun so many new runs, and the last one is at work."""
    statuses = await runs(ticket)
    ended = [status for status in statuses if status is not WorkflowExecutionStatus.CONTINUED_AS_NEW]
    assert ended in ([], [WorkflowExecutionStatus.RUNNING]), f"a run ended as {ended}"
    return bool(ended) and len(statuses) > handovers


def told_of(outside: Outside, begin: str) -> int:
    """How many lines the card's thread tells of: those that begin so, and those that a line says are folded."""
    texts = outside.chat.texts()
    folded = sum(int(found[1].replace(",", "")) for text in texts if (found := _FOLDED.search(text)) is not None)
    return folded + sum(text.startswith(begin) for text in texts)

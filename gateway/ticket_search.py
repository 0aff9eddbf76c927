"""Looks tickets up by what they are known by, in Temporal's visibility."""

from collections.abc import Sequence
from datetime import timedelta

from temporalio.client import Client

MOST_FOUND = 6
"""One more than a person is shown, so that they can be told that there are more."""
_MOST_REFERENCES = 20
# Temporal's SQL stores cannot look a list of keywords for these: a double quote is an error of theirs, and a backslash finds nothing.
_UNSEARCHABLE = frozenset('"\\\0\r\n')
_PREFIX = "ticket/"


async def find_tickets(client: Client, references: Sequence[str], *, rpc_timeout: timedelta) -> list[str]:
    """The ids of tickets that carry one of these references in ``TierlineReferences``; open ones first.

    Raises:
        RPCError: Temporal does not answer.
    """
    searchable = [reference for reference in dict.fromkeys(references) if _UNSEARCHABLE.isdisjoint(reference)]
    if not searchable:
        return []
    known_by = ", ".join(quoted(reference) for reference in searchable[:_MOST_REFERENCES])
    which = f"WorkflowType = 'Ticket' AND TierlineReferences IN ({known_by})"
    found: dict[str, None] = {}
    # A long ticket has runs that went on as another run; the last of them is the ticket.
    for status in (
        "ExecutionStatus = 'Running'",
        "ExecutionStatus != 'Running' AND ExecutionStatus != 'ContinuedAsNew'",
    ):
        query = f"{which} AND {status}"
        listed = client.list_workflows(query, page_size=MOST_FOUND, limit=MOST_FOUND, rpc_timeout=rpc_timeout)
        async for execution in listed:
            found[execution.id.removeprefix(_PREFIX)] = None
        if len(found) >= MOST_FOUND:
            break
    return list(found)[:MOST_FOUND]


def quoted(text: str) -> str:
    """The text as a string of a visibility query."""
    return "'" + text.replace("'", "''") + "'"

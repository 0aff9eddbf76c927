"""Finding the workflows of engineering issues by the names that trackers give them, in Temporal's visibility."""

from collections.abc import Iterable
from datetime import timedelta

from temporalio.client import Client

from domain.issue_references import alias_reference, aliases_of
from domain.issues import Tracker
from domain.ticket_references import keyword
from telemetry.search_attributes import REFERENCES, TRACKER_ISSUE
from workflows import workflow_ids

_AT_ONCE = 25
# Temporal's SQL stores cannot look a list of keywords for these: a double quote is an error of theirs, and a backslash finds nothing.
_UNSEARCHABLE = frozenset("\"'\\\0\r\n")


async def issues_known_as(
    client: Client, tracker: Tracker, names: Iterable[str], *, rpc_timeout: timedelta
) -> dict[str, frozenset[str]]:
    """For each of these names (ids or keys) by which an issue with tickets is known, or was once, the ids of the issues' workflows.

    A name that changed a moment ago may not show yet.

    Raises:
        RPCError: Temporal does not answer.
    """
    wanted = [name for name in dict.fromkeys(names) if _UNSEARCHABLE.isdisjoint(name)]
    found: dict[str, set[str]] = {}
    for first in range(0, len(wanted), _AT_ONCE):
        some = wanted[first : first + _AT_ONCE]
        async for execution in client.list_workflows(_query(tracker, some), rpc_timeout=rpc_timeout):
            attributes = execution.typed_search_attributes
            key = attributes.get(TRACKER_ISSUE)
            known = aliases_of(tracker, attributes.get(REFERENCES) or ())
            issue = execution.id.removeprefix(workflow_ids.issue_id(tracker.value, ""))
            for name in some:
                if name in known or keyword(name) == key:
                    found.setdefault(name, set()).add(issue)
    return {name: frozenset(ids) for name, ids in found.items()}


def _query(tracker: Tracker, names: list[str]) -> str:
    keys = ", ".join(f"'{keyword(name)}'" for name in names)
    aliases = ", ".join(f"'{alias_reference(tracker, name)}'" for name in names)
    return (
        "WorkflowType = 'EngineeringIssue' AND ExecutionStatus = 'Running' "
        f"AND WorkflowId STARTS_WITH '{workflow_ids.issue_id(tracker.value, '')}' "
        f"AND ({TRACKER_ISSUE.name} IN ({keys}) OR {REFERENCES.name} IN ({aliases}))"
    )

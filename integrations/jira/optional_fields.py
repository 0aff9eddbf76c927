"""What an issue can do without: fields that Jira refuses are left out and told, so that the issue is opened or changed all the same."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from jira import JIRAError

from domain.issues import IssueDraft
from integrations.issue_tracker import Say
from integrations.jira.failures import refused_fields
from integrations.jira.rest_client import Json, RestClient

_TRIES = 4
"""Jira names what it refuses at once, but for what it checks afterwards."""
_REFUSED = 400


def created(client: RestClient, draft: IssueDraft, fields: Json, known: Callable[[], Sequence[Json]], say: Say) -> Json:
    """Create an issue. What it can do without, and Jira refuses, is left out.

    Args:
        client: the site.
        draft: what is to be opened.
        fields: as they are sent, by their ids.
        known: reads the fields that an issue of this type has when it is created.
        say: hears in a sentence each what was left out, once the issue is there.

    Raises:
        JIRAError: Jira refuses the issue itself.
    """
    optional = {"priority", "components", "assignee"} | set(fields).difference(_ESSENTIAL)
    fields, said = dict(fields), []
    for _ in range(_TRIES):
        try:
            issue = client.created(fields)
        except JIRAError as error:
            refused = _refused(error, optional & set(fields))
            if not refused:
                raise
            for name in refused:
                kept = _allowed(fields[name], known()) if name == "components" else []
                said.append(_sentence(draft, name, fields[name], kept))
                if kept:
                    fields[name] = kept
                else:
                    del fields[name]
            continue
        for sentence in said:
            say(sentence)
        return issue
    raise RuntimeError("Jira refuses field after field")


def edited(client: RestClient, issue: str, edit: Mapping[str, Json]) -> JIRAError | None:
    """Set fields of an issue. What Jira refuses keeps the others from nothing; it is returned.

    Raises:
        JIRAError: Jira refuses the edit as a whole.
    """
    try:
        client.edit(issue, dict(edit))
    except JIRAError as error:
        refused = _refused(error, {name for part in edit.values() for name in part})
        if not refused:
            raise
        left = {part: {n: v for n, v in each.items() if n not in refused} for part, each in edit.items()}
        if any(left.values()):
            client.edit(issue, {part: each for part, each in left.items() if each})
        return error
    return None


_ESSENTIAL = frozenset({"project", "issuetype", "summary", "description", "labels"})
"""Without its text an issue says nothing, and without our label it would be opened a second time."""


def _refused(error: JIRAError, names: Collection[str]) -> list[str]:
    return [name for name in refused_fields(error) if name in names] if error.status_code == _REFUSED else []


def _allowed(components: Sequence[Json], known: Sequence[Json]) -> list[Json]:
    """Those of the components that the project has, where some are missing; none where that cannot be told."""
    field = next((each for each in known if each.get("fieldId") == "components"), {})
    names = {str(each.get("name")) for each in field.get("allowedValues") or ()}
    kept = [each for each in components if each["name"] in names]
    return kept if len(kept) < len(components) else []


def _sentence(draft: IssueDraft, name: str, value: Any, kept: Sequence[Json]) -> str:
    if name == "components":
        gone = ", ".join(str(each["name"]) for each in value if each not in kept)
        what = f"component {gone}" if len(value) - len(kept) == 1 else f"components {gone}"
    elif name == "priority":
        what = f"priority {draft.priority}"
    elif name == "assignee":
        what = f"assignee {draft.assignee}"
    else:
        what = f"field {name}"
    return f"{draft.project} refused the {what}: the issue was opened without it; look at the policy's route"

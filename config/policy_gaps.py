"""What a policy allows and its author may not have meant: tickets without clocks, SLAs that no ticket is measured by, and rules for
projects that no route names.
"""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

from config.positions import Step, read_document
from domain.policy import Policy
from domain.tiers import Priority


@dataclasses.dataclass(frozen=True)
class Gap:
    """A warning about a place in a policy's file."""

    file: str
    line: int
    text: str


def find_gaps(path: Path, policy: Policy) -> tuple[Gap, ...]:
    """The warnings about a policy that was read from that file, in the order of its SLAs.

    Raises:
        PolicyError: the file cannot be read as YAML.
    """
    document = read_document(path)
    found = [*_never_reached(policy), *_without_clocks(policy), *_unrouted_projects(policy)]
    return tuple(Gap(document.file, document.line(steps), text) for steps, text in found)


def _never_reached(policy: Policy) -> Iterator[tuple[tuple[Step, ...], str]]:
    for number, sla in enumerate(policy.slas):
        before = next((one for one in policy.slas[:number] if one.match.covers(sla.match)), None)
        if before is not None:
            text = f"slas[{number}]: no ticket is measured by {sla.name!r}: {before.name!r} before it matches them all"
            yield ("slas", number), text
    everything = next((sla for sla in policy.slas if _priorities_left(policy, sla.name) == ()), None)
    if everything is not None and policy.clocks:
        yield (
            ("clocks",),
            f"clocks: no ticket is measured by them: {everything.name!r} and those before it match them all",
        )


def _without_clocks(policy: Policy) -> Iterator[tuple[tuple[Step, ...], str]]:
    if not policy.slas or policy.clocks:
        return
    left = _priorities_left(policy, policy.slas[-1].name)
    if left:
        which = "" if len(left) == len(Priority) else f" (those of priority {', '.join(left)})"
        yield (
            ("slas",),
            f"slas: a ticket that none of them matches{which} has no clocks, and the lead is told: "
            "add an entry without `match`, or `clocks`, to measure it",
        )


def _unrouted_projects(policy: Policy) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Rules under a name that is written wrongly would hold nowhere, and a public project would be taken for a private one."""
    routed = {route.project.casefold() for route in policy.routes}
    for project in policy.engineering.projects:
        if project.casefold() not in routed:
            text = f"engineering.projects: no route opens issues in {project!r}: it holds for issues there that people link, or it is misspelt"
            yield ("engineering", "projects", project), text


def _priorities_left(policy: Policy, last: str) -> tuple[Priority, ...]:
    """The priorities of which a ticket may match none of the SLAs up to the one of that name."""
    left = set(Priority)
    for sla in policy.slas:
        if sla.match.only_by_priority:
            left -= set(sla.match.priority or Priority)
        if sla.name == last:
            break
    return tuple(sorted(left))

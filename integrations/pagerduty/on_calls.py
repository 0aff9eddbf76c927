"""Who is on call, and when nobody is: read from PagerDuty's on-call entries."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from domain.paging import OnCall, OnCallGap

FIRST_LEVEL = 1

Entry = dict[str, Any]


def on_calls(entries: Iterable[Entry]) -> list[OnCall]:
    """Each person once a level, first level first: the latest end where several shifts overlap, None for ever."""
    latest: dict[tuple[int, str], datetime | None] = {}
    for entry in entries:
        who = (int(entry["escalation_level"]), str(entry["user"]["summary"]))
        end = instant(entry.get("end"))
        before = latest.get(who, end)
        latest[who] = max(before, end) if before is not None and end is not None else None
    people = [OnCall(level=level, name=name, until=until) for (level, name), until in latest.items()]
    return sorted(people, key=lambda person: person.level)


def instant(text: str | None) -> datetime | None:
    """The instant of PagerDuty's text; None for none."""
    return datetime.fromisoformat(text) if text else None


def gaps(entries: Sequence[Entry], policies: Sequence[str], start: datetime, end: datetime) -> Iterator[OnCallGap]:
    """The times within ``[start, end)`` that no entry of the first level covers, policy by policy.

    An entry without a start or an end holds from or for ever. A policy without any entry has no name here but its id.
    """
    for policy in policies:
        of_policy = [entry for entry in entries if entry["escalation_policy"]["id"] == policy]
        name = next((str(entry["escalation_policy"]["summary"]) for entry in of_policy), policy)
        shifts = sorted(
            (instant(entry.get("start")) or start, instant(entry.get("end")) or end)
            for entry in of_policy
            if int(entry["escalation_level"]) == FIRST_LEVEL
        )
        covered = start
        for begins, ends in shifts:
            if begins > covered:
                yield OnCallGap(escalation_policy=policy, name=name, start=covered, end=min(begins, end))
            covered = max(covered, ends)
        if covered < end:
            yield OnCallGap(escalation_policy=policy, name=name, start=covered, end=end)

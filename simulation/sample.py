"""Some of a log's cases, the same ones on each machine and on each day: those whose ids have the smallest hashes."""

import hashlib
import heapq
from collections.abc import Iterable

from simulation.translation import Told


def sample(cases: Iterable[Told], size: int) -> tuple[Told, ...]:
    """At most that many of the cases, oldest first. It holds no more than that in memory."""
    # The running number keeps cases themselves from being compared.
    least: list[tuple[int, int, Told]] = []
    for number, case in enumerate(cases):
        entry = (-_hash(case.case_id), -number, case)
        if len(least) < size:
            heapq.heappush(least, entry)
        elif size:
            heapq.heappushpop(least, entry)
    return tuple(sorted((case for _, _, case in least), key=lambda case: (case.opened_at, case.case_id)))


def _hash(case_id: str) -> int:
    return int.from_bytes(hashlib.sha256(case_id.encode(errors="replace")).digest())

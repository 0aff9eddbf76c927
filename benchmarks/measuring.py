"""How a benchmark measures: the best of several rounds, which noise can only make worse."""

import time
from collections.abc import Callable

_ROUNDS = 5
_LONG_ENOUGH_S = 0.05


def seconds_per_call(call: Callable[[], object]) -> float:
    """Seconds that one call takes: the fastest of five rounds, each long enough for the clock."""
    calls = 1
    while _round(call, calls) < _LONG_ENOUGH_S:
        calls *= 2
    return min(_round(call, calls) for _ in range(_ROUNDS)) / calls


def _round(call: Callable[[], object], calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        call()
    return time.perf_counter() - start

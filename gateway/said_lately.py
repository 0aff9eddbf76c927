"""What was said to people lately, so that a repeated event, or somebody who writes on, does not make us repeat ourselves."""

import time
from collections import OrderedDict
from collections.abc import Callable

_MOST_KEPT = 5_000


class SaidLately:
    """Remembers keys for a time. ``seconds`` is a clock that only grows."""

    def __init__(self, *, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._until: OrderedDict[str, float] = OrderedDict()

    def is_new(self, key: str, *, lasting: float) -> bool:
        """Whether this is said for the first time in ``lasting`` seconds; from now on it is said."""
        now = self._seconds()
        if self._until.get(key, now) > now:
            return False
        self._until[key] = now + lasting
        self._until.move_to_end(key)
        while len(self._until) > _MOST_KEPT:
            self._until.popitem(last=False)
        return True

"""What a sweep would have done: a job that looks for breached tickets every so often finds each at its next run."""

import math
from collections.abc import Sequence
from datetime import datetime

_PHASES = 60


def sweep_lags(dues: Sequence[datetime], every_s: int) -> list[float]:
    """Seconds from each due time to the sweep that finds it, over sixty phases of the sweep, as if a sweep took no time itself."""
    phases = [every_s * phase / _PHASES for phase in range(_PHASES)]
    return [-(due.timestamp() - phase) % every_s for due in dues for phase in phases]


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least so many percent of the values do not exceed (nearest rank)."""
    ranked = sorted(values)
    return ranked[max(math.ceil(len(ranked) * percent / 100), 1) - 1]

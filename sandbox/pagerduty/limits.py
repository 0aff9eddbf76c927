"""PagerDuty's published rate limits: so many calls a minute for each key, off until somebody switches them on.

REST API: 960 a minute and key, told in the ``ratelimit-*`` headers (support.pagerduty.com/docs/rest-api-rate-limits).
Events API v2: about 120 a minute and integration key.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

REST_PER_MINUTE = 960
EVENTS_PER_MINUTE = 120


class Limits(BaseModel):
    """The limits in force."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enforced: bool = False
    """Whether calls above a limit are refused; they are counted all the same."""
    rest_per_minute: Annotated[int, Field(ge=1)] = REST_PER_MINUTE
    events_per_minute: Annotated[int, Field(ge=1)] = EVENTS_PER_MINUTE
    window_s: Annotated[float, Field(gt=0)] = 60.0
    """How long the minute of a limit lasts, in seconds."""


@dataclass(frozen=True)
class Allowance:
    """What one key may still do."""

    allowed: bool
    limit: int
    remaining: int
    reset_s: int
    """Whole seconds until the window ends."""

    def headers(self) -> dict[str, str]:
        """As the REST API tells it."""
        return {
            "ratelimit-limit": str(self.limit),
            "ratelimit-remaining": str(self.remaining),
            "ratelimit-reset": str(self.reset_s),
        }


class RateLimits:
    """Counts calls by key in windows that begin with a key's first call."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}
        self._limits = Limits()

    @property
    def limits(self) -> Limits:
        """The limits in force."""
        return self._limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        self._limits = limits
        self._windows.clear()

    def rest(self, key: str) -> Allowance:
        """Count one call of the REST API."""
        return self._count(("rest", key), self._limits.rest_per_minute)

    def events(self, key: str) -> Allowance:
        """Count one event."""
        return self._count(("events", key), self._limits.events_per_minute)

    def _count(self, key: tuple[str, str], limit: int) -> Allowance:
        now = self._monotonic()
        began, calls = self._windows.get(key, (now, 0))
        if now >= began + self._limits.window_s:
            began, calls = now, 0
        reset_s = math.ceil(began + self._limits.window_s - now)
        allowed = calls < limit or not self._limits.enforced
        if allowed:
            calls += 1
        self._windows[key] = (began, calls)
        return Allowance(allowed, limit, max(0, limit - calls), reset_s)

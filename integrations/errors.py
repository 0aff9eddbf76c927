"""How a call to an outside system fails, whichever system it is.

::

    IntegrationError
      +-- PermanentFailure   repeating will not help: refused, not found, wrong credentials, bad input
      +-- RateLimited        come back after ``retry_after``
      +-- PassingFailure     the outside is down, slow, or cut the line; whether it did the work is not known

Messages are one clear sentence that says what to do, cut to a length that fits a workflow's history, without the outside's whole
answer, secrets or personal data.
"""

import traceback
from datetime import timedelta


class IntegrationError(Exception):
    """The base of the three ways a call fails. ``system`` names whom we called (``slack``, ``jira``, …)."""

    def __init__(self, system: str, message: str) -> None:
        super().__init__(f"{system}: {message}"[:500])
        self.system = system


class PermanentFailure(IntegrationError):
    """The outside understood and refused. ``status`` is its HTTP status, ``code`` its own short code, where there is one."""

    def __init__(self, system: str, message: str, *, status: int | None = None, code: str | None = None) -> None:
        super().__init__(system, message)
        self.status = status
        self.code = code


class RateLimited(IntegrationError):
    """The outside asks us to wait."""

    def __init__(self, system: str, message: str, *, retry_after: timedelta) -> None:
        super().__init__(system, message)
        self.retry_after = retry_after


class PassingFailure(IntegrationError):
    """It may work next time, and may have worked this time: the next attempt looks before it repeats."""


def place_of(error: BaseException) -> str:
    """The file and line of code that raised it: what can be told of a fault whose text may quote somebody."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else "no line"

"""What an HTTP answer's status means for a caller: give up, wait, or try again."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from integrations.errors import IntegrationError, PassingFailure, PermanentFailure, RateLimited

DEFAULT_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)

# 408 and 425 ask for a repetition (RFC 9110, RFC 8470); 423 is a lock that somebody else holds.
_PASSING = frozenset({408, 423, 425})


def waiting_time(headers: Mapping[str, str], *, name: str = "Retry-After") -> timedelta:
    """How long an answer asks us to wait: seconds or an HTTP date (RFC 9110, 10.2.3), within a second and an hour.

    Without a readable header it is ``DEFAULT_WAIT``.
    """
    value = next((text for key, text in headers.items() if key.lower() == name.lower()), None)
    if value is None:
        return DEFAULT_WAIT
    return max(timedelta(seconds=1), min(_parsed(value.strip()), LONGEST_WAIT))


def _parsed(value: str) -> timedelta:
    try:
        return timedelta(seconds=float(value))
    except (ValueError, OverflowError):
        pass
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return DEFAULT_WAIT
    return (at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)


def failure_of_status(
    system: str, status: int, headers: Mapping[str, str], refusal: str, *, code: str | None = None
) -> IntegrationError:
    """The failure that an error status stands for.

    Args:
        system: whom we called.
        status: the HTTP status; not a successful one.
        headers: the answer's headers.
        refusal: the sentence for a refusal (a status that repeating will not change).
        code: the system's own short code, where it gave one.
    """
    if status == 429:
        wait = waiting_time(headers)
        return RateLimited(system, f"asks us to wait {wait.total_seconds():.0f} s (HTTP 429)", retry_after=wait)
    if status >= 500 or status in _PASSING:
        return PassingFailure(system, f"could not serve the call (HTTP {status}); it is tried again")
    return PermanentFailure(system, refusal, status=status, code=code)

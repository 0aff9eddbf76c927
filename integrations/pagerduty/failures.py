"""How a call to PagerDuty fails, in the words of ``integrations.errors``."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from httpx2 import HTTPError, Response
from pagerduty import Error

from integrations.errors import IntegrationError, PassingFailure, PermanentFailure, RateLimited
from integrations.http_status import failure_of_status, waiting_time

SYSTEM = "pagerduty"

_KEY_WORDS = "the API key is not accepted; set TIERLINE_PAGERDUTY__API_KEY (and the base URL, for the EU region)"
_FROM = re.compile(r"\bfrom\b|\brequester\b", re.IGNORECASE)
_WORDS = {
    401: _KEY_WORDS,
    402: "the account's plan does not have this",
    403: "the API key may not do this; use one that may write",
    404: "there is no such incident, service or escalation policy, or the key may not see it",
}


class Refusal(PermanentFailure):
    """A refusal with PagerDuty's own short sentences: for decisions, never for people."""

    def __init__(self, message: str, *, status: int, reasons: tuple[str, ...]) -> None:
        super().__init__(SYSTEM, message, status=status)
        self.reasons = reasons

    def says(self, words: str) -> bool:
        """Whether one of the sentences holds these words, whatever their case."""
        return any(words.lower() in reason.lower() for reason in self.reasons)


def rate_limited(response: Response) -> RateLimited:
    """A 429: REST says in ``ratelimit-reset`` how many seconds, Events perhaps in ``Retry-After``."""
    name = "ratelimit-reset" if "ratelimit-reset" in response.headers else "retry-after"
    wait: timedelta = waiting_time(response.headers, name=name)
    words = f"asks us to wait {wait.total_seconds():.0f} s (HTTP 429)"
    return RateLimited(SYSTEM, words, retry_after=wait)


def failure_of(response: Response) -> IntegrationError:
    """The failure that an answer with an error status stands for."""
    status = int(response.status_code)
    reasons = _reasons(response)
    if status == 429:
        return rate_limited(response)
    if status == 400:
        if any(_FROM.search(reason) for reason in reasons):
            words = "the From address is no user of the account; set TIERLINE_PAGERDUTY__FROM_EMAIL"
        else:
            words = "refused the fields that were sent; look at the policy's service and priority"
        return Refusal(words, status=status, reasons=reasons)
    words = _WORDS.get(status, f"refused the call (HTTP {status})")
    return failure_of_status(SYSTEM, status, response.headers, words)


@contextmanager
def pagerduty_failures() -> Iterator[None]:
    """Turn what the library raises within the block into an ``IntegrationError``."""
    try:
        yield
    except Error as error:
        # The library's own message holds the end of the key and the whole answer.
        response = error.response
        if response is not None and not response.is_success and not response.is_redirect:
            raise failure_of(response) from None
        raise PassingFailure(SYSTEM, f"did not answer as it should ({_cause(error)}); it is tried again") from None
    except (HTTPError, OSError) as error:
        raise PassingFailure(SYSTEM, f"did not answer ({type(error).__name__}); it is tried again") from None
    except (ValueError, KeyError, TypeError) as error:
        words = f"gave an answer that is not PagerDuty's ({type(error).__name__}; a proxy?); it is tried again"
        raise PassingFailure(SYSTEM, words) from None


def _cause(error: Error) -> str:
    return type(error.__cause__ or error).__name__


def _reasons(response: Response) -> tuple[str, ...]:
    try:
        body: Any = response.json()
    except ValueError:
        return ()
    error = body.get("error", body) if isinstance(body, dict) else {}
    if not isinstance(error, dict):
        return (str(error),)
    listed = error.get("errors")
    return tuple(
        str(entry) for entry in [*(listed if isinstance(listed, list) else []), error.get("message", "")] if entry
    )

"""How a call to GitHub fails, in the words of ``integrations.errors``."""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from github import GithubException, RateLimitExceededException
from jwt import PyJWTError
from requests import RequestException

from integrations.errors import IntegrationError, PassingFailure, PermanentFailure, RateLimited
from integrations.http_status import LONGEST_WAIT, failure_of_status, waiting_time

SYSTEM = "github"

# What GitHub asks for where it gives no time: "wait at least one minute".
# https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
_UNTOLD_WAIT = timedelta(minutes=1)
_WORDS = {
    401: "the token is not accepted; set TIERLINE_GITHUB__TOKEN, or the App's id and private key",
    403: "the token or App may not do this; give it read and write on issues of the repository",
    404: "there is no such repository or issue, or the token may not see it",
    410: "the issue was deleted, or the repository has its issues switched off",
    422: "refused the fields that were sent; look at the policy's route",
}
_CLOSED = (
    "the organisation is closed to the token or App (suspended, single sign-on, or its list of allowed addresses); "
    "have its owner let it in"
)
_WHOLE = re.compile(r"suspended|SAML enforcement|IP allow list", re.IGNORECASE)


@contextmanager
def github_failures() -> Iterator[None]:
    """Turn what the library raises within the block into an ``IntegrationError``."""
    try:
        yield
    except GithubException as error:
        raise _answered(error) from None
    except PyJWTError:
        words = "the App's private key cannot be used; correct TIERLINE_GITHUB__PRIVATE_KEY"
        raise PermanentFailure(SYSTEM, words, status=401) from None
    except (RequestException, OSError) as error:
        raise PassingFailure(SYSTEM, f"did not answer ({type(error).__name__}); it is tried again") from None
    except RuntimeError:
        # The library's word for a redirect to another host or scheme.
        raise PermanentFailure(SYSTEM, "it redirects to another address; correct TIERLINE_GITHUB__BASE_URL") from None
    except (ValueError, KeyError, TypeError, AssertionError) as error:
        words = f"gave an answer that is not GitHub's ({type(error).__name__}; a proxy?); it is tried again"
        raise PassingFailure(SYSTEM, words) from None


def is_refusal(error: GithubException) -> bool:
    """Whether something is gone, or closed to us, and not merely limited for a while."""
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    return error.status in (403, 404, 410, 451) and not (error.status == 403 and _is_rate_limit(error, headers))


def _answered(error: GithubException) -> IntegrationError:
    status = int(error.status)
    headers: Mapping[str, str] = {name.lower(): value for name, value in (error.headers or {}).items()}
    if status == 429 or (status == 403 and _is_rate_limit(error, headers)):
        wait = _wait(headers)
        words = f"asks us to wait {wait.total_seconds():.0f} s (HTTP {status})"
        return RateLimited(SYSTEM, words, retry_after=wait)
    if status == 403 and _closed_to_us(error, headers):
        return PermanentFailure(SYSTEM, _CLOSED, status=401)
    return failure_of_status(SYSTEM, status, headers, _WORDS.get(status, f"refused the call (HTTP {status})"))


def _closed_to_us(error: GithubException, headers: Mapping[str, str]) -> bool:
    """Whether the account or the organisation is closed to us as a whole. That says nothing of the issue, which is still there."""
    told = str(error.data.get("message") or "") if isinstance(error.data, dict) else ""
    return headers.get("x-github-sso", "").startswith("required") or _WHOLE.search(told) is not None


def _is_rate_limit(error: GithubException, headers: Mapping[str, str]) -> bool:
    return (
        isinstance(error, RateLimitExceededException)
        or "retry-after" in headers
        or headers.get("x-ratelimit-remaining") == "0"
    )


def _wait(headers: Mapping[str, str]) -> timedelta:
    if "retry-after" in headers:
        return waiting_time(headers)
    if headers.get("x-ratelimit-remaining") == "0" and headers.get("x-ratelimit-reset", "").isdecimal():
        until = timedelta(seconds=int(headers["x-ratelimit-reset"]) - time.time() + 1)
        return max(timedelta(seconds=1), min(until, LONGEST_WAIT))
    return _UNTOLD_WAIT

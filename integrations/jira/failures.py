"""How a call to Jira fails, in the words of ``integrations.errors``."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from jira import JIRAError
from requests import RequestException

from integrations.errors import IntegrationError, PassingFailure, PermanentFailure
from integrations.http_status import failure_of_status

SYSTEM = "jira"

_WORDS = {
    400: "refused the fields that were sent",
    401: "the account is not accepted; set TIERLINE_JIRA__EMAIL and TIERLINE_JIRA__API_TOKEN, or on Data Center "
    "TIERLINE_JIRA__PERSONAL_ACCESS_TOKEN, to one that is valid",
    403: "the account may not do this; give it the permission in the project",
    404: "there is no such project or issue, or the account may not see it",
    410: "the issue is gone",
    413: "the file is longer than the site allows",
}
_UNSEEN = frozenset({403, 404})
_SHOWN = 8
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,40}")


@contextmanager
def jira_failures() -> Iterator[None]:
    """Turn what the library raises within the block into an ``IntegrationError``."""
    try:
        yield
    except JIRAError as error:
        raise _answered(error) from None
    except (RequestException, OSError) as error:
        raise PassingFailure(SYSTEM, f"did not answer ({type(error).__name__}); it is tried again") from None
    except (ValueError, KeyError, TypeError) as error:
        words = f"gave an answer that is not Jira's ({type(error).__name__}; a proxy?); it is tried again"
        raise PassingFailure(SYSTEM, words) from None


def is_gone(error: JIRAError) -> bool:
    """Whether there is nothing there; not so where Jira did not take us for our account, and answers as to a stranger."""
    headers = (
        {name.lower(): value for name, value in error.response.headers.items()} if error.response is not None else {}
    )
    return error.status_code == 404 and _not_us(headers) is None


def _answered(error: JIRAError) -> IntegrationError:
    status = error.status_code
    if status is None or status < 400:
        return PassingFailure(SYSTEM, "gave an answer that is not Jira's (a proxy?); it is tried again")
    response = error.response
    headers = {name.lower(): value for name, value in response.headers.items()} if response is not None else {}
    refusal = _WORDS.get(status, f"refused the call (HTTP {status})")
    fields = refused_fields(error)[:_SHOWN] if status == 400 else []
    if fields:
        refusal = f"refused the issue's {', '.join(fields)}; look at the project's fields and the policy's route"
    if status in _UNSEEN and (not_us := _not_us(headers)) is not None:
        return PermanentFailure(SYSTEM, not_us, status=401)
    return failure_of_status(SYSTEM, status, headers, refusal)


def _not_us(headers: Mapping[str, str]) -> str | None:
    """Why Jira did not take us for our account; None where it did.

    It then answers like to a stranger, that there is no such issue or that it is not for us: nobody may take the issue for gone.
    """
    if headers.get("x-authentication-denied-reason", "").upper().startswith("CAPTCHA"):
        return "the account must solve a CAPTCHA; log in once with a browser"
    refused = headers.get("x-seraph-loginreason", "").upper().startswith("AUTHENTICAT")
    return _WORDS[401] if refused else None


def refused_fields(error: JIRAError) -> list[str]:
    """The ids of the fields that were refused, never what Jira says about them: that quotes what we sent."""
    if error.response is None:
        return []
    try:
        answer = error.response.json()
    except ValueError:
        return []
    errors = answer.get("errors") if isinstance(answer, dict) else None
    return sorted(name for name in errors if _FIELD.fullmatch(name)) if isinstance(errors, dict) else []


def refusal(message: str) -> PermanentFailure:
    """A refusal of our own, before anybody is called."""
    return PermanentFailure(SYSTEM, message)


def path_part(name: str) -> str:
    """An id or key as part of a path.

    Raises:
        PermanentFailure: it would reach another resource.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise refusal("an issue's id or a project's key holds letters, digits, - and _ only; correct it")
    return name

"""The pagerduty library's clients, held to one request a call.

By themselves they repeat a cut connection three times, 429 for ever, and Events also 5xx.
"""

from collections.abc import Iterator
from typing import Any

from httpx2 import Response
from pagerduty import ApiClient, EventsApiV2Client, RestApiV2Client

from integrations.base_url import checked_base_url
from integrations.pagerduty.failures import SYSTEM, failure_of, rate_limited

TIMEOUT_S = 10
_PAGE = 100
# PagerDuty ends a list at 10,000 entries.
_MOST_PAGES = 100


class _OneAttempt(ApiClient):
    max_network_attempts = 0
    timeout = TIMEOUT_S

    @property
    def url(self) -> str:
        """The API's address. The library takes https alone; a server on this machine may speak http."""
        return str(self._url)

    @url.setter
    def url(self, new_base_url: str) -> None:
        self._url = checked_base_url(SYSTEM, new_base_url)

    def postprocess(self, response: Response, *args: Any) -> None:
        """Ends the library's endless repetition of rate-limited calls: it looks at the status only after this."""
        if response.status_code == 429:
            raise rate_limited(response)
        super().postprocess(response, *args)

    def answer(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        """One request and the JSON object that answers it.

        Raises:
            IntegrationError: an error status.
            pagerduty.Error: no answer, or 401.
            ValueError: the answer is no JSON object.
        """
        response = self.request(method, path, **arguments)
        if not response.is_success:
            raise failure_of(response)
        body = response.json()
        if not isinstance(body, dict):
            raise TypeError("a JSON object was expected")
        return body


class OneAttemptRest(_OneAttempt, RestApiV2Client):
    """REST API v2."""

    def pages(self, path: str, name: str, params: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
        """The pages of a list, one request each, as long as they are asked for (classic pagination)."""
        for page in range(_MOST_PAGES):
            answer = self.answer("GET", path, params={**params, "limit": _PAGE, "offset": page * _PAGE})
            yield list(answer[name])
            if not answer.get("more"):
                return

    def listed(self, path: str, name: str, params: dict[str, Any]) -> list[dict[str, Any]]:
        """Every entry of a list."""
        return [entry for page in self.pages(path, name, params) for entry in page]


class OneAttemptEvents(_OneAttempt, EventsApiV2Client):
    """Events API v2."""

    def __init__(self, routing_key: str, base_url: str) -> None:
        super().__init__(routing_key, base_url=base_url)
        self.retry = {}

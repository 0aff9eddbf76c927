"""A dead-man's switch that is reached by a GET of its URL."""

import httpx2
from pydantic import SecretStr

from integrations.errors import PassingFailure
from integrations.http_status import failure_of_status

SYSTEM = "dead-man's switch"
_TIME_OUT_S = 10.0


class HttpDeadManSwitch:
    """Asks for the URL, which is a secret: whoever knows it can silence the alarm. Building it calls nobody."""

    def __init__(self, url: SecretStr, *, time_out_s: float = _TIME_OUT_S) -> None:
        self._url = url
        self._client = httpx2.Client(timeout=time_out_s, follow_redirects=False)

    def ping(self) -> None:
        """Say that all is well."""
        try:
            with self._client.stream("GET", self._url.get_secret_value()) as response:
                status, headers = response.status_code, dict(response.headers)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            # The error's own words may hold the URL.
            raise PassingFailure(SYSTEM, f"it did not answer ({type(error).__name__})") from None
        if status >= 300:
            refusal = f"it refused the ping (HTTP {status}): correct TIERLINE_AUDIT__DEAD_MAN_URL"
            raise failure_of_status(SYSTEM, status, headers, refusal)

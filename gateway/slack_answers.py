"""How people in Slack are answered later than in the response: through the response URL."""

import asyncio
import logging
from urllib.parse import urlsplit

import httpx2

logger = logging.getLogger("tierline.gateway")

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_ATTEMPTS = 3
_PAUSE_SECONDS = 1.0


class LateAnswers:
    """Posts to the response URLs that Slack sends with each interaction; good for 30 minutes and five answers."""

    def __init__(self, client: httpx2.AsyncClient, *, pause: float = _PAUSE_SECONDS) -> None:
        self._client = client
        self._pause = pause

    async def tell(self, response_url: str | None, text: str) -> bool:
        """Tell the person alone; False when Slack did not take it."""
        if response_url is None or not _may_post_to(response_url):
            return False
        answer = {"response_type": "ephemeral", "replace_original": False, "text": text}
        for attempt in range(_ATTEMPTS):
            if attempt:
                await asyncio.sleep(self._pause * attempt)
            try:
                response = await self._client.post(response_url, json=answer)
            except (httpx2.HTTPError, httpx2.InvalidURL):
                continue
            if response.status_code < 300:
                return True
            if response.status_code < 500 and response.status_code != 429:
                break
        logger.warning("late answer not taken by Slack")
        return False


def _may_post_to(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)

"""Files that people share in Slack: their bytes, read as the bot.

https://docs.slack.dev/reference/objects/file-object (``url_private_download``): the address wants the bot's token with the scope
``files:read``. Without it Slack does not refuse: it leads to its page for signing in.
"""

import httpx2
from pydantic import SecretStr

from domain.addresses import parts_of
from domain.chat import FileLink
from integrations.base_url import LOOPBACK
from integrations.errors import PassingFailure, PermanentFailure
from integrations.http_status import failure_of_status
from integrations.issue_tracker import AttachedFile
from integrations.slack.failures import SYSTEM

_TIME_OUT_S = 10
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_NO_SESSION = (
    "does not give the file to the bot: it needs the scope files:read, and to be in the channel where the file is"
)


class Downloads:
    """Reads files. Building it calls nobody.

    The token goes to Slack's own addresses alone, and to ``base_url``'s where that is a stand-in on this machine.
    """

    def __init__(self, token: SecretStr, base_url: str) -> None:
        self._token = token
        base = parts_of(base_url)
        self._local = (base.scheme, base.hostname, base.port) if base.hostname in LOOPBACK else None
        self._client = httpx2.Client(timeout=_TIME_OUT_S, follow_redirects=False)

    def read(self, file: FileLink, most_bytes: int) -> AttachedFile:
        """The file's bytes.

        Raises:
            PermanentFailure: it is kept elsewhere, it is larger than ``most_bytes``, it is gone, or the bot does not get at it.
            PassingFailure: there was no answer.
            RateLimited: we are asked to wait.
        """
        address = self._allowed(file)
        headers = {"Authorization": f"Bearer {self._token.get_secret_value()}"}
        try:
            with self._client.stream("GET", address, headers=headers) as response:
                return _file(file.name, response, most_bytes)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            # The error's own words may hold the address.
            raise PassingFailure(SYSTEM, f"did not give the file ({type(error).__name__}); it is tried again") from None

    def _allowed(self, file: FileLink) -> str:
        parts = parts_of(file.download or "")
        host = parts.hostname or ""
        of_slack = parts.scheme == "https" and (host == "slack.com" or host.endswith((".slack.com", ".slack-gov.com")))
        if not of_slack and (parts.scheme, parts.hostname, parts.port) != self._local:
            raise PermanentFailure(SYSTEM, f"{file.name} is not kept in Slack: put it on the issue by hand")
        return file.download or ""


def _file(name: str, response: httpx2.Response, most_bytes: int) -> AttachedFile:
    status, kind = response.status_code, response.headers.get("content-type", "application/octet-stream")
    if response.is_redirect:
        raise PermanentFailure(SYSTEM, _NO_SESSION)
    if status in (404, 410):
        raise PermanentFailure(SYSTEM, f"{name} is gone: somebody deleted it", status=status)
    if status >= 300:
        raise failure_of_status(SYSTEM, status, dict(response.headers), _NO_SESSION)
    plain = kind.partition(";")[0].strip().lower()
    if plain in _HTML and not name.lower().endswith((".html", ".htm", ".xhtml")):
        raise PermanentFailure(SYSTEM, _NO_SESSION)
    too_large = PermanentFailure(
        SYSTEM, f"{name} is larger than {most_bytes // (1024 * 1024)} MB: give it to the engineers another way"
    )
    told = response.headers.get("content-length", "")
    if told.isdecimal() and int(told) > most_bytes:
        raise too_large
    content = bytearray()
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > most_bytes:
            raise too_large
    return AttachedFile(name=name, content_type=plain or "application/octet-stream", content=bytes(content))

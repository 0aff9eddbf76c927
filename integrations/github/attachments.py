"""Files on an issue: GitHub has no list of them, they are links in its texts to where GitHub keeps uploads."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import PurePosixPath
from urllib.parse import unquote

import httpx2

from domain.addresses import joined, parts_of
from domain.issues import IssueAttachment
from integrations.base_url import LOOPBACK
from integrations.errors import PassingFailure, PermanentFailure
from integrations.github.failures import SYSTEM
from integrations.github.one_attempt import TIMEOUT_S, GitHubConnection, origin
from integrations.http_status import failure_of_status
from integrations.issue_tracker import AttachedFile

_LINK = re.compile(r"!?\[(?P<name>[^\]\n]{0,200})\]\(\s*<?(?P<url>https?://[^\s)>]+)")
_TAG = re.compile(r"<(?:img|video|a)\b(?P<attributes>[^>]{0,2000})>", re.IGNORECASE)
_ADDRESS = re.compile(r"""(?:src|href)\s*=\s*["'](?P<url>https?://[^"'\s]+)""", re.IGNORECASE)
_ALT = re.compile(r"""alt\s*=\s*["'](?P<name>[^"'\n]{0,200})""", re.IGNORECASE)
_BARE = re.compile(r"(?P<url>https?://[^\s<>()\[\]\"']+)")
# Uploads of today, and those of before 2023 below their repository.
_UPLOAD = re.compile(r"/(?:user-attachments/(?:assets|files)|[^/]+/[^/]+/(?:assets|files))/\d*[^?#]+$")
_STORES = ("user-images.githubusercontent.com", "private-user-images.githubusercontent.com")
_REDIRECTS = 3


def attachments_in(
    text: str, hosts: frozenset[str], *, author: str, created_at: datetime, ours: bool
) -> Iterator[IssueAttachment]:
    """The files that a text links to, each once. Links to anywhere else are no attachments.

    Args:
        text: an issue's or comment's Markdown.
        hosts: where people see this GitHub.
        author: who wrote the text.
        created_at: when.
        ours: whether Tierline wrote it.
    """
    seen: set[str] = set()
    for name, url in _links(text):
        parts = parts_of(url)
        if url in seen or not _is_upload(parts.hostname, parts.path, hosts):
            continue
        seen.add(url)
        last = unquote(PurePosixPath(parts.path).name)
        yield IssueAttachment(
            id=parts.path.strip("/"),
            name=name.strip() or last,
            url=url,
            author=author,
            created_at=created_at,
            ours=ours,
        )


def _links(text: str) -> Iterator[tuple[str, str]]:
    for found in _LINK.finditer(text):
        yield found["name"], found["url"]
    for tag in _TAG.finditer(text):
        if address := _ADDRESS.search(tag["attributes"]):
            alt = _ALT.search(tag["attributes"])
            yield alt["name"] if alt else "", address["url"]
    for found in _BARE.finditer(text):
        yield "", found["url"].rstrip(".,;:!?")


def _is_upload(host: str | None, path: str, hosts: frozenset[str]) -> bool:
    return host in _STORES or (host in hosts and _UPLOAD.search(path) is not None)


class Downloads:
    """Reads uploads with our own session. Building it calls nobody.

    Our token goes to GitHub's own address alone; where GitHub redirects to its store, that gets the address without it.

    Args:
        connection: who we are.
        base_url: the API's address.
        hosts: where people see this GitHub.
    """

    def __init__(self, connection: GitHubConnection, base_url: str, hosts: frozenset[str]) -> None:
        self._connection = connection
        self._own = origin(base_url)
        self._hosts = hosts
        self._client = httpx2.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False)

    def read(self, attachment: IssueAttachment, most_bytes: int) -> AttachedFile:
        """The file's bytes.

        Raises:
            PermanentFailure: it is no upload of this GitHub's, it is larger than ``most_bytes``, or our session does not get at it.
            PassingFailure: there was no answer.
            RateLimited: we are asked to wait.
        """
        parts = parts_of(attachment.url)
        if not _is_upload(parts.hostname, parts.path, self._hosts):
            raise PermanentFailure(SYSTEM, "the file is not kept by GitHub; open it by its address")
        url = attachment.url
        try:
            for _ in range(_REDIRECTS):
                with self._client.stream("GET", self._allowed(url), headers=self._headers(url)) as response:
                    if response.is_redirect:
                        url = joined(url, response.headers.get("location", ""))
                        continue
                    return self._file(attachment.name, response, most_bytes)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            # The error's own words may hold the address, which may be signed.
            raise PassingFailure(SYSTEM, f"did not give the file ({type(error).__name__}); it is tried again") from None
        raise PermanentFailure(SYSTEM, "the file's address leads on and on; open it in the browser")

    def _allowed(self, url: str) -> str:
        parts = parts_of(url)
        local = parts.hostname in LOOPBACK and self._own[1] in LOOPBACK
        if parts.scheme != "https" and not local:
            raise PermanentFailure(SYSTEM, "the file's address leads away from https; open it in the browser")
        return url

    def _headers(self, url: str) -> dict[str, str]:
        scheme, host, port = origin(url)
        ours = (scheme, host, port) == self._own or (scheme == self._own[0] == "https" and host in self._hosts)
        return {"Authorization": self._connection.authorization()} if ours else {}

    @staticmethod
    def _file(name: str, response: httpx2.Response, most_bytes: int) -> AttachedFile:
        status = response.status_code
        if status >= 400:
            refusal = f"does not give the file to our token (HTTP {status}); open it in the browser"
            raise failure_of_status(SYSTEM, status, dict(response.headers), refusal)
        kind = response.headers.get("content-type", "application/octet-stream")
        if kind.partition(";")[0].strip().lower() in ("text/html", "application/xhtml+xml"):
            words = "gave a page to log in instead of the file: our token has no session for it; open it in the browser"
            raise PermanentFailure(SYSTEM, words)
        too_large = PermanentFailure(SYSTEM, f"the file is larger than {most_bytes} bytes; open it in the browser")
        told = response.headers.get("content-length", "")
        if told.isdecimal() and int(told) > most_bytes:
            raise too_large
        content = bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > most_bytes:
                raise too_large
        return AttachedFile(name=name, content_type=kind, content=bytes(content))

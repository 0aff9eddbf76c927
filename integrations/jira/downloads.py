"""Reads the bytes of attachments with our own session, and takes no page to log in for a file."""

import re
from ipaddress import ip_address

import requests
from requests import Response

from domain.addresses import joined, parts_of
from integrations.base_url import LOOPBACK
from integrations.issue_tracker import AttachedFile
from integrations.jira.failures import refusal
from integrations.jira.rest_client import TIMEOUT_S, RestClient

_REDIRECTS = 5
_CHUNK = 65_536
_PAGE = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)


class Downloads:
    """The attachments of one site. Jira Cloud sends readers on to a media host, which gets none of our credentials."""

    def __init__(self, url: str, client: RestClient) -> None:
        self._origin = _origin(url)
        self._on_this_machine = parts_of(url).hostname in LOOPBACK
        self._client = client

    def read(self, url: str, name: str, *, most_bytes: int) -> AttachedFile:
        """The file at an attachment's address.

        Raises:
            PermanentFailure: the address is not the site's, the file is longer than allowed, or there is a page instead of it.
            JIRAError: the site refused, within ``jira_failures``.
        """
        if _origin(url) != self._origin:
            raise refusal("the attachment is at another site; open it in Jira")
        answer = self._answer(url)
        try:
            content_type = answer.headers.get("Content-Type", "application/octet-stream").partition(";")[0].strip()
            if content_type.lower() in {"text/html", "application/xhtml+xml"}:
                raise _page()
            content = _body(answer, most_bytes)
        finally:
            answer.close()
        if _PAGE.match(content.removeprefix(b"\xef\xbb\xbf")):
            raise _page()
        return AttachedFile(name=name, content_type=content_type, content=content)

    def _answer(self, url: str) -> Response:
        for _ in range(_REDIRECTS):
            answer = self._client.raw(url) if _origin(url) == self._origin else self._elsewhere(url)
            if not answer.is_redirect:
                return answer
            answer.close()
            url = joined(url, answer.headers["Location"])
        raise refusal("the attachment's address leads in a circle; open it in Jira")

    def _elsewhere(self, url: str) -> Response:
        """Another host, which must be a public one: whoever can forge a redirect must not reach our own network."""
        parts = parts_of(url)
        local = self._on_this_machine and parts.hostname in LOOPBACK
        if not local and (parts.scheme != "https" or not _is_public(parts.hostname or "")):
            raise refusal("the attachment leads to an address that is not safe to read; open it in Jira")
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(url, stream=True, allow_redirects=False, timeout=TIMEOUT_S)
        if answer.status_code >= 400:
            answer.close()
            raise refusal(f"the attachment's host refused it (HTTP {answer.status_code}); open it in Jira")
        return answer


def _body(answer: Response, most_bytes: int) -> bytes:
    length = answer.headers.get("Content-Length", "")
    if length.isdigit() and int(length) > most_bytes:
        raise _too_long(most_bytes)
    content = bytearray()
    for chunk in answer.iter_content(_CHUNK):
        content += chunk
        if len(content) > most_bytes:
            raise _too_long(most_bytes)
    return bytes(content)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = parts_of(url)
    return parts.scheme, parts.hostname, parts.port


def _is_public(host: str) -> bool:
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".local", ".internal", ".localhost"))


def _page() -> Exception:
    return refusal("there is a web page (to log in?) instead of the attachment; open it in Jira")


def _too_long(most_bytes: int) -> Exception:
    return refusal(f"the attachment is longer than {most_bytes:,} bytes; open it in Jira")

"""The addresses that a client may be pointed at."""

from urllib.parse import urlsplit

from integrations.errors import PermanentFailure

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def checked_base_url(system: str, url: str) -> str:
    """The address without a trailing slash.

    Every call carries a secret, so it goes over https; plain http is for a server on this machine alone.

    Raises:
        PermanentFailure: it is no http(s) address, or plain http to another machine.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise PermanentFailure(system, "its base URL must be an https:// address; correct it in the settings")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise PermanentFailure(system, "its base URL must use https, since every call carries a secret; use https://")
    return url.rstrip("/")

"""Taking apart the addresses (URLs) that people and other systems write. The standard library raises at some of them."""

from urllib.parse import SplitResult, urljoin, urlsplit

_NOTHING = urlsplit("")


def parts_of(address: str) -> SplitResult:
    """The address in its parts, whose ``port`` can be read; no scheme and no host where it is no address (``https://[x/y``)."""
    try:
        parts = urlsplit(address)
        # Reading a port that is no number raises as well.
        _ = parts.port
    except ValueError:
        return _NOTHING
    return parts


def joined(base: str, address: str) -> str:
    """The address as seen from another one; one that cannot be taken apart stays as it is."""
    try:
        return urljoin(base, address)
    except ValueError:
        return address

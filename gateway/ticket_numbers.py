"""Numbers of new tickets: random, or derived, so that the same request gets the same ticket."""

import base64
import hashlib
import secrets


def ticket_number(key: str | None) -> str:
    """The same for the same key; 40 random bits without one."""
    chosen = hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()[:5] if key else secrets.token_bytes(5)
    return f"T-{base64.b32encode(chosen).decode()}"

"""Reading what vendors send, tolerantly: recorded deliveries are messier than their schemas, so only the fields that are
needed are looked at, and each may be absent, empty or of another type.
"""

import hashlib
import json
from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import parse_qs

from domain.clean_text import clean_text
from domain.instants import in_utc, is_plausible
from domain.texts import cut

_MOST_FIELDS = 100


class Unreadable(Exception):
    """The delivery lacks what is needed to place it. The text names what, never its contents."""


def parse_json(raw: bytes) -> dict[str, Any]:
    """A JSON object.

    Raises:
        Unreadable: it is none, or nested too deep.
    """
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Unreadable("the body is no JSON") from error
    if not isinstance(value, dict):
        raise Unreadable("the body is no JSON object")
    return value


def parse_form(raw: bytes) -> dict[str, str]:
    """The fields of an URL-encoded form; of repeated ones the first.

    Raises:
        Unreadable: it is not UTF-8, or has too many fields.
    """
    try:
        fields = parse_qs(raw.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise Unreadable("the body is no form") from error
    return {name: values[0] for name, values in fields.items()}


def at(payload: object, *path: str | int) -> object:
    """What stands at that path of keys and list positions, or None."""
    for step in path:
        if isinstance(payload, dict) and isinstance(step, str):
            payload = payload.get(step)
        elif isinstance(payload, list) and isinstance(step, int) and 0 <= step < len(payload):
            payload = payload[step]
        else:
            return None
    return payload


def text_at(payload: object, *path: str | int, longest: int = 1_000) -> str | None:
    """The text at that path (a number counts as its digits), cut to ``longest``; None where there is none.

    Characters that are no text are left out (``domain.clean_text``).
    """
    value = at(payload, *path)
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value)[:longest]
    if not isinstance(value, str):
        return None
    whole = clean_text(value[:longest]).strip()
    return whole or None


def words_at(payload: object, *path: str | int, most: int) -> str | None:
    """What somebody wrote, at that path: within ``most`` bytes of UTF-8, and where it was longer its end says that it was cut."""
    words = text_at(payload, *path, longest=most + 1)
    return cut(words, most) if words is not None else None


def digest(*parts: str | bytes) -> str:
    """A short fingerprint of these parts, in order (32 hexadecimal digits)."""
    hashed = hashlib.sha256()
    for part in parts:
        piece = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        hashed.update(len(piece).to_bytes(8, "big") + piece)
    return hashed.hexdigest()[:32]


def signed_id(vendor: str, body: bytes) -> str:
    """The id by which a delivery is taken once, made of what the vendor signed: the body alone.

    The id in the vendor's header is not signed. Whoever recorded a delivery could send it again under another one. Each attempt has the
    same body, and what happens anew has another time in it.
    """
    return f"{vendor}/{digest(body)}"


def needed(text: str | None, field: str) -> str:
    """The text, which the payload must have.

    Raises:
        Unreadable: it has not.
    """
    if text is None:
        raise Unreadable(f"there is no {field}")
    return text


def moment_at(payload: object, *path: str | int, zone: tzinfo | None = None) -> datetime | None:
    """The instant at that path, in UTC; None where there is none that can be read and meant.

    Without ``zone`` it has to be written with its own.
    """
    text = text_at(payload, *path, longest=60)
    try:
        read = datetime.fromisoformat(text) if text is not None else None
    except ValueError:
        return None
    if read is None or (read.tzinfo is None and zone is None):
        return None
    at = in_utc(read if read.tzinfo is not None else read.replace(tzinfo=zone))
    return at if is_plausible(at) else None

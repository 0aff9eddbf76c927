"""Slack's cursor pagination (https://docs.slack.dev/apis/web-api/pagination)."""

import base64
import binascii
from typing import Any, TypeVar

from sandbox.slack.arguments import Arguments
from sandbox.slack.errors import SlackError

Item = TypeVar("Item")

MAX_LIMIT = 999


def page_of(items: list[Item], arguments: Arguments, default_limit: int) -> tuple[list[Item], str]:
    """The items of the wanted page, and the cursor of the next one (empty on the last).

    Raises:
        SlackError: ``invalid_cursor`` or ``invalid_limit``.
    """
    limit = arguments.number("limit", default_limit) or default_limit
    if not 1 <= limit <= 1000:
        raise SlackError("invalid_limit")
    start = _offset(arguments.text("cursor"))
    end = start + min(limit, MAX_LIMIT)
    cursor = base64.b64encode(f"offset:{end}".encode()).decode() if end < len(items) else ""
    return items[start:end], cursor


def page_metadata(cursor: str) -> dict[str, Any]:
    """The field with the next cursor."""
    return {"response_metadata": {"next_cursor": cursor}}


def _offset(cursor: str | None) -> int:
    if not cursor:
        return 0
    try:
        kind, _, offset = base64.b64decode(cursor, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise SlackError("invalid_cursor") from None
    if kind != "offset" or not offset.isdigit():
        raise SlackError("invalid_cursor")
    return int(offset)

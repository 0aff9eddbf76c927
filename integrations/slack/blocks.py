"""Block Kit blocks within Slack's limits.

Limits: https://docs.slack.dev/reference/block-kit/blocks (header 150, section 3000, field 2000, 10 fields, 10 context elements,
5 options of an overflow menu).
"""

from collections.abc import Sequence
from typing import Any

from integrations.slack.mrkdwn import shortened

Block = dict[str, Any]

_FIELDS = 10
_ELEMENTS = 10
_CHOICES = 5


def header(text: str) -> Block:
    """A heading; plain text, which Slack does not interpret."""
    return {"type": "header", "text": {"type": "plain_text", "text": shortened(text, 150), "emoji": True}}


def section(text: str) -> Block:
    """A paragraph."""
    return {"type": "section", "text": _mrkdwn(text, 3000)}


def fields(texts: Sequence[str]) -> Block:
    """Up to ten short texts in two columns."""
    return {"type": "section", "fields": [_mrkdwn(text, 2000) for text in texts[:_FIELDS]]}


def context(texts: Sequence[str]) -> Block:
    """Small print: up to ten texts."""
    return {"type": "context", "elements": [_mrkdwn(text, 2000) for text in texts[:_ELEMENTS]]}


def divider() -> Block:
    """A line across."""
    return {"type": "divider"}


def button(label: str, *, action_id: str, value: str, style: str | None = None) -> Block:
    """A button; ``style`` is ``primary``, ``danger`` or none."""
    element: Block = {
        "type": "button",
        "text": {"type": "plain_text", "text": label, "emoji": True},
        "action_id": action_id,
        "value": value,
    }
    return element if style is None else {**element, "style": style}


def overflow(choices: Sequence[tuple[str, str]], *, action_id: str) -> Block:
    """The menu behind three dots: up to five choices, each a label and a value."""
    options = [
        {"text": {"type": "plain_text", "text": label, "emoji": True}, "value": value}
        for label, value in choices[:_CHOICES]
    ]
    return {"type": "overflow", "action_id": action_id, "options": options}


def actions(buttons: Sequence[Block], *, block_id: str) -> Block:
    """A row of buttons."""
    return {"type": "actions", "block_id": block_id, "elements": list(buttons)}


def _mrkdwn(text: str, limit: int) -> Block:
    return {"type": "mrkdwn", "text": shortened(text, limit)}

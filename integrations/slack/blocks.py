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
_PARTS, _BARS, _LABEL, _TITLE = 6, 20, 20, 50


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


def pie(title: str, parts: Sequence[tuple[str, float]]) -> list[Block]:
    """A pie of what is above zero, the smallest parts taken together where there are more than six; no block without parts.

    Shape: https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block
    """
    shown = [(name, value) for name, value in parts if value > 0]
    if len(shown) > _PARTS:
        shown = [*shown[: _PARTS - 1], ("others", round(sum(value for _, value in shown[_PARTS - 1 :]), 2))]
    if not shown:
        return []
    segments = [{"label": shortened(name, _LABEL), "value": value} for name, value in shown]
    return [_chart(title, {"type": "pie", "segments": segments})]


def bars(title: str, what: str, counts: Sequence[tuple[str, float]]) -> list[Block]:
    """Bars, one for each count, up to twenty; no block without counts."""
    shown = [(shortened(name, _LABEL), value) for name, value in counts[:_BARS]]
    if not shown:
        return []
    series = {"name": shortened(what, _LABEL), "data": [{"label": name, "value": value} for name, value in shown]}
    axes = {"categories": [name for name, _ in shown], "y_label": what}
    return [_chart(title, {"type": "bar", "series": [series], "axis_config": axes})]


def _chart(title: str, chart: Block) -> Block:
    return {"type": "data_visualization", "title": shortened(title, _TITLE), "chart": chart}


def _mrkdwn(text: str, limit: int) -> Block:
    return {"type": "mrkdwn", "text": shortened(text, limit)}

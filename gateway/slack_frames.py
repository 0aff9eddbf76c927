"""The frames that forms stand in: a title, blocks, and the buttons at the bottom."""

from typing import Any

from gateway.slack_inputs import Block, plain_text
from gateway.slack_origin import Origin
from integrations.slack.blocks import section
from integrations.slack.mrkdwn import escaped, shortened

_LONGEST_TITLE = 24
LOOKING_UP = "tierline.looking_up"
"""The callback id of a form that cannot be sent."""


def framed(
    origin: Origin, callback: str, title: str, blocks: list[Block], *, submit: str | None = None
) -> dict[str, Any]:
    """A modal with these blocks; without ``submit`` it can only be closed."""
    view = {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": origin.metadata(),
        "title": plain_text(shortened(f"{title} {origin.ticket or ''}".strip(), _LONGEST_TITLE)),
        "close": plain_text("Cancel" if submit is not None else "Close"),
        "blocks": blocks,
    }
    return view if submit is None else {**view, "submit": plain_text(submit)}


def skeleton(origin: Origin, title: str) -> dict[str, Any]:
    """What opens within the trigger's three seconds, before anything is known."""
    about = origin.ticket if origin.ticket is not None else "the ticket"
    return framed(origin, LOOKING_UP, title, [section(f"⏳ Looking up {about} …")])


def told(origin: Origin, title: str, sentence: str) -> dict[str, Any]:
    """A form that only says something."""
    return framed(origin, LOOKING_UP, title, [section(escaped(sentence))])

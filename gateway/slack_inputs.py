"""The inputs that forms are made of, and reading what a person filled in."""

from collections.abc import Iterable, Sequence
from typing import Any

from gateway.payloads import at, text_at
from gateway.slack_text import unescaped
from integrations.slack.mrkdwn import shortened

VALUE = "value"
"""The action id of every input; the block's id (``tier``, ``reason``, …) says which one it is."""
LONGEST_INPUT = 3_000
"""Characters that Slack takes in one input: https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element"""
ANY = "any"
_MOST_OPTIONS = 100
_LONGEST_OPTION = 75
_LONGEST_VALUE = 150

Block = dict[str, Any]
Option = tuple[str, str]
"""What a person reads, and what is sent."""


class InputErrors(Exception):
    """What was filled in cannot be taken: a sentence for each input, by its block's id."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("the form is not complete")
        self.errors = errors


# --- making them ---------------------------------------------------------------------------------------------------


def text_input(
    block: str,
    label: str,
    *,
    initial: str | None = None,
    optional: bool = False,
    multiline: bool = True,
    longest: int = LONGEST_INPUT,
    hint: str | None = None,
    tells_change: bool = False,
) -> Block:
    """A text; ``tells_change`` has Slack tell when the person presses Enter in it."""
    element: Block = {"type": "plain_text_input", "action_id": VALUE, "multiline": multiline, "max_length": longest}
    if not optional:
        element["min_length"] = 1
    if initial:
        element["initial_value"] = initial[:longest]
    if tells_change:
        element["dispatch_action_config"] = {"trigger_actions_on": ["on_enter_pressed"]}
    return _input(block, label, element, optional=optional, hint=hint, tells_change=tells_change)


def select(
    block: str,
    label: str,
    options: Iterable[Option],
    *,
    initial: str | None = None,
    optional: bool = False,
    hint: str | None = None,
    tells_change: bool = False,
) -> Block:
    """One of some; ``initial`` is the value of the one that is chosen at first."""
    offered = [option(text, value) for text, value in options][:_MOST_OPTIONS]
    element: Block = {"type": "static_select", "action_id": VALUE, "options": offered}
    chosen = next((one for one in offered if one["value"] == initial), None)
    if chosen is not None:
        element["initial_option"] = chosen
    return _input(block, label, element, optional=optional, hint=hint, tells_change=tells_change)


def checkboxes(
    block: str, label: str, options: Sequence[Option], *, initial: Sequence[str] = (), tells_change: bool = False
) -> Block:
    """Any number of at most ten."""
    offered = [option(text, value) for text, value in options]
    element: Block = {"type": "checkboxes", "action_id": VALUE, "options": offered}
    chosen = [one for one in offered if one["value"] in initial]
    if chosen:
        element["initial_options"] = chosen
    return _input(block, label, element, optional=True, tells_change=tells_change)


def instant(block: str, label: str) -> Block:
    """A day and a time in the person's own time zone."""
    return _input(block, label, {"type": "datetimepicker", "action_id": VALUE}, optional=True)


def option(text: str, value: str) -> Block:
    """One of the things to choose from."""
    return {"text": plain_text(shortened(text, _LONGEST_OPTION)), "value": value[:_LONGEST_VALUE]}


def plain_text(text: str) -> Block:
    """Text that Slack does not interpret."""
    return {"type": "plain_text", "text": text, "emoji": False}


def _input(
    block: str,
    label: str,
    element: Block,
    *,
    optional: bool = False,
    hint: str | None = None,
    tells_change: bool = False,
) -> Block:
    made: Block = {"type": "input", "block_id": block, "label": plain_text(label), "element": element}
    if optional:
        made["optional"] = True
    if tells_change:
        made["dispatch_action"] = True
    if hint is not None:
        made["hint"] = plain_text(hint)
    return made


# --- reading them --------------------------------------------------------------------------------------------------


def typed(payload: object, block: str, longest: int = LONGEST_INPUT) -> str:
    """What was written there.

    Raises:
        InputErrors: nothing, or more than ``longest`` characters.
    """
    text = written(payload, block, longest)
    if not text:
        raise InputErrors({block: "Write something here."})
    return text


def written(payload: object, block: str, longest: int = LONGEST_INPUT) -> str:
    """What was written there, or nothing.

    Raises:
        InputErrors: more than ``longest`` characters.
    """
    text = text_at(payload, "view", "state", "values", block, VALUE, "value", longest=LONGEST_INPUT + 1) or ""
    text = unescaped(text).strip()
    if len(text) > longest:
        raise InputErrors({block: f"Write at most {longest} characters."})
    return text


def chosen(payload: object, block: str) -> str | None:
    """The value of what was chosen there; None for nothing, or for ``ANY``."""
    value = text_at(payload, "view", "state", "values", block, VALUE, "selected_option", "value")
    return None if value == ANY else value


def ticked(payload: object, block: str) -> tuple[str, ...]:
    """The values of the boxes that are ticked there."""
    boxes = at(payload, "view", "state", "values", block, VALUE, "selected_options")
    if not isinstance(boxes, list):
        return ()
    return tuple(value for box in boxes if (value := text_at(box, "value")) is not None)


def picked(payload: object, block: str) -> int | None:
    """The instant that was picked there, in seconds since 1970."""
    value = at(payload, "view", "state", "values", block, VALUE, "selected_date_time")
    return value if isinstance(value, int) and not isinstance(value, bool) else None

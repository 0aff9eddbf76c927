"""What a method of the Web API is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.slack.arguments import Arguments
from sandbox.slack.state import SlackState


@dataclass(frozen=True)
class Method:
    """One method: its work gives the fields beside ``ok`` of the answer, or raises a `SlackError`."""

    name: str
    work: Callable[[SlackState, Arguments], dict[str, Any]]
    scope: str | None = None
    """The bot scope that it needs; None for none."""
    needs_token: bool = True

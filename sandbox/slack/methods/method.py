"""What a method of the Web API is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.slack.arguments import Arguments
from sandbox.slack.state import SlackState

Scope = str | Callable[[SlackState, Arguments], str] | None


@dataclass(frozen=True)
class Method:
    """One method: its work gives the fields beside ``ok`` of the answer, or raises a `SlackError`."""

    name: str
    work: Callable[[SlackState, Arguments], dict[str, Any]]
    scope: Scope = None
    """The bot scope that it needs, or what finds it for a call; None for none."""
    caller: Literal["bot", "app"] | None = "bot"
    """Whose token it wants: the bot's or the app's own; None for none."""

    def scope_of(self, state: SlackState, arguments: Arguments) -> str | None:
        """The bot scope that this call needs."""
        return self.scope(state, arguments) if callable(self.scope) else self.scope


def of_conversation(right: Literal["read", "history", "manage"], field: str = "channel") -> Scope:
    """The scope for a right on the conversation that `field` names: it depends on what kind of conversation that is."""

    def scope(state: SlackState, arguments: Arguments) -> str:
        channel = state.channels.get(arguments.text(field) or "")
        kind = channel.kind if channel else "channels"
        if right == "manage":
            return "channels:manage" if kind == "channels" else f"{kind}:write"
        return f"{kind}:{right}"

    return scope

"""Signals that are never dropped.

The SDK drops a signal that it cannot decode, with one line in the log, and keeps one whose name it does not know for this run alone. Both
happen while two versions run: the older one gets what the newer one sent. Here the workflow's task fails instead. That is visible, changes
nothing, and is tried again until a worker runs that understands the signal.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, get_type_hints

from pydantic import ValidationError
from temporalio import workflow
from temporalio.common import RawValue

Host = TypeVar("Host")
Message = TypeVar("Message")


MESSAGE = "__tierline_message__"
"""The attribute of a handler that names the model of its message."""


class UnreadableSignal(Exception):
    """A signal that this version does not understand. The text names where, never what was sent. It fails the workflow's task."""


def signal(name: str) -> Callable[[Callable[[Host, Message], None]], Callable[[Host, Message], None]]:
    """``workflow.signal`` for a handler of one pydantic message: what cannot be decoded fails the task."""

    def decorate(handler: Callable[[Host, Message], None]) -> Callable[[Host, Message], None]:
        kind: Any = next(hint for argument, hint in get_type_hints(handler).items() if argument != "return")

        def receive(self: Host, raw: RawValue) -> None:
            try:
                message = workflow.payload_converter().from_payload(raw.payload, kind)
            except ValidationError as error:
                raise UnreadableSignal(f"the signal {name!r} cannot be read: {_what_is_wrong(error)}") from None
            handler(self, message)

        receive.__name__, receive.__doc__ = handler.__name__, handler.__doc__
        setattr(receive, MESSAGE, kind)
        # The SDK takes an annotated ``self`` for an argument.
        del receive.__annotations__["self"]
        # For callers it is the handler: they send the message itself.
        return workflow.signal(name=name)(receive)  # type: ignore[return-value]

    return decorate


class RefusesUnknownSignals:
    """A workflow whose task fails on a signal that it has no handler for."""

    @workflow.signal(dynamic=True)
    def unknown_signal(self, name: str, arguments: Sequence[RawValue]) -> None:
        """A newer version sent it, or an operator mistyped its name."""
        raise UnreadableSignal(f"there is no signal {name!r} in this version")


def _what_is_wrong(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_context=False, include_input=False)[:5]
    return "; ".join(f"{'.'.join(str(step) for step in each['loc'])}: {each['type']}" for each in found)

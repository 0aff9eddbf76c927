"""The way from Slack to the app: signed HTTP, or a web socket once one was connected.

In Slack an app is in Socket Mode or it is not (https://docs.slack.dev/apis/events-api/using-socket-mode): while none of its sockets is
open, nothing reaches it.

What differs is the envelope; the payload is the same, and so are the time limits and the retries.
"""

import json
from collections.abc import Awaitable, Callable

from sandbox.deliveries import Answer
from sandbox.slack.sockets import Envelope
from sandbox.slack.state import SlackState

Carry = Callable[[int, int | None], Awaitable[Answer | None]]


def carries_by_socket(state: SlackState) -> bool:
    """Whether what is sent now goes by socket, open or not."""
    return state.transport == "socket" or (state.transport == "auto" and state.sockets.were_used)


def is_reachable(state: SlackState) -> bool:
    """Whether there is any way to the app at the moment."""
    return bool(state.sockets.open) if carries_by_socket(state) else state.deliveries.gateway_url is not None


def by_socket(state: SlackState, envelope: Callable[[int, str], Envelope]) -> Carry:
    """How a delivery is carried by socket; it gives None where it has to go by HTTP.

    `envelope` makes the attempt's envelope of its number (0 is the first) and of the reason for the retry.
    """

    async def carry(attempt: int, last_status: int | None) -> Answer | None:
        if not carries_by_socket(state):
            return None
        reason = "" if attempt == 0 else "timeout" if last_status is None else "http_error"
        sent = envelope(attempt, reason)
        payload = (await state.sockets.deliver(sent)).get("payload")
        if payload is None or not sent.accepts_response_payload:
            # What comes back with an envelope that takes no answer is ignored, as Slack does.
            return Answer(200)
        return Answer(200, json.dumps(payload).encode(), {"content-type": "application/json"})

    return carry

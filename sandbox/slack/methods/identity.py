"""``api.test``, ``auth.test`` and ``apps.connections.open``."""

from typing import Any

from sandbox.slack.arguments import Arguments
from sandbox.slack.directory import BOT_ID, BOT_USER_ID, TEAM_ID
from sandbox.slack.errors import SlackError
from sandbox.slack.methods.method import Method
from sandbox.slack.state import SlackState


def api_test(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """Answers, or fails with the error that the caller asked for."""
    error = arguments.text("error")
    if error:
        raise SlackError(error, args={"error": error})
    return {"args": {}}


def auth_test(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """Who the token is."""
    return {
        "url": f"{state.base_url}/",
        "team": "acme",
        "user": state.users[BOT_USER_ID].name,
        "team_id": TEAM_ID,
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "is_enterprise_install": False,
    }


def open_connection(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``apps.connections.open``: the address of one web socket for Socket Mode."""
    return {"url": state.sockets.issue_address()}


IDENTITY = (
    Method("api.test", api_test, caller=None),
    Method("auth.test", auth_test),
    Method("apps.connections.open", open_connection, caller="app"),
)

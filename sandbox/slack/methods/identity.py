"""``api.test`` and ``auth.test``."""

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


IDENTITY = (Method("api.test", api_test, needs_token=False), Method("auth.test", auth_test))

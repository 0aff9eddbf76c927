"""The events that the app is told of (https://docs.slack.dev/apis/events-api), signed and sent to ``/slack/events``."""

import json
import secrets
from typing import Any

from sandbox.deliveries import SLACK_EVENTS, Delivery
from sandbox.signatures import slack_signature
from sandbox.slack.directory import BOT_USER_ID, TEAM_ID
from sandbox.slack.state import Message, SlackState

EVENTS_PATH = "/slack/events"


def emit_message(state: SlackState, message: Message) -> None:
    """Tells of a new message; of a person's message that names the app, once more as ``app_mention``."""
    shape = {
        **state.message_json(message, with_metadata=True),
        "channel": message.channel,
        "event_ts": message.ts,
        "channel_type": _channel_type(state, message.channel),
    }
    emit(state, shape)
    if not message.from_app and f"<@{BOT_USER_ID}>" in message.text:
        emit(state, {**shape, "type": "app_mention"})


def emit_message_changed(state: SlackState, message: Message, before: dict[str, Any]) -> None:
    """Tells of a changed message."""
    ts = state.next_ts()
    emit(
        state,
        {
            "type": "message",
            "subtype": "message_changed",
            "message": state.message_json(message, with_metadata=True),
            "previous_message": before,
            "channel": message.channel,
            "hidden": True,
            "ts": ts,
            "event_ts": ts,
            "channel_type": _channel_type(state, message.channel),
        },
    )


def emit_message_deleted(state: SlackState, message: Message, before: dict[str, Any]) -> None:
    """Tells of a deleted message."""
    ts = state.next_ts()
    emit(
        state,
        {
            "type": "message",
            "subtype": "message_deleted",
            "previous_message": before,
            "channel": message.channel,
            "hidden": True,
            "deleted_ts": message.ts,
            "ts": ts,
            "event_ts": ts,
            "channel_type": _channel_type(state, message.channel),
        },
    )


def emit_reaction_added(state: SlackState, message: Message, user_id: str, name: str) -> None:
    """Tells of a reaction."""
    emit(
        state,
        {
            "type": "reaction_added",
            "user": user_id,
            "reaction": name,
            "item": {"type": "message", "channel": message.channel, "ts": message.ts},
            "item_user": message.user,
            "event_ts": state.next_ts(),
        },
    )


def emit(state: SlackState, event: dict[str, Any]) -> None:
    """Wraps an event as Slack does and queues it if the app has subscribed to it; it is retried as Slack does."""
    if event["type"] not in state.subscriptions:
        return
    event_id = f"Ev0{secrets.token_hex(5).upper()}"
    app_id = state.credentials.slack_app_id
    envelope = {
        "token": state.verification_token,
        "team_id": TEAM_ID,
        "context_team_id": TEAM_ID,
        "context_enterprise_id": None,
        "api_app_id": app_id,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(state.clock()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM_ID,
                "user_id": BOT_USER_ID,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{secrets.token_urlsafe(24)}",
    }
    body = json.dumps(envelope).encode()
    secret = state.credentials.slack_signing_secret

    def headers(attempt: int, last_status: int | None) -> dict[str, str]:
        retry = {}
        if attempt:
            reason = "http_timeout" if last_status is None else "http_error"
            retry = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason}
        return {**slack_signature(secret, body, int(state.clock())), "Content-Type": "application/json", **retry}

    state.deliveries.send(
        Delivery(
            system="slack",
            id=event_id,
            event=str(event["type"]),
            path=EVENTS_PATH,
            body=body,
            policy=SLACK_EVENTS,
            headers=headers,
            queue="slack-events",
        )
    )


def _channel_type(state: SlackState, channel_id: str) -> str:
    return "im" if state.channels[channel_id].is_im else "channel"

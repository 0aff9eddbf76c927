"""The events that the app is told of (https://docs.slack.dev/apis/events-api), signed and sent to ``/slack/events``."""

import html
import json
import re
import secrets
from typing import Any
from urllib.parse import urlsplit

from sandbox.deliveries import SLACK_EVENTS, Delivery
from sandbox.signatures import slack_signature
from sandbox.slack.directory import BOT_USER_ID, TEAM_ID
from sandbox.slack.sockets import Envelope
from sandbox.slack.state import Message, SlackState
from sandbox.slack.transport import by_socket

EVENTS_PATH = "/slack/events"
_ADDRESS = re.compile(r"https?://[^\s<>|]+")


def emit_message(state: SlackState, message: Message) -> None:
    """Tells of a new message; of a person's message that names the app, once more as ``app_mention``."""
    shape = {
        **_told(state, state.message_json(message, with_metadata=True)),
        "channel": message.channel,
        "event_ts": message.ts,
        "channel_type": _channel_type(state, message.channel),
    }
    emit(state, shape, message.channel)
    if not message.from_app and f"<@{BOT_USER_ID}>" in message.text:
        emit(state, {**shape, "type": "app_mention"}, message.channel)
    links = [] if message.from_app else _links_of_ours(state, message.text)
    if links:
        emit_link_shared(state, message, links)


def emit_message_changed(state: SlackState, message: Message, before: dict[str, Any]) -> None:
    """Tells of a changed message."""
    ts = state.next_ts()
    emit(
        state,
        {
            "type": "message",
            "subtype": "message_changed",
            "message": _told(state, state.message_json(message, with_metadata=True)),
            "previous_message": _told(state, before),
            "channel": message.channel,
            "hidden": True,
            "ts": ts,
            "event_ts": ts,
            "channel_type": _channel_type(state, message.channel),
        },
        message.channel,
    )


def emit_message_deleted(state: SlackState, message: Message, before: dict[str, Any]) -> None:
    """Tells of a deleted message."""
    ts = state.next_ts()
    emit(
        state,
        {
            "type": "message",
            "subtype": "message_deleted",
            "previous_message": _told(state, before),
            "channel": message.channel,
            "hidden": True,
            "deleted_ts": message.ts,
            "ts": ts,
            "event_ts": ts,
            "channel_type": _channel_type(state, message.channel),
        },
        message.channel,
    )


def emit_reaction_added(state: SlackState, message: Message, user_id: str, name: str) -> None:
    """Tells of a reaction."""
    emit(state, _reaction(state, "reaction_added", message, user_id, name), message.channel)


def emit_reaction_removed(state: SlackState, message: Message, user_id: str, name: str) -> None:
    """Tells of a reaction that was taken back."""
    emit(state, _reaction(state, "reaction_removed", message, user_id, name), message.channel)


def emit_home_opened(state: SlackState, user_id: str, view: dict[str, Any] | None) -> None:
    """Tells that a person has opened the app's Home tab; `view` is what was published to it before."""
    channel, _ = state.direct_message(user_id)
    event: dict[str, Any] = {
        "type": "app_home_opened",
        "user": user_id,
        "channel": channel.id,
        "tab": "home",
        "event_ts": state.next_ts(),
    }
    emit(state, event | ({"view": view} if view else {}), channel.id)


def emit_link_shared(state: SlackState, message: Message, addresses: list[str]) -> None:
    """Tells of links to the app's own domains in a person's message (https://docs.slack.dev/reference/events/link_shared)."""
    event: dict[str, Any] = {
        "type": "link_shared",
        "channel": message.channel,
        "is_bot_user_member": BOT_USER_ID in state.channels[message.channel].members,
        "user": message.user,
        "message_ts": message.ts,
        "unfurl_id": f"C{message.channel}-{message.ts}",
        "source": "conversations_history",
        "links": [{"url": address, "domain": urlsplit(address).hostname} for address in addresses],
        "event_ts": state.next_ts(),
    }
    emit(state, event | ({"thread_ts": message.thread_ts} if message.thread_ts else {}), message.channel)


def emit(state: SlackState, event: dict[str, Any], channel_id: str | None = None) -> None:
    """Wraps an event as Slack does and queues it if the app has subscribed to it; it is retried as Slack does.

    Args:
        state: the workspace.
        event: the inner event.
        channel_id: the conversation that it happened in; with strangers in it the envelope says so.
    """
    unseen = channel_id is not None and BOT_USER_ID not in state.channels[channel_id].members
    if event["type"] not in state.subscriptions or (unseen and event["type"] != "link_shared"):
        # Slack tells an app of the conversations that it is in, and of links to its domains anywhere.
        return
    event_id = f"Ev0{secrets.token_hex(5).upper()}"
    envelope = {
        "token": state.verification_token,
        "team_id": TEAM_ID,
        "context_team_id": TEAM_ID,
        "context_enterprise_id": None,
        "api_app_id": state.credentials.slack_app_id,
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
        "is_ext_shared_channel": channel_id is not None and state.channels[channel_id].is_shared,
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
            carry=by_socket(
                state,
                lambda attempt, reason: Envelope(
                    "events_api", envelope, False, retry_attempt=attempt, retry_reason=reason
                ),
            ),
        )
    )


def _told(state: SlackState, shape: dict[str, Any]) -> dict[str, Any]:
    """A message as an event tells it: of another company's files it has the ids alone (https://docs.slack.dev/apis/slack-connect)."""
    told = {**shape}
    if "files" in shape:
        told["files"] = [_told_file(state, file) for file in shape["files"]]
    if "attachments" in shape:
        told["attachments"] = [_told(state, each) for each in shape["attachments"]]
    return told


def _told_file(state: SlackState, file: dict[str, Any]) -> dict[str, Any]:
    owner = state.users.get(str(file.get("user")))
    if owner is None or not owner.is_stranger:
        return file
    return {"id": file["id"], "created": file["created"], "mode": "file_access", "file_access": "check_file_info"}


def _links_of_ours(state: SlackState, text: str) -> list[str]:
    """The links to the app's domains, each once; a subdomain counts as its domain."""
    found = dict.fromkeys(html.unescape(address) for address in _ADDRESS.findall(text))
    return [address for address in found if _is_ours(state, urlsplit(address).hostname or "")]


def _is_ours(state: SlackState, host: str) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in state.unfurl_domains)


def _reaction(state: SlackState, kind: str, message: Message, user_id: str, name: str) -> dict[str, Any]:
    return {
        "type": kind,
        "user": user_id,
        "reaction": name,
        "item": {"type": "message", "channel": message.channel, "ts": message.ts},
        "item_user": message.user,
        "event_ts": state.next_ts(),
    }


def _channel_type(state: SlackState, channel_id: str) -> str:
    channel = state.channels[channel_id]
    return "im" if channel.is_im else "group" if channel.is_private else "channel"

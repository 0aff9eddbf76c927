"""What Slack sends to the app when a person does something, and what the person sees of the app's answer.

Commands, clicks and modals go out as signed forms and must be answered within three seconds
(https://docs.slack.dev/interactivity/handling-user-interaction).
"""

import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sandbox.deliveries import SLACK_INTERACTION, Answer, Delivery
from sandbox.signatures import slack_signature
from sandbox.slack import modals, posting
from sandbox.slack.blocks import interactive_elements
from sandbox.slack.directory import BOT_USER_ID, SLACKBOT_USER_ID, STRANGER_TEAM_DOMAIN, TEAM_DOMAIN, TEAM_ID, Channel
from sandbox.slack.errors import SlackError
from sandbox.slack.responses import show_answer
from sandbox.slack.sockets import Envelope
from sandbox.slack.state import Message, ResponseUrl, SlackState, View
from sandbox.slack.transport import by_socket, is_reachable
from sandbox.slack.typed_text import as_sent

COMMANDS_PATH = "/slack/commands"
INTERACTIVE_PATH = "/slack/interactive"
EVENTS_PATH = "/slack/events"


@dataclass(frozen=True)
class Outcome:
    """The app's answer, and the error that the person saw (None when all went well)."""

    status: int | None
    body: Any
    error: str | None = None

    def to_json(self) -> dict[str, Any]:
        """For the page and the tests."""
        return {"status": self.status, "body": self.body, "error": self.error}


async def send_command(state: SlackState, user_id: str, channel: Channel, command: str, text: str) -> Outcome:
    """A slash command; its answer, or the reason why there is none, appears in the channel."""
    user = state.user(user_id)
    response_url = state.issue_response_url("commands", channel.id, user_id)
    outcome = await _exchange(
        state,
        COMMANDS_PATH,
        "slash_command",
        {
            "token": state.verification_token,
            "team_id": user.team_id,
            "team_domain": STRANGER_TEAM_DOMAIN if user.is_stranger else TEAM_DOMAIN,
            "channel_id": channel.id,
            "channel_name": "directmessage" if channel.is_im else channel.name,
            "user_id": user.id,
            "user_name": user.name,
            "command": command,
            "text": as_sent(state, text),
            "api_app_id": state.credentials.slack_app_id,
            "is_enterprise_install": "false",
            "response_url": response_url,
            "trigger_id": state.issue_trigger(user_id),
        },
    )
    if outcome.error:
        _tell(state, channel.id, user_id, f'{command} failed with the error "{outcome.error}"')
        return outcome
    return _show_command_answer(state, channel, user_id, f"{command} {text}".strip(), outcome)


async def send_block_action(
    state: SlackState, user_id: str, message: Message, action: dict[str, Any], values: dict[str, Any]
) -> Outcome:
    """A click on a button or a choice in a select of a message."""
    channel = state.channel(message.channel)
    container: dict[str, Any] = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": message.visible_to is not None,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    payload = {
        "type": "block_actions",
        **_origin(state, user_id),
        "container": container,
        "trigger_id": state.issue_trigger(user_id),
        "channel": {"id": channel.id, "name": channel.name or "directmessage"},
        "state": {"values": values},
        "response_url": state.issue_response_url("actions", channel.id, user_id, message),
        "actions": [{**action, "action_ts": state.next_ts()}],
    }
    # Slack leaves the message out where nobody but the person has it.
    if message.visible_to is None:
        payload["message"] = state.message_json(message, with_metadata=True)
    outcome = await _interact(state, "block_actions", payload)
    if outcome.error:
        _tell(state, channel.id, user_id, _failure_words(outcome.error), message.thread_ts)
    return outcome


async def send_view_action(state: SlackState, view: View, action: dict[str, Any]) -> Outcome:
    """A click on a button or a choice in a select of a modal or of the Home tab."""
    payload = {
        "type": "block_actions",
        **_origin(state, view.user),
        "container": {"type": "view", "view_id": view.id},
        "trigger_id": state.issue_trigger(view.user, view.id),
        "view": modals.view_json(state, view),
        "actions": [{**action, "action_ts": state.next_ts()}],
    }
    return await _interact(state, "block_actions", payload)


async def send_submission(state: SlackState, view: View) -> Outcome:
    """The submit button of a modal; the answer closes, changes or refuses it."""
    payload = {
        "type": "view_submission",
        **_origin(state, view.user),
        "trigger_id": state.issue_trigger(view.user, view.id),
        "view": modals.view_json(state, view),
        "response_urls": _response_urls(state, view),
    }
    outcome = await _interact(state, "view_submission", payload)
    view.errors = {}
    if outcome.error is None:
        outcome = _apply_submission_answer(state, view, outcome)
    state.changed()
    return outcome


async def send_close(state: SlackState, view: View, *, whole_stack: bool = False) -> None:
    """The cancel button of a modal, or its cross, which closes all below it too; the app hears of it if it asked to."""
    whole_stack = whole_stack or bool(view.definition.get("clear_on_close"))
    payload = {
        "type": "view_closed",
        **_origin(state, view.user),
        "view": modals.view_json(state, view),
        "is_cleared": whole_stack,
        "response_urls": [],
    }
    modals.close_view(state, view, whole_stack=whole_stack)
    if view.definition.get("notify_on_close"):
        await _interact(state, "view_closed", payload)


async def send_global_shortcut(state: SlackState, user_id: str, callback_id: str) -> Outcome:
    """A global shortcut, from the menu beside the message line or from the search; it belongs to no channel."""
    payload = {
        "type": "shortcut",
        **_origin(state, user_id),
        "action_ts": state.next_ts(),
        "callback_id": callback_id,
        "trigger_id": state.issue_trigger(user_id),
    }
    return await _interact(state, "shortcut", payload)


async def send_message_shortcut(state: SlackState, user_id: str, message: Message, callback_id: str) -> Outcome:
    """A message shortcut from the menu of a message."""
    channel = state.channel(message.channel)
    payload = {
        "type": "message_action",
        **_origin(state, user_id),
        "action_ts": state.next_ts(),
        "callback_id": callback_id,
        "trigger_id": state.issue_trigger(user_id),
        "response_url": state.issue_response_url("actions", channel.id, user_id, message),
        "message_ts": message.ts,
        "channel": {"id": channel.id, "name": channel.name or "directmessage"},
        "message": state.message_json(message),
    }
    outcome = await _interact(state, "message_action", payload)
    if outcome.error:
        _tell(state, channel.id, user_id, _failure_words(outcome.error))
    return outcome


async def verify_events_url(state: SlackState, challenge: str) -> Outcome:
    """Slack's check of the events address: the app must send the challenge back."""
    body = json.dumps({"token": state.verification_token, "challenge": challenge, "type": "url_verification"}).encode()
    return await _deliver(state, EVENTS_PATH, "url_verification", body, "application/json", None)


def _response_urls(state: SlackState, view: View) -> list[dict[str, str]]:
    """An address for each conversation that was chosen in an input with ``response_url_enabled``."""
    urls = []
    for block in view.definition["blocks"]:
        for element in interactive_elements(block):
            if element.get("response_url_enabled"):
                block_id, action_id = str(block["block_id"]), str(element["action_id"])
                value = view.values.get(block_id, {}).get(action_id, {})
                channel_id = value.get("selected_conversation") or value.get("selected_channel")
                if channel_id:
                    url = state.issue_response_url("actions", channel_id, view.user)
                    urls.append(
                        {"block_id": block_id, "action_id": action_id, "channel_id": channel_id, "response_url": url}
                    )
    return urls


def _origin(state: SlackState, user_id: str) -> dict[str, Any]:
    user = state.user(user_id)
    return {
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id},
        "api_app_id": state.credentials.slack_app_id,
        "token": state.verification_token,
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
    }


async def _interact(state: SlackState, event: str, payload: dict[str, Any]) -> Outcome:
    return await _exchange(state, INTERACTIVE_PATH, event, {"payload": json.dumps(payload)})


async def _exchange(state: SlackState, path: str, event: str, form: dict[str, str]) -> Outcome:
    # A socket carries an answer of the app's to commands and to submitted modals; for the rest there are response URLs.
    envelope = Envelope(
        "slash_commands" if event == "slash_command" else "interactive",
        json.loads(form["payload"]) if "payload" in form else form,
        accepts_response_payload=event in ("slash_command", "view_submission"),
    )
    body = urlencode(form).encode()
    return await _deliver(state, path, event, body, "application/x-www-form-urlencoded", envelope)


async def _deliver(
    state: SlackState, path: str, event: str, body: bytes, content_type: str, envelope: Envelope | None
) -> Outcome:
    def headers(attempt: int, last_status: int | None) -> dict[str, str]:
        signature = slack_signature(state.credentials.slack_signing_secret, body, int(state.clock()))
        return {**signature, "Content-Type": content_type}

    if not (is_reachable(state) if envelope else state.deliveries.gateway_url):
        return Outcome(None, None, "dispatch_failed")
    delivery = Delivery(
        system="slack",
        id=state.next_ts(),
        event=event,
        path=path,
        body=body,
        policy=SLACK_INTERACTION,
        headers=headers,
        queue=f"slack-{event}",
        carry=by_socket(state, lambda attempt, reason: envelope) if envelope else None,
    )
    began = time.monotonic()
    answer = await state.deliveries.exchange(delivery)
    took = time.monotonic() - began
    if answer.status is None:
        error = "operation_timeout" if took >= SLACK_INTERACTION.timeout_s else "dispatch_failed"
        return Outcome(None, None, error)
    return Outcome(answer.status, _body(answer), None if answer.status == 200 else "dispatch_failed")


def _body(answer: Answer) -> Any:
    text = answer.body.decode("utf-8", "replace")
    if "json" in answer.headers.get("content-type", "") and text:
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _show_command_answer(state: SlackState, channel: Channel, user_id: str, typed: str, outcome: Outcome) -> Outcome:
    """An empty answer shows nothing; in_channel shows to all what was typed, and the answer."""
    answer = {"text": outcome.body} if isinstance(outcome.body, str) else outcome.body
    if not isinstance(answer, dict) or not any(answer.get(name) for name in ("text", "blocks", "attachments")):
        return outcome
    try:
        if answer.get("response_type") == "in_channel":
            posting.post(state, channel.id, user_id, posting.Content(typed))
        show_answer(state, ResponseUrl(channel.id, user_id, state.clock()), answer)
    except SlackError as refusal:
        command = typed.partition(" ")[0]
        _tell(state, channel.id, user_id, f'{command} failed with the error "{refusal.code}"')
        return Outcome(outcome.status, outcome.body, refusal.code)
    return outcome


def _apply_submission_answer(state: SlackState, view: View, outcome: Outcome) -> Outcome:
    answer = outcome.body if isinstance(outcome.body, dict) else {}
    try:
        match answer.get("response_action"):
            case None:
                modals.close_view(state, view)
            case "clear":
                modals.close_view(state, view, whole_stack=True)
            case "errors":
                view.errors = {str(block_id): str(words) for block_id, words in answer.get("errors", {}).items()}
            case "update":
                _record_view(state, "view_submission.update", modals.replace_view(state, view, answer.get("view")))
            case "push":
                _record_view(state, "view_submission.push", modals.push_view(state, view.user, answer.get("view")))
            case _:
                return Outcome(outcome.status, outcome.body, "invalid_response_action")
    except SlackError as refusal:
        return Outcome(outcome.status, outcome.body, refusal.code)
    return outcome


def _record_view(state: SlackState, operation: str, view: View) -> None:
    """What the app made of a modal by its answer is a write of its own, as by ``views.update``."""
    state.ledger.record("slack", operation, view.id, view.definition.get("external_id"), BOT_USER_ID, repeatable=True)


def _tell(state: SlackState, channel_id: str, user_id: str, text: str, thread_ts: str | None = None) -> None:
    """A line from Slackbot that only this person sees."""
    posting.post_ephemeral(
        state, channel_id, user_id, posting.Content(text), author=SLACKBOT_USER_ID, thread_ts=thread_ts
    )


def _failure_words(error: str) -> str:
    if error == "operation_timeout":
        return "Tierline took too long to answer (operation_timeout). Try again in a moment."
    return f"That did not work: Tierline could not be reached or refused ({error}). Try again in a moment."

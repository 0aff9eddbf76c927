"""``views.*``: modals and the Home tab."""

from typing import Any

from sandbox.slack import modals
from sandbox.slack.arguments import Arguments
from sandbox.slack.directory import BOT_USER_ID
from sandbox.slack.errors import SlackError
from sandbox.slack.methods.method import Method
from sandbox.slack.state import SlackState


def _definition(arguments: Arguments) -> Any:
    if not arguments.given("view"):
        raise SlackError("invalid_arguments", "missing required field: view")
    return arguments.structure("view", "invalid_json")


def _trigger(arguments: Arguments) -> str:
    return arguments.text("trigger_id") or arguments.text("interactivity_pointer") or arguments.required("trigger_id")


def open_view(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``views.open``."""
    definition = modals.checked_definition(state, _definition(arguments))
    trigger = state.exchange_trigger(_trigger(arguments))
    view = modals.open_view(state, trigger.user, definition)
    state.ledger.record("slack", "views.open", view.id, definition.get("external_id"), BOT_USER_ID)
    return {"view": modals.view_json(state, view)}


def push_view(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``views.push``."""
    definition = modals.checked_definition(state, _definition(arguments))
    trigger = state.exchange_trigger(_trigger(arguments))
    view = modals.push_view(state, trigger.user, definition)
    state.ledger.record("slack", "views.push", view.id, definition.get("external_id"), BOT_USER_ID)
    return {"view": modals.view_json(state, view)}


def update_view(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``views.update``; a ``hash`` that is not the view's own is refused."""
    definition = _definition(arguments)
    if not (arguments.given("view_id") or arguments.given("external_id")):
        raise SlackError("invalid_arguments", "missing required field: view_id or external_id")
    view = modals.find_view(state, arguments.text("view_id"), arguments.text("external_id"))
    wanted_hash = arguments.text("hash")
    if wanted_hash and wanted_hash != view.hash:
        raise SlackError("hash_conflict")
    modals.replace_view(state, view, definition)
    marker = view.definition.get("external_id")
    state.ledger.record("slack", "views.update", view.id, marker, BOT_USER_ID, repeatable=True)
    return {"view": modals.view_json(state, view)}


def publish_home(state: SlackState, arguments: Arguments) -> dict[str, Any]:
    """``views.publish``: the Home tab of one person."""
    user_id, definition = arguments.required("user_id"), _definition(arguments)
    view = modals.publish_home(state, state.user(user_id).id, definition, arguments.text("hash"))
    state.ledger.record("slack", "views.publish", view.id, user_id, BOT_USER_ID, repeatable=True)
    return {"view": modals.view_json(state, view)}


VIEWS = (
    Method("views.open", open_view),
    Method("views.push", push_view),
    Method("views.update", update_view),
    Method("views.publish", publish_home),
)

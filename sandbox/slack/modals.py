"""The stack of modals that each person has open, and the app's Home tab as each person sees it."""

import secrets
from typing import Any, Literal

from sandbox.slack import blocks as block_kit
from sandbox.slack.directory import BOT_ID, TEAM_ID
from sandbox.slack.errors import SlackError
from sandbox.slack.state import SlackState, View

MAX_DEPTH = 3
"""A root view and two pushed onto it (https://docs.slack.dev/surfaces/modals)."""


def view_json(state: SlackState, view: View) -> dict[str, Any]:
    """Slack's view object (https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload)."""
    definition = view.definition
    return {
        "id": view.id,
        "team_id": TEAM_ID,
        "type": definition["type"],
        "blocks": definition["blocks"],
        "private_metadata": definition.get("private_metadata") or "",
        "callback_id": definition.get("callback_id") or "",
        "state": {"values": view.values},
        "hash": view.hash,
        # Slack gives a Home tab this title; it has none of its own.
        "title": definition.get("title") or {"type": "plain_text", "text": "View Title", "emoji": True},
        "clear_on_close": bool(definition.get("clear_on_close")),
        "notify_on_close": bool(definition.get("notify_on_close")),
        "close": definition.get("close"),
        "submit": definition.get("submit"),
        "previous_view_id": view.previous_id,
        "root_view_id": view.root_id,
        "app_id": state.credentials.slack_app_id,
        "external_id": definition.get("external_id") or "",
        "app_installed_team_id": TEAM_ID,
        "bot_id": BOT_ID,
    }


def checked_definition(
    state: SlackState,
    definition: Any,
    replacing: View | None = None,
    surface: Literal["modal", "home"] = "modal",
) -> dict[str, Any]:
    """A view's definition with what Slack fills in.

    Raises:
        SlackError: ``invalid_arguments`` with what is wrong, or ``duplicate_external_id``.
    """
    findings = block_kit.find_view_errors(definition, surface)
    if findings:
        raise SlackError("invalid_arguments", *findings)
    external_id = definition.get("external_id")
    taken = [view for view in (*state.views.values(), *state.homes.values()) if view is not replacing]
    if external_id and any(view.definition.get("external_id") == external_id for view in taken):
        raise SlackError("duplicate_external_id")
    return {**definition, "blocks": block_kit.completed(definition["blocks"])}


def open_view(state: SlackState, user_id: str, definition: Any) -> View:
    """Opens a modal for a person; what was open before is gone."""
    checked = checked_definition(state, definition)
    for view_id in state.open_views.pop(user_id, []):
        state.views.pop(view_id, None)
    return _stack(state, user_id, checked)


def push_view(state: SlackState, user_id: str, definition: Any) -> View:
    """Puts a modal on top of the one that is open.

    Raises:
        SlackError: ``not_found`` when none is open, ``push_limit_reached``.
    """
    checked = checked_definition(state, definition)
    stack = state.open_views.get(user_id, [])
    if not stack:
        raise SlackError("not_found")
    if len(stack) >= MAX_DEPTH:
        raise SlackError("push_limit_reached")
    return _stack(state, user_id, checked)


def publish_home(state: SlackState, user_id: str, definition: Any, wanted_hash: str | None) -> View:
    """Makes the Home tab of one person, or changes it.

    Raises:
        SlackError: ``hash_conflict``, when `wanted_hash` is not the tab's own; the definition is wrong.
    """
    shown = state.homes.get(user_id)
    checked = checked_definition(state, definition, replacing=shown, surface="home")
    if shown is None:
        view_id = f"V0{secrets.token_hex(5).upper()}"
        shown = View(id=view_id, user=user_id, definition=checked, hash="", root_id=view_id)
        state.homes[user_id] = shown
    elif wanted_hash and wanted_hash != shown.hash:
        raise SlackError("hash_conflict")
    return _change(state, shown, checked)


def replace_view(state: SlackState, view: View, definition: Any) -> View:
    """Changes an open modal; what was typed stays where block and action id stay."""
    surface: Literal["modal", "home"] = "home" if view.definition["type"] == "home" else "modal"
    return _change(state, view, checked_definition(state, definition, replacing=view, surface=surface))


def _change(state: SlackState, view: View, checked: dict[str, Any]) -> View:
    view.definition = checked
    view.hash = _new_hash(state)
    view.errors = {}
    kept = {block.get("block_id") for block in checked["blocks"]}
    view.values = {block_id: values for block_id, values in view.values.items() if block_id in kept}
    state.changed()
    return view


def find_view(state: SlackState, view_id: str | None, external_id: str | None) -> View:
    """An open modal by Slack's id or by the app's.

    Raises:
        SlackError: ``not_found``.
    """
    for view in (*state.views.values(), *state.homes.values()):
        if view.id == view_id or (external_id and view.definition.get("external_id") == external_id):
            return view
    raise SlackError("not_found")


def close_view(state: SlackState, view: View, *, whole_stack: bool = False) -> None:
    """Closes a modal, or all that the person has open."""
    stack = state.open_views.get(view.user, [])
    closed = list(stack) if whole_stack else [view.id]
    for view_id in closed:
        state.views.pop(view_id, None)
        if view_id in stack:
            stack.remove(view_id)
    state.changed()


def _stack(state: SlackState, user_id: str, definition: dict[str, Any]) -> View:
    stack = state.open_views.setdefault(user_id, [])
    view_id = f"V0{secrets.token_hex(5).upper()}"
    view = View(
        id=view_id,
        user=user_id,
        definition=definition,
        hash=_new_hash(state),
        root_id=state.views[stack[0]].id if stack else view_id,
        previous_id=stack[-1] if stack else None,
    )
    state.views[view_id] = view
    stack.append(view_id)
    state.changed()
    return view


def _new_hash(state: SlackState) -> str:
    return f"{int(state.clock())}.{secrets.token_urlsafe(6)}"

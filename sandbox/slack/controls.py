"""The buttons, selects and inputs of Block Kit as a person uses them: what Slack reports of each."""

from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.slack.blocks import interactive_elements

_ONE_ID = {
    "users_select": "selected_user",
    "channels_select": "selected_channel",
    "conversations_select": "selected_conversation",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
}
_MANY_IDS = {
    "multi_users_select": "selected_users",
    "multi_channels_select": "selected_channels",
    "multi_conversations_select": "selected_conversations",
}
_ONE_OPTION = ("static_select", "radio_buttons", "overflow", "external_select")
_MANY_OPTIONS = ("checkboxes", "multi_static_select", "multi_external_select")
_WRITTEN = ("plain_text_input", "number_input", "email_text_input", "url_text_input")


class UnknownControl(Exception):
    """There is no such control, or it has no such option; the text says which."""


def find_control(
    blocks: Iterable[Mapping[str, Any]], action_id: str, block_id: str | None = None
) -> tuple[str, dict[str, Any]]:
    """The block id and the element of a control.

    Raises:
        UnknownControl: no block has it.
    """
    offered = []
    for block in blocks:
        for element in interactive_elements(block):
            offered.append(str(element.get("action_id")))
            if element.get("action_id") == action_id and block_id in (None, block.get("block_id")):
                return str(block.get("block_id")), element
    raise UnknownControl(f"no control has the action id {action_id!r}; there are: {', '.join(offered) or 'none'}")


def action_of(block_id: str, element: Mapping[str, Any], chosen: Any) -> dict[str, Any]:
    """The entry of ``actions`` for a use of this control; `chosen` is None for a button."""
    action: dict[str, Any] = {"type": element["type"], "action_id": element["action_id"], "block_id": block_id}
    if element["type"] == "button":
        action["text"] = element["text"]
        for name in ("value", "style", "url"):
            if name in element:
                action[name] = element[name]
        return action
    return {**action, **value_of(element, chosen), **_extras(element)}


def value_of(element: Mapping[str, Any], given: Any) -> dict[str, Any]:
    """What ``state.values`` holds for a control; `given` is text, an id, an option's value, or a list of these.

    Raises:
        UnknownControl: the control has no such option.
    """
    kind = element["type"]
    value: dict[str, Any] = {"type": kind}
    if kind in _WRITTEN:
        value["value"] = None if given in (None, "") else str(given)
    elif kind in _ONE_ID:
        value[_ONE_ID[kind]] = given or None
    elif kind in _MANY_IDS:
        value[_MANY_IDS[kind]] = list(given or [])
    elif kind in _ONE_OPTION:
        value["selected_option"] = _option(element, given) if given not in (None, "") else None
    elif kind in _MANY_OPTIONS:
        value["selected_options"] = [_option(element, each) for each in given or []]
    else:
        value["value"] = given
    return value


def initial_value(element: Mapping[str, Any]) -> dict[str, Any]:
    """What ``state.values`` holds before the person has touched the control."""
    kind = element["type"]
    if kind in _WRITTEN:
        return value_of(element, element.get("initial_value"))
    if kind in _ONE_OPTION:
        option = element.get("initial_option")
        return {"type": kind, "selected_option": option}
    if kind in _MANY_OPTIONS:
        return {"type": kind, "selected_options": list(element.get("initial_options") or [])}
    if kind in _ONE_ID:
        return value_of(element, element.get(f"initial_{_ONE_ID[kind].removeprefix('selected_')}"))
    if kind in _MANY_IDS:
        return value_of(element, element.get(f"initial_{_MANY_IDS[kind].removeprefix('selected_')}"))
    return value_of(element, None)


def is_empty(value: Mapping[str, Any]) -> bool:
    """Whether a control's value counts as not filled in."""
    return all(not content for name, content in value.items() if name != "type")


def collect_values(
    blocks: Iterable[Mapping[str, Any]],
    given: Mapping[str, Any],
    earlier: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, dict[str, Any]]:
    """``state.values`` of all controls but buttons.

    `given` is by block id and action id (``{"b": {"a": "text"}}``), or by either of them (``{"a": "text"}``). What is
    not given stays as it was `earlier`, else as the app has it at first.

    Raises:
        UnknownControl: a name or an option is none of the blocks'.
    """
    values: dict[str, dict[str, Any]] = {}
    known_names: set[str] = set()
    for block in blocks:
        block_id = str(block.get("block_id"))
        for element in interactive_elements(block):
            if element["type"] == "button":
                continue
            action_id = str(element["action_id"])
            known_names |= {block_id, action_id}
            entry = _given(given, block_id, action_id)
            before = (earlier or {}).get(block_id, {}).get(action_id)
            # A value of another kind of control is none of this one's.
            kept = before if before and before.get("type") == element["type"] else initial_value(element)
            value = value_of(element, entry["value"]) if entry else kept
            values.setdefault(block_id, {})[action_id] = value
    unknown = set(given) - known_names
    if unknown:
        known = [f"{block_id}.{action_id}" for block_id, actions in values.items() for action_id in actions]
        raise UnknownControl(f"no input is named {', '.join(sorted(unknown))}; there are: {', '.join(known) or 'none'}")
    return values


def missing_inputs(blocks: Iterable[Mapping[str, Any]], values: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The words under each input that must be filled in and is not, by block id; Slack's client checks this itself."""
    missing = {}
    for block in blocks:
        if block.get("type") == "input" and not block.get("optional"):
            entered = values.get(str(block.get("block_id")), {})
            if all(is_empty(value) for value in entered.values()):
                missing[str(block.get("block_id"))] = "Please complete this required field."
    return missing


def _given(given: Mapping[str, Any], block_id: str, action_id: str) -> dict[str, Any]:
    """What was given for a control, under ``value``; empty when nothing was. Both ids may be the same word."""
    entry = given.get(block_id)
    if isinstance(entry, Mapping):
        if action_id in entry:
            return {"value": entry[action_id]}
    elif block_id in given:
        return {"value": entry}
    alone = given.get(action_id)
    return {"value": alone} if action_id in given and not isinstance(alone, Mapping) else {}


def _option(element: Mapping[str, Any], wanted: Any) -> dict[str, Any]:
    groups = element.get("option_groups") or [{"options": element.get("options", [])}]
    options = [option for group in groups for option in group["options"]]
    for option in options:
        if option["value"] == wanted:
            return {"text": option["text"], "value": option["value"]}
    offered = ", ".join(option["value"] for option in options)
    raise UnknownControl(f"{element.get('action_id')!r} has no option {wanted!r}; it has: {offered}")


def _extras(element: Mapping[str, Any]) -> dict[str, Any]:
    return {"placeholder": element["placeholder"]} if "placeholder" in element else {}

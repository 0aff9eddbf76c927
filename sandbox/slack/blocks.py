"""Block Kit as Slack takes it: which blocks are refused, with Slack's own words, and what Slack adds to them.

The rules are those of https://docs.slack.dev/reference/block-kit. Each finding is a sentence of Slack's schema check
with the JSON pointer of the place, such as ``must be less than 3001 characters [json-pointer:/blocks/0/text/text]``.
"""

import copy
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Literal

from sandbox.slack.data_blocks import find_in_chart, find_in_data_table, find_in_table
from sandbox.slack.findings import Findings, find_in_items, find_in_length, find_in_text

Surface = Literal["message", "modal", "home"]

MAX_BLOCKS: dict[Surface, int] = {"message": 50, "modal": 100, "home": 100}
MAX_CHARTS = 2
MAX_SECTION_TEXT = 3000
MAX_FIELD_TEXT = 2000
MAX_HEADER_TEXT = 150
MAX_BUTTON_TEXT = 75
MAX_OPTION_TEXT = 75
MAX_ID = 255
MAX_BUTTON_VALUE = 2000
MAX_FIELDS = 10
MAX_CONTEXT_ELEMENTS = 10
MAX_ACTION_ELEMENTS = 25
MAX_OPTIONS = 100
MAX_TITLE = 24
MAX_PRIVATE_METADATA = 3000
MAX_INPUT_TEXT = 3000

_SELECTS = (
    "static_select",
    "users_select",
    "conversations_select",
    "channels_select",
    "external_select",
    "multi_static_select",
    "multi_users_select",
    "multi_conversations_select",
    "multi_channels_select",
    "multi_external_select",
)
_CHOICES = ("checkboxes", "radio_buttons", "overflow")
_INPUTS_ONLY = (
    "plain_text_input",
    "number_input",
    "email_text_input",
    "url_text_input",
    "rich_text_input",
    "file_input",
)
_PICKERS = ("datepicker", "timepicker", "datetimepicker")
_RICH_ELEMENTS = ("rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted")
_RICH_PARTS = ("text", "link", "user", "usergroup", "channel", "emoji", "date", "broadcast", "color", "team")
_INTERACTIVE = ("button", *_SELECTS, *_CHOICES, *_PICKERS)


def find_errors(blocks: Any, surface: Surface, pointer: str = "/blocks") -> list[str]:
    """What Slack would say against these blocks; empty when it would take them."""
    if not isinstance(blocks, list):
        return [f"must be an array [json-pointer:{pointer}]"]
    limit = MAX_BLOCKS[surface]
    if len(blocks) > limit:
        return [f"no more than {limit} items allowed [json-pointer:{pointer}]"]
    findings = [
        finding for index, block in enumerate(blocks) for finding in _block(block, surface, f"{pointer}/{index}")
    ]
    findings.extend(_repeated_ids(blocks, pointer))
    findings.extend(_too_many(blocks, pointer))
    return findings


def find_view_errors(view: Any, surface: Literal["modal", "home"] = "modal") -> list[str]:
    """What Slack would say against the definition of a modal or of a Home tab; empty when it would take it."""
    if not isinstance(view, dict):
        return ["must be a valid JSON object [json-pointer:/view]"]
    findings: list[str] = []
    if view.get("type") != surface:
        findings.append(f"unsupported type: only {surface} views can be given here [json-pointer:/view/type]")
    if surface == "modal":
        findings.extend(find_in_text(view.get("title"), "/view/title", MAX_TITLE, plain_only=True))
        for name in ("submit", "close"):
            if view.get(name) is not None:
                findings.extend(find_in_text(view[name], f"/view/{name}", MAX_TITLE, plain_only=True))
    findings.extend(find_in_length(view.get("private_metadata"), "/view/private_metadata", MAX_PRIVATE_METADATA))
    findings.extend(find_in_length(view.get("callback_id"), "/view/callback_id", MAX_ID))
    findings.extend(find_in_length(view.get("external_id"), "/view/external_id", MAX_ID))
    if "blocks" not in view:
        findings.append("missing required field: blocks [json-pointer:/view]")
    else:
        findings.extend(find_errors(view["blocks"], surface, "/view/blocks"))
    has_input = not findings and any(block["type"] == "input" for block in view["blocks"])
    if surface == "modal" and has_input and not view.get("submit"):
        findings.append("missing required field: submit, which a view with input blocks needs [json-pointer:/view]")
    return findings


def completed(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A copy with what Slack fills in: block and action ids, ``emoji`` and ``verbatim`` of texts."""
    copied: list[dict[str, Any]] = copy.deepcopy(blocks)
    for block in copied:
        if not block.get("block_id"):
            block["block_id"] = secrets.token_urlsafe(3)
        for element in interactive_elements(block):
            if not element.get("action_id"):
                element["action_id"] = secrets.token_urlsafe(4)
        _complete_texts(block)
    return copied


def interactive_elements(block: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The elements of a block that a person can use: buttons, selects, inputs."""
    kind = block.get("type")
    if kind == "actions":
        return [element for element in block.get("elements", []) if isinstance(element, dict)]
    nested = block.get("accessory") if kind == "section" else block.get("element") if kind == "input" else None
    return [nested] if isinstance(nested, dict) and nested.get("type") != "image" else []


def _complete_texts(node: Any) -> None:
    if isinstance(node, list):
        for item in node:
            _complete_texts(item)
    elif isinstance(node, dict):
        if isinstance(node.get("text"), str):
            if node.get("type") == "plain_text":
                node.setdefault("emoji", True)
            elif node.get("type") == "mrkdwn":
                node.setdefault("verbatim", False)
        for value in node.values():
            _complete_texts(value)


def _block(block: Any, surface: Surface, at: str) -> Findings:
    if not isinstance(block, dict):
        yield f"must be a valid JSON object [json-pointer:{at}]"
        return
    kind = block.get("type")
    if kind is None:
        yield f"missing required field: type [json-pointer:{at}]"
        return
    check = _BLOCKS.get(kind)
    if check is None or (kind == "input" and surface == "message" and _is_unusable_in_message(block)):
        yield f"unsupported type: {kind} [json-pointer:{at}/type]"
        return
    yield from find_in_length(block.get("block_id"), f"{at}/block_id", MAX_ID)
    yield from check(block, at)


def _is_unusable_in_message(block: Mapping[str, Any]) -> bool:
    return isinstance(block.get("element"), dict) and block["element"].get("type") == "file_input"


def _header(block: Mapping[str, Any], at: str) -> Findings:
    yield from find_in_text(block.get("text"), f"{at}/text", MAX_HEADER_TEXT, plain_only=True)


def _section(block: Mapping[str, Any], at: str) -> Findings:
    if "text" not in block and "fields" not in block:
        yield f"must provide a string or fields [json-pointer:{at}]"
    if "text" in block:
        yield from find_in_text(block["text"], f"{at}/text", MAX_SECTION_TEXT)
    if "fields" in block:
        yield from find_in_items(
            block["fields"],
            f"{at}/fields",
            MAX_FIELDS,
            lambda entry, place: find_in_text(entry, place, MAX_FIELD_TEXT),
        )
    if "accessory" in block:
        yield from _element(block["accessory"], f"{at}/accessory", (*_INTERACTIVE, "image"))


def _context(block: Mapping[str, Any], at: str) -> Findings:
    yield from find_in_items(block.get("elements"), f"{at}/elements", MAX_CONTEXT_ELEMENTS, _context_element)


def _context_element(element: Any, at: str) -> Findings:
    if isinstance(element, dict) and element.get("type") == "image":
        yield from _image(element, at)
    else:
        yield from find_in_text(element, at, MAX_SECTION_TEXT)


def _actions(block: Mapping[str, Any], at: str) -> Findings:
    yield from find_in_items(
        block.get("elements"),
        f"{at}/elements",
        MAX_ACTION_ELEMENTS,
        lambda element, place: _element(element, place, _INTERACTIVE),
    )


def _input(block: Mapping[str, Any], at: str) -> Findings:
    yield from find_in_text(block.get("label"), f"{at}/label", 2000, plain_only=True)
    if block.get("hint") is not None:
        yield from find_in_text(block["hint"], f"{at}/hint", 2000, plain_only=True)
    for name in ("optional", "dispatch_action"):
        if not isinstance(block.get(name, False), bool):
            yield f"must be a boolean [json-pointer:{at}/{name}]"
    if "element" not in block:
        yield f"missing required field: element [json-pointer:{at}]"
    else:
        allowed = (*_SELECTS, "checkboxes", "radio_buttons", *_PICKERS, *_INPUTS_ONLY)
        yield from _element(block["element"], f"{at}/element", allowed)


def _image(block: Mapping[str, Any], at: str) -> Findings:
    if not isinstance(block.get("image_url"), str) and not isinstance(block.get("slack_file"), dict):
        yield f"missing required field: image_url [json-pointer:{at}]"
    if not isinstance(block.get("alt_text"), str):
        yield f"missing required field: alt_text [json-pointer:{at}]"
    yield from find_in_length(block.get("alt_text"), f"{at}/alt_text", 2000)


def _rich_text(block: Mapping[str, Any], at: str) -> Findings:
    yield from find_in_items(block.get("elements"), f"{at}/elements", 1000, _rich_element)


def _rich_element(element: Any, at: str) -> Findings:
    kind = element.get("type") if isinstance(element, dict) else None
    if kind not in _RICH_ELEMENTS:
        yield f"unsupported type: {kind} [json-pointer:{at}/type]"
    elif kind == "rich_text_list":
        if element.get("style") not in ("bullet", "ordered"):
            yield f"must be a valid enum value [json-pointer:{at}/style]"
        yield from find_in_items(element.get("elements"), f"{at}/elements", 1000, _rich_element)
    elif not isinstance(element.get("elements"), list):
        yield f"missing required field: elements [json-pointer:{at}]"
    else:
        for index, part in enumerate(element["elements"]):
            if not isinstance(part, dict) or part.get("type") not in _RICH_PARTS:
                found = part.get("type") if isinstance(part, dict) else part
                yield f"unsupported type: {found} [json-pointer:{at}/elements/{index}/type]"


def _markdown(block: Mapping[str, Any], at: str) -> Findings:
    if not isinstance(block.get("text"), str) or not block["text"]:
        yield f"missing required field: text [json-pointer:{at}]"
    yield from find_in_length(block.get("text"), f"{at}/text", 12_000)


def _divider(block: Mapping[str, Any], at: str) -> Findings:
    yield from ()


_BLOCKS: dict[str, Callable[[Mapping[str, Any], str], Findings]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "divider": _divider,
    "image": _image,
    "input": _input,
    "rich_text": _rich_text,
    "markdown": _markdown,
    "table": find_in_table,
    "data_table": find_in_data_table,
    "data_visualization": find_in_chart,
}


def _element(element: Any, at: str, allowed: tuple[str, ...]) -> Findings:
    if not isinstance(element, dict):
        yield f"must be a valid JSON object [json-pointer:{at}]"
        return
    kind = element.get("type")
    if kind is None:
        yield f"missing required field: type [json-pointer:{at}]"
        return
    if kind not in allowed:
        yield f"unsupported type: {kind} [json-pointer:{at}/type]"
        return
    if kind == "image":
        yield from _image(element, at)
        return
    yield from find_in_length(element.get("action_id"), f"{at}/action_id", MAX_ID)
    if "placeholder" in element:
        yield from find_in_text(element["placeholder"], f"{at}/placeholder", 150, plain_only=True)
    if "confirm" in element:
        yield from _confirm(element["confirm"], f"{at}/confirm")
    if kind == "button":
        yield from _button(element, at)
    elif kind in ("static_select", "multi_static_select"):
        yield from _static_options(element, at)
    elif kind in _CHOICES:
        limit = 5 if kind == "overflow" else 10
        yield from find_in_items(element.get("options"), f"{at}/options", limit, _option)
    elif kind in _PICKERS:
        yield from _picker(element, at)
    elif kind == "plain_text_input":
        yield from _text_input(element, at)
    yield from _initial_options(element, at)


def _button(element: Mapping[str, Any], at: str) -> Findings:
    yield from find_in_text(element.get("text"), f"{at}/text", MAX_BUTTON_TEXT, plain_only=True)
    yield from find_in_length(element.get("value"), f"{at}/value", MAX_BUTTON_VALUE)
    yield from find_in_length(element.get("url"), f"{at}/url", 3000)
    if element.get("style") not in (None, "primary", "danger"):
        yield f"must be a valid enum value [json-pointer:{at}/style]"


def _picker(element: Mapping[str, Any], at: str) -> Findings:
    date, clock, instant = (element.get(f"initial_{name}") for name in ("date", "time", "date_time"))
    if date is not None and not re.fullmatch(r"\d{4}-\d\d-\d\d", str(date)):
        yield f"must be a date of the form YYYY-MM-DD [json-pointer:{at}/initial_date]"
    if clock is not None and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", str(clock)):
        yield f"must be a time of the form HH:mm [json-pointer:{at}/initial_time]"
    if instant is not None and not (type(instant) is int and 10**9 <= instant < 10**10):
        yield f"must be a time stamp of ten digits [json-pointer:{at}/initial_date_time]"


def _text_input(element: Mapping[str, Any], at: str) -> Findings:
    yield from find_in_length(element.get("initial_value"), f"{at}/initial_value", MAX_INPUT_TEXT)
    for name, least in (("min_length", 0), ("max_length", 1)):
        wanted = element.get(name)
        if wanted is not None and not (type(wanted) is int and least <= wanted <= MAX_INPUT_TEXT):
            yield f"must be between {least} and {MAX_INPUT_TEXT} [json-pointer:{at}/{name}]"


def _initial_options(element: Mapping[str, Any], at: str) -> Findings:
    """What is chosen from the beginning must be one of the options, to the letter."""
    groups = element.get("option_groups") or [{"options": element.get("options")}]
    offered = [option for group in groups if isinstance(group, dict) for option in group.get("options") or []]
    chosen = element.get("initial_options") or ([element["initial_option"]] if element.get("initial_option") else [])
    if offered and any(option not in offered for option in chosen):
        name = "initial_options" if element.get("initial_options") else "initial_option"
        yield f"must be one of the provided options [json-pointer:{at}/{name}]"


def _static_options(element: Mapping[str, Any], at: str) -> Findings:
    if "options" in element:
        yield from find_in_items(element["options"], f"{at}/options", MAX_OPTIONS, _option)
    elif "option_groups" in element:
        yield from find_in_items(element["option_groups"], f"{at}/option_groups", MAX_OPTIONS, _option_group)
    else:
        yield f"missing required field: options [json-pointer:{at}]"


def _option(option: Any, at: str) -> Findings:
    if not isinstance(option, dict):
        yield f"must be a valid JSON object [json-pointer:{at}]"
        return
    yield from find_in_text(option.get("text"), f"{at}/text", MAX_OPTION_TEXT)
    if not isinstance(option.get("value"), str):
        yield f"missing required field: value [json-pointer:{at}]"
    yield from find_in_length(option.get("value"), f"{at}/value", 150)
    if option.get("description") is not None:
        yield from find_in_text(option["description"], f"{at}/description", MAX_OPTION_TEXT)


def _option_group(group: Any, at: str) -> Findings:
    if not isinstance(group, dict):
        yield f"must be a valid JSON object [json-pointer:{at}]"
        return
    yield from find_in_text(group.get("label"), f"{at}/label", 75, plain_only=True)
    yield from find_in_items(group.get("options"), f"{at}/options", MAX_OPTIONS, _option)


def _confirm(confirm: Any, at: str) -> Findings:
    if not isinstance(confirm, dict):
        yield f"must be a valid JSON object [json-pointer:{at}]"
        return
    yield from find_in_text(confirm.get("title"), f"{at}/title", 100, plain_only=True)
    yield from find_in_text(confirm.get("text"), f"{at}/text", 300)
    for name in ("confirm", "deny"):
        yield from find_in_text(confirm.get(name), f"{at}/{name}", 30, plain_only=True)


def _too_many(blocks: list[Any], pointer: str) -> Findings:
    """Of some blocks a message takes only so many."""
    kinds = [block.get("type") for block in blocks if isinstance(block, dict)]
    if kinds.count("data_visualization") > MAX_CHARTS:
        yield f"no more than {MAX_CHARTS} data_visualization blocks allowed [json-pointer:{pointer}]"
    if kinds.count("table") > 1:
        yield f"only_one_table_allowed [json-pointer:{pointer}]"


def _repeated_ids(blocks: list[Any], pointer: str) -> Findings:
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        name = block.get("block_id") if isinstance(block, dict) else None
        if isinstance(name, str) and name:
            if name in seen:
                yield f"block_id must be unique: {name} [json-pointer:{pointer}/{index}/block_id]"
            seen.add(name)
        actions: set[str] = set()
        for element in interactive_elements(block) if isinstance(block, dict) else []:
            action = element.get("action_id")
            if isinstance(action, str) and action:
                if action in actions:
                    yield f'`action_id` "{action}" already exists [json-pointer:{pointer}/{index}/elements]'
                actions.add(action)

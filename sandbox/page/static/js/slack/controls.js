// The buttons, selects and inputs of Block Kit.

import { h } from "../dom.js";
import { ask } from "../dialog.js";
import { directory } from "./directory.js";
import { plain, textObject } from "./mrkdwn.js";

const DATES = { datepicker: "date", timepicker: "time", datetimepicker: "datetime-local" };
const WRITTEN = { plain_text_input: "text", number_input: "number", email_text_input: "email", url_text_input: "url" };
let serial = 0;

/**
 * One control. `use(element, blockId, value)` is called when it acts by itself (a button, or a choice outside a form).
 * The node keeps its names in `data-action` and `data-block`, and gives its value through `valueOf(node)`.
 */
export function control(element, blockId, use, options = {}) {
  const node = build(element, blockId, use, options);
  node.dataset.action = element.action_id;
  node.dataset.block = blockId;
  node.dataset.kind = element.type;
  return node;
}

/** What stands in the controls below a node, by block id and action id; buttons have no value. */
export function valuesBelow(root) {
  const values = {};
  for (const node of root.querySelectorAll("[data-action]")) {
    if (node.dataset.kind === "button" || node.dataset.kind === "overflow") continue;
    (values[node.dataset.block] ??= {})[node.dataset.action] = valueOf(node);
  }
  return values;
}

/** Puts values back that were taken with `valuesBelow`. */
export function restore(root, values) {
  for (const node of root.querySelectorAll("[data-action]")) {
    const value = values[node.dataset.block]?.[node.dataset.action];
    if (value === undefined) continue;
    const boxes = node.querySelectorAll("input[type=checkbox], input[type=radio]");
    if (boxes.length) for (const box of boxes) box.checked = [].concat(value ?? []).includes(box.value);
    else if (node.multiple) for (const option of node.options) option.selected = value.includes(option.value);
    else if ("value" in node) node.value = value ?? "";
  }
}

function valueOf(node) {
  const kind = node.dataset.kind;
  if (kind === "checkboxes") return [...node.querySelectorAll("input:checked")].map((box) => box.value);
  if (kind === "radio_buttons") return node.querySelector("input:checked")?.value ?? null;
  if (kind.startsWith("multi_")) return [...node.selectedOptions].map((option) => option.value);
  if (kind === "datetimepicker") return node.value ? Math.floor(new Date(node.value).getTime() / 1000) : null;
  return node.value || null;
}

function build(element, blockId, use, options) {
  const kind = element.type;
  if (kind === "button") return button(element, blockId, use);
  if (kind === "overflow") return overflow(element, blockId, use);
  if (kind === "checkboxes" || kind === "radio_buttons") return choices(element, blockId, use, options);
  if (kind.endsWith("_select")) return select(element, blockId, use, options);
  if (DATES[kind]) return picker(element, blockId, use, options);
  return textInput(element, blockId, use, options);
}

function button(element, blockId, use) {
  const act = async () => {
    if (element.url) window.open(element.url, "_blank", "noopener");
    if (element.confirm && !(await confirmed(element.confirm))) return;
    node.disabled = true;
    try {
      await use(element, blockId, null);
    } finally {
      node.disabled = false;
    }
  };
  const label = element.accessibility_label ?? null;
  const props = { type: "button", class: `button ${element.style ?? ""}`, "aria-label": label, on: { click: act } };
  const node = h("button", props, plain(element.text.text));
  return node;
}

function confirmed(confirm) {
  return ask({
    title: textObject(confirm.title),
    body: textObject(confirm.text),
    yes: textObject(confirm.confirm),
    no: textObject(confirm.deny),
    danger: confirm.style === "danger",
  });
}

function acting(element, blockId, use, options, value) {
  if (options.inForm) return undefined;
  return async (event) => {
    if (element.confirm && !(await confirmed(element.confirm))) return;
    await use(element, blockId, value(event));
  };
}

function select(element, blockId, use, options) {
  const many = element.type.startsWith("multi_");
  const source = element.type.replace(/^multi_/, "");
  const initial = initialIds(element);
  const entries = optionEntries(element, source);
  const placeholder = element.placeholder?.text ?? "Select an option";
  const change = acting(element, blockId, use, options, () => valueOf(node));
  const node = h(
    "select",
    {
      class: "select",
      multiple: many,
      size: many ? Math.min(entries.flatMap((e) => e.options ?? [e]).length, 6) : null,
      "aria-label": options.labelled ? null : placeholder,
      id: options.id,
      on: change ? { change } : {},
    },
    many ? null : h("option", { value: "", selected: initial.length === 0 }, placeholder),
    entries.map((entry) =>
      entry.options
        ? h("optgroup", { label: entry.label }, entry.options.map((each) => option(each, initial)))
        : option(entry, initial),
    ),
  );
  return node;
}

function option(entry, initial) {
  return h("option", { value: entry.value, selected: initial.includes(entry.value) }, entry.text);
}

function optionEntries(element, source) {
  if (source === "users_select") {
    return directory.users().filter((u) => u.name !== "slackbot").map((u) => ({ value: u.id, text: `${u.real_name} (${u.name})` }));
  }
  if (source === "channels_select" || source === "conversations_select") {
    return directory.channels().filter((c) => c.name).map((c) => ({ value: c.id, text: `#${c.name}` }));
  }
  const shape = (each) => ({ value: each.value, text: plain(each.text.text)[0] });
  if (element.option_groups) {
    return element.option_groups.map((group) => ({ label: group.label.text, options: group.options.map(shape) }));
  }
  return (element.options ?? []).map(shape);
}

function initialIds(element) {
  const one = element.initial_option?.value ?? element.initial_user ?? element.initial_channel ?? element.initial_conversation;
  const many = element.initial_options?.map((each) => each.value) ?? element.initial_users ?? element.initial_channels;
  return many ?? (one === undefined ? [] : [one]);
}

function choices(element, blockId, use, options) {
  const type = element.type === "checkboxes" ? "checkbox" : "radio";
  const initial = initialIds(element);
  const name = `choice-${(serial += 1)}`;
  const change = acting(element, blockId, use, options, () => valueOf(node));
  const node = h(
    "div",
    { class: "choices", role: type === "radio" ? "radiogroup" : "group", "aria-labelledby": options.labelId, on: change ? { change } : {} },
    (element.options ?? []).map((each) =>
      h(
        "label",
        { class: "choice" },
        h("input", { type, name, value: each.value, checked: initial.includes(each.value) }),
        h("span", {}, textObject(each.text), each.description ? h("small", {}, textObject(each.description)) : null),
      ),
    ),
  );
  return node;
}

function overflow(element, blockId, use) {
  const change = async (event) => {
    const chosen = event.target.value;
    event.target.value = "";
    if (chosen) await use(element, blockId, chosen);
  };
  return h(
    "select",
    { class: "select overflow", "aria-label": "More actions", on: { change } },
    h("option", { value: "", selected: true }, "⋯"),
    element.options.map((each) => h("option", { value: each.value }, plain(each.text.text))),
  );
}

function picker(element, blockId, use, options) {
  const change = acting(element, blockId, use, options, () => valueOf(node));
  let initial = element.initial_date ?? element.initial_time ?? "";
  if (element.initial_date_time) {
    const local = new Date(element.initial_date_time * 1000);
    initial = new Date(local.getTime() - local.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
  }
  const label = options.labelled ? null : element.placeholder?.text ?? "Choose";
  const props = { type: DATES[element.type], class: "input", value: initial, "aria-label": label, id: options.id, on: change ? { change } : {} };
  const node = h("input", props);
  return node;
}

function textInput(element, blockId, use, options) {
  // Outside a form each word is told: at once, or as the person leaves the input or presses Enter.
  const when = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const act = acting(element, blockId, use, options, () => valueOf(node));
  const common = {
    on: act ? { [when.includes("on_character_entered") ? "input" : "change"]: act } : {},
    class: "input",
    id: options.id,
    placeholder: element.placeholder?.text ?? null,
    maxlength: element.max_length ?? null,
    value: element.initial_value ?? "",
    autofocus: element.focus_on_load ?? null,
  };
  const node = element.multiline ? h("textarea", { ...common, rows: 4 }) : h("input", { ...common, type: WRITTEN[element.type] ?? "text" });
  return node;
}

// What a person does to a thing: buttons, and a text to write.

import { h, toast } from "../dom.js";

/** A button that does `work` and shows why it could not. */
export function actButton(label, work, kind = "") {
  const click = async () => {
    button.disabled = true;
    try {
      await work();
    } catch (error) {
      toast(error.message);
    } finally {
      button.disabled = false;
      window.dispatchEvent(new Event("refresh"));
    }
  };
  const button = h("button", { type: "button", class: `button ${kind}`, on: { click } }, label);
  return button;
}

/** A form with one text; it is emptied once `work(text)` is done. */
export function writeForm(label, submitLabel, work, rows = 3) {
  const id = `write-${label.replace(/\W+/g, "-").toLowerCase()}`;
  const input = h("textarea", { class: "input", id, rows });
  const submit = async (event) => {
    event.preventDefault();
    if (!input.value.trim()) return;
    try {
      await work(input.value.trim());
      input.value = "";
    } catch (error) {
      toast(error.message);
    }
    window.dispatchEvent(new Event("refresh"));
  };
  return h("form", { class: "write", on: { submit } }, h("label", { for: id }, label), input, h("button", { type: "submit", class: "button primary" }, submitLabel));
}

/** A choice and a button that does `work(value)`; `options` are [value, text]. */
export function pickForm(label, options, submitLabel, work) {
  const select = h("select", { class: "select", "aria-label": label }, options.map(([value, text]) => h("option", { value }, text)));
  return h("div", { class: "pick" }, select, actButton(submitLabel, () => work(select.value)));
}

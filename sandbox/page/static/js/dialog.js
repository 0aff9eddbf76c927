// Dialogs above the page.

import { h } from "./dom.js";

/** Asks yes or no; gives true or false. */
export function ask({ title, body, yes, no, danger }) {
  return new Promise((resolve) => {
    const finish = (answer) => {
      dialog.close();
      dialog.remove();
      resolve(answer);
    };
    const dialog = h(
      "dialog",
      { class: "dialog small", "aria-labelledby": "ask-title", on: { cancel: () => finish(false) } },
      h("h2", { id: "ask-title" }, title),
      h("p", {}, body),
      h(
        "div",
        { class: "dialog-actions" },
        h("button", { type: "button", class: "button", on: { click: () => finish(false) } }, no),
        h("button", { type: "button", class: `button ${danger ? "danger" : "primary"}`, on: { click: () => finish(true) } }, yes),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Asks for a text, with a proposal to change; gives it, or null when it was called off. */
export function askText({ title, text, yes }) {
  return new Promise((resolve) => {
    const finish = (answer) => {
      dialog.close();
      dialog.remove();
      resolve(answer);
    };
    const input = h("textarea", { class: "input", rows: 4, value: text, "aria-labelledby": "ask-text-title" });
    const submit = (event) => {
      event.preventDefault();
      if (input.value.trim()) finish(input.value.trim());
    };
    const dialog = h(
      "dialog",
      { class: "dialog small", "aria-labelledby": "ask-text-title", on: { cancel: () => finish(null) } },
      h(
        "form",
        { on: { submit } },
        h("h2", { id: "ask-text-title" }, title),
        input,
        h(
          "div",
          { class: "dialog-actions" },
          h("button", { type: "button", class: "button", on: { click: () => finish(null) } }, "Cancel"),
          h("button", { type: "submit", class: "button primary" }, yes),
        ),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
    input.focus();
  });
}

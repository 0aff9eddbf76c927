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

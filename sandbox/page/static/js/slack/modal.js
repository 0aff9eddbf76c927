// The modals that the app opens for the person.

import { post } from "../api.js";
import { fill, h, icon } from "../dom.js";
import { renderBlocks } from "./blocks.js";
import { restore, valuesBelow } from "./controls.js";
import { plain } from "./mrkdwn.js";

const TROUBLE = {
  operation_timeout: "Tierline took too long to answer. Try again?",
  dispatch_failed: "We had some trouble connecting. Try again?",
};

/** Shows the top one of the person's modals in a dialog; what was typed survives an update of the modal. */
export function modalHost() {
  let dialog = null;
  let shown = null;

  function draw(views, user, refresh) {
    const view = views.at(-1);
    const shape = view ? JSON.stringify([view.id, view.hash, view.errors]) : null;
    if (shape === shown?.shape) return;
    const typed = shown && view?.id === shown.view.id ? valuesBelow(dialog) : view ? typedIn(view) : {};
    const first = shown?.view.id !== view?.id;
    shown = view ? { view, shape } : null;
    if (!view) {
      dialog?.close();
      dialog?.remove();
      dialog = null;
      return;
    }
    if (!dialog) {
      dialog = h("dialog", { class: "dialog modal", "aria-labelledby": "modal-title" });
      document.body.append(dialog);
    }
    dialog.oncancel = (event) => {
      event.preventDefault();
      close(view, user, refresh);
    };
    fill(dialog, content(view, user, refresh));
    restore(dialog, typed);
    if (!dialog.open) dialog.showModal();
    if (first) dialog.querySelector("[autofocus], .block-input input, .block-input select, .block-input textarea")?.focus();
    dialog.querySelector("[aria-invalid]")?.focus();
  }

  function content(view, user, refresh) {
    const trouble = h("p", { class: "input-error", role: "alert" });
    const use = async (element, blockId, value) => {
      const values = valuesBelow(form);
      if (element.type !== "button") (values[blockId] ??= {})[element.action_id] = value;
      await post("/people/slack/click", { user, view_id: view.id, action_id: element.action_id, block_id: blockId, value, values }).catch((error) => {
        trouble.textContent = error.message;
      });
      await refresh();
    };
    const submit = async (event) => {
      event.preventDefault();
      const button = form.querySelector("[type=submit]");
      if (!button) return;
      button.disabled = true;
      const answer = await post("/people/slack/submit", { user, view_id: view.id, values: valuesBelow(form) }).catch((error) => ({ error: error.message }));
      button.disabled = false;
      trouble.textContent = answer.error && answer.error !== "incomplete" ? TROUBLE[answer.error] ?? answer.error : "";
      await refresh();
    };
    const form = h(
      "form",
      { novalidate: true, on: { submit } },
      h(
        "header",
        { class: "modal-head" },
        h("img", { src: "/page/icon.svg", alt: "", width: 26, height: 26 }),
        h("h2", { id: "modal-title" }, plain(view.title.text)),
        h("button", { type: "button", class: "icon-button", "aria-label": "Close", on: { click: () => close(view, user, refresh, true) } }, icon("close")),
      ),
      h("div", { class: "modal-body" }, renderBlocks(view.blocks, use, { errors: view.errors }), trouble),
      h(
        "footer",
        { class: "dialog-actions" },
        h("button", { type: "button", class: "button", on: { click: () => close(view, user, refresh) } }, plain(view.close?.text ?? "Cancel")),
        view.submit ? h("button", { type: "submit", class: "button primary" }, plain(view.submit.text)) : null,
      ),
    );
    return form;
  }

  /** Cancel goes back to the modal below; the cross closes those too. */
  async function close(view, user, refresh, wholeStack = false) {
    await post("/people/slack/close", { user, view_id: view.id, whole_stack: wholeStack }).catch(() => null);
    await refresh();
  }

  return { draw };
}

/** What Slack has of a modal's inputs, in the form of `valuesBelow`. */
function typedIn(view) {
  const plainValue = (value) => {
    if (value.selected_options) return value.selected_options.map((option) => option.value);
    const key = Object.keys(value).find((name) => name.startsWith("selected_"));
    if (key === "selected_option") return value.selected_option?.value ?? null;
    return key ? value[key] : value.value;
  };
  const byBlock = Object.entries(view.state.values).map(([block, actions]) => [
    block,
    Object.fromEntries(Object.entries(actions).map(([action, value]) => [action, plainValue(value)])),
  ]);
  return Object.fromEntries(byBlock);
}

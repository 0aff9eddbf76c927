// Under which conditions the workspace works: the way to the app, its sockets, rate limits, scopes.

import { get, post } from "../api.js";
import { fill, h, icon, toast } from "../dom.js";

const TRANSPORTS = [
  ["auto", "By HTTP until the app connects, then by socket"],
  ["http", "By signed HTTP"],
  ["socket", "By socket only"],
];

/** A button that shows the transport, and opens a dialog in which the conditions are changed. */
export function conditionsButton() {
  const words = h("span", {});
  const button = h("button", { type: "button", class: "transport", title: "How Slack reaches the app, and its limits", on: { click: open } }, icon("plug"), words);
  let dialog = null;

  async function open() {
    dialog = h("dialog", { class: "dialog conditions", "aria-labelledby": "conditions-title", on: { close: () => dialog.remove() } });
    document.body.append(dialog);
    await refresh();
    dialog.showModal();
  }

  async function refresh() {
    const now = await get("/sandbox/slack");
    fill(dialog, content(now));
  }

  async function change(wanted) {
    try {
      await post("/sandbox/slack", wanted);
    } catch (error) {
      toast(error.message);
    }
    await refresh();
  }

  async function end(how, body) {
    await post(`/sandbox/slack/sockets/${how}`, body).catch((error) => toast(error.message));
    await refresh();
  }

  function content(now) {
    const transport = h(
      "select",
      { class: "select", on: { change: () => change({ transport: transport.value }) } },
      TRANSPORTS.map(([value, text]) => h("option", { value, selected: value === now.transport }, text)),
    );
    const limits = h("input", { type: "checkbox", checked: now.rate_limits, on: { change: () => change({ rate_limits: limits.checked }) } });
    const trigger = h("input", { class: "input", type: "number", min: "0.1", step: "0.1", value: now.trigger_seconds, on: { change: () => change({ trigger_seconds: Number(trigger.value) }) } });
    const scopes = h("textarea", { class: "input mono", rows: 5, value: now.scopes.join("\n"), on: { change: () => change({ scopes: scopes.value.split(/\s+/).filter(Boolean) }) } });
    return [
      h("header", { class: "modal-head" }, h("h2", { id: "conditions-title" }, "Workspace conditions"), h("button", { type: "button", class: "icon-button", "aria-label": "Close", on: { click: () => dialog.close() } }, icon("close"))),
      h(
        "div",
        { class: "modal-body form" },
        h("label", { class: "field-row" }, h("span", {}, "Events and interactions reach the app"), transport),
        h("div", { class: "field-row" }, h("span", {}, `Connected sockets: ${now.sockets.length}`), sockets(now.sockets)),
        h("label", { class: "choice" }, limits, h("span", {}, "Slack's published rate limits hold", h("small", {}, "one message a second in a channel with a burst; 20, 50 or 100 calls a minute by method"))),
        h("label", { class: "field-row" }, h("span", {}, "A trigger id is good for so many seconds"), trigger),
        h("label", { class: "field-row" }, h("span", {}, "The bot token's scopes, one in a line"), scopes),
      ),
    ];
  }

  function sockets(open) {
    if (!open.length) return h("p", { class: "quiet" }, "None. An app in Socket Mode connects with its app-level token.");
    return [
      h("ul", { class: "sockets" }, open.map((each) => h("li", {}, `Socket ${each.number}: ${each.envelopes} envelopes, ${each.unacknowledged} not acknowledged`))),
      h(
        "div",
        { class: "block-actions" },
        h("button", { type: "button", class: "button", on: { click: () => end("disconnect", { reason: "warning" }) } }, "Warn"),
        h("button", { type: "button", class: "button", on: { click: () => end("disconnect", { reason: "refresh_requested" }) } }, "Ask to reconnect"),
        h("button", { type: "button", class: "button danger", on: { click: () => end("cut", {}) } }, "Cut"),
      ),
    ];
  }

  return {
    root: button,
    draw(transport) {
      const text = transport === "socket" ? "Socket Mode" : "HTTP";
      if (words.textContent !== text) words.textContent = text;
    },
  };
}

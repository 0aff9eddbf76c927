// Who was woken by PagerDuty: one line for each notification, so that two for one need stand out.

import { get } from "../api.js";
import { fill, h } from "../dom.js";
import { clock } from "../time.js";

const SHOWN = 200;
const WHY = {
  triggered: "a new incident",
  escalated: "nobody below took it, or somebody escalated it",
  reassigned: "it was given to this person",
  delegated: "it came from another policy",
  reopened: "it was reopened",
  unacknowledged: "the acknowledgement ran out or was taken back",
  urgency_raised: "its urgency was raised",
  responder_requested: "help was asked for",
};

export function notifiedView() {
  const body = h("tbody");
  const root = h(
    "section",
    { class: "single" },
    h("header", { class: "pane-head" }, h("div", {}, h("h1", {}, "Who was woken"), h("p", { class: "channel-topic" }, "Every notification that PagerDuty sent, newest first."))),
    h(
      "div",
      { class: "table-scroll", tabindex: "0", role: "region", "aria-label": "Notifications" },
      h("table", { class: "log" }, h("thead", {}, h("tr", {}, ["Time", "Person", "Urgency", "Level", "Why", "Incident", "Key"].map((name) => h("th", { scope: "col" }, name)))), body),
    ),
  );
  let shape = null;

  async function refresh() {
    const entries = (await get("/sandbox/pagerduty/notifications")).slice(-SHOWN).reverse();
    const newShape = JSON.stringify([entries.length, entries[0]]);
    if (newShape === shape) return;
    shape = newShape;
    fill(body, entries.length ? entries.map(line) : h("tr", {}, h("td", { colspan: 7, class: "empty" }, "Nobody has been woken.")));
  }

  return { root, refresh, show() {} };
}

function line(entry) {
  return h(
    "tr",
    {},
    h("td", {}, clock(entry.at, true)),
    h("td", {}, h("strong", {}, entry.person)),
    h("td", {}, h("span", { class: `lozenge ${entry.urgency === "high" ? "bad" : ""}` }, entry.urgency)),
    h("td", {}, entry.level ?? "by name"),
    h("td", {}, WHY[entry.reason]),
    h("td", { class: "broad" }, h("a", { href: `#pagerduty/${entry.incident}` }, entry.title)),
    h("td", { class: "quiet mono" }, entry.incident_key),
  );
}
